"""Expressions of SQL made into Python functions: what decides is written once, for DuckDB, and read here for one record.

Unknown stays unknown: each expression is written as a value (None is NULL), or as the test that it is true, or false.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from filrouge.base.errors import FilrougeError
from filrouge.domain.identity import letters

Column = Callable[[str, str], str]  # (table, name) -> the Python that tells it
_COMPARED: dict[type[exp.Expression], str] = {
    exp.EQ: "==", exp.NEQ: "!=", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=",
}  # fmt: skip
_INVERSE = {"==": "!=", "!=": "==", ">": "<=", ">=": "<", "<": ">=", "<=": ">"}
_COUNTED: dict[type[exp.Expression], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_WHOLE = {"SMALLINT": 16, "INT": 32, "BIGINT": 64, "TINYINT": 8}
# node -> (function of ``letters``, the parts that it is given)
_FUNCTIONS: dict[type[exp.Expression], tuple[str, tuple[str, ...]]] = {
    exp.Lower: ("lower", ("this",)), exp.Upper: ("upper", ("this",)), exp.Length: ("length", ("this",)),
    exp.Abs: ("absolute", ("this",)), exp.Left: ("left", ("this", "expression")),
    exp.Right: ("right", ("this", "expression")), exp.Substring: ("substr", ("this", "start", "length")),
    exp.SplitPart: ("split_part", ("this", "delimiter", "part_index")), exp.StrPosition: ("strpos", ("this", "substr")),
    exp.Contains: ("contains", ("this", "expression")), exp.Replace: ("replace", ("this", "expression", "replacement")),
    exp.Split: ("split", ("this", "expression")), exp.ArrayToString: ("joined", ("this", "expression")),
    exp.Levenshtein: ("levenshtein", ("this", "expression")),
    exp.JarowinklerSimilarity: ("jaro_winkler", ("this", "expression")),
}  # fmt: skip
_PLAIN: dict[type[exp.Expression], str] = {exp.Trim: "trim"}  # with what is to be trimmed, it is another function


class Uncompilable(FilrougeError):
    """An expression uses what is worked out in the whole only."""

    exit_code = 1
    status = 409


def unable(what: str) -> Uncompilable:
    """Return the fault of an expression that holds ``what``."""
    return Uncompilable(
        "The model compares by “{what}”, which one record cannot be matched by.",
        hint="Write that comparison otherwise, or let the record be settled with the others.",
        what=what,
    )


class Code:
    """Python in the making: lines, the names that they use, and what those stand for."""

    def __init__(self, macros: Mapping[str, Callable[..., Any]] | None = None) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {name: getattr(letters, name) for name in _LETTERS}
        self.macros = dict(macros or {})
        self.names |= {f"macro_{name}": macro for name, macro in self.macros.items()}
        self._made = 0

    def fresh(self, prefix: str = "t") -> str:
        """Return a name that nothing bears yet."""
        self._made += 1
        return f"{prefix}{self._made}"

    def keep(self, thing: Any, prefix: str = "k") -> str:
        """Return the name of a constant."""
        name = self.fresh(prefix)
        self.names[name] = thing
        return name

    def add(self, line: str) -> None:
        """Write one more line of the function."""
        self.lines.append(line)

    def put(self, source: str, prefix: str = "v") -> str:
        """Write a line that works ``source`` out, and return the name of the result."""
        name = self.fresh(prefix)
        self.add(f"{name} = {source}")
        return name

    def function(self, name: str, given: Sequence[str], answer: str) -> Callable[..., Any]:
        """Return the function whose lines were written, which answers ``answer``."""
        body = "\n".join(f"    {line}" for line in [*self.lines, f"return {answer}"])
        source = f"def {name}({', '.join(given)}):\n{body}\n"
        # the text is made here from trees of known nodes: names are ours, constants are written by repr
        exec(compile(source, f"<compiled {name}>", "exec"), self.names)  # noqa: S102
        made: Callable[..., Any] = self.names[name]
        return made


_LETTERS = (
    "lower", "upper", "length", "absolute", "left", "right", "substr", "split_part", "strpos", "contains", "replace",
    "split", "joined", "levenshtein", "jaro_winkler", "strip_accents", "trim", "greatest", "least", "whole", "both",
    "either", "opposite", "replaced", "matches", "extracted",
)  # fmt: skip


def parsed(sql: str) -> exp.Expression:
    """Return the tree of an expression or a query of DuckDB. Raises Uncompilable."""
    try:
        tree: exp.Expression = sqlglot.parse_one(sql, dialect="duckdb")  # type: ignore[assignment]
        return tree
    except SqlglotError:
        raise unable(sql) from None


class Writer:
    """Writes expressions as Python; ``column`` tells what a column is, ``there`` names what is known to hold something."""

    def __init__(self, code: Code, column: Column, there: Sequence[str] = ()) -> None:
        self.code = code
        self.column = column
        self.there = frozenset(there)

    # --- as a value -----------------------------------------------------------------------------------------------

    def value(self, node: exp.Expression) -> str:
        """Return the Python of what ``node`` is worth, None when that is unknown. Raises Uncompilable."""
        if type(node) in _COMPARED:
            return self._known([node.this, node.expression], _COMPARED[type(node)])
        if type(node) in _COUNTED:
            return self._known([node.this, node.expression], _COUNTED[type(node)])
        if type(node) in _FUNCTIONS:
            name, parts = _FUNCTIONS[type(node)]
            return f"{name}({', '.join(self.value(node.args[part]) for part in parts if node.args.get(part))})"
        if type(node) in _PLAIN and set(filter(node.args.get, node.args)) == {"this"}:
            return f"{_PLAIN[type(node)]}({self.value(node.this)})"
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise unable(node.sql(dialect="duckdb"))
        written: str = method(node)
        return written

    def _literal(self, node: exp.Literal) -> str:
        if node.is_string:
            return repr(node.this)
        return repr(float(node.this)) if any(c in node.this for c in ".eE") else repr(int(node.this))

    def _null(self, _: exp.Null) -> str:
        return "None"

    def _boolean(self, node: exp.Boolean) -> str:
        return repr(bool(node.this))

    def _neg(self, node: exp.Neg) -> str:
        if not isinstance(node.this, exp.Literal):
            raise unable(node.sql(dialect="duckdb"))
        return f"-{self.value(node.this)}"

    def _paren(self, node: exp.Paren) -> str:
        return self.value(node.this)

    def _alias(self, node: exp.Alias) -> str:
        return self.value(node.this)

    def _column(self, node: exp.Column) -> str:
        return self.column(node.table, node.name)

    def _identifier(self, node: exp.Identifier) -> str:
        return self.column("", node.name)  # the word of a lambda

    def _dpipe(self, node: exp.DPipe) -> str:
        return self._known(list(_flat(node)), "+")

    def _known(self, parts: Sequence[exp.Expression], sign: str) -> str:
        """Return what ``parts`` make together, unknown as soon as one is."""
        tests, said = [], []
        for part in parts:
            test, name = self._tested(part)
            tests += [test] if test else []
            said.append(name)
        together = f" {sign} ".join(said)
        return f"(None if {' or '.join(tests)} else {together})" if tests else f"({together})"

    def _tested(self, node: exp.Expression) -> tuple[str, str]:
        """Return the test that ``node`` is unknown, nothing when it never is, and the Python by which it is then told."""
        written = self.value(node)
        if isinstance(_bare(node), exp.Literal | exp.Neg) or written in self.there:
            return "", written
        if written.isidentifier() and not keyword.iskeyword(written):
            return f"{written} is None", written
        name = self.code.fresh()
        return f"({name} := {written}) is None", name

    def _case(self, node: exp.Case) -> str:
        branches = [(branch.this, branch.args["true"]) for branch in node.args["ifs"]]
        default = node.args.get("default")
        other = self.value(default) if default is not None else "None"
        if node.this is not None:
            return self._chosen(node.this, branches, other)
        for condition, answer in reversed(branches):
            other = f"({self.value(answer)} if {self.true(condition)} else {other})"
        return other

    def _chosen(self, of: exp.Expression, branches: Sequence[tuple[exp.Expression, exp.Expression]], other: str) -> str:
        """Write ``case x when 'a' then 'b'…`` as a look-up where every word is a constant."""
        if all(isinstance(part, exp.Literal) for branch in branches for part in branch):
            table: dict[Any, Any] = {}
            for word, answer in branches:
                table.setdefault(_constant(word), _constant(answer))
            return f"{self.code.keep(table)}.get({self.value(of)}, {other})"
        said = self.value(of)
        name = said if said.isidentifier() else self.code.fresh()
        written = other
        for word, answer in reversed(branches):
            written = f"({self.value(answer)} if {name} == {self.value(word)} else {written})"
        return written if name == said else f"[{name} := {said}, {written}][1]"

    def _cast(self, node: exp.Cast) -> str:
        kind = node.to.this.name
        if kind in _WHOLE:
            return f"whole({self.value(node.this)}, {_WHOLE[kind]})"
        if kind in ("VARCHAR", "TEXT", "DOUBLE"):  # values are texts already, and numbers of double precision
            return self.value(node.this)
        raise unable(node.sql(dialect="duckdb"))

    _trycast = _cast

    def _coalesce(self, node: exp.Coalesce) -> str:
        *some, last = [node.this, *node.expressions]
        written = self.value(last)
        for part in reversed(some):
            test, name = self._tested(part)
            written = f"({written} if {test} else {name})" if test else name
        return written

    def _nullif(self, node: exp.Nullif) -> str:
        name = self.code.fresh()
        return f"(None if ({name} := {self.value(node.this)}) == {self.value(node.expression)} else {name})"

    def _greatest(self, node: exp.Greatest) -> str:
        return f"greatest({', '.join(self.value(part) for part in [node.this, *node.expressions])})"

    def _least(self, node: exp.Least) -> str:
        return f"least({', '.join(self.value(part) for part in [node.this, *node.expressions])})"

    def _and(self, node: exp.And) -> str:
        return f"both({self.value(node.this)}, {self.value(node.expression)})"

    def _or(self, node: exp.Or) -> str:
        return f"either({self.value(node.this)}, {self.value(node.expression)})"

    def _not(self, node: exp.Not) -> str:
        return f"opposite({self.value(node.this)})"

    def _is(self, node: exp.Is) -> str:
        if not isinstance(node.expression, exp.Null):
            raise unable(node.sql(dialect="duckdb"))
        return f"({self.value(node.this)} is None)"

    def _nullsafeneq(self, node: exp.NullSafeNEQ) -> str:
        return f"({self.value(node.this)} != {self.value(node.expression)})"

    def _nullsafeeq(self, node: exp.NullSafeEQ) -> str:
        return f"({self.value(node.this)} == {self.value(node.expression)})"

    def _between(self, node: exp.Between) -> str:
        low, high = (exp.GTE(this=node.this, expression=node.args["low"]), exp.LTE(this=node.this, expression=node.args["high"]))  # fmt: skip
        return f"both({self.value(low)}, {self.value(high)})"

    def _in(self, node: exp.In) -> str:
        items = node.expressions
        if not items or not all(isinstance(item, exp.Literal) for item in items):
            raise unable(node.sql(dialect="duckdb"))
        words = self.code.keep(frozenset(map(_constant, items)))
        test, name = self._tested(node.this)
        return f"(None if {test} else {name} in {words})" if test else f"({name} in {words})"

    def _anonymous(self, node: exp.Anonymous) -> str:
        name = node.name.lower()
        given = ", ".join(map(self.value, node.expressions))
        if name in self.code.macros:
            return f"macro_{name}({given})"
        if name == "strip_accents":
            return f"strip_accents({given})"
        raise unable(node.sql(dialect="duckdb"))

    def _bracket(self, node: exp.Bracket) -> str:
        (place,) = node.expressions  # sqlglot has counted from 0 by now
        if not isinstance(place, exp.Literal):
            raise unable(node.sql(dialect="duckdb"))
        name, at = self.code.fresh(), int(place.this)
        return f"(None if ({name} := {self.value(node.this)}) is None or len({name}) <= {at} else {name}[{at}])"

    def _regexp(self, node: exp.Expression) -> str:
        try:
            return self.code.keep(letters.pattern(_constant(node.expression)))
        except ValueError:
            raise unable(node.sql(dialect="duckdb")) from None

    def _regexpreplace(self, node: exp.RegexpReplace) -> str:
        how = node.args.get("modifiers")
        count = 0 if how is not None and _constant(how) == "g" else 1
        by = self.code.keep(letters.replacement(_constant(node.args["replacement"])))
        return f"replaced({self.value(node.this)}, {self._regexp(node)}, {by}, {count})"

    def _regexplike(self, node: exp.RegexpLike) -> str:
        return f"matches({self.value(node.this)}, {self._regexp(node)})"

    def _regexpextract(self, node: exp.RegexpExtract) -> str:
        group = node.args.get("group")
        return (
            f"extracted({self.value(node.this)}, {self._regexp(node)}, {_constant(group) if group is not None else 0})"
        )

    def _arrayfilter(self, node: exp.ArrayFilter) -> str:
        return self._each(node, lambda word, inner: (word, f" if {inner.true(node.expression.this)}"))

    def _transform(self, node: exp.Transform) -> str:
        return self._each(node, lambda _, inner: (inner.value(node.expression.this), ""))

    def _each(self, node: exp.Expression, told: Callable[[str, Writer], tuple[str, str]]) -> str:
        (said,) = node.expression.expressions
        word, outer = self.code.fresh("w"), self.column

        def column(table: str, name: str) -> str:
            return word if not table and name == said.name else outer(table, name)

        answer, test = told(word, Writer(self.code, column, (*self.there, word)))
        name = self.code.fresh()
        return f"(None if ({name} := {self.value(node.this)}) is None else [{answer} for {word} in {name}{test}])"

    # --- as a test ------------------------------------------------------------------------------------------------

    def true(self, node: exp.Expression) -> str:
        """Return the Python that holds when ``node`` is true, not when it is false or unknown. Raises Uncompilable."""
        node = _bare(node)
        if isinstance(node, exp.And | exp.Or):
            word = "and" if isinstance(node, exp.And) else "or"
            return f"({self.true(node.this)} {word} {self.true(node.expression)})"
        if isinstance(node, exp.Not):
            return self.false(node.this)
        if type(node) in _COMPARED:
            return self._both_there(node, _COMPARED[type(node)])
        if isinstance(node, exp.Between):
            test, name = self._tested(node.this)
            low, high = (self._tested(node.args[side]) for side in ("low", "high"))
            if not low[0] and not high[0]:
                inside = f"{low[1]} <= {name} <= {high[1]}"
                return f"(not ({test}) and {inside})" if test else f"({inside})"
        return self.value(node)

    def false(self, node: exp.Expression) -> str:
        """Return the Python that holds when ``node`` is false, not when it is true or unknown. Raises Uncompilable."""
        node = _bare(node)
        if isinstance(node, exp.And | exp.Or):
            word = "or" if isinstance(node, exp.And) else "and"
            return f"({self.false(node.this)} {word} {self.false(node.expression)})"
        if isinstance(node, exp.Not):
            return self.true(node.this)
        if type(node) in _COMPARED:
            return self._both_there(node, _INVERSE[_COMPARED[type(node)]])
        return f"({self.value(node)} is False)"

    def _both_there(self, node: exp.Expression, sign: str) -> str:
        tests, said = [], []
        for part in (node.this, node.expression):
            test, name = self._tested(part)
            tests += [f"{test.removesuffix(' is None')} is not None"] if test else []
            said.append(name)
        return f"({' and '.join([*tests, f'{said[0]} {sign} {said[1]}'])})"


def _flat(node: exp.Expression) -> Sequence[exp.Expression]:
    return [*_flat(node.this), *_flat(node.expression)] if isinstance(node, exp.DPipe) else [node]


def _bare(node: exp.Expression) -> exp.Expression:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _constant(node: exp.Expression) -> Any:
    if not isinstance(node, exp.Literal):
        raise unable(node.sql(dialect="duckdb"))
    if node.is_string:
        return node.this
    return float(node.this) if "." in node.this else int(node.this)


def functions(definitions: Sequence[str]) -> dict[str, Callable[..., Any]]:
    """Return the macros that ``create or replace macro`` defines, in their order. Raises Uncompilable."""
    made: dict[str, Callable[..., Any]] = {}
    for definition in definitions:
        tree = parsed(definition)
        said = tree.this
        given = [part.name for part in said.expressions]
        code = Code(made)
        name = said.this.name
        answer = Writer(code, lambda _, column: column).value(tree.expression)
        made[name] = code.function(f"macro_{name}", given, answer)
    return made
