"""What the records themselves teach of likeness: Fellegi-Sunter probabilities as plain data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from filrouge.domain.identity.desk import Desk

_CAUTION = 50.0


@dataclass(frozen=True)
class Level:
    """One level of likeness: its condition, and how often records of one person (m) and of two (u) stand at it."""

    label: str
    sql: str
    m: float
    u: float
    tf: str = ""
    mode: str = ""


@dataclass(frozen=True)
class Comparison:
    """One thing compared: what must be missing for it to be silent, then its levels, most alike first."""

    name: str
    missing: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Model:
    """A trained model; ``prior`` is the probability that two records taken at random are of one person."""

    comparisons: tuple[Comparison, ...]
    prior: float
    seed: int
    healthy: bool
    notes: tuple[dict[str, Any], ...] = ()
    frequencies: dict[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """A short name of the content: two models that decide alike bear the same."""
        return "m" + hashlib.sha256(json.dumps(self.dump()["comparisons"], sort_keys=True).encode()).hexdigest()[:8]

    def dump(self) -> dict[str, Any]:
        """Return the model as plain data, for JSON."""
        return {
            "prior": self.prior,
            "seed": self.seed,
            "healthy": self.healthy,
            "notes": list(self.notes),
            "comparisons": [
                {
                    "name": c.name,
                    "missing": c.missing,
                    "levels": [
                        {"label": x.label, "sql": x.sql, "m": x.m, "u": x.u, "tf": x.tf, "mode": x.mode}
                        for x in c.levels
                    ],
                }
                for c in self.comparisons
            ],
        }


def load(data: Mapping[str, Any]) -> Model:
    """Return the model that ``dump`` wrote."""
    return Model(
        comparisons=tuple(
            Comparison(c["name"], c["missing"], tuple(Level(**level) for level in c["levels"]))
            for c in data["comparisons"]
        ),
        prior=data["prior"],
        seed=data["seed"],
        healthy=data["healthy"],
        notes=tuple(data["notes"]),
    )


def relearn(desk: Desk, model: Model) -> Model:
    """Return the model with the likeness (m) found inside the clusters of table ``presumed``, from the levels of ``scored``.

    What people decided goes first: pairs that they joined count (``taught_scored``), those that they held apart do not.
    """
    packed = desk.rows(
        """select levels, count(*) from (
            select s.levels from scored s join presumed a on a.rid = s.l join presumed b on b.rid = s.r and a.cluster = b.cluster
            where not exists (select 1 from taught t where t.l = s.l and t.r = s.r)
            union all select s.levels from taught_scored s join taught t on t.l = s.l and t.r = s.r where t.same
        ) group by levels"""
    )
    kept = []
    for index, comparison in enumerate(model.comparisons):
        found: dict[int, int] = {}
        for levels_, number in packed:
            g = (levels_ >> (4 * index)) & 15
            found[g] = found.get(g, 0) + number
        top = len(comparison.levels)
        seen = sum(n for g, n in found.items() if g > 0)
        levels = []
        for position, level in enumerate(comparison.levels):
            # a few imaginary pairs at the former shares keep a level that was hardly seen from saying too much
            share = (found.get(top - position, 0) + _CAUTION * level.m) / (seen + _CAUTION)
            levels.append(replace(level, m=rounded(share, level.u)))
        kept.append(replace(comparison, levels=tuple(levels)))
    return replace(model, comparisons=tuple(kept))


def level_sql(missing: str, conditions: list[str]) -> str:
    """Return the SQL of the level at which a pair stands: 0 missing, 1 different, then up to the most alike."""
    cases = " ".join(f"when {sql} then {len(conditions) - index}" for index, sql in enumerate(conditions[:-1]))
    return f"(case when {missing} then 0 {cases} else 1 end)"


def rounded(m: float | None, u: float) -> float:
    """Five digits: sums of floats may differ in the last ones from run to run. A level never seen says nothing."""
    return float(f"{max(m, 1e-5) if m is not None else u:.5g}")
