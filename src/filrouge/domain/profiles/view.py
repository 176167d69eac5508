"""The 360: which facts a viewer sees of a person, from where, how fresh, and what contradicts what.

A document holds all that is known of a person, each item with its entity and brand; ``view`` is what one
perimeter allows of it. Nothing tells that something was left out: that would already be telling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from filrouge.base.clock import time_of
from filrouge.base.text import in_case
from filrouge.domain.privacy.perimeter import Perimeter, mask
from filrouge.domain.profiles.alerts import alerts
from filrouge.domain.profiles.consents import current_consents
from filrouge.domain.profiles.facts import Attribute, Moment, PersonView, Record, Value
from filrouge.domain.profiles.promotions import promotions

# Attribute -> sensitivity and the reading order of the page.
ATTRIBUTES: Mapping[str, str] = {
    "title": "personal",
    "given_name": "personal",
    "family_name": "personal",
    "birth_name": "personal",
    "full_name": "personal",
    "birth_date": "personal",
    "sex": "personal",
    "email": "contact",
    "phone": "contact",
    "address": "contact",
    "country": "personal",
    "language": "personal",
    "loyalty_id": "internal",
    "company": "personal",
}
# Attributes of which a person may rightly have several.
MANY = frozenset({"email", "phone", "loyalty_id", "company"})

# Part of a document -> category of its facts.
PARTS: Mapping[str, str] = {
    "records": "identity",
    "values": "identity",
    "roles": "company",
    "contracts": "contract",
    "invoices": "contract",
    "payments": "contract",
    "orders": "transaction",
    "returns": "transaction",
    "opportunities": "transaction",
    "tickets": "interaction",
    "promises": "interaction",
    "consents": "consent",
}
# Kind of a moment -> category of the fact it tells.
MOMENTS: Mapping[str, str] = {
    "order": "transaction",
    "return": "transaction",
    "opportunity": "transaction",
    "contract": "contract",
    "contract_end": "contract",
    "invoice": "contract",
    "payment": "contract",
    "ticket": "interaction",
    "complaint": "interaction",
    "message": "interaction",
    "call": "interaction",
    "visit": "interaction",
    "registration": "interaction",
    "contact": "contact",
    "event": "behaviour",
    "consent": "consent",
    "note": "interaction",
    "promise": "interaction",
    "follow_up": "interaction",
    "told": "interaction",
}
MONEY_KEYS = ("amount", "total", "price", "discount")


def view(
    document: Mapping[str, Any],
    moments: Iterable[Mapping[str, Any]],
    sees: Perimeter,
    *,
    systems: Mapping[str, str],
    at: datetime,
    declared: Iterable[Mapping[str, Any]] = (),
) -> PersonView | None:
    """Return what ``sees`` allows of a person's document and moments, or None when no record of theirs is open.

    ``declared`` are the promotions of the group. ``systems`` maps a source to its system. Times in the document are
    ISO 8601 text.
    """
    parts = {part: _allowed(document.get(part, ()), sees, category) for part, category in PARTS.items()}
    known = {row["key"] for row in parts["records"]}
    records = tuple(_record(row, systems, known, sees) for row in parts["records"])
    if not records:
        return None
    attributes = _attributes(parts["values"], sees, systems)
    money = {
        part: tuple(_priced(row, sees, PARTS[part]) for row in parts[part])
        for part in ("contracts", "invoices", "payments", "orders", "returns", "opportunities")
    }
    seen = tuple(
        sorted(
            (moment for row in moments if (moment := told(row, sees, systems)) is not None),
            key=lambda moment: (moment.at, moment.record_key),
            reverse=True,
        )
    )
    tickets = tuple(_texted(row, sees) for row in parts["tickets"])
    dates = [moment.at for moment in seen] + [record.as_of for record in records if record.as_of]
    known_at = [(record.entity, record.brand) for record in records]
    created = [when for row in parts["records"] if (when := time_of(row.get("created_at")))]
    return PersonView(
        id=str(document["id"]),
        name=name_of(attributes),
        attributes=attributes,
        records=records,
        brands=tuple(dict.fromkeys(record.brand for record in records if record.brand)),
        since=min(created, default=None) or min(dates, default=None),
        roles=tuple(parts["roles"]),
        tickets=tickets,
        consents=tuple(current_consents(parts["consents"])),
        moments=seen,
        alerts=tuple(alerts(money, tickets, parts["consents"], at)),
        household=str(document.get("household") or ""),
        masked=any(value.best.masked for value in attributes.values()),
        promotions=tuple(promotions(money["orders"], declared, known_at, sees, systems=systems, at=at)),
        **money,
    )


def name_of(attributes: Mapping[str, Attribute]) -> str:
    """Return the name a person is called by: given and family name, else the full name, else nothing; no shouting."""
    given, family = attributes.get("given_name"), attributes.get("family_name")
    said = " ".join(in_case(part.best.value) for part in (given, family) if part is not None)
    if not said and "full_name" in attributes:
        said = in_case(attributes["full_name"].best.value)
    return said


def _allowed(rows: Sequence[Mapping[str, Any]], sees: Perimeter, category: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if sees.sees(row["entity"], row["brand"], category)]


def _attributes(rows: Iterable[Mapping[str, Any]], sees: Perimeter, systems: Mapping[str, str]) -> dict[str, Attribute]:
    grouped: dict[str, list[Value]] = {}
    for row in rows:
        sensitivity = ATTRIBUTES.get(row["attribute"], "personal")
        sight = sees.sight(sensitivity, row["entity"], row["brand"])
        if sight == "hide":
            continue
        shown = row["value"] if sight == "show" else mask(row["value"], row["attribute"])
        grouped.setdefault(row["attribute"], []).append(
            Value(
                value=shown,
                source=row["source"],
                system=systems.get(row["source"], row["source"]),
                entity=row["entity"],
                brand=row["brand"],
                record_key=row["record_key"],
                at=time_of(row.get("at")),
                rank=row["rank"],
                reason=row["reason"],
                masked=sight == "mask",
            )
        )
    found: dict[str, Attribute] = {}
    for name in [*ATTRIBUTES, *sorted(set(grouped) - set(ATTRIBUTES))]:
        if values := sorted(grouped.get(name, ()), key=lambda value: (value.rank, value.record_key)):
            best = values[0]
            differs = any(value.value.casefold() != best.value.casefold() for value in values[1:])
            found[name] = Attribute(name, best, tuple(values[1:]), contradicted=differs and name not in MANY)
    return found


def _record(row: Mapping[str, Any], systems: Mapping[str, str], known: set[int], sees: Perimeter) -> Record:
    """Return a record; what it rests on is told to roles that read evidence and may see the other record too."""
    shown = sees.sight("evidence", row["entity"], row["brand"]) == "show"
    evidence = (row.get("evidence") or {}) if shown else {}
    pairs = [evidence, *evidence.get("also", ())] if "with" in evidence else []
    seen = [pair for pair in pairs if pair.get("with") in known]
    told = not pairs or bool(seen)
    if seen:  # a pair with a record that is shut is not told
        first = {name: value for name, value in seen[0].items() if name != "also"}
        evidence = {**first, "also": seen[1:]} if seen[1:] else first
    return Record(
        key=row["key"],
        source=row["source"],
        system=systems.get(row["source"], row["source"]),
        source_id=row["source_id"],
        entity=row["entity"],
        brand=row["brand"],
        as_of=time_of(row.get("as_of")),
        decision=row.get("decision", "") if told else "rule",
        # several that are one, by a record that is shut: that there is such a record is not told
        rule=row.get("rule", "") if told else "recognised" if len(known) > 1 else "alone",
        evidence=evidence if told else {},
        decided_at=time_of(row.get("decided_at")),
        link=row.get("link") or "",
    )


def told(row: Mapping[str, Any], sees: Perimeter, systems: Mapping[str, str]) -> Moment | None:
    """Return what ``sees`` allows of one moment, or None when it is shut."""
    at = time_of(row.get("at"))
    category = MOMENTS.get(row["kind"], "interaction")
    if at is None or not sees.sees(row["entity"], row["brand"], category):
        return None
    where = (row["entity"], row["brand"], category)
    title, text, amount = row.get("title") or "", row.get("text") or "", row.get("amount") or ""
    details = dict(row.get("details") or {})
    if category == "behaviour" and sees.sight("opinion", *where) != "show":
        title = ""
        told_of = ("type", "topic", "name") if details.get("type") == "track" else ("type", "topic")
        details = {key: value for key, value in details.items() if key in told_of}
    if category == "interaction" and sees.sight("text", *where) != "show":
        title, text = "", ""
        details.pop("promised", None)
    if amount and sees.sight("money", *where) != "show":
        amount = ""
    return Moment(
        at=at,
        kind=row["kind"],
        entity=row["entity"],
        brand=row["brand"],
        source=row["source"],
        system=systems.get(row["source"], row["source"]),
        record_key=row["record_key"],
        title=title,
        text=text,
        channel=row.get("channel") or "",
        direction=row.get("direction") or "",
        status=row.get("status") or "",
        outcome=row.get("outcome") or "",
        amount=str(amount),
        currency=row.get("currency") or "",
        ref=row.get("ref") or "",
        link=row.get("link") or "",
        by=row.get("by") or "",
        details=details,
    )


def _priced(row: Mapping[str, Any], sees: Perimeter, category: str) -> Mapping[str, Any]:
    if sees.sight("money", row["entity"], row["brand"], category) == "show":
        return row
    bare = {key: value for key, value in row.items() if key not in MONEY_KEYS}
    if bare.get("lines"):
        bare["lines"] = [{k: v for k, v in line.items() if k not in MONEY_KEYS} for line in bare["lines"]]
    return bare


def _texted(row: Mapping[str, Any], sees: Perimeter) -> Mapping[str, Any]:
    if sees.sight("text", row["entity"], row["brand"], "interaction") == "show":
        return row
    return {key: value for key, value in row.items() if key not in ("subject", "text", "promised")}
