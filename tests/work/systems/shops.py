"""Systems that sell: Shopify, WooCommerce, PrestaShop, Stripe, Eventbrite."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any

from tests.work.systems import Answer, Asked, Rows, System, page


class Shopify(System):
    """GraphQL: pages by ``endCursor``, what changed by a search; a busy store answers 200 and says THROTTLED."""

    def __init__(self) -> None:
        super().__init__("shopify")
        self.busy = 1

        def money(amount: str) -> dict[str, Any]:
            return {"shopMoney": {"amount": amount, "currencyCode": "EUR"}}

        day = "2025-03-02T10:00:00Z"
        customer = {"id": "gid://shopify/Customer/1"}
        self.rows = {
            "customers": [
                {**customer, "firstName": "Ada", "lastName": "Byron", "locale": "fr", "createdAt": day, "updatedAt": day,
                 "defaultEmailAddress": {"emailAddress": "ada@example.com", "marketingState": "SUBSCRIBED",
                                         "marketingUpdatedAt": day},
                 "defaultPhoneNumber": None,
                 "defaultAddress": {"address1": "1 rue X", "zip": "69001", "city": "Lyon", "countryCodeV2": "FR"}},
                {"id": "gid://shopify/Customer/2", "firstName": None, "updatedAt": day, "createdAt": day,
                 "defaultEmailAddress": {"emailAddress": "gus@example.com", "marketingState": "NOT_SUBSCRIBED"}},
                {"id": "gid://shopify/Customer/3", "updatedAt": day, "createdAt": day, "defaultEmailAddress": None},
            ],
            "orders": [
                {"id": "gid://shopify/Order/1", "createdAt": day, "updatedAt": day, "sourceName": "web",
                 "displayFinancialStatus": "PAID", "totalPriceSet": money("30.00"), "customer": customer,
                 "lineItems": {"nodes": [
                     {"id": "gid://shopify/LineItem/1", "sku": "BOOK", "title": "A book", "quantity": 2,
                      "originalUnitPriceSet": money("10.00"), "totalDiscountSet": money("0.00")},
                     {"id": "gid://shopify/LineItem/2", "sku": None, "title": "A pen", "quantity": 1,
                      "originalUnitPriceSet": money("10.00"), "totalDiscountSet": money("0.00")}]}},
                {"id": "gid://shopify/Order/2", "createdAt": day, "updatedAt": day, "sourceName": "pos",
                 "totalPriceSet": money("5.00"), "customer": None, "lineItems": {"nodes": []}},
                {"id": "gid://shopify/Order/3", "createdAt": day, "updatedAt": day, "sourceName": "580111",
                 "totalPriceSet": money("7.00"), "customer": customer, "lineItems": {"nodes": [
                     {"id": "gid://shopify/LineItem/3", "sku": "CUP", "title": "A cup", "quantity": 1,
                      "originalUnitPriceSet": money("7.00"), "totalDiscountSet": money("1.00")}]}},
            ],
        }  # fmt: skip

    def knows(self, asked: Asked) -> bool:
        return asked.headers.get("x-shopify-access-token") == self.secret

    def answer(self, asked: Asked) -> Answer:
        assert asked.path == "/admin/api/2026-10/graphql.json"
        if self.busy:
            self.busy -= 1
            return 200, {}, {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
        named = re.search(r"\{ (customers|orders)\(first: \d+, after: \$after, query: \$search", asked.body["query"])
        assert named is not None
        said = asked.body["variables"]
        rows = self.rows[named[1]]
        if search := said.get("search"):
            found = re.fullmatch(r"updated_at:>='([^']+)'", search)
            assert found is not None
            rows = [row for row in rows if row["updatedAt"] >= found[1]]
        begin = int(said.get("after") or 0)
        more = begin + 2 < len(rows)
        pages = {"hasNextPage": more, "endCursor": str(begin + 2) if rows else None}
        return 200, {}, {"data": {named[1]: {"pageInfo": pages, "nodes": page(rows, begin, 2)}}}

    def change(self) -> str:
        self.rows["orders"][2] |= {"updatedAt": "2026-03-02T10:00:00Z", "displayFinancialStatus": "REFUNDED"}
        return "orders"


class WooCommerce(System):
    """Counted pages of a list; orders that were modified after a moment."""

    def __init__(self) -> None:
        super().__init__("woocommerce", said={"client": "ck_1"})
        day = "2025-03-02T10:00:00"

        def order(key: int, of: int, lines: Rows, **more: Any) -> dict[str, Any]:
            return {
                "id": key, "customer_id": of, "currency": "EUR", "total": "30.00", "status": "completed",
                "date_created_gmt": day, "date_modified_gmt": day, "line_items": lines, "coupon_lines": [], **more,
            }  # fmt: skip

        self.rows = {
            "customers": [
                {"id": 1, "first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "date_created_gmt": day,
                 "date_modified_gmt": day, "billing": {"phone": "0612345678", "address_1": "1 rue X", "city": "Lyon",
                                                       "postcode": "69001", "country": "FR"}},
                {"id": 2, "first_name": "", "last_name": "", "email": "gus@example.com", "date_created_gmt": day,
                 "date_modified_gmt": None, "billing": {}},
                {"id": 3, "email": "zoe@example.com", "date_created_gmt": day},
            ],
            "orders": [
                order(10, 1, [{"id": 1, "sku": "BOOK", "name": "A book", "quantity": 2, "price": 10},
                              {"id": 2, "sku": "", "name": "A pen", "quantity": 1, "price": 10.5}],
                      coupon_lines=[{"code": "hello"}]),
                order(11, 0, []),
                order(12, 2, [{"id": 3, "sku": None, "name": "A cup", "quantity": 1, "price": 0}], total="0.00"),
            ],
        }  # fmt: skip

    def knows(self, asked: Asked) -> bool:
        return base64.b64decode(asked.headers.get("authorization", "")[6:]).decode() == f"ck_1:{self.secret}"

    def answer(self, asked: Asked) -> Answer:
        rows = self.rows[asked.path.removeprefix("/wp-json/wc/v3/")]
        if since := asked.query.get("modified_after"):
            assert asked.query["dates_are_gmt"] == "true"
            rows = [row for row in rows if row["date_modified_gmt"] > since.removesuffix("Z")]
        assert int(asked.query["per_page"]) <= 100, "the documented most"
        begin = (int(asked.query["page"]) - 1) * 2
        return 200, {"X-WP-Total": str(len(rows))}, page(rows, begin, 2)

    def change(self) -> str:
        self.rows["orders"][1] |= {"date_modified_gmt": "2026-03-02T10:00:00", "status": "refunded"}
        return "orders"


class PrestaShop(System):
    """The key is the name of an account; ``limit=begin,size``; an answer without rows is an empty list."""

    def __init__(self) -> None:
        super().__init__("prestashop")

        def customer(key: int, **more: Any) -> dict[str, Any]:
            return {
                "id": key, "newsletter": "0", "birthday": "0000-00-00", "newsletter_date_add": "0000-00-00 00:00:00",
                "date_add": "2025-03-02 10:00:00", "date_upd": "2025-03-02 10:00:00", **more,
            }  # fmt: skip

        def order(key: int, of: str, lines: Rows) -> dict[str, Any]:
            return {
                "id": key, "id_customer": of, "id_currency": "1", "current_state": "5", "total_paid": "30.000000",
                "date_add": "2025-03-02 10:00:00", "date_upd": "2025-03-02 10:00:00",
                "associations": {"order_rows": lines},
            }  # fmt: skip

        def line(key: str, sku: str) -> dict[str, Any]:
            return {"id": key, "product_id": "1", "product_quantity": "2", "product_name": "A thing",
                    "product_reference": sku, "unit_price_tax_incl": "10.000000"}  # fmt: skip

        self.rows = {
            "customers": [
                customer(1, firstname="Ada", lastname="Byron", email="ada@example.com", birthday="1985-12-10",
                         newsletter="1", newsletter_date_add="2025-03-02 11:00:00"),
                customer(2, firstname="Gus", lastname=None, email="gus@example.com"),
                customer(3, email="zoe@example.com"),
            ],
            "orders": [order(7, "1", [line("1", "BOOK"), line("2", "")]), order(8, "2", []),
                       order(9, "0", [line("3", "CUP")])],
        }  # fmt: skip

    def knows(self, asked: Asked) -> bool:
        return base64.b64decode(asked.headers.get("authorization", "")[6:]).decode() == f"{self.secret}:"

    def answer(self, asked: Asked) -> Answer:
        assert asked.query["output_format"] == "JSON"
        name = asked.path.removeprefix("/api/")
        rows = self.rows[name]
        if told := asked.query.get("filter[date_upd]"):
            assert asked.query["date"] == "1", "a filter by date wants it"
            begin, end = told.strip("[]").split(",")
            rows = [row for row in rows if begin <= row["date_upd"] <= end]
        first, _ = map(int, asked.query["limit"].split(","))
        shown = page(rows, first, 2)
        return 200, {}, {name: shown} if shown else []

    def change(self) -> str:
        self.rows["customers"][2] |= {"date_upd": "2026-03-02 10:00:00", "newsletter": "1"}
        return "customers"


class Stripe(System):
    """Lists by the last object that was seen; amounts in the smallest unit, times in Unix seconds."""

    def __init__(self) -> None:
        super().__init__("stripe")
        price = {"product": "prod_1", "unit_amount": 990, "currency": "eur", "recurring": {"interval": "month"}}
        self.rows = {
            "customers": [
                {"id": "cus_1", "name": "Ada Byron", "email": "ada@example.com", "created": 1740909600, "phone": None,
                 "address": {"line1": "1 rue X", "postal_code": "69001", "city": "Lyon", "country": "FR"},
                 "preferred_locales": ["fr"]},
                {"id": "cus_2", "name": None, "email": "gus@example.com", "created": 1740909601, "address": None,
                 "preferred_locales": []},
                {"id": "cus_3", "created": 1740909602},
            ],
            "charges": [
                {"id": "ch_1", "amount": 1250, "currency": "eur", "customer": "cus_1", "created": 1740909700,
                 "status": "succeeded", "invoice": "in_1", "payment_method_details": {"type": "card"}},
                {"id": "ch_2", "amount": 1250, "currency": "jpy", "customer": None, "created": 1740909800,
                 "status": "failed", "failure_code": "card_declined"},
                {"id": "ch_3", "amount": 5, "currency": "eur", "customer": "cus_2", "created": 1740909900,
                 "status": "pending"},
            ],
            "subscriptions": [
                {"id": "sub_1", "customer": "cus_1", "currency": "eur", "start_date": 1740909600,
                 "current_period_end": 1743588000, "ended_at": None, "items": {"data": [{"price": price}]}},
                {"id": "sub_2", "customer": "cus_2", "currency": "eur", "start_date": 1740909600,
                 "current_period_end": 1743588000, "ended_at": 1741000000, "items": {"data": []},
                 "cancellation_details": {"reason": "payment_failed"}},
            ],
        }  # fmt: skip

    def knows(self, asked: Asked) -> bool:
        assert asked.headers["stripe-version"] == "2024-06-20"
        return asked.headers.get("authorization") == f"Bearer {self.secret}"

    def answer(self, asked: Asked) -> Answer:
        name = asked.path.removeprefix("/v1/")
        rows = self.rows[name]
        if name == "subscriptions":
            assert asked.query["status"] == "all"
        if since := asked.query.get("created[gte]"):
            rows = [row for row in rows if row["created"] >= int(since)]
        after = asked.query.get("starting_after")
        begin = next((at + 1 for at, row in enumerate(rows) if row["id"] == after), 0) if after else 0
        return 200, {}, {
            "object": "list", "data": page(rows, begin, 2), "has_more": begin + 2 < len(rows), "url": asked.path,
        }  # fmt: skip

    def change(self) -> str:
        self.rows["charges"].append(
            {"id": "ch_4", "amount": 700, "currency": "eur", "created": 1774588000, "status": "succeeded"}
        )
        return "payments"


class Eventbrite(System):
    """Attendees by continuation; those changed since a moment of UTC."""

    def __init__(self) -> None:
        super().__init__("eventbrite", said={"organisation": "123"})

        def attendee(key: str, **more: Any) -> dict[str, Any]:
            day = "2025-03-02T10:00:00Z"
            return {"id": key, "created": day, "changed": day, "status": "Attending", "order_id": "o" + key, **more}

        self.rows = {"attendees": [
            attendee("1", ticket_class_name="Full price", profile={
                "first_name": "Ada", "last_name": "Byron", "name": "Ada Byron", "email": "ada@example.com",
                "addresses": {"home": {"address_1": "1 rue X", "city": "Lyon", "postal_code": "69001", "country": "FR"}}}),
            attendee("2", ticket_class_name=None, profile={"email": "gus@example.com", "addresses": {}}),
            attendee("3", profile={"name": None}),
        ]}  # fmt: skip

    def knows(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Bearer {self.secret}"

    def answer(self, asked: Asked) -> Answer:
        assert asked.path == "/v3/organizations/123/attendees/"
        rows = self.rows["attendees"]
        if since := asked.query.get("changed_since"):
            rows = [row for row in rows if row["changed"] >= since]
        begin = int(asked.query.get("continuation", 0))
        more = begin + 2 < len(rows)
        pages: dict[str, Any] = {"object_count": len(rows), "has_more_items": more}
        return 200, {}, {
            "pagination": pages | ({"continuation": str(begin + 2)} if more else {}), "attendees": page(rows, begin, 2),
        }  # fmt: skip

    def change(self) -> str:
        self.rows["attendees"][0] |= {"changed": "2026-03-02T10:00:00Z", "status": "Checked In"}
        return "attendees"


def moment(text: str) -> datetime:
    """Return a time of UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
