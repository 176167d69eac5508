"""Events on the pages at once: accounts known and found, anonymous history joined, the live copies brought up to date.

All of it can be done again without harm: what is written is the same whatever the order and however often.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from filrouge.base import clock, ids
from filrouge.base.text import fold
from filrouge.domain.events import account as accounts
from filrouge.domain.events.account import Account
from filrouge.domain.identity.keys import email_key, phone_key, reference_key
from filrouge.store import outbox
from filrouge.store.lake import as_json
from filrouge.store.live import Live, number, pack
from filrouge.work import matches
from filrouge.work.judging import Event, account_key, browser_key, micros

NEW, CHANGED, SEEN = 1, 2, 3  # what the lake does not know of an account: all of it, a value, when it was said last
BROWSERS = 50  # anonymous ids that may be of one account
CHUNK = 500
LONGEST = 300  # letters of what somebody is found by: a database indexes no more
PAGES, MOMENT = 50, 0.25  # pages that get their events together, and seconds given to that while others wait
MANY = 100_000  # events that stand beside the pages before they are put on them for good
PARTS = (
    "records", "values", "roles", "contracts", "invoices", "payments", "orders", "returns", "opportunities", "tickets",
    "promises", "consents",
)  # fmt: skip
VALUES = (
    "title", "given_name", "family_name", "full_name", "birth_date", "sex", "email", "phone", "country", "language",
)  # fmt: skip
_encode = msgspec.json.Encoder().encode


@dataclass
class Known:
    """An account or a browser as the live copies hold it, and what became of it in this stretch."""

    record: int
    source: str
    person: str
    account: Account
    dirty: int = 0
    shown: bool = False  # its person's page is to show a change
    link: dict[str, Any] = field(default_factory=dict)  # the decision that made it this person's


def appear(live: Live, events: Sequence[Event], *, flush: int) -> int:
    """Bring the live copies up to date with ``events`` taken; return how many accounts the lake knows less of now."""
    known = _known(live, events)
    changed = [one for one in known.values() if one.dirty]
    rows = [_tail(event, flush) for event in events if event.record]
    for start in range(0, len(rows), 1_000):
        with live.writing():
            _insert_tail(live, rows[start : start + 1_000])
    _write(live, changed)
    outbox.put(live, {one.person for one in known.values()})
    return sum(one.dirty in (NEW, CHANGED) for one in changed)


def fold_again(live: Live, events: Sequence[Event]) -> int:
    """Let the accounts say what ``events``, which the lake holds, told of them; return how many said less."""
    changed = [one for one in _known(live, events).values() if one.dirty]
    _write(live, changed)
    return len(changed)


def _write(live: Live, changed: Sequence[Known]) -> None:
    for start in range(0, len(changed), CHUNK):
        some = changed[start : start + CHUNK]
        with live.changing():
            show(live, [one for one in some if one.shown])
            save(live, some)


# --- who -------------------------------------------------------------------------------------------------------------


def _known(live: Live, events: Sequence[Event]) -> dict[int, Known]:
    """Return the accounts and browsers that ``events`` speak of, as they are after them."""
    wanted: set[int] = set()
    for event in events:
        wanted.add(event.record)
        for word in (event.told.anonymous, event.told.previous):
            if word:
                wanted.add(browser_key(event.source, word))
    known = load(live, wanted - {0})
    taken: dict[int, int] = {}  # browsers of an account, asked for when it gets one more
    for event in events:
        if event.told.user:
            owner = _said(known, event)
            for word in dict.fromkeys((event.told.anonymous, event.told.previous)):
                if word:
                    _join(live, known, taken, event, owner, word)
    return known


def load(live: Live, records: Iterable[int]) -> dict[int, Known]:
    """Return those of ``records`` that the live copies hold."""
    found: dict[int, Known] = {}
    keys = sorted(records)
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        marks = ", ".join(["%s"] * len(some))
        rows = live.rows(f"SELECT record, source, person, body FROM accounts WHERE record IN ({marks})", some)
        for record, source, person, body in rows:
            found[record] = Known(record, source, person, accounts.read(body))
    return found


def _said(known: dict[int, Known], event: Event) -> Known:
    """Return the account of ``event``, made when it is met for the first time, after what the event says of it."""
    key = account_key(event.source, event.told.user)
    one = known.get(key)
    if one is None:
        account = accounts.said(
            Account(event.told.user, event.entity, event.brand), event.told.traits, at=event.micros,
            message=event.message_id,
        )  # fmt: skip
        one = known[key] = Known(key, f"{event.source}_people", "", account, NEW, shown=True)
        _find(one)
        return one
    after = accounts.said(one.account, event.told.traits, at=event.micros, message=event.message_id)
    if after != one.account:
        same = _values(after) == _values(one.account)
        one.account = after
        one.dirty = min(one.dirty or SEEN, SEEN if same else CHANGED)
        one.shown = one.shown or not same
    return one


def _values(account: Account) -> dict[str, Any]:
    return {
        name: value for name, value in accounts.record(account, "").items() if name not in ("created_at", "updated_at")
    }


def _find(one: Known) -> None:
    """Say whose a new account is: somebody's whom the memory of the last settlement knows, or a new person's."""
    held = as_record(one)
    said = {name: str(held[name]) for name in matches.ATTRIBUTES if held.get(name)}
    found = matches.whose(said | {"entity": one.account.entity})
    one.link = {"decision": "rule", "rule": "alone", "evidence": {}, "decided_at": clock.now()}
    one.person = str(ids.uuid7())
    if found is not None and found.person is not None:
        one.person = found.person
        one.link |= {"decision": found.decision, "rule": found.rule}
        if found.steps:
            step = found.steps[0]
            one.link["evidence"] = {"with": step.right, "weight": step.weight, "kinds": list(step.kinds)}


def _join(
    live: Live, known: dict[int, Known], taken: dict[int, int], event: Event, owner: Known, anonymous: str
) -> None:
    """Say that an anonymous id is of ``owner``: its history joins theirs. Whoever had it first keeps it."""
    key = browser_key(event.source, anonymous)
    one = known.get(key)
    if one is None:
        if account_key(event.source, anonymous) == owner.record:
            return
        if owner.record not in taken:
            taken[owner.record] = _browsers_of(live, owner, f"{event.source}_visitors")
        if taken[owner.record] >= BROWSERS:
            return
        taken[owner.record] += 1
        account = Account(anonymous, event.entity, event.brand)
        one = known[key] = Known(key, f"{event.source}_visitors", owner.person, account, NEW, shown=True)
    after = accounts.joined(one.account, owner.account.source_id, at=event.micros, message=event.message_id)
    if after is one.account:
        return
    moved = one.account.user != after.user
    one.account = after
    one.dirty = min(one.dirty or SEEN, CHANGED if moved else SEEN)
    if moved:
        if one.person != owner.person and one.dirty != NEW:
            _take_off(live, one)
        one.person, one.shown = owner.person, True
        one.link |= {
            "decision": "rule", "rule": "account_alone", "decided_at": clock.now(),
            "evidence": {"with": owner.record, "kinds": ["account_ref"]},
        }  # fmt: skip


def _browsers_of(live: Live, owner: Known, source: str) -> int:
    """Return how many browsers the page of an account's person holds."""
    document = live.document(live.current(owner.person)) or {"records": []}
    return sum(row["source"] == source for row in document["records"])


