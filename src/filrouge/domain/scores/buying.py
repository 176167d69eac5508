"""What buyers without a contract will do: how often (BG/NBD), for how much (Gamma-Gamma), own maximum likelihood.

BG/NBD: Fader, Hardie & Lee (2005), "Counting your customers the easy way", Marketing Science 24(2).
Gamma-Gamma: Fader & Hardie (2013), "The Gamma-Gamma model of monetary value".
One unit of time throughout (weeks here); ``x`` counts repeat purchases, ``t_x`` is the age at the last, ``T`` the age.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, hyp2f1

from filrouge.base.errors import DefinitionError, Phrase
from filrouge.domain.scores.fitting import FEWEST, Floats, few, least, numbers


@dataclass(frozen=True)
class Buying:
    """A fitted BG/NBD: purchases ~ Gamma(r, alpha), dropping out after a purchase ~ Beta(a, b); ``n`` buyers."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    n: int

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Buying:
        return cls(**{name: told[name] for name in cls.__dataclass_fields__})

    @property
    def leaves(self) -> bool:
        """Tell whether buyers leave at all by this model; where hardly any does, it says nothing of who will."""
        return self.a / (self.a + self.b) >= 0.005

    def alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:
        """Return how likely each is still a buyer (equation 11 of the note of 2008; 1 without a repeat purchase)."""
        x, t_x, T = (np.asarray(one, dtype=float) for one in (x, t_x, T))
        with np.errstate(over="ignore", divide="ignore"):
            gone = (self.r + x) * np.log((self.alpha + T) / (self.alpha + t_x)) + np.log(
                self.a / (self.b + np.maximum(x, 1) - 1)
            )
            told: Floats = np.where(x > 0, 1 / (1 + np.exp(gone)), 1.0)
        return told

    def gone_by(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, within: float) -> Floats:
        """Return how likely each has dropped out, or will within ``within``.

        While alive, the rate is Gamma(r + x, alpha + T) and the drop-out Beta(a, b + x); purchases that end the
        relation come at rate times drop-out, so that staying is E[exp(-rate drop within)], a 2F1.
        """
        x, T = np.asarray(x, dtype=float), np.asarray(T, dtype=float)
        stays = hyp2f1(self.r + x, self.a, self.a + self.b + x, -within / (self.alpha + T))
        told: Floats = np.clip(1 - self.alive(x, t_x, T) * stays, 0.0, 1.0)
        return told

    def silent_for(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, within: float) -> Floats:
        """Return how likely each buys nothing for ``within``: what can be seen afterwards, and so checked."""
        x, T = np.asarray(x, dtype=float), np.asarray(T, dtype=float)
        alive = self.alive(x, t_x, T)
        none: Floats = np.exp((self.r + x) * np.log((self.alpha + T) / (self.alpha + T + within)))
        return 1 - alive + alive * none

    def purchases(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, within: float) -> Floats:
        """Return how many purchases to expect of each ``within`` from now (equation 10 of the paper)."""
        x, T = np.asarray(x, dtype=float), np.asarray(T, dtype=float)
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        if abs(a - 1) < 1e-6:
            a = 1 + 1e-6  # the formula has a removable pole there
        z = within / (alpha + T + within)
        with np.errstate(over="ignore", invalid="ignore"):
            series = hyp2f1(r + x, b + x, a + b + x - 1, z)
            shrunk = np.exp((r + x) * np.log((alpha + T) / (alpha + T + within)))
            told: Floats = (a + b + x - 1) / (a - 1) * (1 - shrunk * series) * self.alive(x, t_x, T)
        return np.maximum(np.nan_to_num(told, nan=0.0, posinf=0.0), 0.0)


@dataclass(frozen=True)
class Spending:
    """A fitted Gamma-Gamma: what a purchase is worth, from one buyer to another; ``n`` buyers."""

    p: float
    q: float
    v: float
    log_likelihood: float
    n: int

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Spending:
        return cls(**{name: told[name] for name in cls.__dataclass_fields__})

    def mean(self, x: ArrayLike, z: ArrayLike) -> Floats:
        """Return what a purchase of each is worth on average (equation 5); of nobody's purchases, the mean of all."""
        x, z = np.asarray(x, dtype=float), np.nan_to_num(np.asarray(z, dtype=float))
        weighed = self.p * (self.v + x * np.where(x > 0, z, 0.0)) / (self.p * x + self.q - 1)
        return np.maximum(weighed, 0.0)


