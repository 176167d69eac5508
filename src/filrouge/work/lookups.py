"""A person's page is opened: the systems that can be asked for one person are, and the page follows."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from filrouge.base import clock
from filrouge.base.errors import Conflict, FilrougeError
from filrouge.domain.privacy.caller import OWNER, Caller
from filrouge.domain.sources import SourceSpec
from filrouge.store.models import Job, Source
from filrouge.store.queries import people
from filrouge.work import followups, identity, jobs, schedules, sources

AGAIN = timedelta(minutes=15)  # a page opened again within this asks nobody anew
PATIENCE = timedelta(minutes=2)  # after which no worker does it, and the page says nothing of it
MOST = 5  # numbers by which one system knows a person, asked about at once


@dataclass(frozen=True)
class Asked:
    """What became of asking: which systems (and a source of each), since when, whether it is over, what went wrong."""

    systems: tuple[tuple[str, str], ...]
    at: datetime | None = None
    under_way: bool = False
    trouble: dict[str, Any] | None = None


def ask(asking: Caller, page: people.Page) -> Asked:
    """Have the systems that know the person of ``page`` asked for what is new, unless they just were."""
    wanted = _of(page.view.records)
    if not wanted:
        return Asked(())
    key = f"lookup {page.view.id}"
    systems = tuple(sorted({spec.system: spec.source for spec, _ in wanted}.items()))
    last = Job.objects.filter(key=key).order_by("-run_at").first()
    if last is None or (last.finished_at is not None and clock.now() - last.finished_at > AGAIN):
        with suppress(Conflict):  # somebody else opened the page at the same moment
            jobs.ask("lookup", by=asking.by, key=key, person=page.view.id)
        return Asked(systems, under_way=True)
    # what went wrong is said of the systems whose records the caller sees, and of no other
    seen = last.trouble.get("params", {}).get("source") in {spec.source for spec, _ in wanted}
    under_way = last.finished_at is None and clock.now() - last.run_at < PATIENCE
    return Asked(systems, last.finished_at, under_way, last.trouble if seen else None)


def carry_out(person: str) -> int:
    """Ask the systems that know ``person``; return how many had something new.

    Raises SourceError of the first that did not answer, once all were asked.
    """
    page = people.page(person, OWNER, at=clock.now())
    if page is None:  # erased or merged meanwhile
        return 0
    news, fault = 0, None
    for spec, refs in _of(page.view.records):
        for ref in refs[:MOST]:
            try:
                news += sources.look_up(spec.source, ref, by="lookup")
            except Conflict:  # it is being read whole: what is new comes with it
                continue
            except FilrougeError as error:
                error.params.setdefault("source", spec.source)  # by which the page knows whom it may be told to
                fault = fault or error
                break  # it would be waited for again
    if news:
        try:
            identity.resolve(by="lookup")
        except Conflict:
            schedules.settle(by="lookup")
        followups.adopt()
    if fault is not None:
        raise fault
    return news


def forget_old() -> None:
    """Forget of whom systems were asked, a day after."""
    Job.objects.filter(kind="lookup", finished_at__lt=clock.now() - timedelta(days=1)).exclude(
        state__in=("waiting", "running")
    ).delete()


def _of(records: Iterable[Any]) -> list[tuple[SourceSpec, list[str]]]:
    """Return each source that can be asked, and the numbers by which it knows whom ``records`` are of."""
    known: dict[str, list[str]] = {}
    for record in records:
        known.setdefault(record.source, []).append(record.source_id)
    found = []
    for row in Source.objects.filter(enabled=True, spec__has_key="lookup").order_by("name"):
        spec = SourceSpec.parse(row.spec, what=row.name)
        refs = [ref for of in spec.people() for ref in known.get(of, ())] if spec.lookup else []
        if refs:
            found.append((spec, list(dict.fromkeys(refs))))
    return found
