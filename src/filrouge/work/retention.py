"""The retention sweep: what is beyond its retention is counted, then destroyed, in the lake, the acts and the copies.

Nothing but numbers is kept of it. Every step can be done twice: a sweep that was cut short is finished by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q

from filrouge.base import clock, settings
from filrouge.base.errors import Refused
from filrouge.domain.privacy import retention as rules
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import Engine, open_engine
from filrouge.store.lake import Lake, arrow_schema
from filrouge.store.live import Live, number
from filrouge.store.models import Entity, Review, Source, Verdict
from filrouge.store.models.base import Personal
from filrouge.store.queries.tables import forget_copies
from filrouge.tables import TABLES
from filrouge.work import access, accounts, audit, keeping, live, memory, pushes, runs, sql

SIGN_IN_DAYS = 365  # failures to sign in: long enough to look into an attack
VALUES = "values"  # what goes before its row, counted value by value
FEW = 5_000  # people whose pages are built anew one by one; beyond, all are


@dataclass
class Found:
    """What is over: how many rows by table and kind, the keys of what goes, the people that go and those touched."""

    counts: dict[str, int] = field(default_factory=dict)
    keys: dict[str, pa.Array] = field(default_factory=dict)
    records: pa.Array = field(default_factory=lambda: pa.array([], pa.int64()))
    raw: pa.Array = field(default_factory=lambda: pa.array([], pa.int64()))
    gone: list[str] = field(default_factory=list)
    outside: list[dict[str, Any]] = field(default_factory=list)  # what destinations hold of them
    touched: list[str] = field(default_factory=list)
    values: keeping.Values = field(default_factory=keeping.Values)  # that go before their row


def plan(asking: Caller, *, at: datetime | None = None) -> dict[str, int]:
    """Return how many rows of each table and kind a sweep would destroy; nothing is touched."""
    _may(asking)
    now = at or clock.now()
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        return _told(_find(engine, now), now)
    finally:
        engine.close()


def sweep_as(asking: Caller, *, progress: runs.Progress = runs.silent) -> dict[str, int]:
    """Sweep now, for somebody who may. Raises Refused."""
    _may(asking)
    return sweep(by=asking.by, progress=progress)


def sweep(*, by: str, at: datetime | None = None, progress: runs.Progress = runs.silent) -> dict[str, int]:
    """Destroy what is beyond its retention; return how many rows of each table and kind went.

    The files that held them leave the disk at the next tidying, an hour later at the latest.
    """
    now = at or clock.now()
    lake = runs.lake()
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        found = _find(engine, now)
    finally:
        engine.close()
    done = _told(found, now)
    with transaction.atomic():  # before the lake: what destinations hold is known by it alone
        pushes.owe(found.outside)
    # Rows as received first and links last: a sweep cut short finds by them what it had begun.
    order = ["source_records", *(name for name in TABLES if name not in ("source_records", "links"))]
    with runs.writing():
        for step, name in enumerate(order):
            progress("retention", step, len(order))
            _destroy(lake, name, found, now)
        keeping.blank(lake, found.values, now)
    _forget(found)
    if done:
        memory.forget()  # it holds records as they are compared
    with transaction.atomic():
        for model in personal_rows():
            _over(model, now).delete()
        for rows in _signing_in(now).values():
            rows.delete()
        for some in _few(found.records.to_pylist()):
            for pairs in (Verdict.objects, Review.objects):
                pairs.filter(left__in=some).delete()
                pairs.filter(right__in=some).delete()
        for model in personal_rows():
            for some in _few(found.gone) if _of_person(model) else ():
                _naming(model, some).delete()
        Source.objects.update(swept_at=now)
        if done:
            audit.record("retention.sweep", by=by, kind="retention", destroyed=done)
    with runs.writing():
        _destroy(lake, "links", found, now)
    forget_copies(sql.copies())
    if found.touched:
        if len(found.touched) > FEW:
            live.rebuild(progress=progress)
        else:
            live.refresh(found.touched, progress=progress)
    with runs.writing():
        keeping.blank_received(lake, found.values, now)
    return done


def personal_rows() -> list[type[Any]]:
    """Return the kinds of rows outside the lake that hold personal data, as they declare themselves."""
    from django.apps import apps

    return [model for model in apps.get_models() if issubclass(model, Personal)]


def _may(asking: Caller) -> None:
    """Raise Refused unless the caller answers for the privacy of every entity: a sweep goes through them all."""
    access.must(asking, "privacy")
    every = set(Entity.objects.values_list("slug", flat=True))
    if not asking.perimeter.everything and every - asking.perimeter.acting:
        raise Refused("A sweep concerns every entity.", hint="Ask somebody who answers for all of them.")


# --- finding ----------------------------------------------------------------------------------------------------------


def _find(engine: Engine, now: datetime) -> Found:
    found = Found()
    raw = engine.con.con
    lake, hidden = runs.lake(), runs.hidden()
    for name in TABLES:
        table = engine.read(f"every_{name}", lake.files(name), arrow_schema(name))
        if hidden:
            table = table.filter(table.run_id.notin(hidden))
        engine.con.create_view(name, table, overwrite=True)
    raw.execute(
        """CREATE TABLE linked AS SELECT record_key, person FROM links WHERE undone_at IS NULL AND superseded_at IS NULL
        QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1"""
    )
    _holding(raw, now)
    limit = rules.limit(TABLES["person_records"].retention_days, at=now)
    raw.execute(
        f"""CREATE TABLE going AS
        SELECT record_key FROM person_records WHERE superseded_at IS NULL
            AND coalesce(updated_at, recorded_at) < '{limit.isoformat()}'
            AND record_key NOT IN (SELECT key FROM holding)
        UNION SELECT record_key FROM linked WHERE record_key NOT IN (SELECT record_key FROM person_records)"""
    )
    found.records = _keys(raw, "SELECT record_key FROM going ORDER BY 1")
    for name, table in TABLES.items():
        condition = rules.over(name, at=now)
        if table.person == "person_key":
            alone = "person_key IN (SELECT record_key FROM going)"
            where = f"(({condition}) OR {alone})" if condition else alone
            found.keys[name] = _keys(
                raw, f"SELECT DISTINCT record_key FROM {name} WHERE superseded_at IS NULL AND {where}"
            )
            raw.register(f"keys_{name}", pa.table({"key": found.keys[name]}))
            condition = f"record_key IN (SELECT key FROM keys_{name})"
        elif name in ("person_records", "links"):
            condition = "record_key IN (SELECT record_key FROM going)"
        wanted = [part for part in (condition, rules.replaced(name, at=now)) if part]
        if wanted and name != "source_records":
            found.counts[name] = _one(raw, f"SELECT count(*) FROM {name} WHERE {' OR '.join(wanted)}")
    dropped = " UNION ".join(
        ["SELECT record_key FROM going", *(f"SELECT key FROM keys_{name}" for name in found.keys if name != "consents")]
    )
    found.raw = _keys(raw, f"SELECT DISTINCT record_key FROM source_records SEMI JOIN ({dropped}) USING (record_key)")
    found.counts["source_records"] = _one(
        raw,
        f"""SELECT count(*) FROM source_records WHERE record_key IN ({dropped})
        OR {rules.replaced("source_records", at=now)}""",
    )
    _people(raw, found)
    found.values = keeping.find(raw, now)
    found.touched = sorted({*found.touched, *found.values.touched} - {*found.gone})
    found.outside = pushes.held_of(engine, found.gone)
    return found


def _holding(raw: Any, now: datetime) -> None:
    """Gather the records that something kept speaks of: what happened on a system, or what was done here."""
    parts = []
    for table in rules.facts():
        if not table.holds:
            continue
        kept = f"superseded_at IS NULL AND ({rules.over(table.name, at=now)}) IS NOT TRUE"
        named = [c.name for c in table.columns if c.name in ("person_key", "reader_key")]
        parts += [f"SELECT {key} AS key FROM {table.name} WHERE {kept} AND {key} IS NOT NULL" for key in named]
    acted: set[str] = set()
    for model in personal_rows():
        if model.holds:
            kept_rows = model._default_manager.exclude(pk__in=_over(model, now).values("pk"))
            acted |= set(kept_rows.values_list(model.person_column, flat=True))
    raw.register("acted", pa.table({"person": pa.array(sorted(acted), pa.string())}))
    parts.append("SELECT record_key FROM linked WHERE person IN (SELECT person FROM acted)")
    raw.execute(f"CREATE TABLE holding AS {' UNION '.join(parts)}")


def _people(raw: Any, found: Found) -> None:
    """Tell who is gone, all their records being over, and whose page changes."""
    rows = raw.execute(
        """SELECT person, count(*) FILTER (WHERE record_key NOT IN (SELECT record_key FROM going)) AS kept,
        count(*) FILTER (WHERE record_key IN (SELECT record_key FROM going)) AS lost FROM linked GROUP BY 1"""
    ).fetchall()
    raw.register("over", pa.table({"person": pa.array([row[0] for row in rows if not row[1]], pa.string())}))
    merged = raw.execute(
        """WITH RECURSIVE led AS (SELECT person FROM over UNION
        SELECT p.person_id FROM people p JOIN led ON p.merged_into = led.person) SELECT person FROM led ORDER BY 1"""
    ).fetchall()
    found.gone = [row[0] for row in merged]
    touched = {person for person, kept, lost in rows if kept and lost}
    parts = [f"SELECT person_key FROM {name} WHERE record_key IN (SELECT key FROM keys_{name})" for name in found.keys]
    changed = raw.execute(
        f"SELECT DISTINCT person FROM linked WHERE record_key IN ({' UNION '.join(parts)})"
    ).fetchall()
    found.touched = sorted((touched | {row[0] for row in changed}) - set(found.gone))
    raw.register("gone", pa.table({"person": pa.array(found.gone, pa.string())}))
    mine = "IN (SELECT person FROM gone)"
    found.counts["people"] = _one(raw, f"SELECT count(*) FROM people WHERE person_id {mine} OR merged_into {mine}")
    for name in ("memberships", "deliveries"):
        found.counts[name] = found.counts.get(name, 0) + _one(raw, f"SELECT count(*) FROM {name} WHERE person {mine}")
    found.counts["golden_values"] = _one(
        raw, f"SELECT count(*) FROM golden_values WHERE person {mine} OR record_key IN (SELECT record_key FROM going)"
    )
    for name in ("scores", "score_values"):
        found.counts[name] = _one(raw, f"SELECT count(*) FROM {name} WHERE person {mine}")


def _told(found: Found, now: datetime) -> dict[str, int]:
    """Return the counts, those of the acts among them, without the zeros."""
    counts = dict(found.counts)
    for model in personal_rows():
        over = set(_over(model, now).values_list("pk", flat=True))
        for some in _few(found.gone) if _of_person(model) else ():
            mine = _naming(model, some)
            over |= set(mine.values_list("pk", flat=True))
        counts[str(model._meta.model_name)] = len(over)
    counts |= {name: rows.count() for name, rows in _signing_in(now).items()}
    counts[VALUES] = found.values.count
    return {name: count for name, count in counts.items() if count}


def _signing_in(now: datetime) -> dict[str, Any]:
    """Return what is left of the staff's signing in and is over: sessions that ended, failures of a year ago."""
    year = rules.limit(SIGN_IN_DAYS, at=now)
    return {
        "session": Session.objects.filter(expire_date__lt=now),
        "accessattempt": AccessAttempt.objects.filter(attempt_time__lt=year),
    }


