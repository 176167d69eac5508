"""The facts of one person as segments look at them, from the lake and what just happened: exact, however much."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from ibis.expr import types as ir

from filrouge.domain.segments import Facts
from filrouge.domain.segments.fields import DATES, HAPPENED
from filrouge.domain.segments.laid import READ
from filrouge.tables import TABLES
from filrouge.work.segments import beside
from filrouge.work.segments.desk import Desk

_ORIGIN = ("source", "entity", "brand")
_VALUES = ("attribute", "value", "rank", "at", *_ORIGIN)
_SCORES = ("score", "value", "band", "trend", "model", "stale_since", "entity", "brand")
_HELD = ("entity", "due_at", "forbids", "until")
_CONSENTS = ("entity", "brand", "purpose", "channel", "state", "at")

Told = dict[int, list[dict[str, Any]]]  # rows by person, as numbers


def facts_of(desk: Desk, person: str) -> Facts:
    """Return everything that rules may ask of ``person`` (the id under which their records are today)."""
    return facts_of_all(desk, [person])[person]


def facts_of_all(desk: Desk, people: Sequence[str], among: Collection[str] = HAPPENED) -> dict[str, Facts]:
    """Return everything that rules may ask of each of ``people``, each table read once for all of them.

    Of what happened, the tables ``among`` which the rules look: the others are not read.
    """
    tables, ids, owned = desk.laid.tables, desk.laid.ids, desk.laid.owned
    # joined with tables: however many they are, the question is as short
    asked = desk.engine.load("asked", pa.table({"id": pa.array(people, pa.string())}))
    named = {row["person"]: row["id"] for row in desk.rows(ids.semi_join(asked, "id"))}
    who = desk.engine.load("who", pa.table({"person": pa.array(named, pa.int64())}))
    mine = desk.rows(owned.semi_join(who, "person").select("record_key", "person", "living"))
    owner = {row["record_key"]: row["person"] for row in mine}
    keys = desk.engine.load("mine", pa.table({"key": pa.array(owner, pa.int64())}))
    living = desk.engine.load(
        "living", pa.table({"key": pa.array([r["record_key"] for r in mine if r["living"]], pa.int64())})
    )

    def of(table: ir.Table, *columns: str) -> Told:
        return _by(desk.rows(table.semi_join(who, "person").select("person", *columns)), "person")

    def under(table: ir.Table, key: str, *columns: str, among: ir.Table = keys) -> Told:
        found = desk.rows(table.semi_join(among, [(key, "key")]).select(*{key: None, **dict.fromkeys(columns)}))
        return _by(found, key, owner)

    rows = {
        name: under(tables[name], "person_key", "record_key", *READ[name], *DATES[name], *_ORIGIN)
        for name in HAPPENED if name != "contracts" and name in among
    }  # fmt: skip
    if "contracts" in among:
        rows["contracts"] = _contracts(desk, keys, owner)
    if desk.as_of is None and "events" in among:
        _just_now(rows["events"], named)
    told = under(tables["consents"], "person_key", *_CONSENTS)
    acts = of(tables["consent_acts"], *_CONSENTS)
    records = tables["person_records"]
    standing = under(records, "record_key", "created_at", "recorded_at", "deceased", *_ORIGIN, among=living)
    values, held = of(desk.laid.numbered(tables["golden_values"]), *_VALUES), of(tables["held"], *_HELD)
    scores: Told = {}
    if "scores" in TABLES:
        table = tables["scores"]
        scores = of(table, *_SCORES) if "person" in table.columns else under(table, "person_key", *_SCORES)
    found = {
        named[number]: Facts(
            id=named[number], records=standing.get(number, []), values=values.get(number, []),
            rows={name: by.get(number, []) for name, by in rows.items()},
            consents=[*told.get(number, []), *acts.get(number, [])], held=held.get(number, []),
            scores=scores.get(number, []),
        )
        for number in named
    }  # fmt: skip
    if desk.as_of is None:
        found |= beside.newcomers([person for person in people if person not in found])
    return {person: found.get(person) or Facts(id=person) for person in people}


def _just_now(events: Told, named: Mapping[int, str]) -> None:
    """Add to ``events`` those that the lake may not hold yet, of the people whom it knows."""
    numbers = {person: at for at, person in named.items()}
    known = {person: {row["record_key"] for row in events.get(at, ())} for person, at in numbers.items()}
    for person, event in beside.events_of(list(numbers), known):
        events.setdefault(numbers[person], []).append(event)


def _contracts(desk: Desk, keys: ir.Table, owner: Mapping[int, int]) -> Told:
    """Return the contracts of each: once, whether the person pays, reads, or both."""
    table = desk.laid.tables["contracts"]
    wanted = (*READ["contracts"], *DATES["contracts"], *_ORIGIN, "person_key", "reader_key")
    paid = table.semi_join(keys, [("person_key", "key")])
    read = table.semi_join(keys, [("reader_key", "key")]).anti_join(keys, [("person_key", "key")])
    found: Told = {}
    for row in desk.rows(paid.union(read).select(*dict.fromkeys(wanted))):
        for person in {owner[key] for key in (row["person_key"], row["reader_key"]) if key in owner}:
            found.setdefault(person, []).append(row)
    return found


def _by(rows: Iterable[dict[str, Any]], column: str, owner: Mapping[int, int] | None = None) -> Told:
    found: Told = {}
    for row in rows:
        person = row[column] if owner is None else owner[row[column]]
        found.setdefault(person, []).append(row)
    return found
