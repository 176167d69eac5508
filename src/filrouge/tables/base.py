"""What a table says of itself: columns, key, whose data it is, why it is held and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Type = Literal["string", "int64", "float64", "boolean", "date", "timestamp", "decimal", "json"]
Sensitivity = Literal["none", "internal", "personal", "contact", "money", "text", "opinion", "evidence"]
Category = Literal["identity", "company", "contract", "transaction", "interaction", "contact", "behaviour", "consent"]
# Why the law lets the data be held (article 6 of the GDPR).
Basis = Literal["contract", "legal_obligation", "consent", "legitimate_interest"]
# From when the retention counts: the date of the row; its end, for as long as it runs; the last thing that the person
# did, for their record; the version that replaced it; or not by itself, as long as the record or person it goes with.
Kept = Literal["dated", "ended", "active", "replaced", "with_record", "with_person"]
PERSONAL = frozenset({"personal", "contact", "text", "opinion"})


@dataclass(frozen=True)
class Column:
    """One column: its type, what a reader must be careful about, and what it means in one line."""

    name: str
    type: Type = "string"
    sensitivity: Sensitivity = "none"
    doc: str = ""
    ref: str = ""  # the table whose record this column names by the source's own identifier


@dataclass(frozen=True)
class Table:
    """One canonical table. ``person`` is the column that leads to a person: the person, or a record's key.

    ``holds``: while such a row is kept, so is the record of the person whom it concerns.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    category: Category
    purpose: str
    retention_days: int
    key: tuple[str, ...] = ("record_key",)
    person: str | None = "person_key"
    at: str | None = None
    basis: Basis = "legitimate_interest"
    kept: Kept = "dated"
    ends: str | None = None
    holds: bool = False
    replaced_days: int | None = None  # how long a version that was replaced is kept, when not as long as the rest
    common: bool = True
    canonical: bool = True  # a source may be mapped to it
    _all: tuple[Column, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_all", (COMMON if self.common else ()) + self.columns)

    @property
    def every(self) -> tuple[Column, ...]:
        """All columns, the common ones first."""
        return self._all

    @property
    def personal(self) -> bool:
        """Tell whether rows say something of somebody: only these have an end."""
        return self.person is not None or any(column.sensitivity in PERSONAL for column in self._all)

    def column(self, name: str) -> Column:
        """Return the column called ``name``; KeyError when there is none."""
        for column in self._all:
            if column.name == name:
                return column
        raise KeyError(name)


COMMON = (
    Column("source", doc="name of the source that the row came from"),
    Column("entity", doc="legal entity whose system collected it"),
    Column("brand", doc="brand it concerns"),
    Column("record_key", "int64", doc="key of the row, the same at each run"),
    Column("run_id", doc="run that brought this version"),
    Column("recorded_at", "timestamp", doc="when this version became known here"),
    Column("superseded_at", "timestamp", doc="when a later version replaced it; empty while current"),
    Column("superseded_run", doc="run that replaced it"),
)
