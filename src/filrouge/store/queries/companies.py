"""Companies: found by a word of their name, their number or site, with the people who have a role in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache

from filrouge.base.text import fold, whole
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.store.live import Live, number, unpack
from filrouge.store.models import FollowUp
from filrouge.store.queries.acts import quiet
from filrouge.store.queries.glance import glances

MONEY = ("amount", "currency")
FACTS = (
    "name", "registration_id", "domain", "address_line", "postcode", "city", "country", "phone", "size", "sector",
)  # fmt: skip
WIDE = 3_000  # companies that one word may lead to
COUNTED = 10_000  # companies that are counted one by one; beyond, there are more


@dataclass(frozen=True)
class Fact:
    """A fact of a company, the record that says it, and what others say instead."""

    value: str
    source: str
    as_of: str
    others: tuple[tuple[str, str], ...] = ()  # (value, source)


@dataclass(frozen=True)
class CompanyPage:
    """A company as one caller may see it: its facts and records, its people, its sales to come, what is to do."""

    key: int
    name: str
    brands: tuple[str, ...]
    facts: Mapping[str, Fact]
    records: tuple[Mapping[str, Any], ...]
    people: tuple[dict[str, Any], ...]
    opportunities: tuple[dict[str, Any], ...]
    follow_ups: tuple[FollowUp, ...]


@dataclass(frozen=True)
class Line:
    """A company in a list."""

    key: int
    name: str
    city: str
    sector: str
    brands: tuple[str, ...]
    people: int


@dataclass(frozen=True)
class Found:
    """A page of companies found, how many there are (``more``: at least), and where the next page begins."""

    lines: tuple[Line, ...] = ()
    total: int = 0
    more: bool = False
    next: str = ""


def search(text: str, caller: Caller, *, limit: int = 30) -> list[Line]:
    """Return the companies that ``text`` (words, a number, a site) leads to and that the caller may see, by name."""
    return list(find(text, caller, limit=limit).lines)


def find(text: str, caller: Caller, *, limit: int = 50, after: str = "") -> Found:
    """Return a page of these companies, by name, from beyond the company ``after``."""
    live = Live()
    if not live.ready():
        return Found()
    sees, last = caller.perimeter, whole(after) if after else None
    found: list[Line] = []
    if text.strip():
        asked = _asked(live, text, sees)
        total, more, bodies = len(asked.keys), asked.more, _beyond(live, asked.keys, last)
    else:
        (total, more), bodies = _count(live, sees), _all(live, last)
    for key, body in bodies:
        said = unpack(body)
        if not (records := _records(said, sees)):
            continue
        facts = _facts(records)
        roles = [row for row in said["roles"] or () if sees.sees(row["entity"], row["brand"], "company")]
        city, sector = (facts[name].value if name in facts else "" for name in ("city", "sector"))
        people = len({row["person"] for row in roles})
        found.append(Line(key, _name(facts, records), city, sector, _brands(records), people))
        if len(found) > limit:
            break
    further = str(found[limit - 1].key) if len(found) > limit else ""
    return Found(tuple(found[:limit]), total, more, further)


def names(keys: Sequence[str], caller: Caller) -> dict[str, str]:
    """Return the name of each company that ``keys`` (of records) lead to and that the caller may see."""
    live = Live()
    wanted = sorted({record for key in keys if (record := whole(key)) is not None})
    if not wanted or not live.ready():
        return {}
    rows = live.rows(
        f"SELECT o.record, c.body FROM company_of o JOIN companies c ON c.company = o.company "
        f"WHERE o.record IN ({_marks(wanted)})",
        wanted,
    )
    told = ((record, _records(unpack(body), caller.perimeter)) for record, body in rows)
    return {str(record): _name(_facts(records), records) for record, records in told if records}


def page(key: str, caller: Caller, *, at: datetime) -> CompanyPage | None:
    """Return the page of the company that ``key`` (of any of its records) leads to, None when it is shut."""
    live = Live()
    record = whole(key)
    if record is None or not live.ready():
        return None
    rows = live.rows(
        "SELECT c.company, c.body FROM company_of o JOIN companies c ON c.company = o.company WHERE o.record = %s",
        [record],
    )
    sees = caller.perimeter
    if not rows or not (records := _records(said := unpack(rows[0][1]), sees)):
        return None
    roles = [row for row in said["roles"] or () if sees.sees(row["entity"], row["brand"], "company")]
    sales = [row for row in said["opportunities"] or () if sees.sees(row["entity"], row["brand"], "transaction")]
    priced = [
        row if sees.sight("money", row["entity"], row["brand"], "transaction") == "show"
        else {name: value for name, value in row.items() if name not in MONEY}
        for row in sales
    ]  # fmt: skip
    keys = [str(record["key"]) for record in said["records"]]
    todo = [
        row for row in FollowUp.objects.filter(company__in=keys, state="open").order_by("due_at")[:50]
        if sees.sees(row.entity, row.brand, "interaction")
    ]  # fmt: skip
    quiet(sees, todo)
    facts = _facts(records)
    return CompanyPage(
        int(rows[0][0]), _name(facts, records), _brands(records), facts, tuple(records),
        tuple(_people(live, put_right(live, roles, said["records"], caller), caller, at)), tuple(priced), tuple(todo),
    )  # fmt: skip


# --- finding ----------------------------------------------------------------------------------------------------------


def _all(live: Live, last: int | None) -> Iterator[tuple[int, Any]]:
    """Yield every company by name beyond ``last``, a page at a time: the reader stops when the list is full."""
    begun = live.rows("SELECT name, company FROM companies WHERE company = %s", [last]) if last is not None else []
    after: tuple[Any, ...] = begun[0] if begun else ("", -1)
    while rows := live.rows(
        "SELECT name, company, body FROM companies WHERE (name, company) > (%s, %s) ORDER BY name, company LIMIT 200",
        after,
    ):
        for name, company, body in rows:
            after = (name, company)
            yield company, body


def _count(live: Live, sees: Perimeter) -> tuple[int, bool]:
    """Return how many companies may be seen, and whether there are more; counted once for one state of the copies."""
    mask = _mask(live, sees)
    key = f"companies:{live.meta('built_at')}:{mask}"
    counted: int | None = cache.get(key)
    if counted is None:
        rows = live.rows(
            "SELECT count(*) FROM (SELECT DISTINCT company FROM company_words WHERE (origins & %s) <> 0 "
            f"LIMIT {COUNTED + 1}) AS few",
            [mask],
        )
        counted = int(rows[0][0])
        cache.set(key, counted, 300)
    return min(counted, COUNTED), counted > COUNTED


@dataclass(frozen=True)
class Asked:
    """The companies that words lead to, by name; ``more``: a word leads to more than are read."""

    keys: tuple[int, ...]
    more: bool


def _asked(live: Live, text: str, sees: Perimeter) -> Asked:
    """Return the companies that bear the beginning of every word of ``text``, by name."""
    mask = _mask(live, sees)
    whole = "".join(letter for letter in fold(text) if letter.isalnum())
    kept: set[int] | None = None
    more = False
    words = [whole] if whole.isdigit() else [word for word in fold(text).split() if len(word) > 1][:5]
    for word in words:
        rows = live.rows(
            "SELECT DISTINCT company FROM company_words WHERE token >= %s AND token < %s AND (origins & %s) <> 0 "
            f"LIMIT {WIDE}",
            [word, word[:-1] + chr(ord(word[-1]) + 1), mask],
        )
        named = {company for (company,) in rows}
        more = more or len(rows) == WIDE
        kept = named if kept is None else kept & named
    some = sorted(kept or ())
    called: list[tuple[str, int]] = []
    for start in range(0, len(some), 500):
        part = some[start : start + 500]
        rows = live.rows(f"SELECT name, company FROM companies WHERE company IN ({_marks(part)})", part)
        called += [(fold(name), company) for name, company in rows]
    return Asked(tuple(company for _, company in sorted(called)), more)


def _beyond(live: Live, keys: Sequence[int], last: int | None) -> Iterator[tuple[int, Any]]:
    """Yield companies in the order of ``keys``, those after ``last``."""
    start = keys.index(last) + 1 if last in keys else 0
    for at in range(start, len(keys), 100):
        part = keys[at : at + 100]
        rows = live.rows(f"SELECT company, body FROM companies WHERE company IN ({_marks(part)})", part)
        bodies = dict(rows)
        yield from ((key, bodies[key]) for key in part if key in bodies)


def _mask(live: Live, sees: Perimeter) -> int:
    """Return the bits of the origins whose companies may be seen."""
    return sum(1 << bit for (entity, brand), bit in live.origins().items() if sees.sees(entity, brand, "company"))


def _marks(values: Sequence[int]) -> str:
    return ", ".join(["%s"] * len(values))


# --- what the records say ---------------------------------------------------------------------------------------------


def _records(said: Mapping[str, Any], sees: Perimeter) -> list[Mapping[str, Any]]:
    return [row for row in said["records"] if sees.sees(row["entity"], row["brand"], "company")]


def _facts(records: Sequence[Mapping[str, Any]]) -> dict[str, Fact]:
    """Return each fact as the first record that says it does; the records come registered first, then latest."""
    found: dict[str, Fact] = {}
    for name in FACTS:
        if saying := [record for record in records if record[name]]:
            first, *rest = saying
            others = {fold(row[name]): (row[name], row["source"]) for row in reversed(rest)}
            others.pop(fold(first[name]), None)
            found[name] = Fact(first[name], first["source"], first["as_of"], tuple(others.values()))
    return found


def _name(facts: Mapping[str, Fact], records: Sequence[Mapping[str, Any]]) -> str:
    return facts["name"].value if "name" in facts else str(records[0]["source_id"])


def _brands(records: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(record["brand"] for record in records if record["brand"]))


def put_right(
    live: Live, roles: list[dict[str, Any]], records: Sequence[Mapping[str, Any]], caller: Caller
) -> list[dict[str, Any]]:
    """Return the roles in a company as people put them right."""
    from filrouge.store.queries import roles as corrected  # which asks here for the names of companies

    return corrected.of_company(live, roles, [int(record["key"]) for record in records], caller)


def _people(live: Live, roles: list[dict[str, Any]], caller: Caller, at: datetime) -> list[dict[str, Any]]:
    seen = glances(live, sorted({number(row["person"]) for row in roles}), caller, at=at)
    shown = []
    for row in roles:
        person = seen.get(number(row["person"]))
        if person is not None:
            email = person.attributes["email"].best.value if "email" in person.attributes else ""
            shown.append({**row, "name": person.name, "email": email})
    return shown
