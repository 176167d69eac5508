"""Whether a run looks right: what its rules found, volume, rejects and freshness; and whether it waits for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from filrouge.domain.quality import volume
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.counts import Counts
from filrouge.domain.sources.form import duration
from filrouge.domain.sources.rules import Rule

Said = Literal["ok", "warned", "broken"]


@dataclass(frozen=True)
class Finding:
    """Something a run's owner should look at: a code and the parameters of its sentence."""

    code: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Ruling:
    """What one rule found in one run: how many rows of how many, or what it measured of the run as a whole."""

    rule: Rule
    said: Said
    rows: int | None = None
    of: int | None = None
    measured: dict[str, Any] = field(default_factory=dict)
    finding: Finding | None = None


@dataclass(frozen=True)
class Seen:
    """What is known of a run when it is judged.

    ``before``: day and rows of the earlier runs that one learns from; ``newest``: the latest moment in its rows, and
    ``dates`` the same by column; ``broken``: how many rows broke each rule, of ``of`` that were judged.
    """

    at: datetime
    day: date
    before: Sequence[tuple[date, int]] = ()
    newest: datetime | None = None
    dates: Mapping[str, datetime | None] = field(default_factory=dict)
    broken: Sequence[int] = ()
    of: int = 0
    in_part: bool = False  # only what is new was read: its volume is judged where a rule asks for it


@dataclass(frozen=True)
class Verdict:
    """Right or doubtful, why, what each rule said, and whether the run waits for a person."""

    word: Literal["right", "doubtful"]
    findings: tuple[Finding, ...]
    rulings: tuple[Ruling, ...]
    waits: bool


def judge(counts: Counts, spec: SourceSpec, seen: Seen) -> Verdict:
    """Return the verdict on a run. A rule that stops and is broken makes it wait; so does any doubt, where
    ``expect.doubtful`` says so, but that its rows are old: to keep these out mends nothing."""
    rulings = tuple(_ruled(number, rule, counts, seen) for number, rule in enumerate(spec.rules))
    doubts = _doubts(counts, spec, seen)
    found = [*doubts, *(one.finding for one in rulings if one.finding)]
    stopped = any(one.rule.does == "stop" and one.said == "broken" for one in rulings)
    doubtful = spec.expect.doubtful == "wait" and any(one.code != "stale" for one in doubts)
    return Verdict("doubtful" if found else "right", tuple(found), rulings, stopped or doubtful)


def _doubts(counts: Counts, spec: SourceSpec, seen: Seen) -> list[Finding]:
    expect, found = spec.expect, []
    if counts.lost:
        found.append(Finding("rows_lost", {"lost": counts.lost}))
    if expect.rows.min is not None and counts.read < expect.rows.min:
        found.append(Finding("too_few_rows", {"read": counts.read, "min": expect.rows.min}))
    if expect.rows.max is not None and counts.read > expect.rows.max:
        found.append(Finding("too_many_rows", {"read": counts.read, "max": expect.rows.max}))
    rejected = counts.rejected - counts.left_out  # what somebody left out is no fault of the source
    if counts.read and rejected / counts.read > expect.rejects_below:
        found.append(Finding("many_rejects", {"share": round(rejected / counts.read, 4)}))
    ruled = {rule.check for rule in spec.rules}
    if "volume" not in ruled and not seen.in_part and (strange := _volume(counts.read, seen)):
        found.append(strange)
    if "freshness" not in ruled and expect.fresh_within and (old := _old(seen.newest, expect.fresh_within, seen.at)):
        found.append(old)
    return found


def _ruled(number: int, rule: Rule, counts: Counts, seen: Seen) -> Ruling:
    if rule.check == "volume":
        usual = volume.expected(seen.before, on=seen.day)
        bounds = {"usual": usual.usual, "low": usual.low, "high": usual.high} if usual else {}
        return _of_run(rule, _volume(counts.read, seen), {"read": counts.read, **bounds})
    if rule.check == "freshness":
        newest = seen.dates.get(rule.columns[0]) if rule.columns else seen.newest
        return _of_run(
            rule, _old(newest, rule.within or "", seen.at), {"newest": newest.isoformat() if newest else None}
        )
    rows = seen.broken[number] if number < len(seen.broken) else 0
    if not rows:
        return Ruling(rule, "ok", rows, seen.of)
    if rule.does == "stop" and rows > rule.above * seen.of:
        finding = Finding("rule_broken", {"rule": rule.called, "rows": rows, "of": seen.of})
        return Ruling(rule, "broken", rows, seen.of, finding=finding)
    return Ruling(rule, "broken" if rule.does == "reject" else "warned", rows, seen.of)


def _of_run(rule: Rule, finding: Finding | None, measured: dict[str, Any]) -> Ruling:
    said: Said = "ok" if finding is None else "broken" if rule.does == "stop" else "warned"
    return Ruling(rule, said, measured=measured, finding=finding)


def _volume(read: int, seen: Seen) -> Finding | None:
    usual = volume.expected(seen.before, on=seen.day)
    code = usual.judge(read) if usual else ""
    if not usual or not code:
        return None
    return Finding(code, {"read": read, "usual": usual.usual, "low": usual.low, "high": usual.high})


def _old(newest: datetime | None, within: str, at: datetime) -> Finding | None:
    allowed = duration(within)
    if newest is None or allowed is None or at - newest <= allowed:
        return None
    hours = int((at - newest).total_seconds() // 3600)
    return Finding("stale", {"hours": hours, "newest": newest.isoformat()})
