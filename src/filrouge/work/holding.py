"""Runs that wait for a person: let in with a reason, given up, or given up by themselves after a fortnight."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Run
from filrouge.store.queries import sources as found
from filrouge.work import access, audit, rulings, runs, schedules, sources

BEARABLE = timedelta(days=14)  # how long a run waits
BY = "schedule"


def let_in(
    asking: Caller, run_id: str, *, because: str, usual: bool = False, progress: runs.Progress = runs.silent
) -> Run:
    """Import the rows of a run that waits, prepared anew from what was received; ``usual``: such volumes are right now.

    Whoever was erased meanwhile stays out, and what retention took does not come back. Raises NotFound, Refused,
    UsageError without a reason, Conflict when it waits no more.
    """
    reason = because.strip()
    if not reason or len(reason) > 200:
        raise UsageError("Say in a few words why this run may be let in.", hint="At most 200 characters; name nobody.")
    made = waiting(asking, run_id)
    with runs.taken_up(made):
        source, spec = sources.get(made.source_name)
        now = clock.now()
        prepared = sources.prepare(
            source, spec, runs.staging(made), str(made.id), now, progress, received=runs.received(made)
        )
        in_part = bool(made.figures.get(rulings.IN_PART))
        verdict = rulings.judged(made, source, spec, prepared, now, full=not in_part)
        made.decided_by, made.because = asking.by, reason
        if usual:
            made.figures[rulings.USUAL] = True
        runs.commit(
            made, prepared.manifest, line=("import.let_in", "run", str(made.id)), by=asking.by,
            beside=lambda: rulings.keep(made, verdict), because=reason, counts=prepared.counts.plain(),
        )  # fmt: skip
    return made


def give_up(asking: Caller, run_id: str) -> Run:
    """Let go of a run that waits: nothing of it was kept, and the source can be read again.

    Raises NotFound, Refused, Conflict when it waits no more.
    """
    made = waiting(asking, run_id)
    _give_up(made, by=asking.by)
    return made


def expire(*, at: datetime | None = None) -> int:
    """Give up the runs that nobody decided of for a fortnight; return how many."""
    gone = 0
    for made in Run.objects.filter(state=Run.State.HELD, held_at__lt=(at or clock.now()) - BEARABLE):
        told = Conflict("Nobody decided within {days} days.", hint="Nothing was kept of it.", days=BEARABLE.days)
        made.problem, made.problem_hint, made.trouble = told.message, told.hint, told.plain()
        try:
            _give_up(made, by=BY)
        except Conflict:  # somebody is letting it in at this moment
            continue
        gone += 1
    return gone


def forget_erased() -> None:
    """Take whoever was erased out of the rows that wait, at once; a run where that fails is given up."""
    for made in Run.objects.filter(state=Run.State.HELD):
        try:
            source, spec = sources.get(made.source_name)
            gone = sources.forget_received(source, spec, runs.staging(made), str(made.id), runs.received(made))
            if gone:
                made.figures["erased"] = int(made.figures.get("erased") or 0) + gone
                made.save(update_fields=["figures"])
        except Exception:  # noqa: BLE001 - what cannot be looked through is not kept: an erasure comes first
            told = Conflict("An erasure could not look through this run.", hint="Read the source again.")
            made.problem, made.problem_hint, made.trouble = told.message, told.hint, told.plain()
            _give_up(made, by=BY)


def waiting(asking: Caller, run_id: str) -> Run:
    """Return a run that waits and of which the caller may decide. Raises NotFound, Refused, Conflict."""
    access.must(asking, "engineer", scope="sources:run")
    made = found.run(run_id, asking)
    if made.source is None:
        if not asking.perimeter.everything:
            raise NotFound("There is no such run.")
    else:
        schedules.whole(asking, made.source)
    if made.state != Run.State.HELD:
        raise Conflict(
            "This run does not wait for anybody.", hint="Reload its page to see what became of it."
        )
    return made


def _give_up(made: Run, *, by: str) -> None:
    with runs.starting():
        mark = runs.claim(made)
        try:
            with transaction.atomic():
                made.state, made.finished_at = Run.State.GIVEN_UP, clock.now()
                made.decided_by, made.manifest = by, runs.TO_LET_GO
                made.save()
                audit.record("import.give_up", by=by, kind="run", subject=str(made.id), source=made.source_name)
            runs.let_go(made)
        finally:
            runs.release(made, mark)
