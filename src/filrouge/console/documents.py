"""A person's documents as tables: subscriptions, orders, invoices, payments, requests, returns, opportunities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import pgettext as _p

from filrouge.console import words
from filrouge.console.templatetags import say
from filrouge.domain.profiles import PersonView


@dataclass(frozen=True)
class Cell:
    """A cell of a table: what is shown, aligned as a number or not, with a quieter second line."""

    shown: str = ""
    num: bool = False
    brand: str = ""
    link: str = ""
    more: str = ""
    day: bool = False
    label: str = ""  # of its column, told beside it where the table is narrow


@dataclass(frozen=True)
class Column:
    label: str
    num: bool = False


@dataclass(frozen=True)
class Row:
    cells: tuple[Cell, ...]


def table(person: PersonView, key: str) -> dict[str, Any]:
    """Return the table of one kind of document."""
    label, columns, row = TABLES[key]
    items: Sequence[Mapping[str, Any]] = getattr(person, key)
    return {
        "table_title": label,
        "columns": [Column(str(name), num=key != "tickets" and name == columns[-1]) for name in columns],
        "rows": [
            Row(tuple(replace(cell, label=str(name)) for cell, name in zip(row(item), columns, strict=True)))
            for item in items
        ],
    }


def _brand(item: Mapping[str, Any]) -> Cell:
    return Cell(brand=str(item.get("brand") or ""))


def _date(value: Any) -> Cell:
    return Cell(say.short_day(value), day=True)


def _money(item: Mapping[str, Any], key: str = "amount") -> Cell:
    value = item.get(key)
    return Cell(say.money(value, str(item.get("currency") or "EUR")) if value is not None else "", num=True)


def _ref(item: Mapping[str, Any]) -> Cell:
    return Cell(str(item.get("ref") or ""), link=str(item.get("link") or ""))


def _word(item: Mapping[str, Any], key: str, kind: str) -> Cell:
    return Cell(words.say(str(item[key]), kind) if item.get(key) else "")


def _contract(item: Mapping[str, Any]) -> Iterable[Cell]:
    ended = item.get("ended_at")
    state = _("ended on %(day)s") % {"day": say.short_day(ended)} if ended else _("active")
    why = words.say(str(item["end_reason"]), "end") if item.get("end_reason") else ""
    yield Cell(str(item.get("offer") or ""), more=str(item.get("ref") or ""))
    yield _brand(item)
    yield _date(item.get("started_at"))
    yield Cell(state, more=why)
    yield Cell(
        _money(item, "price").shown, num=True, more=words.say(str(item["term"]), "term") if item.get("term") else ""
    )


def _order(item: Mapping[str, Any]) -> Iterable[Cell]:
    lines = item.get("lines") or []
    offers = ", ".join(
        f"{say.number(line.get('quantity'))} × {line.get('offer') or line.get('sku') or ''}" for line in lines[:4]
    )
    yield Cell(str(item.get("ref") or ""), link=str(item.get("link") or ""), more=offers)
    yield _date(item.get("at"))
    yield _brand(item)
    yield _word(item, "sales_channel", "channel")
    yield _word(item, "status", "status")
    yield _money(item, "total")


def _invoice(item: Mapping[str, Any]) -> Iterable[Cell]:
    yield _ref(item)
    yield _date(item.get("at"))
    yield _brand(item)
    yield _word(item, "status", "status")
    yield _date(item.get("due_at"))
    yield _money(item)


def _payment(item: Mapping[str, Any]) -> Iterable[Cell]:
    yield _date(item.get("at"))
    yield _brand(item)
    yield Cell(_word(item, "outcome", "status").shown, more=str(item.get("reason") or ""))
    yield _word(item, "method", "method")
    yield _money(item)


def _return(item: Mapping[str, Any]) -> Iterable[Cell]:
    yield _ref(item)
    yield _date(item.get("at"))
    yield Cell(str(item.get("order_ref") or ""))
    yield Cell(str(item.get("reason") or ""))
    yield _money(item)


def _promotion(item: Mapping[str, Any]) -> Iterable[Cell]:
    yield Cell(str(item.get("label") or item["code"]), more=str(item["code"]) if item.get("label") else "")
    yield _brand(item)
    if item["state"] == "open":
        until = item.get("until")
        yield Cell(
            _("not used yet"), more=_("until %(day)s") % {"day": say.short_day(until)} if until else _("in force")
        )
        yield Cell()
    else:
        yield Cell(_p("promotion", "used"), more=say.short_day(item.get("at")))
        yield Cell(str(item.get("order_ref") or ""), link=str(item.get("link") or ""))
    yield _off(item)


def _off(item: Mapping[str, Any]) -> Cell:
    """Say what a promotion takes off: a share of the price, or money."""
    if item.get("currency") == "%" and item.get("amount") is not None:
        return Cell(say.percent(Decimal(str(item["amount"])) / 100), num=True)
    return _money(item)


def _ticket(item: Mapping[str, Any]) -> Iterable[Cell]:
    yield Cell(str(item.get("ref") or ""), link=str(item.get("link") or ""), more=str(item.get("subject") or ""))
    yield _date(item.get("at"))
    yield _brand(item)
    yield Cell(_("Complaint") if item.get("kind") == "complaint" else _("Request"))
    yield _word(item, "status", "status")


def _opportunity(item: Mapping[str, Any]) -> Iterable[Cell]:
    yield Cell(str(item.get("label") or item.get("ref") or ""), link=str(item.get("link") or ""))
    yield _word(item, "stage", "status")
    yield _date(item.get("expected_at"))
    yield _money(item)


Columns = tuple[str | Promise, ...]
TABLES: dict[str, tuple[str | Promise, Columns, Callable[[Mapping[str, Any]], Iterable[Cell]]]] = {
    "contracts": (
        _l("Subscriptions"),
        (_l("Offer"), _l("Brand"), _l("Since"), _l("State"), _l("Price")),
        _contract,
    ),
    "orders": (
        _l("Orders"),
        (_l("Order"), _l("Date"), _l("Brand"), _l("Channel"), _l("State"), _l("Total")),
        _order,
    ),
    "invoices": (
        _l("Invoices"),
        (_l("Invoice"), _l("Issued"), _l("Brand"), _l("State"), _l("Due"), _l("Amount")),
        _invoice,
    ),
    "payments": (
        _l("Payments"),
        (_l("Date"), _l("Brand"), _l("State"), _l("Means"), _l("Amount")),
        _payment,
    ),
    "tickets": (
        _l("Requests"),
        (_l("Reference"), _l("Opened"), _l("Brand"), _l("Kind"), _l("State")),
        _ticket,
    ),
    "promotions": (
        _l("Promotions"),
        (_l("Promotion"), _l("Brand"), _l("State"), _l("Order"), _l("Reduction")),
        _promotion,
    ),
    "returns": (
        _l("Returns"),
        (_l("Return"), _l("Date"), _l("Order"), _l("Reason"), _l("Amount")),
        _return,
    ),
    "opportunities": (
        _l("Opportunities"),
        (_l("Opportunity"), _l("Stage"), _l("Expected"), _l("Amount")),
        _opportunity,
    ),
}
