"""The scores of analysts in the run of scores: refreshed with ours; one that breaks leaves its last values, stale."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from filrouge.base.errors import FilrougeError, StorageError, UsageError
from filrouge.domain.scores import own
from filrouge.domain.scores.own import Own, Values
from filrouge.store.lake import arrow_schema
from filrouge.store.live import Live
from filrouge.store.models import ScoreModel
from filrouge.work import runs
from filrouge.work.own_scores import asked, whom
from filrouge.work.score_facts import Ground

log = logging.getLogger(__name__)
BACK = timedelta(days=30)  # a trend looks this far back


def told(ground: Ground, entity: str, some: pa.Table, now: datetime, late: datetime | None) -> Iterator[pa.Table]:
    """Yield the scores that an entity uses of its analysts, of the people of ``some``.

    One that cannot be refreshed leaves its last values, stale since then, and says why; ours are none the worse.
    """
    rows = ScoreModel.objects.filter(entity=entity, kind="published", state=ScoreModel.State.PROMOTED)
    people = some["person"].combine_chunks()
    groups: tuple[pa.Array, pa.Array, pa.Array] | None = None
    for row in rows.order_by("name"):
        spec = Own.model_validate(row.content["spec"])
        try:
            if row.content.get("handed"):
                yield _handed(ground, row, spec, people, now)
            else:
                groups = groups or whom(ground, entity)
                yield _fresh(row, spec, groups, people, now, late)
            trouble: dict[str, Any] = {}
        except FilrougeError as error:
            trouble = _kept(error)
            yield _last(ground, row, people)
        except Exception as error:  # noqa: BLE001 whatever an analyst's query or function does, the others are scored
            log.error("The score %s of %s stopped: %s.", row.name, row.entity, type(error).__name__)
            trouble = UsageError("The score stopped: {kind}.", kind=type(error).__name__).plain()
            yield _last(ground, row, people)
        ScoreModel.objects.filter(pk=row.pk).update(
            trouble=trouble, **({} if trouble or row.content.get("handed") else {"refreshed_at": now})
        )


def _kept(error: FilrougeError) -> dict[str, Any]:
    """Return what is kept of an error: of a fault of a query its kind alone, for its words may quote a value."""
    said = error.plain()
    if "why" in said["params"]:
        said["params"]["why"] = str(said["params"]["why"]).partition(":")[0][:80]
    return said


def _fresh(
    row: ScoreModel, spec: Own, groups: tuple[pa.Array, pa.Array, pa.Array], people: pa.Array, now: datetime,
    late: datetime | None,
) -> pa.Table:  # fmt: skip
    known, aside, every = groups
    frame = asked(spec, row.content["role"], now, now)
    today = own.taken(frame, entity=spec.entity, known=known, left_out=aside, strange=every)
    trend = np.full(len(today.values), np.nan)
    with suppress(FilrougeError):  # what cannot be told of a month ago has no trend
        before = asked(spec, row.content["role"], now, now - BACK)
        then = own.taken(before, entity=spec.entity, known=known, left_out=aside, strange=every)
        at = pc.fill_null(pc.index_in(today.people, value_set=then.people), -1).to_numpy()
        trend = np.where(at >= 0, np.round(today.values - then.values[at], 1), np.nan)
    return _told(row, spec, today, people, trend, as_of=now, stale=late)


def _handed(ground: Ground, row: ScoreModel, spec: Own, people: pa.Array, now: datetime) -> pa.Table:
    table = _of(ground, "score_values", row)
    kept = table.filter(table.version == row.version).to_pyarrow().cast(arrow_schema("score_values"))
    if not kept.num_rows:
        raise StorageError("The values of the score are not in the lake.", hint="Publish it again.")
    led = Live().current_of(kept["person"].to_pylist()) if Live().ready() else {}
    names = pa.array([led.get(one, one) for one in kept["person"].to_pylist()], pa.string())
    at = pa.array(np.sort(np.unique(np.asarray(names.to_pylist(), dtype=str), return_index=True)[1]))
    values = Values(
        names.take(at), kept["value"].take(at).to_numpy(), kept["reasons"].take(at).to_pylist()
    )  # two that were joined: the first
    as_of = kept["as_of"][0].as_py()
    stale = as_of if now - as_of > timedelta(days=spec.fresh_days) else None
    return _told(row, spec, values, people, np.full(len(values.values), np.nan), as_of=as_of, stale=stale)


def _told(
    row: ScoreModel, spec: Own, values: Values, people: pa.Array, trend: Any, *, as_of: datetime,
    stale: datetime | None,
) -> pa.Table:  # fmt: skip
    may = np.flatnonzero(np.asarray(pc.is_in(values.people, value_set=people)))
    at = pa.array(may)
    count = len(may)
    return pa.table({
        "person": values.people.take(at), "score": pa.repeat(pa.scalar(row.name), count),
        "value": pa.array(np.round(values.values[may], 1)), "band": own.bands(spec, values.values[may]),
        "trend": pa.array(trend[may], mask=np.isnan(trend[may])),
        "reasons": pa.array([values.reasons[int(one)] for one in may], pa.string()),
        "model": pa.repeat(pa.scalar(str(row)), count),
        "as_of": pa.repeat(pa.scalar(as_of, pa.timestamp("us", tz="UTC")), count),
        "stale_since": pa.repeat(pa.scalar(stale, pa.timestamp("us", tz="UTC")), count),
    })  # fmt: skip


def _last(ground: Ground, row: ScoreModel, people: pa.Array) -> pa.Table:
    """Return the values of the last run, of whoever may still be scored, stale since they were worked out."""
    table = _of(ground, "scores", row)
    old = table.filter(table.superseded_at.isnull() & (table.model == str(row))).to_pyarrow()
    old = old.cast(arrow_schema("scores"))
    kept = old.filter(pc.is_in(old["person"], value_set=people))
    names = ["person", "score", "value", "band", "trend", "reasons", "model", "as_of"]
    return kept.select(names).append_column("stale_since", pc.coalesce(kept["stale_since"], kept["as_of"]))


def _of(ground: Ground, name: str, row: ScoreModel) -> ir.Table:
    """Return the rows of a table that are of one score."""
    table = ground.engine.read(name, runs.lake().files(name), arrow_schema(name))
    return table.filter((table.entity == row.entity) & (table.score == row.name))
