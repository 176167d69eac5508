"""Events that pages show and the lake may not hold yet: facts of people like those that it holds, each once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from filrouge.store.live import Live, number

TOGETHER = 500  # people, or records, asked for at once


def events_of(people: Sequence[str], known: Mapping[str, set[int]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (person, event) of what stands beside the pages of ``people`` (ids), but for the keys ``known`` of each."""
    live = Live()
    if not live.ready():
        return
    owner = _records(live, people)
    records = sorted(owner)
    for start in range(0, len(records), TOGETHER):
        some = records[start : start + TOGETHER]
        marks = ", ".join(["%s"] * len(some))
        for record, body in live.rows(f"SELECT record, body FROM tail WHERE record IN ({marks})", some):
            event, person = json.loads(body), owner[record]
            if event["record_key"] not in known.get(person, ()) and "asked" in event:
                yield person, _row(event)


def _records(live: Live, people: Sequence[str]) -> dict[int, str]:
    """Return whose each account and browser is, as their pages say."""
    found: dict[int, str] = {}
    for start in range(0, len(people), TOGETHER):
        numbers = {number(person): person for person in people[start : start + TOGETHER]}
        for at, page in live.documents(list(numbers)).items():
            found |= {row["key"]: numbers[at] for row in page["records"]}
    return found


def _row(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of a timeline as the lake has it."""
    return {
        "record_key": event["record_key"], "name": event["details"]["name"], "type": event["details"]["type"],
        "topic": event["details"]["topic"], "url": event["details"]["url"], "at": datetime.fromisoformat(event["at"]),
        "source": event["source"], "entity": event["entity"], "brand": event["brand"], **event["asked"],
    }  # fmt: skip
