"""People found: by name, e-mail, phone or any number they go by, and by filters that an index answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filrouge.base.text import fold, in_case
from filrouge.domain.identity.keys import email_key, phone_key, reference_key
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.domain.profiles import PersonView
from filrouge.domain.profiles.filters import Filters
from filrouge.domain.profiles.gather import CATEGORY_OF_KEY, IDENTIFIERS
from filrouge.store.live import Live
from filrouge.store.queries.glance import glances
from filrouge.store.queries.naming import MOST, by_name
from filrouge.store.queries.needs import COUNTED, Need, clauses, listed, masks_of, needs_of

SORTED = 500  # people put in the order of their names


@dataclass(frozen=True)
class Hit:
    """A person found: what the caller may see of who they are, and how well they fit."""

    id: str
    name: str
    brands: tuple[str, ...]
    score: float
    city: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    matched: str = ""


@dataclass(frozen=True)
class Found:
    """A page of people found, how many there are (``more``: at least), and where the next page begins."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    more: bool = False
    next: str = ""


def search(
    text: str, caller: Caller, *, limit: int = 20, brand: str = "", at: datetime, spelling: bool = True
) -> list[Hit]:
    """Return the people that ``text`` may mean, best first: a name, an e-mail, a phone, any number.

    Accents and case are ignored, a misspelling is tolerated, and only what the caller may see counts.
    """
    live = Live()
    if not text.strip() or not live.ready():
        return []
    best = _named(live, text, Filters(brand=brand), caller.perimeter, spelling=spelling)[: limit * 2 + 10]
    return _arranged(hits(live, best, caller, limit=limit, brand=brand, at=at), text)


def _arranged(lines: list[Hit], text: str) -> list[Hit]:
    """Return people found in the order of a reader: best first, then those whose name shown says it, then by name."""
    words = fold(text).split()

    def order(hit: Hit) -> tuple[float, bool, str, str]:
        name = fold(hit.name)
        return -hit.score, not all(word in name for word in words), name or "~", hit.id

    return sorted(lines, key=order)


def find(text: str, filters: Filters, caller: Caller, *, limit: int = 30, after: str = "", at: datetime) -> Found:
    """Return a page of the people that ``text`` may mean and ``filters`` keep; either may be empty, not both.

    Named people come best first; without a name, a few come in the order of their names, many in that of their ids.
    """
    live = Live()
    if not (text.strip() or filters.any) or not live.ready():
        return Found()
    start = int(after) if after.isdigit() and len(after) < 20 else 0
    if text.strip():
        named = _named(live, text, filters, caller.perimeter)
        found = _cut(live, named, caller, start=start, limit=limit, brand=filters.brand, at=at)
        return dataclasses.replace(found, hits=tuple(_arranged(list(found.hits), text)))
    needs = needs_of(live, filters, caller.perimeter)
    total = len(listed(live, needs, most=COUNTED + 1, order=False))
    if total <= SORTED:
        every = [(person, (1.0, "")) for person in listed(live, needs, most=SORTED)]
        lines = hits(live, every, caller, limit=SORTED, brand=filters.brand, at=at)
        lines.sort(key=lambda hit: (fold(hit.name) or "~", hit.id))
        further = str(start + limit) if start + limit < len(lines) else ""
        return Found(tuple(lines[start : start + limit]), len(lines), next=further)
    some = listed(live, needs, most=limit + 1, after=start)
    lines = hits(
        live, [(person, (1.0, "")) for person in some[:limit]], caller, limit=limit, brand=filters.brand, at=at
    )
    further = str(some[limit - 1]) if len(some) > limit else ""
    return Found(tuple(lines), min(total, COUNTED), more=total > COUNTED, next=further)


def matching(text: str, filters: Filters, sees: Perimeter, *, most: int) -> list[int]:
    """Return the numbers of up to ``most`` people of whom ``find`` shows pages, in the order of their ids."""
    live = Live()
    if not (text.strip() or filters.any) or not live.ready():
        return []
    if text.strip():
        # one person may bear several of the words that a reading stands for: as many rows again and again
        return sorted(person for person, _ in _named(live, text, filters, sees, most=most * 4))[:most]
    return listed(live, needs_of(live, filters, sees), most=most)


