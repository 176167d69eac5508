"""A model as a person reads and sets it: how often records of one person, and of two, stand at each level of likeness.

What tells the levels apart stays in ``comparisons``: a file sets weights, it holds no code.
"""

from __future__ import annotations

from math import log2
from typing import Annotated, Literal

import pydantic

from filrouge.base.errors import DefinitionError
from filrouge.base.spec import Spec
from filrouge.domain.identity.comparisons import comparisons
from filrouge.domain.identity.model import Comparison, Level, Model
from filrouge.domain.identity.spec import IdentitySpec, Limits, Thresholds

Share = Annotated[float, pydantic.Field(gt=0, le=1, strict=True)]
SEED = 7
_WHOLE = 1.1  # levels share one whole; what was learned may be rounded


class LevelSpec(Spec):
    """The share of pairs at one level: among records of one person (m), and of two (u)."""

    m: Share
    u: Share


class ModelSpec(Spec):
    """A model and the bounds it is used with; what is left out keeps its default, a comparison left out is not made."""

    version: Literal[1] = 1
    prior: Annotated[float, pydantic.Field(gt=0, lt=1)] | None = None  # left out, the scores themselves tell it
    thresholds: Thresholds = Thresholds()
    limits: Limits = Limits()
    comparisons: dict[str, dict[str, LevelSpec]]

    def model(self, extras: tuple[str, ...] = ()) -> Model:
        """Return the model; ``extras`` are the further columns compared. Raises DefinitionError with every fault at once."""
        known = comparisons(IdentitySpec(extras=extras))
        faults = [
            f"comparisons.{name}: there is no such comparison; there are {', '.join(known)}"
            for name in self.comparisons
            if name not in known
        ]
        made = []
        for name, (_, described) in known.items():
            if name not in self.comparisons:
                continue
            said = self.comparisons[name]
            missing, *graded = described
            labels = [level["label_for_charts"] for level in graded]
            wrong = _faults(name, said, labels)
            faults += wrong
            if not wrong:
                levels = tuple(
                    Level(
                        label, level["sql_condition"], said[label].m, said[label].u, level.get("tf", ""),
                        level.get("mode", ""),
                    )
                    for label, level in zip(labels, graded, strict=True)
                )  # fmt: skip
                made.append(Comparison(name, missing["sql_condition"], levels))
        if not faults and not {"given", "family"} & set(self.comparisons) and len(made) < 3:
            faults.append("comparisons: a name, or three things besides, must be compared")
        if faults:
            raise DefinitionError(
                "The definition {what} holds faults: {count}.", faults=faults,
                hint="Mend the lines named below and try again.", what="model", count=len(faults),
            )  # fmt: skip
        return Model(tuple(made), self.prior or 0.0, SEED, True, ({"code": "set_by_hand"},))

    def rules(self, spec: IdentitySpec, model: Model) -> IdentitySpec:
        """Return ``spec`` with the bounds set here; it names the model, so that memory of another one is not used."""
        return spec.model_copy(
            update={
                "thresholds": self.thresholds,
                "limits": self.limits,
                "fixed": f"{model.version}/{self.prior or ''}",
            }
        )


def _faults(name: str, said: dict[str, LevelSpec], labels: list[str]) -> list[str]:
    faults = [f"comparisons.{name}.{label}: this level is missing" for label in labels if label not in said]
    faults += [
        f"comparisons.{name}.{label}: there is no such level; there are {', '.join(labels)}"
        for label in said
        if label not in labels
    ]
    if not faults:
        for side in ("m", "u"):
            whole = sum(getattr(level, side) for level in said.values())
            if whole > _WHOLE:
                faults.append(
                    f"comparisons.{name}: the shares {side} of its levels add up to {whole:.2f}, more than all"
                )
    if not faults:
        most, least = (log2(said[label].m / said[label].u) for label in (labels[0], labels[-1]))
        if most <= least:
            faults.append(
                f"comparisons.{name}: “{labels[0]}” ({most:.1f} bits) must speak more for one person than "
                f"“{labels[-1]}” ({least:.1f} bits)"
            )
    return faults


def describe(model: Model, spec: IdentitySpec) -> ModelSpec:
    """Return what ``model`` says, as a person would set it; the prior is left to the scores."""
    return ModelSpec(
        thresholds=spec.thresholds,
        limits=spec.limits,
        comparisons={
            c.name: {level.label: LevelSpec(m=level.m, u=level.u) for level in c.levels} for c in model.comparisons
        },
    )
