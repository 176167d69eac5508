"""The whole of identity in one call: records in, people out; deterministic, idempotent, and each link with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from filrouge.domain.identity import memory, teaching
from filrouge.domain.identity import score as scoring
from filrouge.domain.identity.blocking import Block, block
from filrouge.domain.identity.comparisons import comparisons
from filrouge.domain.identity.desk import Desk, desk
from filrouge.domain.identity.doubts import doubts
from filrouge.domain.identity.evidence import links, reviews, tree
from filrouge.domain.identity.graph import assign
from filrouge.domain.identity.model import Model, relearn
from filrouge.domain.identity.normalise import normalise
from filrouge.domain.identity.spec import HumanDecision, IdentitySpec
from filrouge.domain.identity.strong import conflicts, strong_edges
from filrouge.domain.identity.training import drawn, learn_u, train
from filrouge.domain.identity.weigh import (
    Resolution,
    assigned,
    changed,
    clustered,
    complete,
    constraints,
    leaving,
    maker,
    merge,
)

Ints = npt.NDArray[np.int64]


def resolve(
    con: Any,
    records: pa.Table | str,
    *,
    previous: pa.Table | None = None,
    former: Mapping[int, Sequence[str]] | None = None,
    decisions: Sequence[HumanDecision] = (),
    at: datetime,
    seed: int = 7,
    spec: IdentitySpec | None = None,
    remember: Path | None = None,
    model: Model | None = None,
) -> Resolution:
    """Resolve ``records`` (columns of person_records, record_key distinct) into people.

    They are an Arrow table, or the name of a view of ``con`` (``main.records``) that need not fit in memory.

    ``con`` is a DuckDB connection, an Ibis backend on DuckDB, or None for a database of its own. ``previous`` (record_key,
    person) are the links in force, ``former`` the people that a record was once of. ``remember`` is the folder where memory
    is laid, for what comes next to be settled without the whole. ``model`` is used as it is, with its prior unless that is 0;
    left out, the records teach one. The same content gives the same answer, whatever the order
    of the rows; resolving again with one's own answer as ``previous`` changes nothing.
    """
    spec = spec or IdentitySpec()
    if model is not None and not spec.fixed:
        spec = spec.model_copy(update={"fixed": model.version})
    with desk(con) as table:
        normalise(table, records, spec)
        strong_edges(table, spec)
        teaching.lay(table, decisions)
        model, prior, blocks = _weigh(table, spec, seed, model)
        keys = table.numbers("select record_key from keys order by rid")["record_key"].astype(np.int64)
        labels = clustered(table, spec, keys.size, constraints(keys, decisions))
        named = assign(keys, labels, previous, maker(at, seed), former=former, leaving=leaving(decisions))
        table.put("assigned", assigned(keys, labels, named.persons))
        if remember is not None and model.healthy and blocks:
            memory.lay(table, remember, spec=spec, model=model, prior=prior, blocks=blocks)
        tree(table)
        open_ = doubts(table, model, spec, prior)
        asked, taught = reviews(table, spec), teaching.notes(table)
        assignment = links(
            table, model, decisions, spec, prior
        )  # the largest answer comes last, the desk being cleared
    differing = changed(assignment, previous)
    people = len(set(named.persons.tolist()))
    counts = {
        "records": keys.size, "people": people, "merges": named.merges, "splits": named.splits,
        "new_people": named.new_people, "reviews": asked,
    }  # fmt: skip
    report = model.dump() | {"version": model.version, "prior": prior, "notes": [*model.notes, *taught]}
    return Resolution(assignment, differing, named.redirects, counts, report, open_)


def _weigh(table: Desk, spec: IdentitySpec, seed: int, given: Model | None) -> tuple[Model, float, dict[str, int]]:
    """Lay table ``edges`` (l, r, w, levels, rule, kinds): what the model and the rules say of each pair worth keeping.

    Return the model, its prior, and the largest block compared by each key.
    """
    (count,) = table.rows("select count(*) from nodes")[0]
    blocks: list[Block] = []
    if not spec.model:
        model = Model((), 0.0, seed, False, ({"code": "model_off"},))
    elif given is not None:
        model = given
        scoring.frequencies(table, scoring.tf_columns(model))
        if count <= spec.training.sample_above:
            blocks = block(table, spec)
            _presume(table, model, spec)
            scoring.frequencies(table, scoring.tf_columns(model), "presumed")
    elif count <= spec.training.sample_above:
        model, blocks = _learn(table, spec, seed, rounds=spec.training.rounds)
    else:
        weighed = scoring.weighed_columns(
            {level["tf"] for _, ls in comparisons(spec).values() for level in ls if "tf" in level}
        )
        scoring.frequencies(table, weighed)
        with drawn(table, share=spec.training.sample / count, seed=seed):
            model, _ = _learn(table, spec, seed, rounds=spec.training.rounds)
    if not model.healthy:
        conflicts(table, spec)
        return model, 0.0, {}
    if count > spec.training.sample_above:
        blocks = block(table, spec)
    prior = _score(table, model, spec)
    table.drop("scored", "pairs", "presumed", "singles")
    return model, prior, {found.key: found.largest for found in blocks if found.key != "all"}


def _learn(table: Desk, spec: IdentitySpec, seed: int, *, rounds: int) -> tuple[Model, list[Block]]:
    """Return the model that table ``nodes`` teaches and its blocks; the pairs that it was learned on are left in ``pairs``."""
    model = train(table, spec, seed=seed)
    if not model.healthy:
        return model, []
    blocks = block(table, spec)
    scoring.frequencies(table, scoring.tf_columns(model))
    for _ in range(rounds - 1):
        # what the first people teach: how unalike records of one person may be, and how common values are among people
        _presume(table, model, spec)
        table.run(
            "create or replace table singles as select n.* from nodes n semi join presumed p on p.cluster = n.rid"
        )
        model = learn_u(table, spec, relearn(table, model), seed, "singles")
        scoring.frequencies(table, scoring.tf_columns(model), "presumed")
    return model, blocks


def _presume(table: Desk, model: Model, spec: IdentitySpec) -> None:
    """Lay table ``presumed`` (rid, cluster): the people that ``model`` tells before anything else is known of them."""
    (count,) = table.rows("select count(*) from keys")[0]
    _score(table, model, spec)
    labels = clustered(table, spec, count, ())
    columns = {"rid": pa.array(np.arange(count), pa.int32()), "cluster": pa.array(labels, pa.int32())}
    table.put("presumed", pa.table(columns))


def _score(table: Desk, model: Model, spec: IdentitySpec) -> float:
    """Lay table ``edges`` by ``model`` and return the prior that the scores themselves call for."""
    (count,) = table.rows("select count(*) from nodes")[0]
    floor = float(np.log2(max(count, 4)) - 12)
    scoring.score(table, model, pairs="pairs", into="scored", floor=floor)
    found = table.numbers("select w, h from scored")
    teaching.weigh(table, model)
    if spec.fixed and model.prior:
        prior = model.prior
    else:
        prior = teaching.shifted(table, scoring.calibrate(found["w"], found["h"], records=count))
    complete(table, model, spec, prior)
    merge(table, prior)
    return prior
