"""Settling what changed since the last time: records and verdicts, with whomever they touch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from django.db.models import Q

from filrouge.domain import identity
from filrouge.engines import Engine
from filrouge.store.lake import arrow_schema
from filrouge.store.models import Run, Verdict
from filrouge.store.views import current
from filrouge.tables import TABLES
from filrouge.work import runs

FEW, SHARE = 2_000, 0.05  # records changed; beyond both, the whole is resolved
WORN = 0.10  # share of the records settled since memory was laid; beyond, it is laid anew


@dataclass(frozen=True)
class Change:
    """What changed since the last settlement."""

    records: pa.Table  # person records, new or as they now are
    gone: tuple[int, ...]
    around: tuple[str, ...]  # people of whom a verdict changed
    owned: Mapping[int, str]  # the people of records that memory does not know, by the links in force


def changed(engine: Engine, memory: identity.Memory, since: datetime) -> Change | None:
    """Return what changed since ``since``; None when it is too much, or not known, and the whole is to be resolved."""
    recent = Run.objects.filter(kind__in=("import", "person"), finished_at__gte=since)
    if recent.filter(state=Run.State.UNDONE).exists():
        return None  # the rows that came back do not say so
    committed = [str(key) for key in recent.filter(state=Run.State.COMMITTED).values_list("id", flat=True)]
    keys = _keys(engine, committed)
    if len(keys) > most(memory) or memory.later > max(FEW, WORN * memory.records):
        return None
    records = _these(engine, "person_records", keys)
    there = set(records["record_key"].to_pylist())
    unknown = [key for key in there if memory.of_key(key) is None]
    return Change(records, tuple(sorted(set(keys) - there)), _around(memory, since), owners(engine, unknown))


def most(memory: identity.Memory) -> float:
    """Return how many records may have changed; beyond, the whole is resolved."""
    return max(FEW, SHARE * memory.records)


def _keys(engine: Engine, of_runs: Sequence[str]) -> list[int]:
    """Return the keys of the person records that some runs wrote or closed."""
    if not of_runs:
        return []
    rows = engine.read("r_person_records", runs.lake().files("person_records"), arrow_schema("person_records"))
    engine.con.create_view("person_records_all", rows, overwrite=True)
    listed = ", ".join(f"'{run}'" for run in of_runs)
    sql = (
        f"SELECT DISTINCT record_key FROM person_records_all WHERE run_id IN ({listed}) OR superseded_run IN ({listed})"
    )
    return sorted(int(row[0]) for row in engine.con.con.execute(sql).fetchall())


def _these(engine: Engine, table: str, keys: Iterable[int]) -> pa.Table:
    """Return the current rows of ``table`` whose record is one of ``keys``."""
    engine.con.create_view("rows_now", current(engine, runs.lake(), table, hidden=runs.hidden()), overwrite=True)
    engine.con.con.register("wanted", pa.table({"record_key": pa.array(sorted(keys), pa.int64())}))
    return engine.con.con.execute("SELECT r.* FROM rows_now r SEMI JOIN wanted USING (record_key)").to_arrow_table()


def _around(memory: identity.Memory, since: datetime) -> tuple[str, ...]:
    rows = Verdict.objects.filter(Q(created_at__gte=since) | Q(undone_at__gte=since)).values_list("left", "right")
    known = (memory.of_key(key) for pair in rows for key in pair)
    return tuple(sorted({one.person for one in known if one is not None}))


def owners(engine: Engine, keys: Sequence[int]) -> dict[int, str]:
    """Return the person of each of ``keys``, by the links in force."""
    if not keys:
        return {}
    return {int(row["record_key"]): str(row["person"]) for row in _latest(_these(engine, "links", keys)).to_pylist()}


def _latest(links: pa.Table) -> pa.Table:
    order = [("record_key", "ascending"), ("decided_at", "ascending"), ("run_id", "ascending")]
    return links.filter(links["undone_at"].is_null()).sort_by(order)


def former(engine: Engine, keys: Sequence[int]) -> dict[int, list[str]]:
    """Return the people that each of ``keys`` was once of, first to last, where there were several."""
    borne: dict[int, list[str]] = {}
    links = _these(engine, "links", keys)
    for row in links.sort_by(
        [("record_key", "ascending"), ("decided_at", "ascending"), ("run_id", "ascending")]
    ).to_pylist():
        mine = borne.setdefault(int(row["record_key"]), [])
        if row["person"] not in mine:
            mine.append(str(row["person"]))
    return {key: people for key, people in borne.items() if len(people) > 1}


def members(memory: identity.Memory, settled: identity.Settled, people: set[str]) -> dict[int, str]:
    """Return the person of each record of ``people``, those settled now and those left as they were."""
    rows = settled.resolution.assignment
    now = dict(zip(rows["record_key"].to_pylist(), rows["person"].to_pylist(), strict=True))
    gone = {key for key, person, _, _ in settled.later if person is None}
    left = {
        known.key: person
        for person in people
        for known in memory.of_person(person)
        if known.key not in now and known.key not in gone
    }
    return left | {key: person for key, person in now.items() if person in people}


def records_of(engine: Engine, keys: Iterable[int]) -> pa.Table:
    """Return the person records of ``keys`` as they now are."""
    return _these(engine, "person_records", keys)


def touched(memory: identity.Memory, change: Change, settled: identity.Settled) -> set[str]:
    """Return the people whose records, or the content of one, are no longer what they were."""
    rows = settled.resolution.assignment
    now = dict(zip(rows["record_key"].to_pylist(), rows["person"].to_pylist(), strict=True))
    moved = {int(key) for key in settled.resolution.changed["record_key"].to_pylist()}
    moved |= {int(key) for key in change.records["record_key"].to_pylist()}
    were = {known.person for key in (*moved, *change.gone) if (known := memory.of_key(key)) is not None}
    were |= {person for key, person in change.owned.items() if key in moved}
    return were | {now[key] for key in moved if key in now}


def arrived(engine: Engine, since: datetime) -> str:
    """Return the SQL of the keys (k) of the records of people of whom a fact arrived or closed since ``since``."""
    parts = []
    for name, table in TABLES.items():
        if table.person in ("person_key", "record_key") and name not in ("links", "source_records", "rejects"):
            facts = engine.read(f"t_{name}", runs.lake().files(name), arrow_schema(name))
            engine.con.create_view(f"facts_{name}", facts, overwrite=True)
            late = f"recorded_at >= '{since.isoformat()}' OR superseded_at >= '{since.isoformat()}'"
            parts.append(f"SELECT {table.person} AS k FROM facts_{name} WHERE {late}")
    return " UNION ".join(parts)
