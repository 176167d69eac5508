"""Home: what waits for the one who signs in, not what exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live
from filrouge.store.models import Acquisition, Run, User
from filrouge.store.queries import acquisitions, followups, group, reviews, senders, sources


@dataclass(frozen=True)
class Home:
    """What waits, by kind; a list is empty when nothing does or the role has nothing to do with it."""

    follow_ups: tuple[followups.Line, ...]
    follow_up_counts: dict[str, int]
    promises: tuple[followups.Line, ...]
    sources: tuple[sources.SourceLine, ...]
    failed: tuple[Run, ...]
    reviews: dict[str, int]
    silent: tuple[senders.Silent, ...]
    steps: tuple[tuple[Acquisition, acquisitions.Line], ...]
    people: int | None
    sample: bool


def home(caller: Caller, *, at: datetime) -> Home:
    """Return what waits for the caller."""
    lines: list[followups.Line] = []
    promised: list[followups.Line] = []
    counts: dict[str, int] = {}
    doubtful: list[sources.SourceLine] = []
    quiet: list[senders.Silent] = []
    if caller.has("advisor", "sales"):
        counts = followups.counts(caller, at=at)
        which = "mine" if counts["mine"] else "due"
        lines, _ = followups.followups(caller, which=which, at=at, limit=8)
        promised, _ = followups.promises(caller, at=at, overdue=True, limit=8)
    if caller.has("engineer"):
        doubtful = sources.late(caller, at=at)
        quiet = senders.silent(caller, at=at)
    live = Live()
    # how many people the whole group knows is told to those who see them all
    told = live.ready() and group.whole(caller)
    people = int(live.meta("people") or 0) if told else None
    return Home(
        follow_ups=tuple(lines),
        follow_up_counts=counts,
        promises=tuple(promised),
        sources=tuple(doubtful),
        failed=tuple(line.last for line in doubtful if line.last and line.last.state == Run.State.FAILED),
        reviews={"all": reviews.waiting(caller), "mine": reviews.waiting(caller, mine=True)},
        silent=tuple(quiet),
        steps=tuple(acquisitions.mine(caller, at=at)),
        people=people,
        sample=User.objects.filter(sample=True).exists(),
    )
