"""How long contracts are renewed: the shifted beta-geometric (sBG), own maximum likelihood.

Fader & Hardie (2007), "How to project customer retention", Journal of Interactive Marketing 21(1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

from filrouge.base.errors import DefinitionError, Phrase
from filrouge.domain.scores.fitting import FEWEST, Floats, few, least, numbers


@dataclass(frozen=True)
class Renewing:
    """A fitted sBG: the chance of not renewing ~ Beta(alpha, beta) from one subscriber to another; ``n`` contracts."""

    alpha: float
    beta: float
    log_likelihood: float
    n: int

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Renewing:
        return cls(**{name: told[name] for name in cls.__dataclass_fields__})

    def survives(self, t: ArrayLike) -> Floats:
        """Return the share still there after ``t`` renewals (equation 6)."""
        told: Floats = np.exp(
            betaln(self.alpha, self.beta + np.asarray(t, dtype=float)) - betaln(self.alpha, self.beta)
        )
        return told

    def ends_at_next(self, renewals: ArrayLike) -> Floats:
        """Return how likely a contract renewed ``renewals`` times is not renewed at its next term (1 - equation 8)."""
        done = np.asarray(renewals, dtype=float)
        told: Floats = self.alpha / (self.alpha + self.beta + done)
        return told

    def expected(self, renewals: ArrayLike, terms: int) -> Floats:
        """Return how many of the next ``terms`` a contract renewed ``renewals`` times will pay, on average."""
        done = np.atleast_1d(np.asarray(renewals, dtype=float))
        here = self.survives(done)
        told: Floats = np.sum([self.survives(done + k) / here for k in range(1, terms + 1)], axis=0)
        return told


def fit_renewing(terms: ArrayLike, ended: ArrayLike) -> Renewing:
    """Fit sBG: ``terms`` begun by each contract (at least 1), and whether it ended with the last of them.

    One that runs has been renewed one time less than it began terms.
    Raises DefinitionError when they are too few, or none or all of them ended.
    """
    (terms_,) = numbers(terms=terms)
    over: NDArray[np.bool_] = np.atleast_1d(np.asarray(ended, dtype=bool))
    if over.shape != terms_.shape:
        raise DefinitionError("The columns are not of one length: terms, ended.", hint="One row a contract.")
    if bad := int((terms_ < 1).sum()):
        raise DefinitionError("{count} contracts began no term.", hint="A contract counts from its first.", count=bad)
    if len(terms_) < FEWEST:
        raise few(Phrase("contracts"), len(terms_))
    if over.all() or not over.any():
        raise DefinitionError(
            "Of {count} contracts all ended, or none did: how many are renewed cannot be learned.",
            hint="Take a time in which some ended and some went on.", count=len(over),
        )  # fmt: skip
    rows, counts = np.unique(np.column_stack([terms_, over]), axis=0, return_counts=True)
    done, gone, weights = rows[:, 0], rows[:, 1] > 0, counts.astype(float)

    def log_likelihood(alpha: float, beta: float) -> float:
        ends = betaln(alpha + 1, beta + done - 1)
        stays = betaln(alpha, beta + done - 1)
        return float((weights * (np.where(gone, ends, stays) - betaln(alpha, beta))).sum())

    def loss(logs: Floats) -> float:
        alpha, beta = np.exp(np.clip(logs, -12, 12))
        return -log_likelihood(alpha, beta) / len(terms_)

    alpha, beta = np.exp(least(loss, np.log([1.0, 2.0]), "sBG"))
    return Renewing(float(alpha), float(beta), log_likelihood(alpha, beta), len(terms_))
