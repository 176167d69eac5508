"""The facts of a person as a viewer reads them: values, records, moments, alerts, and the whole of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Value:
    """A candidate value: where it came from, when, and the rule that ranked it."""

    value: str
    source: str
    system: str
    entity: str
    brand: str
    record_key: int
    at: datetime | None
    rank: int
    reason: str
    masked: bool = False


@dataclass(frozen=True)
class Attribute:
    """What is known of one attribute: the value shown first, the others, and whether they contradict it."""

    name: str
    best: Value
    others: tuple[Value, ...] = ()
    contradicted: bool = False


@dataclass(frozen=True)
class Record:
    """A record behind the person, and the decision that made it theirs."""

    key: int
    source: str
    system: str
    source_id: str
    entity: str
    brand: str
    as_of: datetime | None
    decision: str
    rule: str
    evidence: Mapping[str, Any]
    decided_at: datetime | None
    link: str = ""


@dataclass(frozen=True)
class Moment:
    """One thing that happened, on whatever system: a line of the timeline."""

    at: datetime
    kind: str
    entity: str
    brand: str
    source: str
    system: str
    record_key: int
    title: str = ""
    text: str = ""
    channel: str = ""
    direction: str = ""
    status: str = ""
    outcome: str = ""
    amount: str = ""
    currency: str = ""
    ref: str = ""
    link: str = ""
    by: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Alert:
    """Something whoever talks to the person must know first: a code, and the parameters of its sentence."""

    code: str
    level: str  # danger, warning, info
    params: Mapping[str, Any]


@dataclass(frozen=True)
class PersonView:
    """One person as one viewer may see them."""

    id: str
    name: str
    attributes: Mapping[str, Attribute]
    records: tuple[Record, ...]
    brands: tuple[str, ...]
    since: datetime | None
    roles: tuple[Mapping[str, Any], ...]
    contracts: tuple[Mapping[str, Any], ...]
    invoices: tuple[Mapping[str, Any], ...]
    payments: tuple[Mapping[str, Any], ...]
    orders: tuple[Mapping[str, Any], ...]
    returns: tuple[Mapping[str, Any], ...]
    opportunities: tuple[Mapping[str, Any], ...]
    tickets: tuple[Mapping[str, Any], ...]
    consents: tuple[Mapping[str, Any], ...]
    moments: tuple[Moment, ...]
    alerts: tuple[Alert, ...]
    household: str = ""
    masked: bool = False
    promotions: tuple[Mapping[str, Any], ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return the view as plain data (dates stay datetimes), for the API and the command line."""
        said = dataclasses.asdict(self)
        said.pop("household")  # a key derived from all that is known, whoever asks
        return said
