"""Scores that an analyst publishes: their definition, what of their values may be taken, and the card they bear.

A card is worked out by the same code as those of our own models. Where no outcome is named, nothing can be tried, and
the score is marked so wherever it is shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pydantic
from pydantic import Field

from filrouge.base.errors import DefinitionError, UsageError
from filrouge.base.spec import Spec
from filrouge.domain.scores import card as cards
from filrouge.domain.scores import learning
from filrouge.domain.scores.fitting import Floats

OURS = frozenset({"engagement", "value", "buying", "renewing", "rule"})
OURS_BEGIN = ("churn_", "propensity_")
NAME = re.compile(r"[a-z][a-z0-9_]{2,39}")
ENTRY = r"^([A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*)?$"
REASONS, LONGEST = 3, 120  # reasons of a person, and letters of one
MOST = 5_000_000  # rows that a score may give


class Said(Spec):
    """Words in both languages."""

    fr: str = Field(min_length=1, max_length=120)
    en: str = Field(min_length=1, max_length=120)


class Outcome(Spec):
    """What a score foretells: to whom it happened between ``$since`` and ``$until``, ``within`` days apart."""

    within: int = Field(30, ge=7, le=365)
    sql: str = Field("", max_length=20_000)
    python: str = Field("", max_length=200, pattern=ENTRY)


class Own(Spec):
    """A score of an analyst's own: its name and words, what its values mean, and where they come from."""

    score: str = Field(max_length=80)
    entity: str = Field(max_length=60)
    title: Said
    foretells: Said | None = None
    owner: str = Field("", max_length=100)
    means: Literal["chance", "points"] = "points"  # chance: per cent that the outcome happens
    high_is: Literal["good", "bad"] = "good"
    colour: Literal["green", "orange", "blue", "grey"] = "grey"
    medium: float = Field(40, gt=0, lt=100)
    high: float = Field(70, gt=0, le=100)
    fresh_days: int = Field(7, ge=1, le=400)
    sql: str = Field("", max_length=20_000)
    python: str = Field("", max_length=200, pattern=ENTRY)
    outcome: Outcome | None = None

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Own:
        if not NAME.fullmatch(self.score):
            raise ValueError("score: 3 to 40 small letters, digits and underscores, a letter first")
        if is_ours(self.score):
            raise ValueError("score: this name is one of Filrouge’s own; choose another one")
        if self.sql and self.python:
            raise ValueError("sql, python: one of the two")
        if self.outcome and self.outcome.sql and self.outcome.python:
            raise ValueError("outcome: sql or python, one of the two")
        if self.medium >= self.high:
            raise ValueError("medium: must be below high")
        return self

    @property
    def code(self) -> bool:
        """Tell whether somebody's Python stands behind it."""
        return bool(self.python or (self.outcome and self.outcome.python))


def is_ours(name: str) -> bool:
    """Tell whether a score of that name is one that Filrouge works out itself."""
    return name in OURS or name.startswith(OURS_BEGIN)


@dataclass(frozen=True)
class Values:
    """What a score gives: people, a value of each (0 to 100), reasons as JSON; ``left_out`` may not be profiled."""

    people: pa.Array
    values: Floats
    reasons: Sequence[str]
    left_out: int = 0


def taken(frame: Any, *, entity: str, known: pa.Array, left_out: pa.Array, strange: pa.Array | None = None) -> Values:
    """Return the values of ``frame`` (person, value and perhaps reasons).

    ``known`` may be scored; ``left_out`` may not be and are set aside in silence; ``strange`` (none when left out) too:
    people of others, whom an agreement lets a query see. Raises DefinitionError with every fault at once.
    """
    table = as_table(frame)
    faults = [f"{name}: this column is missing" for name in ("person", "value") if name not in table.column_names]
    if faults:
        raise _faulty(faults)
    people, faults = _ids(table["person"])
    numbers, more = _numbers(table["value"])
    faults += more
    if not table.num_rows:
        faults.append("person: nobody has a value")
    if (twice := len(people) - len(pc.unique(people))) > 0:
        faults.append(f"person: {twice} rows are of somebody who has one already")
    may = np.asarray(pc.is_in(people, value_set=known))
    aside = np.asarray(pc.is_in(people, value_set=left_out if strange is None else pa.concat_arrays([
        left_out, strange])))  # fmt: skip
    if unknown := int((~may & ~aside).sum()):
        faults.append(f"person: {unknown} are nobody whom {entity} knows by a record of its own")
    if faults:
        raise _faulty(faults)
    if not may.any():
        raise _faulty(["person: nobody of them may be scored: they are of others, or objected"])
    at = np.flatnonzero(may)
    said = table["reasons"].to_pylist() if "reasons" in table.column_names else None
    texts = ["[]"] * len(at) if said is None else [_written(said[one]) for one in at]
    return Values(people.take(pa.array(at)), numbers[at], texts, int((~may).sum()))


