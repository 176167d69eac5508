"""Companies that were bought, for whoever acts for the buyer or for them: how each step stands, what was counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from filrouge.base.errors import NotFound
from filrouge.domain import acquisitions as rules
from filrouge.domain.kpis import Span, TimeToIntegrate, time_to_integrate
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import CHANNELS
from filrouge.store.models import (
    BUILT_IN,
    COLLECT,
    Acquisition,
    Agreement,
    Brand,
    Entity,
    Run,
    Source,
    SourceDraft,
    User,
)
from filrouge.store.queries.drafts import brands_of, entities_of
from filrouge.store.queries.sources import entities_named

READERS = ("engineer", "executive", "privacy")
KEEPERS = ("engineer",)  # who starts one, names its systems, has it go live
UNASKED = (BUILT_IN, COLLECT)  # kinds of sources that nothing is read from


@dataclass(frozen=True)
class Line:
    """A step as it stands, with what was said of it."""

    step: rules.Step
    state: rules.State
    said: rules.Said
    owner: str = ""  # name of whoever has it in hand

    def late(self, today: date) -> bool:
        return self.said.due is not None and self.said.due < today and self.state not in ("done", "without")


@dataclass(frozen=True)
class Checklist:
    """An acquisition with every step, its clock, and what the installation says."""

    row: Acquisition
    facts: rules.Facts
    lines: tuple[Line, ...]
    span: Span

    @property
    def next(self) -> Line | None:
        """The first step that is still open: a late one before the others."""
        waits = [line for line in self.lines if line.state not in ("done", "without")]
        return min(waits, key=lambda line: line.said.due or date.max, default=None)

    @property
    def done(self) -> int:
        return sum(line.state in ("done", "without") for line in self.lines)


def reads(asking: Caller, row: Acquisition) -> bool:
    """Tell whether a role that reads is held for the buyer or the bought company, for one of its brands at least."""
    return asking.perimeter.everything or any(
        rule.role in (*READERS, "administrator")
        and {row.parent, row.entity} & rule.own
        and (not rule.brands or rule.brands & set(row.brands))
        for rule in asking.perimeter.rules
    )


def acts(asking: Caller, row: Acquisition, *roles: str) -> bool:
    """Tell whether one of ``roles`` is held for the buyer or for the bought company, for all of its brands."""
    return asking.perimeter.everything or any(
        rule.role in (*roles, "administrator")
        and {row.parent, row.entity} & rule.own
        and (not rule.brands or rule.brands >= set(row.brands))
        for rule in asking.perimeter.rules
    )


def acquisitions(asking: Caller) -> list[Acquisition]:
    """Return the acquisitions that the caller may know of, the last started first."""
    return [row for row in Acquisition.objects.select_related("owner") if reads(asking, row)]


def acquisition(slug: str, asking: Caller) -> Acquisition:
    """Return one. Raises NotFound when there is none, or none of theirs."""
    row = Acquisition.objects.select_related("owner").filter(slug=slug[:60]).first()
    if row is None or not reads(asking, row):
        raise NotFound("No acquisition is called {name}.", name=slug[:60])
    return row


def checklist(row: Acquisition, *, at: datetime) -> Checklist:
    """Return every step of an acquisition as it stands."""
    facts = facts_of(row, at=at)
    told = {
        step.code: (
            rules.Said(
                "done" if step.state == "done" else "without" if step.state == "without" else "", step.note, step.by,
                step.at, str(step.owner_id or ""), step.due_on,
            ),
            step.owner.name if step.owner else "",
        )
        for step in row.steps.select_related("owner")
    }  # fmt: skip
    lines = []
    for step in rules.asked(facts.nature):
        said, owner = told.get(step.code, (rules.Said(), ""))
        lines.append(Line(step, rules.stands(step, facts, said), said, owner))
    return Checklist(row, facts, tuple(lines), span(row))


def span(row: Acquisition) -> Span:
    """Return the clock of an acquisition."""
    return Span(row.name, row.started_on, row.target_on, row.live_at.date() if row.live_at else None)


def figure(rows: list[Acquisition], *, today: date) -> TimeToIntegrate:
    """Return the time to integrate, over ``rows``."""
    return time_to_integrate([span(row) for row in rows], today=today)


def facts_of(row: Acquisition, *, at: datetime) -> rules.Facts:
    """Return what the installation says of a bought company, its last counts included."""
    owned = dict(Brand.objects.filter(slug__in=row.brands).values_list("slug", "entity__slug"))
    figures = row.figures
    return rules.Facts(
        nature="share" if row.nature == "share" else "asset",
        entity=Entity.objects.filter(slug=row.entity).exists(),
        brands={slug: owned.get(slug) == row.entity for slug in row.brands},
        agreements=tuple(one for one in agreements(row) if one.in_force(at)),
        systems=systems(row),
        measured=row.measured_at is not None,
        people=int(figures.get("people", 0)),
        consents=sum(count for _, _, count in figures.get("consents", ())),
        leaks=sum(int(line.get("leaks", 0)) for line in figures.get("asked", ())),
        reviews=sum(line[3] for line in figures.get("reviews", ())),
    )


def agreements(row: Acquisition) -> list[rules.Open]:
    """Return every sharing agreement that names the entity; none after an asset purchase, which brings no entity."""
    if row.nature == Acquisition.Nature.ASSET:
        return []
    rows = Agreement.objects.select_related("giver", "receiver").filter(
        Q(giver__slug=row.entity) | Q(receiver__slug=row.entity)
    )
    return [
        rules.Open(
            one.giver.slug, one.receiver.slug, one.category, one.purpose, one.valid_from, one.valid_until, one.evidence
        )
        for one in rows
    ]  # fmt: skip


def systems(row: Acquisition) -> tuple[rules.System, ...]:
    """Return the systems that are to come, and those that are there though nobody named them, each as far as it is.

    A source whose rows name their entity counts for a system that was named: it may hold others' rows too.
    """
    every = [one for one in Source.objects.exclude(kind__in=UNASKED) if row.entity in entities_named(one)]
    own = [one for one in every if one.entity == row.entity and one.brand in row.brands]
    sources = [one for one in every if one.brand in ("", *row.brands)]
    read: dict[str, datetime] = {}
    for name, when in Run.objects.filter(
        source_name__in=[one.name for one in sources], kind="import", state=Run.State.COMMITTED, lookup=False
    ).values_list("source_name", "finished_at"):
        if when is not None:
            read[name] = max(when, read.get(name, when))
    open_drafts = SourceDraft.objects.exclude(state=SourceDraft.State.DONE)
    drafts = [
        one for one in open_drafts if row.entity in entities_of(one) and not {*brands_of(one)}.isdisjoint(row.brands)
    ]
    named = [(one["name"], one.get("title") or one["name"]) for one in row.systems]
    there = {one.system for one in own} | {_system(draft) for draft in drafts}
    unnamed = [(name, name) for name in sorted(there) if not any(_is(name, wanted) for wanted, _ in named)]
    found = []
    for name, title in [*named, *unnamed]:
        mine = [one for one in sources if _is(one.system, name) or one.name == name]
        waiting = [draft for draft in drafts if _is(_system(draft), name)]
        dates = [read[one.name] for one in mine if one.name in read]
        scheduled = [
            one for one in mine if one.name in read and one.enabled and (one.spec.get("expect") or {}).get("every")
        ]
        progress = "scheduled" if scheduled else "imported" if dates else "prepared" if mine or waiting else "awaited"
        tried = next((draft.tried for draft in waiting if draft.tried), None)
        found.append(
            rules.System(
                name, title, progress, (name, title) in named, tuple(one.name for one in mine),
                tuple(str(draft.pk) for draft in waiting), _counts(tried), max(dates, default=None),
            )
        )  # fmt: skip
    return tuple(found)


def overlap(row: Acquisition, asking: Caller) -> list[dict[str, Any]]:
    """Return the people whom other brands know too, as last counted: where the caller sees both brands."""
    waiting = {(brand, entity, other): count for brand, entity, other, count in row.figures.get("reviews", ())}
    lines = [
        dict(line) | {"reviews": waiting.pop((line["brand"], line["entity"], line["other"]), 0)}
        for line in row.figures.get("overlap", ())
    ]
    lines += [
        {"brand": brand, "entity": entity, "other": other, "people": 0, "through": 0, "kinds": {}, "decisions": {},
         "reviews": count}
        for (brand, entity, other), count in waiting.items()
    ]  # fmt: skip
    held = row.figures.get("brands", {})
    sees = asking.perimeter.sees
    return [
        line | {"share": line["people"] / held[line["brand"]] if held.get(line["brand"]) else 0.0}
        for line in lines
        if sees(row.entity, line["brand"]) and sees(line["entity"], line["other"])
    ]


def consents(row: Acquisition, asking: Caller) -> list[tuple[str, dict[str, int]]] | None:
    """Return what people said to the company itself, by channel and state; None where it is not open to the caller."""
    if not any(asking.perimeter.sees(row.entity, brand, "consent") for brand in row.brands):
        return None
    found: dict[str, dict[str, int]] = {}
    for channel, state, count in row.figures.get("consents", ()):
        found.setdefault(channel, {})[state] = count
    order = {channel: place for place, channel in enumerate((*CHANNELS, "*"))}
    return sorted(found.items(), key=lambda pair: (order.get(pair[0], 99), pair[0]))


def people_of(row: Acquisition, asking: Caller) -> int | None:
    """Return how many people the bought brands know, None where that is not open to the caller."""
    if not row.brands or not all(asking.perimeter.sees(row.entity, brand) for brand in row.brands):
        return None
    return int(row.figures.get("people", 0))


def plain(told: Checklist, asking: Caller, *, today: date) -> dict[str, Any]:
    """Return an acquisition for a program: its clock, each step, what was counted where it is open to the caller."""
    row, facts = told.row, told.facts
    return {
        **brief(told, today=today),
        "steps": [
            {"code": line.step.code, "state": line.state, "answered_by": "person" if line.step.said else "installation",
             "roles": list(line.step.roles), "law": line.step.law.get(facts.nature), "note": line.said.note,
             "by": line.said.by or None, "at": line.said.at, "owner": line.owner or None, "due": line.said.due,
             "late": line.late(today)}
            for line in told.lines
        ],
        "systems": [asdict(one) for one in facts.systems],
        "agreements": [asdict(one) for one in facts.agreements],
        "measured_at": row.measured_at,
        "people": people_of(row, asking) if facts.measured else None,
        "consents": (held := consents(row, asking)) and dict(held),
        "asked": list(row.figures.get("asked", ())) if held is not None else None,
        "leaks": facts.leaks,
        "overlap": overlap(row, asking),
    }  # fmt: skip


def brief(told: Checklist, *, today: date) -> dict[str, Any]:
    """Return the clock of an acquisition and where it stands, for a program."""
    row, waits = told.row, told.next
    return {
        "name": row.slug, "title": row.name, "nature": row.nature, "parent": row.parent, "entity": row.entity,
        "brands": list(row.brands), "started_on": row.started_on, "target_on": row.target_on,
        "days": told.span.days(today), "days_left": told.span.left(today),
        "owner": row.owner.name if row.owner else None,
        "done": told.done, "of": len(told.lines), "next": waits.step.code if waits else None,
        "live_at": row.live_at, "live_by": row.live_by or None, "live_open": list(row.live_open),
        "live_reason": row.live_reason,
    }  # fmt: skip


def buyers(asking: Caller) -> list[Entity]:
    """Return the entities for the whole of which the caller may say what they bought."""
    rows = list(Entity.objects.all())
    held = asking.perimeter.holds(*KEEPERS)
    return [row for row in rows if asking.perimeter.everything or row.slug in held]


def known() -> list[tuple[Entity, list[Brand]]]:
    """Return every entity that is known here with its brands, by name: a company that was bought may be one of them."""
    return [(row, list(row.brands.order_by("name"))) for row in Entity.objects.order_by("name")]


def owners() -> list[User]:
    """Return the accounts that may have a step in hand: those who read acquisitions."""
    return list(
        User.objects.filter(is_active=True, grants__role__in=(*READERS, "administrator")).distinct().order_by("name")
    )


def mine(asking: Caller, *, at: datetime) -> list[tuple[Acquisition, Line]]:
    """Return the open steps that the caller has in hand, of acquisitions under way."""
    found = []
    if asking.user_id and asking.has(*READERS):
        for row in acquisitions(asking):
            if row.live_at is None and row.steps.filter(owner=UUID(asking.user_id)).exists():
                lines = checklist(row, at=at).lines
                found += [(row, line) for line in lines if line.said.owner == asking.user_id
                          and line.state not in ("done", "without")]  # fmt: skip
    return found


def _system(draft: SourceDraft) -> str:
    said: Mapping[str, Any] = draft.spec
    return str(said.get("system") or str(said.get("source", "")).split("_")[0])


def _is(system: str, wanted: str) -> bool:
    return system == wanted or system.startswith((f"{wanted}_", f"{wanted}-"))


def _counts(tried: Mapping[str, Any] | None) -> dict[str, int] | None:
    """Return the counts of a dry run: of its numbers alone, wherever it keeps them."""
    if not tried:
        return None
    held = tried.get("counts") if isinstance(tried.get("counts"), dict) else tried
    return {
        name: value for name, value in (held or {}).items() if isinstance(value, int) and not isinstance(value, bool)
    }
