"""Fitting: columns of numbers, the least data there must be, and where a likelihood is highest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from filrouge.base.errors import DefinitionError, Phrase

Floats = NDArray[np.float64]
FEWEST = 30  # people or contracts; with less, several parameters say nothing


def numbers(**columns: ArrayLike) -> tuple[Floats, ...]:
    """Return the columns as numbers of one length. Raises DefinitionError where one is none."""
    arrays = {name: np.atleast_1d(np.asarray(one, dtype=float)) for name, one in columns.items()}
    if len({one.shape for one in arrays.values()}) > 1:
        raise DefinitionError(
            "The columns are not of one length: {names}.", hint="One row a person.", names=", ".join(arrays)
        )
    faults = [f"{name}: {int((~np.isfinite(one)).sum())} that are no number"
              for name, one in arrays.items() if not np.isfinite(one).all()]  # fmt: skip
    if faults:
        raise DefinitionError("Some values are no numbers.", faults=faults, hint="Leave those rows out.")
    return tuple(arrays.values())


def few(what: Phrase, count: int) -> DefinitionError:
    return DefinitionError(
        "{count} {what} are too few to learn from: {least} is the least.",
        hint="Take more people, or a longer time.", count=count, what=what, least=FEWEST,
    )  # fmt: skip


def least(loss: Callable[[Floats], float], start: Floats, name: str) -> Floats:
    """Return where ``loss`` is least: a simplex, then gradients from where it ends. Raises DefinitionError."""
    rough = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-6, "fatol": 1e-10})
    fine = minimize(loss, rough.x, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9})
    best = fine if fine.fun <= rough.fun else rough
    if not np.isfinite(best.fun):
        raise DefinitionError(
            "{name} finds no parameters that explain these histories.",
            hint="The data may be too alike or too few; the rule serves meanwhile.", name=name,
        )  # fmt: skip
    told: Floats = np.asarray(best.x, dtype=float)
    return told
