"""The last events of each sender with their verdicts, for whoever looks on; a sample when they are many."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from typing import Any

import msgspec

from filrouge.base.clock import micros
from filrouge.domain.events.checking import name_of
from filrouge.domain.events.personal import looks_personal
from filrouge.store.live import Live
from filrouge.work.judging import Event, Judged

EACH = 40  # events of a source and turn that are told
READ = 65_536  # bytes of an event that was set aside, in which its name is looked for
KEPT = 4_000  # events told of that are kept, of all sources

_last = 0


def tell(live: Live, judged: Judged) -> None:
    """Let those who look on see ``judged``."""
    by_source: dict[str, list[Event]] = defaultdict(list)
    for event in (*(event for event, _ in judged.aside), *judged.taken):
        by_source[event.source].append(event)
    rows = [_row(event) for events in by_source.values() for event in events[:EACH]]
    repeated = {(s, d): n for (s, d, word), n in judged.counts.items() if word == "duplicate"}
    rows += [
        (_number(), source, micros_now(), 0, json.dumps({"verdict": "duplicate", "count": count}))
        for (source, _), count in repeated.items()
    ]
    if rows:
        with live.writing():
            live.insert("stream", rows, columns=5)


def _row(event: Event) -> tuple[Any, ...]:
    said = event.told
    body: dict[str, Any] = {
        "verdict": "accepted" if event.reason is None else "quarantined", "kind": event.kind, "id": event.message_id,
        "key": event.key, "at": event.at.isoformat(), "entity": event.entity, "brand": event.brand,
    }  # fmt: skip
    if event.reason is None:
        body |= {"name": said.name, "user": said.user, "record": event.record}
    else:
        body |= {"name": _name(event), "code": event.reason.code, "values": dict(event.reason.values)}
    told = json.dumps(body, ensure_ascii=False)
    return _number(), event.source, micros(event.received), event.record, told


def _name(event: Event) -> str:
    """Return the name of an event that was set aside, unless it is too long to look for or may be somebody's own."""
    if len(event.body) > READ:
        return ""
    try:
        said = msgspec.json.decode(event.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    name = name_of(event.kind, said) if isinstance(said, dict) else ""
    return "" if looks_personal(name) else name


def micros_now() -> int:
    return time.time_ns() // 1_000


def _number() -> int:
    """Return a number greater than all before it, in this process and the ones before."""
    global _last
    _last = max(_last + 1, micros_now())
    return _last


def tidy(live: Live) -> None:
    """Forget what was told of long ago."""
    found = live.rows(f"SELECT number FROM stream ORDER BY number DESC LIMIT 1 OFFSET {KEPT}")
    if found:
        with live.writing():
            live.rows_changed("DELETE FROM stream WHERE number <= %s", [found[0][0]])
