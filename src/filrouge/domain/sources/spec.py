"""The definition of a source: one place, read into one canonical table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal, Self

import pydantic
from pydantic import Field

from filrouge.base.spec import Spec
from filrouge.base.text import fold
from filrouge.domain.sources import keeping, rules
from filrouge.domain.sources.expressions import Unreadable, parsed
from filrouge.domain.sources.form import Format, duration
from filrouge.domain.sources.reaching import FILES, Arrives, Token, faults
from filrouge.domain.sources.rules import Rule
from filrouge.tables import TABLES

LOOKED_UP = frozenset({"sql", "rest"})
WHOLE = frozenset({"ndjson", "rest"})  # their rows are kept as the objects that were received
CONSENT_STATES = ("granted", "denied", "withdrawn", "objected", "restricted")
_DOUBLE = re.compile(r"#\d+$")  # what a name that stands twice in a file bears
# ref column of a canonical table -> column that holds the key of the record it names
KEY_OF_REF = {
    "person_ref": "person_key",
    "customer_ref": "person_key",
    "payer_ref": "person_key",
    "user_ref": "person_key",
    "reader_ref": "reader_key",
    "company_ref": "company_key",
}


class Cell(Spec):
    """How one canonical value is made: from a column, several, a constant, a template or an expression."""

    column: str | None = None
    columns: tuple[str, ...] = ()
    join: str = " "
    const: str | None = None
    template: str | None = None
    expr: str | None = None
    values: dict[str, str | None] | None = None
    other: Literal["reject", "keep", "null"] = "reject"
    default: str | None = None
    format: str | tuple[str, ...] | None = None
    of: str | None = None

    @pydantic.model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"column": data}
        if isinstance(data, dict):
            data = dict(data)
            if "other" in data and data["other"] is None:
                data["other"] = "null"
            if isinstance(data.get("values"), dict):
                data["values"] = {_word(key): _word(value) for key, value in data["values"].items()}
            if "const" in data and data["const"] is not None:
                data["const"] = _word(data["const"])
        return data

    @pydantic.model_validator(mode="after")
    def _one(self) -> Self:
        ways = [self.column is not None, bool(self.columns), self.const is not None, self.template is not None]
        if sum([*ways, self.expr is not None]) != 1:
            raise ValueError("needs exactly one of column, columns, const, template, expr")
        if self.expr is not None:
            try:
                parsed(self.expr)
            except Unreadable as error:
                raise ValueError(f"expr: {error}") from None
        return self

    def reads(self) -> tuple[str, ...]:
        """Return the source columns that the cell needs."""
        if self.column is not None:
            return (self.column,)
        if self.template is not None:
            return tuple(part for kind, part in pieces(self.template) if kind == "column")
        if self.expr is not None:
            return parsed(self.expr).columns
        return self.columns

    def words(self) -> frozenset[str] | None:
        """Return the words that it may give, None where it may give any."""
        if self.const is not None:
            return frozenset({self.const})
        if not self.values or self.other == "keep":
            return None
        return frozenset(one for one in (*self.values.values(), self.default) if one)


class Consent(Spec):
    """A consent that a row of people carries."""

    purpose: str
    channel: str
    state: Cell
    at: Cell | None = None
    notice: Cell | None = None
    method: Cell | None = None


class Rows(Spec):
    min: int | None = None
    max: int | None = None


class Expect(Spec):
    """When the source should run, and what a good run looks like."""

    every: str | None = None
    rows: Rows = Rows()
    fresh_within: str | None = None
    rejects_below: float = Field(0.2, ge=0, le=1)
    doubtful: Literal["tell", "wait"] = "tell"  # what becomes of a run that looks wrong

    @pydantic.field_validator("every")
    @classmethod
    def _a_schedule(cls, value: str | None) -> str | None:
        if value is not None:
            from cronsim import CronSim, CronSimError

            try:
                CronSim(value, datetime(2026, 1, 1, tzinfo=UTC))
            except CronSimError as error:
                raise ValueError(f"{value!r} is no schedule: {str(error).lower()}") from None
        return value

    @pydantic.field_validator("fresh_within")
    @classmethod
    def _a_duration(cls, value: str | None) -> str | None:
        if value is not None and duration(value) is None:
            raise ValueError(f"{value!r} is no duration: write 30m, 26h or 2d")
        return value


class Owner(Spec):
    business: str = ""
    technical: str = ""


class SourceSpec(Spec):
    """One source as its YAML says it (``dictionary.md`` shows one)."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_]{0,58}$")
    system: str = ""
    title: dict[str, str] = Field(default_factory=dict)
    # built in, brought by a package, or one of two that are written to, never read: filrouge, collect
    kind: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,19}$")
    place: str
    entity: Cell
    brand: Cell
    reads: str
    format: Format = Format()
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)  # of a connector that a package brings
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    key: tuple[str, ...]
    cursor: str | None = None
    map: dict[str, Cell]
    consents: tuple[Consent, ...] = ()
    required: tuple[str, ...] = ()
    never_kept: tuple[str, ...] = ()  # columns that are read past: not even the row as received holds them
    kept: dict[str, keeping.Kept] = Field(default_factory=dict)  # columns held for less, or for something else
    rules: tuple[Rule, ...] = Field((), max_length=rules.MOST)
    expect: Expect = Expect()
    owner: Owner = Owner()
    rank: int = 100
    one_each: bool = False  # the system holds each person once: two of its records are never one person
    lookup: str | None = Field(None, max_length=1000)  # how it is asked for the rows of one person
    secret: str | None = None
    auth: Literal["bearer", "basic", "username", "header", "oauth2"] = "bearer"
    user: str = Field("", max_length=200)
    header: str = Field("", max_length=100, pattern=r"^[A-Za-z0-9-]*$")
    token: Token | None = None
    host_key: str = Field("", max_length=100, pattern=r"^(SHA256:[A-Za-z0-9+/]{43})?$")
    arrives: Arrives = Arrives()
    patience: str | None = None  # how long a run may wait in all for a system that asks to be left alone
    headers: dict[str, str] = Field(default_factory=dict)
    allow_private: bool = False

    @pydantic.model_validator(mode="before")
    @classmethod
    def _shape(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValueError("a source is a mapping of names to values")
        data = dict(data)
        for name in ("entity", "brand"):
            if isinstance(data.get(name), str):
                data[name] = {"const": data[name]}
        if isinstance(data.get("key"), str):
            data["key"] = [data["key"]]
        mapping = data.get("map")
        if isinstance(mapping, dict) and "consents" in mapping:
            data["map"] = {name: cell for name, cell in mapping.items() if name != "consents"}
            data.setdefault("consents", mapping["consents"])
        where = data.get("where")
        if isinstance(where, dict):
            data["where"] = {k: [_word(x) for x in v] if isinstance(v, list) else [_word(v)] for k, v in where.items()}
        data.setdefault("system", str(data.get("source", "")).split("_")[0])
        return data

    @pydantic.model_validator(mode="after")
    def _fits(self) -> Self:
        table = TABLES.get(self.reads)
        if table is None or not table.canonical:
            able = ", ".join(sorted(name for name, t in TABLES.items() if t.canonical))
            raise ValueError(f"reads: no table is called {self.reads!r}; there are {able}")
        known = {column.name: column for column in table.columns}
        found = []
        for name, cell in self.map.items():
            if name not in known:
                found.append(f"map.{name}: {self.reads} has no such column")
            elif known[name].ref and KEY_OF_REF.get(name) in known and not cell.of:
                found.append(f"map.{name}: say with `of:` which source the reference names")
        found += [
            f"map.{name}: an amount in the smallest unit needs `currency` beside it"
            for name, cell in self.map.items()
            if cell.format == "minor" and "currency" not in self.map
        ]
        found += [f"required: {name} is not mapped" for name in self.required if name not in self.map]
        if self.consents and self.reads != "person_records":
            found.append("consents: only a source of person_records may carry them")
        for consent in self.consents:
            bad = {value for value in (consent.state.values or {}).values() if value} - set(CONSENT_STATES)
            found += [f"consents: {value!r} is not a state of consent" for value in sorted(bad)]
        found += self._lookup_faults() + faults(self)
        found += [f"never_kept: {name} is read" for name in self.never_kept if name in self.columns()]
        if self.never_kept and self.kind in WHOLE:
            found.append(f"never_kept: an object of {self.kind} is kept whole, as received")
        found += keeping.faults(self)
        found += rules.faults(self.rules, table, self.map, self.source)
        if self.kind == "sql" and not (self.format.query or self.format.table):
            found.append("format: a SQL source needs a table or a query")
        if found:
            raise ValueError("; ".join(found))
        return self

    def _lookup_faults(self) -> list[str]:
        if self.lookup is None:
            return []
        if self.kind not in LOOKED_UP:
            return [f"lookup: a source of kind {self.kind} cannot be asked for one person"]
        if not self.people():
            return ["lookup: this source holds nothing of one person"]
        if self.kind == "rest" and [part for part in pieces(self.lookup) if part[0] == "column"] != [("column", "ref")]:
            return ["lookup: write the address with {ref} once, where the person's number goes"]
        return []

    def people(self) -> tuple[str, ...]:
        """Return the sources of people whose numbers its rows bear: itself, where it holds people."""
        if self.reads == "person_records":
            return (self.source,)
        return tuple(dict.fromkeys(of for name in self.bearing() if (of := self.map[name].of)))

    def bearing(self) -> tuple[str, ...]:
        """Return the columns that bear the number of one person."""
        if self.reads == "person_records":
            return ("source_id",)
        return tuple(name for name, key in KEY_OF_REF.items() if key != "company_key" and name in self.map)

    def columns(self) -> tuple[str, ...]:
        """Return every source column that the definition names, in order, each once."""
        cells = [self.entity, self.brand, *self.map.values()]
        for consent in self.consents:
            cells += [cell for cell in (consent.state, consent.at, consent.notice, consent.method) if cell]
        named = [*self.key, *self.where, *(name for cell in cells for name in cell.reads())]
        if self.cursor:
            named.append(self.cursor)
        return tuple(dict.fromkeys(named))

    def unkept(self, names: Iterable[str], of: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return those of ``names`` that are never kept: written otherwise or doubled too, unless they are read.

        ``of``: some of the columns that are never kept, when the others do not matter.
        """
        exact = {*(self.never_kept if of is None else of)}
        folded = {fold(name) for name in exact if not name.startswith("#")} - {""}
        twice = {fold(_DOUBLE.sub("", name)) for name in exact if _DOUBLE.search(name)} - {""}
        read = {*self.columns()} if exact else set()
        return tuple(
            name for name in names
            if name in exact
            or (name not in read and {fold(name), bare := fold(_DOUBLE.sub("", name))} & folded)
            or (name not in read and _DOUBLE.search(name) and bare in twice)
        )  # fmt: skip

    @property
    def remote(self) -> bool:
        """Tell whether its files stand on a server."""
        return self.kind in FILES and self.place.startswith("sftp://")

    def refers_to(self) -> tuple[str, ...]:
        """Return the sources that this one's references name."""
        return tuple(dict.fromkeys(cell.of for cell in self.map.values() if cell.of))


def pieces(template: str) -> list[tuple[str, str]]:
    """Return the parts of ``a {b} c`` as ("text", …) and ("column", …)."""
    found: list[tuple[str, str]] = []
    rest = template
    while rest:
        before, brace, after = rest.partition("{")
        if before:
            found.append(("text", before))
        if not brace:
            break
        name, _, rest = after.partition("}")
        found.append(("column", name))
    return found


def _word(value: Any) -> Any:
    """Undo what YAML does to plain words: ``O: …`` may arrive as a boolean, ``1`` as a number."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
