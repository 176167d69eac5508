"""A record kept as it arrives: durable before the answer, taken into the lake by the next settlement, once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import IntegrityError, transaction

from filrouge.base import clock, ids
from filrouge.base.errors import Conflict, Refused, UsageError
from filrouge.domain.identity.keys import email_key, phone_key
from filrouge.domain.privacy.caller import Caller
from filrouge.store.lake import arrow_schema, as_json
from filrouge.store.live import Live
from filrouge.store.models import BUILT_IN, Arrival, Brand, Correction, Entity, Job, Run
from filrouge.work import access, audit, findable, jobs, matches, people, runs, suppressions

SOON = timedelta(seconds=30)  # arrivals settle together: each settlement is a commit of its own
BATCH = 5_000
_FOUND_BY = ("email", "phone", "loyalty_id", "given_name", "family_name", "birth_name", "full_name")


@dataclass(frozen=True)
class Kept:
    """What became of a record: whose it is, and what was told of it; ``new``: kept by this call, not an earlier one."""

    person: str
    told: matches.Told
    new: bool


def keep(asking: Caller, said: Mapping[str, str], *, entity: str, brand: str, token: str) -> Kept:
    """Match a record and keep it, of the person found or of a new one; the same ``token`` keeps it once.

    Raises UsageError when too little is said or no token is given, Refused when the caller may not or the person was
    erased, Conflict when nothing can be matched yet.
    """
    access.must(asking, "advisor", "sales", scope="people:write")
    if not token:
        raise UsageError("A record is kept once.", hint="Send an Idempotency-Key of your own with each record.")
    _place(asking, entity, brand)
    values = {name: value for name, value in matches.checked(said).items() if value}
    number = people.number_of(asking, token)
    key = ids.record_key(BUILT_IN, number)
    people.not_erased(
        asking, key, entity=entity, brand=brand, email=values.get("email", ""), phone=values.get("phone", "")
    )
    known = Arrival.objects.filter(number=number).first()
    try:
        with transaction.atomic():
            tell = matches.match if known else matches.found  # what is kept leaves a line that names the person
            told = tell(asking, values, entity=entity)
            if known is None:
                row = _write(asking, told, values, number=number, key=key, entity=entity, brand=brand)
    except IntegrityError:  # the same call, at the same time
        known = Arrival.objects.get(number=number)
    if known is not None:
        return Kept(Live().current(known.person), told, new=False)
    _find_by(row)
    return Kept(row.person, told, new=True)


def _place(asking: Caller, entity: str, brand: str) -> None:
    """Raise Refused unless the caller acts for the brand of the entity, UsageError when there is no such brand."""
    if not Brand.objects.filter(slug=brand).exists():
        raise UsageError("No brand is called {brand}.", hint="Choose a brand of the group.", brand=brand or "—")
    if not asking.perimeter.acts(entity, brand, "advisor", "sales") or not Entity.objects.filter(slug=entity).exists():
        raise Refused("You do not act for {entity}.", hint="Choose an entity of yours.", entity=entity or "—")


def _write(
    asking: Caller, told: matches.Told, values: Mapping[str, str], *, number: str, key: int, entity: str, brand: str
) -> Arrival:
    evidence: dict[str, Any] = {}
    if told.match.steps:
        step = told.match.steps[0]
        evidence = {"with": step.right, "weight": step.weight, "kinds": list(step.kinds), "told": step.told}
    found = told.match
    row = Arrival.objects.create(
        person=told.person or str(ids.uuid7()), entity=entity, brand=brand, by=asking.by, number=number, record_key=key,
        values=dict(values), decision=found.decision, rule=found.rule, evidence=evidence,
    )  # fmt: skip
    audit.record(
        "arrival.keep", by=asking.by, kind="person", subject=row.person, entity=entity, brand=brand,
        decision=found.decision,
    )  # fmt: skip
    if not Job.objects.filter(key="arrivals", state="waiting").exists():
        jobs.ask_again("identity", by=asking.by, key="arrivals", wait=SOON)
    return row


def _find_by(row: Arrival) -> None:
    """Let a person who has a page be found by what arrived; the settlement gives the others theirs."""
    where = {"person": row.person, "entity": row.entity, "brand": row.brand}
    findable.learn(
        [Correction(attribute=name, value=row.values[name], **where) for name in _FOUND_BY if name in row.values]
    )


# --- taken into the lake --------------------------------------------------------------------------------------------


def take(*, by: str) -> int:
    """Take the records that wait into the lake, whole or not at all; return how many were taken.

    Whatever happens in between, each is there once: a run that ended well took what it names, one that failed nothing.
    """
    _close()
    if not _waiting():
        return 0
    try:
        with runs.running("person", by=by, after=("identity", "person"), patience=people.PATIENCE) as run:
            rows = _waiting()
            return _take(run, rows) if rows else 0
    except Conflict:  # somebody else settles: they wait for the next time
        return 0


def _waiting() -> list[Arrival]:
    rows = list(Arrival.objects.filter(taken_at=None)[:BATCH])
    promised = _in_state(rows, Run.State.STAGED, Run.State.COMMITTED)
    return [row for row in rows if row.run not in promised]


def _close() -> None:
    """Forget here what a run has put in the lake, also when it was cut short before it could say so."""
    done = _in_state(Arrival.objects.filter(taken_at=None).exclude(run=None), Run.State.COMMITTED)
    Arrival.objects.filter(taken_at=None, run__in=list(done)).update(taken_at=clock.now(), values={}, evidence={})


def _in_state(rows: Iterable[Arrival], *states: Run.State) -> set[UUID]:
    named = {row.run for row in rows if row.run is not None}
    return set(Run.objects.filter(id__in=list(named), state__in=states).values_list("id", flat=True))


def _take(run: Run, rows: Sequence[Arrival]) -> int:
    at = clock.now()
    barred = set(_barred(rows))
    with transaction.atomic():  # who was erased since is not written down again
        Arrival.objects.filter(pk__in=[row.pk for row in rows if row.number in barred]).delete()
    kept = [row for row in rows if row.number not in barred]
    sample = not Entity.objects.filter(slug__in={row.entity for row in kept}, sample=False).exists()
    people.built_in(at, sample=sample)
    run.source_name, run.read, run.new = BUILT_IN, len(kept), len(kept)
    manifest = {
        table: {
            "append": [runs.stage(run, f"{table}.parquet", pa.Table.from_pylist(lines, schema=arrow_schema(table)))]
        }
        for table, lines in _lines(run, kept, at).items()
    }
    Arrival.objects.filter(pk__in=[row.pk for row in kept]).update(run=run.id)
    runs.commit(run, manifest, line=("arrival.take", "run", str(run.id)), records=len(kept))
    _close()
    return len(kept)


def _barred(rows: Sequence[Arrival]) -> list[str]:
    test = suppressions.checker()
    if test is None or not rows:
        return []
    columns = {
        "record_key": pa.array([row.record_key for row in rows], pa.int64()),
        "entity": pa.array([row.entity for row in rows], pa.string()),
    } | {
        name: pa.array([row.values.get(name) for row in rows], pa.string()) for name in ("email", "phone")
    }  # fmt: skip
    return [row.number for row, out in zip(rows, test(pa.table(columns)), strict=True) if out]


def _lines(run: Run, rows: Sequence[Arrival], at: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table: the record as received, as it is read, and whose it was found to be."""
    live = Live()
    made: dict[str, list[dict[str, Any]]] = {"source_records": [], "person_records": [], "links": []}
    for row in rows:
        where = {
            "source": BUILT_IN, "entity": row.entity, "brand": row.brand, "record_key": row.record_key,
            "run_id": str(run.id), "recorded_at": at,
        }  # fmt: skip
        raw = as_json({**row.values, "source_id": row.number, "created_at": row.created_at})
        made["source_records"].append(
            {**where, "source_id": row.number, "kind": "person_records", "raw": raw,
             "row_hash": hashlib.sha256(raw.encode()).hexdigest()}
        )  # fmt: skip
        facts = dict(row.values) | {
            "email": email_key(row.values.get("email", "")) or row.values.get("email"),
            "phone": phone_key(row.values.get("phone", "")) or row.values.get("phone"),
            "birth_date": date.fromisoformat(row.values["birth_date"]) if "birth_date" in row.values else None,
        }
        dated = {"source_id": row.number, "created_at": row.created_at, "updated_at": row.created_at}
        made["person_records"].append({**where, **facts, **dated})
        person = live.current(row.person) if live.ready() else row.person
        made["links"].append(
            {**where, "person": person, "decision": row.decision.replace("alone", "rule"), "rule": row.rule,
             "evidence": as_json(row.evidence), "decided_at": row.created_at}
        )  # fmt: skip
    return made
