"""People found: by name, e-mail, phone or any number they go by, and by filters that an index answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rapidfuzz.distance import DamerauLevenshtein

from filrouge.base.text import fold
from filrouge.domain.identity.keys import email_key, phone_key, reference_key
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.domain.profiles import PersonView, view
from filrouge.domain.profiles.filters import Filters
from filrouge.domain.profiles.gather import CATEGORY_OF_KEY, IDENTIFIERS
from filrouge.store.live import Live
from filrouge.store.queries import group

MOST = 3_000  # bearers of a name that are looked at
COUNTED = 10_000  # people that are counted one by one; beyond, there are more
SORTED = 500  # people put in the order of their names
NEAR = 12  # words that may stand for a misspelt one


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


@dataclass(frozen=True)
class Need:
    """A condition with the origins by which its asker may know of it."""

    kind: str
    value: str
    mask: int
    absent: bool = False


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
    return hits(live, best, caller, limit=limit, brand=brand, at=at)


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
        return _cut(live, named, caller, start=start, limit=limit, brand=filters.brand, at=at)
    needs = _needs(live, filters, caller.perimeter)
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
        return sorted(person for person, _ in _named(live, text, filters, sees, most=most))[:most]
    return listed(live, _needs(live, filters, sees), most=most)


def _cut(
    live: Live, named: Sequence[tuple[int, tuple[float, str]]], caller: Caller, *, start: int, limit: int, brand: str,
    at: datetime,
) -> Found:  # fmt: skip
    lines = hits(live, named[start : start + limit], caller, limit=limit, brand=brand, at=at)
    further = str(start + limit) if start + limit < len(named) else ""
    return Found(tuple(lines), len(named), more=len(named) >= MOST, next=further)


def _needs(live: Live, filters: Filters, sees: Perimeter) -> list[Need]:
    masks = _masks(live, sees, filters.brand)
    return [Need(c.kind, c.value, masks[c.category], c.absent) for c in filters.conditions(sees)]


def _named(
    live: Live, text: str, filters: Filters, sees: Perimeter, *, spelling: bool = True, most: int = MOST
) -> list[tuple[int, tuple[float, str]]]:
    """Return whom ``text`` may mean, narrowed, best first."""
    masks, needs = _masks(live, sees, filters.brand), _needs(live, filters, sees)
    found = _by_key(live, text, masks, needs)
    if not found:
        found = _by_name(live, fold(text).split(), masks["identity"], needs, spelling=spelling, most=most)
    return sorted(found.items(), key=lambda item: (-item[1][0], item[0]))


def listed(live: Live, needs: Sequence[Need], *, most: int, after: int = -1, order: bool = True) -> list[int]:
    """Return up to ``most`` people who meet every need, by number, beyond ``after``.

    The rarest need leads, and the others are looked up for each of its people.
    """
    wanted = [need for need in needs if not need.absent]
    if not wanted:
        return []
    lead = min(wanted, key=lambda need: _rarity(live, need)) if len(wanted) > 1 else wanted[0]
    clauses, params = _clauses([need for need in needs if need is not lead], "k")
    rows = live.rows(
        f"SELECT k.person FROM keys k WHERE k.value = %s AND k.kind = %s AND (k.origins & %s) <> 0 AND k.person > %s"
        f"{clauses}{' ORDER BY k.person' if order else ''} LIMIT {int(most)}",
        [lead.value, lead.kind, lead.mask, after, *params],
    )
    return [row[0] for row in rows]


def _rarity(live: Live, need: Need) -> int:
    rows = live.rows(
        f"SELECT count(*) FROM (SELECT 1 AS one FROM keys WHERE value = %s AND kind = %s LIMIT {COUNTED * 5}) some",
        [need.value, need.kind],
    )
    return int(rows[0][0])


def _clauses(needs: Sequence[Need], of: str) -> tuple[str, list[Any]]:
    """Return what narrows a query on people called ``of`` in SQL, and its parameters."""
    sql, params = "", []
    for at, need in enumerate(needs):
        sql += (
            f" AND {'NOT ' if need.absent else ''}EXISTS (SELECT 1 FROM keys n{at} WHERE n{at}.value = %s"
            f" AND n{at}.kind = %s AND n{at}.person = {of}.person AND (n{at}.origins & %s) <> 0)"
        )
        params += [need.value, need.kind, need.mask]
    return sql, params


def _masks(live: Live, perimeter: Perimeter, brand: str) -> dict[str, int]:
    """Return, for each category of facts, the bits of the origins that the perimeter opens."""
    origins = live.origins()
    masks = {}
    for category in {"identity", *CATEGORY_OF_KEY.values()}:
        seen = [bit for (e, b), bit in origins.items() if perimeter.sees(e, b, category) and (not brand or b == brand)]
        masks[category] = sum(1 << bit for bit in seen)
    return masks


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
    clauses, params = _clauses(needs, "k")
    rows = live.rows(
        f"SELECT k.kind, k.person, k.origins FROM keys k WHERE k.value IN ({marks}) AND k.kind IN ({kinds}){clauses} "
        "LIMIT 2000",
        [*wanted, *params],
    )
    return {
        person: (1.0, kind) for kind, person, origins in rows if origins & masks[CATEGORY_OF_KEY.get(kind, "identity")]
    }


def _by_name(
    live: Live, words: Sequence[str], mask: int, needs: Sequence[Need], *, spelling: bool, most: int
) -> dict[int, tuple[float, str]]:
    words = [word for word in words if len(word) > 1][:5]
    if not words or not mask:
        return {}
    options = [_readings(live, word, last=at == len(words) - 1, spelling=spelling) for at, word in enumerate(words)]
    rarest = sorted(range(len(words)), key=lambda at: sum(people for _, _, people in options[at]) or 1 << 30)
    found = _people_named(live, options, rarest, mask, needs, most=most)
    if not found and spelling:
        options = [_readings(live, word, last=False, spelling=True, force=True) for word in words]
        found = _people_named(live, options, rarest, mask, needs, most=most)
    return {person: (score, "name") for person, score in found.items()}


Reading = tuple[str, float, int]


def _readings(live: Live, word: str, *, last: bool, spelling: bool, force: bool = False) -> list[Reading]:
    """Return the words of the base that ``word`` may stand for, each with its likeness and how many bear it."""
    exact = live.rows("SELECT token, people FROM tokens WHERE token = %s", [word])
    readings: dict[str, tuple[float, int]] = {token: (1.0, people) for token, people in exact}
    if last and len(word) >= 2:
        upper = word[:-1] + chr(ord(word[-1]) + 1)
        for token, people in live.rows(
            "SELECT token, people FROM tokens WHERE token >= %s AND token < %s ORDER BY people DESC LIMIT 40",
            [word, upper],
        ):
            readings.setdefault(token, (0.9, people))
    if spelling and len(word) >= 3 and (force or not readings):
        for token, people, likeness in _near(live, word):
            readings.setdefault(token, (likeness, people))
    return [(token, likeness, people) for token, (likeness, people) in readings.items()]


def _near(live: Live, word: str) -> list[tuple[str, int, float]]:
    """Return the words of the base spelt almost like ``word``."""
    padded = f"^{word}$"
    pieces = sorted({padded[at : at + 3] for at in range(len(padded) - 2)})
    marks = ", ".join(["%s"] * len(pieces))
    rows = live.rows(
        f"SELECT g.token, t.people, count(*) AS n FROM grams g JOIN tokens t ON t.token = g.token "
        f"WHERE g.gram IN ({marks}) GROUP BY g.token, t.people ORDER BY n DESC LIMIT 300",
        pieces,
    )
    near = []
    for token, people, _ in rows:
        distance = DamerauLevenshtein.distance(word, token)
        if distance <= (1 if len(word) < 6 else 2):
            near.append((token, people, 1 - distance / (len(word) + 1)))
    return sorted(near, key=lambda item: (-item[2], -item[1]))[:NEAR]


def _people_named(
    live: Live,
    options: Sequence[Sequence[Reading]],
    order: Sequence[int],
    mask: int,
    needs: Sequence[Need],
    *,
    most: int,
) -> dict[int, float]:
    """Return the people who bear a reading of every word, with how well they fit."""
    if not all(options):
        return {}
    scores: dict[int, float] | None = None
    for at in order:
        likeness = {token: like for token, like, _ in options[at]}
        if scores is None:
            rows = _first_word(live, likeness, mask, needs, others=[options[o] for o in order if o != at], most=most)
        else:
            rows = _bearers(live, likeness, list(scores))
        fitting: dict[int, float] = {}
        for token, person, origins in rows:
            if origins & mask:
                before = 1.0 if scores is None else scores.get(person, 0.0)
                fitting[person] = max(fitting.get(person, 0.0), before * likeness[token])
        scores = fitting
        if not scores:
            return {}
    return scores or {}


def _first_word(
    live: Live,
    likeness: dict[str, float],
    mask: int,
    needs: Sequence[Need],
    *,
    others: Sequence[Sequence[Reading]],
    most: int,
) -> list[tuple[Any, ...]]:
    """Return the bearers of the rarest word, already narrowed to those who bear the others when it is common."""
    marks = ", ".join(["%s"] * len(likeness))
    sql = f"SELECT n.token, n.person, n.origins FROM names n WHERE n.token IN ({marks}) AND (n.origins & %s) <> 0"
    params: list[Any] = [*likeness, mask]
    for at, readings in enumerate(others):
        tokens = [token for token, _, _ in readings][:60]
        inside = ", ".join(["%s"] * len(tokens))
        sql += f" AND EXISTS (SELECT 1 FROM names m{at} WHERE m{at}.token IN ({inside}) AND m{at}.person = n.person)"
        params += tokens
    clauses, more = _clauses(needs, "n")
    return live.rows(f"{sql}{clauses} LIMIT {int(most)}", [*params, *more])


def _bearers(live: Live, likeness: dict[str, float], people: Sequence[int]) -> list[tuple[Any, ...]]:
    marks = ", ".join(["%s"] * len(likeness))
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(people), 5_000):
        some = people[start : start + 5_000]
        inside = ", ".join(["%s"] * len(some))
        rows += live.rows(
            f"SELECT token, person, origins FROM names WHERE token IN ({marks}) AND person IN ({inside})",
            [*likeness, *some],
        )
    return rows


def hits(
    live: Live, found: Iterable[tuple[int, tuple[float, str]]], caller: Caller, *, limit: int, brand: str, at: datetime
) -> list[Hit]:
    """Return the people found (number, how well they fit) as lines; those of whom nothing may be seen fall out."""
    wanted = list(found)
    documents = live.documents([person for person, _ in wanted])
    systems = group.systems()
    lines: list[Hit] = []
    for person, (score, matched) in wanted:
        document = documents.get(person)
        if document is None:
            continue
        short = {part: document[part] for part in ("id", "records", "values", "roles")}
        seen = view(short, (), caller.perimeter, systems=systems, at=at)
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
        city=address(best("address")).get("city") or "",
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
    masks = _masks(live, caller.perimeter, "")
    rows = live.rows("SELECT person, origins FROM keys WHERE value = %s AND kind = 'phone'", [key])
    found = [(person, (1.0, "phone")) for person, origins in rows if origins & masks["identity"]]
    return hits(live, found, caller, limit=20, brand="", at=at)
