"""What a pair's score is made of: where any two records start from, and what each comparison adds or takes, in bits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from filrouge.domain.identity.desk import Desk, quoted
from filrouge.domain.identity.model import Comparison, Model
from filrouge.domain.identity.score import bits, levelled_sql, parts_of, weight_sql

START = "start"  # two records taken at random, before anything is compared
RULE, CEILING = "rule", "household"  # what lifts or holds down the sum of the comparisons
_EPSILON = 0.06  # bits that rounding alone explains


@dataclass(frozen=True)
class Part:
    """One step of a score: what was compared, how alike it was found, and what that says in bits."""

    name: str
    level: str
    bits: float


@dataclass(frozen=True)
class Anatomy:
    """A score taken apart: ``parts`` add up to ``score``, in bits; the first is the start, those in between comparisons."""

    score: float
    parts: tuple[Part, ...]

    @property
    def likelihood(self) -> float:
        """How probable it is that the two are one person, from 0 to 1, as far as the score goes."""
        return probability(self.score)

    @property
    def compared(self) -> tuple[Part, ...]:
        """The comparisons alone, those that say most first."""
        mine = (part for part in self.parts if part.name not in (START, RULE, CEILING))
        return tuple(sorted(mine, key=lambda part: (-abs(part.bits), part.name)))


def probability(score: float) -> float:
    """Return the probability that ``score`` bits stand for."""
    return 1.0 / (1.0 + math.exp2(-min(max(score, -60.0), 60.0)))


def anatomy(said: str, score: float, *, rule: str = "") -> Anatomy | None:
    """Return the parts that ``said`` (of a link or a doubt) tells of a pair of ``score`` bits, None when it tells nothing.

    What the parts do not explain is a rule where there is one, else the ceiling that two of a household are held under.
    """
    parts = list(parse(said))
    if not parts:
        return None
    rest = score - sum(part.bits for part in parts)
    if abs(rest) > _EPSILON:
        parts.append(Part(RULE, rule, rest) if rule and rest > 0 else Part(CEILING, "", rest))
    return Anatomy(score, tuple(parts))


def parse(said: str) -> Iterable[Part]:
    """Yield the parts of ``name level bits;name level bits``."""
    for word in (said or "").split(";"):
        name, _, rest = word.partition(" ")
        level, _, number = rest.partition(" ")
        try:
            yield Part(name, level, float(number))
        except ValueError:
            continue


def pattern(said: str) -> str:
    """Return the levels without the bits: what two pairs that look alike have in common."""
    return ";".join(f"{part.name} {part.level}" for part in parse(said) if part.name != START)


def lay(desk: Desk, model: Model, prior: float, *, pairs: str, into: str) -> None:
    """Lay table ``into`` (l, r, told): what ``model`` finds in each pair of table ``pairs``; empty without a model."""
    desk.run(f"create or replace table {into} (l integer, r integer, told varchar)")
    if not model.healthy or not model.comparisons or prior <= 0:
        return
    parts = parts_of(desk, pairs)
    for left in range(parts):
        for right in range(parts):
            desk.run(_sql(model, prior, pairs, into, parts, left, right))


def _sql(model: Model, prior: float, pairs: str, into: str, parts: int, left: int, right: int) -> str:
    told = ", ".join(_told(c) for c in model.comparisons)
    start = quoted(f"{START} random {bits(prior):.2f}")
    return f"""insert into {into}
        with levelled as ({levelled_sql(model, pairs, parts, left, right)})
        select pl, pr, concat_ws(';', {start}, {told}) from levelled l"""


def _told(comparison: Comparison) -> str:
    labels = ", ".join(quoted(level.label) for level in reversed(comparison.levels))
    said = f"round(({weight_sql(comparison)})::double, 2)"
    return f"case when g_{comparison.name} > 0 then '{comparison.name} ' || ([{labels}])[g_{comparison.name}] || ' ' || {said} end"
