"""Follow-ups: mine, due, overdue; they are here whatever their system does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live, number
from filrouge.store.models import FollowUp, Promise, User
from filrouge.store.queries import companies
from filrouge.store.queries.acts import quiet
from filrouge.store.queries.glance import glances

Kind = TypeVar("Kind", FollowUp, Promise)
LISTS = ("mine", "due", "overdue", "unowned", "all", "done")


@dataclass(frozen=True)
class Line:
    """A follow-up or a promise, and who it concerns."""

    what: FollowUp | Promise
    person_name: str
    company_name: str
    overdue: bool


def followups(
    caller: Caller, *, which: str = "mine", at: datetime, start: int = 0, limit: int = 50, order: str = "due",
    owner: str = "",
) -> tuple[list[Line], int]:  # fmt: skip
    """Return a page of follow-ups and how many there are in all: the soonest due first, or the most at stake."""
    rows = _visible(FollowUp.objects.all(), caller)
    rows = rows.filter(state="done" if which == "done" else "open")
    if which == "mine":
        rows = rows.filter(owner__in=mine(caller))
    elif which == "due":
        rows = rows.filter(due_at__lt=tomorrow(at))
    elif which == "overdue":
        rows = rows.filter(due_at__lt=at)
    elif which == "unowned":
        rows = rows.filter(owner="")
    if owner:
        rows = rows.filter(owner=owner)
    by = ("-closed_at",) if which == "done" else ("due_at", "id")
    if order == "amount":
        return _lines(list(rows.order_by(F("amount").desc(nulls_last=True), *by)[start : start + limit]), caller, at), (
            rows.count()
        )
    return _lines(list(rows.order_by(*by)[start : start + limit]), caller, at), rows.count()


def promises(caller: Caller, *, at: datetime, overdue: bool = False, limit: int = 50) -> tuple[list[Line], int]:
    """Return the open promises, the nearest first, and how many there are."""
    rows = _visible(Promise.objects.filter(state="open"), caller)
    if overdue:
        rows = rows.filter(due_at__lt=at)
    return _lines(list(rows.order_by("due_at", "id")[:limit]), caller, at), rows.count()


def owners(caller: Caller, *, limit: int = 50) -> list[tuple[str, int]]:
    """Return (owner, number) of the follow-ups to do, those with the most first."""
    rows = _visible(FollowUp.objects.filter(state="open"), caller).exclude(owner="").order_by()
    found = rows.values_list("owner").annotate(count=Count("id")).order_by("-count", "owner")[:limit]
    return [(owner, count) for owner, count in found]


def counts(caller: Caller, *, at: datetime) -> dict[str, int]:
    """Return how many follow-ups stand in each list."""
    rows = _visible(FollowUp.objects.filter(state="open"), caller)
    return {
        "mine": rows.filter(owner__in=mine(caller)).count(),
        "due": rows.filter(due_at__lt=tomorrow(at)).count(),
        "overdue": rows.filter(due_at__lt=at).count(),
        "unowned": rows.filter(owner="").count(),
        "all": rows.count(),
        "week": rows.filter(due_at__lte=at + timedelta(days=7)).count(),
        "promises_overdue": _visible(Promise.objects.filter(state="open", due_at__lt=at), caller).count(),
    }


def tomorrow(at: datetime) -> datetime:
    """Return when the day of ``at`` ends, on the calendar of the screens."""
    here = timezone.localtime(at)
    return here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def mine(caller: Caller) -> list[str]:
    """Return the words by which systems and this one call the caller as an owner.

    A system's "N. Ferreira" is the one account of that initial and family name, or whoever said that it is them.
    """
    words = {caller.by, caller.name, caller.by.partition("@")[0]}
    if caller.user_id:
        accounts = {str(row.pk): row for row in User.objects.only("name", "called")}
        words |= set(accounts[caller.user_id].called) if caller.user_id in accounts else set()
        short = in_short(caller.name)
        claimed = any(short in row.called for key, row in accounts.items() if key != caller.user_id)
        if not claimed and sum(in_short(row.name) == short for row in accounts.values()) == 1:
            words.add(short)
    return [word for word in words if word]


def in_short(name: str) -> str:
    """Return a name as systems shorten it, an initial and the family name; nothing of a single word."""
    given, _space, family = name.strip().partition(" ")
    return f"{given[0]}. {family.strip()}" if family else ""


def _visible(rows: QuerySet[Kind], caller: Caller) -> QuerySet[Kind]:
    sees = caller.perimeter
    if sees.everything:
        return rows
    wanted = Q(pk__in=[])
    for rule in sees.rules:
        one = Q(entity__in=rule.entities.get("interaction", frozenset()))
        if rule.brands:
            one &= Q(brand__in=rule.brands)
        wanted |= one
    return rows.filter(wanted)


def _lines(rows: Sequence[FollowUp | Promise], caller: Caller, at: datetime) -> list[Line]:
    quiet(caller.perimeter, rows)
    live = Live()
    names: dict[str, str] = {}
    firms = companies.names([row.company for row in rows if isinstance(row, FollowUp)], caller)
    if live.ready():
        people = {row.person: live.current(row.person) for row in rows if row.person}
        seen = glances(live, [number(key) for key in set(people.values())], caller, at=at)
        names = {key: seen[number(now)].name for key, now in people.items() if number(now) in seen}
    return [
        Line(
            what=row,
            person_name=names.get(row.person, ""),
            company_name=firms.get(row.company, "") if isinstance(row, FollowUp) else "",
            overdue=row.state == "open" and row.due_at < at,
        )
        for row in rows
    ]
