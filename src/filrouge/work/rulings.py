"""The verdict on a run, by its counts, its rules and what earlier runs brought; what each rule said is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from filrouge.base.errors import SourceError
from filrouge.connect import keeps_cursor
from filrouge.domain.quality.verdict import Seen, Verdict, judge
from filrouge.domain.quality.volume import LATEST, STRANGE
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.mending import LEFT_OUT
from filrouge.store.models import Ruling, Run, Source
from filrouge.work.imports import Prepared

IN_PART = "in_part"  # among the figures of a run: only what is new was read
IN_A_ROW = 3  # runs of a strange volume, after which it is strange no more
CORRECTED_BY = "corrected_by"  # of the rows of a file, how many each person corrected before the import
USUAL = "usual"  # the same, of a run let in: its volume is what is usual from now on


def judged(
    made: Run, source: Source, spec: SourceSpec, prepared: Prepared, at: datetime, *, full: bool = False
) -> Verdict:
    """Return the verdict on a run, its counts and findings written on it.

    Raises SourceError when a row is unaccounted for.
    """
    counts = prepared.counts
    if counts.lost:
        raise SourceError(
            "{lost} rows of {source} are unaccounted for, so the run was given up.",
            hint="This is a fault of ours: please report it with the source's definition.",
            lost=counts.lost,
            source=source.name,
        )
    in_part = bool(source.cursor) and not full and keeps_cursor(spec)
    zone = ZoneInfo(spec.format.zone)
    ruled = prepared.ruled
    seen = Seen(
        at=at, day=at.astimezone(zone).date(), before=_before(made, source, zone, in_part=in_part),
        newest=prepared.newest, dates=prepared.dates, broken=ruled.broken if ruled else (),
        of=ruled.of if ruled else 0, in_part=in_part,
    )  # fmt: skip
    verdict = judge(counts, spec, seen)
    counted(made, prepared)
    if in_part:
        made.figures[IN_PART] = True
    made.next_cursor = prepared.cursor
    made.verdict = verdict.word
    made.findings = [{"code": finding.code, "params": finding.params} for finding in verdict.findings]
    return verdict


def counted(made: Run, prepared: Prepared) -> None:
    """Write on a run what became of its rows."""
    for field, value in asdict(prepared.counts).items():
        if field != LEFT_OUT:
            setattr(made, field, value)
    by = prepared.mending.corrected_by if prepared.mending else {}
    told = {"beyond_retention": prepared.beyond, LEFT_OUT: prepared.counts.left_out, CORRECTED_BY: by}
    made.figures = {name: value for name, value in told.items() if value}


def keep(made: Run, verdict: Verdict) -> None:
    """Keep what each rule said of a run, in the transaction of whoever calls."""
    Ruling.objects.filter(run=made).delete()
    Ruling.objects.bulk_create(
        Ruling(
            run=made, source_name=made.source_name, rule=one.rule.called, check_kind=one.rule.check,
            does=one.rule.does, owner=one.rule.owner, said=one.said, rows=one.rows, of=one.of, measured=one.measured,
        )
        for one in verdict.rulings
    )  # fmt: skip


def _before(made: Run, source: Source, zone: ZoneInfo, *, in_part: bool) -> Sequence[tuple[date, int]]:
    """Return day and rows of the runs that one learns from, the latest first.

    One that waited teaches nothing, unless whoever let it in said that it is what is usual now: what came before it is
    forgotten then. Nor does one of a strange volume, until three in a row have shown that they are the new usual.
    """
    rows = Run.objects.filter(source=source, kind="import", lookup=False, state=Run.State.COMMITTED).exclude(pk=made.pk)
    found: list[tuple[date, int, bool]] = []
    columns = ("started_at", "read", "figures", "findings", "held_at")
    for started, read, figures, findings, held in rows.values_list(*columns)[: 4 * LATEST]:
        usual = bool(figures.get(USUAL))
        if (held is None or usual) and bool(figures.get(IN_PART)) == in_part:
            strange = not usual and any(one["code"] in STRANGE for one in findings)
            found.append((started.astimezone(zone).date(), read, strange))
        if usual or len(found) == LATEST:
            break
    streak = list(takewhile(lambda one: one[2], found))
    taught = streak if len(streak) >= IN_A_ROW else [one for one in found if not one[2]]
    return [(day, read) for day, read, _ in taught]
