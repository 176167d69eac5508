"""The segments that one person is in, for whoever may know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from filrouge.domain.privacy.caller import Caller
from filrouge.store import members
from filrouge.store.live import Live
from filrouge.store.models import Segment
from filrouge.store.queries import segments as found
from filrouge.work import access
from filrouge.work.segments.desk import Desk

NAMED = (*found.READERS, "advisor")  # who is told that somebody is in; its rules are for READERS alone


@dataclass(frozen=True)
class Inside:
    """A segment that a person is in, since when, and whether the reader may ask why."""

    name: str
    title: str
    since: datetime | None
    asks: bool


def of_person(asking: Caller, person: str) -> list[Inside]:
    """Return the segments that a person is in, by their last builds and what happened since, by title."""
    page = access.person(asking, person)
    rows = Segment.objects.filter(archived_at=None).exclude(built_at=None).order_by("title")
    mine = [row for row in rows if found.reads(asking, row.entity, row.brand, *NAMED)]
    if not mine:
        return []
    live = Live()
    aliases = live.aliases(page.view.id)
    with Desk() as desk:
        held = desk.read("memberships")
        inside = held.filter(held.left_at.isnull() & held.person.isin(aliases)).select("segment", "entered_at")
        since: dict[str, datetime | None] = {row["segment"]: row["entered_at"] for row in desk.rows(inside)}
    for (name, _person), member in members.held(live, [page.view.id]).items():
        if not member.at:
            continue
        since.pop(name, None)
        if member.inside:
            since[name] = datetime.fromtimestamp(member.at / 1_000_000, UTC)
    return [
        Inside(row.name, row.title, since[row.name], found.reads(asking, row.entity, row.brand))
        for row in mine
        if row.name in since
    ]
