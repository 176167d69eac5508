"""Segments kept, changed, put away and deleted; every version stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, DefinitionError, Phrase, Refused, UsageError
from filrouge.domain import segments
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import CHANNELS, PURPOSES
from filrouge.domain.segments import check
from filrouge.domain.segments.fields import WITHOUT_VALUE, field
from filrouge.domain.segments.spec import InList, Person, Score
from filrouge.store import members
from filrouge.store.live import Live
from filrouge.store.models import Brand, Entity, Segment, SegmentVersion
from filrouge.store.queries import segments as found
from filrouge.tables import TABLES
from filrouge.work import access, audit, runs
from filrouge.work.lengths import OWNER, fits
from filrouge.work.segments.desk import Desk, Scope

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def keep(
    asking: Caller, name: str, *, spec: Any, entity: str, title: str = "", description: str = "", brand: str = "",
    purpose: str = "marketing", channel: str = "", kind: str = "dynamic", owner: str = "",
) -> Segment:  # fmt: skip
    """Keep a segment under ``name``, or its next version when there is one; rules that did not change make none.

    Raises DefinitionError with every fault at once, Refused when the caller does not act for the entity and the brand,
    Conflict when a segment of another entity has that name.
    """
    access.must(asking, *found.WRITERS, scope="segments:write")
    if not NAME.fullmatch(name):
        raise UsageError(
            "A segment’s name has small letters, digits and hyphens, 60 at most.", hint="For instance: engaged-readers."
        )
    scope = allowed(asking, Scope(entity, brand, purpose, channel), writing=True)
    if kind not in Segment.Kind.values:
        raise UsageError("A segment is dynamic or frozen.", hint="A frozen one keeps the people of its first build.")
    held = Segment.objects.filter(name=name).first()
    if held is not None and not found.reads(asking, held.entity, held.brand, *found.WRITERS):
        raise Conflict("The name {name} is taken.", hint="Choose another one.", name=name)
    checked = parsed(asking, spec, scope, name=name)
    with transaction.atomic():
        row = Segment.objects.select_for_update().filter(name=name).first()
        if row is None:
            row = Segment(name=name, by=asking.by, version=0, spec={})
        changed = row.spec != checked.dump()
        row.title, row.description = fits(" ".join(title.split()), 120) or row.title or name, fits(description, 500)
        row.entity, row.brand, row.purpose, row.channel = scope.entity, scope.brand, scope.purpose, scope.channel
        row.kind, row.owner = kind, fits(owner, OWNER) or row.owner or asking.name
        row.edited_by, row.edited_at, row.spec = asking.by, clock.now(), checked.dump()
        row.version += changed
        row.save()
        if changed:
            SegmentVersion.objects.create(segment=row, version=row.version, spec=row.spec, by=asking.by)
        audit.record(
            "segment.keep", by=asking.by, kind="segment", subject=name, version=row.version, rules=_count(checked),
            entity=entity, brand=brand, purpose=purpose,
        )  # fmt: skip
    return row


def archive(asking: Caller, name: str, *, back: bool = False) -> Segment:
    """Put a segment away: it is listed and built no more; or take it ``back``.

    Raises NotFound, Refused, Conflict when something rests on it.
    """
    row = own(asking, name)
    if not back:
        _alone(name)
    with transaction.atomic():
        row.archived_at = None if back else clock.now()
        row.save(update_fields=["archived_at"])
        audit.record("segment.restore" if back else "segment.archive", by=asking.by, kind="segment", subject=name)
    return row


def remove(asking: Caller, name: str) -> None:
    """Delete a segment, its versions, and who was in it.

    Raises NotFound, Refused, Conflict when something rests on it.
    """
    row = own(asking, name)
    _alone(name)
    with runs.writing():
        with transaction.atomic():
            audit.record("segment.remove", by=asking.by, kind="segment", subject=name, version=row.version)
            row.delete()
        runs.lake().delete("memberships", f"segment = '{name}'")  # a name holds letters, digits and hyphens only
    copies = Live()
    if copies.ready():
        members.forget(copies, segment=name)


def own(asking: Caller, name: str) -> Segment:
    """Return a segment that the caller may change. Raises NotFound, Refused."""
    found.segment(name, asking)
    access.must(asking, *found.WRITERS, scope="segments:write")
    return found.segment(name, asking, *found.WRITERS)


def _alone(name: str) -> None:
    if resting := found.dependants(name):
        raise Conflict(
            "The segment {name} cannot go: others rest on it.",
            hint="Change these first: {those}.", name=name,
            those=", ".join(one.name for one in resting[:20]),
        )  # fmt: skip


def allowed(asking: Caller, scope: Scope, *, writing: bool = False) -> Scope:
    """Return ``scope``, which the caller may act for. Raises UsageError when it means nothing, Refused."""
    if not Entity.objects.filter(slug=scope.entity).exists():
        raise UsageError("No entity is called {entity}.", hint="Choose one of the group.", entity=scope.entity[:60])
    if scope.brand and not Brand.objects.filter(slug=scope.brand).exists():
        raise UsageError("No brand is called {brand}.", hint="Choose a brand of the group.", brand=scope.brand[:60])
    if scope.purpose not in PURPOSES:
        raise UsageError("This is no purpose.", hint="Choose one of: {known}.", known=", ".join(PURPOSES))
    if scope.channel and scope.channel not in CHANNELS:
        raise UsageError("This is no channel.", hint="Choose one of: {known}.", known=", ".join(CHANNELS))
    roles = found.WRITERS if writing else found.READERS
    if not found.reads(asking, scope.entity, scope.brand, *roles):
        where = scope.brand or scope.entity
        raise Refused("You do not act for {where}.", hint="Choose an entity and a brand of yours.", where=where)
    return scope


def parsed(asking: Caller, spec: Any, scope: Scope, *, name: str = "") -> segments.Spec:
    """Return the rules that ``spec`` writes down, which the caller may ask. Raises DefinitionError with every fault."""
    checked = segments.parse(spec, None, what=name)
    asks = any(isinstance(rule, Score) for _, rule in checked.walk())
    known = found.known(asking, name=name, entity=scope.entity if scope.brand else "", scores=scores() if asks else ())
    checked = segments.parse(checked, known, what=name)
    if asking.perimeter.role_sight("contact") != "show" and (faults := list(_shut(checked))):
        raise DefinitionError(
            "The segment {what} holds faults: {count}.", hint="Mend the places named below and try again.",
            faults=faults, what=name or "as it is written", count=len(faults),
        )  # fmt: skip
    return checked


def _shut(spec: segments.Spec) -> list[Phrase]:
    """Return the rules that would let somebody guess a value that their role does not see."""
    return [
        check.at(
            (*place, "op"), Phrase("Your role does not see {field}: ask for empty or filled only.", field=rule.field)
        )
        for place, rule in spec.walk()
        if isinstance(rule, Person)
        and (asked := field("person", rule.field)) is not None
        and asked.sensitivity == "contact"
        and rule.op not in WITHOUT_VALUE
    ]


def scores() -> Sequence[str]:
    """Return the names of the scores that there are."""
    if "scores" not in TABLES or not runs.lake().exists("scores"):
        return ()
    with Desk() as desk:
        return sorted(row["score"] for row in desk.rows(desk.read("scores").select("score").distinct()) if row["score"])


def forget(people: Sequence[str]) -> int:
    """Take ``people`` who are erased out of the lists that segments hold; return how many segments held one."""
    gone, touched = set(people), 0
    for model in (Segment, SegmentVersion):
        for row in model.objects.all():
            spec = segments.Spec.model_validate(row.spec)
            if any(isinstance(rule, InList) and gone & set(rule.people) for _, rule in spec.walk()):
                row.spec = _without(row.spec, gone)
                row.save(update_fields=["spec"])
                touched += 1
    return touched


def _without(node: Any, gone: set[str]) -> Any:
    if isinstance(node, list):
        return [_without(one, gone) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("on") == "list":
        return {**node, "people": [one for one in node["people"] if one not in gone]}
    return {key: _without(value, gone) for key, value in node.items()}


def _count(spec: segments.Spec) -> int:
    return sum(1 for _ in spec.walk())
