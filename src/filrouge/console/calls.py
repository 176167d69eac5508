"""The call under way, as the person page shows it: whether the caller is verified, what to ask, how it may end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from filrouge.console import words
from filrouge.domain.followups.calls import DISPOSITIONS
from filrouge.domain.followups.verification import askable
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import verifications
from filrouge.store.queries.people import Page
from filrouge.work import access


def now(page: Page, asking: Caller, *, direction: str, at: datetime) -> dict[str, Any]:
    """Return where the call stands, for those who hold calls."""
    entity, _brand = access.origin(asking, page, roles=("advisor", "sales"))
    agreed = verifications.agreed(entity)
    standing = verifications.standing(page.view.id, agreed, at=at)
    known = askable(page.view, agreed.questions)
    return {
        "verified_by": standing.verified_by,
        "verified_at": standing.verified_at,
        "until": standing.until,
        "failures": standing.failures,
        "left": standing.left,
        "locked": standing.locked,
        "needed": agreed.needed,
        "questions": [(code, words.say(code, "question")) for code in known] if len(known) >= agreed.needed else [],
        "direction": "out" if direction == "out" else "in",
        "ends": [(place, code, words.say(code, "disposition")) for place, code in enumerate(DISPOSITIONS, start=1)],
    }