def _over(model: type[Any], now: datetime) -> Any:
    """Return the rows of a kind that are beyond the retention that it declares; none when it goes with the person."""
    rows = model._default_manager.all()
    if not model.counted_from:
        return rows.none()
    return rows.filter(**{f"{model.counted_from}__lt": rules.limit(model.retention_days, at=now)})


def _naming(model: type[Any], people: Sequence[str]) -> Any:
    """Return the rows of a kind that name one of ``people``, as their customer or as the other one."""
    named = Q(**{f"{model.person_column}__in": people})
    if model.other_column:
        named |= Q(**{f"{model.other_column}__in": people})
    return model._default_manager.filter(named)


def _of_person(model: type[Any]) -> bool:
    """Tell whether a row of this kind is of one customer, whom it names."""
    return any(field.name == model.person_column for field in model._meta.concrete_fields)


def _few(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield values by some hundreds: a query holds only so many."""
    for start in range(0, len(values), 500):
        yield values[start : start + 500]


def _keys(raw: Any, query: str) -> pa.Array:
    return raw.execute(query).to_arrow_table().column(0).combine_chunks()


def _one(raw: Any, query: str) -> int:
    return int(raw.execute(query).fetchone()[0])


# --- destroying -------------------------------------------------------------------------------------------------------


def _destroy(lake: Lake, name: str, found: Found, now: datetime) -> None:
    """Take the rows out of one table, and let its files go."""
    if not found.counts.get(name):
        return
    if name in ("person_records", "links"):
        lake.remove(name, "record_key", found.records)
    elif name == "source_records":
        lake.remove(name, "record_key", found.raw)
    elif name in found.keys:
        lake.remove(name, "record_key", found.keys[name])
    elif name == "people":
        gone = pa.array(found.gone, pa.string())
        lake.remove(name, "person_id", gone)
        lake.remove(name, "merged_into", gone)
    elif name == "golden_values":
        lake.remove(name, "person", pa.array(found.gone, pa.string()))
        lake.remove(name, "record_key", found.records)
    elif name in ("scores", "score_values", "memberships", "deliveries"):
        lake.remove(name, "person", pa.array(found.gone, pa.string()))
    elif condition := rules.over(name, at=now):
        lake.delete(name, condition)
    if older := rules.replaced(name, at=now):
        lake.delete(name, older)
    lake.vacuum(name)


def _forget(found: Found) -> None:
    """Remove the live copies of those who are gone."""
    copies = Live()
    if not copies.ready() or not found.gone:
        return
    for records in _few(found.records.to_pylist()):
        with copies.writing():
            accounts.forget(copies, records)
    for some in _few(found.gone):
        marks = ", ".join(["%s"] * len(some))
        with live.alone(), copies.writing():
            copies.forget([number(person) for person in some])
            known = [number(person) for person in some]
            copies.rows_changed(f"DELETE FROM scores WHERE person IN ({marks})", known)
            copies.rows_changed(f"DELETE FROM redirects WHERE new IN ({marks})", some)
            copies.rows_changed(f"DELETE FROM redirects WHERE old IN ({marks})", some)
