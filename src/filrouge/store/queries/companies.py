"""Companies: found by name, with the people who have a role in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filrouge.base.text import fold
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.profiles import view
from filrouge.store.live import Live, number, unpack
from filrouge.store.models import FollowUp
from filrouge.store.queries import group

MONEY = ("amount", "currency")


@dataclass(frozen=True)
class CompanyPage:
    """A company as one caller may see it: its facts, its people, its sales to come, what is to do."""

    key: int
    facts: dict[str, Any]
    people: tuple[dict[str, Any], ...]
    opportunities: tuple[dict[str, Any], ...]
    follow_ups: tuple[FollowUp, ...]


def search(text: str, caller: Caller, *, limit: int = 30) -> list[dict[str, Any]]:
    """Return the companies whose name, number or domain holds ``text`` and that the caller may see."""
    live = Live()
    if not live.ready():
        return []
    wanted = fold(text).split()
    found = []
    for key, name, body in live.rows("SELECT company, name, body FROM companies ORDER BY name"):
        folded = fold(name)
        if wanted and not all(word in folded for word in wanted):
            facts = unpack(body)
            if fold(text).replace(" ", "") not in fold(f"{facts.get('registration_id')}{facts.get('domain')}").replace(
                " ", ""
            ):
                continue
        else:
            facts = unpack(body)
        if caller.perimeter.sees(facts["entity"], facts["brand"], "company"):
            people = [
                row for row in facts.get("roles") or [] if caller.perimeter.sees(row["entity"], row["brand"], "company")
            ]
            found.append({"key": key, "name": name, "city": facts.get("city") or "",
                          "sector": facts.get("sector") or "",
                          "brand": facts["brand"], "people": len({row["person"] for row in people})})  # fmt: skip
        if len(found) >= limit:
            break
    return found


def page(key: str, caller: Caller, *, at: datetime) -> CompanyPage | None:
    """Return the page of a company, None when there is none that the caller may see."""
    live = Live()
    if not key.isdigit() or not live.ready():
        return None
    rows = live.rows("SELECT body FROM companies WHERE company = %s", [int(key)])
    if not rows:
        return None
    facts = unpack(rows[0][0])
    sees = caller.perimeter
    if not sees.sees(facts["entity"], facts["brand"], "company"):
        return None
    roles = [row for row in facts.pop("roles") or [] if sees.sees(row["entity"], row["brand"], "company")]
    sales = [row for row in facts.pop("opportunities") or [] if sees.sees(row["entity"], row["brand"], "transaction")]
    priced = [
        row if sees.sight("money", row["entity"], row["brand"], "transaction") == "show"
        else {name: value for name, value in row.items() if name not in MONEY}
        for row in sales
    ]  # fmt: skip
    todo = [
        row for row in FollowUp.objects.filter(company=key, state="open").order_by("due_at")[:50]
        if sees.sees(row.entity, row.brand, "interaction")
    ]  # fmt: skip
    return CompanyPage(int(key), facts, tuple(_people(live, roles, caller, at)), tuple(priced), tuple(todo))


def _people(live: Live, roles: list[dict[str, Any]], caller: Caller, at: datetime) -> list[dict[str, Any]]:
    documents = live.documents(sorted({number(row["person"]) for row in roles}))
    systems = group.systems()
    shown = []
    for row in roles:
        document = documents.get(number(row["person"]))
        if document is None:
            continue
        short = {part: document[part] for part in ("id", "records", "values")}
        seen = view(short, (), caller.perimeter, systems=systems, at=at)
        if seen is not None:
            email = seen.attributes["email"].best.value if "email" in seen.attributes else ""
            shown.append({**row, "name": seen.name, "email": email})
    return shown
