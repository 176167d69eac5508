"""What a push has to do: who goes, who is taken back, who is withheld and why; as expressions, on any engine.

The state is what a destination may hold, one row a person and key: ``held`` is false only when it surely holds it not,
and a digest is kept only of a row that it surely holds as it is. Whatever is unsure is ordered again, so that after
runs that failed in any way one run that does not fail leaves the destination with exactly whom it should hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import ibis
from ibis.expr import types as ir

from filrouge.domain.pushes.columns import COLUMNS, REACH
from filrouge.domain.segments import Laid
from filrouge.domain.segments.conditions import part

ONLY = ("", "failed", "removals", "empty")  # what a run may be narrowed to
SHARED, NO_ADDRESS, SAME_ADDRESS = "not_shared", "no_address", "same_address"
LEFT, NEW_KEY, EMPTIED = "left", "new_key", "emptied"


@dataclass(frozen=True)
class Plan:
    """``removals`` (id, key, action, reason) come first, then ``gives`` (id, key, digest, action, and the columns).

    ``withheld``: (id, reason) of whoever in the segment is not given and is not held either. ``fresh``: those of them
    of whom the state says something else. ``stale``: (id, key) of the rows of the state that say nothing any more.
    ``whole``: everybody whom the destination is to hold, with the columns.
    """

    removals: ir.Table
    gives: ir.Table
    whole: ir.Table
    withheld: ir.Table
    fresh: ir.Table
    stale: ir.Table


def wanted(
    laid: Laid, members: ir.Table, told: ir.Table, *, columns: Sequence[str], key: str, channel: str
) -> ir.Table:
    """Return (id, key, digest, reason, and the columns) of the ``members`` (person) of a segment.

    ``reason`` is empty for whoever is to be given; ``told`` is what ``may_i`` says: (person, allow, reason). Of several
    people with one key the first by id goes: a destination that knows people by their address holds one of them.
    """
    everybody = members.select("person").distinct().join(laid.ids, "person")
    seen = laid.everybody().mutate(_seen=True)
    asked = told.select("person", allow="allow", why="reason")
    rows = everybody.left_join(seen, "person").drop("person_right").left_join(asked, "person").drop("person_right")
    needed = [*columns, *({REACH[channel]} if channel in REACH else ())]
    for name in dict.fromkeys([*needed, key]):
        if name not in ("id", "reason"):
            rows = _joined(rows, laid, name)
    reach = rows[f"_{REACH[channel]}"] if channel in REACH else ibis.literal("-")
    keyed = rows.id if key == "id" else rows[f"_{key}"].strip()
    rows = rows.mutate(
        key=keyed.lower() if key == "email" else keyed,
        reason=ibis.cases(
            (rows._seen.isnull(), SHARED),
            (~rows.allow.fill_null(False), rows.why.fill_null("unknown_purpose")),
            (reach.isnull() | (reach.strip() == ""), NO_ADDRESS),
            else_="",
        ),
    )
    rows = rows.mutate(
        reason=ibis.ifelse((rows.reason == "") & (rows.key.isnull() | (rows.key == "")), NO_ADDRESS, rows.reason)
    )
    first = ibis.row_number().over(ibis.window(group_by=["key", rows.reason == ""], order_by="id"))
    rows = rows.mutate(_nth=first)
    rows = rows.mutate(reason=ibis.ifelse((rows.reason == "") & (rows._nth > 0), SAME_ADDRESS, rows.reason))
    values = {f"c_{name}": _value(rows, name) for name in columns}
    told_of = rows.select("id", "reason", key=rows.key.fill_null(""), **values)
    return told_of.mutate(digest=_digest([told_of[f"c_{name}"] for name in columns]))


def plan(people: ir.Table, state: ir.Table, owed: ir.Table, *, only: str = "") -> Plan:
    """Return what is to be done for a destination that may hold ``state`` to hold whom it should of ``people``.

    ``state``: (id, key, held, digest, outcome, reason) in force. ``owed``: (key) of people who were erased here and are
    to be taken back there. ``only``: what failed, removals, or ``empty``: the destination is to hold nobody.
    """
    both = ["id", "key"]
    held = state.filter(state.held).select("id", "key", was="digest")
    go = people.filter(people.reason == "")
    if only == "empty":
        go = go.filter(ibis.literal(False))
    elif only == "removals":
        go = go.semi_join(held, both)
    withheld = people.filter(people.reason != "").select("id", "reason")
    gone = held.anti_join(go, both).select("id", "key")
    removals = _why(gone, people, only=only)
    erased = owed.select(key=owed.key).distinct()
    erased = erased.select(
        id=ibis.literal(""), key=erased.key, action=ibis.literal("remove"), reason=ibis.literal("erased")
    )
    removals = removals.union(erased)
    # what a removal takes away under a key that somebody else bears is given again
    again = removals.select("key").distinct().mutate(_again=True)
    known = go.left_join(held, both).drop("id_right", "key_right").left_join(again, "key").drop("key_right")
    gives = known.filter(known.was.isnull() | (known.was != known.digest) | known._again.fill_null(False))
    gives = gives.mutate(action=ibis.ifelse(gives.was.isnull(), "add", "change"))
    if only == "failed":
        failed = state.filter(state.outcome == "failed").select(*both)
        removals = removals.semi_join(failed, both)
        keys = removals.select("key").distinct()
        gives = gives.semi_join(failed, both).union(gives.semi_join(keys, "key")).distinct()
    elif only == "removals":
        gives = gives.filter(gives._again.fill_null(False))
    columns = [name for name in people.columns if name.startswith("c_")]
    gives = gives.select("id", "key", "digest", "action", *columns)
    withheld = withheld.anti_join(held, "id")  # whoever is held is taken back by this run, and withheld by the next
    told = state.filter(state.outcome == "withheld").select("id", "reason")
    fresh = withheld.anti_join(told, ["id", "reason"])
    over = state.filter(~state.held)
    stale = over.left_join(withheld.mutate(_kept=True), ["id", "reason"])
    stale = stale.filter((stale.outcome != "withheld") | stale._kept.isnull()).select("id", "key")
    stale = stale.anti_join(gives, both)
    return Plan(removals, gives, go.select("id", "key", *columns), withheld, fresh, stale)


# --- within -----------------------------------------------------------------------------------------------------------


def _why(gone: ir.Table, people: ir.Table, *, only: str) -> ir.Table:
    """Return ``gone`` with why each is taken back: out of the segment, known by another key, or may not be reached."""
    told = people.select("id", why="reason").distinct(on="id")
    rows = gone.left_join(told, "id").drop("id_right")
    reason = ibis.cases((rows.why.isnull(), LEFT), (rows.why == "", NEW_KEY), else_=rows.why)
    return rows.select(
        "id", "key", action=ibis.literal("remove"), reason=ibis.literal(EMPTIED) if only == "empty" else reason
    )


def _joined(rows: ir.Table, laid: Laid, name: str) -> ir.Table:
    """Return ``rows`` with a column of the people, under its name after a ``_``."""
    if name == "brands":
        living = laid.living().select("person", "brand").distinct()
        living = living.filter(living.brand.notnull() & (living.brand != ""))
        found = living.group_by("person").agg(_brands=living.brand.collect())
        found = found.select("person", _brands=found._brands.sort().join(","))
    else:
        golden = laid.numbered(laid.golden(COLUMNS[name].attribute, any=False))
        found = golden.select("person", **{f"_{name}": part(golden.value, name)})
    return rows.left_join(found, "person").drop("person_right")


def _value(rows: ir.Table, name: str) -> ir.StringValue:
    column: ir.StringValue = {"id": rows.id, "reason": rows.why}[name] if name in ("id", "reason") else rows[f"_{name}"]
    return column


def _digest(values: Sequence[ir.StringValue]) -> ir.StringValue:
    """Return the digest of some values, each with its length before it, so that no two lists of values look alike."""
    parts = [
        ibis.ifelse(value.isnull(), "-", value.length().cast("string") + ":" + value.fill_null("")) for value in values
    ]
    whole = reduce(lambda left, right: left + right, parts)
    short: ir.StringValue = whole.hexdigest("sha256").substr(0, 32)
    return short


def counted(rows: Sequence[Mapping[str, object]]) -> dict[str, int]:
    """Return how many people were withheld, by reason, the most frequent first."""
    ordered = sorted(rows, key=lambda row: (-int(str(row["n"])), str(row["reason"])))
    return {str(row["reason"]): int(str(row["n"])) for row in ordered}