def fit_buying(x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Buying:
    """Fit BG/NBD on each buyer's repeat purchases, age at the last and age.

    Raises DefinitionError when they are too few, all the same, or no buyer's history.
    """
    x, t_x, T = numbers(x=x, t_x=t_x, T=T)
    _buyers(x, t_x, T)
    scale = 10 / float(T.max())
    rows, counts = np.unique(np.column_stack([x, t_x * scale, T * scale]), axis=0, return_counts=True)
    x_, t_, T_ = rows.T
    weights, n = counts.astype(float), float(len(x))

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(np.clip(logs, -12, 12))
        return -float((weights * _buying_log(r, alpha, a, b, x_, t_, T_)).sum()) / n

    found = least(loss, np.log([0.5, float(T_.mean()) / 2, 1.0, 2.0]), "BG/NBD")
    r, alpha, a, b = np.exp(np.clip(found, -12, 12))
    # the likelihood of t_x is a density: measured again in the unit it was given in
    alpha /= scale
    total = float(_buying_log(r, alpha, a, b, x, t_x, T).sum())
    return Buying(float(r), float(alpha), float(a), float(b), total, len(x))


def _buying_log(r: float, alpha: float, a: float, b: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return each buyer's log-likelihood (the stable form of the authors' note of 2019)."""
    head = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    head += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    stays = -(r + x) * np.log(alpha + T)
    left = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
    told: Floats = head + np.where(x > 0, np.logaddexp(stays, left), stays)
    return told


def fit_spending(x: ArrayLike, z: ArrayLike) -> Spending:
    """Fit Gamma-Gamma on each buyer's number of repeat purchases and their mean value; those without are left out.

    Raises DefinitionError when they are too few, all of one value, or no amounts.
    """
    x, z = numbers(x=x, z=z)
    kept = (x > 0) & (z > 0)
    if (z[x > 0] < 0).any():
        raise DefinitionError(
            "{count} buyers have a mean purchase below zero.", hint="Take returns out of the amounts.",
            count=int((z[x > 0] < 0).sum()),
        )  # fmt: skip
    x, z = x[kept], z[kept]
    if len(x) < FEWEST:
        raise few(Phrase("buyers who came back and paid"), len(x))
    if np.ptp(z) <= 1e-9 * float(z.mean()):
        raise DefinitionError(
            "All {count} buyers spend the same: there is nothing to tell them apart by.",
            hint="Use the mean as it is.", count=len(z),
        )  # fmt: skip
    scale = float(z.mean())
    z_ = z / scale

    def loss(logs: Floats) -> float:
        p, q, v = np.exp(np.clip(logs, -12, 12))
        return -float(_spending_log(p, q, v, x, z_).mean())

    p, q, v = np.exp(np.clip(least(loss, np.log([2.0, 3.0, 1.0]), "Gamma-Gamma"), -12, 12))
    v *= scale
    return Spending(float(p), float(q), float(v), float(_spending_log(p, q, v, x, z).sum()), len(x))


def _spending_log(p: float, q: float, v: float, x: Floats, z: Floats) -> Floats:
    told: Floats = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
    told += (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(x * z + v)
    return told


def _buyers(x: Floats, t_x: Floats, T: Floats) -> None:
    """Raise DefinitionError when the histories are no buyers' histories, or say nothing."""
    faults = []
    if bad := int((x < 0).sum()):
        faults.append(f"x: {bad} below zero")
    if bad := int(((T < 0) | (t_x < 0)).sum()):
        faults.append(f"T, t_x: {bad} ages below zero")
    if bad := int((t_x > T + 1e-9).sum()):
        faults.append(f"t_x: {bad} after the end of the time observed")
    if bad := int(((x == 0) != (t_x == 0)).sum()):
        faults.append(f"t_x: {bad} at odds with x (without a repeat purchase it is 0, with one it is above)")
    if faults:
        raise DefinitionError("These are no buyers' histories.", faults=faults, hint="Mend the columns named.")
    if len(x) < FEWEST:
        raise few(Phrase("buyers"), len(x))
    if not (x > 0).any():
        raise DefinitionError(
            "None of {count} buyers came back: how often they do cannot be learned.",
            hint="Wait for repeat purchases, or take a longer time.", count=len(x),
        )  # fmt: skip
    if float(T.max()) <= 0 or all(np.ptp(one) == 0 for one in (x, t_x, T)):
        raise DefinitionError(
            "All {count} buyers have the same history: there is nothing to tell them apart by.",
            hint="Take buyers of different ages.", count=len(x),
        )  # fmt: skip
