"""Values computed from the columns of a row, in a small language: Python's syntax, of which next to nothing is let in.

``{Column}`` stands for a column, text stands between quotes. Nothing but the functions below can be called.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import ibis
from ibis.expr import types as ir

from filrouge.base.errors import Phrase

LONGEST, MOST = 500, 60  # characters; operations
_PIECE = re.compile(r"""\{([^{}]+)\}|"[^"\n]*"|'[^'\n]*'""")  # a column, or a text
_ONE = re.compile(r"__column_(\d+)__")
_MATHS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
Text: TypeAlias = ir.StringValue


class Unreadable(ValueError):
    """An expression that is none: ``told`` says why."""

    def __init__(self, told: Phrase) -> None:
        super().__init__(str(told))
        self.told = told


@dataclass(frozen=True)
class Expression:
    """An expression that is one: its tree, and the columns that it reads, in their order."""

    tree: ast.expr
    columns: tuple[str, ...]

    def over(self, column: Callable[[str], Text], *, decimal: str = ".") -> Text:
        """Return its value as text, null where it has none; numbers are read and written with the ``decimal`` mark."""
        return _Built(self.columns, column, decimal).text(self.tree)


def parsed(text: str) -> Expression:
    """Return the expression that ``text`` writes. Raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable(Phrase("it is longer than {most} characters", most=LONGEST))
    names: list[str] = []

    def stand_in(name: str) -> str:
        if name not in names:
            names.append(name)
        return f"__column_{names.index(name)}__"

    if "__column_" in text:
        raise Unreadable(Phrase("write the column {name} between braces", name="…"))
    made = _columns(text.strip(), stand_in)
    try:
        tree = ast.parse(made, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Unreadable(Phrase("it cannot be read: check its brackets, quotes and commas")) from None
    for count, node in enumerate(ast.walk(tree)):
        if count > MOST * 3:
            raise Unreadable(Phrase("it holds more than {most} operations", most=MOST))
        _allowed(node)
    _shaped(tree)
    return Expression(tree, tuple(names))


def replaced(text: str, column: str, by: str) -> str:
    """Return an expression in which a column gave way to another piece of expression."""
    return _columns(text, lambda name: by if name == column else "{" + name + "}")


def _columns(text: str, change: Callable[[str], str]) -> str:
    """Put ``change`` to each column of an expression, read from the left: what stands between quotes is text."""
    return _PIECE.sub(lambda found: found[0] if found[1] is None else change(found[1]), text)


# --- what is let in ---------------------------------------------------------------------------------------------------

# name -> how many arguments, and which of them must be written plainly: "t" a text, "n" a whole number
FUNCTIONS: dict[str, tuple[int, int, dict[int, str]]] = {
    "lower": (1, 1, {}), "upper": (1, 1, {}), "trim": (1, 1, {}), "digits": (1, 1, {}),
    "left": (2, 2, {1: "n"}), "right": (2, 2, {1: "n"}), "part": (3, 3, {1: "t", 2: "n"}),
    "replace": (3, 3, {1: "t", 2: "t"}), "join": (2, 20, {0: "t"}), "first": (1, 20, {}), "when": (3, 3, {}),
    "number": (1, 1, {}),
}  # fmt: skip
TESTS: dict[str, int] = {"empty": 1, "contains": 2, "begins": 2, "ends": 2}
_NODES = (
    ast.Call, ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Load, ast.And, ast.Or,
    ast.Not, ast.USub, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, *_MATHS,
)  # fmt: skip


def _allowed(node: ast.AST) -> None:
    if not isinstance(node, _NODES):
        raise Unreadable(Phrase("only columns, texts, numbers and the functions may stand in it"))
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.func.id not in (*FUNCTIONS, *TESTS):
            known = ", ".join((*FUNCTIONS, *TESTS))
            raise Unreadable(Phrase("the functions are {known}", known=known))
        if node.keywords:
            raise Unreadable(Phrase("nothing is named in the brackets of a function"))
    if isinstance(node, ast.Constant) and (
        not isinstance(node.value, str | int | float) or isinstance(node.value, bool)
    ):
        raise Unreadable(Phrase("only columns, texts, numbers and the functions may stand in it"))


def _shaped(node: ast.expr) -> None:
    """Raise Unreadable unless each part is what its place wants: a value or a test, plain where it must be."""
    for one in _values(node):
        if isinstance(one, ast.Name) and not _ONE.fullmatch(one.id):
            raise Unreadable(Phrase("write the column {name} between braces", name=one.id[:60]))
        if isinstance(one, ast.Call):
            name = cast(ast.Name, one.func).id
            least, most, plain = FUNCTIONS[name]
            if not least <= len(one.args) <= most:
                raise Unreadable(Phrase("{name} takes another number of values", name=name))
            for at, kind in plain.items():
                wanted: type = str if kind == "t" else int
                given = one.args[at]
                if not isinstance(given, ast.Constant) or not isinstance(given.value, wanted):
                    what = Phrase("a text between quotes") if kind == "t" else Phrase("a whole number")
                    raise Unreadable(Phrase("in {name}, value {at} is to be {what}", name=name, at=at + 1, what=what))
                if isinstance(given.value, int) and not 0 < given.value <= 1000:
                    raise Unreadable(Phrase("in {name}, count from 1 to 1000", name=name))


def _values(node: ast.expr) -> Iterator[ast.expr]:
    """Give the values of a tree, tests followed into; raise Unreadable where a test stands for a value, or neither."""
    if isinstance(node, ast.Call) and cast(ast.Name, node.func).id == "when":
        yield node
        if len(node.args) == 3:
            yield from _tested(node.args[0])
            yield from _values(node.args[1])
            yield from _values(node.args[2])
    elif isinstance(node, ast.Call) and cast(ast.Name, node.func).id in FUNCTIONS:
        yield node
        for one in node.args:
            yield from _values(one)
    elif isinstance(node, ast.BinOp):
        yield from _values(node.left)
        yield from _values(node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield from _values(node.operand)
    elif isinstance(node, ast.Name | ast.Constant):
        yield node
    else:
        raise Unreadable(Phrase("a test stands where a value is wanted: put it in when(test, value, other value)"))


def _tested(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BoolOp):
        for one in node.values:
            yield from _tested(one)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _tested(node.operand)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _values(node.left)
        yield from _values(node.comparators[0])
    elif isinstance(node, ast.Call) and cast(ast.Name, node.func).id in TESTS:
        if len(node.args) != TESTS[cast(ast.Name, node.func).id]:
            raise Unreadable(Phrase("{name} takes another number of values", name=cast(ast.Name, node.func).id))
        for one in node.args:
            yield from _values(one)
    else:
        raise Unreadable(Phrase("a value stands where a test is wanted, as {test}", test='{Type} == "A"'))


# --- what it becomes --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Built:
    names: tuple[str, ...]
    column: Callable[[str], Text]
    decimal: str

    def text(self, node: ast.expr) -> Text:
        if isinstance(node, ast.Name):
            found = cast(re.Match[str], _ONE.fullmatch(node.id))
            return self.column(self.names[int(found[1])])
        if isinstance(node, ast.Constant):
            return cast(Text, ibis.literal(_written(node.value, self.decimal)))
        if isinstance(node, ast.BinOp | ast.UnaryOp):
            return self._said(self._figure(node))
        call = cast(ast.Call, node)
        return cast(Text, getattr(self, f"_{cast(ast.Name, call.func).id}")(*call.args))

    def test(self, node: ast.expr) -> ir.BooleanValue:
        if isinstance(node, ast.BoolOp):
            parts = [self.test(one) for one in node.values]
            made = parts[0]
            for part in parts[1:]:
                made = made & part if isinstance(node.op, ast.And) else made | part
            return made
        if isinstance(node, ast.UnaryOp):
            return ~self.test(node.operand)
        if isinstance(node, ast.Compare):
            return self._compared(node)
        call = cast(ast.Call, node)
        name, args = cast(ast.Name, call.func).id, [self.text(one) for one in call.args]
        if name == "empty":
            return args[0].isnull()
        held = {"contains": "contains", "begins": "startswith", "ends": "endswith"}[name]
        return cast(ir.BooleanValue, getattr(args[0].fill_null(""), held)(args[1]))

    def _compared(self, node: ast.Compare) -> ir.BooleanValue:
        (op,), (right,) = node.ops, node.comparators
        if isinstance(op, ast.Eq | ast.NotEq):
            one = self.text(node.left).fill_null("") == self.text(right).fill_null("")
            return one if isinstance(op, ast.Eq) else ~one
        left, other = self._figure(node.left), self._figure(right)
        made = {ast.Lt: left < other, ast.LtE: left <= other, ast.Gt: left > other, ast.GtE: left >= other}[type(op)]
        return cast(ir.BooleanValue, made.fill_null(False))

    def _figure(self, node: ast.expr) -> Any:
        if isinstance(node, ast.BinOp):
            left, right = self._figure(node.left), self._figure(node.right)
            if isinstance(node.op, ast.Div):
                return left / right.nullif(0)
            return {ast.Add: left + right, ast.Sub: left - right, ast.Mult: left * right}[type(node.op)]
        if isinstance(node, ast.UnaryOp):
            return -self._figure(node.operand)
        bare = self.text(node).re_replace("[\\s€$£\u00a0\u202f]", "")
        bare = bare.replace(".", "").replace(",", ".") if self.decimal == "," else bare.replace(",", "")
        return bare.try_cast("float64")

    def _said(self, figure: Any) -> Text:
        """Return a number as the source would write it, to the fourth decimal."""
        told = ibis.ifelse(figure.isnan() | figure.isinf(), ibis.null("float64"), figure)
        text = told.round(4).try_cast("decimal(18, 4)").cast("string").re_replace(r"\.?0+$", "")
        return cast(Text, text.replace(".", self.decimal) if self.decimal != "." else text)

    def _number(self, one: ast.expr) -> Text:
        return self._said(self._figure(one))

    def _lower(self, one: ast.expr) -> Text:
        return self.text(one).lower()

    def _upper(self, one: ast.expr) -> Text:
        return self.text(one).upper()

    def _trim(self, one: ast.expr) -> Text:
        return self.text(one).strip()

    def _digits(self, one: ast.expr) -> Text:
        return self.text(one).re_replace(r"[^0-9]", "").nullif("")

    def _left(self, one: ast.expr, count: ast.Constant) -> Text:
        return self.text(one).left(cast(int, count.value))

    def _right(self, one: ast.expr, count: ast.Constant) -> Text:
        return self.text(one).right(cast(int, count.value))

    def _part(self, one: ast.expr, mark: ast.Constant, at: ast.Constant) -> Text:
        """Return the part of that number, counted from 1, of what a mark parts; null where there are fewer."""
        parts = self.text(one).split(str(mark.value))
        number = cast(int, at.value)
        found = ibis.ifelse(parts.length() >= number, parts[number - 1], ibis.null("string"))
        return cast(Text, found).strip().nullif("")

    def _replace(self, one: ast.expr, what: ast.Constant, by: ast.Constant) -> Text:
        return self.text(one).replace(str(what.value), str(by.value))

    def _join(self, glue: ast.Constant, *those: ast.expr) -> Text:
        """Return the values that there are, with the glue between them; null when there is none."""
        made = ibis.literal("")
        for one in those:
            text = self.text(one).fill_null("")
            between = ibis.ifelse((made == "") | (text == ""), ibis.literal(""), ibis.literal(str(glue.value)))
            made = made + between + text
        return cast(Text, made.nullif(""))

    def _first(self, *those: ast.expr) -> Text:
        return cast(Text, ibis.coalesce(*(self.text(one) for one in those)))

    def _when(self, test: ast.expr, then: ast.expr, other: ast.expr) -> Text:
        return cast(Text, ibis.ifelse(self.test(test), self.text(then), self.text(other)))


def _written(value: object, decimal: str) -> str:
    return value if isinstance(value, str) else str(value).replace(".", decimal)