def _take_off(live: Live, one: Known) -> None:
    """Take a browser off the page of whom it was thought to be: an earlier event says another."""
    person = live.current(one.person)
    if document := live.document(person):
        document["records"] = [row for row in document["records"] if row["key"] != one.record]
        live.insert("documents", [(number(person), person, pack(json.dumps(document)))], columns=3)


def save(live: Live, some: Sequence[Known]) -> None:
    """Write accounts; what the lake does not know by now, whatever it knew when they were read, it still does not."""
    now = micros(clock.now())
    with live.con.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO accounts (record, person, dirty, changed_at, source, body) VALUES (%s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (record) DO UPDATE SET person = excluded.person, changed_at = excluded.changed_at, "
            "source = excluded.source, body = excluded.body, dirty = CASE WHEN accounts.dirty = 0 "
            "OR accounts.dirty > excluded.dirty THEN excluded.dirty ELSE accounts.dirty END",
            [(one.record, one.person, one.dirty, now, one.source, accounts.written(one.account)) for one in some],
        )


# --- what the pages show --------------------------------------------------------------------------------------------


def _tail(event: Event, flush: int) -> tuple[int, int, int, int, str]:
    return event.record, event.key, event.micros, flush, moment_of(event)


def moment_of(event: Event) -> str:
    """Return an event as a moment of a timeline, in the shape that the lake gives it."""
    said = event.told
    return _encode(
        {
            "kind": "event", "at": stamp(event.at), "title": said.title or said.name, "text": None, "channel": "web",
            "direction": "in", "status": None, "outcome": None, "amount": None, "currency": None,
            "ref": event.message_id, "link": None,
            "details": {"type": event.kind, "topic": said.topic, "name": said.name, "url": said.url},
            "source": event.source, "entity": event.entity, "brand": event.brand, "record_key": event.key,
        }
    ).decode()  # fmt: skip


