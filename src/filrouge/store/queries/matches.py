"""What a caller sees of the people whom a record resembles: their records, and whether what these rest on is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live


@dataclass(frozen=True)
class Opened:
    """A record that the caller sees: whose it is today, where it comes from, and whether evidence is told to them."""

    person: str
    source: str
    source_id: str
    entity: str
    brand: str
    evidence: bool


def opened(people: Iterable[str], caller: Caller) -> dict[int, Opened]:
    """Return the records of ``people`` that ``caller`` sees, by key; an id that was merged away leads to today's."""
    live, sees = Live(), caller.perimeter
    found: dict[int, Opened] = {}
    if not live.ready():
        return found
    for person in dict.fromkeys(live.current(person) for person in people):
        document = live.document(person)
        for record in (document or {}).get("records", ()):
            entity, brand = record["entity"], record["brand"]
            if sees.everything or sees.sees(entity, brand):
                shown = sees.everything or sees.sight("evidence", entity, brand) == "show"
                found[record["key"]] = Opened(person, record["source"], record["source_id"], entity, brand, shown)
    return found
