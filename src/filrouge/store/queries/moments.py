"""The thread of a person by stretches, latest first: what is at hand, then older moments from the lake."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from typing import Any

import pyarrow as pa

from filrouge.base import settings
from filrouge.base.errors import UsageError
from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.domain.profiles import Moment, gather, told
from filrouge.engines import open_engine
from filrouge.store.gathering import hidden, lay_out
from filrouge.store.lake import Lake
from filrouge.store.live import Live
from filrouge.store.queries import group
from filrouge.store.queries.people import Page

Keep = Callable[[Moment], bool]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where a stretch ended: its last moment's date and key, and how many of that date and key were given."""

    at: datetime
    key: int
    given: int = 0

    def cursor(self) -> str:
        """Return the place as a reader's program passes it back."""
        word = f"{(self.at - _EPOCH) // timedelta(microseconds=1)}.{self.key}.{self.given}"
        return base64.urlsafe_b64encode(word.encode()).decode().rstrip("=")

    @classmethod
    def of(cls, cursor: str) -> Place:
        """Return the place that ``cursor`` names. Raises UsageError when it names none."""
        try:
            word = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
            stamp, key, given = (int(part) for part in word.split("."))
            at = _EPOCH + timedelta(microseconds=stamp)
            if not (0 <= key < 1 << 63 and 0 <= given < 1 << 31):
                raise ValueError
        except (ValueError, OverflowError):
            raise UsageError("This cursor is not one that was given.", hint="Start again without a cursor.") from None
        return cls(at, key, given)


@dataclass(frozen=True)
class Stretch:
    """Some moments, latest first, and the cursor of what follows; empty at the end."""

    moments: tuple[Moment, ...]
    next: str = ""


def at_hand(page: Page) -> tuple[Moment, ...]:
    """Return the moments that need no look into the lake: all of them, or down to the last that is kept at hand."""
    if page.seam is None:
        return page.view.moments
    return tuple(moment for moment in page.view.moments if _order(moment) >= page.seam)


def first(page: Page, *, keep: Keep, day: Callable[[Moment], date], most: int) -> Stretch:
    """Return the moments at hand that ``keep`` keeps, of the latest ``most`` days, and where to go on."""
    found: list[Moment] = []
    seen: set[date] = set()
    walked: Place | None = None
    for moment in at_hand(page):
        if keep(moment):
            if day(moment) not in seen and len(seen) == most and walked is not None:
                return Stretch(tuple(found), walked.cursor())
            seen.add(day(moment))
            found.append(moment)
        walked = _walked(walked, moment)
    return Stretch(tuple(found), _beyond(page))


def stretch(page: Page, sees: Perimeter, *, after: str = "", limit: int, keep: Keep = lambda moment: True) -> Stretch:
    """Return up to ``limit`` moments that ``keep`` keeps, from the latest or from where cursor ``after`` left off.

    No moment is given twice and none is left out, whatever was noted meanwhile. Raises UsageError on a wrong cursor.
    """
    walked = Place.of(after) if after else None
    found: list[Moment] = []
    for moment in _after(_whole(page, sees, walked), walked):
        if keep(moment):
            if len(found) == limit and walked is not None:
                return Stretch(tuple(found), walked.cursor())
            found.append(moment)
        walked = _walked(walked, moment)
    return Stretch(tuple(found))


def _beyond(page: Page) -> str:
    """Return the cursor of what the lake may hold beyond the moments at hand; empty when they are all there is."""
    if page.seam is None:
        return ""
    return Place(*page.seam, sum(1 for moment in at_hand(page) if _order(moment) == page.seam)).cursor()


def _walked(before: Place | None, moment: Moment) -> Place:
    mark = _order(moment)
    return Place(*mark, before.given + 1 if before is not None and (before.at, before.key) == mark else 1)


def _order(moment: Moment) -> tuple[datetime, int]:
    return moment.at, moment.record_key


def _after(moments: Iterator[Moment], place: Place | None) -> Iterator[Moment]:
    """Skip what was given before ``place``."""
    given = place.given if place else 0
    for moment in moments:
        if place is not None:
            here, mark = _order(moment), (place.at, place.key)
            if here > mark:
                continue
            if here == mark and given:
                given -= 1
                continue
        yield moment


def _whole(page: Page, sees: Perimeter, place: Place | None) -> Iterator[Moment]:
    """Yield everything, latest first; the lake is opened only once the moments at hand are used up."""
    near = at_hand(page)
    if page.seam is None:
        yield from near
        return
    seam_at, seam_key = page.seam
    if place is None or (place.at, place.key) >= page.seam:
        yield from near
        start, skip = Place(seam_at, seam_key), sum(1 for moment in near if _order(moment) == page.seam)
    else:
        start, skip = Place(place.at, place.key), 0
    acts = [moment for moment in page.view.moments if _order(moment) < page.seam and moment.source == "filrouge"]
    lake = _skipped(_from_lake(page, sees, start), page.seam, skip)
    yield from merge(lake, acts, key=_order, reverse=True)


def _skipped(moments: Iterator[Moment], seam: tuple[datetime, int], count: int) -> Iterator[Moment]:
    """Leave out those of the very date and key of the seam that were at hand."""
    for moment in moments:
        if count and _order(moment) == seam:
            count -= 1
            continue
        yield moment


def _from_lake(page: Page, sees: Perimeter, start: Place) -> Iterator[Moment]:
    systems = group.systems()
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        lay_out(engine, Lake(settings.get().lake), hidden=hidden())
        raw: Any = engine.con.con
        person, keys = page.view.id, _records(page.view.id)
        if keys is None:
            raw.execute(
                """CREATE TABLE owned AS SELECT record_key, person FROM links_now
                WHERE record_key IN (SELECT record_key FROM links_now WHERE person = ?)
                QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1""",
                [person],
            )
            raw.execute("DELETE FROM owned WHERE person <> ?", [person])
        else:
            columns = {"record_key": pa.array(keys, pa.int64()), "person": pa.array([person] * len(keys), pa.string())}
            raw.register("owned", pa.table(columns))
        answer = raw.execute(gather.older_sql(), {"at": start.at, "key": start.key})
        while rows := answer.fetchmany(200):
            for (item,) in rows:
                moment = told(json.loads(item), sees, systems)
                if moment is not None:
                    yield moment
    finally:
        engine.close()


def _records(person: str) -> list[int] | None:
    """Return the keys of the person's records; None when the document at hand may not hold them all."""
    document = Live().document(person) or {"records": []}
    records = [row["key"] for row in document["records"]]
    return records if len(records) < gather.KEPT else None
