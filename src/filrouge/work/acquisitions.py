"""Acquisitions: started, changed, each step said done or without object, measured, live, and taken back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.domain import acquisitions as rules
from filrouge.domain.kpis import INTEGRATE_WITHIN
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Acquisition, AcquisitionStep, Entity, User
from filrouge.store.queries import acquisitions as found
from filrouge.work import access, acquisition_figures, audit

SCOPE = "sources:run"
MOST = 60  # systems, or brands, of one acquisition
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,48}[a-z0-9])?")


def start(
    asking: Caller, slug: str, *, name: str, nature: str, parent: str, entity: str = "", brands: Sequence[str] = (),
    systems: Sequence[Mapping[str, str]] = (), started_on: date | None = None, target_on: date | None = None,
    owner: str = "", sample: bool = False,
) -> Acquisition:  # fmt: skip
    """Keep that ``parent`` bought a company. Raises Refused, UsageError, NotFound, Conflict when the name is taken."""
    access.must(asking, *found.KEEPERS, scope=SCOPE)
    first = started_on or clock.now().date()
    said = _checked(
        asking, name=name, nature=nature, parent=parent, entity=entity, brands=brands, systems=systems,
        started_on=first, target_on=target_on or first + timedelta(days=INTEGRATE_WITHIN), owner=owner,
    )  # fmt: skip
    _slug(slug)
    with transaction.atomic():
        if Acquisition.objects.filter(slug=slug).exists():
            raise Conflict("There is already an acquisition called {name}.", name=slug)
        row = Acquisition.objects.create(slug=slug, sample=sample, **said)
        audit.record(
            "acquisition.add", by=asking.by, kind="acquisition", subject=slug, nature=nature, entity=row.entity
        )
    return row


def change(
    asking: Caller, slug: str, *, name: str, nature: str, parent: str, entity: str = "", brands: Sequence[str] = (),
    systems: Sequence[Mapping[str, str]] = (), started_on: date, target_on: date, owner: str = "",
) -> Acquisition:  # fmt: skip
    """Change what is known of an acquisition; what was said of its steps stands. Raises as ``start`` does."""
    with transaction.atomic():
        row = _own(asking, slug, *found.KEEPERS)
        said = _checked(asking, name=name, nature=nature, parent=parent, entity=entity, brands=brands, systems=systems,
                        started_on=started_on, target_on=target_on, owner=owner)  # fmt: skip
        if any(getattr(row, field) != said[field] for field in ("parent", "entity", "brands")):
            said |= {"figures": {}, "measured_at": None}  # they were counted of others
        for field, value in said.items():
            setattr(row, field, value)
        row.save()
        audit.record(
            "acquisition.change", by=asking.by, kind="acquisition", subject=slug, nature=nature, entity=row.entity
        )
    return row


def remove(asking: Caller, slug: str) -> None:
    """Remove an acquisition and what was said of its steps; entities and sources stay. Raises Conflict if live."""
    with transaction.atomic():
        row = _own(asking, slug, *found.KEEPERS)
        if row.live_at is not None:
            raise Conflict("{name} is live: its figure is kept.", hint="Take its going live back first.", name=row.name)
        row.delete()
        audit.record("acquisition.remove", by=asking.by, kind="acquisition", subject=slug)


def say(asking: Caller, slug: str, code: str, state: str, *, note: str = "") -> AcquisitionStep:
    """Say that a step is done or without object (``without``, with why), or take that back (empty).

    Raises Refused, NotFound, UsageError without a reason, Conflict where the installation itself answers.
    """
    if state not in AcquisitionStep.State.values:
        raise UsageError("A step is done, without object, or neither.", hint="Choose one of the three.")
    with transaction.atomic():
        row, step = _step(asking, slug, code)
        words = " ".join(note.split())[:300]
        if state == "done" and not step.said:
            raise Conflict(
                "The installation itself answers this step.", hint="It is done once what it asks for is there."
            )
        if state == "without" and not words:
            raise UsageError("Say why this step does not apply.", hint="One sentence is enough; name nobody in it.")
        kept, _ = AcquisitionStep.objects.select_for_update().get_or_create(acquisition=row, code=code)
        kept.state, kept.note = state, words if state else ""
        kept.by, kept.at = (asking.by, clock.now()) if state else ("", None)
        kept.save()
        audit.record(
            "acquisition.step", by=asking.by, kind="acquisition", subject=slug, step=code, state=state or "open"
        )
    return kept


def entrust(asking: Caller, slug: str, code: str, *, owner: str = "", due_on: date | None = None) -> AcquisitionStep:
    """Say who has a step in hand, and until when; empty, nobody has. Raises Refused, NotFound, UsageError."""
    with transaction.atomic():
        row, _ = _step(asking, slug, code, anybody=True)
        kept, _ = AcquisitionStep.objects.select_for_update().get_or_create(acquisition=row, code=code)
        kept.owner, kept.due_on = _owner(owner), due_on
        kept.save()
        audit.record(
            "acquisition.entrust", by=asking.by, kind="acquisition", subject=slug, step=code,
            owner=str(kept.owner_id or ""), due=due_on.isoformat() if due_on else "",
        )  # fmt: skip
    return kept


def measure(asking: Caller, slug: str) -> Acquisition:
    """Count anew whom a bought company knows and what its people allowed. Raises Refused, NotFound."""
    row = found.acquisition(slug, asking)
    access.must(asking, *found.READERS, scope=SCOPE)
    return _count(row, by=asking.by)


def measure_all(*, by: str) -> int:
    """Count every acquisition under way anew; return how many."""
    rows = list(Acquisition.objects.filter(live_at=None))
    for row in rows:
        _count(row, by=by)
    return len(rows)


def go_live(asking: Caller, slug: str, *, reason: str = "") -> Acquisition:
    """Say that a bought company is live, with what was still open. Its counts are taken first.

    Raises Refused, NotFound, Conflict when it is live already, or when consents leak; UsageError when something is open
    and no reason is given.
    """
    with transaction.atomic():
        row = _own(asking, slug, *found.KEEPERS)
    _count(row, by=asking.by)
    with transaction.atomic():
        row = _own(asking, slug, *found.KEEPERS)
        if row.live_at is not None:
            raise Conflict("{name} is live already.", name=row.name)
        told = found.checklist(row, at=clock.now())
        if told.facts.leaks:
            raise Conflict(
                "{name} does not go live: the buyer could reach people by what they said to the bought company.",
                hint="Look at the entity that its sources name, then measure again.", name=row.name,
            )  # fmt: skip
        waiting = [line.step.code for line in told.lines if line.state not in ("done", "without")]
        words = " ".join(reason.split())[:300]
        if waiting and not words:
            raise UsageError(
                "Steps are still open: {count}.", hint="Say why it goes live all the same.", count=len(waiting)
            )
        row.live_at, row.live_by, row.live_open, row.live_reason = clock.now(), asking.by, waiting, words
        row.save()
        audit.record("acquisition.live", by=asking.by, kind="acquisition", subject=slug, open=waiting)
    return row


def take_back(asking: Caller, slug: str) -> Acquisition:
    """Take back that a company is live: its clock runs again. Raises Refused, NotFound, Conflict when it is not."""
    with transaction.atomic():
        row = _own(asking, slug, *found.KEEPERS)
        if row.live_at is None:
            raise Conflict("{name} is not live.", name=row.name)
        row.live_at, row.live_by, row.live_open, row.live_reason = None, "", [], ""
        row.save()
        audit.record("acquisition.back", by=asking.by, kind="acquisition", subject=slug)
    return row


def _count(row: Acquisition, *, by: str) -> Acquisition:
    """Keep what is counted of an acquisition; the lake is read before anything is held."""
    counted = acquisition_figures.figures(row)
    with transaction.atomic():
        row.figures, row.measured_at = counted, clock.now()
        row.save(update_fields=["figures", "measured_at"])
        audit.record("acquisition.measure", by=by, kind="acquisition", subject=row.slug)
    return row


def _own(asking: Caller, slug: str, *roles: str) -> Acquisition:
    """Return an acquisition to act on, held until the end of the transaction. Raises NotFound, Refused."""
    found.acquisition(slug, asking)
    access.must(asking, *roles, scope=SCOPE)
    row = Acquisition.objects.select_for_update().get(slug=slug)
    if not found.acts(asking, row, *roles):
        raise Refused("Your role does not open this.", hint="Ask an administrator if you need it.")
    return row


def _step(asking: Caller, slug: str, code: str, *, anybody: bool = False) -> tuple[Acquisition, rules.Step]:
    """Return a step to act on, for those who answer for it; ``anybody``: for who keeps the checklist too."""
    row = found.acquisition(slug, asking)
    step = rules.step(code)
    if step is None or step.only not in (None, row.nature):
        raise NotFound("This checklist has no step {code}.", code=code[:40])
    return _own(asking, slug, *step.roles, *(found.KEEPERS if anybody else ())), step


def _checked(
    asking: Caller, *, name: str, nature: str, parent: str, entity: str, brands: Sequence[str],
    systems: Sequence[Mapping[str, str]], started_on: date, target_on: date, owner: str,
) -> dict[str, Any]:  # fmt: skip
    """Return the columns of an acquisition as they may be kept."""
    title = " ".join(name.split())
    if not title or len(title) > 120:
        raise UsageError("An acquisition bears the name of the company.", hint="120 letters at most.")
    if nature not in rules.NATURES:
        raise UsageError("A purchase is of shares or of assets.", hint="Choose one of the two.")
    if not Entity.objects.filter(slug=parent).exists():
        raise NotFound("No entity is called {slug}.", slug=parent[:60])
    if not (asking.perimeter.everything or parent in asking.perimeter.holds(*found.KEEPERS)):
        raise Refused("You do not act for {entity}.", hint="Choose an entity of yours.", entity=parent)
    controller = parent if nature == "asset" else _slug(entity)
    if nature == "share" and controller == parent:
        raise UsageError(
            "After a purchase of shares, the company stays an entity of its own.",
            hint="Name its entity, or choose a purchase of assets.",
        )
    if target_on < started_on:
        raise UsageError("The target is before the start.", hint="Choose a later day.")
    if len(brands) > MOST or len(systems) > MOST:
        raise UsageError("This is too many: {most} at most.", most=MOST)
    named = {_slug(one["name"]): " ".join(str(one.get("title") or one["name"]).split())[:80] for one in systems}
    return {
        "name": title, "nature": nature, "parent": parent, "entity": controller,
        "brands": list(dict.fromkeys(_slug(brand) for brand in brands)),
        "systems": [{"name": system, "title": said} for system, said in named.items()],
        "started_on": started_on, "target_on": target_on, "owner": _owner(owner),
    }  # fmt: skip


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise UsageError(
            "{name} is no short name.", hint="Write it with small letters, digits and hyphens.", name=text[:60] or "?"
        )
    return text


def _owner(said: str) -> User | None:
    """Return the account of an address or an id. Raises NotFound when it is none that reads acquisitions."""
    if not said:
        return None
    for row in found.owners():
        if said in (str(row.pk), row.email) or said.lower() == row.email:
            return row
    raise NotFound("Nobody of this account has acquisitions in hand.", hint="Choose an engineer, privacy or executive.")