def stamp(at: datetime) -> str:
    """Return a date as the engine writes it in JSON."""
    text = at.strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{at.microsecond:06d}".rstrip("0") + "+00" if at.microsecond else f"{text}+00"


def _insert_tail(live: Live, rows: Sequence[tuple[Any, ...]]) -> None:
    with live.con.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tail (record, moment, at, flush, body) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (record, moment) DO NOTHING", rows,
        )  # fmt: skip


def show(live: Live, some: Sequence[Known]) -> None:
    """Let the pages of ``some`` show them: their record, its values, and the words by which they are found."""
    people = {one.person: live.current(one.person) for one in some}
    numbers = {number(person): person for person in people.values()}
    documents = live.documents(sorted(numbers))
    fresh = 0
    by_person: dict[str, list[Known]] = defaultdict(list)
    for one in some:
        by_person[people[one.person]].append(one)
    for person, ones in by_person.items():
        document = documents.get(number(person))
        if document is None:
            document = {"id": person, "household": None, **{part: [] for part in PARTS}}
            fresh += 1
        for one in ones:
            _put(document, one)
            _findable(live, person, one)
        live.insert("documents", [(number(person), person, pack(json.dumps(document)))], columns=3)
    if fresh:
        live.count_people(fresh)


def system_of(source: str) -> str:
    """Return the sender of a source of accounts or browsers."""
    return source.removesuffix("_people").removesuffix("_visitors")


def as_record(one: Known) -> dict[str, Any]:
    """Return the columns of an account's record, addresses and numbers in their one form."""
    made = accounts.record(one.account, system_of(one.source))
    for name, key in (("email", email_key), ("phone", phone_key)):
        if name in made:
            made[name] = key(made[name]) or made[name]
    return made


def _put(document: dict[str, Any], one: Known) -> None:
    made = as_record(one)
    where = {"source": one.source, "entity": one.account.entity, "brand": one.account.brand}
    at = made.get("updated_at")
    link = one.link if "rule" in one.link else None
    before = next((row for row in document["records"] if row["key"] == one.record), None)
    row: dict[str, Any] = {
        "key": one.record, "source_id": one.account.source_id, **where, "as_of": _iso(at or clock.now()),
        "created_at": _iso(made.get("created_at")), "link": None,
        "decision": "rule", "rule": "", "evidence": {}, "decided_at": None,
    }  # fmt: skip
    if before is not None:
        row |= {name: before[name] for name in ("decision", "rule", "evidence", "decided_at")}
    if link is not None:
        row |= {
            "decision": link["decision"].replace("alone", "rule"), "rule": link["rule"], "evidence": link["evidence"],
            "decided_at": _iso(link["decided_at"]),
        }  # fmt: skip
    document["records"] = [other for other in document["records"] if other["key"] != one.record] + [row]
    for attribute, value in _said_of(made).items():
        mine = [v for v in document["values"] if v["record_key"] == one.record and v["attribute"] == attribute]
        if mine:
            mine[0] |= {"value": value, "at": _iso(at)}
            continue
        rank = 1 + max((v["rank"] for v in document["values"] if v["attribute"] == attribute), default=0)
        document["values"].append(
            {"attribute": attribute, "value": value, **where, "record_key": one.record, "at": _iso(at), "rank": rank,
             "reason": "alone" if rank == 1 else "recent"}
        )  # fmt: skip


