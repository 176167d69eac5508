"""The profile of a file: what each column holds, what it seems to mean, what is wrong there, as a role may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from filrouge.domain.privacy.perimeter import Perimeter, Sight, mask
from filrouge.domain.sources.meaning import MEANINGS, By

Type = Literal["text", "whole", "decimal", "date", "datetime", "yes_no", "empty"]
What = Literal["encoding", "delimiter", "quote", "header_row", "sheet", "date_order", "decimal"]
_MASKS = {"phone": "phone", "address_line": "address", "address_more": "address", "house": "address"}


@dataclass(frozen=True)
class Convention:
    """How the file is written, in one respect: the value, whether it is proven or given, and the rows that tell."""

    what: What
    value: str
    sure: bool = True
    given: bool = False
    evidence: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """Something wrong: a code, the rows concerned, and parameters of its sentence, none of them personal."""

    code: str
    rows: int
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Value:
    """A value, and the rows that hold it."""

    value: str
    rows: int


@dataclass(frozen=True)
class ColumnProfile:
    """One column. ``confidence`` runs from 0 to 1; ``sight`` says how its values are shown: show, mask or hide."""

    name: str
    type: Type
    rows: int
    filled: int
    distinct: int
    longest: int
    meaning: str
    confidence: float
    by: By
    others: tuple[tuple[str, float], ...] = ()
    top: tuple[Value, ...] = ()
    examples: tuple[str, ...] = ()
    date_order: str = ""
    decimal: str = ""
    faults: tuple[Fault, ...] = ()
    sight: Sight = "show"
    values: tuple[Value, ...] = ()  # every one where they are few and none is long

    @property
    def fill(self) -> float:
        """The share of the rows that hold something."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def sensitivity(self) -> str:
        """Who must be careful with the values: what the column means, and what else was found inside."""
        found = {fault.code for fault in self.faults}
        if found & INSIDE and MEANINGS[self.meaning] in ("none", "internal", "money", "opinion", "personal"):
            return "text"
        if self.by in ("shape", "nothing") and self.type == "text" and MEANINGS[self.meaning] in ("none", "internal"):
            return "contact"  # what nobody knows may be somebody's
        return MEANINGS[self.meaning]

    def seen(self, sight: Sight) -> ColumnProfile:
        """Return the column with its values as ``sight`` shows them."""
        if sight == "show":
            return replace(self, sight=sight)
        if sight == "hide":
            return replace(self, sight=sight, top=(), examples=(), values=())
        kind = _MASKS.get(self.meaning, "")
        top = tuple(Value(mask(one.value, kind), one.rows) for one in self.top)
        values = tuple(Value(mask(one.value, kind), one.rows) for one in self.values)
        examples = tuple(mask(value, kind) for value in self.examples)
        return replace(self, sight=sight, top=top, examples=examples, values=values)


# Faults that say that something of a person stands where nothing of the kind was expected.
INSIDE = frozenset({"emails_inside", "phones_inside", "accounts_inside", "cards_inside", "numbers_inside"})


@dataclass(frozen=True)
class Profile:
    """A file: its conventions, rows, columns, faults; ``key`` names the columns that tell its rows apart."""

    name: str
    kind: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    conventions: tuple[Convention, ...] = ()
    faults: tuple[Fault, ...] = ()
    key: tuple[str, ...] = ()

    def seen_by(self, perimeter: Perimeter) -> Profile:
        """Return the profile as the most open role of ``perimeter`` may see it: a file has no entity yet."""
        return replace(self, columns=tuple(c.seen(perimeter.role_sight(c.sensitivity)) for c in self.columns))

    def seen_at(self, perimeter: Perimeter, entity: str, brand: str) -> Profile:
        """Return the profile as ``perimeter`` may see what is of a brand."""
        return replace(self, columns=tuple(c.seen(perimeter.sight(c.sensitivity, entity, brand)) for c in self.columns))

    def column(self, name: str) -> ColumnProfile:
        """Return the column called ``name``; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def plain(self) -> dict[str, Any]:
        """Return the profile as JSON can hold it."""
        return {
            "file": self.name,
            "kind": self.kind,
            "rows": self.rows,
            "key": list(self.key),
            "conventions": [
                {"what": one.what, "value": one.value, "sure": one.sure, "given": one.given}
                | {"evidence": dict(one.evidence)}
                for one in self.conventions
            ],
            "faults": [_fault(fault) for fault in self.faults],
            "columns": [_column(column) for column in self.columns],
        }  # fmt: skip

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Profile:
        """Return the profile that ``dataclasses.asdict`` made ``data`` of, in JSON."""
        columns = (
            ColumnProfile(
                **one
                | {
                    "others": tuple((meaning, sure) for meaning, sure in one["others"]),
                    "top": tuple(Value(**value) for value in one["top"]),
                    "values": tuple(Value(**value) for value in one.get("values") or ()),
                    "examples": tuple(one["examples"]),
                    "faults": tuple(Fault(**fault) for fault in one["faults"]),
                }
            )
            for one in data["columns"]
        )
        return cls(
            data["name"], data["kind"], data["rows"], tuple(columns),
            tuple(Convention(**one) for one in data["conventions"]), tuple(Fault(**one) for one in data["faults"]),
            tuple(data["key"]),
        )  # fmt: skip


def _fault(fault: Fault) -> dict[str, Any]:
    return {"code": fault.code, "rows": fault.rows, **fault.params}


def _column(column: ColumnProfile) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "filled": column.filled,
        "fill": round(column.fill, 4),
        "distinct": column.distinct,
        "longest": column.longest,
        "meaning": column.meaning,
        "confidence": column.confidence,
        "told_by": column.by,
        "others": [{"meaning": meaning, "confidence": confidence} for meaning, confidence in column.others],
        "date_order": column.date_order or None,
        "decimal": column.decimal or None,
        "values": column.sight,
        "top": [{"value": one.value, "rows": one.rows} for one in column.top],
        "examples": list(column.examples),
        "faults": [_fault(fault) for fault in column.faults],
    }
