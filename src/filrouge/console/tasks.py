"""Follow-ups and promises as lines to work through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from filrouge.console import names, words
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries.followups import Line, mine


def lines(found: Iterable[Line], asking: Caller) -> list[dict[str, Any]]:
    """Return each with who it concerns, when it is due, and what the reader may do with it."""
    own = set(mine(asking))
    return [
        _line(line, own, may=asking.perimeter.acts(line.what.entity, line.what.brand, "advisor", "sales"))
        for line in found
    ]


def _line(line: Line, own: set[str], *, may: bool) -> dict[str, Any]:
    row: Any = line.what
    promise = hasattr(row, "made_at")
    told = {
        "promise": promise,
        "text": row.text if promise else row.subject,
        "kind": "" if promise else words.say(row.kind, "followup"),
        "due_at": row.due_at,
        "overdue": line.overdue,
        "owner": row.owner,
        "mine": row.owner in own,
        "person": line.person_name,
        "person_url": reverse("person", args=[row.person]) if row.person and line.person_name else "",
        "company": line.company_name,
        "company_url": reverse("company", args=[row.company])
        if not promise and row.company and line.company_name
        else "",
        "source": row.source,
        "brand": row.brand,
        "amount": None if promise else row.amount,
        "currency": "" if promise else row.currency,
        "state": row.state,
        "closed_at": row.closed_at,
        "open": row.state == "open",
    }
    if may and row.state == "open":
        noun = "promise" if promise else "followup"
        told["close"] = reverse(f"{noun}-close", args=[row.id])
        told["done_state"] = "kept" if promise else "done"
        if not promise:
            told["postpone"] = reverse("followup-postpone", args=[row.id])
            told["take"] = "" if row.owner in own else reverse("followup-take", args=[row.id])
            if row.source and row.owner and row.owner not in own and names.author(row.owner) == row.owner:
                told["claim"] = reverse("owner-claim", args=[row.id])
    elif may and not promise:
        told["reopen"] = reverse("followup-reopen", args=[row.id])
    return told
