"""Identity: records become people, decisions are kept, golden values derived, and the live copies told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import UsageError
from filrouge.domain import identity
from filrouge.domain.identity.spec import Survivorship
from filrouge.engines import Engine, open_engine
from filrouge.store.lake import SQL_TYPES, arrow_schema
from filrouge.store.models import Run, Source, Verdict
from filrouge.store.queries.verdicts import records_of
from filrouge.store.views import current
from filrouge.tables import TABLES
from filrouge.work import households, identity_quality, live, runs, verdicts

RECORDS = "main.records_now"
PATIENCE = 30  # seconds to wait while a person is being created
FEW = 5_000  # people touched; beyond, and beyond a tenth of all, the live copies are built anew


@dataclass(frozen=True)
class Outcome:
    """What a resolution changed."""

    run: Run
    counts: Mapping[str, int]
    seconds: float
    reviews: pa.Table = field(repr=False, default=None)

    def plain(self) -> dict[str, Any]:
        return {**self.counts, "seconds": round(self.seconds, 2)}


def resolve(
    *, by: str, full: bool = False, progress: runs.Progress = runs.silent, at: datetime | None = None
) -> Outcome:
    """Settle who each record is of, derive people and golden values, and bring the live copies up to date."""
    started = clock.now()
    now = at or started
    with runs.running("identity", by=by, after=("person",), patience=PATIENCE) as run:
        engine = open_engine(scratch=runs.staging(run) / "scratch")
        try:
            progress("resolve", 0, _records(run, engine))
            previous, former = _links(engine)
            resolution = identity.resolve(
                engine.con, RECORDS, previous=previous, former=former, decisions=_verdicts(), at=now, spec=spec()
            )
            progress("derive", 0, int(resolution.counts["people"]))
            touched = _touched(engine, resolution, previous)
            homes, moved = households.settle(engine, RECORDS, resolution.assignment, at=now)
            touched = sorted({*touched, *moved})
            manifest = _stage(run, engine, resolution, now, homes)
            measured = identity.measure(engine.con, RECORDS, resolution.assignment, spec=spec())
            figures = dict(resolution.counts)
            run.figures = figures | {"model": resolution.model.get("version", "")}
            run.read = int(figures["records"])
            run.new = int(figures["new_people"])
            run.changed = resolution.changed.num_rows
            reviews, model = resolution.reviews, resolution.model
            del resolution, previous  # a million people are hundreds of megabytes, and the live copies come next
        finally:
            engine.close()
        progress("store", 0, None)
        runs.commit(run, manifest, counts={name: int(value) for name, value in figures.items()})
        _matched(run)
        identity_quality.keep(run, measured, figures, model)
    _follow(touched, int(figures["people"]), full=full, progress=progress)
    seconds = (clock.now() - started).total_seconds()
    return Outcome(run, figures, seconds, reviews)


def spec() -> identity.IdentitySpec:
    """Return how identity is settled here: the order of the sources is their rank."""
    ranked = dict(Source.objects.filter(reads="person_records").values_list("name", "rank"))
    return identity.IdentitySpec(survivorship=Survivorship(source_rank=ranked))


def _records(run: Run, engine: Engine) -> int:
    """Lay the person records of now, each key once, as view ``RECORDS`` over a file; return how many there are."""
    table = current(engine, runs.lake(), "person_records", hidden=runs.hidden())
    path = str(runs.staging(run) / "records.parquet")
    count = engine.write(table, path)
    quoted = path.replace("'", "''")
    engine.con.con.execute(f"CREATE OR REPLACE VIEW records_now AS SELECT * FROM read_parquet('{quoted}')")
    return count


def _links(engine: Engine) -> tuple[pa.Table, dict[int, list[str]]]:
    """Return the links in force, and the people that a record was of where there were several, first to last."""
    table = current(engine, runs.lake(), "links", hidden=runs.hidden())
    engine.con.create_view("links_all", table, overwrite=True)
    raw = engine.con.con
    previous = raw.execute(
        """SELECT record_key, person FROM links_all WHERE undone_at IS NULL
        QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1 ORDER BY record_key"""
    ).to_arrow_table()
    former = raw.execute(
        """SELECT record_key, list_transform(list_sort(list({first: first, person: person})), x -> x.person) FROM (
            SELECT record_key, person, min(decided_at) AS first FROM links_all GROUP BY ALL
        ) GROUP BY 1 HAVING count(*) > 1"""
    ).fetchall()
    return previous, dict(former)


def _verdicts() -> list[identity.HumanDecision]:
    return [
        identity.HumanDecision(
            kind=cast("Literal['must_link', 'cannot_link']", row.kind),
            left=row.left,
            right=row.right,
            by=row.by,
            at=row.created_at,
        )
        for row in Verdict.objects.filter(undone_at=None).order_by("created_at", "id")
    ]


def _stage(
    run: Run, engine: Engine, resolution: identity.Resolution, at: datetime, homes: pa.Table
) -> dict[str, dict[str, Any]]:
    """Write the new links and the derived tables among the staged files."""
    raw = engine.con.con
    folder = runs.staging(run)
    stamp = {"run_id": f"'{run.id}'", "recorded_at": f"TIMESTAMPTZ '{at.isoformat()}'"}
    manifest: dict[str, dict[str, Any]] = {"people": {"overwrite": []}, "golden_values": {"overwrite": []}}
    if resolution.changed.num_rows:
        raw.register("changed", resolution.changed)
        sql = "SELECT c.*, r.source, r.entity, r.brand FROM changed c JOIN records_now r USING (record_key)"
        _copy(raw, "links", sql, {**stamp, "decided_at": stamp["recorded_at"]}, folder / "links.parquet")
        manifest["links"] = {"append": ["links.parquet"]}
    who = resolution.assignment.select(["record_key", "person"])
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
    return manifest


def _copy(raw: Any, table: str, sql: str, values: Mapping[str, str], path: Path) -> None:
    """Write the rows of ``sql`` in the shape of a canonical table, with ``values`` (SQL) in every row."""
    held = {row[0] for row in raw.execute(f"DESCRIBE {sql}").fetchall()}
    said = {c.name: values.get(c.name) or (f'q."{c.name}"' if c.name in held else "NULL") for c in TABLES[table].every}
    shown = ", ".join(f'CAST({said[c.name]} AS {SQL_TYPES[c.type]}) AS "{c.name}"' for c in TABLES[table].every)
    quoted = str(path).replace("'", "''")
    raw.execute(f"COPY (SELECT {shown} FROM ({sql}) q) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)").fetchall()


def derived(engine: Engine, records: pa.Table, who: pa.Table, *, run: str, at: datetime) -> dict[str, pa.Table]:
    """Return the people and golden values of ``records`` (``who``: record_key, person) in the shape of their tables."""
    stamp = {"run_id": pa.scalar(run), "recorded_at": pa.scalar(at, pa.timestamp("us", tz="UTC"))}
    rules = spec()
    return {
        "people": _stamped("people", identity.people(engine.con, records, who, spec=rules), stamp),
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
    kept = sorted((old, new) for old, new in leads.items() if old not in living)
    columns = {
        "person_id": [old for old, _ in kept],
        "merged_into": [new for _, new in kept],
        "kind": ["person"] * len(kept),
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _matched(run: Run) -> None:
    """Leave the run's own count of what it brought; imports tell theirs when they are made."""
    Run.objects.filter(pk=run.pk).update(matched=int(run.figures.get("merges", 0)))


