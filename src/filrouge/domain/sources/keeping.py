"""Why the values of a column are held and for how long, where a source says otherwise than the table they go into."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pydantic

from filrouge.base.errors import Phrase
from filrouge.base.spec import Spec
from filrouge.domain.privacy.perimeter import PURPOSES
from filrouge.tables import TABLES, Table
from filrouge.tables.base import PERSONAL

if TYPE_CHECKING:
    from filrouge.domain.sources.spec import SourceSpec

UNITS = {"days": 1.0, "months": 365 / 12, "years": 365.0}  # in days
TIMED = ("dated", "ended", "active")  # how a table counts its retention, where it counts one
_SPAN = re.compile(r"(\d{1,5}) (day|month|year)s?")


class Kept(Spec):
    """Why the values of one column are held, and for how long; what is not said is as the table says."""

    purpose: str | None = None
    retention: str | None = None

    @pydantic.field_validator("purpose")
    @classmethod
    def _a_purpose(cls, value: str | None) -> str | None:
        if value is not None and value not in PURPOSES:
            raise ValueError(f"{value!r} is no purpose; there are {', '.join(PURPOSES)}")
        return value

    @pydantic.field_validator("retention")
    @classmethod
    def _a_span(cls, value: str | None) -> str | None:
        if value is not None and not days(value):
            raise ValueError(f"{value!r} is no retention: write 90 days, 18 months or 2 years")
        return value


@dataclass(frozen=True)
class Limit:
    """What goes ``days`` days after the date of its row: a column as received, and what it fills of the table.

    ``since`` and ``until``: of what a column left behind that is read otherwise by now, what was read between these
    moments (ISO 8601; "" of no such bound).
    """

    column: str
    targets: tuple[str, ...]
    days: int
    since: str = ""
    until: str = ""


def days(text: str) -> int | None:
    """Return how many days ``90 days``, ``18 months`` or ``2 years`` are, None when it is none of these."""
    match = _SPAN.fullmatch(text.strip())
    return round(int(match[1]) * UNITS[f"{match[2]}s"]) if match else None


def parted(text: str | None) -> tuple[int | None, str]:
    """Return the number and the unit (days, months, years) of a retention; None and months where none is said."""
    match = _SPAN.fullmatch((text or "").strip())
    return (int(match[1]), f"{match[2]}s") if match else (None, "months")


def longest(table: Table) -> int | None:
    """Return how many days a row of the table is kept at most; None where it counts none."""
    return table.retention_days if table.personal and table.kept in TIMED else None


def limits(spec: SourceSpec) -> tuple[Limit, ...]:
    """Return what goes before its row does, by column."""
    found = []
    for column, kept in spec.kept.items():
        if kept.retention is not None:
            found.append(Limit(column, targets(spec, column), days(kept.retention) or 0))
    return tuple(found)


def former(data: Sequence[Mapping[str, Any]]) -> tuple[Limit, ...]:
    """Return the limits that ``followed`` ended, as JSON kept them."""
    return tuple(
        Limit(one["column"], (one["target"],) if one["target"] else (), one["days"], one["since"], one["until"])
        for one in data if one["until"]
    )  # fmt: skip


def followed(
    before: SourceSpec, now: SourceSpec, kept: Sequence[Mapping[str, Any]], *, at: datetime
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the limits by which what was read so far still goes, once the definition ``now`` is in force.

    ``kept``: what this returned for ``before``. A limit ends where its column is no longer read into what it went into,
    or is never kept; one whose column is read as before, its retention changed or taken away, is as it is told now.
    Of those in force, when they began is remembered, unless their column was read so before they were told.
    """
    was, is_now = _limits_by_place(before), _limits_by_place(now)
    begun = {(one["column"], one["target"]): one["since"] for one in kept if not one["until"]}
    moment = at.isoformat()
    found = [dict(one) for one in kept if one["until"] and not _is_told(now, one["column"], one["target"])]
    for (column, target), days in was.items():
        if (column, target) not in is_now and not _is_told(now, column, target):
            since = begun.get((column, target), "")
            found.append({"column": column, "target": target, "days": days, "since": since, "until": moment})
    for (column, target), days in is_now.items():
        since = begun.get((column, target), "")
        if (column, target) not in was and target and target not in targets(before, column):
            since = moment
        if since:
            found.append({"column": column, "target": target, "days": days, "since": since, "until": ""})
    return found


