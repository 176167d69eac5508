"""Quarantine: events that were set aside are corrected and go down the road again, or are discarded.

What is corrected enters by the spool, as if just sent, with the moment at which it was first received: the live worker
accepts it once, by its id, and closes the line that it had here. What still fails stays. Whoever corrects or discards
an event claims it first: of two, the second is told who was there, and when.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from uuid import UUID

import pyarrow as pa
from django.db import transaction

from filrouge.base import clock, ids
from filrouge.base.clock import micros
from filrouge.base.errors import NotFound, StorageError, UsageError
from filrouge.domain.events import Batch, Reason, Received
from filrouge.domain.events.edits import MOST, Edit, corrected, judged
from filrouge.domain.events.parse import LONGEST
from filrouge.domain.privacy.caller import Caller
from filrouge.spool import Entry, SpoolAway, SpoolFull
from filrouge.spool.kept import packed
from filrouge.store.models import Claim, Run, Source
from filrouge.store.queries import claims as claimed
from filrouge.store.queries import quarantine as found
from filrouge.store.queries.quarantine import Aside, Chosen
from filrouge.work import access, audit, claims, plans, runs, waiting

TRIED, AT_ONCE, EACH = 1_000, 20_000, 5_000  # events: of a dry run, of one correction, read at a time
HELD = 64 * 1024 * 1024  # bytes of what goes on by one correction
SHOWN = 5


@dataclass
class Outcome:
    """What a correction came to: how many were tried, went on, and still fail and why; some before and after."""

    tried: int = 0
    passing: int = 0
    failing: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Reason] = field(default_factory=dict)
    examples: list[tuple[Aside, str, Reason | None]] = field(default_factory=list)
    more: bool = False  # there were more than were tried
    theirs: claims.Theirs | None = None  # those that somebody had in hand first

    def _take(self, aside: Aside, after: bytes, reason: Reason | None) -> None:
        self.tried += 1
        if reason is None:
            self.passing += 1
        else:
            said = json.dumps([reason.code, dict(reason.values)], sort_keys=True)
            self.failing[said] += 1
            self.reasons[said] = reason
        if len(self.examples) < SHOWN:
            self.examples.append((aside, after.decode("utf-8", "replace"), reason))

    def _lose(self, count: int) -> None:
        """Leave out events that were no longer there to be corrected."""
        self.tried, self.passing = self.tried - count, self.passing - count


@dataclass(frozen=True)
class Discarded:
    """How many events were discarded; those that somebody had in hand first were not."""

    count: int
    theirs: claims.Theirs | None = None


def correct(asking: Caller, name: str, chosen: Chosen, edits: Sequence[Edit], *, dry_run: bool = False) -> Outcome:
    """Correct the events ``chosen`` of a sender by ``edits`` (none: judge them again as they are) and replay those that
    pass. A dry run tries at most ``TRIED`` and changes nothing. Those that somebody has in hand already are left.

    Raises NotFound, Refused, UsageError, Conflict when somebody has all of them in hand, StorageError when the spool
    has no room.
    """
    source = plans.own(asking, name)
    if len(edits) > MOST:
        raise UsageError("One correction holds at most {most} changes.", hint="Do them in two.", most=MOST)
    most = TRIED if dry_run else AT_ONCE
    outcome, batch = Outcome(), list[tuple[Aside, Received]]()
    judge = partial(judged, key_of=partial(ids.record_key, name), checker=plans.in_force(name))
    size, held, others = 0, _held(name), list[Claim]()
    for aside in _each(source, asking, chosen, most + 1 + len(held)):
        if outcome.tried == most or size > HELD:
            outcome.more = True
            break
        if not aside.raw:  # of somebody who was erased
            continue
        if aside.key in held:
            others.append(held[aside.key])
            continue
        body = corrected(aside.raw, edits)
        one, reason = judge(body, kind=aside.kind, received=aside.at, message_id=aside.message_id, key=aside.key)
        outcome._take(aside, one.body, reason)
        if reason is None and not dry_run:
            batch.append((replace(aside, raw=""), one))
            size += len(one.body)
    outcome.theirs = claims.theirs(others)
    if outcome.theirs and not outcome.tried:
        raise claims.refuse(asking, outcome.theirs)
    if not dry_run and outcome.tried:
        _replay(asking, source, batch, outcome, others, code=chosen.code or "")
    return outcome


def correct_one(asking: Caller, name: str, key: int, text: str, *, dry_run: bool = False) -> Outcome:
    """Replace one event that was set aside by the JSON ``text``, and replay it if it passes.

    Raises NotFound, Refused, UsageError when it is no JSON object, Conflict when somebody corrected or discarded it
    first, StorageError when the spool has no room.
    """
    source = plans.own(asking, name)
    aside = _one(source, asking, key)
    if (claim := _held(name).get(key)) is not None:
        raise claims.refuse(asking, claims.Theirs(1, claim.by, claim.state, claim.at))
    if len(text.encode()) > 4 * LONGEST:
        raise UsageError("An event has at most {most} bytes.", hint="Shorten it.", most=LONGEST)
    try:
        event = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise UsageError(
            "This is not JSON: line {line}, column {column}.", hint="Mend it there and try again.",
            line=getattr(wrong, "lineno", 1), column=getattr(wrong, "colno", 1),
        ) from None  # fmt: skip
    if not isinstance(event, dict):
        raise UsageError("An event is a JSON object.", hint="Write it between braces.")
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    key_of = partial(ids.record_key, name)
    one, reason = judged(
        body, kind=aside.kind, received=aside.at, message_id=aside.message_id, key=aside.key, key_of=key_of,
        checker=plans.in_force(name),
    )  # fmt: skip
    outcome = Outcome()
    outcome._take(aside, one.body, reason)
    if not dry_run and reason is None:
        _replay(asking, source, [(aside, one)], outcome, [], code=aside.code)
    return outcome


def discard(asking: Caller, name: str, chosen: Chosen) -> Discarded:
    """Let go of the events ``chosen``: they will have no effect; those that somebody is correcting are left.

    Raises NotFound, Refused, UsageError when nothing is said of which, Conflict when somebody has all of them in hand,
    or had.
    """
    source = plans.own(asking, name)
    if chosen == Chosen():
        raise UsageError("This names no event.", hint="Say a code, a kind, a name, a field, a day, or keys.")
    asides = {aside.key: aside for aside in _each(source, asking, chosen, AT_ONCE, words=False)}
    keys = list(asides) or list(chosen.keys)
    with runs.writing():
        free, others = _free(source, asking, keys)
        theirs = claims.theirs(others)
        if theirs and not free:
            raise claims.refuse(asking, theirs)
        if not free:
            if chosen.keys:
                raise claims.vanished()
            return Discarded(0)
        wanted = [claims.Wanted(key, key, asides[key].at) for key in asides if key in free]
        with transaction.atomic():
            _act, mine = claims.take(name, wanted, by=asking.by, state=Claim.State.DISCARDED)
            audit.record(
                "quarantine.discard", by=asking.by, kind="source", subject=name, count=len(mine),
                code=chosen.code or "",
            )  # fmt: skip
            _close(sorted(mine))
    return Discarded(len(mine), theirs)


def opened(asking: Caller, name: str, key: int) -> Aside:
    """Return one event that was set aside, in clear, and leave a line saying so.

    Raises NotFound, Refused, Conflict when somebody corrected or discarded it meanwhile.
    """
    source = plans.own(asking, name)
    if not asking.opens_pages():
        access.must(asking, "administrator")
    aside = _one(source, asking, key)
    with transaction.atomic():
        audit.record("quarantine.open", by=asking.by, kind="source", subject=name, key=str(key), code=aside.code)
    return aside


def _each(source: Source, asking: Caller, chosen: Chosen, most: int, *, words: bool = True) -> Iterator[Aside]:
    after = -1
    while most > 0:
        lot = found.rows(source, asking, chosen, after=after, most=min(EACH, most), roles=("engineer",), words=words)
        yield from lot
        if not lot or (len(lot) < EACH and sum(len(aside.raw) for aside in lot) < found.TOGETHER // 4):
            return  # the last of them: neither their number nor their letters, four bytes each at most, ended the lot
        after, most = lot[-1].key, most - len(lot)


def _one(source: Source, asking: Caller, key: int) -> Aside:
    try:
        return found.one(source, asking, key, roles=("engineer",))
    except NotFound:
        raise claims.gone(asking, source.name, key) from None


def _held(name: str) -> dict[int, Claim]:
    """Return what somebody has in hand of a sender."""
    rows = claimed.under_way(name)
    if claims.doubted(rows):
        with runs.writing():
            return claims.under_way(name)
    return rows


def _free(source: Source, asking: Caller, keys: Sequence[int]) -> tuple[set[int], list[Claim]]:
    """Return which events may be taken in hand, and what is known of the others; under ``runs.writing()``."""
    held = claims.under_way(source.name)
    free = found.still(source, asking, keys, roles=("engineer",)) - set(held)
    if Run.objects.filter(kind="collect", state=Run.State.STAGED).exists():  # promised, and not in the lake yet
        free -= set(claimed.of(source.name, sorted(free)))
    lost = [key for key in keys if key not in free]
    return free, list(claimed.of(source.name, lost).values())


def _replay(
    asking: Caller, source: Source, batch: Sequence[tuple[Aside, Received]], outcome: Outcome, others: list[Claim], *,
    code: str,
) -> None:  # fmt: skip
    """Claim what passes and append it to the spool; close here what goes on under another key than the one it has.

    ``others``: what of the events meant somebody has in hand already. Raises Conflict when they have all that passes.
    """
    with runs.writing():
        free, lost = _free(source, asking, [aside.key for aside, _ in batch]) if batch else (set(), [])
        goes_as = {aside.key: ids.record_key(source.name, one.message_id) for aside, one in batch}
        with transaction.atomic():
            wanted = [claims.Wanted(aside.key, goes_as[aside.key], aside.at) for aside, _ in batch if aside.key in free]
            act, keys = claims.take(source.name, wanted, by=asking.by)
            mine = [(aside, one) for aside, one in batch if aside.key in keys]
            outcome._lose(len(batch) - len(mine))
            outcome.theirs = claims.theirs([*others, *lost])
            if not outcome.tried:
                raise claims.refuse(asking, outcome.theirs) if outcome.theirs else claims.vanished()
            audit.record(
                "quarantine.correct", by=asking.by, kind="source", subject=source.name, tried=outcome.tried,
                replayed=outcome.passing, left=outcome.tried - outcome.passing, code=code,
            )  # fmt: skip
        if mine:
            _send(asking, source, act, mine)
            _close([key for key in keys if goes_as[key] != key])
            with transaction.atomic():
                claims.sent(act)


def _send(asking: Caller, source: Source, act: UUID, batch: Sequence[tuple[Aside, Received]]) -> None:
    """Append ``batch`` to the spool; when it has no room, what was claimed is free again."""
    entries: dict[tuple[str, str, datetime], list[Received]] = {}
    for aside, one in batch:
        entries.setdefault((aside.entity, aside.brand, aside.at), []).append(one)
    try:
        _append([
            Entry(source.name, micros(at), len(lot), packed(Batch(lot), entity=entity, brand=brand))
            for (entity, brand, at), lot in entries.items()
        ])  # fmt: skip
    except SpoolFull:
        with transaction.atomic():
            claims.drop(act)
            audit.record("quarantine.fail", by=asking.by, kind="source", subject=source.name, count=len(batch))
        raise StorageError(
            "There is no room left to keep what is corrected.", hint="Free some space, then correct them again."
        ) from None
    except SpoolAway:  # whether it was kept is not known: whoever looks next finds out
        raise StorageError(
            "The spool does not answer.",
            hint="Look again in a minute: what got there is off the list by then, the rest can be corrected.",
        ) from None


def _append(entries: Sequence[Entry]) -> None:
    spool = waiting.opened()
    try:
        spool.append(entries)
    finally:
        spool.close()


def _close(keys: Sequence[int]) -> None:
    if keys:
        at = pa.array([clock.now()] * len(keys), pa.timestamp("us", tz="UTC"))
        gone = pa.table({"record_key": pa.array(keys, pa.int64()), "superseded_at": at})
        runs.lake().supersede("rejects", gone, run=str(ids.uuid7()))
