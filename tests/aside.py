"""What tests of senders share: a sender, events in the lake and events set aside, as the live worker leaves them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from filrouge.base import clock, ids, settings
from filrouge.domain.events import parse
from filrouge.domain.privacy.caller import Caller
from filrouge.spool import Place, Spool, open_spool
from filrouge.spool.kept import unpacked


def sender(name: str, brand: str) -> str:
    """Add a sender of a brand, as its first key does; return its name."""
    from filrouge.work import access, senders

    _emptied()
    senders.make_key(access.OWNER, source=name, brand=brand)
    return name


def send(
    name: str, entity: str, brand: str, events: Iterable[Mapping[str, Any] | str], *, at: datetime | None = None
) -> list[int]:
    """Leave ``events`` in the lake as received by a sender: those that are set aside among the rejects; return keys."""
    received = at or clock.now() - timedelta(minutes=5)
    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    keys = []
    for event in events:
        body = event if isinstance(event, str) else json.dumps(event)
        said = json.loads(body) if not isinstance(event, str) else {}
        (one,) = parse(body.encode(), kind="", received=received).events
        key = ids.record_key(name, one.message_id)
        keys.append(key)
        row = {
            "source": name,
            "entity": entity,
            "brand": brand,
            "record_key": key,
            "run_id": "live",
            "recorded_at": received,
        }
        if one.reason is None:
            part = "traits" if one.kind in ("identify", "group") else "properties"
            good.append(row | {
                "event_id": one.message_id, "type": one.kind, "name": said.get("event") or said.get("name") or "",
                "user_ref": said.get("userId"), "anonymous_id": said.get("anonymousId"), "at": one.at,
                "received_at": received, "properties": json.dumps(said.get(part) or {}),
            })  # fmt: skip
        else:
            values = {"id": one.message_id, **one.reason.values}
            bad.append(row | _reject(one.kind, one.reason.code, values, body))
    append("events", good)
    append("rejects", bad)
    return keys


def set_aside(
    name: str, entity: str, brand: str, code: str, values: Mapping[str, Any], event: Mapping[str, Any],
    without: tuple[str, ...] = (),
) -> int:  # fmt: skip
    """Leave one event among the rejects, for a reason that a plan gave, without some of its fields; return its key."""
    key = ids.record_key(name, str(event["messageId"]))
    row = {"source": name, "entity": entity, "brand": brand, "record_key": key, "run_id": "live"}
    body = json.dumps({field: value for field, value in event.items() if field not in without})
    append("rejects", [row | {"recorded_at": clock.now()} | _reject(str(event["type"]), code, values, body)])
    return key


def _reject(kind: str, code: str, values: Mapping[str, Any], body: str) -> dict[str, Any]:
    return {
        "place": kind, "column": values.get("field", ""), "code": code, "warning": False, "raw": body,
        "value": json.dumps(values),
    }  # fmt: skip


def append(table: str, rows: list[dict[str, Any]]) -> None:
    """Append rows to a table of the lake."""
    from filrouge.store.lake import Lake, arrow_schema

    if not rows:
        return
    schema = arrow_schema(table)
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    folder = Path(settings.get().home) / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{ids.uuid7()}.parquet"
    pq.write_table(pa.Table.from_pylist(full, schema=schema), file)
    Lake(settings.get().lake).append(table, [file], run=str(ids.uuid7()))


def spooled() -> list[Any]:
    """Return what waits in the spool: each entry with its payload read."""
    with closing(_spool()) as spool:
        kept = [stored.entry for file in spool.files() for stored in spool.read(file, 0, 10_000)]
    return [(entry, unpacked(entry.payload)) for entry in kept]


def _spool() -> Spool:
    here = settings.get()
    return open_spool(here.spool, here.database_url)


def _emptied() -> None:
    with closing(_spool()) as spool:
        for file in spool.files():  # an inbox is the server's, and outlives a test
            spool.forget(Place(file, 1 << 62))


def caller(role: str, entity: str, brands: tuple[str, ...] = ()) -> Caller:
    """Make an account with one role of an entity and return it as a caller."""
    from filrouge.work import access, groups

    made, _ = groups.add_user(
        f"{role}-{entity}@example.com", role.title(), role=role, by="test", password="correct horse battery",
        entities=(entity,), brands=brands,
    )  # fmt: skip
    return access.caller(made)
