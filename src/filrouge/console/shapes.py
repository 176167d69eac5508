"""A source that changed its shape, in words: what changed, what is proposed and why, what a form says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.base.text import fold
from filrouge.console import coded, words
from filrouge.console.drafts import example
from filrouge.console.templatetags import say
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.reshaping import Choice, Proposed, Way
from filrouge.domain.sources.shapes import Shape
from filrouge.domain.sources.sighted import PLAIN
from filrouge.domain.sources.writing import FORMATS
from filrouge.work.reshaping import Reshaped

NONE, PROPOSED, ISO = "-", "p", "iso"


def columns(found: Reshaped) -> list[dict[str, Any]]:
    """Return the columns that are lacking as rows of the form: what each told, what may tell it now, and why."""
    made = []
    names = found.now.names()
    for number, one in enumerate(found.proposed):
        chosen = found.choice.columns.get(one.column)
        whole = len(one.way.to) > 1 or bool(one.way.says)
        made.append(
            {
                "number": number,
                "column": one.column,
                "told": tells(found.spec, one.column),
                "unkept": one.column in found.changes.unkept,
                "whole": _whole(one.way) if whole else "",
                "options": [(f"n:{at}", name) for at, name in enumerate(names)],
                "chosen": _code(chosen, one, names),
                "sure": one.sure,
                "why": [words.say(reason, "likeness") for reason in one.because],
            }
        )
    return made


def dates(found: Reshaped) -> list[dict[str, Any]]:
    """Return the columns of dates that are written otherwise as rows of the form."""
    return [
        {
            "number": number,
            "column": column,
            "known": form is not None,
            "forms": [(code or ISO, example(code)) for code in ("", *FORMATS)],
            "chosen": (found.choice.dates[column] or ISO) if column in found.choice.dates else "",
        }
        for number, (column, form) in enumerate(found.dates.items())
    ]


def values(found: Reshaped, *, shown: bool) -> list[dict[str, Any]]:
    """Return the columns with values never seen before as rows of the form; in clear, or masked."""
    return [
        {
            "number": number,
            "column": column,
            "meanings": [(code, coded.said(found.kind(column) or "consent", code)) for code in found.meanings(column)],
            "values": [
                {
                    "number": at,
                    "value": one.value if shown or fold(one.value) in PLAIN else mask(one.value),
                    "rows": one.rows,
                    "chosen": found.choice.values.get(column, {}).get(one.value, ""),
                }
                for at, one in enumerate(held)
            ],
        }
        for number, (column, held) in enumerate(found.fresh.items())
    ]


def read_from(form: Mapping[str, Any], found: Reshaped) -> Choice:
    """Return what a form says; of a column of which it says nothing, nothing is chosen."""
    names, told = found.now.names(), {}
    for number, one in enumerate(found.proposed):
        said = str(form.get(f"c:{number}", ""))
        if said == NONE:
            told[one.column] = Way()
        elif said == PROPOSED:
            told[one.column] = one.way
        elif said.startswith("n:") and said[2:].isdecimal() and int(said[2:]) < len(names):
            told[one.column] = Way((names[int(said[2:])],))
    written = {}
    for number, column in enumerate(found.dates):
        code = str(form.get(f"d:{number}", ""))
        if code == ISO or code in FORMATS:
            written[column] = "" if code == ISO else code
    meant: dict[str, dict[str, str]] = {}
    for number, (column, held) in enumerate(found.fresh.items()):
        for at, fresh in enumerate(held):
            if (code := str(form.get(f"v:{number}:{at}", ""))) in found.meanings(column) and code:
                meant.setdefault(column, {})[fresh.value] = code
    there = {name for way in told.values() for name in way.to}
    kept = {name: way for name, way in written.items() if name in found.changes.dates or name in there}
    return Choice(told, kept, meant)


def tells(spec: SourceSpec, column: str) -> str:
    """Say what a definition reads in a column."""
    found = [words.say(name, "column") for name, cell in spec.map.items() if column in cell.reads()]
    found += [words.say("brand", "column")] if column in spec.brand.reads() else []
    found += [
        _("%(purpose)s by %(channel)s")
        % {"purpose": words.say(one.purpose, "purpose"), "channel": words.say(one.channel, "channel")}
        for one in spec.consents
        if column in one.state.reads()
    ]
    return ", ".join(found)


def both(last: Shape, now: Shape) -> list[tuple[str, str]]:
    """Return the columns then and now, side by side: those of one name on one line, each list in its order."""
    there, before = now.names(), last.names()
    fresh = [("", name) for name in there if name not in before]
    return [(name, name if name in there else "") for name in before] + fresh


def read(shape: Shape | None, spec: SourceSpec | None) -> list[tuple[str, str]]:
    """Return the columns that a run received, each with what its definition of then read in it."""
    if shape is None or spec is None:
        return []
    return [(name, tells(spec, name)) for name in shape.names()]


def decided(choice: Mapping[str, Any], spec: SourceSpec | None) -> list[str]:
    """Say what was chosen for a run whose shape had changed; ``spec``: the definition that it was read by."""
    told, unkept = Choice.parse(choice), spec.never_kept if spec is not None else ()
    lines = [_became(name, way, unkept=name in unkept) for name, way in told.columns.items()]
    lines += [
        _("the dates of %(column)s are read as %(example)s") % {"column": name, "example": example(form)}
        for name, form in told.dates.items()
    ]
    lines += [
        ngettext("one new value of %(column)s is told", "%(count)s new values of %(column)s are told", len(held))
        % {"column": name, "count": say.number(len(held))}
        for name, held in told.values.items()
    ]
    return lines


def _became(name: str, way: Way, *, unkept: bool) -> str:
    about = {"now": " + ".join(way.to), "was": name}
    if unkept and way.to:
        return _("%(now)s is never kept, as %(was)s was not") % about
    if unkept:
        return _("%(was)s, which is never kept, is not among the new columns") % about
    if way.to:
        return _("%(now)s is read in the stead of %(was)s") % about
    return _("%(was)s is read no more") % about


def replaced(changed: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which columns a newer file lacks, and what is read in their stead."""
    told = []
    for one in changed:
        if one["to"]:
            said = _("%(now)s is read in the stead of %(was)s") % {"now": " + ".join(one["to"]), "was": one["column"]}
            why = ", ".join(words.say(reason, "likeness") for reason in one["because"])
            told.append(_("%(said)s: %(why)s") % {"said": said, "why": why})
        else:
            told.append(_("%(was)s is read no more") % {"was": one["column"]})
    return told


def _whole(way: Way) -> str:
    if way.says and len(way.to) == 1:
        return _("%(columns)s, as %(meaning)s") % {
            "columns": way.to[0], "meaning": words.say(way.says[0], "column"),
        }  # fmt: skip
    return " + ".join(way.to)


def _code(chosen: Way | None, one: Proposed, names: tuple[str, ...]) -> str:
    if chosen is None:
        return ""
    if not chosen.to:
        return NONE
    if chosen == one.way and (len(one.way.to) > 1 or one.way.says):
        return PROPOSED
    return f"n:{names.index(chosen.to[0])}" if chosen.to[0] in names else ""
