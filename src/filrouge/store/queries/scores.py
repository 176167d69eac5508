"""Scores as their reader may see them: those of a person, from the live copy, and the models with their cards."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from filrouge.base.clock import time_of
from filrouge.base.errors import NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.scores.own import is_ours
from filrouge.domain.scores.sight import seen
from filrouge.store.live import Live, number, unpack
from filrouge.store.models import ScoreModel

BESIDE = timedelta(milliseconds=1)  # how long before the model that was chosen the other of its training stands
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
    own: Mapping[str, Any] | None = None  # of one that an analyst published: title, colour, proved, owner…

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
    return _in_use([found[key] for key in sorted(found)])


def _in_use(told: list[Score]) -> list[Score]:
    """Return scores with what there is to say of the published ones; one that was retired is shown no more."""
    names = {one.name for one in told if not is_ours(one.name)}
    if not names:
        return told
    known = {(entity, name): said for (entity, name), said in published(names).items() if said["in_use"]}
    return [
        one if is_ours(one.name) else dataclasses.replace(one, own=known[one.entity, one.name])
        for one in told
        if is_ours(one.name) or (one.entity, one.name) in known
    ]


def published(names: Iterable[str] | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what there is to say of published scores by (entity, name): of the version in use, else of the newest."""
    rows = ScoreModel.objects.filter(kind="published").order_by("trained_at")
    rows = rows if names is None else rows.filter(name__in=list(names))
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if row.state == ScoreModel.State.PROMOTED or not found.get((row.entity, row.name), {}).get("in_use"):
            spec = row.content["spec"]
            found[row.entity, row.name] = {
                **{part: spec[part] for part in ("title", "foretells", "colour", "means", "high_is", "fresh_days")},
                "owner": row.owner, "proved": bool(row.card.get("proved")),
                "in_use": row.state == ScoreModel.State.PROMOTED,
            }  # fmt: skip
    return found


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
    since = shown.trained_at + BESIDE
    later = [one for one in rows if one.state == ScoreModel.State.CANDIDATE and one.trained_at > since]
    return max(later, key=lambda one: one.trained_at, default=None)
