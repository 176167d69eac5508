"""Who entered or left a segment since it was last built, and when time alone may change an answer: a live copy.

A row says what one person was found to be when last asked (``inside``), since when if that is not what the last build
found (``at``, 0 when it is), when they were asked, and when to ask ``again`` (``NEVER`` when time changes nothing).
Moments are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from filrouge.store.live import Live

NEVER = (1 << 62) - 1
TOGETHER = 500
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Member:
    """What a person was found to be."""

    segment: str
    person: str
    inside: bool
    at: int
    asked: int
    again: int


def micros(moment: datetime | None) -> int:
    """Return a moment as it is kept, ``NEVER`` for none."""
    return NEVER if moment is None else (moment - _START) // timedelta(microseconds=1)


def moment(kept: int) -> datetime:
    """Return a moment that was kept."""
    return _START + timedelta(microseconds=kept)


def held(live: Live, people: Sequence[str]) -> dict[tuple[str, str], Member]:
    """Return what is kept of ``people``, by segment and person."""
    found: dict[tuple[str, str], Member] = {}
    for start in range(0, len(people), TOGETHER):
        some = list(people[start : start + TOGETHER])
        marks = ", ".join(["%s"] * len(some))
        rows = live.rows(
            f"SELECT segment, person, inside, at, asked, again FROM members WHERE person IN ({marks})", some
        )
        found |= {(row[0], row[1]): Member(row[0], row[1], bool(row[2]), *row[3:]) for row in rows}
    return found


def moved(live: Live, segment: str) -> dict[str, tuple[bool, int]]:
    """Return who is no longer what the last build of a segment found: inside or not, and since when."""
    if not live.ready():
        return {}
    rows = live.rows("SELECT person, inside, at FROM members WHERE segment = %s AND at > 0", [segment])
    return {person: (bool(inside), at) for person, inside, at in rows}


def due(live: Live, now: datetime, *, most: int) -> list[str]:
    """Return the people whom time alone may have changed."""
    rows = live.rows("SELECT DISTINCT person FROM members WHERE again <= %s LIMIT %s", [micros(now), most])
    return [person for (person,) in rows]


def write(live: Live, rows: Iterable[Member]) -> None:
    """Keep what people were found to be."""
    every = [(one.segment, one.person, int(one.inside), one.at, one.asked, one.again) for one in rows]
    for start in range(0, len(every), TOGETHER):
        with live.writing():
            live.insert("members", every[start : start + TOGETHER], columns=6)


def forget(live: Live, *, people: Sequence[str] = (), segment: str = "") -> None:
    """Drop what is kept of ``people``, or of a ``segment``."""
    with live.writing():
        for person in people:
            live.rows_changed("DELETE FROM members WHERE person = %s", [person])
        if segment:
            live.rows_changed("DELETE FROM members WHERE segment = %s", [segment])


def built(live: Live, segment: str, at: datetime, *, differing: Sequence[str] = ()) -> None:
    """Take note that a segment was built as of ``at``: what was found before is what the build found.

    But for those who were found to be what the build, which knew less, did not find (``differing``): they are what
    they were found to be, and are asked again at once.
    """
    moment = micros(at)
    with live.writing():
        for person in differing:
            live.rows_changed(
                "UPDATE members SET again = %s WHERE segment = %s AND person = %s", [moment, segment, person]
            )
        asked = [segment, moment]
        live.rows_changed("DELETE FROM members WHERE segment = %s AND asked <= %s AND again = %s", [*asked, NEVER])
        live.rows_changed(
            "UPDATE members SET at = 0 WHERE segment = %s AND asked <= %s AND again <> %s", [*asked, moment]
        )
