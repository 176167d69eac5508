"""One question before acting: may this entity, for this brand and purpose, reach this person by this channel?

The answer is allow or deny, the reason, the rule and the evidence it rests on. The law stands here as dated rules
with their source, to be confirmed by the company's data protection officer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Decision:
    """The answer: ``reason`` is a code that doors put into words, ``evidence`` what it rests on."""

    allow: bool
    reason: str
    rule: str = ""
    evidence: str = ""
    decided_on: datetime | None = None


@dataclass(frozen=True)
class Default:
    """What holds without a record, for a purpose and channel (``*``: any), between dates, by which source."""

    purpose: str
    channel: str
    allow: bool
    start: datetime
    until: datetime | None
    source: str
    customers: bool = False  # holds for existing customers of the same entity only
    subscribers: bool = False  # holds while a contract with the same entity is running only

    def applies(self, *, customer: bool, subscriber: bool) -> bool:
        return (customer or not self.customers) and (subscriber or not self.subscribers)

    @property
    def reason(self) -> str:
        if self.subscribers:
            return "running_contract"
        return "existing_customer" if self.customers else "default_allow" if self.allow else "no_consent"

    def covers(self, purpose: str, channel: str, at: datetime) -> bool:
        return (
            self.purpose == purpose
            and self.channel in ("*", channel)
            and self.start <= at
            and (self.until is None or at < self.until)
        )


SINCE = datetime(2018, 5, 25, tzinfo=UTC)
_PHONE_OPT_IN = datetime(2026, 8, 11, tzinfo=UTC)
DEFAULTS: tuple[Default, ...] = (
    Default("service", "*", True, SINCE, None, "GDPR art. 6(1)(b), (f): answering and serving"),
    Default("contract", "*", True, SINCE, None, "GDPR art. 6(1)(b): performing the contract"),
    Default("marketing", "email", True, SINCE, None, "CPCE art. L34-5: similar products to customers", customers=True),
    Default("marketing", "sms", True, SINCE, None, "CPCE art. L34-5: similar products to customers", customers=True),
    Default("marketing", "email", False, SINCE, None, "CPCE art. L34-5: prior consent"),
    Default("marketing", "sms", False, SINCE, None, "CPCE art. L34-5: prior consent"),
    Default("marketing", "push", False, SINCE, None, "CPCE art. L34-5: prior consent"),
    Default("marketing", "ads", False, SINCE, None, "LIL art. 82: prior consent"),
    Default(
        "marketing", "phone", True, SINCE, _PHONE_OPT_IN, "C. conso. art. L223-1 before Act 2025-594: objection list"
    ),
    Default(
        "marketing", "phone", True, _PHONE_OPT_IN, None, "C. conso. art. L223-1: running contract", subscribers=True
    ),
    Default("marketing", "phone", False, _PHONE_OPT_IN, None, "C. conso. art. L223-1 (Act 2025-594): prior consent"),
    Default("marketing", "post", True, SINCE, None, "GDPR art. 6(1)(f), 21(2): until objection"),
    Default("marketing", "web", True, SINCE, None, "GDPR art. 6(1)(f), 21(2): until objection"),
    Default("profiling", "*", True, SINCE, None, "GDPR art. 6(1)(f), 21(1): until objection"),
    Default("personalisation", "*", True, SINCE, None, "GDPR art. 6(1)(f), 21(1): until objection"),
    Default("analytics", "*", True, SINCE, None, "GDPR art. 6(1)(f): figures in sums"),
    Default("audience", "*", False, SINCE, None, "LIL art. 82: prior consent"),
    Default("research", "*", True, SINCE, None, "GDPR art. 5(1)(b), 89: until objection"),
)
# Of two events of the same moment, the stricter is the later.
STRICTNESS: Mapping[str, int] = {
    "released": 0,
    "granted": 0,
    "denied": 1,
    "withdrawn": 2,
    "objected": 3,
    "restricted": 4,
}
# Purposes that an objection to marketing also stops (GDPR art. 21(2): profiling related to it).
FOLLOWS_MARKETING = frozenset({"marketing", "audience"})


def held_by(purpose: str, channel: str) -> tuple[str, ...]:
    """Return what a promise must forbid (calls, offers, contact) to hold this purpose back by this channel.

    Serving a person and performing their contract are never held: whoever plans to reach them is warned instead.
    """
    if purpose not in FOLLOWS_MARKETING and purpose != "research":
        return ()
    return (
        *(("offers",) if purpose in FOLLOWS_MARKETING else ()),
        "contact",
        *(("calls",) if channel == "phone" else ()),
    )


def may_i(
    consents: Iterable[Mapping[str, Any]],
    *,
    entity: str,
    brand: str,
    purpose: str,
    channel: str,
    at: datetime,
    customer: bool = False,
    subscriber: bool = False,
    held: tuple[str, datetime] | None = None,
    promised: tuple[str, datetime] | None = None,
) -> Decision:
    """Decide from a person's consent events (mappings with entity, brand, purpose, channel, state, at, evidence).

    ``customer``: the person bought from this entity; ``subscriber``: a contract with it is running. ``held``: an
    overdue promise (its words' reference, its date) that holds marketing back; ``promised``: one that forbids what
    ``held_by`` says. Events of other entities do not count: consent does not travel.
    """
    known = sorted(
        (event for event in consents if event["entity"] == entity and _when(event) <= at),
        key=lambda event: (_when(event), STRICTNESS.get(event["state"], 0)),
    )
    restricted = _latest(known, ("restricted", "released"))
    if restricted is not None and restricted["state"] == "restricted" and purpose != "service":
        return _said(False, "restricted", "GDPR art. 18", restricted)
    objection = _standing_objection(known, brand, purpose, channel)
    if objection is not None:
        return _said(False, "objected", "GDPR art. 21", objection)
    if held is not None and purpose in FOLLOWS_MARKETING:
        return Decision(False, "promise_overdue", "a promise to this person is overdue", held[0], held[1])
    if promised is not None and held_by(purpose, channel):
        return Decision(False, "promised", "a promise to this person forbids it", promised[0], promised[1])
    consent = _consent(known, brand, purpose, channel)
    if consent is not None:
        if consent["state"] == "granted":
            return _said(True, "consented", "GDPR art. 6(1)(a)", consent)
        return _said(False, str(consent["state"]), "GDPR art. 7(3)", consent)
    for default in DEFAULTS:
        if default.covers(purpose, channel, at) and default.applies(customer=customer, subscriber=subscriber):
            return Decision(default.allow, default.reason, default.source, "", default.start)
    return Decision(False, "unknown_purpose", "nothing allows this purpose", "", None)


def _standing_objection(
    known: list[Mapping[str, Any]], brand: str, purpose: str, channel: str
) -> Mapping[str, Any] | None:
    """Return the objection in force: one to the channel or to all, of the whole entity, not lifted by a later grant."""
    wanted = {purpose, "*"} | ({"marketing"} if purpose in FOLLOWS_MARKETING else set())
    standing: Mapping[str, Any] | None = None
    for event in known:
        if event["purpose"] not in wanted or event["channel"] not in (channel, "*", "", None):
            continue
        if event["state"] == "objected":
            standing = event
        elif event["state"] == "granted" and event["channel"] == channel and event["brand"] in (brand, "", None):
            standing = None
    return standing


def _consent(known: list[Mapping[str, Any]], brand: str, purpose: str, channel: str) -> Mapping[str, Any] | None:
    found = [
        event
        for event in known
        if event["purpose"] == purpose
        and event["channel"] in (channel, "*", "", None)
        and event["brand"] in (brand, "", None)
        and event["state"] in ("granted", "denied", "withdrawn")
    ]
    return found[-1] if found else None


def _latest(known: list[Mapping[str, Any]], states: tuple[str, ...]) -> Mapping[str, Any] | None:
    found = [event for event in known if event["state"] in states]
    return found[-1] if found else None


def _said(allow: bool, reason: str, rule: str, event: Mapping[str, Any]) -> Decision:
    return Decision(allow, reason, rule, str(event.get("evidence") or ""), _when(event))


def _when(event: Mapping[str, Any]) -> datetime:
    at = event.get("at")
    if isinstance(at, datetime):
        return at
    return datetime.fromisoformat(str(at)) if at else SINCE
