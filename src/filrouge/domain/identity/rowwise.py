"""A query that makes one row of one row, as Python: columns are worked out when they are asked for, tables are looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sqlglot import exp

from filrouge.domain.identity.compiled import Code, Writer, parsed, unable

Looked = Mapping[tuple[str, str, str], Callable[..., object]]  # (table, its key, its column) -> what it tells of a key
_PARTS = {"expressions", "from_", "joins", "with_", "kind", "hint"}


class Relation(Protocol):
    """Whatever has columns."""

    def names(self) -> Sequence[str]:
        """Return the columns."""

    def column(self, name: str) -> str:
        """Return the Python of a column."""


class Given:
    """A row that is there: each column has its Python."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns

    def names(self) -> Sequence[str]:
        return list(self._columns)

    def column(self, name: str) -> str:
        return self._columns[name]


class Found:
    """A table to which a left join leads by one key."""

    def __init__(self, code: Code, table: str, by: str, key: str, looked: Looked) -> None:
        self._made = {
            column: f"{code.keep(tells)}({key})"
            for (one, other, column), tells in looked.items()
            if (one, other) == (table, by)
        }
        if not self._made:
            raise unable(f"{table}.{by}")

    def names(self) -> Sequence[str]:
        return list(self._made)

    def column(self, name: str) -> str:
        return self._made[name]


class Query:
    """A query without conditions over one row and what its left joins find. Raises Uncompilable."""

    def __init__(
        self, code: Code, sql: str | exp.Expression, tables: Mapping[str, Relation], looked: Looked | None = None
    ) -> None:
        tree = parsed(sql) if isinstance(sql, str) else sql
        if not isinstance(tree, exp.Select) or any(tree.args.get(part) for part in tree.args if part not in _PARTS):
            raise unable(tree.sql(dialect="duckdb"))
        self._code, looked = code, looked or {}
        known = dict(tables)
        for cte in tree.ctes:
            known[cte.alias] = Query(code, cte.this, known, looked)
        first = tree.args["from_"].this
        self._sources: dict[str, Relation] = {first.alias_or_name: known[first.name]}
        self._first = first.alias_or_name
        self._writer = Writer(code, self._resolve)
        for join in tree.args.get("joins") or ():
            self._join(join, looked)
        self._told: dict[str, exp.Expression | tuple[str, str]] = {}
        for said in tree.expressions:
            self._project(said)
        self._made: dict[str, str] = {}

    def _join(self, join: exp.Join, looked: Looked) -> None:
        on = join.args.get("on")
        if join.side != "LEFT" or not isinstance(on, exp.EQ):
            raise unable(join.sql(dialect="duckdb"))
        alias = join.this.alias_or_name
        mine, other = (on.this, on.expression) if on.this.table == alias else (on.expression, on.this)
        key = self._writer.value(other)
        key = key if key.isidentifier() else self._code.put(key)
        self._sources[alias] = Found(self._code, join.this.name, mine.name, key, looked)

    def _project(self, said: exp.Expression) -> None:
        starred = said if isinstance(said, exp.Star) else said.this if isinstance(said, exp.Column) else None
        if isinstance(starred, exp.Star):
            table = said.table if isinstance(said, exp.Column) else self._first
            self._told |= {name: (table, name) for name in self._sources[table].names()}
        else:
            self._told[said.alias_or_name] = said

    def _resolve(self, table: str, name: str) -> str:
        if table:
            return self._sources[table].column(name)
        for source in self._sources.values():
            if name in source.names():
                return source.column(name)
        raise unable(name)

    def names(self) -> Sequence[str]:
        return list(self._told)

    def column(self, name: str) -> str:
        if name not in self._made:
            said = self._told[name]
            written = self._resolve(*said) if isinstance(said, tuple) else self._writer.value(said)
            self._made[name] = written if written.isidentifier() else self._code.put(written)
        return self._made[name]
