"""Promotions of a person: each use once, what may still be offered, and nothing that the viewer may not know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from filrouge.domain.privacy.perimeter import EVERYTHING, Agreement, Grant, Perimeter, perimeter
from filrouge.domain.profiles.promotions import promotions

AT = datetime(2026, 11, 1, tzinfo=UTC)
SHOP = {"entity": "boutique", "brand": "halle"}
SYSTEMS = {"shop_orders": "shop", "shop_promotions": "shop"}


def order(ref: str, day: str, *codes: str, own: str = "", **more: Any) -> dict[str, Any]:
    lines = [{"sku": "x", "discount": "2.50", "promotion_code": code} for code in codes]
    return {"source": "shop_orders", "record_key": 1, "ref": ref, "at": day, "currency": "EUR", "promotion_code": own,
            "lines": lines, **SHOP, **more}  # fmt: skip


def declared(code: str, since: str = "", until: str = "", **more: Any) -> dict[str, Any]:
    return {"source": "shop_promotions", "record_key": 9, "code": code, "label": f"Offer {code}", "since": since,
            "until": until, "discount": "10", "currency": "%", **SHOP, **more}  # fmt: skip


def told(
    orders: Any = (), known: Any = (), *, sees: Perimeter = EVERYTHING, pairs: Any = (("boutique", "halle"),)
) -> Any:
    return promotions(orders, known, pairs, sees, systems=SYSTEMS, at=AT)


def test_a_code_on_the_order_and_on_its_lines_is_one_use_with_what_it_took_off() -> None:
    (use,) = told([order("A", "2026-05-01", "ETE20", "ETE20", own="ETE20")], [declared("ete20")])
    assert (use["state"], use["label"], use["order_ref"], use["amount"]) == ("used", "Offer ete20", "A", "5.00")


def test_uses_stand_latest_first_below_what_is_in_force() -> None:
    rows = told(
        [order("A", "2026-01-01", "OLD"), order("B", "2026-06-01", "MID")],
        [declared("LATER", until="2027-06-01T00:00:00+00:00"), declared("SOON", until="2026-12-01T00:00:00+00:00")],
    )
    assert [row["code"] for row in rows] == ["SOON", "LATER", "MID", "OLD"]


def test_what_is_over_not_begun_used_already_or_of_another_brand_is_not_offered() -> None:
    known = [
        declared("OVER", until="2026-10-01T00:00:00+00:00"), declared("NOTYET", since="2026-12-01T00:00:00+00:00"),
        declared("HAD"), declared("ELSEWHERE", brand="other"),
    ]  # fmt: skip
    assert [row["code"] for row in told([order("A", "2026-01-01", "had")], known)] == ["had"]


def test_what_is_declared_outside_the_perimeter_is_not_told() -> None:
    entities, grants = ("boutique", "groupe"), [Grant("advisor", "groupe")]
    opened = Agreement("boutique", "groupe", "transaction", "service", datetime(2026, 1, 1, tzinfo=UTC))
    stranger = perimeter(grants, [], entities, at=AT)
    colleague = perimeter(grants, [opened], entities, at=AT)
    assert told(known=[declared("NEW")], sees=stranger) == []
    assert [row["code"] for row in told(known=[declared("NEW")], sees=colleague)] == ["NEW"]


def test_a_role_without_money_reads_no_reduction() -> None:
    marketer = perimeter([Grant("marketer", "boutique")], [], ("boutique",), at=AT)
    (row,) = told(known=[declared("NEW")], sees=marketer)
    assert row["amount"] is None
