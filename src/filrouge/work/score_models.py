"""Models of scores: trained on schedule, each kept with its report card; promoted and rolled back by a person."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from filrouge.base import clock, ids, settings
from filrouge.base.errors import Conflict, NotFound, Refused
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.scores import training, trees
from filrouge.domain.scores.buying import Buying, Spending
from filrouge.domain.scores.features import Family, contracts
from filrouge.domain.scores.renewing import Renewing
from filrouge.domain.scores.scorecard import Scorecard
from filrouge.domain.scores.scoring import Models, Used, columns_of
from filrouge.engines import open_engine
from filrouge.store.models import ScoreModel
from filrouge.store.queries import scores as queries
from filrouge.work import access, audit, runs
from filrouge.work.score_facts import Ground

ROLES = ("analyst", "engineer")
MONTHS = (30, 60, 90, 120)  # days ago that each month begins; the first is what models are tried on
QUARTER = 90
FEW = 300_000  # people; of more, as many are drawn
KEPT = 30  # versions of a model that are kept


def train(*, by: str, name: str = "", progress: runs.Progress = runs.silent) -> list[ScoreModel]:
    """Train the models of every entity (or the one called ``name``) and keep each as a candidate with its card.

    Where scorecard and trees were both learned, the one that was chosen is returned; the other is kept beside it.
    """
    now = clock.now()
    engine = open_engine(settings.get().engine, scratch=settings.get().home / "scratch")
    folder = settings.get().home / "scratch" / f"models-{ids.uuid7()}"
    folder.mkdir(parents=True)
    try:
        ground = Ground(engine, now, folder)
        if not _people(ground, now):
            return []
        families = ground.families()
        every = sorted({family for some in families.values() for family in some}, key=lambda one: one.name)
        months = _months(ground, every, now, progress)
        terms = _terms(ground, now)
    finally:
        engine.close()
        shutil.rmtree(folder, ignore_errors=True)
    made = []
    for entity, parts in sorted(months.items()):
        told = _models(parts, families.get(entity, []), terms.get(entity, {}))
        for one in told:
            if name in ("", one.name):
                if one.other:  # what was not chosen may be promoted all the same: it stands just before
                    _keep(entity, one.other, now - queries.BESIDE, by)
                made.append(_keep(entity, one, now, by))
        progress("models", len(made), None)
    return made


def _months(
    ground: Ground, families: list[Family], now: datetime, progress: runs.Progress
) -> dict[str, dict[str, Any]]:
    """Return, by entity, the features of today, each month told apart, and the quarter that purchases are tried on."""
    found: dict[str, dict[str, Any]] = {}
    kept = _drawn(ground, now)
    for step, days in enumerate((0, *MONTHS)):
        progress("months", step, len(MONTHS) + 1)
        begins = now - timedelta(days=days)
        known = ground.features(begins, families)
        known = known.filter(known.person.right(2).isin(kept)) if kept else known
        table = known.to_pyarrow().sort_by([("entity", "ascending"), ("person", "ascending")])
        happened = None
        if days:
            happened = ground.outcomes(begins, begins + timedelta(days=30), families).to_pyarrow()
        quarter = None
        if days == QUARTER:
            quarter = ground.outcomes(begins, now, families).to_pyarrow()
        for entity in pc.unique(table["entity"]).to_pylist():
            mine = table.filter(pc.equal(table["entity"], entity))
            parts = found.setdefault(entity, {"months": []})
            if not days:
                parts["today"] = columns_of(mine)
                continue
            month = training.Month(columns_of(mine), _beside(mine, happened, entity), _labels(mine["brand"]))
            parts["months"].append(month)
            if quarter is not None:
                parts["quarter"] = (month.features, _beside(mine, quarter, entity)["bought"])
    return found


def _people(ground: Ground, at: datetime) -> int:
    return int(ground.facts(at).people().count().to_pyarrow().as_py())


def _drawn(ground: Ground, now: datetime) -> list[str]:
    """Return the endings of the ids of those learned from when people are more than needed; none: everybody."""
    count = _people(ground, now)
    return [f"{n:02x}" for n in range(max(1, 256 * FEW // count))] if count > FEW else []


def _beside(mine: pa.Table, happened: pa.Table, entity: str) -> dict[str, Any]:
    """Return what happened to the people of ``mine``, in their order."""
    rows = happened.filter(pc.equal(happened["entity"], entity))
    at = pc.index_in(mine["person"], value_set=rows["person"])
    return {name: np.nan_to_num(rows[name].take(at).to_numpy()) for name in rows.column_names
            if pa.types.is_floating(rows[name].type)}  # fmt: skip


def _labels(column: pa.ChunkedArray) -> Any:
    return np.asarray(pc.fill_null(column, "").to_pylist(), dtype=str)


def _terms(ground: Ground, now: datetime) -> dict[str, dict[int, Mapping[str, Any]]]:
    """Return, by entity and length of term, the contracts as they stood a quarter ago and which ended since."""
    since = now - timedelta(days=QUARTER)
    then = contracts(ground.facts(since))
    today = contracts(ground.facts(now)).select("entity", "person", "brand", "started_at", gone_now=1 - ibis._.running)
    keys = ["entity", "person", "brand", "started_at"]
    rows = then.left_join(today, keys).to_pyarrow()
    found: dict[str, dict[int, Mapping[str, Any]]] = {}
    term = np.round(rows["term"].to_numpy())
    who = np.asarray(rows["entity"].to_pylist(), dtype=str)
    running, age = rows["running"].to_numpy() > 0, rows["age"].to_numpy()
    ended = np.nan_to_num(rows["ended_ago"].to_numpy())
    gone = np.nan_to_num(rows["gone_now"].to_numpy(zero_copy_only=False).astype(float))
    for entity in sorted(set(who)):
        for days in sorted(set(term[who == entity].tolist())):
            mine = (who == entity) & (term == days)
            exact = rows["term"].to_numpy()[mine][0]
            begun = np.floor((age[mine] - ended[mine]) / exact) + 1
            on = running[mine]
            found.setdefault(entity, {})[int(days)] = {
                "begun": begun, "ended": (~on).astype(float), "done": begun[on] - 1,
                "left": begun[on] * exact - age[mine][on], "gone": gone[mine][on],
            }  # fmt: skip
    return found


def _models(
    parts: Mapping[str, Any], families: list[Family], terms: Mapping[int, Mapping[str, Any]]
) -> list[training.Trained]:
    later, *earlier = parts["months"]
    today = parts["today"]
    made = []
    if (np.nan_to_num(today["contracts"]) > 0).any():
        made += [training.contract_churn(cause, earlier, later, today) for cause in ("wanted", "payment")]
        made.append(training.renewing(terms, QUARTER))
    if (np.nan_to_num(today["orders_ever"]) > 0).any():
        made.append(training.buying(parts["quarter"][0], parts["quarter"][1], QUARTER))
    made += [training.offer(family, earlier, later, today) for family in families]
    return made


def _keep(entity: str, trained: training.Trained, at: datetime, by: str) -> ScoreModel:
    """Keep a model as a candidate; the oldest that are not in use go."""
    version = trained.version(at)
    held = ScoreModel.objects.filter(entity=entity, name=trained.name, version=version).first()
    return held or keep(
        ScoreModel(entity=entity, name=trained.name, version=version, kind=trained.kind, content=trained.content,
                   card=trained.card, trained_at=at, by=by),
        action="score.train",
    )  # fmt: skip


def keep(row: ScoreModel, *, action: str) -> ScoreModel:
    """Keep a version that is new; the oldest that are not in use go."""
    with transaction.atomic():
        row.save(force_insert=True)
        audit.record(action, by=row.by, kind="model", subject=f"{row.entity}:{row}")
        old = ScoreModel.objects.filter(entity=row.entity, name=row.name).exclude(state=ScoreModel.State.PROMOTED)
        ScoreModel.objects.filter(pk__in=list(old.order_by("-trained_at").values_list("pk", flat=True)[KEPT:])).delete()
    return row


# --- by a person ------------------------------------------------------------------------------------------------------


def promote(asking: Caller, entity: str, name: str, version: str = "") -> ScoreModel:
    """Use a model from the next run on: the one of ``version``, the newest candidate when none is named.

    Raises NotFound, Refused, Conflict when it is in use.
    """
    must_decide(asking, entity)
    with transaction.atomic():
        rows = ScoreModel.objects.select_for_update().filter(entity=entity, name=name)
        row = rows.filter(version=version).first() if version else rows.order_by("-trained_at").first()
        if row is None:
            raise NotFound(
                "{entity} has no model {name}.", hint="`filrouge score report` names them.", entity=entity,
                name=f"{name}@{version}" if version else name,
            )  # fmt: skip
        if row.state == ScoreModel.State.PROMOTED:
            raise Conflict("{name} is in use already.", hint="Nothing is to be done.", name=str(row))
        return _put_in_use(row, by=asking.by, action="score.promote")


def roll_back(asking: Caller, entity: str, name: str) -> ScoreModel:
    """Use again the model that was in use before. Raises NotFound when there was none, Refused."""
    must_decide(asking, entity)
    with transaction.atomic():
        rows = ScoreModel.objects.select_for_update().filter(entity=entity, name=name, state=ScoreModel.State.RETIRED)
        row = queries.former(list(rows))
        if row is None:
            raise NotFound("No earlier model of {name} was in use.", hint="Promote one instead.", name=name)
        return _put_in_use(row, by=asking.by, action="score.roll_back")


def _put_in_use(row: ScoreModel, *, by: str, action: str) -> ScoreModel:
    ScoreModel.objects.filter(entity=row.entity, name=row.name, state=ScoreModel.State.PROMOTED).update(
        state=ScoreModel.State.RETIRED
    )
    row.state, row.promoted_by, row.promoted_at = ScoreModel.State.PROMOTED, by, clock.now()
    row.save()
    audit.record(action, by=by, kind="model", subject=f"{row.entity}:{row}")
    return row


def may_decide(asking: Caller, entity: str) -> bool:
    """Tell whether the caller promotes and rolls back the models of an entity."""
    return asking.has(*ROLES) and (asking.perimeter.everything or entity in asking.perimeter.holds(*ROLES))


def must_decide(asking: Caller, entity: str) -> None:
    """Raise Refused unless the caller answers for the models of an entity."""
    access.must(asking, *ROLES)
    if not may_decide(asking, entity):
        raise Refused("You do not act for {entity}.", hint="Choose an entity of yours.", entity=entity)


def in_use(entity: str) -> Models:
    """Return the models that an entity uses; what was not promoted falls back on its rule."""
    rows = {row.name: row for row in ScoreModel.objects.filter(entity=entity, state=ScoreModel.State.PROMOTED)}
    told: dict[str, Any] = {}
    for name, row in rows.items():
        if "trees" in row.content and not trees.there():
            continue  # the rule serves, and says so
        if "scorecard" in row.content or "trees" in row.content:
            label = "rule@1" if row.kind == "rule" else str(row)
            grown = row.content.get("trees")
            used = Used(trees.Trees.of(grown) if grown else Scorecard.of(row.content["scorecard"]), label)
            if name.startswith("propensity_"):
                told.setdefault("propensity", {})[name.removeprefix("propensity_")] = used
            else:
                told[name.removeprefix("churn_")] = used
    often = rows.get("buying")
    if often is not None and "buying" in often.content:
        told |= {"buying": Buying.of(often.content["buying"]), "buying_label": str(often)}
        if "spending" in often.content:
            told["spending"] = Spending.of(often.content["spending"])
    again = rows.get("renewing")
    if again is not None and again.content.get("renewing"):
        models = {int(days): Renewing.of(one) for days, one in again.content["renewing"].items()}
        told |= {"renewing": models, "renewing_label": str(again)}
    return Models(**told)
