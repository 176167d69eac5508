"""Identity: records become people, decisions are kept, golden values derived, and the live copies told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any, Literal, cast

import pyarrow as pa
from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import UsageError
from filrouge.domain import identity
from filrouge.engines import Engine, open_engine
from filrouge.store.models import Review, Run, Verdict
from filrouge.store.queries.verdicts import records_of
from filrouge.store.views import current
from filrouge.work import deriving, identity_models, identity_quality, live, memory, queueing, runs, settling, verdicts
from filrouge.work.deriving import RECORDS

PATIENCE = 30  # seconds to wait while a person is being created
FEW = 5_000  # people touched; beyond, and beyond a tenth of all, the live copies are built anew


@dataclass(frozen=True)
class Outcome:
    """What a resolution changed."""

    run: Run
    counts: Mapping[str, int]
    seconds: float

    def plain(self) -> dict[str, Any]:
        return {**self.counts, "seconds": round(self.seconds, 2)}


def resolve(
    *, by: str, full: bool = False, whole: bool = False, progress: runs.Progress = runs.silent,
    at: datetime | None = None,
) -> Outcome:  # fmt: skip
    """Settle who each record is of, derive people and golden values, and bring the live copies up to date.

    What changed since the last time is settled with whomever it touches; ``whole``, or when much changed, the whole is;
    ``full`` builds the live copies anew besides.
    """
    from filrouge.work import arrivals  # what arrives is matched by the rules told here

    arrivals.take(by=by)
    started = clock.now()
    now = at or started
    with runs.running("identity", by=by, after=("person",), patience=PATIENCE) as run:
        engine = open_engine(scratch=runs.staging(run) / "scratch")
        try:
            done = (None if full or whole else _few(run, engine, now, progress)) or _whole(run, engine, now, progress)
        finally:
            engine.close()
        figures = dict(done.figures)
        run.figures = figures | {"model": done.model, "settled": done.settled}
        run.read, run.new, run.changed = int(figures["records"]), int(figures["new_people"]), done.changed
        progress("store", 0, None)
        runs.commit(run, done.manifest, counts={name: int(value) for name, value in figures.items()})
        done.remember()
        _matched(run)
    _follow(done.touched, int(figures["people"]), full=full, progress=progress)
    figures["reviews"] = done.tell()  # those that wait, not all that lie between the thresholds
    seconds = (clock.now() - started).total_seconds()
    return Outcome(run, figures, seconds)


@dataclass(frozen=True)
class _Done:
    """A settlement staged: what is to be put in the lake, its figures, and what memory is told once it is there."""

    manifest: dict[str, dict[str, Any]]
    figures: Mapping[str, int]
    model: str
    settled: int  # records looked at
    changed: int
    touched: Sequence[str]
    remember: Callable[[], None]
    tell: Callable[[], int]  # those who review; how many pairs wait for them


def _whole(run: Run, engine: Engine, now: datetime, progress: runs.Progress) -> _Done:
    count = _records(run, engine)
    progress("resolve", 0, count)
    previous, former = links_now(engine)
    rules = deriving.spec()
    fixed = identity_models.in_use() if rules.fixed else None
    found = identity.resolve(
        engine.con,
        RECORDS,
        previous=previous,
        former=former,
        decisions=decisions(),
        at=now,
        spec=rules,
        remember=memory.aside(run),
        model=None if fixed is None else fixed.model(),
    )
    progress("derive", 0, int(found.counts["people"]))
    touched = _touched(engine, found, previous)
    manifest, moved = deriving.whole(run, engine, found, now)
    touched = sorted({*touched, *moved})
    doubts = queueing.located(engine, RECORDS, found.doubts)
    measured = identity.measure(engine.con, RECORDS, found.assignment, spec=rules)

    def tell() -> int:
        identity_quality.keep(run, measured, counts, model)
        if fixed is None:
            identity_models.keep(model, rules, at=now)
        return queueing.refresh(run, doubts)

    counts, model = found.counts, found.model
    return _Done(
        manifest, counts, str(model.get("version", "")), count, found.changed.num_rows, touched,
        lambda: memory.keep(run), tell,
    )  # fmt: skip


def _few(run: Run, engine: Engine, now: datetime, progress: runs.Progress) -> _Done | None:
    """Settle what changed since the last time; None when the whole is to be resolved."""
    recalled = memory.recall(deriving.spec())
    if recalled is None:
        return None
    known, last = recalled
    change = settling.changed(engine, known, last.started_at)
    if change is None:
        return None
    progress("resolve", 0, change.records.num_rows)
    try:
        settled = identity.settle(
            engine.con, known, change.records, gone=change.gone, around=change.around, owned=change.owned,
            former=lambda keys: settling.former(engine, keys), decisions=decisions(), at=now, spec=deriving.spec(),
        )  # fmt: skip
    except identity.TooWide:
        return None
    found = settled.resolution
    touched = settling.touched(known, change, settled)
    progress("derive", 0, len(touched))
    manifest, moved = deriving.few(run, engine, known, settled, touched, now)
    figures = {
        **found.counts,
        "people": int(last.figures["people"]) + settled.after - settled.before,
        "records": known.count
        + sum(known.of_key(key) is None for key in change.records["record_key"].to_pylist())
        - len(change.gone),
    }
    told = touched | set(moved) | {one.person for key in _arrived(engine) if (one := known.of_key(key)) is not None}
    return _Done(
        manifest, figures, str(last.figures.get("model", "")), int(found.counts["records"]), found.changed.num_rows,
        sorted(told), lambda: known.settled(str(run.id), settled.later),
        lambda: queueing.settled(settled.later),
    )  # fmt: skip


def _arrived(engine: Engine) -> list[int]:
    since = live.built_at()
    sql = settling.arrived(engine, since) if since is not None else ""
    return [int(row[0]) for row in engine.con.con.execute(sql).fetchall() if row[0] is not None] if sql else []


def _records(run: Run, engine: Engine) -> int:
    """Lay the person records of now, each key once, as view ``RECORDS`` over a file; return how many there are."""
    table = current(engine, runs.lake(), "person_records", hidden=runs.hidden())
    path = str(runs.staging(run) / "records.parquet")
    count = engine.write(table, path)
    quoted = path.replace("'", "''")
    engine.con.con.execute(f"CREATE OR REPLACE VIEW records_now AS SELECT * FROM read_parquet('{quoted}')")
    return count


def links_now(engine: Engine) -> tuple[pa.Table, dict[int, list[str]]]:
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


def decisions() -> list[identity.HumanDecision]:
    """Return what people decided, in order: of one pair, the last word counts.

    Whoever separates records says besides that the others stay together.
    """
    asked = set(Review.objects.exclude(gesture="").values_list("gesture", flat=True))
    rows = list(Verdict.objects.filter(undone_at=None).order_by("created_at", "id"))
    staying = _staying([row for row in rows if row.gesture not in asked])
    said = []
    for row in rows:
        word = partial(identity.HumanDecision, by=row.by, at=row.created_at)
        for left, right in pairwise(sorted(staying.pop(row.gesture, ()))):
            said.append(word(left=left, right=right, kind="must_link", stays=True))
        kind = cast("Literal['must_link', 'cannot_link']", row.kind)
        said.append(word(left=row.left, right=row.right, kind=kind, reviewed=row.gesture in asked))
    return said


def _staying(rows: Sequence[Verdict]) -> dict[str, set[int]]:
    """Return, for each gesture of ``rows`` by which records were separated, those from which they were.

    Where these had been joined by hand, and that was taken back since, nothing more is said of them.
    """
    parted: dict[str, list[Verdict]] = {}
    for row in rows:
        if row.kind == Verdict.Kind.DIFFERENT and row.gesture:
            parted.setdefault(row.gesture, []).append(row)
    lifted = list(Verdict.objects.filter(kind=Verdict.Kind.SAME).exclude(undone_at=None)) if parted else []
    found = {}
    for gesture, pairs in parted.items():
        at, touched = pairs[0].created_at, {key for row in pairs for key in (row.left, row.right)}
        if not any(
            one.created_at < at < cast("datetime", one.undone_at) and touched & {one.left, one.right} for one in lifted
        ):
            found[gesture] = {row.right for row in pairs}
    return found


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
        parts.append(
            f"SELECT a.person FROM assigned_now a SEMI JOIN ({settling.arrived(engine, since)}) f ON f.k = a.record_key"
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

    Raises NotFound, UsageError when nothing would go or stay.
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
