"""What an erasure reaches: the records, facts, acts and words of a person that the entities named hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from django.db.models import Q

from filrouge.base.text import fold
from filrouge.domain.events import account as accounts
from filrouge.domain.identity.keys import email_key, phone_key
from filrouge.engines import Engine
from filrouge.store.lake import arrow_schema
from filrouge.store.live import Live
from filrouge.store.models import (
    Arrival,
    Call,
    ConsentEvent,
    Correction,
    Doubt,
    FollowUp,
    HouseholdCorrection,
    Job,
    Note,
    Outcome,
    Promise,
    Review,
    RoleCorrection,
    SavedView,
    Verdict,
    Verification,
)
from filrouge.tables import TABLES
from filrouge.work import rawtext, runs

ACTS = (
    Note, Promise, FollowUp, Correction, ConsentEvent, HouseholdCorrection, RoleCorrection, Arrival, Outcome, Call,
    Verification,
)  # fmt: skip
LINKED = ("reader_key",)  # columns that name a second person in a row of somebody else's: emptied, the row stays


@dataclass(frozen=True)
class Reach:
    """``keys`` are all records of the person, ``own`` those that go; ``entities`` empty means everybody's."""

    people: tuple[str, ...]
    keys: tuple[int, ...]
    own: tuple[int, ...]
    facts: tuple[int, ...] = ()
    entities: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()

    @property
    def rest(self) -> tuple[int, ...]:
        """The records that stay, of the same person."""
        return tuple(sorted(set(self.keys) - set(self.own)))

    @property
    def whole(self) -> bool:
        """Tell whether nobody remains."""
        return not self.rest

    @classmethod
    def of(cls, plan: Mapping[str, Any], entities: Sequence[str]) -> Reach:
        """Return the reach that a plan wrote down; record keys are text there, as JSON counts less far."""
        numbers = {name: tuple(int(key) for key in plan[name]) for name in ("keys", "own", "facts")}
        names = tuple(tuple(one) for one in plan["names"])
        return cls(tuple(plan["people"]), **numbers, entities=tuple(entities), words=tuple(plan["words"]), names=names)

    def plain(self) -> dict[str, Any]:
        return {
            "people": list(self.people), "keys": [str(key) for key in self.keys], "own": [str(key) for key in self.own],
            "facts": [str(key) for key in self.facts], "words": list(self.words),
            "names": [list(one) for one in self.names],
        }  # fmt: skip

    def held(self, column: str = "entity") -> str:
        """Return, in SQL, that a row is held by the entities concerned."""
        return f" AND {column} IN ({', '.join(repr(slug) for slug in self.entities)})" if self.entities else ""


def reached(engine: Engine, people: Sequence[str], entities: Sequence[str]) -> tuple[Reach, dict[str, set[str]]]:
    """Return what an erasure reaches of whoever stands under ``people``, and the identifiers to keep out by kind."""
    narrow = Reach(tuple(people), (), (), entities=tuple(entities))
    keys = records(engine, people)
    collected = _collected(people)
    own = {row[0] for row in _links_now(engine, people, narrow.held())}
    own |= {one.record for one in collected if not entities or one.entity in entities}
    return filled(engine, Reach(tuple(people), tuple(keys), tuple(sorted(own)), entities=tuple(entities)))


def records(engine: Engine, people: Sequence[str]) -> list[int]:
    """Return the records that are of whoever stands under ``people`` now."""
    linked = {row[0] for row in _links_now(engine, people, "")}
    return sorted(linked | {one.record for one in _collected(people)})


def filled(engine: Engine, narrow: Reach) -> tuple[Reach, dict[str, set[str]]]:
    """Return ``narrow`` with the facts, words and names that go with its records, and the identifiers to keep out."""
    mine = _identifiers(engine, narrow)
    words = tuple(sorted({*mine["email"], *mine["raw"]}))
    facts, names_ = tuple(_facts(engine, narrow)), tuple(_names(engine, narrow))
    return dataclasses.replace(narrow, facts=facts, words=words, names=names_), mine


def every(engine: Engine, name: str) -> str:
    """Register every version of a table, and return its name."""
    lake = runs.lake()
    engine.con.create_view(
        f"every_{name}", engine.read(f"every_{name}", lake.files(name), arrow_schema(name)), overwrite=True
    )
    return f"every_{name}"


def condition(name: str, reach: Reach) -> str | None:
    """Return which rows of a table go, in SQL; None when none of them is a person's."""
    table = TABLES[name]
    people = ", ".join(f"'{person}'" for person in reach.people)
    if name == "people":
        return f"person_id IN ({people}) OR merged_into IN ({people})" if reach.whole else None
    if name == "scores":  # whoever remains is scored anew at the next run
        return f"person IN ({people})"
    if name in ("golden_values", "memberships", "deliveries", "score_values"):
        return f"person IN ({people}){reach.held()}"
    if name == "source_records":
        return f"record_key IN ({_listed([*reach.own, *reach.facts])})"
    if table.person is None:
        return None
    if table.person == "record_key":
        return f"record_key IN ({_listed(reach.own)})"
    return f"{table.person} IN ({_listed(reach.keys)}){reach.held()}"