def _limits_by_place(spec: SourceSpec) -> dict[tuple[str, str], int]:
    """Return the days of each limit, by column and by what it fills ("": nothing, it is only kept as received)."""
    return {(one.column, target): one.days for one in limits(spec) for target in one.targets or ("",)}


def _is_told(now: SourceSpec, column: str, target: str) -> bool:
    """Tell whether what a column left somewhere is as ``now`` tells it: read into it still, or kept as received."""
    return target in targets(now, column) if target else not now.unkept([column])


def targets(spec: SourceSpec, column: str) -> tuple[str, ...]:
    """Return the columns of the table that a column fills, alone or with others."""
    return tuple(name for name, cell in spec.map.items() if column in cell.reads())


def of_targets(found: Collection[Limit]) -> dict[str, int]:
    """Return, for each column of the table, after how many days it goes: the soonest of what fills it by now."""
    soonest: dict[str, int] = {}
    for one in found:
        for target in one.targets:
            soonest[target] = min(one.days, soonest.get(target, one.days))
    return soonest


def spelled(limit: Limit, spec: SourceSpec, names: Collection[str]) -> tuple[str, ...]:
    """Return those of ``names`` that are the column: one that nothing reads may be written otherwise, or doubled."""
    if limit.targets:
        return (limit.column,) if limit.column in names else ()
    return spec.unkept(names, [limit.column])


def bound(spec: SourceSpec) -> frozenset[str]:
    """Return the columns that stay as long as their row: it is named, chosen, attached or dated by them.

    What a consent rests on is among them: it is the evidence of what somebody said.
    """
    table = TABLES[spec.reads]
    cells = [spec.entity, spec.brand]
    for consent in spec.consents:
        cells += [cell for cell in (consent.state, consent.at, consent.notice, consent.method) if cell]
    whole = {table.at, table.ends, "source_id", "event_id", "currency"}
    cells += [cell for name, cell in spec.map.items() if cell.of or name in whole]
    named = {*spec.key, *spec.where, *(name for cell in cells for name in cell.reads())}
    return frozenset(named | ({spec.cursor} if spec.cursor else set()))


def choosable(spec: SourceSpec, columns: Collection[str]) -> list[str]:
    """Return those of ``columns`` whose purpose and retention can be said: personal, or kept as received only."""
    table = TABLES[spec.reads]
    if longest(table) is None:
        return []
    careful = {column.name for column in table.columns if column.sensitivity in PERSONAL}
    held, unkept = bound(spec), {*spec.unkept(columns)}
    return [
        name for name in columns
        if name not in held and name not in unkept
        and (not (told := targets(spec, name)) or careful & {*told})
    ]  # fmt: skip


def faults(spec: SourceSpec) -> list[str]:
    """Return what cannot be in ``kept``, as a definition's author reads it."""
    table, held = TABLES[spec.reads], bound(spec)
    most = longest(table)
    found = []
    for name, kept in spec.kept.items():
        if most is None:
            found.append(f"kept.{name}: rows of {spec.reads} have no retention of their own")
        elif name in held:
            found.append(f"kept.{name}: the row is named, chosen, attached or dated by it, so it stays as long")
        elif name in spec.never_kept:
            found.append(f"kept.{name}: it is never kept")
        elif kept.retention and (days(kept.retention) or 0) > most:
            found.append(f"kept.{name}: {kept.retention} is longer than rows of {spec.reads} are kept ({most} days)")
    return found


def unfit(retention: str | None, table: Table) -> Phrase | None:
    """Return why a retention cannot be asked of a column of the table, None when it can."""
    most = longest(table)
    if not retention or most is None:
        return None
    if not days(retention):
        return Phrase("a retention is a number of days, months or years")
    if (days(retention) or 0) <= most:
        return None
    return Phrase("its rows are kept {most} days, and a value cannot be kept longer than its row", most=most)


def fitted(kept: Mapping[str, Any], spec: SourceSpec) -> dict[str, Any]:
    """Return what is left of ``kept`` once the mapping of ``spec`` changed: nothing of what stays with its row."""
    held = bound(spec)
    able = longest(TABLES[spec.reads]) is not None
    gone = {*spec.never_kept, *spec.unkept(kept)}
    most = longest(TABLES[spec.reads]) or 0
    left = {}
    for name, one in kept.items():
        said = {part: value for part, value in dict(one or {}).items() if value}
        if (days(str(said.get("retention", ""))) or 0) > most:
            said.pop("retention")
        if said and able and name not in held and name not in gone:
            left[name] = said
    return left
