"""What several segments ask alike, computed once for all of them: a table is read once, not once a segment.

Rules that count or measure rows are columns of one pass over their table, whatever their windows; a rule, a value or a
draw that stands in two segments is laid down. What costs much a row (texts, properties) stays with its own segment,
where the blocks of a file outside its window are passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ibis.expr import types as ir

from filrouge.domain.segments import conditions as put
from filrouge.domain.segments import spec as said
from filrouge.domain.segments.compile import Asked, Compiler, shown_first
from filrouge.domain.segments.laid import Laid
from filrouge.domain.segments.wide import Shared, Some, of_rows, rows_of
from filrouge.engines import Engine

MOST = 16  # measures of one pass: each is a column for everybody, in memory
Keep = Callable[[ir.Table], ir.Table]


def share(specs: Sequence[said.Spec], laid: Laid, engine: Engine, asked: Asked, keep: Keep) -> Shared:
    """Return what ``specs`` ask alike; ``keep`` lays a table down and returns it as it is read back."""
    compiler = Compiler(laid, engine, asked)
    rules = Counter(rule for spec in specs for rule in {rule for _, rule in spec.walk()})
    twice = [rule for rule, number in rules.items() if number > 1]
    measured = {
        name: [(frozenset(lot), keep(rows_of(laid.rows(name), laid.owners(), lot, compiler.counts))) for lot in lots]
        for name, lots in _lots(specs).items()
    }
    fields: Counter[str] = Counter()
    for rule, number in rules.items():
        if isinstance(rule, said.Person) and (name := shown_first(rule)):
            fields[name] += number
    values = {name: keep(laid.numbered(compiler.values(name, any=False))) for name, n in fields.items() if n > 1}
    told = {rule: _kept(compiler.rule(rule), laid, keep) for rule in twice if _alone(rule)}
    salts = Counter(rule.salt for rule in rules if isinstance(rule, said.Bucket))
    drawn = {salt: keep(compiler.drawn(salt)) for salt, n in salts.items() if n > 1}
    return Shared(measured, values, told, drawn)


def _lots(specs: Sequence[said.Spec]) -> dict[str, list[list[said.Happened]]]:
    """Return the measures of each table that more than one is asked of, by pass; those of one segment in one pass."""
    lots: dict[str, list[dict[said.Happened, None]]] = {}
    for spec in specs:
        mine: dict[str, dict[said.Happened, None]] = {}
        for rule in _measures(spec):
            mine.setdefault(rule.on, {})[rule] = None
        for name, rules in mine.items():
            into = lots.setdefault(name, [{}])
            if any(rules.keys() <= lot.keys() for lot in into):
                continue
            if into[-1] and len(into[-1].keys() | rules.keys()) > MOST:
                into.append({})
            into[-1].update(rules)
    several = {name: [list(lot) for lot in into] for name, into in lots.items()}
    return {name: into for name, into in several.items() if sum(map(len, into)) > 1}


def _measures(spec: said.Spec) -> Iterable[said.Happened]:
    for _, rule in spec.walk():
        if isinstance(rule, said.Happened) and of_rows(rule, None) is not None and _cheap(rule):
            yield rule


def _cheap(rule: said.Happened) -> bool:
    return all(put.field_of(rule.on, one.field).type not in ("text", "property") for one in rule.where)


def _alone(rule: said.Rule) -> bool:
    """Tell whether a rule is answered by itself, at a cost that is worth laying its answer down."""
    if isinstance(rule, said.Happened):
        return of_rows(rule, None) is None or not _cheap(rule)
    return isinstance(rule, said.Sequence | said.Consent) or (isinstance(rule, said.Person) and rule.any)


def _kept(some: Some, laid: Laid, keep: Keep) -> Some:
    return Some(keep(laid.numbered(some.people).select("person").distinct()), some.but)