def _cut(
    live: Live, named: Sequence[tuple[int, tuple[float, str]]], caller: Caller, *, start: int, limit: int, brand: str,
    at: datetime,
) -> Found:  # fmt: skip
    lines = hits(live, named[start : start + limit], caller, limit=limit, brand=brand, at=at)
    further = str(start + limit) if start + limit < len(named) else ""
    return Found(tuple(lines), len(named), more=len(named) >= MOST, next=further)


def _named(
    live: Live, text: str, filters: Filters, sees: Perimeter, *, spelling: bool = True, most: int = MOST
) -> list[tuple[int, tuple[float, str]]]:
    """Return whom ``text`` may mean, narrowed, best first."""
    masks, needs = masks_of(live, sees, filters.brand), needs_of(live, filters, sees)
    found = _by_key(live, text, masks, needs)
    if not found:
        found = by_name(live, fold(text).split(), masks["identity"], needs, spelling=spelling, most=most)
    return sorted(found.items(), key=lambda item: (-item[1][0], item[0]))


def _by_key(live: Live, text: str, masks: dict[str, int], needs: Sequence[Need]) -> dict[int, tuple[float, str]]:
    bare = text.strip()
    wanted: list[str] = []
    if key := email_key(bare):
        wanted = [key]
    else:
        if key := phone_key(bare):
            wanted.append(key)
        reference = reference_key(bare)
        if reference and any(letter.isdigit() for letter in reference):
            wanted.append(reference)
    if not wanted:
        return {}
    marks = ", ".join(["%s"] * len(wanted))
    kinds = ", ".join(f"'{kind}'" for kind in IDENTIFIERS)
    narrowed, params = clauses(needs, "k")
    rows = live.rows(
        f"SELECT k.kind, k.person, k.origins FROM keys k WHERE k.value IN ({marks}) AND k.kind IN ({kinds}){narrowed} "
        "LIMIT 2000",
        [*wanted, *params],
    )
    return {
        person: (1.0, kind) for kind, person, origins in rows if origins & masks[CATEGORY_OF_KEY.get(kind, "identity")]
    }


def hits(
    live: Live, found: Iterable[tuple[int, tuple[float, str]]], caller: Caller, *, limit: int, brand: str, at: datetime
) -> list[Hit]:
    """Return the people found (number, how well they fit) as lines; those of whom nothing may be seen fall out."""
    wanted = list(found)
    shown = glances(live, [person for person, _ in wanted], caller, at=at)
    lines: list[Hit] = []
    for person, (score, matched) in wanted:
        seen = shown.get(person)
        if seen is None or (brand and brand not in seen.brands):
            continue
        lines.append(_hit(seen, score, matched))
        if len(lines) >= limit:
            break
    return lines


def _hit(seen: PersonView, score: float, matched: str) -> Hit:
    def best(name: str) -> str:
        return seen.attributes[name].best.value if name in seen.attributes else ""

    return Hit(
        id=seen.id,
        name=seen.name,
        brands=seen.brands,
        score=round(score, 3),
        city=in_case(address(best("address")).get("city") or ""),
        email=best("email"),
        phone=best("phone"),
        company=str(seen.roles[0].get("name") or "") if seen.roles else "",
        matched=matched,
    )


def address(value: str) -> dict[str, Any]:
    """Return the parts of an address kept as one JSON value; a masked one has none."""
    import json

    try:
        parts = json.loads(value) if value else {}
    except ValueError:
        return {}
    return parts if isinstance(parts, dict) else {}


def alike(name: str, email: str, phone: str, caller: Caller, *, at: datetime, limit: int = 6) -> list[Hit]:
    """Return whoever somebody so named, or reached so, may already be, as far as the caller sees; addresses first."""
    found: dict[str, Hit] = {}
    for text in (email, phone, name):
        for hit in search(text, caller, limit=limit, at=at):
            found.setdefault(hit.id, hit)
    return list(found.values())[:limit]


def by_phone(e164: str, caller: Caller, *, at: datetime) -> list[Hit]:
    """Return whoever the caller may see under a phone number."""
    key = phone_key(e164)
    live = Live()
    if not key or not live.ready():
        return []
    masks = masks_of(live, caller.perimeter, "")
    rows = live.rows("SELECT person, origins FROM keys WHERE value = %s AND kind = 'phone'", [key])
    found = [(person, (1.0, "phone")) for person, origins in rows if origins & masks["identity"]]
    return hits(live, found, caller, limit=20, brand="", at=at)
