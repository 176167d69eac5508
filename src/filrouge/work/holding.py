"""Runs that wait for a person: let in with a reason, given up, or given up by themselves after a fortnight."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, FilrougeError, NotFound, StorageError, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources.shapes import Shape
from filrouge.store.models import Run
from filrouge.store.queries import sources as found
from filrouge.work import access, audit, draft_jobs, jobs, rulings, runs, schedules, shapes, sources

BEARABLE = timedelta(days=14)  # how long a run waits
BY = "schedule"
LONGEST = 200  # characters of a reason
KEPT = (rulings.USUAL, rulings.CORRECTED_BY, "erased")  # figures that preparing a run anew does not tell
DECIDED = ("decided_by", "because", "figures", "problem", "problem_hint", "trouble")


def ask(asking: Caller, run_id: str, *, because: str, usual: bool = False) -> Run:
    """Decide that a run that waits may be let in: the worker does it in a moment, ``carry_out`` at once.

    ``usual``: such a volume is what is usual from now on. Raises NotFound, Refused, UsageError without a reason,
    Conflict when the run waits no more.
    """
    reason = because.strip()
    if not reason or len(reason) > LONGEST:
        raise UsageError(
            "Say in a few words why this run may be let in.", hint="At most {most} characters; name nobody.",
            most=LONGEST,
        )  # fmt: skip
    made = waiting(asking, run_id)
    if made.reshaping and (lacking := shapes.lacks(made)):
        raise Conflict(
            "This run lacks columns that the source reads: {names}.",
            hint="Say on its page which columns now tell them, or give it up.", names=", ".join(lacking),
        )  # fmt: skip
    if made.reshaping and (unsaid := shapes.unsaid(made)):
        raise Conflict(
            "Columns that are never kept are gone, and new ones came: {names}.",
            hint="Say on its page whether they are among the new ones, or give it up.", names=", ".join(unsaid),
        )  # fmt: skip
    return decide(asking, made, reason, usual=usual)


def decide(asking: Caller, made: Run, reason: str, *, usual: bool = False) -> Run:
    """Write down who decided that a run is imported, and have the worker do it. Raises Conflict when somebody did."""
    made.decided_by, made.because, made.problem, made.problem_hint, made.trouble = asking.by, reason, "", "", {}
    made.figures = {**made.figures, rulings.USUAL: True} if usual else made.figures
    with transaction.atomic():
        mine = Run.objects.filter(pk=made.pk, state=Run.State.HELD, decided_by="")
        if not mine.update(**{name: getattr(made, name) for name in DECIDED}):
            raise Conflict("Somebody decided of this run already.", hint="Reload its page to see what becomes of it.")
        audit.record(
            "import.let_in", by=asking.by, kind="run", subject=str(made.id), source=made.source_name, because=reason
        )
        jobs.ask_again("let_in", by=asking.by, key=f"let in {made.id}", run=str(made.id))
    return made


def let_in(
    asking: Caller, run_id: str, *, because: str, usual: bool = False, progress: runs.Progress = runs.silent
) -> Run:
    """Decide as ``ask`` does, and import the run at once. Raises what both raise."""
    return carry_out(str(ask(asking, run_id, because=because, usual=usual).id), progress=progress)


def carry_out(run_id: str, *, progress: runs.Progress = runs.silent) -> Run:
    """Import the rows of a run of which somebody decided, prepared anew from what was received.

    Whoever was erased meanwhile stays out, and what retention took does not come back. When it fails the run waits
    again, its trouble told. Raises Conflict when it waits no more or somebody is at work on it.
    """
    made = Run.objects.get(pk=run_id)
    if made.state == Run.State.HELD and not made.decided_by:
        raise Conflict("Nobody decided of this run yet.", hint="Let it in or give it up on its page.")
    with runs.taken_up(made):
        try:
            _import(made, progress)
        except Exception as error:
            told = error if isinstance(error, FilrougeError) else StorageError(
                "The run stopped: {kind}.", hint="It waits as before.", kind=type(error).__name__
            )  # fmt: skip
            if made.state == Run.State.RUNNING:
                kept = {"problem": told.message[:500], "problem_hint": told.hint[:500], "trouble": told.plain()}
                Run.objects.filter(pk=made.pk).update(decided_by="", because="", **kept)
            raise
    draft_jobs.decided(made)
    return made


def _import(made: Run, progress: runs.Progress) -> None:
    if not runs.received(made).exists():  # a backup was restored: it holds no row that waits
        raise Conflict("What this run received is not here any more.", hint="Give it up, and read the source again.")
    source, spec = sources.get(made.source_name)
    now, folder, before = clock.now(), runs.staging(made), made.figures
    prepared = sources.prepare(
        source, spec, folder, str(made.id), now, progress, received=runs.received(made), shaped=True
    )
    verdict = rulings.judged(made, source, spec, prepared, now, full=not before.get(rulings.IN_PART))
    was = Shape.parse(made.shape)
    there = (*was.names(), *(was.unkept or ())) if was is not None else ()
    shape = prepared.shape
    if shape is not None and was is not None:
        shape = replace(shape, unkept=spec.unkept(there), partly=was.partly)
    shapes.told(made, shape, spec, None)
    made.figures = {name: before[name] for name in KEPT if name in before} | made.figures
    runs.commit(
        made, prepared.manifest, by=made.decided_by, beside=lambda: rulings.keep(made, verdict),
        counts=prepared.counts.plain(),
    )  # fmt: skip


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
        raise Conflict("This run does not wait for anybody.", hint="Reload its page to see what became of it.")
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
    draft_jobs.decided(made)
