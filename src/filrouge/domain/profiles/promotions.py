"""Promotions of a person: those that their orders bear, and those in force at the brands that know them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from filrouge.base.clock import time_of
from filrouge.domain.privacy.perimeter import Perimeter


def promotions(
    orders: Sequence[Mapping[str, Any]],
    declared: Iterable[Mapping[str, Any]],
    known_at: Iterable[tuple[str, str]],
    sees: Perimeter,
    *,
    systems: Mapping[str, str],
    at: datetime,
) -> list[Mapping[str, Any]]:
    """Return what may be offered now and was not used yet, the soonest to end first; then each use, latest first.

    ``orders`` are those that the viewer sees, priced as their role allows; ``declared`` every promotion of the group;
    ``known_at`` the (entity, brand) pairs whose records of the person the viewer sees.
    """
    catalogue: dict[tuple[str, str], Mapping[str, Any]] = {}
    running = []
    pairs = set(known_at)
    for row in declared:
        if not sees.sees(row["entity"], row["brand"], "transaction"):
            continue
        catalogue[systems.get(row["source"], row["source"]), _same(row["code"])] = row
        since, until = time_of(row.get("since")), time_of(row.get("until"))
        if (since is None or since <= at) and (until is None or at < until) and (row["entity"], row["brand"]) in pairs:
            running.append(row)
    used = [use for order in orders for use in _uses(order, catalogue, systems)]
    spent = {(use["entity"], use["brand"], _same(use["code"])) for use in used}
    offered = [_offer(row, sees) for row in running if (row["entity"], row["brand"], _same(row["code"])) not in spent]
    offered.sort(key=lambda row: (str(row.get("until") or "9999"), row["code"]))
    return [*offered, *sorted(used, key=lambda row: str(row.get("at") or ""), reverse=True)]


def _uses(
    order: Mapping[str, Any], catalogue: Mapping[tuple[str, str], Mapping[str, Any]], systems: Mapping[str, str]
) -> Iterable[Mapping[str, Any]]:
    """Yield each code that an order bears, on itself or on its lines, once."""
    lines = order.get("lines") or ()
    codes = dict.fromkeys(code for row in (order, *lines) if (code := row.get("promotion_code")))
    for code in codes:
        known = catalogue.get((systems.get(order["source"], order["source"]), _same(code)), {})
        gains = [
            Decimal(line["discount"]) for line in lines if line.get("promotion_code") == code and line.get("discount")
        ]
        yield {
            "state": "used", "code": code, "label": known.get("label") or "", "at": order.get("at"),
            "entity": order["entity"], "brand": order["brand"], "source": order["source"],
            "record_key": order["record_key"], "order_ref": order.get("ref") or "", "link": order.get("link") or "",
            "amount": str(sum(gains)) if gains else None, "currency": order.get("currency") or "",
        }  # fmt: skip


def _offer(row: Mapping[str, Any], sees: Perimeter) -> Mapping[str, Any]:
    priced = sees.sight("money", row["entity"], row["brand"], "transaction") == "show"
    return {
        "state": "open", "code": row["code"], "label": row.get("label") or "", "at": None, "until": row.get("until"),
        "entity": row["entity"], "brand": row["brand"], "source": row["source"], "record_key": row["record_key"],
        "order_ref": "", "link": "", "amount": row.get("discount") if priced else None,
        "currency": row.get("currency") or "",
    }  # fmt: skip


def _same(code: Any) -> str:
    return str(code).strip().casefold()
