"""The checklist of a bought company: what is asked, of whom, by which rule, and what the installation itself answers.

A share purchase leaves the bought company the controller of its own data; an asset purchase makes the buyer the
controller of what it takes over. Rules stand here with their source, to be confirmed by the data protection officer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Nature = Literal["share", "asset"]
State = Literal["todo", "under_way", "done", "wrong", "without"]
NATURES: tuple[Nature, ...] = ("share", "asset")
# How far a system has come, from the first to the last.
PROGRESS = ("awaited", "prepared", "imported", "scheduled")


@dataclass(frozen=True)
class Step:
    """One thing of the checklist: who may say it is done (nobody: the installation answers), by which rules."""

    code: str
    roles: tuple[str, ...] = ("engineer",)  # who answers for it: says it is done, or does not apply
    said: bool = False  # by a person; else the installation answers
    law: Mapping[Nature, str] = field(default_factory=dict)
    only: Nature | None = None


STEPS: tuple[Step, ...] = (
    Step(
        "controller", ("privacy",), said=True,
        law={
            "share": "GDPR art. 4(7): a company bought by its shares stays the controller of its own data",
            "asset": "GDPR art. 4(7): whoever takes a customer file over becomes its controller",
        },
    ),
    Step("entity"),
    Step("brand"),
    Step(
        "informed", ("privacy",), said=True,
        law={
            "share": "GDPR art. 13(3), 14(4): people are told before their data serve another purpose",
            "asset": "GDPR art. 14(3): people are told within a month, and at the first message at the latest",
        },
    ),
    Step(
        "sorted", ("privacy",), said=True, only="asset",
        law={"asset": "GDPR art. 5(1)(e), 21(2): whoever objected, and whoever is kept too long, is not handed over"},
    ),
    Step(
        "agreements", ("engineer", "privacy"),
        law={"share": "GDPR art. 6: between two controllers, what is shared rests on an agreement for a purpose"},
    ),
    Step("systems"),
    Step("dry_run"),
    Step(
        "consents", ("engineer", "privacy"),
        law={
            "share": "GDPR art. 4(11), 7(1): consent names its controller, and does not travel within a group",
            "asset": "CPCE art. L34-5: consent to messages is given to a named sender, and has to be asked for again",
        },
    ),
    Step("overlap"),
)  # fmt: skip


@dataclass(frozen=True)
class System:
    """One system that is to come, or came: how far it is, where to look, and what its last dry run counted."""

    name: str
    title: str
    progress: str
    expected: bool = True  # named in the checklist; else it is there all the same
    sources: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    tried: Mapping[str, int] | None = None
    read_at: datetime | None = None


@dataclass(frozen=True)
class Open:
    """A sharing agreement that names the entity: which way, for which purpose, since and until when."""

    giver: str
    receiver: str
    category: str
    purpose: str
    since: datetime
    until: datetime | None
    evidence: str

    def in_force(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Facts:
    """What the installation itself says of a bought company."""

    nature: Nature
    entity: bool = False
    brands: Mapping[str, bool] = field(default_factory=dict)  # whether each is there, and of the entity
    agreements: tuple[Open, ...] = ()  # in force
    systems: tuple[System, ...] = ()
    measured: bool = False
    people: int = 0
    consents: int = 0
    leaks: int = 0  # people whom the buyer may reach only by what they said to the bought company
    reviews: int = 0  # doubtful pairs with other brands that wait


@dataclass(frozen=True)
class Said:
    """What a person said of a step."""

    state: Literal["", "done", "without"] = ""
    note: str = ""
    by: str = ""
    at: datetime | None = None
    owner: str = ""  # id of an account
    due: date | None = None


def asked(nature: Nature) -> tuple[Step, ...]:
    """Return the steps that a purchase of this nature asks for."""
    return tuple(step for step in STEPS if step.only in (None, nature))


def step(code: str) -> Step | None:
    """Return the step called ``code``, None when there is none."""
    return next((one for one in STEPS if one.code == code), None)


def stands(step: Step, facts: Facts, said: Said) -> State:
    """Return how a step stands: by what a person said where they may, else by the installation.

    A leak of consents is told whatever was said.
    """
    if step.code == "consents" and facts.leaks:
        return "wrong"
    if said.state == "without":
        return "without"
    if step.said:
        return "done" if said.state == "done" else "todo"
    return _answered(step.code, facts)


def _answered(code: str, facts: Facts) -> State:
    if code == "entity":
        return "done" if facts.entity else "todo"
    if code == "brand":
        return _share(list(facts.brands.values()))
    if code == "agreements":
        if facts.nature == "asset":  # one controller: there is nobody to share with
            return "without"
        return "done" if facts.agreements else "todo"
    if code == "systems":
        far = [PROGRESS.index(one.progress) for one in facts.systems]
        whole = _share([place >= PROGRESS.index("imported") for place in far])
        return "under_way" if whole == "todo" and any(far) else whole
    if code == "dry_run":
        return _share([one.tried is not None or one.progress in ("imported", "scheduled") for one in facts.systems])
    if code == "consents":
        return "done" if facts.measured and facts.consents else "todo"
    if code == "overlap":
        if not (facts.measured and facts.people):
            return "todo"
        return "under_way" if facts.reviews else "done"
    return "todo"


def _share(parts: Sequence[bool]) -> State:
    if parts and all(parts):
        return "done"
    return "under_way" if any(parts) else "todo"


def still_open(facts: Facts, said: Mapping[str, Said]) -> tuple[str, ...]:
    """Return the steps that are neither done nor without object, in their order."""
    return tuple(
        one.code
        for one in asked(facts.nature)
        if stands(one, facts, said.get(one.code, Said())) not in ("done", "without")
    )
