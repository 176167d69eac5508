"""People: found by name, e-mail, phone or any number they go by; shown as their caller may see them."""

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
from filrouge.domain.profiles import PersonView, gather, view
from filrouge.domain.profiles.gather import CATEGORY_OF_KEY
from filrouge.store.live import Live, number
from filrouge.store.models import ConsentEvent, Correction, FollowUp, Note, Promise
from filrouge.store.queries import group

MOST = 50
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


def search(
    text: str, caller: Caller, *, limit: int = 20, brand: str = "", at: datetime, spelling: bool = True
) -> list[Hit]:
    """Return the people that ``text`` may mean, best first: a name, an e-mail, a phone, any number.

    Accents and case are ignored, a misspelling is tolerated, and only what the caller may see counts.
    """
    live = Live()
    if not text.strip() or not live.ready():
        return []
    masks = _masks(live, caller.perimeter, brand)
    found = _by_key(live, text, masks)
    if not found:
        found = _by_name(live, fold(text).split(), masks["identity"], spelling=spelling)
    best = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))[: limit * 2 + 10]
    return _hits(live, best, caller, limit=limit, brand=brand, at=at)


def _masks(live: Live, perimeter: Perimeter, brand: str) -> dict[str, int]:
    """Return, for each category of facts, the bits of the origins that the perimeter opens."""
    origins = live.origins()
    masks = {}
    for category in {"identity", *CATEGORY_OF_KEY.values()}:
        seen = [bit for (e, b), bit in origins.items() if perimeter.sees(e, b, category) and (not brand or b == brand)]
        masks[category] = sum(1 << bit for bit in seen)
    return masks


def _by_key(live: Live, text: str, masks: dict[str, int]) -> dict[int, tuple[float, str]]:
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
    rows = live.rows(f"SELECT kind, person, origins FROM keys WHERE value IN ({marks}) LIMIT 2000", wanted)
    return {
        person: (1.0, kind) for kind, person, origins in rows if origins & masks[CATEGORY_OF_KEY.get(kind, "identity")]
    }


def _by_name(live: Live, words: Sequence[str], mask: int, *, spelling: bool) -> dict[int, tuple[float, str]]:
    words = [word for word in words if len(word) > 1][:5]
    if not words or not mask:
        return {}
    options = [_readings(live, word, last=at == len(words) - 1, spelling=spelling) for at, word in enumerate(words)]
    rarest = sorted(range(len(words)), key=lambda at: sum(people for _, _, people in options[at]) or 1 << 30)
    found = _people_named(live, options, rarest, mask)
    if not found and spelling:
        options = [_readings(live, word, last=False, spelling=True, force=True) for word in words]
        found = _people_named(live, options, rarest, mask)
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
    live: Live, options: Sequence[Sequence[Reading]], order: Sequence[int], mask: int
) -> dict[int, float]:
    """Return the people who bear a reading of every word, with how well they fit."""
    if not all(options):
        return {}
    scores: dict[int, float] | None = None
    for at in order:
        likeness = {token: like for token, like, _ in options[at]}
        marks = ", ".join(["%s"] * len(likeness))
        if scores is None:
            rows = _first_word(live, likeness, mask, others=[options[o] for o in order if o != at])
        else:
            people = list(scores)[:5000]
            inside = ", ".join(["%s"] * len(people))
            rows = live.rows(
                f"SELECT token, person, origins FROM names WHERE token IN ({marks}) AND person IN ({inside})",
                [*likeness, *people],
            )
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
    live: Live, likeness: dict[str, float], mask: int, *, others: Sequence[Sequence[Reading]]
) -> list[tuple[Any, ...]]:
    """Return the bearers of the rarest word, already narrowed to those who bear the others when it is common."""
    marks = ", ".join(["%s"] * len(likeness))
    sql, params = f"SELECT n.token, n.person, n.origins FROM names n WHERE n.token IN ({marks})", list(likeness)
    for at, readings in enumerate(others):
        tokens = [token for token, _, _ in readings][:60]
        inside = ", ".join(["%s"] * len(tokens))
        sql += f" AND EXISTS (SELECT 1 FROM names m{at} WHERE m{at}.token IN ({inside}) AND m{at}.person = n.person)"
        params += tokens
    return live.rows(f"{sql} LIMIT 3000", params)


def _hits(
    live: Live, found: Iterable[tuple[int, tuple[float, str]]], caller: Caller, *, limit: int, brand: str, at: datetime
) -> list[Hit]:
    wanted = list(found)
    documents = live.documents([person for person, _ in wanted])
    systems = group.systems()
    hits = []
    for person, (score, matched) in wanted:
        document = documents.get(person)
        if document is None:
            continue
        short = {part: document[part] for part in ("id", "records", "values", "roles")}
        seen = view(short, (), caller.perimeter, systems=systems, at=at)
        if seen is None or (brand and brand not in seen.brands):
            continue
        hits.append(_hit(seen, score, matched))
        if len(hits) >= limit:
            break
    return hits


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


# --- one person -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Everything that a person's page shows: the view of the lake's facts, and what people did here."""

    view: PersonView
    notes: tuple[Note, ...]
    promises: tuple[Promise, ...]
    follow_ups: tuple[FollowUp, ...]
    corrections: tuple[Correction, ...]
    consent_events: tuple[ConsentEvent, ...]
    household: tuple[Hit, ...]
    as_of: dict[str, datetime]
    redirected_from: str = ""
    # date and key of the oldest moment at hand, where the lake may hold older ones
    seam: tuple[datetime, int] | None = None


