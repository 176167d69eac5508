"""Segments in words: lines with their controls, rules as sentences, reasons, curves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from filrouge.console import names, own_scores, words
from filrouge.console.building import Line, drafted
from filrouge.console.controls import Control, Known, controls
from filrouge.console.templatetags import say
from filrouge.domain.privacy.perimeter import CHANNELS as EVERY_CHANNEL
from filrouge.domain.privacy.perimeter import PURPOSES as EVERY_PURPOSE
from filrouge.domain.scores.own import is_ours
from filrouge.domain.segments import Told
from filrouge.work.segments import Counted

CHANNELS = tuple(one for one in EVERY_CHANNEL if one != "none")
PURPOSES = EVERY_PURPOSE
WIDTH, HEIGHT = 600, 120  # of a curve
DATED = ("last_", "first_")  # ways of asking when something happened


def shown(draft: Line, known: Known) -> list[dict[str, Any]]:
    """Return the lines of a draft with their controls, each group with its own lines."""
    return [
        {
            "line": line,
            "label": words.say(line.kind, "segment_line"),
            "controls": [] if line.kind == "group" else controls(line, known),
            "said": _of_line(line, known) if line.kind == "raw" else "",
            "more": line.kind in ("events", "orders", "order_lines", "contracts", "contacts", "interactions"),
            "lines": shown(line, known) if line.kind == "group" else [],
        }
        for line in draft.lines
    ]


def sentences(draft: Line, known: Known) -> list[dict[str, Any]]:
    """Return the rules of a segment as sentences, groups within groups."""
    return [
        {"said": words.say(line.parts.get("all", "all"), "segment_combined"), "lines": sentences(line, known)}
        if line.kind == "group"
        else {"said": _of_line(line, known), "lines": []}
        for line in draft.lines
    ]


def unfinished(draft: Line) -> list[str]:
    """Return what each line still lacks, under the name of the line."""
    told = (f"{words.say(line.kind, 'segment_line')}: {line.fault}" for line in draft.walk() if line.fault)
    return list(dict.fromkeys(told))


def _of_line(line: Line, known: Known) -> str:
    if line.kind == "raw":
        return line.parts.get("rule", "")
    parts = [words.say(line.kind, "segment_line")]
    for control in controls(line, known):
        said = _value(control)
        if control.shape == "hidden" or not said or (control.name.startswith("field") and not control.value):
            continue
        if (control.name, control.value) == ("window", "ever") and line.parts.get("measure", "").startswith(DATED):
            continue  # the last time, or the first, of all there were
        if control.name == "score":
            said = _("%(score)s:") % {"score": said}
        parts += [part for part in (control.before, said, control.after) if part]
    return " ".join(str(part) for part in parts)


def _value(control: Control) -> str:
    named = dict(control.options)
    if control.shape == "ticks":
        return ", ".join(str(named.get(one, one)) for one in control.ticked if one)
    if control.shape == "day":
        return say.day(control.value) if control.value else ""
    if control.shape == "text" and control.value:
        return _("“%(text)s”") % {"text": control.value}
    return str(named.get(control.value, control.value))


def reasons(told: Told, known: Known) -> list[dict[str, Any]]:
    """Return, for each rule, its sentence, whether it holds, and what was seen."""
    return [
        {
            "said": " ".join(_of_line(line, known) for line in drafted({"rules": [leaf.rule.dump()]}).lines),
            "holds": leaf.holds,
            "seen": _seen(leaf.value, known),
            "at": leaf.value if isinstance(leaf.value, datetime) else None,
            "source": "" if "@" in leaf.source else leaf.source,
            "model": leaf.source if "@" in leaf.source else "",
            "changes_at": leaf.changes_at,
        }
        for leaf in told.leaves()
    ]


def _seen(value: Any, known: Known) -> str:
    if value is None or isinstance(value, datetime):
        return ""
    if isinstance(value, bool):
        return words.say("yes" if value else "no", "yes_no")
    if isinstance(value, int | float):
        return str(say.number(value, 0 if isinstance(value, int) or value.is_integer() else 2))
    if isinstance(value, list | tuple | set | frozenset):
        named = dict(known.brands)
        return ", ".join(named.get(str(one), str(one)) for one in value)
    for kind in ("left_out", "segment_choice"):
        if str(value) in words.WORDS[kind]:
            return words.say(str(value), kind)
    return str(value)


def left_out(counted: Counted | None) -> list[tuple[str, int]]:
    """Return who may not be reached, by reason, in words."""
    if counted is None:
        return []
    return [(words.say(reason, "left_out"), count) for reason, count in counted.left_out.items()]


def curve(days: Sequence[Any]) -> dict[str, Any]:
    """Return the line of a segment's growth as points of a drawing, its first and last day and its heights."""
    if len(days) < 2:
        return {}
    first, last = days[0].day, days[-1].day
    most = max(max(one.people for one in days), 1)
    span = max((last - first).days, 1)
    points = [
        f"{WIDTH * (one.day - first).days / span:.1f},{HEIGHT - (HEIGHT - 8) * one.people / most:.1f}" for one in days
    ]
    return {
        "points": " ".join(points),
        "first": days[0],
        "last": days[-1],
        "most": most,
        "width": WIDTH,
        "height": HEIGHT,
    }


def score_name(name: str) -> str:
    """Say the name of a score; one of an offer with what is offered and its brand."""
    if not is_ours(name):
        return own_scores.title(name)
    if not name.startswith("propensity_") or name.count("_") < 2:
        return words.say(name, "score")
    _propensity, kind, family = name.split("_", 2)
    offer = {"what": words.say(kind, "family"), "brand": names.brand(family.replace("_", "-")).name}
    return _("Propensity: %(what)s, %(brand)s") % offer