def _said_of(made: Mapping[str, Any]) -> dict[str, str]:
    said = {name: str(made[name]) for name in VALUES if made.get(name)}
    address = {name: made.get(name) for name in ("address_line", "postcode", "city", "country")}
    if any(address[name] for name in ("address_line", "postcode", "city")):
        said["address"] = as_json(address)
    return said


def _iso(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _findable(live: Live, person: str, one: Known) -> None:
    """Let a person be found by what their account says, within its entity and brand."""
    made, bits = as_record(one), 1 << live.origin(one.account.entity, one.account.brand)
    keys = {
        "email": made.get("email"), "phone": phone_key(made.get("phone") or ""),
        "account": reference_key(made["account_ref"]), "record": reference_key(one.account.source_id),
        "brand": one.account.brand, "system": system_of(one.source),
    }  # fmt: skip
    for kind, value in keys.items():
        if value and len(value) <= LONGEST:
            live.add_origin("keys", {"kind": kind, "value": value, "person": number(person)}, bits)
    names = " ".join(str(made.get(name) or "") for name in ("given_name", "family_name", "full_name"))
    for token in {token for token in fold(names).split() if 1 < len(token) <= LONGEST}:
        live.add_origin("names", {"token": token, "person": number(person)}, bits)
        live.learn_token(token)


def show_again(live: Live, *, since: datetime) -> None:
    """Let pages show again what events told of accounts while copies were built anew, since the date ``since``."""
    _show(live, "(dirty = 1 OR (dirty = 2 AND changed_at >= %s))", [micros(since)])


def show_unknown(live: Live, *, people: Collection[str] | None = None) -> None:
    """Let pages that were built from the lake show the accounts that it does not know, or not as they are now.

    ``people``: the ids whose pages these are, when not all.
    """
    _show(live, "dirty IN (1, 2)", [], None if people is None else frozenset(people))


def _show(live: Live, which: str, params: Sequence[Any], people: Collection[str] | None = None) -> None:
    rows = live.rows(f"SELECT record, person FROM accounts WHERE dirty > 0 AND {which} ORDER BY record", params)
    records = [record for record, person in rows if people is None or person in people]
    for start in range(0, len(records), CHUNK):
        with live.changing():
            show(live, list(load(live, records[start : start + CHUNK]).values()))


def settle_in(live: Live, *, upto: int, begun: bool = False) -> bool:
    """Put on their pages for good, for a moment, the events that the lake holds since flush ``upto``.

    It begins when they are many, and goes on when it has ``begun``; return whether some are left. Those of browsers
    that are nobody's are dropped: the lake gives them to whoever turns out to be theirs.
    """
    from filrouge.work.live import alone_now

    if not begun and live.rows("SELECT count(*) FROM tail")[0][0] < MANY:
        return False
    until = time.monotonic() + MOMENT
    with alone_now() as mine:  # who builds copies may take minutes, and events are not to wait
        while mine:
            rows = live.rows("SELECT DISTINCT record FROM tail WHERE flush <= %s LIMIT %s", [upto, PAGES])
            if not rows:
                return False
            _settle(live, [record for (record,) in rows], upto=upto)
            if time.monotonic() >= until:
                break
    return True


def _settle(live: Live, records: Sequence[int], *, upto: int) -> None:
    people = {one.record: live.current(one.person) for one in load(live, records).values()}
    with live.writing():
        for person in sorted(set(people.values())):
            mine = [record for record in records if people.get(record) == person]
            live.insert("moments", [(number(person), pack(_encode(live.moments(person, mine)).decode()))], columns=2)
        marks = ", ".join(["%s"] * len(records))
        live.rows_changed(f"DELETE FROM tail WHERE flush <= %s AND record IN ({marks})", [upto, *records])
