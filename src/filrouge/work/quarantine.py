"""Quarantine: events that were set aside are corrected and go down the road again, or are discarded.

What is corrected enters by the spool, as if just sent, with the moment at which it was first received: the live worker
accepts it once, by its id, and closes the line that it had here. What still fails stays.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import pyarrow as pa
from django.db import transaction

from filrouge.base import clock, ids
from filrouge.base.errors import StorageError, UsageError
from filrouge.domain.events import Batch, Reason, Received
from filrouge.domain.events.edits import MOST, Edit, corrected, judged
from filrouge.domain.events.parse import LONGEST
from filrouge.domain.privacy.caller import Caller
from filrouge.spool import Entry, SpoolFull
from filrouge.spool.kept import packed
from filrouge.store.models import Source
from filrouge.store.queries import quarantine as found
from filrouge.store.queries.quarantine import Aside, Chosen
from filrouge.work import access, audit, plans, runs, waiting

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


def correct(asking: Caller, name: str, chosen: Chosen, edits: Sequence[Edit], *, dry_run: bool = False) -> Outcome:
    """Correct the events ``chosen`` of a sender by ``edits`` (none: judge them again as they are) and replay those that
    pass. A dry run tries at most ``TRIED`` and changes nothing.

    Raises NotFound, Refused, UsageError, StorageError when the spool has no room.
    """
    source = plans.own(asking, name)
    if len(edits) > MOST:
        raise UsageError("One correction holds at most {most} changes.", hint="Do them in two.", most=MOST)
    most = TRIED if dry_run else AT_ONCE
    outcome, batch = Outcome(), list[tuple[Aside, Received]]()
    judge = partial(judged, key_of=partial(ids.record_key, name), checker=plans.in_force(name))
    size = 0
    for aside in _each(source, asking, chosen, most + 1):
        if outcome.tried == most or size > HELD:
            outcome.more = True
            break
        if not aside.raw:  # of somebody who was erased
            continue
        body = corrected(aside.raw, edits)
        one, reason = judge(body, kind=aside.kind, received=aside.at, message_id=aside.message_id, key=aside.key)
        outcome._take(aside, one.body, reason)
        if reason is None and not dry_run:
            batch.append((replace(aside, raw=""), one))
            size += len(one.body)
    if not dry_run and outcome.tried:
        _replay(asking, source, batch, outcome, code=chosen.code or "")
    return outcome


def correct_one(asking: Caller, name: str, key: int, text: str, *, dry_run: bool = False) -> Outcome:
    """Replace one event that was set aside by the JSON ``text``, and replay it if it passes.

    Raises NotFound, Refused, UsageError when it is no JSON object, StorageError when the spool has no room.
    """
    source = plans.own(asking, name)
    aside = found.one(source, asking, key, roles=("engineer",))
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
        _replay(asking, source, [(aside, one)], outcome, code=aside.code)
    return outcome


def discard(asking: Caller, name: str, chosen: Chosen) -> int:
    """Let go of the events ``chosen``: they will have no effect; return how many.

    Raises NotFound, Refused, UsageError when nothing is said of which.
    """
    source = plans.own(asking, name)
    if chosen == Chosen():
        raise UsageError("This names no event.", hint="Say a code, a kind, a name, a field, a day, or keys.")
    keys = [aside.key for aside in _each(source, asking, chosen, AT_ONCE, words=False)]
    if keys:
        with runs.writing(), transaction.atomic():
            audit.record(
                "quarantine.discard", by=asking.by, kind="source", subject=name, count=len(keys),
                code=chosen.code or "",
            )  # fmt: skip
            _close(keys)
    return len(keys)


def opened(asking: Caller, name: str, key: int) -> Aside:
    """Return one event that was set aside, in clear, and leave a line saying so. Raises NotFound, Refused."""
    source = plans.own(asking, name)
    if not asking.opens_pages():
        access.must(asking, "administrator")
    aside = found.one(source, asking, key, roles=("engineer",))
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


def _replay(
    asking: Caller, source: Source, batch: Sequence[tuple[Aside, Received]], outcome: Outcome, *, code: str
) -> None:
    """Append what passes to the spool; close here what goes on under another key than the one it has here."""
    entries: dict[tuple[str, str, datetime], list[Received]] = {}
    for aside, one in batch:
        entries.setdefault((aside.entity, aside.brand, aside.at), []).append(one)
    moved = [aside.key for aside, one in batch if ids.record_key(source.name, one.message_id) != aside.key]
    with runs.writing(), transaction.atomic():
        audit.record(
            "quarantine.correct", by=asking.by, kind="source", subject=source.name, tried=outcome.tried,
            replayed=outcome.passing, left=outcome.tried - outcome.passing, code=code,
        )  # fmt: skip
        if batch:
            _append([
                Entry(source.name, _micros(at), len(lot), packed(Batch(lot), entity=entity, brand=brand))
                for (entity, brand, at), lot in entries.items()
            ])  # fmt: skip
        _close(moved)


def _append(entries: Sequence[Entry]) -> None:
    spool = waiting.opened()
    try:
        spool.append(entries)
    except SpoolFull:
        raise StorageError(
            "There is no room left to keep what is corrected.", hint="Free some space, then correct them again."
        ) from None
    finally:
        spool.close()


def _close(keys: Sequence[int]) -> None:
    if keys:
        at = pa.array([clock.now()] * len(keys), pa.timestamp("us", tz="UTC"))
        gone = pa.table({"record_key": pa.array(keys, pa.int64()), "superseded_at": at})
        runs.lake().supersede("rejects", gone, run=str(ids.uuid7()))


def _micros(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp() * 1_000_000)
