"""Rules that make follow-ups: kept, tried, switched off, and worked by the worker; never twice for the same cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import ibis
import pyarrow as pa
from django.db import transaction
from django.utils.text import slugify

from filrouge.base import clock
from filrouge.base.errors import Conflict, FilrougeError, Refused, UsageError
from filrouge.domain.followups.promises import Promised, contradicted
from filrouge.domain.followups.rules import CHANNELS, READS, Spec, found
from filrouge.domain.privacy.caller import OWNER, Caller
from filrouge.store.live import Live, number
from filrouge.store.models import Brand, Entity, FollowUp, FollowUpRule, Promise, Segment, User
from filrouge.store.queries import followup_rules as queries
from filrouge.store.queries import segments
from filrouge.work import access, audit, consents, promises
from filrouge.work.lengths import fits
from filrouge.work.segments.desk import Desk

BATCH = 1_000
BARRED = "promised"


@dataclass(frozen=True)
class Due:
    """A follow-up that a rule would make: for whom, for what cause, what is at stake."""

    person: str
    cause: str
    amount: float | None
    currency: str


@dataclass(frozen=True)
class Tried:
    """What a rule would do now: ``found`` causes in all, ``due`` those to be made, ``held`` back by reason."""

    found: int
    known: int
    due: tuple[Due, ...]
    held: Mapping[str, int]
    later: int


def keep(asking: Caller, spec: Any, *, title: str, entity: str, brand: str = "", name: str = "") -> FollowUpRule:
    """Keep a rule, or change the one called ``name``.

    Raises DefinitionError with every fault, UsageError, Refused when the caller does not act for the entity.
    """
    access.must(asking, *queries.RULERS, scope="people:write")
    checked = Spec.parse(spec, what=title or "rule")
    titled = fits(" ".join(title.split()), 120)
    if not titled:
        raise UsageError("A rule needs a title.", hint="Say in a few words what it is for.")
    _placed(asking, entity, brand)
    _points(asking, checked)
    with transaction.atomic():
        row = queries.rule(asking, name, *queries.RULERS) if name else FollowUpRule(name=_free(titled), by=asking.by)
        row.title, row.entity, row.brand, row.spec = titled, entity, brand, checked.dump() | {"when": checked.when}
        row.edited_by, row.edited_at = asking.by, clock.now()
        row.save()
        audit.record("rule.keep", by=asking.by, kind="rule", subject=row.name, entity=entity, brand=brand)
    return row


def switch(asking: Caller, name: str, *, on: bool) -> FollowUpRule:
    """Switch a rule off, or on again."""
    access.must(asking, *queries.RULERS, scope="people:write")
    row = queries.rule(asking, name, *queries.RULERS)
    with transaction.atomic():
        row.off_at = None if on else clock.now()
        row.save(update_fields=["off_at"])
        audit.record("rule.on" if on else "rule.off", by=asking.by, kind="rule", subject=name)
    return row


def remove(asking: Caller, name: str) -> None:
    """Delete a rule; what it made stays."""
    access.must(asking, *queries.RULERS, scope="people:write")
    row = queries.rule(asking, name, *queries.RULERS)
    with transaction.atomic():
        FollowUpRule.objects.filter(pk=row.pk).delete()
        audit.record("rule.remove", by=asking.by, kind="rule", subject=name)


def attempt(asking: Caller, spec: Any, *, entity: str, brand: str = "", name: str = "") -> Tried:
    """Say what a rule would make now; nothing is made."""
    access.must(asking, *queries.READERS, scope="people:read")
    checked = Spec.parse(spec, what=name or "rule")
    _placed(asking, entity, brand)
    _points(asking, checked)
    with Desk() as desk:
        return _tried(desk, checked, name, entity, brand)


def run(*, by: str, name: str = "") -> int:
    """Work every rule that is on (or one); return how many follow-ups were made. One that fails keeps why."""
    promises.expire()
    rows = FollowUpRule.objects.filter(off_at=None)
    rows = rows.filter(name=name) if name else rows
    made = 0
    if not rows or not Live().ready():
        return 0
    with Desk() as desk:
        for row in rows:
            try:
                count = _work(desk, row, by)
            except FilrougeError as error:
                FollowUpRule.objects.filter(pk=row.pk).update(trouble=error.plain(), worked_at=clock.now())
            else:
                made += count
    return made


def _work(desk: Desk, row: FollowUpRule, by: str) -> int:
    spec = Spec.parse(row.spec, what=row.name)
    tried = _tried(desk, spec, row.name, row.entity, row.brand)
    owners = _owners(spec, row.entity, [one.person for one in tried.due])
    due_at = desk.at + timedelta(days=spec.due_in, hours=1)
    rows = [
        FollowUp(
            person=one.person, entity=row.entity, brand=row.brand, by=f"rule {row.name}"[:100], kind=spec.kind,
            subject=spec.subject, due_at=due_at, owner=owners.get(one.person, spec.owner_name)[:100], rule=row.name,
            cause=one.cause[:160], amount=None if one.amount is None else round(one.amount, 2),
            currency=one.currency[:3] if one.amount is not None else "",
        )
        for one in tried.due
    ]  # fmt: skip
    with transaction.atomic():
        for start in range(0, len(rows), BATCH):
            FollowUp.objects.bulk_create(rows[start : start + BATCH], ignore_conflicts=True)
        FollowUpRule.objects.filter(pk=row.pk).update(worked_at=desk.at, made=len(rows), trouble={})
        if rows:
            audit.record("rule.work", by=by, kind="rule", subject=row.name, count=len(rows), entity=row.entity)
    return len(rows)


def _tried(desk: Desk, spec: Spec, name: str, entity: str, brand: str) -> Tried:
    """Find whom a rule is for, leave out causes that were worked, and those whom something holds back."""
    ids = desk.laid.ids
    owners = desk.laid.owned.join(ids, "person").select(person_key="record_key", id="id")
    scores = desk.read("scores")
    table = scores if spec.when == "score" else desk.read(READS[spec.when])
    every = found(spec, table, owners, scores, entity=entity, brand=brand, at=desk.at)
    worked = FollowUp.objects.filter(rule=name).values_list("person", "cause") if name else ()
    total = desk.count(every)
    fresh = every
    if worked:
        leads = Live().current_of({person for person, _ in worked if person})
        pairs = pa.table(
            {"person": [leads.get(person, person) for person, _ in worked], "cause": [cause for _, cause in worked]},
            schema=pa.schema([("person", pa.string()), ("cause", pa.string())]),
        )
        fresh = every.anti_join(desk.engine.load("worked", pairs), ["person", "cause"])
    left = desk.count(fresh) if worked else total
    order = [ibis.desc(ibis.coalesce(fresh.amount, -1.0)), fresh.person, fresh.cause]
    held: Counter[str] = Counter()
    due: list[Due] = []
    # whoever is held back leaves their place to the next, twice as many being looked at
    for row in _allowed(desk.rows(fresh.order_by(order).limit(spec.most * 2)), spec, entity, brand, held, desk):
        if len(due) < spec.most:
            due.append(row)
    return Tried(total, total - left, tuple(due), dict(held), max(0, left - len(due) - sum(held.values())))


def _allowed(
    rows: Sequence[Mapping[str, Any]], spec: Spec, entity: str, brand: str, held: Counter[str], desk: Desk
) -> list[Due]:
    """Return those whom nothing holds back: may_i for the channel, and no promise not to."""
    live, channel = Live(), CHANNELS[spec.kind]
    leads = live.current_of({row["person"] for row in rows})
    does = "call" if spec.kind == "call" else "contact"
    told: list[Due] = []
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        people = sorted({leads[row["person"]] for row in some})
        documents = live.documents([number(person) for person in people])
        known = {person: documents[number(person)] for person in people if number(person) in documents}
        said = consents.may_i_all(known, entity=entity, brand=brand, purpose=spec.purpose, channel=channel, at=desk.at)
        promised: dict[str, list[Promised]] = {}
        for one in Promise.objects.filter(state="open", entity=entity, person__in=_aliases(live, people)):
            promised.setdefault(live.current(one.person), []).append(one.promised)
        for row in some:
            person = leads[row["person"]]
            if person not in known:
                held["unknown_person"] += 1
            elif not said[person].allow:
                held[said[person].reason] += 1
            elif contradicted(promised.get(person, ()), entity=entity, does=does, at=desk.at):
                held[BARRED] += 1
            else:
                told.append(Due(person, row["cause"], row["amount"], row["currency"] or ""))
    return told


def _aliases(live: Live, people: Sequence[str]) -> list[str]:
    return [alias for aliases in live.aliases_of(people).values() for alias in aliases]


def _owners(spec: Spec, entity: str, people: Sequence[str]) -> dict[str, str]:
    """Return whose each follow-up is: whoever of the entity worked for the person last, or the one the rule names."""
    if spec.owner != "person":
        return {}
    rows = FollowUp.objects.filter(person__in=list(people), entity=entity).exclude(owner="").order_by("due_at")
    return dict(rows.values_list("person", "owner"))


def _placed(asking: Caller, entity: str, brand: str) -> None:
    if not Entity.objects.filter(slug=entity).exists() or (brand and not Brand.objects.filter(slug=brand).exists()):
        raise UsageError("A rule stands for an entity, or a brand of it.", hint="Choose one of yours.")
    held = asking.perimeter.acts(entity, brand, *queries.RULERS) if brand else (
        asking.perimeter.everything or entity in asking.perimeter.holds(*queries.RULERS)
    )  # fmt: skip
    if not held:
        raise Refused("You do not act for {entity}.", hint="Choose an entity of yours.", entity=entity[:60])


def _points(asking: Caller, spec: Spec) -> None:
    """Raise unless the segment and the user that a rule names exist for its writer."""
    if spec.when == "segment" and not Segment.objects.filter(name=spec.segment, archived_at=None).exists():
        raise UsageError("No segment is called {name}.", name=spec.segment)
    if spec.when == "segment" and asking is not OWNER:
        segments.segment(spec.segment, asking)
    if spec.owner == "user" and not User.objects.filter(email=spec.owner_name, is_active=True).exists():
        raise UsageError("No account is called {name}.", hint="Write its e-mail address.", name=spec.owner_name)


def _free(title: str) -> str:
    base = slugify(title)[:50].strip("-") or "rule"
    taken = set(FollowUpRule.objects.filter(name__startswith=base).values_list("name", flat=True))
    for count in range(1, 1_000):
        name = base if count == 1 else f"{base}-{count}"
        if name not in taken:
            return name
    raise Conflict("Too many rules have this title.", hint="Choose another one.")
