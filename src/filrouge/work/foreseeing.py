"""What identity would make of people not imported yet: who is known already, what would join, what to review."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from filrouge.base import clock
from filrouge.domain import identity
from filrouge.engines import Engine, open_engine
from filrouge.store.lake import arrow_schema
from filrouge.store.views import current
from filrouge.work import deriving, identity_models, memory, runs, settling
from filrouge.work import identity as work

RECORDS = "main.records_foreseen"


@dataclass(frozen=True)
class Foreseen:
    """What a settlement would do with the new and changed rows of a source of people.

    ``people`` they make, of whom ``known`` have records elsewhere; ``brands``: how many of these each brand knows;
    ``merges``: people known apart who would become one; ``reviews``: pairs that somebody would be asked about.
    """

    people: int
    known: int
    merges: int
    reviews: int
    brands: Mapping[str, int] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return the figures as JSON can hold them."""
        return asdict(self)


def foresee(staged: Path, *, at: datetime | None = None) -> Foreseen:
    """Return what identity would make of the rows staged in folder ``staged`` by a dry run.

    It settles them as an import would, by the same rules and memory, and keeps nothing.
    """
    files = sorted(glob.glob(f"{glob.escape(str(staged))}/person_records*.parquet"))
    if not files:
        return Foreseen(0, 0, 0, 0)
    now = at or clock.now()
    engine = open_engine(scratch=staged / "scratch")
    try:
        engine.con.create_view("fresh_records", _fresh(engine, files), overwrite=True)
        return _few(engine, files, now) or _whole(engine, now)
    finally:
        engine.close()


def _fresh(engine: Engine, files: list[str]) -> Any:
    rows = engine.read("staged_records", files, arrow_schema("person_records"))
    return rows.distinct(on="record_key", keep="first") if len(files) > 1 else rows


def _few(engine: Engine, files: list[str], now: datetime) -> Foreseen | None:
    """Settle the rows with those that they touch; None when they are many, or nothing is remembered."""
    recalled = memory.recall(deriving.spec())
    if recalled is None:
        return None
    known, _ = recalled
    if sum(pq.read_metadata(file).num_rows for file in files) > settling.most(known):
        return None
    rows = engine.con.con.execute("SELECT * FROM fresh_records").to_arrow_table()
    keys = rows["record_key"].to_pylist()
    try:
        settled = identity.settle(
            engine.con, known, rows, owned=settling.owners(engine, [key for key in keys if known.of_key(key) is None]),
            former=lambda keys: settling.former(engine, keys), decisions=work.decisions(), at=now,
            spec=deriving.spec(),
        )  # fmt: skip
    except identity.TooWide:
        return None
    found = settled.resolution
    mine = set(keys)
    of_key = dict(zip(found.assignment["record_key"].to_pylist(), found.assignment["person"].to_pylist(), strict=True))
    people = {of_key[key] for key in mine}
    whose = {key: person for key, person in settling.members(known, settled, people).items() if key not in mine}
    engine.con.con.register(
        "foreseen_others",
        pa.table(
            {"record_key": pa.array(list(whose), pa.int64()), "person": pa.array(list(whose.values()), pa.string())}
        ),
    )
    _now(engine)
    return _told(engine, len(people), found.counts["merges"], found.counts["reviews"])


def _whole(engine: Engine, now: datetime) -> Foreseen:
    """Resolve everybody and the rows together."""
    _now(engine)
    raw = engine.con.con
    raw.execute(
        """CREATE OR REPLACE TABLE foreseen_rows AS
        SELECT * FROM records_held ANTI JOIN fresh_records USING (record_key)
        UNION ALL BY NAME SELECT * FROM fresh_records"""
    )
    raw.execute("CREATE OR REPLACE VIEW records_foreseen AS SELECT * FROM foreseen_rows")
    previous, former = work.links_now(engine)
    rules = deriving.spec()
    fixed = identity_models.in_use() if rules.fixed else None
    found = identity.resolve(
        engine.con, RECORDS, previous=previous, former=former, decisions=work.decisions(), at=now, spec=rules,
        model=None if fixed is None else fixed.model(),
    )  # fmt: skip
    raw.register("foreseen_all", found.assignment.select(["record_key", "person"]))
    raw.execute(
        """CREATE OR REPLACE TABLE foreseen_mine AS
        SELECT DISTINCT person FROM foreseen_all SEMI JOIN fresh_records USING (record_key)"""
    )
    raw.execute(
        """CREATE OR REPLACE VIEW foreseen_others AS SELECT record_key, person FROM foreseen_all
        SEMI JOIN foreseen_mine USING (person) ANTI JOIN fresh_records USING (record_key)"""
    )
    (people,) = raw.execute("SELECT count(*) FROM foreseen_mine").fetchone()
    return _told(engine, people, found.counts["merges"], _asked(engine, found.doubts))


def _asked(engine: Engine, doubts: Any) -> int:
    if doubts is None:
        return 0
    engine.con.con.register("foreseen_doubts", doubts.pairs)
    (count,) = engine.con.con.execute(
        """SELECT count(DISTINCT (d."left", d."right")) FROM foreseen_doubts d
        WHERE d.kind IN ('ambiguous', 'bridge') AND (
        d."left" IN (SELECT record_key FROM fresh_records) OR d."right" IN (SELECT record_key FROM fresh_records))"""
    ).fetchone()
    return int(count)


def _now(engine: Engine) -> None:
    held = current(engine, runs.lake(), "person_records", hidden=runs.hidden())
    engine.con.create_view("records_held", held, overwrite=True)


def _told(engine: Engine, people: int, merges: int, reviews: int) -> Foreseen:
    """Count whom others know, from view ``foreseen_others`` (record_key, person): the records that are not staged."""
    raw = engine.con.con
    (known,) = raw.execute("SELECT count(DISTINCT person) FROM foreseen_others").fetchone()
    brands = raw.execute(
        """SELECT r.brand, count(DISTINCT o.person) FROM foreseen_others o JOIN records_held r USING (record_key)
        WHERE r.brand IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"""
    ).fetchall()
    return Foreseen(int(people), int(known), int(merges), int(reviews), {str(name): int(n) for name, n in brands})