def counted(engine: Engine, reach: Reach) -> dict[str, int]:
    """Return how many rows of each table there are to destroy."""
    counts: dict[str, int] = {}
    for name in TABLES:
        rows = 0
        if where := condition(name, reach):
            view = every(engine, name)
            rows += int(engine.con.con.execute(f"SELECT count(*) FROM {view} WHERE {where}").fetchall()[0][0])
        if name == "rejects":
            rows += mentioned(engine, reach).count
        if rows:
            counts[name] = rows
    return counts


@dataclass(frozen=True)
class Mentioned:
    """What was set aside and speaks of the person: rows by run, and the keys of events, which stand in no row."""

    rows: Mapping[str, list[int]] = field(default_factory=dict)
    events: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        return len(self.events) + sum(map(len, self.rows.values()))


def mentioned(engine: Engine, reach: Reach) -> Mentioned:
    """Return the rejected rows and events that hold one of the person's addresses or numbers.

    They are looked for here and named by number, because the lake's log keeps the words of what it is asked to delete.
    A row whose entity is unknown is taken too: nobody answers for it.
    """
    if not reach.words:
        return Mentioned()
    view = every(engine, "rejects")
    held = f"AND (entity IS NULL OR entity = '' OR (TRUE{reach.held()}))" if reach.entities else ""
    rows = engine.con.con.execute(
        f"""SELECT DISTINCT run_id, row FROM {view} WHERE row IS NOT NULL {held} AND
        len(list_filter(?, w -> contains(lower(raw), w))) > 0""",
        [[word.lower() for word in reach.words]],
    ).fetchall()
    found: dict[str, list[int]] = {}
    for run, row in rows:
        found.setdefault(run, []).append(row)
    # An event is kept as it was sent, escaped or spaced as its sender pleased: what may hold a word is looked at.
    looks = [word.lower() for word in reach.words]
    ends = sorted({phone_key(word)[-8:] for word in reach.words if "@" not in word} - {""})
    events = engine.con.con.execute(
        f"""SELECT record_key, raw FROM {view} WHERE row IS NULL AND record_key IS NOT NULL AND raw IS NOT NULL {held}
        AND (len(list_filter(?, w -> contains(lower(raw), w))) > 0 OR contains(raw, '\\u') OR contains(raw, '%40') OR
        len(list_filter(?, w -> contains(regexp_replace(raw, '[^0-9]', '', 'g'), w))) > 0)""",
        [looks, ends],
    ).fetchall()
    return Mentioned(found, tuple(sorted({key for key, raw in events if rawtext.holds(raw, reach.words)})))


# --- what people did here ---------------------------------------------------------------------------------------------


def acts(model: Any, reach: Reach) -> Any:
    """Return the rows of one kind of act that go: every entity's when nobody remains, as no page could show them."""
    theirs = Q(person__in=list(reach.people))
    if model.other_column:
        theirs |= Q(**{f"{model.other_column}__in": list(reach.people)})
    if reach.entities and not reach.whole:
        theirs &= Q(entity__in=list(reach.entities))
    if model is FollowUp:
        theirs |= Q(record_key__in=[*reach.own, *reach.facts])
    return model.objects.filter(theirs)


def acts_counted(reach: Reach) -> dict[str, int]:
    """Return how many acts, verdicts, doubts and saved views there are to destroy, by kind."""
    counts = {str(model._meta.model_name): acts(model, reach).count() for model in ACTS}
    counts["verdict"] = verdicts(reach).count()
    counts["review"] = reviews(reach).count()
    counts["doubt"] = doubts(reach).count()
    counts["savedview"] = len(views(reach))
    counts["job"] = len(told_jobs(reach))
    return {name: count for name, count in counts.items() if count}


def verdicts(reach: Reach) -> Any:
    """Return the human verdicts about records that go."""
    own = list(reach.own)
    return Verdict.objects.filter(Q(left__in=own) | Q(right__in=own))


def reviews(reach: Reach) -> Any:
    """Return the pairs of the review queue, decided or not, of which a record goes."""
    own = list(reach.own)
    return Review.objects.filter(Q(left__in=own) | Q(right__in=own))


def doubts(reach: Reach) -> Any:
    """Return the doubts about the person: they rest on records that go."""
    return Doubt.objects.filter(person__in=list(reach.people))


def views(reach: Reach) -> list[Any]:
    """Return the saved views whose query names the person."""
    return [row.pk for row in SavedView.objects.all() if names(reach, unquote_plus(row.query))]


def told_jobs(reach: Reach) -> list[Any]:
    """Return the jobs whose parameters name the person."""
    return [row.pk for row in Job.objects.exclude(params={}) if names(reach, str(row.params))]


def names(reach: Reach, text: str) -> bool:
    """Tell whether ``text`` holds an address, a number or the whole name of the person, or their id if all go."""
    low, words = text.lower(), set(fold(text).split())
    squeezed = "".join(char for char in low if char.isalnum())
    if any(word.lower() in low or (_digits(word) and _digits(word) in squeezed) for word in reach.words):
        return True
    if reach.whole and any(person in low for person in reach.people):
        return True
    return any(set(one) <= words for one in reach.names if one)


