"""What pages show and the lake may not hold yet: events of people whom it knows, and all of those whom it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from filrouge.domain.segments import Facts
from filrouge.store.live import Live, number

_VALUES = ("attribute", "value", "rank", "at", "source", "entity", "brand")
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


def newcomers(people: Sequence[str]) -> dict[str, Facts]:
    """Return what pages say of ``people`` (ids) whom the lake does not know yet: who they are, and what they did."""
    live = Live()
    if not people or not live.ready():
        return {}
    numbers = {number(person): person for person in people}
    events: dict[str, list[dict[str, Any]]] = {}
    for person, event in events_of(people, {}):
        events.setdefault(person, []).append(event)
    found = {}
    for at, page in live.documents(list(numbers)).items():
        person = numbers[at]
        records = [
            {"record_key": row["key"], "source": row["source"], "entity": row["entity"], "brand": row["brand"],
             "created_at": _moment(row["created_at"]), "recorded_at": _moment(row["as_of"]), "deceased": None}
            for row in page["records"]
        ]  # fmt: skip
        values = [{name: row[name] for name in _VALUES} | {"at": _moment(row["at"])} for row in page["values"]]
        found[person] = Facts(person, records, values, {"events": events.get(person, [])})
    return found


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


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
