"""One import, prepared: rows read, judged, compared with what is known, staged as files. Nothing is kept yet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr import types as ir

from filrouge.connect import Reach, keeps_cursor
from filrouge.domain.privacy import retention
from filrouge.domain.quality import rows as ruled
from filrouge.domain.sources import SourceSpec, keeping, mapping
from filrouge.domain.sources.counts import Counts
from filrouge.domain.sources.form import FOUND_BY, PARTED_BY, Format
from filrouge.domain.sources.shapes import Shape
from filrouge.engines import Engine
from filrouge.store.lake import LARGEST, Lake, arrow_schema, as_json
from filrouge.store.views import current
from filrouge.tables import TABLES
from filrouge.work import rowrules, shapes
from filrouge.work.mending import Mending
from filrouge.work.rawtext import Suppressed
from filrouge.work.receiving import Progress, Receiving
from filrouge.work.rowrules import Ruled

WIDE, NARROW = 30_720, 61_440  # rows that a thread holds until they are written: with their raw text, and without

_UNSAID = Format().model_dump(mode="json")


@dataclass(frozen=True)
class Prepared:
    """An import ready to be promised: its counts, the manifest of its staged files, the latest date it saw."""

    counts: Counts
    manifest: dict[str, dict[str, Any]]
    newest: datetime | None
    cursor: str
    beyond: int = 0  # rows older than what is kept, which were left where they are
    ruled: Ruled | None = None
    dates: dict[str, datetime | None] = field(default_factory=dict)  # the latest of each column that a rule dates by
    mending: Mending | None = None  # what was corrected by hand, and what of it found its row
    shape: Shape | None = None  # of what was received, where it was asked for


@dataclass(frozen=True)
class Told:
    """How many rows have no fault, some fault, or none but a warning."""

    good: int
    bad: int
    warned: int


@dataclass
class Import:
    """What one preparation works with."""

    spec: SourceSpec
    reach: Reach
    folder: Path
    engine: Engine
    lake: Lake
    run: str
    at: datetime
    hidden: tuple[str, ...] = ()
    cursor: str = ""
    ref: str = ""  # of one person, when only their rows are asked for
    suppressed: Suppressed | None = None
    swept_at: datetime | None = None
    received: Path | None = None  # where the rows stand that were read before, of a run that waited
    mending: Mending | None = None  # what somebody corrected in the file
    shaped: bool = False  # whether the shape of what is received is told
    known: Shape | None = None  # of the last good run: rows of another shape are not prepared
    progress: Progress = lambda step, done, total: None

    def prepare(self) -> Prepared:
        """Read the source and return what importing it would do.

        Raises SourceError when the source does not answer as its definition says, Changed when it did and does no more.
        """
        rows_in = self._receiving()
        files, faults, read = rows_in.read() if self.received is None else rows_in.read_before(self.received)
        shape = shapes.look(files, self.spec, rows_in.unkept, rows_in.partly) if self.shaped else None
        if self.known is not None and shape is not None:
            shapes.same(self.known, shape, files, self.spec, rows=read)
        base = self._base(files)
        self.progress("map", 0, read)
        shaped = mapping.mapped(base, self.spec, engine=self.engine, at=self.at)
        if self.ref:  # whatever else the system answers is nobody's who was asked about
            shaped = mapping.theirs(shaped, self.spec, self.ref)
        shaped = ruled.judged(shaped, self.spec, engine=self.engine, at=self.at)
        kept = self.engine.write(shaped, self._path("mapped"), group=WIDE)
        rows = self._marked(self._reread("mapped"))
        self.progress("compare", 0, kept)
        rows, beyond = self._kept(rows)
        rows = rowrules.among_others(rows, self.spec, self.engine, self.lake, folder=self.folder, hidden=self.hidden)
        told = self._told(rows)
        versions = self.engine.write(self._judge(rows), self._path("judged"))
        judged = self._reread("judged")
        manifest = self._stage(self._blanked(rows, base), judged, faults, told)
        counts = self._count(rows, judged, told, faults=faults, repeats=told.good - versions, left=rows_in.left)
        at = TABLES[self.spec.reads].at
        dates = rowrules.latest(rows, self.spec)
        newest = dates.get(at or "")
        return Prepared(
            counts, manifest, newest, self._next_cursor(base), beyond, rowrules.counted(rows, self.spec), dates,
            self.mending, shape,
        )  # fmt: skip

    def _receiving(self) -> Receiving:
        return Receiving(
            self.spec, self.reach, self.folder, self.run, self.at, self.cursor, self.ref, self.suppressed, self.mending,
            self.known, self.progress,
        )  # fmt: skip

    def _base(self, files: list[Path]) -> ir.Table:
        texts = [(name, pa.string()) for name in dict.fromkeys([*self.spec.columns(), "_place"])]
        schema = pa.schema([*texts, ("_row", pa.int64()), ("_seq", pa.int64())])
        raw = self.engine.read("raw", [str(path) for path in files], schema)
        for column, wanted in self.spec.where.items():
            raw = raw.filter(raw[column].isin(list(wanted)))
        return mapping.hashed(raw, fingerprint=fingerprint(self.spec))

    def _path(self, name: str) -> str:
        return str(self.folder / f"{name}.parquet")

    def _reread(self, name: str) -> ir.Table:
        return self.engine.read(name, [self._path(name)], pa.schema([]))

    def _marked(self, rows: ir.Table) -> ir.Table:
        """Reject the rows of people who were erased, without keeping what they held."""
        if self.suppressed is None:
            return rows
        barred = self._barred_rows(rows)
        if not barred:
            return rows
        listed = self.engine.load("barred", pa.table({"_barred": pa.array(barred, pa.int64())}))
        joined = rows.left_join(listed, rows._seq == listed._barred)
        bad = joined._barred.notnull()
        return joined.mutate(
            _faults=ibis.ifelse(bad, ibis.literal("row:suppressed;"), joined._faults),
            _warnings=ibis.ifelse(bad, ibis.literal(""), joined._warnings),
            _raw=ibis.ifelse(bad, ibis.null("string"), joined._raw),
        ).drop("_barred")

    def _barred_rows(self, rows: ir.Table) -> list[int]:
        """Return ``_seq`` of the mapped rows that are of somebody erased."""
        if self.suppressed is None:
            return []
        names = ("entity", "record_key", "person_key", "reader_key", "email", "phone")
        narrow = rows.select("_seq", *(name for name in names if name in rows.columns)).to_pyarrow()
        return [seq for seq, bad in zip(narrow["_seq"].to_pylist(), self.suppressed(narrow), strict=True) if bad]

    def forget(self) -> int:
        """Take the rows of whoever was erased out of those received, of a run that waits; return how many went."""
        if self.received is None:
            return 0
        files, _, _ = self._receiving().read_before(self.received)
        (self.received / "rejects.parquet").unlink(missing_ok=True)  # told anew when the run is let in
        if (self.folder / "faults.parquet").exists():
            (self.folder / "faults.parquet").replace(self.received / "faults.parquet")
        gone = set()
        if files:
            shaped = mapping.mapped(self._base(files), self.spec, engine=self.engine, at=self.at)
            self.engine.write(shaped, self._path("mapped"), group=WIDE)
            gone = set(self._barred_rows(self._reread("mapped")))
        for path in sorted(self.received.glob("raw-*.parquet")) if gone else ():
            rest = path.with_suffix(".rest")
            source = pq.ParquetFile(path)
            with pq.ParquetWriter(rest, source.schema_arrow, compression="lz4", use_dictionary=False) as writer:
                for batch in source.iter_batches():
                    kept = [seq not in gone for seq in batch["_seq"].to_pylist()]
                    writer.write_batch(batch.filter(pa.array(kept, pa.bool_())))
            rest.replace(path)
        return len(gone)

    def _kept(self, rows: ir.Table) -> tuple[ir.Table, int]:
        """Leave out the rows that the last sweep would have destroyed, and return how many: they must not come back."""
        table = TABLES[self.spec.reads]
        clock_of = table.ends if table.kept == "ended" else table.at
        if self.swept_at is None or not table.personal or clock_of not in rows.columns:
            return rows, 0
        if table.kept not in ("dated", "ended", "active"):
            return rows, 0
        oldest = ibis.literal(retention.limit(table.retention_days, at=self.swept_at)).cast("timestamp('UTC')")
        over = rows[clock_of].notnull() & (rows[clock_of] < oldest)
        old = rows.filter(over).select("_seq", "record_key")
        if table.kept == "active":  # a person who did something since is kept, whatever their record says
            holding = [fact for fact in retention.facts() if fact.holds]
            for fact in holding:
                known = current(self.engine, self.lake, fact.name, hidden=self.hidden)
                old = old.anti_join(known, old.record_key == known.person_key)
            known = self._known("person_records")
            old = old.anti_join(known, "record_key")
        count = int(old.count().to_pyarrow().as_py())
        return (rows.anti_join(old, "_seq"), count) if count else (rows, 0)

    def _blanked(self, rows: ir.Table, base: ir.Table) -> ir.Table:
        """Leave out the values that the last sweep would have blanked, in the row as received too; its hash stays."""
        limits = keeping.limits(self.spec)
        if self.swept_at is None or not limits:
            return rows
        table, swept = TABLES[self.spec.reads], self.swept_at
        clock = rows[table.ends if table.kept == "ended" else table.at or ""]

        def over(days: int) -> ir.BooleanValue:
            oldest = ibis.literal(retention.limit(days, at=swept)).cast("timestamp('UTC')")
            return (clock.notnull() & (clock.cast("timestamp('UTC')") < oldest)).fill_null(False)

        marks = {f"_over{days}": over(days) for days in {limit.days for limit in limits}}
        marked = rows.select("_seq", **marks).filter(lambda t: ibis.or_(*(t[name] for name in marks)))
        gone = {
            name: f"_over{one.days}" for one in limits for name in keeping.spelled(one, self.spec, base.columns)
        }  # fmt: skip
        received = mapping.without(base.inner_join(marked, "_seq"), gone, marks=[*marks])
        joined = rows.left_join(received, rows._seq == received._those)
        values: dict[str, ir.Value] = {
            target: ibis.ifelse(over(days), ibis.null(rows[target].type()), rows[target])
            for target, days in keeping.of_targets(limits).items()
        }
        raw = ibis.ifelse(rows._raw.isnull() | received._those.isnull(), rows._raw, received._without)
        return joined.mutate(**values, _raw=raw).drop("_those", "_without")

    # --- comparing ----------------------------------------------------------------------------------------------------

    def _known(self, table: str) -> ir.Table:
        known = current(self.engine, self.lake, table, hidden=self.hidden)
        return known.filter(known.source == self.spec.source)

    def _told(self, rows: ir.Table) -> Told:
        """Count the rows by what is wrong with them."""
        found = rows.aggregate(
            good=(rows._faults == "").sum(),
            bad=(rows._faults != "").sum(),
            warned=((rows._faults == "") & (rows._warnings != "")).sum(),
        ).to_pyarrow()
        return Told(*(int(found[name][0].as_py() or 0) for name in ("good", "bad", "warned")))

    def _judge(self, rows: ir.Table) -> ir.Table:
        """Return each version with its outcome: rows that only repeat the one before are none."""
        good = rows.filter(rows._faults == "").select("_seq", "record_key", "_hash")
        order = ibis.window(group_by="record_key", order_by="_seq")
        seen = good.mutate(_before=good._hash.lag().over(order))
        versions = seen.filter(seen._before.isnull() | (seen._before != seen._hash)).drop("_before")
        back = ibis.window(group_by="record_key", order_by=ibis.desc("_seq"))
        versions = versions.mutate(
            _nth=ibis.row_number().over(order),
            _left=ibis.row_number().over(back),
            _final=versions._hash.first().over(back),
        )
        known = self._known("source_records").select(_key="record_key", _known="row_hash")
        joined = versions.left_join(known, versions.record_key == known._key)
        outcome = ibis.cases(
            (joined._known.notnull() & (joined._known == joined._final), "unchanged"),
            (joined._known.isnull() & (joined._nth == 0), "new"),
            (joined._known.notnull() & (joined._nth == 0) & (joined._known == joined._hash), "unchanged"),
            else_="changed",
        )
        return joined.select(
            "_seq", "record_key", _outcome=outcome, _last=joined._left == 0, _was=joined._known.notnull()
        )

    def _count(self, rows: ir.Table, judged: ir.Table, told: Told, *, faults: int, repeats: int, left: int) -> Counts:
        grouped = judged.group_by("_outcome").aggregate(n=judged.count()).to_pyarrow().to_pylist()
        by = {row["_outcome"]: row["n"] for row in grouped}
        vanished = 0
        if not self.ref and not (self.spec.cursor and self.cursor and keeps_cursor(self.spec)):
            known = self._known("source_records")
            vanished = int(known.anti_join(rows, known.record_key == rows.record_key).count().to_pyarrow().as_py())
        return Counts(
            read=told.good + told.bad + faults,
            new=by.get("new", 0),
            changed=by.get("changed", 0),
            unchanged=by.get("unchanged", 0) + repeats,
            rejected=told.bad + faults,
            matched=self._matched(rows, judged),
            vanished=vanished,
            warned=told.warned,
            left_out=left,
        )

    def _matched(self, rows: ir.Table, judged: ir.Table) -> int:
        """Count the new rows of people already known: by reference, or by an address that somebody has."""
        fresh = rows.semi_join(judged.filter(judged._outcome == "new"), "_seq")
        if self.spec.reads == "person_records":
            known = current(self.engine, self.lake, "person_records", hidden=self.hidden)
            known = known.filter((known.source != self.spec.source) & known.email.notnull())
            emails = known.select(_email=known.email.lower()).distinct()
            found = fresh.mutate(_mail=fresh.email.lower()).semi_join(emails, [("_mail", "_email")])
        elif "person_key" in fresh.columns:
            # the links of records that were undone stand
            links = self.engine.read("links", self.lake.files("links"), arrow_schema("links"))
            there = current(
                self.engine, self.lake, "person_records", hidden=self.hidden
            )  # links outlive undone records
            found = fresh.semi_join(links.semi_join(there, "record_key"), [("person_key", "record_key")])
        else:
            return 0
        return int(found.count().to_pyarrow().as_py())

    # --- staging ------------------------------------------------------------------------------------------------------

    def _stage(self, rows: ir.Table, judged: ir.Table, faults: int, told: Told) -> dict[str, dict[str, Any]]:
        manifest: dict[str, dict[str, Any]] = {}
        brought = judged.filter(judged._outcome != "unchanged")
        stamp = {
            "source": ibis.literal(self.spec.source),
            "run_id": ibis.literal(self.run),
            "recorded_at": ibis.literal(self.at).cast("timestamp('UTC')"),
        }
        nothing = {"superseded_at": ibis.null("timestamp('UTC')"), "superseded_run": ibis.null("string")}
        joined = rows.inner_join(brought.select("_seq", "_last"), "_seq")
        history = joined.select(
            "entity", "brand", "record_key", "source_id", kind=ibis.literal(self.spec.reads), raw=joined._raw,
            row_hash=joined._hash, **stamp,
            superseded_at=ibis.ifelse(joined._last, ibis.null("timestamp('UTC')"), stamp["recorded_at"]),
            superseded_run=ibis.ifelse(joined._last, ibis.null("string"), stamp["run_id"]),
        )  # fmt: skip
        last = joined.filter(joined._last)
        names = [column.name for column in TABLES[self.spec.reads].columns]
        facts = last.select("entity", "brand", "record_key", *names, **stamp, **nothing)
        replaced = brought.filter(brought._last & brought._was).select("record_key", superseded_at=stamp["recorded_at"])
        old = self.engine.write(replaced, self._path("replaced"))
        for table, expr, group in (("source_records", history, WIDE), (self.spec.reads, facts, NARROW)):
            if self.engine.write(expr, self._path(table), largest=LARGEST // 2, group=group):
                manifest[table] = {"append": sorted(path.name for path in self.folder.glob(f"{table}.*parquet"))}
                if old:
                    manifest[table]["supersede"] = "replaced.parquet"
        self._stage_consents(last, manifest, {**stamp, **nothing})
        self._stage_rejects(rows, faults, told, manifest, stamp)
        return manifest

    def _stage_consents(self, last: ir.Table, manifest: dict[str, dict[str, Any]], stamp: dict[str, ir.Value]) -> None:
        tables = mapping.consents(last, self.spec, engine=self.engine)
        if not tables:
            return
        found = ibis.union(*tables) if len(tables) > 1 else tables[0]
        known = self._known("consents")
        same = [
            found.record_key == known.record_key,
            found.entity == known.entity,
            found.brand == known.brand,
            found.state == known.state,
            found.at.fill_null(self.at) == known.at.fill_null(self.at),
        ]
        fresh = found.anti_join(known, same).mutate(**stamp)
        if self.engine.write(fresh, self._path("consents")):
            manifest["consents"] = {"append": ["consents.parquet"]}
            staged = self._reread("consents")
            again = staged.semi_join(known, "record_key").select("record_key", superseded_at=staged.recorded_at)
            if self.engine.write(again, self._path("consents-replaced")):
                manifest["consents"]["supersede"] = "consents-replaced.parquet"

    def _stage_rejects(
        self, rows: ir.Table, faults: int, told: Told, manifest: dict[str, dict[str, Any]],
        stamp: dict[str, ir.Value],
    ) -> None:  # fmt: skip
        wrong = rows.filter((rows._faults != "") | (rows._warnings != ""))
        lines = []
        for column, warning in (("_faults", False), ("_warnings", True)):
            each = wrong.mutate(_each=wrong[column].split(";")).unnest("_each").filter(lambda t: t._each != "")
            lines.append(
                each.select(
                    "entity", "brand", "record_key", place=each._place, row=each._row, raw=each._raw,
                    column=each._each.split(":")[0], code=each._each.split(":")[1], warning=ibis.literal(warning),
                    **stamp,
                )
            )  # fmt: skip
        files = []
        if told.bad + told.warned and self.engine.write(ibis.union(*lines), self._path("rejects"), group=WIDE):
            files.append("rejects.parquet")
        if faults:
            files.append("faults.parquet")
        if files:
            manifest["rejects"] = {"append": files}

    def _next_cursor(self, base: ir.Table) -> str:
        if not self.spec.cursor or self.ref:  # one person's rows say nothing of how far the others were read
            return self.cursor if self.ref else ""
        seen = base[self.spec.cursor].max().to_pyarrow().as_py()
        return max(str(seen or ""), self.cursor)


def fingerprint(spec: SourceSpec) -> str:
    """Return what changes when a row is read differently: by mapping and conventions, not schedule or kind of file."""
    parts = spec.model_dump(mode="json", include={"map", "consents", "format", "entity", "brand", "key", "reads"})
    for name in FOUND_BY:
        del parts["format"][name]
    parts["format"] |= {name: _UNSAID[name] for name in sorted(PARTED_BY)}
    return hashlib.sha256(as_json(parts).encode()).hexdigest()[:16]
