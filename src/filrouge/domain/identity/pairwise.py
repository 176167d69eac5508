"""Two records side by side, in Python: what the model and the rules say of them, made from the SQL that says it in bulk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from filrouge.domain.identity.anatomy import START
from filrouge.domain.identity.compiled import Code, Writer, functions, parsed, unable
from filrouge.domain.identity.model import Comparison, Model, level_sql
from filrouge.domain.identity.normalise import MACROS
from filrouge.domain.identity.one import Row, expression
from filrouge.domain.identity.score import bits, household_sql, two_names_sql, weight_sql
from filrouge.domain.identity.spec import IdentitySpec
from filrouge.domain.identity.strong import BORN, FAMILY, GIVEN, RULES, StrongRule, names_borne

_OTHERS = {"given_other": "given_key", "family_other": "family_key"}  # the other name of the other record
Said = tuple[float, float, tuple[int, ...], tuple[float, ...]]  # weight, ceiling, levels, what each comparison says


@dataclass(frozen=True)
class Edge:
    """What is known of a pair: its weight in bits, prior included, what the comparison itself says, and which rule holds."""

    weight: float
    said: float
    rule: StrongRule | None
    levels: tuple[int, ...]
    parts: tuple[float, ...]


class Pairs:
    """Weighs pairs of rows, and finds the rules that hold among a few. Raises Uncompilable where the model's SQL cannot
    be worked out for one pair."""

    def __init__(self, model: Model, prior: float, spec: IdentitySpec, columns: Sequence[str]) -> None:
        self.model, self._prior, self._spec = model, bits(prior), spec
        self._places = {name: at for at, name in enumerate(columns)}
        self._weigh = _weighing(model, self._places)
        self._identified = {
            identifier: expression(identifier, self._places)
            for identifier in dict.fromkeys(r.identifier for r in RULES)
        }
        self._ruled = {identifier: _ruling(identifier, self._places) for identifier in self._identified}
        self._root = self._places["given_root"]

    def edge(self, left: Row, right: Row, rule: StrongRule | None) -> Edge:
        """Return what is known of a pair; ``left`` is the record with the smaller key."""
        told = self._weigh(left, right)
        if told is None:  # a value whose frequency is not known: only a rule may speak
            weight = rule.weight if rule else -1e9
            return Edge(weight, weight, rule, (), ())
        weight, most, levels, parts = told
        whole = min(weight + self._prior, most)
        return Edge(max(whole, rule.weight) if rule else whole, min(weight, most), rule, levels, parts)

    def rules(self, rows: Sequence[Row], of: int | None = None) -> dict[tuple[int, int], StrongRule]:
        """Return, for pairs of ``rows`` (by place, smaller key first), the weightiest rule that holds; ``of`` one row only."""
        found: dict[tuple[int, int], StrongRule] = {}
        limits = self._spec.limits
        for identifier, told in self._identified.items():
            held: dict[object, list[int]] = {}
            for place, row in enumerate(rows):
                if (value := told(row)) is not None:
                    held.setdefault(value, []).append(place)
            for places in held.values():
                if len(places) < 2 or len(places) > limits.records or (of is not None and of not in places):
                    continue
                names = names_borne([rows[place][self._root] for place in places])
                if names > getattr(limits, _limit(identifier)) + 1:
                    continue
                for at, left in enumerate(places):
                    for right in places[at + 1 :]:
                        if of is None or of in (left, right):
                            rule = self._ruled[identifier](rows[left], rows[right], names)
                            if rule and (left, right) in found:
                                rule = max(found[left, right], rule, key=_rank)  # of two, the first
                            if rule:
                                found[left, right] = rule
        return found

    def kinds(self, edge: Edge) -> tuple[str, ...]:
        """Return what agrees: the kinds of the rule, else the comparisons above the lowest level."""
        if edge.rule:
            return edge.rule.kinds
        return tuple(c.name for c, level in zip(self.model.comparisons, edge.levels, strict=False) if level > 1)

    def told(self, edge: Edge) -> str:
        """Return what each comparison says, as ``anatomy`` reads it."""
        parts = [f"{START} random {self._prior:.2f}"]
        for comparison, level, said in zip(self.model.comparisons, edge.levels, edge.parts, strict=False):
            if level:
                label = comparison.levels[len(comparison.levels) - level].label
                parts.append(f"{comparison.name} {label} {round(said, 2)}")
        return ";".join(parts)


def _rank(rule: StrongRule) -> float:
    return rule.weight * 100 - len(rule.name)


def _limit(identifier: str) -> str:
    return next(rule.names for rule in RULES if rule.identifier == identifier)


def _weighing(model: Model, places: Mapping[str, int]) -> Callable[[Row, Row], Said | None]:
    code, named = Code(functions(MACROS)), _Sides(places)
    levels, parts = [], []
    for comparison in model.comparisons:
        tree = parsed(level_sql(comparison.missing, [level.sql for level in comparison.levels]))
        level = code.put(Writer(code, named, named.there(code, comparison)).value(named.loaded(code, tree)), "g")
        named.known[f"g_{comparison.name}"] = level
        levels.append(level)
    for comparison in model.comparisons:
        tree = named.loaded(code, parsed(weight_sql(comparison)))
        part = code.put(Writer(code, named, levels).value(tree), "w")
        named.known[f"w_{comparison.name}"] = part
        parts.append(part)
    named.known["two_names"] = code.put(Writer(code, named, levels).true(parsed(two_names_sql(model))), "n")
    most = code.put(Writer(code, named, parts).value(parsed(household_sql(model))), "h")
    if parts:
        code.add(f"if {' or '.join(f'{part} is None' for part in parts)}: return None")
    whole = " + ".join(parts) or "0.0"
    answer = f"round({whole}, 4), round({most}, 4), {_tuple(levels)}, {_tuple(parts)}"
    return code.function("weigh", ("l", "r"), answer)


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)},)" if names else "()"


class _Sides:
    """The columns of two rows: each is loaded once, under a name of its own."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = places
        self.known: dict[str, str] = {}

    def loaded(self, code: Code, tree: exp.Expression) -> exp.Expression:
        """Load the columns that ``tree`` holds, and return it."""
        for column in tree.find_all(exp.Column):
            self(column.table, column.name, code)
        return tree

    def there(self, code: Code, comparison: Comparison) -> list[str]:
        """Return what holds something once a comparison is not missing."""
        tree = parsed(comparison.missing)
        tests = list(tree.flatten()) if isinstance(tree, exp.Or) else [tree]
        if not all(isinstance(test, exp.Is) and isinstance(test.this, exp.Column) for test in tests):
            return []
        return [self(test.this.table, test.this.name, code) for test in tests]

    def __call__(self, table: str, name: str, code: Code | None = None) -> str:
        said = f"{table}_{name}" if table else name
        if said not in self.known:
            side, column = (table, name) if table else (name[0], name[2:])
            column = _OTHERS.get(column, column)
            if code is None or side not in ("l", "r") or column not in self._places:
                raise unable(said)
            self.known[said] = code.put(f"{side}[{self._places[column]}]", "c")
        return self.known[said]


def _ruling(identifier: str, places: Mapping[str, int]) -> Callable[[Row, Row, int], StrongRule | None]:
    """Return what tells the rule that holds of two rows with the same ``identifier``, borne by so many names."""
    code, named = Code(functions(MACROS)), _Sides(places)
    for name, sql in (("given", GIVEN), ("family", FAMILY), ("born", BORN)):
        named.known[name] = code.put(Writer(code, named).value(named.loaded(code, parsed(sql))), "s")
    bare = "(l.email is null and l.family_key is null) or (r.email is null and r.family_key is null)"
    named.known["bare"] = code.put(Writer(code, named).value(named.loaded(code, parsed(bare))), "b")
    named.known["names"] = "names"
    written = "None"
    for rule in reversed([rule for rule in RULES if rule.identifier == identifier]):
        written = f"({code.keep(rule)} if {Writer(code, named).true(parsed(rule.when))} else {written})"
    return code.function("ruled", ("l", "r", "names"), written)
