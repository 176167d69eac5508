"""Scores as their reader may see them: those of a person, from the live copy, and the models with their cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filrouge.base.clock import time_of
from filrouge.base.errors import NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.scores.sight import seen
from filrouge.store.live import Live, number, unpack
from filrouge.store.models import ScoreModel

READERS = ("analyst", "engineer", "privacy", "executive")  # who may read the report cards of their entities


@dataclass(frozen=True)
class Score:
    """One score of one person; ``reasons`` are mappings with feature, contribution and value."""

    entity: str
    brand: str
    name: str
    value: float
    band: str
    trend: float | None
    reasons: tuple[Mapping[str, Any], ...]
    model: str
    uses: tuple[str, ...]
    as_of: datetime | None
    stale_since: datetime | None

    @property
    def learned(self) -> bool:
        """Tell whether a model was learned for it, all of it or a part."""
        return any(not part.startswith("rule@") for part in self.model.split(" + "))


def of_person(person: str, asking: Caller) -> list[Score]:
    """Return the scores of ``person`` that the caller may see, under whatever id they were worked out."""
    live = Live()
    if not live.ready():
        return []
    found: dict[tuple[str, str], Score] = {}
    current = live.current(person)
    for alias in sorted(live.aliases(current), key=lambda one: one == current):
        for (body,) in live.rows("SELECT body FROM scores WHERE person = %s", [number(alias)]):
            for row in unpack(body):
                uses = tuple(filter(None, (row["uses"] or "").split(",")))
                if seen(asking.perimeter, row["entity"], frozenset(uses), row["score"]):
                    found[row["entity"], row["score"]] = _score(row, uses)
    return [found[key] for key in sorted(found)]


def _score(row: Mapping[str, Any], uses: tuple[str, ...]) -> Score:
    return Score(
        entity=row["entity"], brand=row["brand"] or "", name=row["score"], value=row["value"], band=row["band"],
        trend=row["trend"], reasons=tuple(row["reasons"] or ()), model=row["model"], uses=uses,
        as_of=time_of(row["as_of"]), stale_since=time_of(row["stale_since"]),
    )  # fmt: skip


def models(asking: Caller, *, name: str = "", entity: str = "") -> list[ScoreModel]:
    """Return the models of the caller's entities, those in use first, then the newest."""
    rows = ScoreModel.objects.all()
    if name:
        rows = rows.filter(name=name)
    if entity:
        rows = rows.filter(entity=entity)
    if not asking.perimeter.everything:
        rows = rows.filter(entity__in=asking.perimeter.acting)
    order = {ScoreModel.State.PROMOTED: 0, ScoreModel.State.CANDIDATE: 1, ScoreModel.State.RETIRED: 2}
    return sorted(
        rows, key=lambda row: (row.entity, row.name, order[ScoreModel.State(row.state)], -row.trained_at.timestamp())
    )


def versions(asking: Caller, entity: str, name: str) -> list[ScoreModel]:
    """Return the versions of a model, the one in use first. Raises NotFound, also where the caller may not look."""
    found = models(asking, name=name, entity=entity)
    if not found:
        raise NotFound("{entity} has no model {name}.", hint="The list of scores names them.", entity=entity, name=name)
    return found


def former(rows: Sequence[ScoreModel]) -> ScoreModel | None:
    """Return the version that was in use before; None when there was none."""
    known = [row for row in rows if row.state == ScoreModel.State.RETIRED and row.promoted_at is not None]
    return max(known, key=lambda row: row.promoted_at, default=None)  # type: ignore[arg-type, return-value]


def newer(rows: Sequence[ScoreModel]) -> ScoreModel | None:
    """Return the candidate that came after the version in use; None when there is none, or nothing is in use."""
    shown = rows[0]
    if shown.state != ScoreModel.State.PROMOTED:
        return None
    later = [one for one in rows if one.state == ScoreModel.State.CANDIDATE and one.trained_at > shown.trained_at]
    return max(later, key=lambda one: one.trained_at, default=None)
