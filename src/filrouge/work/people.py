"""A person created here: whoever calls and is known to no system becomes a record of ours, and a person at once."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db import transaction

from filrouge.base import clock, ids, settings
from filrouge.base.errors import Refused, UsageError
from filrouge.domain import identity
from filrouge.domain.identity.keys import email_key, phone_key, reference_key
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import open_engine
from filrouge.store.lake import arrow_schema, as_json
from filrouge.store.live import Live
from filrouge.store.models import BUILT_IN, Brand, Entity, Run, Source
from filrouge.work import access, audit, live, runs, suppressions
from filrouge.work.deriving import spec

LONGEST = 100  # letters of a name
PATIENCE = 20  # seconds to wait while identities are being settled


@dataclass(frozen=True)
class Newcomer:
    """Somebody who is not known yet, as they say who they are, and on whose behalf they are written down."""

    given_name: str
    family_name: str
    email: str
    phone: str
    entity: str
    brand: str


@dataclass(frozen=True)
class Created:
    """The id of a person, and whether they were created now or by an earlier call with the same token."""

    id: str
    new: bool


def create(asking: Caller, said: Newcomer, *, token: str = "") -> Created:
    """Create a person, whole or not at all; ``token`` makes a repeated call answer what the first one did.

    Raises UsageError when who they are is not said well enough, Refused when the caller may not or the person was
    erased, Conflict when identities are being settled for too long.
    """
    access.must(asking, "advisor", "sales", scope="people:write")
    clean = _checked(said)
    entity = place(asking, clean.entity, clean.brand)
    number = number_of(asking, token)
    key, person = ids.record_key(BUILT_IN, number), str(ids.uuid7())
    not_erased(asking, key, entity=clean.entity, brand=clean.brand, email=clean.email, phone=clean.phone)
    with _one_at_a_time():
        if token and (known := _known(number)):
            return Created(known, new=False)
        at = clock.now()
        with runs.running("person", by=asking.by, after=("identity", "person"), patience=PATIENCE) as run:
            built_in(at, sample=entity.sample)
            run.source_name, run.read, run.new = BUILT_IN, 1, 1
            manifest = _stage(run, clean, number, key, person, at)
            runs.commit(run, manifest, line=("person.create", "person", person), entity=clean.entity, brand=clean.brand)
        live.refresh([person], aside=True)
    return Created(person, new=True)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let a repeated call see what the first one did."""
    with (settings.get().home / "people.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _checked(said: Newcomer) -> Newcomer:
    names = [" ".join(name.split()) for name in (said.given_name, said.family_name)]
    if not any(names):
        raise UsageError("A person needs a name.", hint="Write a given name or a family name.")
    if max(map(len, names)) > LONGEST:
        raise UsageError("This name is too long.", hint="Write {most} letters at most.", most=LONGEST)
    email, phone = email_key(said.email), phone_key(said.phone)
    if said.email.strip() and (not email or len(email) > 254):
        raise UsageError("This is no e-mail address.", hint="Write it as name@example.com, or leave it empty.")
    if said.phone.strip() and not phone:
        raise UsageError("This is no phone number.", hint="Write it with its country, as +33…, or leave it empty.")
    if not email and not phone:
        raise UsageError("A person needs an e-mail or a phone number.", hint="Ask for one of them.")
    return Newcomer(names[0], names[1], email, phone, said.entity, said.brand)


def place(asking: Caller, entity: str, brand: str) -> Entity:
    """Return the entity on whose behalf somebody is written down, by a role that the caller holds for it.

    Raises UsageError when there is no such brand, Refused when the caller does not act for both.
    """
    acting = access.acting_for(asking, entity, purpose="service")
    access.must(acting, "advisor", "sales")
    if not Brand.objects.filter(slug=brand).exists():
        raise UsageError("No brand is called {brand}.", hint="Choose a brand of the group.", brand=brand or "—")
    if not acting.perimeter.sees(entity, brand):
        raise Refused("You do not act for the brand {brand}.", hint="Choose a brand of yours.", brand=brand)
    return Entity.objects.get(slug=entity)


def number_of(asking: Caller, token: str) -> str:
    """Return the number of the record: one of its own, or the one that the caller's token leads to."""
    word = f"{asking.by}\t{token}" if token else str(ids.uuid7())
    return f"N{hashlib.sha256(word.encode()).hexdigest()[:16].upper()}"


def _known(number: str) -> str:
    copies = Live()
    if not copies.ready():
        return ""
    rows = copies.rows(
        "SELECT d.id FROM keys k JOIN documents d ON d.person = k.person WHERE k.value = %s AND k.kind = 'record'",
        [reference_key(number)],
    )
    return str(rows[0][0]) if rows else ""


def not_erased(asking: Caller, key: int, *, entity: str, brand: str, email: str, phone: str) -> None:
    """Raise Refused when the address, the number or the record belonged to somebody who was erased."""
    barred = suppressions.checker()
    row = pa.table({"record_key": [key], "entity": [entity], "email": [email or None], "phone": [phone or None]})
    if barred is not None and any(barred(row)):
        with transaction.atomic():  # whoever tries address after address leaves a trace
            audit.record("person.refuse", by=asking.by, entity=entity, brand=brand)
        raise Refused(
            "This address or number belonged to somebody who was erased: it is not written down again.",
            hint="If they now want to be known, ask whoever looks after privacy.",
        )


def built_in(at: datetime, *, sample: bool) -> None:
    """Make the built-in source when the first person is created; it is no sample once a real entity uses it."""
    columns = ("source_id", "given_name", "family_name", "email", "phone", "created_at", "updated_at")
    definition = {
        "source": BUILT_IN, "system": BUILT_IN, "title": {"fr": "Filrouge", "en": "Filrouge"}, "kind": BUILT_IN,
        "place": "", "entity": {"column": "entity"}, "brand": {"column": "brand"}, "reads": "person_records",
        "key": ["source_id"], "map": {name: name for name in columns},
    }  # fmt: skip
    row, _ = Source.objects.get_or_create(
        name=BUILT_IN,
        defaults={
            "system": BUILT_IN, "kind": BUILT_IN, "reads": "person_records", "spec": definition, "sample": sample,
        },
    )  # fmt: skip
    Source.objects.filter(pk=row.pk).update(as_of=at, sample=row.sample and sample)


def _stage(run: Run, said: Newcomer, number: str, key: int, person: str, at: datetime) -> dict[str, dict[str, Any]]:
    """Write the record, its raw form, its link, the person and their values among the staged files."""
    where = {"source": BUILT_IN, "entity": said.entity, "brand": said.brand, "record_key": key}
    stamp = {"run_id": str(run.id), "recorded_at": at}
    raw = as_json({**asdict(said), "source_id": number, "created_at": at})
    facts = {name: value or None for name, value in asdict(said).items()}
    record = {**where, **stamp, **facts, "source_id": number, "created_at": at, "updated_at": at}
    records = _rows("person_records", record)
    owned = pa.table({"record_key": pa.array([key], pa.int64()), "person": [person]})
    engine = open_engine(scratch=runs.staging(run) / "scratch")
    try:
        people = identity.people(engine.con, records, owned, spec=spec())
        golden = identity.golden(engine.con, records, owned, spec=spec())
    finally:
        engine.close()
    staged = {
        "source_records": _rows(
            "source_records",
            {**where, **stamp, "source_id": number, "kind": "person_records", "raw": raw,
             "row_hash": hashlib.sha256(raw.encode()).hexdigest()},
        ),
        "person_records": records,
        "links": _rows(
            "links",
            {**where, **stamp, "person": person, "decision": "human", "rule": run.by, "evidence": "{}",
             "decided_at": at},
        ),
        "people": _rows("people", *({**row, **stamp} for row in people.to_pylist())),
        "golden_values": _rows("golden_values", *({**row, **stamp} for row in golden.to_pylist())),
    }  # fmt: skip
    return {name: {"append": [runs.stage(run, f"{name}.parquet", rows)]} for name, rows in staged.items()}


def _rows(table: str, *rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(table))
