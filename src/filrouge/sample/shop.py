"""The cloud shop of La Halle: a SQL database fed by web, tills, click and collect, drive and the app."""

from __future__ import annotations

from filrouge.sample import faults
from filrouge.sample.catalogue import PROMOTIONS
from filrouge.sample.dice import CLOCK, Dice
from filrouge.sample.life import Life, Order
from filrouge.sample.paper import Database
from filrouge.sample.world import World, euros

_SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, last_name TEXT, phone TEXT, birth_date
TEXT,
  loyalty_card TEXT, street TEXT, zip TEXT, city TEXT, country TEXT, locale TEXT, accepts_email INTEGER, accepts_sms
  INTEGER,
  origin TEXT, created_at TEXT, updated_at TEXT);
CREATE TABLE orders (id TEXT PRIMARY KEY, customer_id INTEGER, created_at TEXT, channel TEXT, status TEXT, currency
TEXT,
  total NUMERIC, promotion_code TEXT, store TEXT);
CREATE TABLE order_lines (id INTEGER PRIMARY KEY, order_id TEXT, sku TEXT, label TEXT, quantity INTEGER, unit_price
NUMERIC,
  discount NUMERIC, promotion_code TEXT);
CREATE TABLE returns (id INTEGER PRIMARY KEY, order_id TEXT, customer_id INTEGER, sku TEXT, quantity INTEGER, amount
NUMERIC,
  reason TEXT, created_at TEXT);
CREATE TABLE promotions (code TEXT PRIMARY KEY, label TEXT, percent NUMERIC, starts_at TEXT, ends_at TEXT)
"""
_AT_TILL = 3_000_000
_STORES = {"till": "Nantes Commerce", "click_and_collect": "Nantes Commerce", "drive": "Saint-Herblain"}


class Shop:
    """Writes ``shop.db``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._db = Database(world.folder / "shop.db", _SCHEMA)
        self._lines = self._returns = 0
        calendar = world.calendar
        for each in PROMOTIONS:
            starts, ends = f"{calendar.iso(each.start)}T00:00:00Z", f"{calendar.iso(each.end)}T23:59:59Z"
            self._db.add("promotions", (each.code, each.label, each.percent, starts, ends))

    @property
    def rows(self) -> int:
        return self._db.rows

    def write(self, life: Life, dice: Dice) -> None:
        """Write a customer and their orders; whoever also buys at the till is often known there a second time."""
        if not life.orders:
            return
        number = 1_000_000 + life.person.number * 3_571 % 1_999_993
        kinds = {order.channel == "till" for order in life.orders}
        apart = len(kinds) == 2 and dice.chance(0.35)
        till = number if not apart else _AT_TILL + number
        self._customer(life, number, dice, at_till=kinds == {True})
        if apart:
            self._customer(life, till, dice, at_till=True)
        for order in life.orders:
            self._order(order, till if order.channel == "till" else number)

    def close(self) -> None:
        self._db.finish((
            "CREATE INDEX order_customer ON orders (customer_id)",
            "CREATE INDEX line_order ON order_lines (order_id)",
        ))  # fmt: skip

    def _customer(self, life: Life, number: int, dice: Dice, *, at_till: bool) -> None:
        person, calendar, throw = life.person, self.world.calendar, dice.random()
        since = max(order.ago for order in life.orders) + (0 if at_till else dice.between(0, 30))
        year, month, day = faults.born(dice, person)
        card = person.loyalty if at_till or throw < 0.4 else None
        home = faults.home(dice, person, 0.35)
        if at_till:
            email = faults.mailbox(dice, person, shared=0.2) if throw < 0.2 else None
            street = code = city = None
            phone = person.phone if throw < 0.85 else None
        else:
            email = faults.email(dice, faults.mailbox(dice, person, second=0.2, work=0.03, shared=0.15))
            street, code, city = faults.street(dice, home.line), home.postcode, home.city
            phone = person.landline if person.landline and throw < 0.1 else person.phone if throw < 0.8 else None
        self._db.add("customers", (
            number, email, faults.given(dice, person, 1.3), faults.family(dice, person),
            faults.phone(dice, phone or "") or None,
            f"{year}-{month:02}-{day:02}" if throw < 0.38 or (at_till and throw < 0.6) else None, card, street, code,
            city,
            None if at_till else "FR", "fr", int(dice.chance(0.5)), int(dice.chance(0.2)), "till" if at_till else "web",
            f"{calendar.iso(since)}T10:00:00Z", f"{calendar.iso(dice.between(1, since))}T04:10:00Z",
        ))  # fmt: skip
        self.world.truth.add("shop_people", str(number), person.number)

    def _order(self, order: Order, customer: int) -> None:
        calendar = self.world.calendar
        at = f"{calendar.iso(order.ago)}T{CLOCK[order.second]}Z"
        status = order.status
        if customer % 20_011 == 11:
            at = f"2999{at[4:]}"
        if customer % 15_013 == 7:
            status = "attente banque (?)"
        self._db.add("orders", (
            order.number, customer, at, order.channel, status, "EUR", euros(order.total), order.promotion or None,
            _STORES.get(order.channel),
        ))  # fmt: skip
        for sku, label, quantity, price, discount in order.lines:
            self._lines += 1
            code = order.promotion or None
            self._db.add(
                "order_lines", (self._lines, order.number, sku, label, quantity, euros(price), euros(discount), code)
            )
        if order.returned is not None:
            line, ago, reason = order.returned
            sku, _, quantity, price, discount = order.lines[line]
            self._returns += 1
            amount = euros(quantity * price - discount)
            at = f"{calendar.iso(max(0, ago))}T11:20:00Z"
            self._db.add("returns", (self._returns, order.number, customer, sku, quantity, amount, reason, at))
