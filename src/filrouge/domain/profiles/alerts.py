"""What whoever talks to a person must know first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from filrouge.base.clock import time_of
from filrouge.domain.profiles.consents import current_consents
from filrouge.domain.profiles.facts import Alert


def alerts(
    money: Mapping[str, Sequence[Mapping[str, Any]]],
    tickets: Iterable[Mapping[str, Any]],
    consents: Sequence[Mapping[str, Any]],
    at: datetime,
) -> Iterable[Alert]:
    """Yield what must be known first, from the facts that a viewer sees; ``money`` holds them by part."""
    for ticket in tickets:
        if ticket.get("kind") == "complaint" and ticket.get("status") not in ("closed", "solved"):
            opened = time_of(ticket.get("at"))
            yield Alert(
                "complaint_open",
                "danger",
                {
                    "ref": ticket.get("ref", ""),
                    "since": opened.isoformat() if opened else None,
                    "entity": ticket["entity"],
                    "brand": ticket["brand"],
                },
            )
    latest: dict[str, Mapping[str, Any]] = {}
    for payment in sorted(money["payments"], key=lambda row: str(row.get("at") or "")):
        latest[str(payment.get("contract_ref") or payment.get("invoice_ref") or "")] = payment
    for payment in latest.values():
        if payment.get("outcome") == "failed":
            told = {"reason": payment.get("reason", ""), "at": payment.get("at")}
            yield Alert("payment_failed", "warning", told | {"entity": payment["entity"], "brand": payment["brand"]})
    for contract in money["contracts"]:
        renews = time_of(contract.get("renews_at"))
        if not contract.get("ended_at") and renews and 0 <= (renews - at).days <= 30:
            told = {"offer": contract.get("offer", ""), "at": renews.isoformat()}
            yield Alert("renewal_near", "info", told | {"entity": contract["entity"], "brand": contract["brand"]})
    for consent in current_consents(consents):
        if consent["state"] == "restricted":
            yield Alert("restricted", "danger", {"entity": consent["entity"], "at": consent.get("at")})
