"""What a viewer may see: own entities, what agreements open for the purpose, capped to brands, narrowed by role."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import phonenumbers

PURPOSES = ("service", "contract", "marketing", "profiling", "personalisation", "analytics", "audience", "research")
CHANNELS = ("email", "sms", "phone", "push", "post", "ads", "web", "none")
CATEGORIES = ("identity", "company", "contract", "transaction", "interaction", "contact", "behaviour", "consent")

# What each role is for: the purpose under which it looks at people.
ROLE_PURPOSE: Mapping[str, str] = {
    "advisor": "service",
    "sales": "service",
    "marketer": "marketing",
    "finance": "contract",
    "privacy": "service",
    "engineer": "service",
    "executive": "analytics",
    "analyst": "analytics",
    "administrator": "service",
}

Sight = Literal["show", "mask", "hide"]

# Role × sensitivity: what is shown, masked or hidden. A sensitivity not listed is shown.
SIGHT: Mapping[str, Mapping[str, Sight]] = {
    "advisor": {"opinion": "hide"},
    "sales": {"text": "hide", "opinion": "hide"},
    "marketer": {"contact": "mask", "text": "hide", "opinion": "hide", "money": "hide", "evidence": "hide"},
    "finance": {"contact": "mask", "text": "hide", "opinion": "hide", "evidence": "hide"},
    "privacy": {},
    "engineer": {"contact": "mask", "text": "hide", "opinion": "hide", "money": "hide"},
    "executive": {
        "contact": "hide",
        "personal": "hide",
        "text": "hide",
        "opinion": "hide",
        "money": "hide",
        "evidence": "hide",
    },
    "analyst": {"contact": "mask", "text": "hide", "opinion": "hide", "money": "hide", "evidence": "hide"},
    "administrator": {},
}

PAGE_ROLES = frozenset(ROLE_PURPOSE) - {"executive"}  # those who may open one person's page


@dataclass(frozen=True)
class Grant:
    """A role for one entity (None: all of them), capped to brands when any are named."""

    role: str
    entity: str | None = None
    brands: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Agreement:
    """``giver`` opens a category of its data to ``receiver`` for a purpose, from a date until another or for good."""

    giver: str
    receiver: str
    category: str
    purpose: str
    start: datetime
    until: datetime | None = None
    evidence: str = ""

    def opens(self, *, category: str, purpose: str, at: datetime) -> bool:
        return (
            self.category in ("*", category)
            and self.purpose == purpose
            and self.start <= at
            and (self.until is None or at < self.until)
        )


@dataclass(frozen=True)
class Rule:
    """One grant worked out: entities open by category, brands it is capped to, and the entities it acts for."""

    role: str
    entities: Mapping[str, frozenset[str]]
    brands: frozenset[str]
    own: frozenset[str] = frozenset()

    def sees(self, entity: str, brand: str, category: str) -> bool:
        return entity in self.entities.get(category, frozenset()) and (not self.brands or brand in self.brands)

    def acts(self, entity: str, brand: str) -> bool:
        return entity in self.own and (not self.brands or brand in self.brands)


@dataclass(frozen=True)
class Perimeter:
    """What one caller may see, for one purpose, now. ``everything`` is the audited administrator of the machine."""

    purpose: str
    acting: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()
    everything: bool = False
    roles: frozenset[str] = field(default=frozenset())
    revealed: frozenset[str] = frozenset()  # sensitivities shown in clear all the same: for a reason, and audited

    def sees(self, entity: str, brand: str, category: str = "identity") -> bool:
        """Tell whether a fact of ``category`` collected by ``entity`` for ``brand`` is open."""
        return self.everything or any(rule.sees(entity, brand, category) for rule in self.rules)

    def acts(self, entity: str, brand: str, *roles: str) -> bool:
        """Tell whether one of ``roles`` (or administrator) is held for that entity and brand, agreements apart."""
        return self.everything or any(
            rule.role in (*roles, "administrator") and rule.acts(entity, brand) for rule in self.rules
        )

    def reads(self, entity: str, brand: str, *, due: bool = False) -> bool:
        """Tell whether the free words of an act are read; of what is ``due`` (a promise…) also by those who keep it."""
        shown = self.sight("text", entity, brand, "interaction") == "show"
        return shown or (due and self.acts(entity, brand, "advisor", "sales"))

    def holds(self, *roles: str) -> frozenset[str]:
        """Return the entities for the whole of which one of ``roles`` (or administrator) is held: no cap to brands."""
        rules = (rule for rule in self.rules if rule.role in (*roles, "administrator") and not rule.brands)
        return frozenset(entity for rule in rules for entity in rule.own)

    def sight(self, sensitivity: str, entity: str, brand: str, category: str = "identity") -> Sight:
        """Return how a value is shown: the most open of what the rules that see the fact allow."""
        if self.everything:
            return "show"
        best: Sight = "hide"
        for rule in self.rules:
            if not rule.sees(entity, brand, category):
                continue
            sight = SIGHT[rule.role].get(sensitivity, "show")
            if sight == "show" or (sight == "mask" and sensitivity in self.revealed):
                return "show"
            if sight == "mask":
                best = "mask"
        return best

    def role_sight(self, sensitivity: str) -> Sight:
        """Return the most open sight of any role, whatever the fact: what columns a table may show at all."""
        if self.everything:
            return "show"
        sights = {SIGHT[rule.role].get(sensitivity, "show") for rule in self.rules}
        return "show" if "show" in sights else "mask" if "mask" in sights else "hide"

    def origins(self, pairs: Iterable[tuple[str, str]], category: str = "identity") -> frozenset[tuple[str, str]]:
        """Return the (entity, brand) pairs, of those given, whose facts are open."""
        return frozenset(pair for pair in pairs if self.sees(*pair, category))


EVERYTHING = Perimeter(purpose="service", everything=True, roles=frozenset({"administrator"}))


def perimeter(
    grants: Iterable[Grant],
    agreements: Iterable[Agreement],
    entities: Iterable[str],
    *,
    at: datetime,
    purpose: str | None = None,
) -> Perimeter:
    """Return what the holder of ``grants`` may see; each role looks under its own purpose unless one is named."""
    known, agreed, held = tuple(entities), tuple(agreements), tuple(grants)
    rules: list[Rule] = []
    acting: set[str] = set()
    for grant in held:
        own = frozenset(known) if grant.entity is None else frozenset({grant.entity})
        acting |= own
        under = purpose or ROLE_PURPOSE[grant.role]
        opened = {
            category: own
            | {a.giver for a in agreed if a.receiver in own and a.opens(category=category, purpose=under, at=at)}
            for category in CATEGORIES
        }
        rules.append(Rule(role=grant.role, entities=opened, brands=grant.brands, own=own))
    first = purpose or (ROLE_PURPOSE[held[0].role] if held else "service")
    return Perimeter(purpose=first, acting=frozenset(acting), rules=tuple(rules), roles=frozenset(g.role for g in held))


def mask(value: str, kind: str = "") -> str:
    """Return ``value`` so that it can be told from another without being usable."""
    if not value:
        return value
    if kind == "address":
        return _masked_place(value)
    if "@" in value:
        name, _, domain = value.partition("@")
        return f"{name[:1]}•••@{domain[:1]}•••"
    if kind == "phone":
        return _masked_phone(value)
    return f"{value[:1]}•••"


def _masked_phone(value: str) -> str:
    """Return the country and the last two digits of a number, the same however it was typed."""
    try:
        number = phonenumbers.parse(value, "FR")
    except phonenumbers.NumberParseException:
        return f"•••{value[-2:]}" if len(value) > 6 else "•••"
    return f"+{number.country_code} •••{str(number.national_number)[-2:]}"


def _masked_place(value: str) -> str:
    """Return an address, kept as one JSON value, without its line and with the beginning of its postcode."""
    try:
        said = json.loads(value)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return "•••"
    postcode = str(said.get("postcode") or "")
    parts = {
        "address_line": None,
        "postcode": f"{postcode[:2]}•••" if postcode else None,
        "city": said.get("city"),
        "country": said.get("country"),
    }
    return json.dumps(parts, ensure_ascii=False) if parts["postcode"] or parts["city"] else "•••"
