"""A change of shape, told once for the command line and the API: what changed, what is proposed, as it may be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from filrouge.base.text import fold
from filrouge.domain.privacy import sums
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.sources.reshaping import Choice
from filrouge.domain.sources.sighted import PLAIN
from filrouge.store.queries import drafts
from filrouge.store.queries.sources import entities_named
from filrouge.work.reshaping import Reshaped

Told = dict[str, Any]


def told(asking: Caller, found: Reshaped) -> Told:
    """Return what changed and what is proposed or was chosen; values masked where the caller's role masks contacts.

    What a consent is written with (yes, no, opt-in) stands in clear for everybody, as on the console.
    """
    shown = in_clear(asking, found)
    return {
        "run": str(found.run.pk),
        "since": found.since,
        "was": list(found.last.names()),
        "columns": list(found.now.names()),
        "added": list(found.changes.added),
        "left": list(found.changes.left),
        "gone": [
            {"column": one.column, "to": list(one.way.to), "says": list(one.way.says), "sure": one.sure,
             "because": list(one.because)}
            for one in found.proposed
        ],
        "dates": dict(found.dates),
        "values": {
            name: [
                {"value": one.value if shown or _plain(one.value) else mask(one.value), "rows": one.rows,
                 "like": one.like or None}
                for one in held
            ]
            for name, held in found.fresh.items()
        },
        "choice": _seen(found.choice, shown=shown).plain(),
        "undecided": list(found.undecided),
        "tried": figures(asking, found.tried),
    }  # fmt: skip


def chosen(asking: Caller, found: Reshaped, said: Mapping[str, Any]) -> Choice:
    """Return the choice that ``said`` makes; the values that its caller was not told of mean what they did."""
    choice = Choice.parse(said)
    if in_clear(asking, found):
        return choice
    unseen = {
        name: {value: meaning for value, meaning in held.items() if not _plain(value)}
        for name, held in found.choice.values.items()
        if name in found.now.names()
    }
    names = dict.fromkeys([*choice.values, *(name for name, held in unseen.items() if held)])
    values = {name: {**unseen.get(name, {}), **choice.values.get(name, {})} for name in names}
    return replace(choice, values=values)


def figures(asking: Caller, tried: Mapping[str, int]) -> Told:
    """Return what a dry run counted: how many are known null, and in a sum, to whoever may not see each of them."""
    return {**tried, **known(asking, tried["matched"])} if tried else {}


def known(asking: Caller, count: int) -> Told:
    """Return how many rows are of somebody known, as ``asking`` may be told it."""
    made = sums.told(int(count), open_=drafts.everywhere(asking))
    return {
        "matched": made.count if made.how == "exact" else None, "matched_told": {"count": made.count, "how": made.how},
    }  # fmt: skip


def in_clear(asking: Caller, found: Reshaped) -> bool:
    """Tell whether the caller reads what the source holds in clear, by a role held for each of its entities."""
    sight, brand = asking.perimeter.sight, found.source.brand
    return all(sight("contact", entity, brand) == "show" for entity in entities_named(found.source))


def _plain(value: str) -> bool:
    return fold(value) in PLAIN


def _seen(choice: Choice, *, shown: bool) -> Choice:
    if shown:
        return choice
    values = {name: {v: said for v, said in held.items() if _plain(v)} for name, held in choice.values.items()}
    return replace(choice, values={name: held for name, held in values.items() if held})