# --- telling the live copies ------------------------------------------------------------------------------------------


def _touched(engine: Engine, resolution: identity.Resolution, previous: pa.Table) -> list[str]:
    """Return the people whose page may have changed: by identity, or by facts that arrived since it was last built."""
    raw = engine.con.con
    raw.register("changed_now", resolution.changed.select(["record_key", "person"]))
    raw.register("before", previous)
    raw.register("assigned_now", resolution.assignment.select(["record_key", "person"]))
    since = live.built_at()
    parts = [
        "SELECT person FROM changed_now",
        "SELECT b.person FROM before b SEMI JOIN changed_now c USING (record_key)",
        # a record that vanished from the lake (an undone import) leaves its former person to be looked at
        "SELECT b.person FROM before b ANTI JOIN assigned_now a USING (record_key)",
    ]
    if since is not None:
        for name, table in TABLES.items():
            if table.person in ("person_key", "record_key") and name not in ("links", "source_records", "rejects"):
                facts = engine.read(f"t_{name}", runs.lake().files(name), arrow_schema(name))
                engine.con.create_view(f"facts_{name}", facts, overwrite=True)
                parts.append(
                    f"SELECT a.person FROM assigned_now a SEMI JOIN (SELECT {table.person} AS k FROM facts_{name} "
                    f"WHERE recorded_at >= '{since.isoformat()}' OR superseded_at >= '{since.isoformat()}') f ON f.k = a.record_key"
                )
    return [row[0] for row in raw.execute(" UNION ".join(parts)).fetchall()]


def _follow(touched: Sequence[str], people: int, *, full: bool, progress: runs.Progress) -> None:
    if full or live.built_at() is None or (len(touched) > FEW and len(touched) > people / 10):
        live.rebuild(progress=progress)
    else:
        live.refresh(touched, progress=progress)


# --- human verdicts, settled at once: the command line waits for the answer -------------------------------------------


def merge(left: str, right: str, *, by: str, reason: str = "") -> str:
    """Say that two people are one; return the gesture by which it can be undone.

    Raises NotFound, UsageError when they are one already, Conflict when an earlier verdict says the opposite.
    """
    mine, theirs = records_of(left), records_of(right)
    if set(mine) == set(theirs):
        raise UsageError("These are already one person.")
    with transaction.atomic():
        first, second = dict(sorted(mine.items())), dict(sorted(theirs.items()))
        gesture = verdicts.same(first, second, by=by, reason=reason, subject=left)
    resolve(by=by)
    return gesture


def split(person: str, records: Sequence[int], *, by: str, reason: str = "") -> str:
    """Say that ``records`` are not of ``person``; return the gesture by which it can be undone.

    Raises NotFound, UsageError when nothing would go or stay, Conflict when an earlier verdict says the opposite.
    """
    held = records_of(person)
    going = {key: origin for key, origin in held.items() if key in set(records)}
    staying = {key: origin for key, origin in held.items() if key not in set(records)}
    if not going or not staying:
        raise UsageError(
            "A split needs records that go and records that stay.", hint="Name some of the person's records, not all."
        )
    with transaction.atomic():
        gesture = verdicts.different(going, staying, by=by, reason=reason, subject=person)
    resolve(by=by)
    return gesture


def undo(gesture: str, *, by: str) -> None:
    """Take back a merge or a split: its constraints are lifted and identity is settled again. Raises NotFound."""
    with transaction.atomic():
        verdicts.lift(gesture, by=by)
    resolve(by=by)
