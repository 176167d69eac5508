"""Scores of an analyst's own: judged, kept with their card, retired. A person puts one in use as they do ours."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import transaction

from filrouge.base import clock, ids, settings
from filrouge.base.errors import Conflict, DefinitionError, NotFound, Refused, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import Agreement as Opens
from filrouge.domain.privacy.perimeter import Grant, Perimeter, perimeter
from filrouge.domain.scores import card as cards
from filrouge.domain.scores import own
from filrouge.domain.scores.own import Own, Trial, Values
from filrouge.engines import open_engine
from filrouge.store.lake import arrow_schema
from filrouge.store.models import Agreement, Brand, Entity, ScoreModel
from filrouge.store.queries.tables import Desk, Limits
from filrouge.work import access, audit, definitions, runs, score_models, sql
from filrouge.work.lengths import OWNER
from filrouge.work.score_facts import PURPOSES, Ground

SECONDS = 120.0  # that a query or a function may take
Function = Callable[..., Any]


@dataclass(frozen=True)
class Given:
    """What somebody hands over from Python: values or a function of (sql, as_of), earlier values, an outcome."""

    values: Any = None
    as_of: datetime | None = None
    earlier: Any = None
    outcome: Any = None


def publish_file(asking: Caller, path: Path) -> ScoreModel:
    """Publish the score that a YAML file defines. Raises as ``publish`` does."""
    said = definitions.read(path)
    if not isinstance(said, Mapping):
        raise UsageError("The file {path} defines no score.", hint="Begin it with score: name.", path=path.name)
    return publish(asking, said)


def publish(asking: Caller, said: Mapping[str, Any], given: Given | None = None) -> ScoreModel:
    """Keep a score as a candidate with its report card; it is used once a person promotes it.

    Raises DefinitionError with every fault of the definition or the values, Refused when the caller does not answer
    for the entity, Conflict when the name is taken. Nothing is kept then.
    """
    spec = Own.parse(dict(said), what=str(said.get("score", ""))[:80])
    score_models.must_decide(asking, spec.entity)
    access.must(asking, scope="sql:read")
    _free(spec)
    handed = given is not None and given.values is not None
    if not (spec.sql or spec.python or handed):
        raise DefinitionError("The score gives no values.", hint="Write sql or python, or hand values over.")
    if spec.code and not asking.perimeter.everything:
        raise Refused(
            "Code in Python is published by the owner of the machine.", hint="Publish SQL, or values from a notebook."
        )
    if not spec.owner and asking.perimeter.everything:
        raise DefinitionError("Nobody answers for the score.", hint="Name its owner under owner.")
    now = clock.now()
    role = _role(asking, spec.entity)
    audit.record("sql.query", by=asking.by, kind="score", subject=spec.score, entity=spec.entity)
    work = _Work(spec, role, given or Given(), now)
    try:
        today, card = work.judged()
    finally:
        work.close()
    content: dict[str, Any] = {"spec": spec.model_dump(mode="json"), "role": role, "handed": handed}
    as_of = (given.as_of if given and given.as_of else now) if handed else now
    if handed:
        content["values"] = _digest(today)
    version = f"{now:%y%m%d}-{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:6]}"
    row = ScoreModel(
        entity=spec.entity, name=spec.score, version=version, kind="published", content=content, card=card,
        trained_at=now, by=asking.by, owner=(spec.owner or asking.name or asking.by)[:OWNER], refreshed_at=as_of,
    )  # fmt: skip
    if ScoreModel.objects.filter(entity=row.entity, name=row.name, version=version).exists():
        raise Conflict("This very version is kept already.", hint="Change something, or promote it.")
    if not handed:
        score_models.keep(row, action="score.publish")
        return row
    with runs.running("score_values", by=asking.by) as made:
        made.as_of, made.new = as_of, len(today.values)
        pq.write_table(_rows_of(today, row, as_of, str(made.id), now), runs.staging(made) / "values.parquet")
        runs.commit(
            made, {"score_values": {"append": ["values.parquet"]}},
            beside=partial(score_models.keep, row, action="score.publish"),
        )  # fmt: skip
    _tidy(row)
    return row


def _role(asking: Caller, entity: str) -> str:
    """Return as whom the score reads: the role held for that very entity, whatever is held for another."""
    for role in ("administrator", *score_models.ROLES):
        if asking.perimeter.everything or entity in asking.perimeter.holds(role):
            return role
    raise Refused("You do not act for {where}.", hint="Choose an entity and a brand of yours.", where=entity)


def retire(asking: Caller, entity: str, name: str) -> ScoreModel:
    """Use a published score no more; pages show it no more from that moment. Raises NotFound, Refused."""
    score_models.must_decide(asking, entity)
    with transaction.atomic():
        row = (
            ScoreModel.objects.select_for_update()
            .filter(entity=entity, name=name, kind="published", state=ScoreModel.State.PROMOTED)
            .first()
        )
        if row is None:
            raise NotFound(
                "{entity} uses no published score {name}.", hint="`filrouge score report` names them.", entity=entity,
                name=name,
            )  # fmt: skip
        row.state = ScoreModel.State.RETIRED
        row.save(update_fields=["state"])
        audit.record("score.retire", by=asking.by, kind="model", subject=f"{entity}:{row}")
    return row


def _free(spec: Own) -> None:
    """Raise unless the entity exists and the name is free, or already a published score of that entity."""
    if not Entity.objects.filter(slug=spec.entity).exists():
        raise UsageError("No entity is called {entity}.", hint="Choose one of the group.", entity=spec.entity)
    taken = ScoreModel.objects.filter(name=spec.score)
    if taken.exclude(entity=spec.entity, kind="published").exists():
        raise Conflict("The name {name} is taken.", hint="Choose another one.", name=spec.score)


def _digest(values: Values) -> str:
    told = hashlib.sha256()
    order = np.argsort(np.asarray(values.people.to_pylist(), dtype=str), kind="stable")
    for at in order:
        told.update(f"{values.people[int(at)]}={values.values[at]!r}{values.reasons[int(at)]}".encode())
    return told.hexdigest()


def _rows_of(values: Values, row: ScoreModel, as_of: datetime, run: str, now: datetime) -> pa.Table:
    told = {
        "person": values.people, "value": pa.array(values.values), "reasons": pa.array(values.reasons, pa.string()),
        "entity": row.entity, "score": row.name, "version": row.version, "as_of": as_of, "run_id": run,
        "recorded_at": now,
    }  # fmt: skip
    return _shaped(told, len(values.values), "score_values")


def _shaped(told: Mapping[str, Any], count: int, table: str) -> pa.Table:
    columns = [
        told[field.name].cast(field.type)
        if isinstance(told.get(field.name), pa.Array)
        else pa.repeat(pa.scalar(told.get(field.name), field.type), count)
        for field in arrow_schema(table)
    ]
    return pa.table(columns, schema=arrow_schema(table))


def _tidy(row: ScoreModel) -> None:
    """Take the values of versions that are kept no more out of the lake."""
    kept = ScoreModel.objects.filter(entity=row.entity, name=row.name).values_list("version", flat=True)
    listed = ", ".join(f"'{one}'" for one in sorted(kept))  # ours: a date and hexadecimal digits
    with runs.writing():
        runs.lake().delete(
            "score_values", f"entity = '{row.entity}' AND score = '{row.name}' AND version NOT IN ({listed})"
        )


# --- what a score gives -----------------------------------------------------------------------------------------------


def sees(entity: str, role: str, at: datetime) -> Perimeter:
    """Return what a score of ``entity`` may read: its own, and what agreements open to it for marketing or profiling.

    Columns are those that the role of whoever published it shows.
    """
    columns = ("giver__slug", "receiver__slug", "category", "purpose", "valid_from", "valid_until", "evidence")
    agreed = [Opens(*row) for row in Agreement.objects.values_list(*columns)]
    every = [Grant(role, entity)]
    known = list(Entity.objects.values_list("slug", flat=True))
    told = [perimeter(every, agreed, known, at=at, purpose=purpose) for purpose in PURPOSES]
    return Perimeter(
        purpose="profiling", acting=told[0].acting, rules=tuple(rule for one in told for rule in one.rules),
        roles=told[0].roles,
    )  # fmt: skip


def _desk(spec: Own, role: str, now: datetime, until: datetime, params: Mapping[str, Any]) -> Desk:
    pairs = [(e, b) for e in Entity.objects.values_list("slug", flat=True) for b in
             ("", *Brand.objects.values_list("slug", flat=True))]  # fmt: skip
    limits = Limits(until, SECONDS, own.MOST, now=until >= now)
    return Desk(
        runs.lake(), sees(spec.entity, role, now), pairs, sql.copies(), runs.hidden(), None, limits, dict(params)
    )


def asked(spec: Own, role: str, now: datetime, at: datetime, function: Function | None = None) -> pa.Table:
    """Return what the score answers as of ``at``, as a table. Raises UsageError, Refused."""
    desk = _desk(spec, role, now, at, {"as_of": at})
    if function is not None:
        return own.as_table(function(desk.run, at))
    if spec.sql:
        return desk.run(spec.sql)
    from filrouge.work import own_python

    return own_python.call(spec.python, desk, (at,), seconds=SECONDS)


def _happened(spec: Own, role: str, now: datetime, since: datetime, until: datetime, given: Any) -> pa.Array:
    """Return to whom the outcome happened. Raises UsageError, Refused."""
    assert spec.outcome is not None  # noqa: S101 - asked for by whoever saw one
    desk = _desk(spec, role, now, until, {"since": since, "until": until})
    if given is not None:
        told = given(desk.run, since, until) if callable(given) else given
        table = own.as_table(told if not isinstance(told, list | tuple | set) else {"person": sorted(map(str, told))})
    elif spec.outcome.sql:
        table = desk.run(spec.outcome.sql)
    else:
        from filrouge.work import own_python

        table = own_python.call(spec.outcome.python, desk, (since, until), seconds=SECONDS)
    if "person" not in table.column_names:
        raise UsageError("The outcome has no column person.", hint="Give the ids of those to whom it happened.")
    return pc.unique(table["person"].cast(pa.string()).drop_null())


class _Work:
    """One score being judged: today's values, and its trial on a later time than it looked from."""

    def __init__(self, spec: Own, role: str, given: Given, now: datetime) -> None:
        self.spec, self.role, self.given, self.now = spec, role, given, now
        self.engine = open_engine(settings.get().engine, scratch=settings.get().home / "scratch")
        self.folder = settings.get().home / "scratch" / f"own-{ids.uuid7()}"
        self.folder.mkdir(parents=True)
        self.ground = Ground(self.engine, now, self.folder)
        self.known, self.aside, self.every = whom(self.ground, spec.entity)

    def close(self) -> None:
        self.engine.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def judged(self) -> tuple[Values, dict[str, Any]]:
        """Return the values of today and the report card."""
        values, as_of = self.given.values, self.given.as_of or self.now
        handed = values is not None and not callable(values)
        if as_of > self.now:
            raise UsageError("The values are of a day to come.", hint="Say the moment that they look from.")
        frame = values if handed else asked(self.spec, self.role, self.now, as_of, values)
        today = self._taken(frame, strict=handed)
        outcome = self.spec.outcome
        if outcome is None or not (outcome.sql or outcome.python or self.given.outcome is not None):
            return today, own.card(self.spec, today, None)
        within = timedelta(days=outcome.within)
        begins, before = self.now - within, None
        if not handed:
            then = self._taken(asked(self.spec, self.role, self.now, begins, values), past=True)
            before = self._taken(asked(self.spec, self.role, self.now, begins - within, values), past=True)
        elif as_of <= begins:
            then, begins = today, as_of
        elif self.given.earlier is not None:
            then = self._taken(self.given.earlier, strict=True)
        else:
            late = DefinitionError(
                "The values are of today, so nothing came after them that they could be tried on.",
                hint="Hand over a function, or earlier values too.",
            )  # fmt: skip
            return today, own.card(self.spec, today, None, why_not=late)
        happened = _happened(self.spec, self.role, self.now, begins, begins + within, self.given.outcome)
        return today, own.card(self.spec, today, self._trial(then, before, happened, begins))

    def _taken(self, frame: Any, *, strict: bool = False, past: bool = False) -> Values:
        """Return the values of a frame; those of a moment gone by may be of nobody yet."""
        table = own.as_table(frame)
        if past and not table.num_rows:
            return Values(pa.array([], pa.string()), np.zeros(0), [])
        return own.taken(
            table,
            entity=self.spec.entity,
            known=self.known,
            left_out=self.aside,
            strange=None if strict else self.every,
        )

    def _trial(self, then: Values, before: Values | None, happened: pa.Array, begins: datetime) -> Trial:
        told = self.ground.features(begins, [])
        told = told.filter(told.entity == self.spec.entity).select("person", "brand", "age").to_pyarrow()
        at = pc.index_in(then.people, value_set=told["person"].combine_chunks())
        brand = np.asarray(pc.fill_null(told["brand"].take(at), "").to_pylist(), dtype=str)
        age = cards.age_bands(told["age"].take(at).to_numpy().astype(float))
        return Trial(
            then.values, np.asarray(pc.is_in(then.people, value_set=happened)).astype(float),
            before.values if before is not None and len(before.values) else None, {"brand": brand, "age": age},
        )  # fmt: skip


def whom(ground: Ground, entity: str) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return who may be scored for an entity, whom it knows and may not profile, and everybody there is."""
    people = ground.facts(ground.at).people()
    mine = people.filter(people.entity == entity).select(who="person").inner_join(ground.names, "who")
    refused = ground.refused.filter(ground.refused.entity == entity)
    no = mine.semi_join(refused, mine.who == refused.person).select("person")
    yes = mine.anti_join(refused, mine.who == refused.person).select("person")
    found = (yes, no, ground.names.select("person"))
    return tuple(one.to_pyarrow()["person"].combine_chunks() for one in found)
