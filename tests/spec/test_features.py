"""Features of scores: as of a date and of nothing later, absent where their source is, the same on every engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from filrouge.domain.privacy.perimeter import CATEGORIES
from filrouge.domain.scores.features import READS, Clock, Facts, Family, features, outcomes
from filrouge.engines import Engine
from filrouge.store.lake import arrow_schema

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=900)
Rows = dict[str, list[dict[str, Any]]]
AVA, BEN = "0190a000-0000-7000-8000-00000000000a", "0190a000-0000-7000-8000-00000000000b"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def world() -> Rows:
    """Ava (record 1, north) reads, subscribes and orders; Ben (record 2, south) only orders."""
    return {
        "person_records": [{"record_key": 1, "entity": "north"}, {"record_key": 2, "entity": "south"}],
        "links": [{"record_key": 1, "person": AVA, "decided_at": LONG_AGO, "entity": "north"},
                  {"record_key": 2, "person": BEN, "decided_at": LONG_AGO, "entity": "south"}],
        "events": [
            {"person_key": 1, "entity": "north", "brand": "red", "type": "page", "topic": "city", "at": ago(days)}
            for days in (1, 2, 3, 30, 31, 40, 50, 60, 70, 80, 85, 100)
        ],
        "contracts": [
            {"person_key": 1, "entity": "north", "brand": "red", "offer": "Daily", "term": "P1M", "price": 20, "currency": "EUR",
             "started_at": ago(100), "ended_at": ago(-10), "end_reason": "wanted"},
        ],
        "orders": [
            {"person_key": 2, "entity": "south", "brand": "blue", "ordered_at": ago(days), "total": 30, "currency": "EUR",
             "sales_channel": "web"}
            for days in (14, 28, 400)
        ],
        "payments": [{"person_key": 1, "entity": "north", "brand": "red", "paid_at": ago(20), "outcome": "failed"},
                     {"person_key": 1, "entity": "north", "brand": "red", "paid_at": ago(99), "outcome": "paid"}],
        "contacts": [{"person_key": 1, "entity": "north", "brand": "red", "outcome": outcome, "at": ago(days)}
                     for outcome, days in (("delivered", 5), ("delivered", 15), ("delivered", 70), ("delivered", 99), ("opened", 15))],
    }  # fmt: skip


@pytest.fixture
def laid(engine: Engine) -> Callable[..., Facts]:
    """Return what lays rows on the engine, and looks at them as of a date."""

    def lay(
        rows: Rows, *, as_of: datetime = NOW, known_at: datetime = NOW, opened: tuple[tuple[str, str], ...] = ()
    ) -> Facts:
        tables = {}
        for name in (*READS, "links", "person_records"):
            made = [{"recorded_at": LONG_AGO, "run_id": "r", **row} for row in rows.get(name, [])]
            schema = arrow_schema(name)
            plain = pa.schema([(f.name, pa.float64() if pa.types.is_decimal(f.type) else f.type) for f in schema])
            tables[name] = engine.load(name, pa.Table.from_pylist(made, schema=plain))
        pairs = [*((one, one) for one in ("north", "south")), *opened]
        rows_ = [{"giver": g, "receiver": r, "category": c} for g, r in pairs for c in CATEGORIES]
        return Facts(tables, engine.load("opened", pa.Table.from_pylist(rows_)), Clock(as_of, known_at))

    return lay


def told(facts: Facts, *families: Family) -> dict[tuple[str, str], dict[str, Any]]:
    rows = features(facts, families).to_pandas().astype(object)
    rows = rows.where(rows.notnull(), None).to_dict("records")
    return {(row["entity"], row["person"]): row for row in rows}


def test_a_person_has_the_features_of_what_they_did(laid: Callable[..., Facts]) -> None:
    row = told(laid(world()))["north", AVA]
    assert (row["reads_28"], row["reads_before"]) == (3, 7)
    assert row["reads_slope"] == pytest.approx(100 * (3 - 3.5) / 3.5)
    assert row["visit_recency"] == pytest.approx(1)
    assert (row["contracts"], row["renewals"], row["failed_90"], row["opened_90"], row["sent_90"]) == (1, 3, 1, 1, 3)
    assert row["renewal_in"] == pytest.approx(4 * 30.4375 - 100)
    assert row["price_year"] == pytest.approx(20 * 365.25 / 30.4375)
    assert (row["brands"], row["uses"], row["brand"]) == (1, "red", "red")


def test_a_buyer_has_the_history_that_value_needs(laid: Callable[..., Facts]) -> None:
    row = told(laid(world()))["south", BEN]
    assert (row["buy_x"], row["orders_ever"], row["orders_365"]) == (2, 3, 2)
    assert row["buy_t"] == pytest.approx(400 / 7)
    assert row["buy_t_x"] == pytest.approx(386 / 7)
    assert row["buy_z"] == pytest.approx(30)


def test_a_missing_source_leaves_its_features_absent_and_not_zero(laid: Callable[..., Facts]) -> None:
    rows = told(laid(world()))
    assert rows["south", BEN]["reads_28"] is None
    assert rows["south", BEN]["contracts"] is None
    assert rows["north", AVA]["order_recency"] is None


def test_a_source_that_does_not_reach_back_far_enough_leaves_its_features_absent(laid: Callable[..., Facts]) -> None:
    rows = told(laid(world(), as_of=ago(60)))
    assert rows["north", AVA]["reads_28"] == 4  # 60, 70, 80 and 85 days ago
    assert rows["north", AVA]["reads_before"] is None


LATER: dict[str, Rows] = {
    "an event": {"events": [{"person_key": 1, "entity": "north", "brand": "red", "type": "page", "topic": "city", "at": ago(-1)}]},
    "an order": {"orders": [{"person_key": 2, "entity": "south", "brand": "blue", "ordered_at": ago(-1), "total": 900,
                             "currency": "EUR", "sales_channel": "till"}]},
    "a contract": {"contracts": [{"person_key": 1, "entity": "north", "brand": "red", "term": "P1Y", "started_at": ago(-2),
                                  "price": 99, "currency": "EUR"}]},
    "a failed payment": {"payments": [{"person_key": 1, "entity": "north", "brand": "red", "paid_at": ago(-3), "outcome": "failed"}]},
    "an opening": {"contacts": [{"person_key": 1, "entity": "north", "brand": "red", "outcome": "opened", "at": ago(-1)}]},
    "a complaint": {"interactions": [{"person_key": 1, "entity": "north", "brand": "red", "kind": "complaint", "at": ago(-1)}]},
    "what was learned later of an earlier day": {
        "events": [{"person_key": 1, "entity": "north", "brand": "red", "type": "page", "topic": "city", "at": ago(2),
                    "recorded_at": ago(-1)}]},
    "a link decided later": {"links": [{"record_key": 2, "person": AVA, "decided_at": ago(-1), "recorded_at": ago(-1), "entity": "south"}]},
}  # fmt: skip


def test_nothing_of_the_future_leaks_into_the_features_of_a_date(laid: Callable[..., Facts]) -> None:
    planted = world()
    for kind in LATER.values():  # all of them at once: whatever shows of any is told by name in the difference
        for table, rows in kind.items():
            planted[table] = planted.get(table, []) + rows
    planted["contracts"].append({**planted["contracts"][0], "ended_at": ago(-1), "recorded_at": ago(-1)})
    family = Family("subscription", "red")
    assert told(laid(planted), family) == told(laid(world()), family)


def test_an_end_to_come_does_not_show_in_the_features_before_it(laid: Callable[..., Facts]) -> None:
    running = world()
    running["contracts"] = [{**running["contracts"][0], "ended_at": None, "end_reason": None}]
    assert told(laid(world())) == told(laid(running))


def test_a_back_test_with_hindsight_takes_no_outcome_of_a_contact_that_may_be_of_later(
    laid: Callable[..., Facts],
) -> None:
    rows = told(laid(world(), as_of=ago(13), known_at=NOW))  # the opening is two days old by then
    assert rows["north", AVA]["opened_90"] == 0
    assert told(laid(world()))["north", AVA]["opened_90"] == 1


def test_a_version_that_was_replaced_is_what_counts_before_it_was(laid: Callable[..., Facts]) -> None:
    rows = world()
    old = {**rows["orders"][0], "total": 10, "superseded_at": ago(3)}
    new = {**rows["orders"][0], "total": 500, "recorded_at": ago(3)}
    rows["orders"] = [old, new, *rows["orders"][1:]]
    before = told(laid(rows, as_of=ago(5), known_at=ago(5)))["south", BEN]
    assert before["spent_365"] == pytest.approx(40)
    assert told(laid(rows))["south", BEN]["spent_365"] == pytest.approx(530)


def test_an_entity_uses_the_facts_of_another_only_where_that_one_opens_them(laid: Callable[..., Facts]) -> None:
    rows = world()
    rows["person_records"].append({"record_key": 3, "entity": "south"})
    rows["links"].append({"record_key": 3, "person": AVA, "decided_at": LONG_AGO, "entity": "south"})
    shut, opened = told(laid(rows)), told(laid(rows, opened=(("north", "south"),)))
    assert shut["south", AVA]["reads_28"] is None
    assert (shut["south", AVA]["uses"] or "") == ""
    assert opened["south", AVA]["reads_28"] == 3
    assert opened["south", AVA]["uses"] == "red"
    assert ("north", BEN) not in opened


def test_what_happened_in_a_month_is_told_by_its_cause_and_family(laid: Callable[..., Facts]) -> None:
    family = Family("shop", "blue")
    rows = world()
    rows["contracts"] = [{**rows["contracts"][0], "ended_at": ago(9)}]
    found = outcomes(laid(rows), [family], since=ago(30)).to_pandas().set_index("person")
    assert (found.loc[AVA, "wanted"], found.loc[AVA, "payment"]) == (1, 0)
    assert (found.loc[BEN, "bought"], found.loc[BEN, "took_shop_blue"]) == (2, 1)


def test_nobody_at_all_has_no_features(laid: Callable[..., Facts]) -> None:
    assert told(laid({})) == {}
