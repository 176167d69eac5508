"""A scorecard: points or log-odds by band of each feature, which add up; the one shape of rules and learned models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from filrouge.domain.scores.features import NEVER
from filrouge.domain.scores.fitting import Floats

Columns = Mapping[str, Floats]


@dataclass(frozen=True)
class Part:
    """A feature cut at ``cuts`` into bands, each with its weight; ``absent`` when it is not known.

    ``needs`` names the feature whose absence means that the source is missing (the feature itself when empty).
    """

    feature: str
    cuts: tuple[float, ...]
    weights: tuple[float, ...]
    absent: float = 0.0
    needs: str = ""

    def of(self, columns: Columns) -> Floats:
        """Return the weight that each person has."""
        values = columns[self.feature]
        bands = np.searchsorted(np.asarray(self.cuts), values, side="right")
        told: Floats = np.where(
            np.isnan(values), self.absent, np.asarray(self.weights)[np.minimum(bands, len(self.cuts))]
        )
        return told


@dataclass(frozen=True)
class Scorecard:
    """``points``: value is 100 × points / points that there are to have; ``logit``: 100 / (1 + exp(-(base + sum)))."""

    link: Literal["points", "logit"]
    parts: tuple[Part, ...]
    base: float = 0.0
    medium: float = 25.0  # from which value a person is in the band "medium", and in the band "high"
    high: float = 60.0

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of the contributions."""
        return tuple(part.feature for part in self.parts)

    def chances(self, columns: Columns) -> Floats:
        """Return the values, 0 to 100, of people."""
        return self.values(self.contributions(columns))

    def contributions(self, columns: Columns) -> Floats:
        """Return what each part adds for each person (people × parts): points of a hundred, or log-odds."""
        table = np.column_stack([part.of(columns) for part in self.parts])
        if self.link == "points":
            there = np.column_stack([~np.isnan(columns[part.needs or part.feature]) for part in self.parts])
            most = (there * np.array([max(part.weights) for part in self.parts])).sum(axis=1, keepdims=True)
            with np.errstate(divide="ignore", invalid="ignore"):
                table = np.where(most > 0, 100 * table * there / most, 0.0)
        return table

    def values(self, contributions: Floats) -> Floats:
        """Return the values, 0 to 100, of people whose contributions are given."""
        total = contributions.sum(axis=1)
        if self.link == "points":
            held: Floats = np.clip(total, 0.0, 100.0)
            return held
        told: Floats = 100 / (1 + np.exp(-np.clip(self.base + total, -30, 30)))
        return told

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Scorecard:
        parts = tuple(
            Part(one["feature"], tuple(one["cuts"]), tuple(one["weights"]), one["absent"], one["needs"])
            for one in told["parts"]
        )
        return cls(**{**told, "parts": parts})


def bands(values: Floats, medium: float, high: float) -> Any:
    """Return low, medium or high for each value."""
    return np.where(values >= high, "high", np.where(values >= medium, "medium", "low"))


def shown(feature: Floats) -> Floats:
    """Return the values of a feature as a reason may show them: "never" is no number."""
    return np.where(feature >= NEVER / 2, np.nan, feature)