def _faulty(faults: Sequence[str]) -> DefinitionError:
    return DefinitionError(
        "The values of the score cannot be taken: {count} faults.", faults=faults, count=len(faults),
        hint="Mend what is named below; nothing of it was kept.",
    )  # fmt: skip


def as_table(frame: Any) -> pa.Table:
    """Return a data frame of Arrow, Polars or pandas, or a mapping of columns, as Arrow. Raises UsageError."""
    try:
        return frame if isinstance(frame, pa.Table) else pa.table(frame)
    except (TypeError, ValueError, pa.ArrowException):
        raise UsageError(
            "This is no table of people and values.",
            hint="Give a data frame with the columns person and value, and reasons if there are any.",
        ) from None


def _ids(column: pa.ChunkedArray) -> tuple[pa.Array, list[str]]:
    if pa.types.is_null(column.type) or not (
        pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        or pa.types.is_string_view(column.type)
    ):  # fmt: skip
        faults = ["person: must be the ids of people, as text"] if len(column) else []
        return pa.nulls(len(column), pa.string()), faults
    text = column.cast(pa.string()).combine_chunks()
    text = text if isinstance(text, pa.Array) else pa.concat_arrays(text.chunks)
    return text, [f"person: {text.null_count} rows are of nobody"] if text.null_count else []


def _numbers(column: pa.ChunkedArray) -> tuple[Floats, list[str]]:
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return np.zeros(len(column)), ["value: must be a number"] if len(column) else []
    empty = column.null_count
    values = np.asarray(column.cast(pa.float64(), safe=False).fill_null(0.0).to_numpy(), dtype=float)
    faults = [f"value: {empty} are empty"] if empty else []
    if odd := int((~np.isfinite(values)).sum()):
        faults.append(f"value: {odd} are no number, or without end")
    if out := int(((values < 0) | (values > 100)).sum()):
        faults.append(f"value: {out} are not between 0 and 100")
    return values, faults


def _written(said: Any) -> str:
    """Return the reasons of somebody as the table of scores keeps them."""
    parts = [said] if isinstance(said, str | Mapping) else list(said or ())
    found = []
    for part in parts[:REASONS]:
        told = dict(part) if isinstance(part, Mapping) else {"fr": part, "en": part}
        added = told.get("contribution")
        text = {one: " ".join(str(told.get(one) or told.get("text") or "").split())[:LONGEST] for one in ("fr", "en")}
        if any(text.values()):
            weight = float(added) if isinstance(added, int | float) and np.isfinite(added) else 0.0
            found.append({"feature": "said", "contribution": round(weight, 2), "value": None, "text": text})
    return json.dumps(found, ensure_ascii=False)


# --- the card ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """A score as it stood ``within`` days ago, what happened since, and the groups that fairness looks at.

    ``earlier`` are the values of as long before, None where they could not be worked out.
    """

    values: Floats
    happened: Floats
    earlier: Floats | None
    groups: Mapping[str, Any]


def card(spec: Own, today: Values, trial: Trial | None, *, why_not: DefinitionError | None = None) -> dict[str, Any]:
    """Return the report card of a published score, by the code that our own models are tried with."""
    told: dict[str, Any] = {
        "kind": "published", "refused": {}, "proved": False, "means": spec.means, "scored": len(today.values),
        "left_out": today.left_out, "with_reasons": sum(one != "[]" for one in today.reasons),
        "within": spec.outcome.within if spec.outcome else None, "least": learning.LEAST_LATER,
    }  # fmt: skip
    if trial is None:
        return told | {"refused": (why_not or _no_outcome()).plain()}
    happened = int((trial.happened > 0).sum())
    rest = len(trial.happened) - happened
    told |= {"people": len(trial.happened), "happened": happened}
    if min(happened, rest) < learning.LEAST_LATER:
        few = DefinitionError(
            "It happened {happened} times and not {other} times: {least} of each is the least to try a score on.",
            hint="It is shown as not proved until then.", happened=happened, other=rest, least=learning.LEAST_LATER,
        )  # fmt: skip
        return {**{k: v for k, v in told.items() if k not in ("people", "happened")}, "refused": few.plain()}
    earlier = trial.values if trial.earlier is None else trial.earlier
    told |= cards.card(trial.values, trial.happened, trained=earlier, groups=trial.groups)
    if trial.earlier is None:
        told["stability"] = None
    moved = cards.psi(trial.values, today.values)
    told["drift"] = {} if moved is None else {"own_value": moved}
    return told | {"proved": True}


def _no_outcome() -> DefinitionError:
    return DefinitionError(
        "No outcome is named, so nothing can be tried: whether this score is right cannot be proved.",
        hint="Name what it foretells under outcome, and publish it again.",
    )


def bands(spec: Own, values: Floats) -> pa.Array:
    """Return the band of each value."""
    told = np.where(values >= spec.high, "high", np.where(values >= spec.medium, "medium", "low"))
    return pa.array(told.astype(object), pa.string())
