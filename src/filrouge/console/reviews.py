"""The review queue in words: lines of the list, a pair side by side, how good the links were found to be over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console import pairs, resemblance, words
from filrouge.console.templatetags import say
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import reviews as found
from filrouge.work.reviews import Pair, Side

HIGH, WIDE, EDGE = 180, 720, 34  # of the drawing of a figure over time


def lines(rows: Sequence[Any], asking: Caller, query: str) -> list[dict[str, Any]]:
    """Return the pairs of the queue as lines: who, how sure, why asked, whose it is."""
    known, told = found.names(rows, asking), []
    for row in rows:
        names = [known.get(person, "") for person in dict.fromkeys((row.left_person, row.right_person))]
        told.append(
            {
                "address": reverse("review", args=[row.pk]) + query,
                "names": [name or _("without a name") for name in names],
                "brands": list(dict.fromkeys((row.left_brand, row.right_brand))),
                "likely": resemblance.likely(row.score),
                "kind": words.say(row.kind, "doubt"),
                "assigned": row.assigned.name if row.assigned else "",
                "later": row.state == "later",
            }
        )
    return told


def pair(pair: Pair) -> dict[str, Any]:
    """Return what the page of a pair shows."""
    row = pair.row
    likely = resemblance.likely(row.score)
    contrary = row.kind == "ambiguous" and row.score > 0  # alike, and yet two people on the whole
    return {
        "row": row,
        "sides": [_side(pair.left), _side(pair.right)],
        "lines": pairs.lines(pair.left, pair.right),
        "told": resemblance.told(row.told, row.score, rule=row.rule),
        "likely": _("This pair taken alone: %(likely)s") % {"likely": likely.lower()} if contrary else likely,
        "rule": words.say(row.rule, "rule") if row.rule else "",
        "why": words.say("contrary" if contrary else row.kind, "doubt_why"),
        "kind": words.say(row.kind, "doubt"),
        "stake": _stake(pair),
        "complete": pair.left.record is not None and pair.right.record is not None,
    }


def _side(side: Side) -> dict[str, Any]:
    if side.record is None or side.person is None:
        return {}
    record = side.record
    return {
        "record": record,
        "name": side.person.name or _("without a name"),
        "address": reverse("person", args=[side.person.id]),
        "others": len(side.person.records) - 1,
    }


def _stake(pair: Pair) -> str:
    """Say what hangs on the answer, in the numbers of what the reader sees: others may hold more of these people."""
    row, people = pair.row, {side.person.id: side.person for side in (pair.left, pair.right) if side.person}
    seen = sum(len(person.records) for person in people.values())
    if row.kind == "bridge":
        if seen != row.left_records + row.right_records:
            return _("Nothing but this pair holds what stands on either side of it together.")
        told = ngettext("%(n)s record", "%(n)s records", row.left_records) % {"n": say.number(row.left_records)}
        theirs = row.right_records
        other = ngettext("%(n)s other", "%(n)s others", theirs) % {"n": say.number(theirs)}
        return _("This pair alone holds %(records)s and %(others)s together.") % {"records": told, "others": other}
    if row.kind == "ambiguous" and seen:
        return ngettext(
            "One person: a single page would gather %(n)s record.",
            "One person: a single page would gather %(n)s records.",
            seen,
        ) % {"n": say.number(seen)}
    return ""


# --- quality over time ------------------------------------------------------------------------------------------------


def quality(rows: Sequence[Any]) -> dict[str, Any]:
    """Return the figures of each run, the latest first, and those over time as drawings."""
    first = rows[0] if rows else None
    return {
        "latest": first,
        "rows": rows,
        "strata": [
            one
            | {
                "said": words.say(one["name"], "stratum"),
                "decided": one["same"] + one["different"],
                "share": one["same"] / (one["same"] + one["different"]) if one["same"] + one["different"] else None,
            }
            for one in (first.strata if first else [])
        ],
        "drawings": [
            {"title": title, "drawing": drawing}
            for name, title in (("precision", _("Precision")), ("recall", _("Recall")))
            if (drawing := _drawing(rows, name))
        ],
        "missing": sum(one["missing"] for one in (first.strata if first else [])),
    }


def _drawing(rows: Sequence[Any], name: str) -> dict[str, Any] | None:
    """Return the points of a figure over the runs, oldest first, each with its interval, in units of the drawing."""
    told = [row for row in rows if getattr(row, name) is not None][::-1]
    if len(told) < 2:  # one point is no time
        return None
    floor = min(getattr(row, f"{name}_low") for row in told)
    low = max(0.0, min(0.9, int(floor * 10) / 10))
    step = (WIDE - 2 * EDGE - 20) / max(len(told) - 1, 1)

    def y(share: float) -> str:
        return (
            f"{12 + (1 - share) / (1 - low) * (HIGH - EDGE - 12):.1f}"  # as SVG writes numbers, whatever the language
        )

    points = [
        {
            "x": f"{EDGE + 16 + index * step:.1f}",
            "y": y(getattr(row, name)),
            "low": y(getattr(row, f"{name}_low")),
            "high": y(getattr(row, f"{name}_high")),
            "row": row,
        }
        for index, row in enumerate(told)
    ]
    ticks = [low, (1 + low) / 2, 1.0]
    return {
        "points": points,
        "path": " ".join(f"{point['x']},{point['y']}" for point in points),
        "ticks": [{"y": y(tick), "share": tick} for tick in ticks],
        "first": told[0],
        "last": told[-1],
    }
