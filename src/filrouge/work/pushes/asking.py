"""What became of each row of a run, told of the people whom the caller sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filrouge.base import clock
from filrouge.base.errors import Refused, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.store.lake import arrow_schema
from filrouge.store.live import Live, number
from filrouge.store.queries import pushes as found
from filrouge.store.queries.search import hits
from filrouge.store.views import current
from filrouge.work import access, runs
from filrouge.work.segments.desk import Desk

OUTCOMES = ("sent", "removed", "withheld", "failed")


@dataclass(frozen=True)
class Delivered:
    """What became of one person: what was to be done, the outcome, why, and what the destination said of it."""

    person: str
    name: str
    action: str
    outcome: str
    reason: str
    said: str
    at: datetime
    seen: bool = True

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "person": self.person, "name": self.name, "action": self.action, "outcome": self.outcome,
            "reason": self.reason, "said": self.said, "at": self.at,
        }  # fmt: skip


def rows(
    asking: Caller, name: str, run_id: str, *, outcome: str = "", after: str = "", limit: int = 50
) -> tuple[list[Delivered], str]:
    """Return what became of each person in a run, by id, as far as the caller sees people, and where the next begin.

    ``after``: where the last page said that the next begin, or the id of a person. Whoever was withheld is told as of
    the run, though they may have been withheld before. Raises NotFound, Refused, UsageError.
    """
    person, told_of = _place(after)
    access.must(asking, *found.READERS, scope="pushes:read")
    if not asking.opens_pages():
        raise Refused("Your role sees figures, not people.", hint="Ask an administrator if you need more.")
    if outcome and outcome not in OUTCOMES:
        raise UsageError("This is no outcome.", hint="Choose one of: {known}.", known=", ".join(OUTCOMES))
    row = found.push(name, asking)
    run = found.run(row, run_id)
    with Desk() as desk:
        every = desk.engine.read("deliveries", runs.lake().files("deliveries"), arrow_schema("deliveries"))
        if desk.hidden:
            every = every.filter(every.run_id.notin(desk.hidden))
        mine = every.filter((every.push == name) & (every.push_run == str(run.id)) & (every.outcome != "withheld"))
        held_back = current(
            desk.engine, runs.lake(), "deliveries", hidden=desk.hidden, as_of=run.finished_at or clock.now()
        )
        held_back = held_back.filter((held_back.push == name) & (held_back.outcome == "withheld"))
        wanted = ("person", "key", "action", "outcome", "reason", "said", "at")
        told = mine.select(*wanted)
        if not run.only:
            told = told.union(held_back.select(*wanted))
        if outcome:
            told = told.filter(told.outcome == outcome)
        if not asking.perimeter.everything:
            seen = desk.narrowed(asking.perimeter).everybody()
            told = told.semi_join(desk.laid.ids.semi_join(seen, "person").select("id"), told.person == desk.laid.ids.id)
        rest = told.filter(told.person >= person if told_of else told.person > person)
        some = rest.order_by(["person", "key", "action", "at"]).limit(limit + 1, offset=told_of)
        listed = desk.rows(some)
    more = _next(listed[:limit], person, told_of) if len(listed) > limit else ""
    listed = listed[:limit]
    named = _names(asking, sorted({one["person"] for one in listed}))
    return [
        Delivered(one["person"], named.get(one["person"], ""), one["action"] or "", one["outcome"],
                  one["reason"] or "", one["said"] or "", one["at"], one["person"] in named)
        for one in listed
    ], more  # fmt: skip


def _place(after: str) -> tuple[str, int]:
    """Return the person whom a page begins with and how many of their rows were told: a person may have several."""
    person, _, count = after.partition(".")
    if (person and not access.is_id(person)) or (
        count and not (count.isascii() and count.isdigit() and len(count) < 6)
    ):
        raise UsageError("This cursor is not one that was given.", hint="Start again without a cursor.")
    return person, int(count or 0)


def _next(page: Sequence[Mapping[str, Any]], person: str, told_of: int) -> str:
    last = page[-1]["person"]
    count = sum(row["person"] == last for row in page) + (told_of if last == person else 0)
    return f"{last}.{count}"


def _names(asking: Caller, people: list[str]) -> Mapping[str, str]:
    live = Live()
    if not people or not live.ready():
        return {}
    shown = hits(
        live, [(number(one), (1.0, "")) for one in people], asking, limit=len(people), brand="", at=clock.now()
    )
    return {one.id: one.name for one in shown}
