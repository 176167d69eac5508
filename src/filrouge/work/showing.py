"""What pages show of accounts: their record, its values, the words by which they are found, events beside them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from filrouge.base import clock
from filrouge.base.clock import micros
from filrouge.domain.events import account as accounts
from filrouge.domain.events.account import Account
from filrouge.domain.identity.keys import email_key, phone_key, reference_key
from filrouge.store.lake import as_json
from filrouge.store.live import Live, number, pack
from filrouge.work import findable

CHUNK = 500
PAGES, MOMENT = 20, 0.05  # pages that are changed together, and seconds given to that while events wait
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
    fresh: bool = False  # its person was met with it: they have no page yet
    link: dict[str, Any] = field(default_factory=dict)  # the decision that made it this person's


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


def stamp(at: datetime) -> str:
    """Return a date as the engine writes it in JSON."""
    text = at.replace(tzinfo=None).isoformat(" ")
    return f"{text.rstrip('0')}+00" if at.microsecond else f"{text}+00"


def show(live: Live, some: Sequence[Known]) -> None:
    """Let the pages of ``some`` show them: their record, its values, and the words by which they are found."""
    people = live.current_of({one.person for one in some})
    numbers = {person: number(person) for person in people.values()}
    documents = live.documents(sorted(numbers.values()))
    bits = {where: 1 << live.origin(*where) for where in {(one.account.entity, one.account.brand) for one in some}}
    by_person: dict[str, list[Known]] = defaultdict(list)
    for one in some:
        by_person[people[one.person]].append(one)
    fresh, pages, words = 0, [], findable.Words()
    for person, ones in by_person.items():
        document = documents.get(numbers[person])
        if document is None:
            document = {"id": person, "household": None, **{part: [] for part in PARTS}}
            fresh += 1
        for one in ones:
            made = as_record(one)
            _put(document, one, made)
            _findable(words, numbers[person], one, made, bits[one.account.entity, one.account.brand])
        pages.append((numbers[person], person, packed(document)))
    live.insert("documents", sorted(pages), columns=3)
    words.write(live)
    if fresh:
        live.count_people(fresh)


def packed(document: Mapping[str, Any]) -> bytes:
    """Return a page as the live copies keep it."""
    return pack(_encode(document).decode())


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


def _put(document: dict[str, Any], one: Known, made: Mapping[str, Any]) -> None:
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


@lru_cache(maxsize=1_000)  # accounts met together were found at one moment
def _iso(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _findable(words: findable.Words, person: int, one: Known, made: Mapping[str, Any], bits: int) -> None:
    """Let a person be found by what their account says, within its entity and brand."""
    keys = {
        "email": made.get("email"), "phone": phone_key(made["phone"]) if "phone" in made else None,
        "account": reference_key(made["account_ref"]), "record": reference_key(one.account.source_id),
        "brand": one.account.brand, "system": system_of(one.source),
    }  # fmt: skip
    for kind, value in keys.items():
        if value:
            words.key(person, kind, value, bits)
    for name in ("given_name", "family_name", "full_name"):
        if name in made:
            words.name(person, str(made[name]), bits)


def to_show_again(live: Live, *, since: datetime) -> list[int]:
    """Return the accounts of which events told something while copies were built anew, since the date ``since``."""
    return _unshown(live, "(dirty = 1 OR (dirty = 2 AND changed_at >= %s))", [micros(since)])


def show_again(live: Live, records: list[int]) -> list[int]:
    """Let pages show ``records`` again, for a moment; return those that are left: events are not to wait for them."""
    until = time.monotonic() + MOMENT
    while records:
        with live.changing():
            show(live, list(load(live, records[:PAGES]).values()))
        records = records[PAGES:]
        if time.monotonic() >= until:
            break
    return records


def show_unknown(live: Live, *, people: Collection[str] | None = None) -> None:
    """Let pages that were built from the lake show the accounts that it does not know, or not as they are now.

    ``people``: the ids whose pages these are, when not all.
    """
    records = _unshown(live, "dirty IN (1, 2)", [], None if people is None else frozenset(people))
    for start in range(0, len(records), PAGES):
        with live.unhurried(changing=True):
            show(live, list(load(live, records[start : start + PAGES]).values()))


def show_these(live: Live, people: Sequence[str]) -> None:
    """Let the pages of ``people`` (ids; few) show the accounts that the lake does not know, or not as they are now."""
    marks = ", ".join(["%s"] * len(people))
    rows = live.rows(
        f"SELECT record FROM accounts WHERE dirty > 0 AND dirty IN (1, 2) AND person IN ({marks}) ORDER BY record",
        people,
    )
    if rows:
        show(live, list(load(live, [record for (record,) in rows]).values()))


def _unshown(live: Live, which: str, params: Sequence[Any], people: Collection[str] | None = None) -> list[int]:
    rows = live.rows(f"SELECT record, person FROM accounts WHERE dirty > 0 AND {which} ORDER BY record", params)
    return [record for record, person in rows if people is None or person in people]


def many_beside(live: Live) -> bool:
    """Tell whether so many events stand beside the pages that they are to be put on them for good."""
    return bool(live.rows("SELECT count(*) FROM tail")[0][0] >= MANY)


def settle_in(live: Live, *, upto: int) -> bool:
    """Put on their pages for good, for a moment, events that the lake holds since flush ``upto``.

    Return whether some are left. Those of browsers that are nobody's are dropped: the lake gives them to whoever turns
    out to be theirs.
    """
    from filrouge.work.live import alone_now

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
