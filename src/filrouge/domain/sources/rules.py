"""Rules of a source: what its owner says of good rows and good runs, and what is done when they are not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal, Self

import pydantic
from pydantic import Field

from filrouge.base.spec import Spec
from filrouge.domain.sources.form import duration
from filrouge.domain.sources.patterns import refused
from filrouge.tables.base import Table

Check = Literal["required", "unique", "range", "pattern", "among", "reference", "freshness", "volume"]
OF_ROWS = frozenset({"required", "range", "pattern", "among"})  # judged on the row alone
OF_SETS = frozenset({"unique", "reference"})  # judged on a row among others
OF_RUNS = frozenset({"freshness", "volume"})  # judged on the run as a whole
MOST = 40  # rules of a source
LISTED = 500  # values that a rule lists
_ALWAYS = ("source_id", "entity", "brand")
_NUMBERS = ("decimal", "float64", "int64")
_MOMENTS = ("date", "timestamp")
_RELATIVE = re.compile(r"(?P<sign>[-+])(?P<number>\d{1,5})(?P<unit>[hdmy])")
_DAYS = {"d": 1, "m": 30, "y": 365}
# What each check says beside its columns: needed, and allowed.
_SAYS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "required": (frozenset(), frozenset()),
    "unique": (frozenset(), frozenset()),
    "range": (frozenset(), frozenset({"min", "max"})),
    "pattern": (frozenset({"like"}), frozenset({"like"})),
    "among": (frozenset({"values"}), frozenset({"values"})),
    "reference": (frozenset({"of"}), frozenset({"of"})),
    "freshness": (frozenset({"within"}), frozenset({"within"})),
    "volume": (frozenset(), frozenset()),
}


class Rule(Spec):
    """One rule: what is checked, on which columns, what is done when it is broken, and whose it is."""

    check: Check
    name: str = Field("", pattern=r"^([a-z][a-z0-9_]{0,39})?$")
    columns: tuple[str, ...] = Field((), max_length=6)
    min: str | None = Field(None, max_length=40)
    max: str | None = Field(None, max_length=40)
    like: str | None = Field(None, max_length=200)
    values: tuple[str, ...] = Field((), max_length=LISTED)
    of: str | None = Field(None, max_length=60)
    within: str | None = Field(None, max_length=10)
    does: Literal["warn", "reject", "stop"] = "warn"
    above: float = Field(0, ge=0, lt=1)  # of a rule that stops: the share of rows that is borne
    owner: str = Field("", max_length=100)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        data = dict(data)
        if "column" in data:
            if "columns" in data:
                raise ValueError("say column or columns, not both")
            data["columns"] = data.pop("column")
        if isinstance(data.get("columns"), str):
            data["columns"] = [data["columns"]]
        for name in ("min", "max"):
            if isinstance(data.get(name), int | float | date) and not isinstance(data[name], bool):
                data[name] = str(data[name])
        if isinstance(data.get("values"), list):
            data["values"] = [_word(value) for value in data["values"]]
        if isinstance(data.get("above"), str):
            data["above"] = _share(data["above"])
        return data

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        needed, allowed = _SAYS[self.check]
        said = {name for name in ("min", "max", "like", "values", "of", "within") if getattr(self, name)}
        if missing := sorted(needed - said):
            raise ValueError(f"a rule {self.check} needs {', '.join(missing)}")
        if beyond := sorted(said - allowed):
            raise ValueError(f"a rule {self.check} has no {', '.join(beyond)}")
        if self.check == "range" and not said:
            raise ValueError("a rule range needs min, max or both")
        several = self.check in ("unique", "required")
        if self.check not in OF_RUNS and not (len(self.columns) == 1 or (several and self.columns)):
            raise ValueError(f"a rule {self.check} needs {'columns' if several else 'one column'}")
        if (self.check == "freshness" and len(self.columns) > 1) or (self.check == "volume" and self.columns):
            raise ValueError(f"a rule {self.check} is of the run: it has no such columns")
        if self.check in OF_RUNS and self.does == "reject":
            raise ValueError(f"a rule {self.check} is of the run: it warns or stops, it has no row to reject")
        if self.above and (self.does != "stop" or self.check in OF_RUNS):
            raise ValueError("above: only a rule of rows that stops bears a share of them")
        if self.like is not None and (why := refused(self.like)):
            raise ValueError(f"like: {why}")
        if self.within is not None and duration(self.within) is None:
            raise ValueError(f"{self.within!r} is no duration: write 30m, 26h or 2d")
        return self

    @property
    def called(self) -> str:
        """Return its name: the one given, else what it checks and where."""
        return self.name or "_".join([self.check, *self.columns])[:100]

    @property
    def of_rows(self) -> bool:
        """Tell whether it judges rows, not the run as a whole."""
        return self.check not in OF_RUNS


def faults(rules: Iterable[Rule], table: Table, mapped: Iterable[str], source: str) -> list[str]:
    """Return what is wrong with the rules of a source read into ``table``, whose columns ``mapped`` are filled."""
    found, seen = [], set()
    held = {*mapped, *_ALWAYS}
    kinds = {column.name: column.type for column in table.columns} | dict.fromkeys(_ALWAYS, "string")
    for rule in rules:
        what = f"rules.{rule.called}"
        if rule.called in seen:
            found.append(f"{what}: two rules have this name: give one another with `name:`")
        seen.add(rule.called)
        for name in rule.columns:
            if name not in held:
                found.append(f"{what}: {name} is not mapped")
            elif name in kinds and (why := _unfit(rule, kinds[name])):
                found.append(f"{what}: {name} {why}")
        if rule.check == "freshness" and not rule.columns and not table.at:
            found.append(f"{what}: rows of {table.name} have no moment of their own: name a column")
        if rule.of == source:
            found.append(f"{what}: a reference is to another source")
    return found


def borne(told: Iterable[Any], mapped: Iterable[str]) -> list[Any]:
    """Return the rules, as their author wrote them, of which every column is filled: those in ``mapped``."""
    held = {*mapped, *_ALWAYS}
    return [rule for rule in told if set(Rule.model_validate(rule).columns) <= held]


def _unfit(rule: Rule, kind: str) -> str:
    if rule.check in ("pattern", "among", "reference") and kind != "string":
        return "is no text"
    if rule.check == "freshness" and kind not in _MOMENTS:
        return "is no date"
    if rule.check == "range":
        if kind not in (*_NUMBERS, *_MOMENTS):
            return "is neither a number nor a date"
        read: Callable[[str], object] = _a_number if kind in _NUMBERS else _a_moment
        for bound in (rule.min, rule.max):
            try:
                if bound is not None:
                    read(bound)
            except ValueError:
                asked = "a number" if kind in _NUMBERS else "a date, today, or a distance from it such as -120y or +30d"
                return f"is compared with {bound!r}: write {asked}"
    return ""


def _a_number(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found


def _a_moment(text: str) -> object:
    return text == "today" or _RELATIVE.fullmatch(text) or datetime.fromisoformat(text)


def moment(text: str, *, at: datetime) -> datetime:
    """Return the moment that ``today``, ``-120y``, ``+30d`` or an ISO date says, seen ``at`` a moment with a zone."""
    if text == "today":
        return at
    if match := _RELATIVE.fullmatch(text):
        number = int(match["number"]) * (1 if match["sign"] == "+" else -1)
        if match["unit"] == "y":
            return _years(at, number)
        span = timedelta(hours=number) if match["unit"] == "h" else timedelta(days=number * _DAYS[match["unit"]])
        return at + span
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=at.tzinfo)


def _years(at: datetime, number: int) -> datetime:
    year = min(max(at.year + number, 1), 9999)
    try:
        return at.replace(year=year)
    except ValueError:  # the 29th of February
        return at.replace(year=year, day=28)


def _share(text: str) -> float | str:
    bare = text.strip().replace(",", ".")
    try:
        return float(bare[:-1]) / 100 if bare.endswith("%") else float(bare)
    except ValueError:
        return text


def _word(value: Any) -> Any:
    """Undo what YAML does to plain words, as the mapping does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None else str(value)
