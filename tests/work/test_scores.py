"""Scores worked out, kept, used and forgotten: objection obeyed, history kept, models in use by a person's word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.kept import laid_once
from tests.world import World

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Refused
from filrouge.store.models import AuditEntry, ConsentEvent, ScoreModel, Source
from filrouge.work import access, consents, runs, score_models, scores, scores_at_hand

pytestmark = pytest.mark.lake

ROW = {"seen": "01/06/2026", "optin": "yes"}
BUYERS = [
    {"id": f"S{n}", "given": given, "family": f"Family{n}", "mail": f"{given.lower()}@example.com", **ROW}
    for n, given in enumerate(("Ava", "Ben", "Cleo"), start=1)
]


def on(days: int) -> str:
    return f"{clock.now() - timedelta(days=days):%d/%m/%Y}"


@pytest.fixture
@laid_once
def shop(world: World) -> World:
    """Ava bought three times and lately, Ben once and long ago, Cleo never."""
    world.shop(*BUYERS)
    days = {"1": ("S1", 10), "2": ("S1", 60), "3": ("S1", 200), "4": ("S2", 500)}
    world.orders(*({"number": k, "customer": who, "day": on(ago), "total": "40,00"} for k, (who, ago) in days.items()))
    world.resolve()
    return world


def person(world: World, name: str) -> str:
    return str(world.find(name)[0].id)


def every() -> list[dict[str, Any]]:
    """What the lake holds, earlier values among it."""
    files = runs.lake().files("scores")
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def current(world: World) -> dict[tuple[str, str], dict[str, Any]]:
    rows = world.rows("SELECT * FROM scores WHERE superseded_at IS NULL")
    return {(row["person"], row["score"]): row for row in rows}


def test_everybody_has_the_scores_that_their_facts_allow(shop: World) -> None:
    scores.run(by="test")
    found, ava, ben, cleo = current(shop), *(person(shop, name) for name in ("Ava", "Ben", "Cleo"))
    assert found[ava, "engagement"]["value"] > found[ben, "engagement"]["value"] == found[cleo, "engagement"]["value"]
    assert (found[ava, "churn_90"]["band"], found[ben, "churn_90"]["band"]) == ("low", "high")
    assert (cleo, "churn_90") not in found
    assert {row["model"] for row in found.values()} == {"rule@1"}
    assert (found[ava, "value"]["value"], found[ava, "value"]["uses"]) == (120, "blue")
    assert {row["entity"] for row in found.values()} == {"south"}


def test_a_run_that_changes_nothing_keeps_no_history_and_one_that_does_keeps_what_was(shop: World) -> None:
    scores.run(by="test")
    first = every()
    scores.run(by="test")
    again = every()
    assert len(again) == len(first)
    assert {row["recorded_at"] for row in again} == {row["recorded_at"] for row in first}
    shop.orders(*({"number": str(n), "customer": "S2", "day": on(3), "total": "40,00"} for n in range(4, 7)))
    scores.run(by="test")
    ben = person(shop, "Ben")
    rows = sorted(
        (row for row in every() if (row["person"], row["score"]) == (ben, "churn_90")),
        key=lambda row: row["recorded_at"],
    )
    assert [row["superseded_at"] is None for row in rows] == [False, True]
    before = rows[0]["recorded_at"] + timedelta(milliseconds=1)
    from filrouge.work import sql

    then = sql.run(access.OWNER, f"SELECT band FROM scores WHERE person = '{ben}' AND score = 'churn_90'", as_of=before)
    assert then.to_pylist() == [{"band": "high"}]


def test_whoever_objects_to_profiling_has_no_score_from_that_moment_and_none_after_the_next_run(shop: World) -> None:
    scores.run(by="test")
    ava, ben = person(shop, "Ava"), person(shop, "Ben")
    advisor = shop.user("advisor", entities=("south",))
    assert scores_at_hand.shown(advisor, ava)
    consents.record(advisor, ava, purpose="profiling", channel="none", state="objected", entity="south")
    assert scores_at_hand.shown(advisor, ava) == []
    scores.run(by="test")
    assert ava not in {who for who, _ in current(shop)}
    assert scores_at_hand.shown(advisor, ben)
    assert scores_at_hand.shown(advisor, ava) == []


@pytest.mark.parametrize("state", ["restricted", "denied", "withdrawn"])
def test_a_restriction_and_a_refusal_are_obeyed_like_an_objection(shop: World, state: str) -> None:
    ava = person(shop, "Ava")
    ConsentEvent.objects.create(person=ava, entity="south", brand="", by="test", purpose="profiling", channel="none",
                                state=state)  # fmt: skip
    scores.run(by="test")
    assert ava not in {who for who, _ in current(shop)}


def test_a_score_is_seen_by_whoever_acts_for_its_entity_and_brands_and_by_nobody_else(shop: World) -> None:
    scores.run(by="test")
    ava = person(shop, "Ava")
    owner = shop.user("advisor", entities=("south",))
    capped = shop.user("advisor", entities=("south",), brands=("blue",))
    colleague = shop.user("advisor", entities=("south",), brands=("red",))
    stranger = shop.user("advisor", entities=("north",))
    seen = [bool(scores_at_hand.shown(asking, ava)) for asking in (owner, capped, colleague, stranger)]
    assert seen == [True, True, False, False]
    marketer = shop.user("marketer", entities=("south",))
    assert "value" not in {one.name for one in scores_at_hand.shown(marketer, ava)}
    from filrouge.work import sql

    counts = [sql.run(asking, "SELECT count(*) AS n FROM scores").to_pylist()[0]["n"]
              for asking in (shop.user("analyst", entities=("south",)), shop.user("analyst", entities=("north",)))]  # fmt: skip
    assert counts[0] > 0 == counts[1]


def test_a_source_that_is_late_is_said_beside_each_score(shop: World) -> None:
    spec = Source.objects.get(name="shop_orders").spec | {"expect": {"fresh_within": "24h"}}
    since = clock.now() - timedelta(days=3)
    Source.objects.filter(name="shop_orders").update(spec=spec, as_of=since)
    scores.run(by="test")
    told = {row["stale_since"] for row in current(shop).values()}
    assert [datetime.fromisoformat(str(one)) for one in told] == [since]
    assert {one.stale_since for one in scores_at_hand.shown(access.OWNER, person(shop, "Ava"))} == {since}


def test_scores_follow_a_person_whose_records_are_joined(shop: World) -> None:
    from filrouge.work import verdicts

    scores.run(by="test")
    ava, ben = person(shop, "Ava"), person(shop, "Ben")
    verdicts.merge(access.OWNER, ava, ben)
    shop.resolve()
    kept = person(shop, "Ava")
    assert {one.name for one in scores_at_hand.shown(access.OWNER, kept)} >= {"engagement", "churn_90"}
    scores.run(by="test")
    assert len({who for who, _ in current(shop)}) == 2


def test_an_empty_lake_has_no_scores_and_nothing_breaks(world: World) -> None:
    made = scores.run(by="test")
    assert made.figures["scores"] == 0
    assert score_models.train(by="test") == []


def test_live_copies_built_anew_hold_the_scores(shop: World) -> None:
    from filrouge.work import live

    scores.run(by="test")
    before = scores_at_hand.shown(access.OWNER, person(shop, "Ava"))
    live.rebuild()
    assert scores_at_hand.shown(access.OWNER, person(shop, "Ava")) == before != []


def test_an_erasure_takes_the_scores_away(shop: World) -> None:
    from filrouge.work import erasures

    scores.run(by="test")
    ava = person(shop, "Ava")
    row = erasures.carry_out(str(erasures.request(access.OWNER, ava, reason="asked by letter").id))
    assert row.report["found_again"] == {}
    assert ava not in {one["person"] for one in every()}
    assert scores_at_hand.shown(access.OWNER, ava) == []


# --- models -----------------------------------------------------------------------------------------------------------


def test_models_are_trained_as_candidates_with_their_cards_and_the_minimum_is_told(shop: World) -> None:
    made = {row.name: row for row in score_models.train(by="test")}
    assert {row.state for row in made.values()} == {"candidate"}
    assert made["buying"].kind == "rule"
    assert made["buying"].card["refused"]["params"]["least"] > made["buying"].card["learned_on"]


def model(version: str, at: datetime) -> ScoreModel:
    return ScoreModel.objects.create(entity="south", name="buying", version=version, kind="rule", content={}, card={},
                                     trained_at=at, by="test")  # fmt: skip


def test_a_model_is_promoted_by_a_person_of_its_entity_rolled_back_and_each_leaves_its_line(shop: World) -> None:
    model("1", clock.now()), model("2", clock.now() + timedelta(seconds=1))
    owner, colleague, stranger = (
        shop.user("analyst", entities=("south",)), shop.user("analyst", entities=("north",)),
        shop.user("advisor", entities=("south",)),
    )  # fmt: skip
    for other in (colleague, stranger):
        with pytest.raises(Refused):
            score_models.promote(other, "south", "buying")
    with pytest.raises(NotFound):
        score_models.roll_back(owner, "south", "buying")
    score_models.promote(owner, "south", "buying", "1")
    score_models.promote(owner, "south", "buying")
    with pytest.raises(Conflict):
        score_models.promote(owner, "south", "buying", "2")
    assert [row.version for row in ScoreModel.objects.filter(state="promoted")] == ["2"]
    assert score_models.roll_back(owner, "south", "buying").version == "1"
    with pytest.raises(Refused):
        score_models.roll_back(colleague, "south", "buying")
    assert AuditEntry.objects.filter(action__in=("score.promote", "score.roll_back")).count() == 3
