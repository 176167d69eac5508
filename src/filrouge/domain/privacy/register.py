"""The register of processing (article 30 of the GDPR), derived from what tables and rows declare of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from filrouge.domain.privacy.perimeter import ROLE_PURPOSE, SIGHT, Sight
from filrouge.tables import TABLES, Table

# What a reader may be kept from; "none" and "internal" are open to whoever may see the row.
SENSITIVITIES = ("personal", "contact", "money", "text", "opinion", "evidence")


DERIVED = frozenset({"links", "people", "golden_values", "scores", "score_values", "memberships", "deliveries"})


@dataclass(frozen=True)
class Apart:
    """A column of a source that is held for something else than its table, or for less long: ``days``; None as it."""

    source: str
    column: str  # as the source names it
    columns: tuple[str, ...]  # of the table, that it fills
    purpose: str | None
    days: int | None


@dataclass(frozen=True)
class Feed:
    """A source that feeds a table, on behalf of an entity (empty: several, told by its rows)."""

    source: str
    reads: str
    entities: tuple[str, ...]
    apart: tuple[Apart, ...] = ()


@dataclass(frozen=True)
class Held:
    """One kind of data: whose, which categories and columns, why, by what right, for how long, and where from."""

    name: str
    where: Literal["lake", "database"]
    whose: str  # customer, staff, company
    categories: tuple[str, ...]
    columns: tuple[str, ...]
    purpose: str
    basis: str
    kept: str
    days: int | None
    replaced_days: int | None = None
    sources: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    apart: tuple[Apart, ...] = ()


def tables(feeds: Iterable[Feed]) -> list[Held]:
    """Return what each table of the lake holds, with the sources and entities that feed it."""
    given = list(feeds)
    found = []
    for table in TABLES.values():
        mine = [feed for feed in given if feed.reads == table.name or table.name in ("source_records", "rejects")]
        if table.name in DERIVED:
            mine = [feed for feed in given if feed.reads == "person_records"]
        found.append(
            Held(
                name=table.name,
                where="lake",
                whose="customer" if table.personal else "company" if table.category == "company" else "nobody",
                categories=categories(table),
                columns=tuple(column.name for column in table.columns if column.sensitivity in SENSITIVITIES),
                purpose=table.purpose,
                basis=table.basis,
                kept=table.kept if table.personal else "",
                days=table.retention_days if table.kept not in ("with_record", "with_person") else None,
                replaced_days=table.replaced_days,
                sources=() if table.name in DERIVED else tuple(sorted({feed.source for feed in mine})),
                entities=tuple(sorted({entity for feed in mine for entity in feed.entities})),
                apart=tuple(one for feed in mine if feed.reads == table.name for one in feed.apart),
            )
        )
    return found


def categories(table: Table) -> tuple[str, ...]:
    """Return the categories of personal data that a table holds, in the order of care."""
    held = {column.sensitivity for column in table.columns}
    if table.name == "golden_values":  # a value may be any attribute
        held |= {"contact"}
    return tuple(name for name in SENSITIVITIES if name in held)


def sights() -> Mapping[str, Mapping[str, Sight]]:
    """Return, for each role, how each category is shown to it."""
    return {role: {name: SIGHT[role].get(name, "show") for name in SENSITIVITIES} for role in ROLE_PURPOSE}
