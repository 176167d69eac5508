"""Ask for an erasure, carry it out, take it up again.

The order matters: what will be done is written down first, so that a crash half-way is taken up again; then who must
not come back; then the lake, the live copies and the acts; then the search, which must find nothing; the journals last.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import transaction

from filrouge.base import clock, settings
from filrouge.base.errors import Conflict, NotFound, Refused, StorageError
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import Engine, open_engine
from filrouge.store.live import Live
from filrouge.store.models import Arrival, Entity, Erasure, Job, PushRun, Run, SubjectSalt
from filrouge.store.queries.tables import forget_copies
from filrouge.store.queries.verdicts import records_of
from filrouge.work import access, audit, jobs, live, locks, memory, pushes, runs, sql, suppressions
from filrouge.work.erasures import destroy
from filrouge.work.erasures import reach as reaching
from filrouge.work.erasures.reach import Reach
from filrouge.work.lengths import REASON, fits

ROLE = "privacy"


def scope(asking: Caller) -> list[str]:
    """Return the entities on whose behalf the caller erases; none named means every one of the group.

    A role capped to brands erases nothing: the controller is the entity. Raises Refused.
    """
    access.must(asking, ROLE, scope="people:write")
    if asking.perimeter.everything:
        return []
    held = asking.perimeter.holds(ROLE)
    if not held:
        raise Refused(
            "Your role is capped to brands, and an erasure is decided by the whole legal entity.",
            hint="Ask an officer of the entity.",
        )
    known = set(Entity.objects.values_list("slug", flat=True))
    return [] if held >= known else sorted(held)


def plan(asking: Caller, person: str) -> dict[str, Any]:
    """Return how many rows of each table and kind an erasure would destroy; nothing is touched.

    ``staying`` counts the records that the caller sees and that other entities hold. Raises Refused.
    """
    entities, view = _may(asking, person)
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        found, _ = reaching.reached(engine, Live().aliases(view.id), entities)
        tables = reaching.counted(engine, found)
    finally:
        engine.close()
    return {
        "tables": tables,
        "acts": reaching.acts_counted(found),
        "records": len(found.own),
        "staying": sum(record.key not in set(found.own) for record in view.records),
        "entities": entities,
    }


def request(asking: Caller, person: str, *, reason: str = "") -> Erasure:
    """Write down that what the caller's entities hold of a person is to be erased, and put the work in the queue."""
    with transaction.atomic():
        row = _write_down(asking, person, reason)
        _queue(row)
    return row


def at_once(asking: Caller, person: str, *, reason: str = "") -> Erasure:
    """Erase now, for whoever waits for the report; what cannot be ended now is left to the queue."""
    row = _write_down(asking, person, reason)
    try:
        return carry_out(str(row.id))
    except BaseException:
        _queue(row)
        raise


def _write_down(asking: Caller, person: str, reason: str) -> Erasure:
    entities, view = _may(asking, person)
    with transaction.atomic():
        row = Erasure.objects.create(
            subject=audit.person_word(view.id),
            person=view.id,
            by=asking.by,
            reason=fits(reason, REASON),
            entities=entities,
        )
        audit.record(
            "erasure.request", by=asking.by, kind="person", subject=view.id, erasure=str(row.id), entities=entities
        )
    return row


def _queue(row: Erasure) -> None:
    with suppress(Conflict):  # it stands there already
        jobs.ask("erase", by=row.by, key=f"erase {row.id}", erasure=str(row.id))


def _may(asking: Caller, person: str) -> tuple[list[str], Any]:
    entities = scope(asking)
    try:
        view = access.person(asking, person, opening="erasure").view
    except NotFound:
        waits = Arrival.objects.filter(person=person, taken_at=None)
        if (waits.filter(entity__in=entities) if entities else waits).exists():
            raise Conflict(
                "This person was written down a moment ago, and has no page yet.", hint="Ask again in a minute."
            ) from None
        raise
    if entities and not any(record.entity in entities for record in view.records):
        raise Refused(
            "No record of this person is held by an entity of yours.",
            hint="Ask an officer of the entity that holds them.",
        )
    return entities, view


def take_up() -> int:
    """Put back in the queue the erasures that were interrupted; return how many."""
    waiting = set(Job.objects.filter(kind="erase", state__in=("waiting", "running")).values_list("key", flat=True))
    lost = [row for row in Erasure.objects.exclude(state="done") if f"erase {row.id}" not in waiting]
    for row in lost:
        _queue(row)
    return len(lost)


