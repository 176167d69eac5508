"""Rules of a source and what they said, in words: readable without colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console import words
from filrouge.console.templatetags import say
from filrouge.domain.sources.form import duration
from filrouge.store.queries.rulings import Kept

SIGNS = {"ok": "✓", "warned": "!", "broken": "✕"}
TONES = {"ok": "good", "warned": "warn", "broken": "bad"}


def told(kept: Iterable[Kept]) -> list[dict[str, Any]]:
    """Return the rules of a source as lines: what is checked, what is done, whose it is, what it said run by run."""
    return [
        {
            "name": one.rule.called,
            "says": sentence(one.rule),
            "does": words.say(one.rule.does, "rule_does"),
            "above": say.percent(one.rule.above, 1) if one.rule.above else "",
            "owner": one.rule.owner,
            "last": said(one.last) if one.last else None,
            "strip": [
                {"at": run.started_at, "run": run.pk} | (said(row) if row else {"sign": "·", "word": _("no rule yet")})
                for run, row in one.said
            ],
        }
        for one in kept
    ]


def said(row: Any, rules: Iterable[Any] = ()) -> dict[str, Any]:
    """Return what a rule said of a run: a sign, a word, and the figure that it rests on.

    ``rules`` are those of the source today; one that is there no more is called by its name.
    """
    return {
        "says": next((sentence(rule) for rule in rules if rule.called == row.rule), row.rule),
        "sign": SIGNS.get(row.said, "?"),
        "tone": TONES.get(row.said, ""),
        "word": words.say(row.said, "rule_said"),
        "does": words.say(row.does, "rule_does"),
        "owner": row.owner,
        "figure": _figure(row.rows, row.of, row.measured),
    }


def sentence(rule: Any) -> str:
    """Say what a rule checks."""
    columns = words.together("says", rule.columns)
    if rule.check == "required":
        one = _("%(columns)s is filled") if len(rule.columns) == 1 else _("one of these is filled: %(columns)s")
        return one % {"columns": columns}
    if rule.check == "unique":
        return _("%(columns)s is never twice in one run") % {"columns": columns}
    if rule.check == "range":
        low, high = _bound(rule.min), _bound(rule.max)
        if low is not None and high is not None:
            return _("%(columns)s lies between %(low)s and %(high)s") % {"columns": columns, "low": low, "high": high}
        if low is not None:
            return _("%(columns)s is at least %(low)s") % {"columns": columns, "low": low}
        return _("%(columns)s is at most %(high)s") % {"columns": columns, "high": high}
    if rule.check == "pattern":
        return _("%(columns)s is written as %(like)s") % {"columns": columns, "like": rule.like}
    if rule.check == "among":
        listed = ", ".join(rule.values[:6]) + ("…" if len(rule.values) > 6 else "")
        return _("%(columns)s is one of %(values)s") % {"columns": columns, "values": listed}
    if rule.check == "reference":
        return _("%(columns)s names a record of %(source)s") % {"columns": columns, "source": rule.of}
    if rule.check == "freshness":
        return _("the latest row is at most %(time)s old") % {"time": say.duration(duration(rule.within or "0s"))}
    return _("as many rows as usual come")


def _bound(text: str | None) -> str | None:
    """Say an end of a range: a distance from now in words, a day as one, anything else as it is written."""
    found = re.fullmatch(r"([-+])(\d+)([hdmy])", text or "")
    if found is None:
        return _("today") if text == "today" else text
    count = int(found[2])
    spans = {
        "h": ngettext("%(count)s hour", "%(count)s hours", count),
        "d": ngettext("%(count)s day", "%(count)s days", count),
        "m": ngettext("%(count)s month", "%(count)s months", count),
        "y": ngettext("%(count)s year", "%(count)s years", count),
    }
    span = spans[found[3]] % {"count": say.number(count)}
    return (_("%(span)s ago") if found[1] == "-" else _("%(span)s from now")) % {"span": span}


def _figure(rows: int | None, of: int | None, measured: Mapping[str, Any]) -> str:
    if rows is not None:
        if not rows:
            return ngettext("none of %(of)s row", "none of %(of)s rows", of or 0) % {"of": say.number(of or 0)}
        return _("%(rows)s of %(of)s rows") % {"rows": say.number(rows), "of": say.number(of or 0)}
    if "usual" in measured:
        return _("%(read)s rows; %(low)s to %(high)s pass") % {
            name: say.number(measured[name]) for name in ("read", "low", "high")
        }
    if "read" in measured:
        return _("%(read)s rows; too early to compare") % {"read": say.number(measured["read"])}
    return say.exact(measured["newest"]) if measured.get("newest") else _("no row says when")
