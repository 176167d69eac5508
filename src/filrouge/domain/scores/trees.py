"""Learning a forest of small trees (LightGBM) beside the scorecard, with contributions that add up exactly.

Boosting: Ke et al. (2017), NeurIPS 30. Contributions: TreeSHAP, Lundberg et al. (2020), Nature Machine Intelligence 2;
with what trees start from they are the log-odds of the model, as a scorecard's weights are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from filrouge.base.errors import DefinitionError
from filrouge.domain.scores import learning, rules
from filrouge.domain.scores.fitting import Floats
from filrouge.domain.scores.scorecard import Columns

ROUNDS, PATIENCE = 120, 15  # trees at most; rounds without gain on the month held apart, after which no more grow
SETTINGS: Mapping[str, Any] = {
    "objective": "binary", "learning_rate": 0.08, "num_leaves": 8, "max_depth": 4, "min_data_in_leaf": 40,
    "lambda_l2": 5.0, "max_bin": 63, "deterministic": True, "force_row_wise": True, "num_threads": 2, "seed": 7,
    "verbosity": -1,
}  # fmt: skip


@dataclass(frozen=True)
class Trees:
    """A forest: its text as LightGBM writes it, the features that it reads in their order, and what it starts from."""

    names: tuple[str, ...]
    text: str
    base: float
    medium: float
    high: float

    @cached_property
    def _booster(self) -> Any:
        return _lightgbm().Booster(model_str=self.text)

    def contributions(self, columns: Columns) -> Floats:
        """Return what each feature adds for each person, in log-odds (people × features)."""
        told: Floats = self._booster.predict(self._table(columns), pred_contrib=True, num_threads=2)[:, :-1]
        return told

    def values(self, contributions: Floats) -> Floats:
        """Return the values, 0 to 100, of people whose contributions are given."""
        told: Floats = 100 / (1 + np.exp(-np.clip(self.base + contributions.sum(axis=1), -30, 30)))
        return told

    def chances(self, columns: Columns) -> Floats:
        """Return the values, 0 to 100, without the contributions: quicker."""
        raw = self._booster.predict(self._table(columns), raw_score=True, num_threads=2)
        told: Floats = 100 / (1 + np.exp(-np.clip(raw, -30, 30)))
        return told

    def _table(self, columns: Columns) -> Floats:
        return np.column_stack([columns[name] for name in self.names])

    def plain(self) -> dict[str, Any]:
        return {"names": list(self.names), "text": self.text, "base": self.base, "medium": self.medium,
                "high": self.high}  # fmt: skip

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Trees:
        return cls(**{**told, "names": tuple(told["names"])})


def there() -> bool:
    """Tell whether LightGBM is installed."""
    try:
        _lightgbm()
    except DefinitionError:
        return False
    return True


def learn(columns: Columns, features: Sequence[str], y: Floats, *, apart: Any) -> Trees:
    """Return the trees that best tell y (0 or 1) from ``features``, as many as help on the rows ``apart``.

    The same rows in another order give the same trees. Raises DefinitionError where LightGBM is not installed.
    """
    lightgbm = _lightgbm()
    names = tuple(features)
    kept = learning.drawn(len(y))
    table = np.column_stack([columns[name][kept] for name in names])
    y, apart = y[kept], np.asarray(apart)[kept]
    order = np.lexsort((*np.nan_to_num(table.T, nan=-1e12), y, apart))
    table, y, apart = table[order], y[order], apart[order]
    rounds = ROUNDS
    if min((y[apart] > 0).sum(), (y[~apart] > 0).sum()) >= learning.LEAST_LATER:
        first = lightgbm.Dataset(table[~apart], y[~apart], params={"verbosity": -1})
        later = lightgbm.Dataset(table[apart], y[apart], reference=first)
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        tried = lightgbm.train(dict(SETTINGS), first, ROUNDS, valid_sets=[later], callbacks=[stop])
        rounds = max(1, tried.best_iteration)
    else:
        rounds = ROUNDS // 4
    grown = lightgbm.train(dict(SETTINGS), lightgbm.Dataset(table, y, params={"verbosity": -1}), rounds)
    base = float(grown.predict(table[:1], pred_contrib=True)[0, -1])
    low, high = rules.banded(float(y.mean()))
    return Trees(names, grown.model_to_string(), base, low, high)


def _lightgbm() -> Any:
    try:
        import lightgbm
    except (ImportError, OSError):  # not installed, or without the system's OpenMP library
        raise DefinitionError(
            "LightGBM is not installed here, so no trees were grown beside the scorecard.",
            hint="Install Filrouge with its extra trees.",
        ) from None
    return lightgbm
