"""Scores of an analyst's own: tried with the card of ours, used by a person's word, obeying who objected."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
import yaml
from tests.kept import laid_once
from tests.world import World

import filrouge
from filrouge.base import clock
from filrouge.base.errors import Conflict, DefinitionError, FilrougeError, NotFound, Refused, UsageError, told
from filrouge.store.models import AuditEntry, ScoreModel
from filrouge.store.queries import scores as reads
from filrouge.work import access, consents, own_refresh, own_scores, score_models, scores, scores_at_hand, segments

pytestmark = pytest.mark.lake

PEOPLE = 60
TITLE = {"fr": "Reviendra", "en": "Comes back"}
VALUE = """SELECT o.person, least(100, 20 + 30 * count(*)) AS value,
    ['a acheté ' || count(*) || ' fois'] AS reasons
    FROM orders JOIN owners o ON o.record_key = orders.person_key
    WHERE ordered_at > $as_of - INTERVAL 60 DAY GROUP BY o.person"""
OUTCOME = """SELECT o.person FROM orders JOIN owners o ON o.record_key = orders.person_key
    WHERE ordered_at BETWEEN $since AND $until"""
SPEC: dict[str, Any] = {
    "score": "comes_back", "entity": "south", "title": TITLE, "owner": "Ana", "means": "points", "colour": "green",
    "sql": VALUE, "outcome": {"within": 30, "sql": OUTCOME},
}  # fmt: skip


def on(days: int) -> str:
    return f"{clock.now() - timedelta(days=days):%d/%m/%Y}"


@pytest.fixture
@laid_once
def shop(world: World) -> World:
    """Sixty buyers of 45 days ago; every second bought twice then, and most of these bought again 10 days ago."""
    people = [
        {"id": f"S{n}", "given": f"Given{n}", "family": f"Family{n}", "mail": f"g{n}@example.com", "seen": "01/06/2026"}
        for n in range(PEOPLE)
    ]
    world.shop(*people)
    rows = [(f"a{n}", n, 45) for n in range(PEOPLE)] + [(f"b{n}", n, 50) for n in range(0, PEOPLE, 2)]
    rows += [(f"c{n}", n, 10) for n in range(PEOPLE) if (n % 2 == 0) != (n < 4)]
    world.orders(*({"number": k, "customer": f"S{n}", "day": on(ago), "total": "40,00"} for k, n, ago in rows))
    world.resolve()
    return world


def person(world: World, name: str) -> str:
    return str(world.find(name)[0].id)


def current(score: str) -> dict[str, dict[str, Any]]:
    from filrouge.work import sql

    query = f"SELECT * FROM scores WHERE superseded_at IS NULL AND score = '{score}'"
    return {row["person"]: row for row in sql.run(access.OWNER, query).to_pylist()}


def put_in_use(**changes: Any) -> ScoreModel:
    row = own_scores.publish(access.OWNER, SPEC | changes)
    return score_models.promote(access.OWNER, row.entity, row.name)


def test_a_score_in_sql_is_tried_with_the_card_of_ours_promoted_and_shown_with_its_reasons(shop: World) -> None:
    analyst = shop.user("analyst", entities=("south",))
    row = own_scores.publish(analyst, SPEC)
    assert (row.kind, row.state, row.owner, row.card["proved"]) == ("published", "candidate", "Ana", True)
    assert (row.card["people"], row.card["happened"]) == (PEOPLE, 30)
    assert 0.8 < row.card["auc"] < 1
    assert row.card["lift_20"] > 1.5
    scores.run(by="test")
    assert not current("comes_back")  # a candidate is not used
    score_models.promote(analyst, "south", "comes_back")
    scores.run(by="test")
    assert len(current("comes_back")) == PEOPLE
    advisor = shop.user("advisor", entities=("south",))
    shown = {one.name: one for one in scores_at_hand.shown(advisor, person(shop, "Given6"))}["comes_back"]
    assert (shown.value, shown.band, shown.trend) == (100, "high", 20)
    assert shown.reasons[0]["text"]["fr"] == "a acheté 3 fois"
    assert (shown.own["title"], shown.own["proved"], shown.own["owner"]) == (TITLE, True, "Ana")
    stranger = shop.user("advisor", entities=("north",))
    assert "comes_back" not in {one.name for one in scores_at_hand.shown(stranger, person(shop, "Given6"))}
    assert AuditEntry.objects.filter(action="score.publish").count() == 1


def test_nothing_that_happened_later_reaches_a_score_that_is_tried(shop: World) -> None:
    leak = "SELECT o.person, 10.0 + 80 * max((ordered_at > now() - INTERVAL 20 DAY)::INT) AS value FROM orders JOIN owners o "
    row = own_scores.publish(access.OWNER, SPEC | {"sql": leak + "ON o.record_key = orders.person_key GROUP BY 1"})
    assert row.card["auc"] == 0.5  # told by what came later, it would be 1


def test_where_no_outcome_is_named_the_card_says_that_it_cannot_be_proved_and_the_score_is_marked(shop: World) -> None:
    row = put_in_use(outcome=None)
    assert not row.card["proved"]
    assert "cannot be proved" in " ".join(told(row.card["refused"]))
    scores.run(by="test")
    shown = {one.name: one for one in scores_at_hand.shown(access.OWNER, person(shop, "Given6"))}["comes_back"]
    assert shown.own["proved"] is False


def test_an_outcome_of_one_class_is_refused_in_a_sentence(shop: World) -> None:
    row = own_scores.publish(access.OWNER, SPEC | {"outcome": {"within": 30, "sql": OUTCOME + " AND total < 0"}})
    assert row.card["refused"]["params"] == {"happened": 0, "other": PEOPLE, "least": 20}
    assert "auc" not in row.card


def test_whoever_objects_has_no_score_of_an_analyst_either(shop: World) -> None:
    who = person(shop, "Given6")
    consents.record(access.OWNER, who, purpose="profiling", channel="none", state="objected", entity="south")
    row = put_in_use()
    assert row.card["left_out"] == 1
    scores.run(by="test")
    assert who not in current("comes_back")
    assert len(current("comes_back")) == PEOPLE - 1


def test_a_segment_uses_it_as_it_uses_ours(shop: World) -> None:
    put_in_use()
    scores.run(by="test")
    rule = {"rules": [{"on": "score", "score": "comes_back", "field": "band", "op": "is", "value": "high"}]}
    segments.keep(access.OWNER, "back", spec=rule, entity="south")
    assert segments.count(access.OWNER, "back").people == 32


def test_it_is_rolled_back_and_retired_by_who_answers_for_it(shop: World) -> None:
    first = put_in_use()
    put_in_use(medium=30)
    colleague = shop.user("analyst", entities=("north",))
    for act in (score_models.roll_back, own_scores.retire):
        with pytest.raises(Refused):
            act(colleague, "south", "comes_back")
    with pytest.raises(Refused):
        own_scores.publish(colleague, SPEC)
    assert score_models.roll_back(access.OWNER, "south", "comes_back") == first
    scores.run(by="test")
    who = person(shop, "Given6")
    assert "comes_back" in {one.name for one in scores_at_hand.shown(access.OWNER, who)}
    own_scores.retire(access.OWNER, "south", "comes_back")
    assert "comes_back" not in {one.name for one in scores_at_hand.shown(access.OWNER, who)}  # from that moment
    scores.run(by="test")
    assert not current("comes_back")
    with pytest.raises(NotFound):
        own_scores.retire(access.OWNER, "south", "comes_back")


def test_one_that_breaks_leaves_its_last_values_stale_and_ours_unharmed(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = put_in_use()
    scores.run(by="test")
    before = current("comes_back")
    spec = row.content["spec"] | {"sql": "SELECT person, value FROM vanished"}
    ScoreModel.objects.filter(pk=row.pk).update(content=row.content | {"spec": spec})
    scores.run(by="test")
    after = current("comes_back")
    assert {k: v["value"] for k, v in after.items()} == {k: v["value"] for k, v in before.items()}
    assert {v["stale_since"] for v in after.values()} == {v["as_of"] for v in before.values()}
    assert "Catalog Error" in str(ScoreModel.objects.get(pk=row.pk).trouble)
    assert current("engagement")

    def stopped(*_given: Any) -> pa.Table:
        raise OSError("Could not convert string 'ava@example.com' to DOUBLE")

    monkeypatch.setattr(own_refresh, "asked", stopped)
    scores.run(by="test")
    kept = str(ScoreModel.objects.get(pk=row.pk).trouble)
    assert "OSError" in kept
    assert "ava" not in kept, "what is kept quotes no value"
    assert set(current("comes_back")) == set(before)


def test_what_is_kept_of_a_fault_of_a_query_quotes_no_value() -> None:
    told = UsageError("The query has a fault: {why}", why="Conversion Error: Could not convert 'ava@example.com'")
    assert own_refresh._kept(told)["params"] == {"why": "Conversion Error"}


def test_a_score_reads_as_the_role_held_for_its_own_entity(shop: World) -> None:
    analyst = shop.user("analyst", entities=("south",))
    north = shop.user("administrator", entities=("north",))
    rules = (*analyst.perimeter.rules, *north.perimeter.rules)
    both = replace(analyst, perimeter=replace(
        analyst.perimeter, rules=rules, roles=analyst.perimeter.roles | {"administrator"},
        acting=analyst.perimeter.acting | north.perimeter.acting,
    ))  # fmt: skip
    assert own_scores.publish(both, SPEC).content["role"] == "analyst"
    with pytest.raises(Refused, match="scope"):
        own_scores.publish(replace(analyst, scopes=frozenset({"scores:read"})), SPEC | {"score": "other_one"})


# --- bad input --------------------------------------------------------------------------------------------------------


FAULTS = {
    "SELECT person, 'NaN'::DOUBLE AS value FROM owners": "no number",
    "SELECT person, 'inf'::DOUBLE AS value FROM owners": "no number",
    "SELECT person, 'much' AS value FROM owners": "must be a number",
    "SELECT person, NULL::DOUBLE AS value FROM owners": "are empty",
    "SELECT person, 101 AS value FROM owners": "between 0 and 100",
    "SELECT person, 1 AS value FROM owners UNION ALL SELECT person, 2 FROM owners": "has one already",
    "SELECT 'nobody' AS person, 1 AS value": "nobody whom south knows",
    "SELECT person, 1 AS value FROM owners WHERE false": "nobody has a value",
    "SELECT person FROM owners": "value: this column is missing",
    "SELECT record_key AS person, 1 AS value FROM owners": "ids of people",
}
SHUT = (
    "DELETE FROM owners", "COPY owners TO 'x'", "SELECT 1; SELECT 2", "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT person, $nothing AS value FROM owners", "SELECT person, raw AS value FROM source_records", "",
)  # fmt: skip


def test_what_is_no_value_or_of_nobody_is_told_and_nothing_is_kept(shop: World) -> None:
    for sql, said in FAULTS.items():
        with pytest.raises(DefinitionError) as refused:
            own_scores.publish(access.OWNER, SPEC | {"sql": sql})
        assert said in str(refused.value), sql
    for value in (math.nan, math.inf, "high", None, -1):
        frame = {"person": [person(shop, "Given6")], "value": [value]}
        with pytest.raises(FilrougeError):
            filrouge.open().publish_score("mine", frame, entity="south", title=TITLE, owner="Ana")
    with pytest.raises(UsageError):
        filrouge.open().publish_score("mine", 12, entity="south", title=TITLE, owner="Ana")
    assert not ScoreModel.objects.exists()


def test_sql_that_writes_reaches_outside_or_runs_for_ever_is_refused(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sql in SHUT:
        with pytest.raises((UsageError, Refused, DefinitionError)):
            own_scores.publish(access.OWNER, SPEC | {"sql": sql})
    monkeypatch.setattr(own_scores, "SECONDS", 0.5)
    endless = (
        "SELECT person, (SELECT count(*) FROM range(10000000000) a, range(1000000) b)::DOUBLE AS value FROM owners"
    )
    with pytest.raises(Refused, match="ran longer than"):
        own_scores.publish(access.OWNER, SPEC | {"sql": endless})
    assert not ScoreModel.objects.exists()


def test_a_name_of_ours_or_that_is_none_or_is_taken_is_refused(shop: World) -> None:
    for name in ("engagement", "value", "churn_90", "propensity_shop_blue", "Comes-Back", "a"):
        with pytest.raises(DefinitionError):
            own_scores.publish(access.OWNER, SPEC | {"score": name})
    own_scores.publish(access.OWNER, SPEC)
    with pytest.raises(Conflict):
        own_scores.publish(access.OWNER, SPEC | {"entity": "north"})


def test_a_query_sees_what_its_entity_may_use_and_no_more(shop: World) -> None:
    shop.people({"id": "N1", "given": "Nora", "family": "North", "mail": "n@example.com", "seen": "01/06/2026"})
    shop.resolve()
    nora = person(shop, "Nora")
    own_scores.publish(
        access.OWNER,
        SPEC
        | {"sql": "SELECT DISTINCT person, 5 AS value FROM owners o SEMI JOIN person_records r USING (record_key)"},
    )
    frame = pa.table({"person": [nora, person(shop, "Given6")], "value": [1.0, 2.0]})
    with pytest.raises(DefinitionError, match="nobody whom south knows"):
        filrouge.open().publish_score("mine", frame, entity="south", title=TITLE, owner="Ana")


# --- from Python ------------------------------------------------------------------------------------------------------


def test_a_data_frame_of_a_notebook_is_kept_used_and_stale_in_its_time(shop: World) -> None:
    ids = [person(shop, f"Given{n} ") for n in (6, 7)]
    frame = pl.DataFrame({"person": ids, "value": [80, 10], "reasons": ["il lit beaucoup", None]})
    at = clock.now() - timedelta(days=9)
    row = filrouge.open().publish_score("mine", frame, entity="south", title=TITLE, owner="Ana", as_of=at, fresh_days=7)
    score_models.promote(access.OWNER, "south", "mine")
    scores.run(by="test")
    found = current("mine")
    assert {who: one["value"] for who, one in found.items()} == dict(zip(ids, [80, 10], strict=True))
    assert {one["as_of"] for one in found.values()} == {one["stale_since"] for one in found.values()} == {at}
    shown = {one.name: one for one in scores_at_hand.shown(access.OWNER, ids[1])}["mine"]
    assert shown.reasons == ()
    assert str(row) == shown.model
    from filrouge.work import erasures

    done = erasures.carry_out(str(erasures.request(access.OWNER, ids[0], reason="asked by letter").id))
    assert done.report["found_again"] == {}
    scores.run(by="test")
    assert set(current("mine")) == {ids[1]}


def test_a_function_of_a_notebook_is_tried_on_a_later_time(shop: World) -> None:
    def value(sql: Any, as_of: Any) -> Any:
        table = sql(
            "SELECT o.person, count(*) AS n FROM orders JOIN owners o ON o.record_key = orders.person_key GROUP BY 1"
        )
        return {"person": table["person"], "value": pa.array([min(100, 20 * n) for n in table["n"].to_pylist()])}

    row = filrouge.open().publish_score("mine", value, entity="south", title=TITLE, owner="Ana", outcome=OUTCOME)
    assert row.card["auc"] > 0.8
    late = filrouge.open().publish_score(
        "other",
        pa.table({"person": [person(shop, "Given6")], "value": [1]}),
        entity="south",
        title=TITLE,
        owner="Ana",
        outcome=OUTCOME,
    )
    assert "nothing came after them" in told(late.card["refused"])[0]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ana_scores.py").write_text(
        "import time\n\n"
        "def value(sql, as_of):\n    return sql('SELECT DISTINCT person, 50 AS value FROM owners')\n\n"
        "def broken(sql, as_of):\n    raise ValueError('ava@example.com')\n\n"
        "def for_ever(sql, as_of):\n    time.sleep(600)\n",
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_function_named_in_a_file_is_called_apart_and_its_faults_are_told(
    shop: World, module: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {**SPEC, "sql": "", "python": "ana_scores:value", "outcome": None}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(said))
    row = own_scores.publish_file(access.OWNER, path)
    assert row.card["scored"] == PEOPLE
    with pytest.raises(UsageError, match="ValueError at line 7") as failed:
        own_scores.publish(access.OWNER, said | {"python": "ana_scores:broken"})
    assert "ava@" not in str(failed.value)
    with pytest.raises(Refused):  # whoever does not own the machine runs no code on it
        own_scores.publish(shop.user("analyst", entities=("south",)), said)
    monkeypatch.setattr(own_scores, "SECONDS", 2.0)
    with pytest.raises(Refused, match="ran longer"):
        own_scores.publish(access.OWNER, said | {"python": "ana_scores:for_ever"})


def test_the_reader_of_cards_finds_it_beside_ours(shop: World) -> None:
    own_scores.publish(access.OWNER, SPEC)
    assert [row.name for row in reads.models(shop.user("analyst", entities=("south",)))] == ["comes_back"]
    assert reads.models(shop.user("analyst", entities=("north",))) == []


GUIDE = Path(__file__).parents[2] / "docs/how-to/publish-a-score.md"


def example(kind: str) -> str:
    """Return an example of the guide, for the entity of this world."""
    after = GUIDE.read_text(encoding="utf-8").partition(f"<!-- example: {kind} -->")[2]
    return after.partition("```")[2].partition("\n")[2].partition("```")[0].replace("horizon-boutique", "south")


def test_the_examples_of_the_guide_do_what_it_says(shop: World, tmp_path: Path) -> None:
    file = tmp_path / "silent_buyer.yaml"
    file.write_text(example("sql"), encoding="utf-8")
    row = own_scores.publish_file(access.OWNER, file)
    assert (row.name, row.card["proved"], row.card["happened"]) == ("silent_buyer", True, 30)
    score_models.promote(access.OWNER, "south", "silent_buyer")
    scores.run(by="test")
    shown = {one.name: one for one in scores_at_hand.shown(access.OWNER, person(shop, "Given6"))}["silent_buyer"]
    said = shown.reasons[0]["text"]  # a day more or less, as the hour of the day is
    assert re.fullmatch("dernier achat il y a 1[01] jours", said["fr"])
    assert re.fullmatch("last purchase 1[01] days ago", said["en"])
    made: dict[str, Any] = {}
    exec(compile(example("python"), "guide", "exec"), made)
    assert made["made"].card["proved"]