def carry_out(erasure: str) -> Erasure:
    """Erase, or take up an erasure that was interrupted; return it with its report.

    One erasure at a time: whoever comes second waits, and finds it done. Raises Conflict while an import or a
    resolution runs, StorageError when the search afterwards still finds something.
    """
    with locks.held("erasure"):
        return _carry_out(erasure)


def _carry_out(erasure: str) -> Erasure:
    row = Erasure.objects.filter(pk=erasure).first()
    if row is None:
        raise NotFound("There is no such erasure.")
    if row.state == "done":
        return row
    if row.state != "swept":
        _alone(row)
        try:
            _erase(row)
        except BaseException:  # imports go on meanwhile: they obey the hashes, and what was written down stands
            Erasure.objects.filter(pk=row.pk, state="running").update(state="planned")
            raise
    audit.chain_waiting()
    destroy.scrub()
    with transaction.atomic():
        row.state, row.finished_at = "done", clock.now()
        row.save()
        jobs.ask_again("identity", by=row.by, key="identity")  # memory went: records are matched again once it is laid
    return row


def _alone(row: Erasure) -> None:
    """Take the place: what reads or derives people at the same time could write again what is being destroyed."""
    pushes.take_up()
    with runs.starting(), transaction.atomic():
        if PushRun.objects.filter(state=PushRun.State.RUNNING).exists():  # it stops after the lot that is under way
            raise Conflict("A push is giving people to a destination.", hint="The erasure follows as soon as it stops.")
        if Run.objects.filter(state__in=(Run.State.RUNNING, Run.State.STAGED)).exists():
            raise Conflict("An import or a resolution is running.", hint="The erasure follows as soon as it has ended.")
        # "running" is what a process that died left: nobody else is at work on it, since we hold the lock
        if not Erasure.objects.filter(pk=row.pk, state__in=("planned", "running")).update(state="running"):
            raise Conflict(
                "This erasure is under way already.", hint="It ends within minutes; then look at its report."
            )
        row.state = "running"


def _erase(row: Erasure) -> None:
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        reach = _settle(row, engine)
        with live.alone():  # copies that are being built read files that are swept, and people who go
            with runs.writing():
                destroy.rows(engine, reach)
                destroy.derive(engine, row, reach)
                destroy.sweep()
            destroy.forget(reach)
            memory.forget()
        forget_copies(sql.copies())
    finally:
        engine.close()
    found = destroy.search_again(reach)
    if any(found.values()):
        raise StorageError(
            "The search after the erasure still found something.", hint="The erasure will be taken up again."
        )
    with transaction.atomic():
        if reach.whole:
            SubjectSalt.objects.filter(person__in=reach.people).delete()
        row.state, row.person = "swept", ""
        if reaching.names(reach, row.reason):
            row.reason = ""
        destroyed = row.plan["counts"]
        row.report = {
            "destroyed": destroyed,
            "found_again": found,
            "records": len(reach.own),
            "staying": len(reach.rest),
            "suppressed": row.plan["suppressed"],
            "owed": row.plan.get("owed", {}),
        }
        row.plan = {}
        row.save()
        audit.record(
            "erasure.done", by=row.by, kind="erasure", subject=str(row.id), destroyed=destroyed, entities=row.entities
        )


def _settle(row: Erasure, engine: Engine) -> Reach:
    """Write down once what goes, in numbers too, and keep the hashes of who must not come back."""
    if "own" in row.plan:
        return Reach.of(row.plan, row.entities)
    live = Live()
    person = live.current(row.person)
    reach, mine = reaching.reached(engine, live.aliases(person), row.entities)
    counts = {**reaching.counted(engine, reach), **reaching.acts_counted(reach)}
    pairs = destroy.keep_together(engine, reach)
    origins = records_of(person) if pairs else {}
    outside = pushes.held_of(engine, reach.people, entities=row.entities)
    with transaction.atomic():
        suppressed = suppressions.add("record", map(str, reach.own), erasure=row.id, entities=row.entities)
        for kind in ("email", "phone"):
            suppressed += suppressions.add(kind, mine[kind], erasure=row.id, entities=row.entities)
        destroy.hold_together(reach, pairs, origins)
        owed = pushes.owe(outside, erasure=str(row.id))
        row.plan = {**reach.plain(), "counts": counts, "suppressed": suppressed, "owed": owed}
        row.save()
    return reach