def page(person: str, caller: Caller, *, at: datetime) -> Page | None:
    """Return the page of ``person`` as ``caller`` may see it, None when there is nothing they may see.

    An id that was merged away leads to where its records are today.
    """
    live = Live()
    if not live.ready():
        return None
    current = live.current(person)
    document = live.document(current)
    if document is None:
        return None
    sees, aliases = caller.perimeter, live.aliases(current)
    corrections = _acts(Correction, aliases, sees, "identity")
    consents = _acts(ConsentEvent, aliases, sees, "consent")
    notes = [] if sees.role_sight("text") != "show" else _acts(Note, aliases, sees, "interaction", removed_at=None)
    promises, follow_ups = _acts(Promise, aliases, sees, "interaction"), _acts(FollowUp, aliases, sees, "interaction")
    overlaid = {**document, "values": overlay(document["values"], corrections), "consents": [
        *document["consents"], *(_consent_row(row) for row in consents)
    ]}  # fmt: skip
    last = live.moments(current)
    moments = [*last, *_told(notes, promises, follow_ups, consents)]
    systems = {**group.systems(), "filrouge": "filrouge"}
    seen = view(overlaid, moments, sees, systems=systems, at=at, declared=live.promotions())
    if seen is None:
        return None
    return Page(
        view=seen,
        notes=tuple(notes),
        promises=tuple(promises),
        follow_ups=tuple(follow_ups),
        corrections=tuple(corrections),
        consent_events=tuple(consents),
        household=tuple(_household(live, seen, caller, at)),
        as_of=group.as_of(),
        redirected_from=person if current != person else "",
        seam=_seam(last),
    )


def _seam(last: Sequence[dict[str, Any]]) -> tuple[datetime, int] | None:
    """Return the date and key of the oldest moment at hand, None when all there are must be at hand."""
    if len(last) < gather.LAST:
        return None
    return datetime.fromisoformat(last[-1]["at"]), int(last[-1]["record_key"])


def overlay(values: list[dict[str, Any]], corrections: Iterable[Correction]) -> list[dict[str, Any]]:
    """Return candidate values with what people corrected put first."""
    said = [
        {
            "attribute": row.attribute, "value": row.value, "source": "filrouge", "entity": row.entity,
            "brand": row.brand, "record_key": 0, "at": row.created_at, "rank": -at, "reason": "corrected",
        }
        for at, row in enumerate(sorted((c for c in corrections if c.undone_at is None), key=lambda c: c.created_at))
    ]  # fmt: skip
    return [*said, *values]


def _acts(model: Any, people: Sequence[str], sees: Perimeter, category: str, **where: Any) -> list[Any]:
    rows = model.objects.filter(person__in=people, **where)
    return [row for row in rows if sees.sees(row.entity, row.brand, category) or sees.everything]


def _consent_row(row: ConsentEvent) -> dict[str, Any]:
    return {
        "source": "filrouge", "entity": row.entity, "brand": row.brand, "record_key": 0, "purpose": row.purpose,
        "channel": row.channel, "state": row.state, "at": row.at.isoformat(), "notice": row.notice,
        "method": row.method, "evidence": row.evidence, "by": row.by,
    }  # fmt: skip


def _told(
    notes: Iterable[Note], promises: Iterable[Promise], follow_ups: Iterable[FollowUp], consents: Iterable[ConsentEvent]
) -> Iterable[dict[str, Any]]:
    """Turn what people did here into moments of the timeline."""
    for note in notes:
        yield _moment(note, "note", note.created_at, text=note.text)
    for promise in promises:
        yield _moment(promise, "promise", promise.made_at, title=promise.text, status=promise.state, due=promise.due_at)
    for follow_up in follow_ups:
        if not follow_up.source:
            yield _moment(
                follow_up, "follow_up", follow_up.created_at, title=follow_up.subject, status=follow_up.state,
                due=follow_up.due_at,
            )  # fmt: skip
    for consent in consents:
        yield _moment(
            consent, "consent", consent.at, status=consent.state, channel=consent.channel, purpose=consent.purpose
        )


def _moment(row: Any, kind: str, at: datetime, **said: Any) -> dict[str, Any]:
    known = ("title", "text", "status", "channel")
    return {
        "kind": kind, "at": at, "entity": row.entity, "brand": row.brand, "source": "filrouge",
        "record_key": row.id.int & ((1 << 63) - 1), "by": row.by, "ref": str(row.id),
        **{key: value for key, value in said.items() if key in known},
        "details": {key: value.isoformat() if isinstance(value, datetime) else value
                    for key, value in said.items() if key not in known},
    }  # fmt: skip


def _household(live: Live, seen: PersonView, caller: Caller, at: datetime) -> list[Hit]:
    """Return the others who share the household's address and family name, as far as the caller may see them."""
    if not seen.household:
        return []
    rows = live.rows("SELECT person FROM keys WHERE kind = 'household' AND value = %s LIMIT 12", [seen.household])
    others = [(person, (1.0, "household")) for (person,) in rows if person != number(seen.id)]
    return _hits(live, others, caller, limit=10, brand="", at=at)


def by_phone(e164: str, caller: Caller, *, at: datetime) -> list[Hit]:
    """Return whoever the caller may see under a phone number."""
    key = phone_key(e164)
    live = Live()
    if not key or not live.ready():
        return []
    masks = _masks(live, caller.perimeter, "")
    rows = live.rows("SELECT person, origins FROM keys WHERE value = %s AND kind = 'phone'", [key])
    found = [(person, (1.0, "phone")) for person, origins in rows if origins & masks["identity"]]
    return _hits(live, found, caller, limit=20, brand="", at=at)
