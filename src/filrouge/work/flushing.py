"""Events from the spool into the lake: a run, whole or absent, whose promise says how far the spool was drained."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.db.models import F

from filrouge.base import clock
from filrouge.base.errors import Conflict
from filrouge.domain.events import Reason
from filrouge.domain.events.checking import Checker
from filrouge.store.idents import Idents
from filrouge.store.lake import arrow_schema
from filrouge.store.models import Drained, Ledger, Run
from filrouge.work import claims, plans, rawtext, runs, senders, suppressions
from filrouge.work.judging import Counts, Event, Judged, browser_key, whose

_EVENT = (
    "source", "entity", "brand", "record_key", "event_id", "type", "name", "user_ref", "person_key", "anonymous_id",
    "at", "received_at", "url", "title", "topic", "properties", "context",
)  # fmt: skip
_ASIDE = ("source", "entity", "brand", "record_key", "place", "column", "warning", "code", "value", "raw")


class Unkept(Exception):
    """Nothing of a load was promised: it can be tried again as it is."""


@dataclass
class Load:
    """What waits to be put in the lake: events taken and set aside, their count, and how far the spool was read."""

    taken: list[pa.Table] = field(default_factory=list)
    aside: list[pa.Table] = field(default_factory=list)
    counts: Counts = field(default_factory=Counter)
    places: dict[str, int] = field(default_factory=dict)
    noted: list[Checker] = field(default_factory=list)  # what tracking plans found in it
    drained: dict[int, bool] = field(default_factory=dict)  # what had been corrected, and whether it passed
    events: int = 0
    bytes: int = 0  # of their words, as they are held here
    since: float = 0.0
    cut: datetime | None = None  # when it was closed: what was judged since is in the next one

    def add(self, judged: Judged, places: Mapping[str, int]) -> None:
        """Add what was judged, and the places in the spool up to which that is all."""
        if judged.taken:
            self.taken.append(_table("events", _EVENT, [_event(event) for event in judged.taken]))
        if judged.aside:
            self.aside.append(_table("rejects", _ASIDE, [_reject(*aside) for aside in judged.aside]))
        self.counts.update(judged.counts)
        self.places.update(places)
        _drain(self.drained, judged.drained)
        self.events += len(judged.taken) + len(judged.aside)
        self.bytes += sum(table.nbytes for table in (self.taken[-1:] if judged.taken else []))
        self.bytes += sum(table.nbytes for table in (self.aside[-1:] if judged.aside else []))

    def records(self) -> list[int]:
        """Return the keys of the accounts and browsers whose events it holds, each once."""
        keys = [table["person_key"].combine_chunks() for table in self.taken]
        return pc.unique(pa.concat_arrays(keys).drop_null()).to_pylist() if keys else []

    def put_before(self, earlier: Load) -> None:
        """Take in, before what came since, a load that could not be put in the lake."""
        self.taken[:0], self.aside[:0] = earlier.taken, earlier.aside
        self.counts.update(earlier.counts)
        self.places = {**earlier.places, **self.places}
        self.events, self.bytes = self.events + earlier.events, self.bytes + earlier.bytes
        self.noted += earlier.noted
        _drain(self.drained, earlier.drained)
        self.since = earlier.since


def _drain(drained: dict[int, bool], more: Mapping[int, bool]) -> None:
    """Add what became of ``more``: what passed once has passed."""
    for key, passed in more.items():
        drained[key] = passed or drained.get(key, False)


def _table(name: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    schema = arrow_schema(name)
    arrays = [
        pa.array(values, schema.field(column).type)
        for column, values in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    return pa.table(arrays, names=list(columns))


def _event(event: Event) -> tuple[Any, ...]:
    said = event.told
    return (
        event.source, event.entity, event.brand, event.key, event.message_id, event.kind, said.name, said.user or None,
        event.record or None, said.anonymous or None, event.at, event.received, said.url, said.title, said.topic,
        said.properties, said.context,
    )  # fmt: skip


def _reject(event: Event, reason: Reason) -> tuple[Any, ...]:
    field_of = str(reason.values.get("field", "")) or None
    value = _told(event, reason) if event.body else None
    return (
        event.source, event.entity, event.brand, event.key, event.kind, field_of, False, reason.code, value,
        event.body.decode("utf-8", "replace") if event.body else None,
    )  # fmt: skip


def _told(event: Event, reason: Reason) -> str:
    """Return what is known of an event that was set aside beside its words: its id, when it came, what is wrong."""
    received = round(event.received.timestamp() * 1_000_000)
    return json.dumps({"id": event.message_id, "received_at": received, **reason.values}, ensure_ascii=False)


def flush(load: Load, *, taken: Idents, aside: Idents) -> Run | None:
    """Put ``load`` in the lake and count it, once, whatever happens in between; return the run, if one was needed.

    Raises Conflict while an erasure is under way or another run of this kind is unfinished, Unkept when nothing was
    promised. A run that could only promise is carried out later: it counts as done.
    """
    if not load.events:
        with transaction.atomic():
            _count(load)
        return None
    with runs.running("collect", by="collector") as run:
        now = clock.now()
        run.started_at = load.cut or now
        standing = senders.standing()
        events = _allowed(load, standing)
        rows = _still_aside(_allowed_aside(load, standing), events)
        manifest: dict[str, dict[str, Any]] = {}

        def count() -> None:
            if standing - senders.standing():  # a sender was removed since: the rest waits for the next time
                raise Conflict("A sender was removed meanwhile.", hint="The rest follows in a moment.")
            _count(load)

        if events.num_rows:
            taken.write(str(run.id), events["record_key"].to_numpy())
            manifest["events"] = {"append": [runs.stage(run, "events.parquet", _stamped("events", events, run, now))]}
            if len(released := _released(load, events, aside)):
                manifest["rejects"] = {"supersede": _closing(run, released, now)}
        if rows.num_rows:
            aside.write(str(run.id), rows["record_key"].to_numpy())
            staged = runs.stage(run, "rejects.parquet", _stamped("rejects", rows, run, now))
            manifest.setdefault("rejects", {})["append"] = [staged]
        run.read = sum(
            count for (source, _, word), count in load.counts.items() if word == "received" and source in standing
        )
        run.new, run.rejected = events.num_rows, rows.num_rows
        run.unchanged = run.read - run.new - run.rejected
        try:
            runs.commit(run, manifest, beside=count, events=run.new)
        except Exception as error:
            if not runs.promised(run):
                raise Unkept from error
    return run


def _allowed(load: Load, standing: set[str]) -> pa.Table:
    """Return the events, but those of whoever was erased since they were taken, and of senders that are no more."""
    events = _of(load.taken, "events", _EVENT, standing)
    test = suppressions.checker()
    if test is None or not events.num_rows:
        return events
    out = test(events.select(["entity", "person_key"]))
    if any(out):
        events = events.filter(pa.array([not bad for bad in out]))
    # somebody else's browser, which an event of who is named otherwise does not tell of any more
    words = zip(*(events[name].to_pylist() for name in ("source", "user_ref", "anonymous_id")), strict=True)
    browsers = [browser_key(source, word) if user and word else None for source, user, word in words]
    shared = test(pa.table({"entity": events["entity"], "reader_key": pa.array(browsers, pa.int64())}))
    return _without(events, "anonymous_id", shared)


def _allowed_aside(load: Load, standing: set[str]) -> pa.Table:
    """Return the events set aside; of those of whoever was erased since, nothing but that they came."""
    rows = _of(load.aside, "rejects", _ASIDE, standing)
    test = suppressions.checker()
    if test is None or not rows.num_rows:
        return rows
    entities, texts = rows["entity"].to_pylist(), [raw or "" for raw in rows["raw"].to_pylist()]
    named = zip(rows["source"].to_pylist(), rows["place"].to_pylist(), texts, strict=True)
    keys = pa.array([whose(source, kind, raw.encode()) if raw else 0 for source, kind, raw in named], pa.int64())
    theirs = test(pa.table({"entity": rows["entity"], "person_key": keys}))
    out = [one or other for one, other in zip(theirs, rawtext.barred(test, texts, entities), strict=True)]
    for name in ("raw", "value", "column"):
        rows = _without(rows, name, out)
    return _without(rows, "code", out, "suppressed")


def _of(tables: Sequence[pa.Table], name: str, columns: Sequence[str], standing: set[str]) -> pa.Table:
    if not tables:
        return pa.table({column: pa.array([], arrow_schema(name).field(column).type) for column in columns})
    rows = pa.concat_tables(tables)
    known = [source in standing for source in rows["source"].to_pylist()]
    return rows if all(known) else rows.filter(pa.array(known))


def _without(rows: pa.Table, column: str, out: Sequence[bool], instead: str | None = None) -> pa.Table:
    """Return ``rows`` with ``instead`` in ``column`` where ``out`` says so."""
    if not any(out):
        return rows
    kept = [instead if bad else value for value, bad in zip(rows[column].to_pylist(), out, strict=True)]
    at = rows.column_names.index(column)
    return rows.set_column(at, column, pa.array(kept, rows.schema.field(column).type))


def _stamped(name: str, rows: pa.Table, run: Run, at: datetime) -> pa.Table:
    schema = arrow_schema(name)
    made = {
        "run_id": pa.array([str(run.id)] * rows.num_rows, pa.string()),
        "recorded_at": pa.array([at] * rows.num_rows, schema.field("recorded_at").type),
    }
    columns = [
        rows[field.name].cast(field.type) if field.name in rows.column_names
        else made.get(field.name, pa.nulls(rows.num_rows, field.type))
        for field in schema
    ]  # fmt: skip
    return pa.table(columns, schema=schema)


def _still_aside(rows: pa.Table, events: pa.Table) -> pa.Table:
    """Return what was set aside, but what was put right since and is among ``events``."""
    return rows.filter(pc.invert(pc.is_in(rows["record_key"], events["record_key"].combine_chunks())))


def _released(load: Load, events: pa.Table, aside: Idents) -> pa.Array:
    """Return the keys of events that were set aside before and are taken now."""
    keys = events["record_key"].to_numpy()
    left = np.array(claims.left_behind(load.drained), np.int64)
    return pa.array(np.unique(np.concatenate([keys[aside.known(keys)], left])), pa.int64())


def _closing(run: Run, keys: pa.Array, at: datetime) -> str:
    closed = pa.array([at] * len(keys), pa.timestamp("us", tz="UTC"))
    return runs.stage(run, "released.parquet", pa.table({"record_key": keys, "superseded_at": closed}))


def _count(load: Load) -> None:
    """Add to the ledger, and say how far the spool was drained."""
    words: dict[tuple[str, Any], dict[str, int]] = {}
    standing = senders.standing()
    for (source, day, word), count in load.counts.items():
        if source not in standing:
            continue
        words.setdefault((source, day), {})[word] = count
    for (source, day), counted in sorted(words.items()):
        row, _ = Ledger.objects.get_or_create(source=source, day=day)
        Ledger.objects.filter(pk=row.pk).update(**{word: F(word) + count for word, count in counted.items()})
    for checker in load.noted:
        if checker.source in standing:
            plans.note(checker)
    claims.settle(load.drained)
    for file, number in sorted(load.places.items()):
        Drained.objects.update_or_create(file=file, defaults={"number": number})


def settled(names: Sequence[str]) -> set[str]:
    """Return which of the runs named put in the lake, or promised to, what they took."""
    wanted = [name for name in names if len(name) == 36]
    done: set[str] = set()
    for start in range(0, len(wanted), 500):
        rows = Run.objects.filter(
            pk__in=wanted[start : start + 500], state__in=(Run.State.STAGED, Run.State.COMMITTED)
        ).values_list("id", flat=True)
        done |= {str(key) for key in rows}
    return done
