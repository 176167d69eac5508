"""Accounts made again from the events that told of them, when the copies that held them are lost before the lake knew.

The lake does not hold the former id that an ``alias`` event tells: what that id did joins at the next such event.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from filrouge.base import settings
from filrouge.domain.events.row import Told, traits
from filrouge.engines import open_engine
from filrouge.store.live import Live
from filrouge.store.models import COLLECT, Run, Source
from filrouge.store.views import current
from filrouge.work import appearing, runs
from filrouge.work.judging import Event

TOGETHER = 2_000  # events folded at once
BEFORE = timedelta(hours=1)  # what changes of an account waits for the lake, much less than this
_COLUMNS = (
    "record_key", "source", "entity", "brand", "received_at", "event_id", "type", "at", "user_ref", "anonymous_id",
    "properties", "context", "person_key",
)  # fmt: skip


def refold(live: Live) -> int:
    """Fold the events of the lake since accounts last went into it into ``accounts``; return how many learnt of it."""
    names = list(Source.objects.filter(kind=COLLECT, reads="events").values_list("name", flat=True))
    if not names or not runs.lake().exists("events"):
        return 0
    last = Run.objects.filter(kind="person", by="collector", state=Run.State.COMMITTED).order_by("-started_at").first()
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        rows = current(engine, runs.lake(), "events", hidden=runs.hidden())
        rows = rows.filter(rows.source.isin(names) & rows.user_ref.notnull())
        if last is not None:
            rows = rows.filter(rows.recorded_at >= last.started_at - BEFORE)
        learnt = 0
        engine.con.create_view("told", rows.select(*_COLUMNS), overwrite=True)
        raw: Any = engine.con.con
        for batch in raw.execute('SELECT * FROM told ORDER BY "at", event_id').to_arrow_reader(TOGETHER):
            learnt += appearing.fold_again(live, [_event(row) for row in batch.to_pylist()])
        return learnt
    finally:
        engine.close()


def _event(row: dict[str, Any]) -> Event:
    said = Told(
        name=None, user=row["user_ref"], anonymous=row["anonymous_id"] or "", previous="", url=None, title=None,
        topic=None, properties=None, context=None, traits=traits(row["type"], row["properties"], row["context"]),
    )  # fmt: skip
    return Event(
        row["record_key"], row["source"], row["entity"], row["brand"], row["received_at"], row["event_id"],
        row["type"], row["at"], b"", said, None, row["person_key"] or 0,
    )  # fmt: skip
