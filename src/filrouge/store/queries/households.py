"""Who lives with whom, as one caller may know it: what the records in sight say, put right by words in sight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from filrouge.base.text import fold
from filrouge.domain.identity.households import Said, home_of, in_force
from filrouge.domain.identity.keys import email_key, phone_key
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.profiles import PersonView
from filrouge.store.live import Live, number
from filrouge.store.models import HouseholdCorrection
from filrouge.store.queries.glance import glances
from filrouge.store.queries.search import Hit, address, hits

WIDE = 40  # people looked at around one


@dataclass(frozen=True)
class Member:
    """Somebody of the household, and why: what both bear (address, name, phone, email), by_hand, or through another."""

    hit: Hit
    why: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.hit.id

    @property
    def name(self) -> str:
        return self.hit.name


@dataclass(frozen=True)
class Told:
    """What somebody said of a household: ``kind`` of whom with regard to whom, and whether it holds."""

    gesture: str
    kind: str
    person: str
    others: tuple[str, ...]
    by: str
    at: datetime
    reason: str
    undone_at: datetime | None
    undone_by: str
    undoable: bool


def members(live: Live, seen: PersonView, caller: Caller, *, at: datetime) -> list[Member]:
    """Return the others of a person's household, as far as the caller sees them and what brings them together."""
    homes, said = _around(live, seen.id, caller)
    if not homes and not said:
        return []
    gone, words = in_force(homes, said)
    people = sorted({*homes, *(one for word in words for one in (word.person, word.other))} - {seen.id})
    views = glances(live, [number(person) for person in people], caller, at=at)
    known = {view.id: view for view in views.values()} | {seen.id: seen}
    bonds: dict[str, dict[str, tuple[str, ...]]] = {}

    def bind(one: str, other: str, why: tuple[str, ...]) -> None:
        bonds.setdefault(one, {})[other] = why
        bonds.setdefault(other, {})[one] = why

    inside = sorted(person for person in homes if person not in gone and person in known)
    for place, one in enumerate(inside):
        for other in inside[place + 1 :]:
            if homes[one] == homes[other] and (why := _common(known[one], known[other])):
                bind(one, other, why)
    for word in words:
        if word.person in known and word.other in known:
            bind(word.person, word.other, ("by_hand",))
    reached: dict[str, tuple[str, ...]] = {}
    front = [seen.id]
    while front:
        nearer = [other for one in front for other in sorted(bonds.get(one, {})) if other != seen.id]
        front = [other for other in dict.fromkeys(nearer) if other not in reached]
        for other in front:
            reached[other] = bonds[seen.id].get(other, ("through",)) if seen.id in bonds else ("through",)
    found = [(number(person), (1.0, "household")) for person in sorted(reached)]
    return [Member(hit, reached[hit.id]) for hit in hits(live, found, caller, limit=WIDE, brand="", at=at)]


def told(live: Live, person: str, caller: Caller) -> list[Told]:
    """Return what people said of the household of ``person``, the latest first, as far as the caller may read it."""
    names = live.aliases(person)
    rows: dict[str, list[HouseholdCorrection]] = {}
    for row in HouseholdCorrection.objects.filter(Q(person__in=names) | Q(other__in=names)):
        if caller.perimeter.sees(row.entity, row.brand):
            rows.setdefault(row.gesture, []).append(row)
    return [_told(held, caller) for held in rows.values()]


def _told(rows: Sequence[HouseholdCorrection], caller: Caller) -> Told:
    first = rows[0]
    mine = all(caller.perimeter.acts(row.entity, row.brand, "advisor", "sales", "privacy") for row in rows)
    return Told(
        first.gesture, first.kind, first.person, tuple(row.other for row in rows), first.by, first.created_at,
        first.reason, first.undone_at, first.undone_by, mine and first.undone_at is None,
    )  # fmt: skip


# --- what stands around a person --------------------------------------------------------------------------------------


def _around(live: Live, person: str, caller: Caller) -> tuple[dict[str, str], list[Said]]:
    """Return the households that the records say (person -> household) and the words that hold, around a person."""
    homes: dict[str, str] = {}
    said: dict[str, Said] = {}
    seen: set[str] = set()
    front = {person}
    while front and len(seen) < WIDE:
        seen |= front
        found = _housed(live, front)
        homes |= found
        words = _said(live, sorted(front), caller)
        said |= words
        front = {*found, *(one for word in words.values() for one in (word.person, word.other))} - seen
    return homes, list(said.values())


def _housed(live: Live, people: Iterable[str]) -> dict[str, str]:
    """Return everybody of the households of ``people``, with the household of each."""
    numbers = [number(person) for person in people]
    marks = ", ".join(["%s"] * len(numbers))
    rows = live.rows(f"SELECT DISTINCT value FROM keys WHERE kind = 'household' AND person IN ({marks})", numbers)
    homes = [value for (value,) in rows]
    if not homes:
        return {}
    marks = ", ".join(["%s"] * len(homes))
    rows = live.rows(
        f"SELECT d.id, k.value FROM keys k JOIN documents d ON d.person = k.person "
        f"WHERE k.kind = 'household' AND k.value IN ({marks}) ORDER BY d.id LIMIT {WIDE}",
        homes,
    )
    return dict(rows)


def _said(live: Live, people: Sequence[str], caller: Caller) -> dict[str, Said]:
    """Return the words in force that name one of ``people``, under whatever id, as far as the caller may read them."""
    names = [alias for aliases in live.aliases_of(people).values() for alias in aliases]
    rows = HouseholdCorrection.objects.filter(Q(person__in=names) | Q(other__in=names), undone_at=None)
    return {
        str(row.pk): Said(live.current(row.person), live.current(row.other), _kind(row.kind), row.created_at)
        for row in rows
        if caller.perimeter.sees(row.entity, row.brand)
    }


def _kind(text: str) -> Any:
    return "with" if text == HouseholdCorrection.Kind.WITH else "away"


def _common(one: PersonView, other: PersonView) -> tuple[str, ...]:
    """Return what two people bear in common in sight: the address and a name, a phone or an e-mail; else nothing."""
    mine, theirs = _borne(one), _borne(other)
    if not mine["address"] & theirs["address"]:
        return ()
    shared = tuple(kind for kind in ("name", "phone", "email") if mine[kind] & theirs[kind])
    return ("address", *shared) if shared else ()


def _borne(seen: PersonView) -> Mapping[str, set[Any]]:
    """Return the homes, names, phones and e-mails that a view shows unmasked."""

    def values(*names: str) -> list[str]:
        attributes = [seen.attributes[name] for name in names if name in seen.attributes]
        return [value.value for one in attributes for value in (one.best, *one.others) if not value.masked]

    parts = [address(text) for text in values("address")]
    homes = (home_of(*(str(part.get(name) or "") for name in ("address_line", "postcode", "city"))) for part in parts)
    return {
        "address": {home for home in homes if home},
        "name": {fold(text).replace(" ", "") for text in values("family_name", "birth_name")},
        "phone": {key for text in values("phone") if (key := phone_key(text))},
        "email": {key for text in values("email") if (key := email_key(text))},
    }
