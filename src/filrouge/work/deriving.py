"""What a settlement leaves in the lake: new links, and the people and golden values derived from them, staged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from filrouge.domain import identity
from filrouge.domain.identity.spec import Survivorship
from filrouge.engines import Engine
from filrouge.store.lake import SQL_TYPES, arrow_schema
from filrouge.store.models import Run, Source
from filrouge.store.views import current
from filrouge.tables import TABLES
from filrouge.work import households, identity_models, runs, settling

RECORDS = "main.records_now"
Manifest = dict[str, dict[str, Any]]


def spec() -> identity.IdentitySpec:
    """Return how identity is settled here: the order of the sources is their rank; some hold each person once."""
    found = list(Source.objects.filter(reads="person_records").order_by("name"))
    ranked = {one.name: one.rank for one in found}
    single = tuple(one.name for one in found if one.spec.get("one_each"))
    rules = identity.IdentitySpec(survivorship=Survivorship(source_rank=ranked), one_each=single)
    fixed = identity_models.in_use()
    return rules if fixed is None else fixed.rules(rules, fixed.model())


def whole(run: Run, engine: Engine, resolution: identity.Resolution, at: datetime) -> tuple[Manifest, list[str]]:
    """Write the new links and the derived tables among the staged files; tell also whose household is another."""
    raw = engine.con.con
    folder = runs.staging(run)
    stamp = {"run_id": f"'{run.id}'", "recorded_at": f"TIMESTAMPTZ '{at.isoformat()}'"}
    manifest: Manifest = {"people": {"overwrite": []}, "golden_values": {"overwrite": []}}
    if resolution.changed.num_rows:
        raw.register("changed", resolution.changed)
        sql = "SELECT c.*, r.source, r.entity, r.brand FROM changed c JOIN records_now r USING (record_key)"
        _copy(raw, "links", sql, {**stamp, "decided_at": stamp["recorded_at"]}, folder / "links.parquet")
        manifest["links"] = {"append": ["links.parquet"]}
    who = resolution.assignment.select(["record_key", "person"])
    homes, moved = households.settle(engine, RECORDS, who)
    people = households.into(identity.people(engine.con, RECORDS, who, spec=spec()), homes)
    values = {"run_id": pa.scalar(str(run.id)), "recorded_at": pa.scalar(at, pa.timestamp("us", tz="UTC"))}
    manifest["people"]["overwrite"].append(runs.stage(run, "people.parquet", _stamped("people", people, values)))
    tombs = _tombstones(engine, resolution, people)
    if tombs.num_rows:
        manifest["people"]["overwrite"].append(runs.stage(run, "merged.parquet", _stamped("people", tombs, values)))
    del people
    golden = manifest["golden_values"]["overwrite"]

    def keep(table: Any, sql: str) -> None:
        name = f"golden-{len(golden)}.parquet"
        _copy(table.con, "golden_values", sql, stamp, folder / name)
        golden.append(name)

    identity.each_golden(engine.con, RECORDS, who, keep, spec=spec())
    return manifest, moved


def few(
    run: Run, engine: Engine, known: identity.Memory, settled: identity.Settled, touched: set[str], at: datetime
) -> tuple[Manifest, list[str]]:
    """Write the new links, and the people and golden values of those touched, among the staged files; tell also whose
    household is another."""
    raw, found = engine.con.con, settled.resolution
    near = identity.around(known, touched, [row for _, _, row, _ in settled.later if row is not None])
    owned = settling.members(known, settled, touched | near.people)
    records = settling.records_of(engine, owned)
    stamp = {"run_id": f"'{run.id}'", "recorded_at": f"TIMESTAMPTZ '{at.isoformat()}'"}
    manifest: Manifest = {}
    if found.changed.num_rows:
        raw.register("changed", found.changed)
        raw.register("records_few", records)
        sql = "SELECT c.*, r.source, r.entity, r.brand FROM changed c JOIN records_few r USING (record_key)"
        _copy(raw, "links", sql, {**stamp, "decided_at": stamp["recorded_at"]}, runs.staging(run) / "links.parquet")
        manifest["links"] = {"append": ["links.parquet"]}
    if not touched:
        return manifest, []
    keys = records["record_key"]
    who = pa.table({"record_key": keys, "person": pa.array([owned[key] for key in keys.to_pylist()], pa.string())})
    homes, moved = households.settle(engine, _heard(records, near), who, among=set(owned.values()), homes=near.homes)
    made = derived(engine, records, who, homes=homes, run=str(run.id), at=at)
    kept = pa.array(sorted({*touched, *moved}), pa.string())
    made = {table: rows.filter(pc.is_in(rows[TABLES[table].person], value_set=kept)) for table, rows in made.items()}
    living = set(made["people"]["person_id"].to_pylist())
    tombs = [(old, new) for old, new in sorted(found.redirects.items()) if old not in living]
    values = {"run_id": pa.scalar(str(run.id)), "recorded_at": pa.scalar(at, pa.timestamp("us", tz="UTC"))}
    made["people"] = pa.concat_tables([made["people"], _stamped("people", _buried(tombs), values)])
    listed = runs.stage(run, "touched.parquet", pa.table({"person": kept}))
    for table, rows in made.items():
        manifest[table] = {"replace": [listed, runs.stage(run, f"{table}.parquet", rows)]}
    return manifest, moved


def _heard(records: pa.Table, near: identity.Around) -> pa.Table:
    """Return ``records`` without the phones and e-mails that too many bear to say anything of a household."""
    for column, keys in (("email", near.common_emails), ("phone", near.common_phones)):
        common = pc.is_in(records["record_key"], value_set=pa.array(sorted(keys), pa.int64()))
        at = records.column_names.index(column)
        kept = pc.if_else(common, pa.scalar(None, records[column].type), records[column])
        records = records.set_column(at, column, kept)
    return records


def _buried(leads: Sequence[tuple[str, str]]) -> pa.Table:
    """Return the rows of ids that were merged away: (id, where it leads)."""
    columns = {
        "person_id": [old for old, _ in leads],
        "merged_into": [new for _, new in leads],
        "kind": ["person"] * len(leads),
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _copy(raw: Any, table: str, sql: str, values: Mapping[str, str], path: Path) -> None:
    """Write the rows of ``sql`` in the shape of a canonical table, with ``values`` (SQL) in every row."""
    held = {row[0] for row in raw.execute(f"DESCRIBE {sql}").fetchall()}
    said = {c.name: values.get(c.name) or (f'q."{c.name}"' if c.name in held else "NULL") for c in TABLES[table].every}
    shown = ", ".join(f'CAST({said[c.name]} AS {SQL_TYPES[c.type]}) AS "{c.name}"' for c in TABLES[table].every)
    quoted = str(path).replace("'", "''")
    raw.execute(f"COPY (SELECT {shown} FROM ({sql}) q) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)").fetchall()


def derived(
    engine: Engine, records: pa.Table, who: pa.Table, *, run: str, at: datetime, homes: pa.Table | None = None
) -> dict[str, pa.Table]:
    """Return the people and golden values of ``records`` (``who``: record_key, person) in the shape of their tables.

    ``homes`` (person, household) tells where they live; left out, nobody is said to live with anybody.
    """
    stamp = {"run_id": pa.scalar(run), "recorded_at": pa.scalar(at, pa.timestamp("us", tz="UTC"))}
    rules = spec()
    people = identity.people(engine.con, records, who, spec=rules)
    return {
        "people": _stamped("people", people if homes is None else households.into(people, homes), stamp),
        "golden_values": _stamped("golden_values", identity.golden(engine.con, records, who, spec=rules), stamp),
    }


def _stamped(table: str, data: pa.Table, values: Mapping[str, pa.Scalar]) -> pa.Table:
    """Return ``data`` in the shape of a canonical table, with ``values`` in every row."""
    schema = arrow_schema(table)
    columns = []
    for wanted in schema:
        if wanted.name in values:
            columns.append(pa.repeat(values[wanted.name], data.num_rows).cast(wanted.type))
        elif wanted.name in data.column_names:
            columns.append(pc.cast(data[wanted.name], wanted.type))
        else:
            columns.append(pa.nulls(data.num_rows, wanted.type))
    return pa.table(columns, schema=schema)


def _tombstones(engine: Engine, resolution: identity.Resolution, people: pa.Table) -> pa.Table:
    """Return a row for every id that was merged away, now or before, unless it lives again."""
    known = current(engine, runs.lake(), "people", hidden=runs.hidden())
    engine.con.create_view("people_before", known, overwrite=True)
    raw = engine.con.con
    rows = raw.execute("SELECT person_id, merged_into FROM people_before WHERE merged_into IS NOT NULL").fetchall()
    leads = dict(rows) | dict(resolution.redirects)
    living = set(people["person_id"].to_pylist())
    return _buried(sorted((old, new) for old, new in leads.items() if old not in living))