def _digits(word: str) -> str:
    found = "".join(filter(str.isdigit, word))
    return found if "@" not in word and len(found) >= 8 else ""


# --- reading ----------------------------------------------------------------------------------------------------------


def _links_now(engine: Engine, people: Sequence[str], held: str) -> list[tuple[int]]:
    view = every(engine, "links")
    found: list[tuple[int]] = engine.con.con.execute(
        f"""SELECT record_key FROM (SELECT record_key, person, entity FROM {view} WHERE undone_at IS NULL
        QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1)
        WHERE person IN (SELECT unnest(?)){held} ORDER BY 1""",
        [list(people)],
    ).fetchall()
    return found


def _identifiers(engine: Engine, reach: Reach) -> dict[str, set[str]]:
    """Return the addresses and numbers that go and that nobody else bears there, normalised, and as written."""
    view = every(engine, "person_records")
    rows = engine.con.con.execute(
        f"""SELECT record_key IN (SELECT unnest(?)) AS mine, email, phone FROM {view}
        WHERE (email IS NOT NULL OR phone IS NOT NULL){reach.held()}""",
        [list(reach.own)],
    ).fetchall()
    rows += _waiting(reach) + _told(reach)
    mine: dict[str, set[str]] = {"email": set(), "phone": set(), "raw": set()}
    wanted = {(email, phone) for is_mine, email, phone in rows if is_mine}
    emails = {email_key(email) for email, _ in wanted if email} - {""}
    phones = {phone_key(phone) for _, phone in wanted if phone} - {""}
    tails = {phone[-8:] for phone in phones}
    for is_mine, email, phone in rows:
        if not is_mine:
            if email:
                emails.discard(email_key(email))
            if phone and phone[-2:] and "".join(filter(str.isdigit, phone))[-8:] in tails:
                phones.discard(phone_key(phone))
    mine["email"], mine["phone"] = emails, phones
    mine["raw"] = {
        text.strip()
        for email, phone in wanted
        for text in (email, phone)
        if text and (email_key(text) in emails or phone_key(text) in phones)
    }
    return mine


def _waiting(reach: Reach) -> list[tuple[bool, str | None, str | None]]:
    """Return (goes, email, phone) of the records that arrived and are not in the lake yet."""
    rows = Arrival.objects.filter(taken_at=None)
    if reach.entities:
        rows = rows.filter(entity__in=list(reach.entities))
    theirs = set(acts(Arrival, reach).values_list("pk", flat=True))
    return [(row.pk in theirs, row.values.get("email"), row.values.get("phone")) for row in rows]


@dataclass(frozen=True)
class _Collected:
    """An account that a sender told of and of which the lake knows nothing yet, or not the last word."""

    record: int
    entity: str
    email: str | None
    phone: str | None


def _collected(people: Sequence[str] | None = None) -> list[_Collected]:
    """Return the accounts of ``people`` (None: of everybody) that the live copies know and the lake does not."""
    copies = Live()
    if not copies.ready():
        return []
    where = "" if people is None else f" AND person IN ({', '.join(['%s'] * len(people)) or 'NULL'})"
    found = []
    for record, body in copies.rows(f"SELECT record, body FROM accounts WHERE dirty > 0{where}", list(people or ())):
        account = accounts.read(body)
        made = accounts.record(account, "")
        found.append(_Collected(record, account.entity, made.get("email"), made.get("phone")))
    return found


def _told(reach: Reach) -> list[tuple[bool, str | None, str | None]]:
    """Return (goes, email, phone) of the accounts that senders told of and the lake does not know as they are."""
    own = set(reach.own)
    return [
        (one.record in own, one.email, one.phone)
        for one in _collected()
        if not reach.entities or one.entity in reach.entities
    ]


def _facts(engine: Engine, reach: Reach) -> list[int]:
    """Return the keys of every fact that goes, so that the rows as received go too."""
    found: set[int] = set()
    for name, table in TABLES.items():
        if table.person == "person_key":
            view = every(engine, name)
            rows = engine.con.con.execute(f"SELECT DISTINCT record_key FROM {view} WHERE {condition(name, reach)}")
            found |= {row[0] for row in rows.fetchall()}
    return sorted(found)


def _names(engine: Engine, reach: Reach) -> list[tuple[str, ...]]:
    """Return the whole names, in folded words, that records that go bear and records that stay do not."""
    view = every(engine, "person_records")

    def borne(keys: Iterable[int]) -> set[tuple[str, ...]]:
        rows = engine.con.con.execute(
            f"SELECT DISTINCT given_name, family_name FROM {view} WHERE record_key IN (SELECT unnest(?))", [list(keys)]
        ).fetchall()
        return {
            tuple(sorted({*fold(given).split(), *fold(family).split()})) for given, family in rows if given and family
        }

    return sorted(borne(reach.own) - borne(reach.rest))


def _listed(keys: Iterable[int]) -> str:
    return ", ".join(map(str, keys)) or "NULL"
