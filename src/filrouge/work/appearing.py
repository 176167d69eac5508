"""Events on the pages at once: accounts known and found, anonymous history joined, the live copies brought up to date.

All of it can be done again without harm: what is written is the same whatever the order and however often.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from filrouge.base import clock, ids
from filrouge.base.clock import micros
from filrouge.domain.events import account as accounts
from filrouge.domain.events.account import Account
from filrouge.store import outbox
from filrouge.store.live import Live, number
from filrouge.work import matches
from filrouge.work.judging import Event, account_key, browser_key
from filrouge.work.showing import CHUNK, Known, as_record, load, packed, show, stamp

NEW, CHANGED, SEEN = 1, 2, 3  # what the lake does not know of an account: all of it, a value, when it was said last
BROWSERS = 50  # anonymous ids that may be of one account
_encode = msgspec.json.Encoder().encode


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


def _write(live: Live, changed: Iterable[Known]) -> None:
    changed = sorted(changed, key=lambda one: one.person)  # a page is written once for all that is of its person
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
    named = [event for event in events if event.told.user]
    _find([one for event in named if (one := _said(known, event)) is not None])
    taken = _browsers(live, known, named)
    for event in named:
        owner = known[account_key(event.source, event.told.user)]
        for word in dict.fromkeys((event.told.anonymous, event.told.previous)):
            if word:
                _join(live, known, taken, event, owner, word)
    return known


def _said(known: dict[int, Known], event: Event) -> tuple[Known, dict[str, Any]] | None:
    """Let the account of ``event`` say what the event does; return it, and its record, when it is met for the first
    time."""
    key = account_key(event.source, event.told.user)
    one = known.get(key)
    if one is None:
        account = accounts.said(
            Account(event.told.user, event.entity, event.brand), event.told.traits, at=event.micros,
            message=event.message_id,
        )  # fmt: skip
        one = known[key] = Known(key, f"{event.source}_people", "", account, NEW, shown=True)
        return one, as_record(one)
    after = accounts.said(one.account, event.told.traits, at=event.micros, message=event.message_id)
    if after != one.account:
        same = _values(after) == _values(one.account)
        one.account = after
        one.dirty = min(one.dirty or SEEN, SEEN if same else CHANGED)
        one.shown = one.shown or not same
    return None


def _values(account: Account) -> dict[str, Any]:
    return {
        name: value for name, value in accounts.record(account, "").items() if name not in ("created_at", "updated_at")
    }


def _find(met: Sequence[tuple[Known, Mapping[str, Any]]]) -> None:
    """Say whose each new account is: somebody's whom the memory of the last settlement knows, or a new person's."""
    said = [
        {name: str(held[name]) for name in matches.ATTRIBUTES if held.get(name)} | {"entity": one.account.entity}
        for one, held in met
    ]
    now = clock.now()
    for (one, _), found in zip(met, matches.whose(said), strict=True):
        one.link = {"decision": "rule", "rule": "alone", "evidence": {}, "decided_at": now}
        if found is None or found.person is None:
            one.person, one.fresh = str(ids.uuid7()), True
            continue
        one.person = found.person
        one.link |= {"decision": found.decision, "rule": found.rule}
        if found.steps:
            step = found.steps[0]
            one.link["evidence"] = {"with": step.right, "weight": step.weight, "kinds": list(step.kinds)}


def _browsers(live: Live, known: Mapping[int, Known], events: Iterable[Event]) -> dict[int, int]:
    """Return how many browsers the page of each account holds that may get one more by ``events``."""
    found: dict[int, int] = {}
    people: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for event in events:
        owner = account_key(event.source, event.told.user)
        words = (event.told.anonymous, event.told.previous)
        if owner not in found and any(word and browser_key(event.source, word) not in known for word in words):
            found[owner] = 0
            if not known[owner].fresh:
                people[known[owner].person].append((owner, f"{event.source}_visitors"))
    today = live.current_of(people)
    named = list(people)
    for start in range(0, len(named), CHUNK):
        numbers = {person: number(today[person]) for person in named[start : start + CHUNK]}
        pages = live.documents(list(numbers.values()))
        for person, at in numbers.items():
            held = Counter(row["source"] for row in pages.get(at, {"records": []})["records"])
            found |= {owner: held[source] for owner, source in people[person]}
    return found


def _join(
    live: Live, known: dict[int, Known], taken: dict[int, int], event: Event, owner: Known, anonymous: str
) -> None:
    """Say that an anonymous id is of ``owner``: its history joins theirs. Whoever had it first keeps it."""
    key = browser_key(event.source, anonymous)
    one = known.get(key)
    if one is None:
        if account_key(event.source, anonymous) == owner.record:
            return
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


def _take_off(live: Live, one: Known) -> None:
    """Take a browser off the page of whom it was thought to be: an earlier event says another."""
    person = live.current(one.person)
    if document := live.document(person):
        document["records"] = [row for row in document["records"] if row["key"] != one.record]
        live.insert("documents", [(number(person), person, packed(document))], columns=3)


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


# --- its events ----------------------------------------------------------------------------------------------------


def _tail(event: Event, flush: int) -> tuple[int, int, int, int, str]:
    asked = {"asked": {"title": event.told.title, "properties": event.told.properties}}  # what segments look at besides
    return event.record, event.key, event.micros, flush, _encode(moment_of(event) | asked).decode()


def moment_of(event: Event) -> dict[str, Any]:
    """Return an event as a moment of a timeline, in the shape that the lake gives it."""
    said = event.told
    return {
        "kind": "event", "at": stamp(event.at), "title": said.title or said.name, "text": None, "channel": "web",
        "direction": "in", "status": None, "outcome": None, "amount": None, "currency": None,
        "ref": event.message_id, "link": None,
        "details": {"type": event.kind, "topic": said.topic, "name": said.name, "url": said.url},
        "source": event.source, "entity": event.entity, "brand": event.brand, "record_key": event.key,
    }  # fmt: skip


def _insert_tail(live: Live, rows: Sequence[tuple[Any, ...]]) -> None:
    with live.con.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tail (record, moment, at, flush, body) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (record, moment) DO NOTHING", rows,
        )  # fmt: skip
