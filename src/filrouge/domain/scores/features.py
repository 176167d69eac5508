"""What scores rest on, computed once for all of them: one row per entity and person, as of any date, nothing later.

Two clocks. ``as_of``: nothing that happened after it is used, nor an end, an outcome or a renewal that came after it.
``known_at``: of each row the version known then. For today both are now; a back-test may look at an earlier day with
what is known today, and says so.

A feature whose source is missing, or does not reach back far enough, is absent (NULL), never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
from ibis.expr import types as ir

from filrouge.engines.words import any_bits, bits
from filrouge.tables import TABLES

DAY = 86_400.0
NEVER = 100_000  # days; a last time that never was
REACTION = timedelta(days=3)  # with hindsight, the outcome of a contact newer than that may be of later
# The tables that features read, and the moment of each row.
READS: Mapping[str, str] = {
    "orders": "ordered_at", "events": "at", "contacts": "at", "interactions": "at", "contracts": "started_at",
    "payments": "paid_at", "returns": "returned_at",
}  # fmt: skip
# Feature -> the table that it comes from, and how many days back its source must reach.
FEATURES: Mapping[str, tuple[str, int]] = {
    "order_recency": ("orders", 0), "orders_365": ("orders", 0), "spent_365": ("orders", 0),
    "orders_ever": ("orders", 0),
    "order_channels": ("orders", 0), "returns_365": ("returns", 0),
    "reads_28": ("events", 28), "reads_before": ("events", 84), "reads_slope": ("events", 84),
    "visit_recency": ("events", 28), "visit_days_28": ("events", 28),
    "sent_90": ("contacts", 60), "opened_90": ("contacts", 60), "clicked_90": ("contacts", 60),
    "open_rate_90": ("contacts", 60), "unsubscribed_365": ("contacts", 0),
    "requests_90": ("interactions", 90), "complaints_90": ("interactions", 90), "calls_90": ("interactions", 90),
    "visits_365": ("interactions", 90),
    "contracts": ("contracts", 0), "tenure": ("contracts", 0), "renewals": ("contracts", 0),
    "renewal_in": ("contracts", 0), "price_year": ("contracts", 0), "ended_365": ("contracts", 0),
    "failed_90": ("payments", 90), "failed_365": ("payments", 90),
    "brands": ("", 0), "channels": ("", 0),
}  # fmt: skip


@dataclass(frozen=True)
class Family:
    """A family of offers: a kind of offer of one brand."""

    kind: str  # subscription, shop or visit
    brand: str

    @property
    def name(self) -> str:
        return f"{self.kind}_{self.brand}".replace("-", "_")


@dataclass(frozen=True)
class Clock:
    """The moment looked from, and when what is used was known."""

    as_of: datetime
    known_at: datetime

    @property
    def hindsight(self) -> bool:
        return self.known_at > self.as_of


class Facts:
    """The tables, every version of each row, as ``clock`` sees them, spread to the entities that may use them.

    ``tables`` holds those of ``READS``, links and person_records. ``opened`` has giver, receiver and category: what one
    entity opens to another for profiling, and each to itself. ``owner`` (record_key, person) says whose each record is,
    by whatever names people are told apart; left out, it is read from the links. ``keep`` may lay a part down, so that
    it is computed once.
    """

    def __init__(
        self, tables: Mapping[str, ir.Table], opened: ir.Table, clock: Clock, *, currency: str = "EUR",
        owner: ir.Table | None = None, keep: Callable[[str, ir.Table], ir.Table] = lambda _, part: part,
    ) -> None:  # fmt: skip
        self.tables, self.opened, self.clock, self.currency, self.keep = tables, opened, clock, currency, keep
        self.owner = owners(tables["links"], clock.known_at) if owner is None else owner

    def known(self, name: str) -> ir.Table:
        """Return the versions of the rows of ``name`` that were known."""
        table = self.tables[name]
        when = _at(self.clock.known_at)
        return table.filter((table.recorded_at <= when) & (table.superseded_at.isnull() | (table.superseded_at > when)))

    def happened(self, name: str) -> ir.Table:
        """Return the rows of ``name`` that were known and had happened, ``ago`` days before."""
        table = self.known(name)
        at = table[READS[name]]
        rows = table.filter(at.notnull() & (at <= _at(self.clock.as_of)))
        return rows.mutate(ago=self.ago(rows[READS[name]]))

    def ago(self, at: ir.Value) -> ir.FloatingValue:
        """Return how many days before the moment looked from."""
        return (ibis.literal(int(self.clock.as_of.timestamp())) - at.epoch_seconds()) / ibis.literal(DAY)

    def people(self) -> ir.Table:
        """Return (entity, person, birth_date) of whomever an entity knows by a record of its own."""
        held = self.known("person_records").select("record_key", "entity", "birth_date")
        joined = held.inner_join(self.owner, "record_key")
        return joined.group_by("entity", "person").agg(birth_date=joined.birth_date.max())

    def spread(self, rows: ir.Table, name: str) -> ir.Table:
        """Return ``rows`` (person_key, entity…) with ``person`` and, as ``entity``, each that may use them."""
        category = TABLES[name].category
        owned = rows.inner_join(self.owner, rows.person_key == self.owner.record_key)
        owned = owned.drop("record_key") if "record_key" in owned.columns else owned
        opened = self.opened.filter(self.opened.category == category).select("giver", "receiver")
        joined = owned.inner_join(opened, owned.entity == opened.giver)
        return joined.drop("giver", "entity").rename(entity="receiver")

    def reach(self, visits: ir.Table) -> ir.Table:
        """Return, by entity, how many days back each table reaches: NULL where it holds nothing."""
        found = None
        for name in READS:
            if name == "events":
                oldest = visits.group_by("entity").agg(back=visits.oldest.max())
            else:
                table = self.happened(name)
                oldest = table.group_by("entity").agg(back=table.ago.max())
            opened = self.opened.filter(self.opened.category == TABLES[name].category)
            joined = oldest.inner_join(opened, oldest.entity == opened.giver)
            by = joined.group_by("receiver").agg(**{f"back_{name}": joined.back.max()}).rename(entity="receiver")
            found = by if found is None else found.outer_join(by, "entity").mutate(
                entity=ibis.coalesce(ibis._.entity, ibis._.entity_right)).drop("entity_right")  # fmt: skip
        assert found is not None  # noqa: S101 - READS is not empty
        return found


def owners(links: ir.Table, known_at: datetime) -> ir.Table:
    """Return (record_key, person) as decided last, of what was known."""
    when = _at(known_at)
    held = links.filter((links.recorded_at <= when) & links.undone_at.isnull())
    held = held.filter(held.superseded_at.isnull() | (held.superseded_at > when))
    last = ibis.window(group_by="record_key", order_by=[ibis.desc("decided_at"), ibis.desc("run_id")])
    ranked = held.mutate(_nth=ibis.row_number().over(last))
    return ranked.filter(ranked._nth == 0).select("record_key", "person")


def features(facts: Facts, families: Sequence[Family] = ()) -> ir.Table:
    """Return one row per entity and person: ``FEATURES``, the histories that value needs, brands used, and families.

    For each family: ``took_…`` (times so far), ``since_…`` (days since the last), ``holds_…`` (1 while it runs).
    """
    table, visits = facts.people(), facts.keep("visits", _visits(facts))
    parts = {
        "orders": _orders(facts), "returns": _returns(facts), "events": _events(facts, visits),
        "contacts": _contacts(facts), "interactions": _interactions(facts), "contracts": _contracts(facts),
        "payments": _payments(facts), "breadth": _breadth(facts, visits),
    }  # fmt: skip
    if families:
        parts["families"] = _families(facts, families)
    for name, part in parts.items():
        kept = facts.keep(name, part)
        table = table.left_join(kept, ["entity", "person"]).drop("entity_right", "person_right")
    reach = facts.keep("reach", facts.reach(visits))
    table = table.left_join(reach, "entity").drop("entity_right")
    told = {}
    for name, (source, days) in FEATURES.items():
        if source:
            there = table[f"back_{source}"] >= days
            empty = table[name] if name in _UNKNOWN else table[name].fill_null(_EMPTY.get(name, 0))
            told[name] = there.ifelse(empty.cast("float64"), ibis.null("float64"))
        else:
            told[name] = table[name].fill_null(0).cast("float64")
    for family in families:
        told |= {f"{part}_{family.name}": table[f"{part}_{family.name}"].fill_null(none).cast("float64")
                 for part, none in (("took", 0), ("since", NEVER), ("holds", 0))}  # fmt: skip
    history = {name: table[name].cast("float64") for name in HISTORY}
    age = (facts.ago(table.birth_date.cast("timestamp")) / 365.25).cast("float64")
    return table.select("entity", "person", **told, **history, age=age, brand=table.brand, uses=table.uses)


# Columns beside the features: histories for BG/NBD, Gamma-Gamma and sBG.
HISTORY = ("buy_x", "buy_t_x", "buy_t", "buy_z", "term_days", "price_term")
# Where nothing is known of a person, though the source is there, these say nothing; the rest say zero or never.
_UNKNOWN = frozenset({"reads_slope", "open_rate_90", "tenure", "renewals", "renewal_in", "price_year"})
_EMPTY: Mapping[str, float] = {"order_recency": NEVER, "visit_recency": NEVER}


def _orders(facts: Facts) -> ir.Table:
    rows = facts.happened("orders")
    lost = rows.status.fill_null("").lower().isin(["cancelled", "canceled", "annulee", "annulée"])
    rows = rows.filter(~lost & (rows.currency.fill_null(facts.currency) == facts.currency))
    told = rows.select(
        "person_key", "entity", "sales_channel", "ago", amount=rows.total.cast("float64").fill_null(0.0),
        day=rows.ordered_at.epoch_seconds() // 86_400,
    )  # fmt: skip
    told = facts.spread(told, "orders")
    days = told.group_by("entity", "person", "day").agg(
        ago=told.ago.max(), amount=told.amount.sum(), orders=told.count(),
        year=(told.ago <= 365).ifelse(told.amount, 0.0).sum(), in_year=(told.ago <= 365).cast("int64").sum(),
    )  # fmt: skip
    first = ibis.window(group_by=["entity", "person"], order_by="day")
    days = days.mutate(_nth=ibis.row_number().over(first))
    repeat = days._nth > 0
    by = days.group_by("entity", "person").agg(
        order_recency=days.ago.min(), orders_ever=days.orders.sum(), orders_365=days.in_year.sum(),
        spent_365=days.year.sum(), buy_x=days.count() - 1, buy_t=days.ago.max() / 7,
        buy_t_x=(days.ago.max() - days.ago.min()) / 7, buy_z=repeat.ifelse(days.amount, ibis.null("float64")).mean(),
    )  # fmt: skip
    channels = told.group_by("entity", "person").agg(order_channels=told.sales_channel.nunique())
    return by.left_join(channels, ["entity", "person"]).drop("entity_right", "person_right")


def _returns(facts: Facts) -> ir.Table:
    rows = facts.happened("returns")
    told = facts.spread(rows.filter(rows.ago <= 365).select("person_key", "entity"), "returns")
    return told.group_by("entity", "person").agg(returns_365=told.count())


def _visits(facts: Facts) -> ir.Table:
    """Return what each record did online, by brand, in one walk through the events.

    Pages and screens on a topic are what is read; any event is a visit.
    """
    rows = facts.happened("events")
    rows = rows.filter(rows.person_key.notnull())
    read = rows.type.isin(["page", "screen"]) & rows.topic.notnull()
    # of the last four weeks, the day as one bit of a number: days are counted without keeping each
    back = ibis.least(int(facts.clock.as_of.timestamp()) // 86_400 - rows.at.epoch_seconds() // 86_400, 40)
    day = ibis.cases((rows.ago <= 28, ibis.literal(1, "int64") << back), else_=ibis.null("int64"))
    few = rows.select("person_key", "entity", "brand", "ago", read=read.cast("int64"), day=day)
    return few.group_by("person_key", "entity", "brand").agg(
        reads_28=(few.ago <= 28).ifelse(few.read, 0).sum(),
        reads_before=((few.ago > 28) & (few.ago <= 84)).ifelse(few.read, 0).sum(),
        visit_recency=few.ago.min(), oldest=few.ago.max(), visit_days_28=bits(any_bits(few.day)).fill_null(0),
        n=few.count(), lately=(few.ago <= 365).cast("int64").sum(),
    )  # fmt: skip


def _events(facts: Facts, visits: ir.Table) -> ir.Table:
    told = facts.spread(visits, "events")
    by = told.group_by("entity", "person").agg(
        reads_28=told.reads_28.sum(), reads_before=told.reads_before.sum(), visit_recency=told.visit_recency.min(),
        visit_days_28=told.visit_days_28.max(),
    )  # fmt: skip
    # the pace of four weeks against that of the eight before, in per cent, where there was a habit
    before = by.reads_before / 2.0
    slope = (by.reads_before >= 4).ifelse(100 * (by.reads_28 - before) / before, ibis.null("float64"))
    return by.mutate(reads_slope=slope)


def _contacts(facts: Facts) -> ir.Table:
    rows = facts.happened("contacts")
    late = facts.clock.hindsight
    seen = rows.ago >= REACTION.days if late else ibis.literal(True)
    quarter = rows.ago <= 90

    def some(*outcomes: str) -> ir.IntegerScalar:
        return (quarter & seen & rows.outcome.isin(outcomes)).cast("int64").sum()

    away = seen & (rows.ago <= 365) & rows.outcome.isin(["unsubscribed", "complained"])
    few = rows.group_by("person_key", "entity").agg(
        # each outcome is a row of its own where the tool says so; what bounced was not received
        sent_90=(quarter & rows.outcome.isin(["delivered", "sent"])).cast("int64").sum(),
        opened_90=some("opened"), clicked_90=some("clicked"),
        unsubscribed_365=away.cast("int64").sum(),
    )  # fmt: skip
    told = facts.spread(few, "contacts")
    by = told.group_by("entity", "person").agg(
        **{name: told[name].sum() for name in ("sent_90", "opened_90", "clicked_90", "unsubscribed_365")}
    )
    rate = ibis.least(100.0 * by.opened_90 / by.sent_90, 100.0)
    return by.mutate(open_rate_90=(by.sent_90 >= 3).ifelse(rate, ibis.null("float64")))


def _interactions(facts: Facts) -> ir.Table:
    rows = facts.happened("interactions")
    inward = rows.direction.fill_null("in") == "in"
    quarter = rows.ago <= 90
    few = rows.group_by("person_key", "entity").agg(
        requests_90=(quarter & inward & rows.kind.isin(["ticket", "complaint"])).cast("int64").sum(),
        complaints_90=(quarter & (rows.kind == "complaint")).cast("int64").sum(),
        calls_90=(quarter & inward & (rows.kind == "call")).cast("int64").sum(),
        visits_365=((rows.ago <= 365) & rows.kind.isin(["visit", "registration"])).cast("int64").sum(),
    )
    told = facts.spread(few, "interactions")
    names = ("requests_90", "complaints_90", "calls_90", "visits_365")
    return told.group_by("entity", "person").agg(**{name: told[name].sum() for name in names})


def contracts(facts: Facts) -> ir.Table:
    """Return the contracts begun, by entity and person: whether each runs, its age, its term in days, how renewed.

    An end after the moment looked from has not happened; a renewal date is worked out from the start and the term,
    as the one written moves on with what comes later.
    """
    rows = facts.happened("contracts")
    ended = rows.ended_at.notnull() & (rows.ended_at <= _at(facts.clock.as_of))
    count = rows.term.re_extract(r"^P(\d+)[DWMY]$", 1).nullif("").cast("float64")
    unit = rows.term.re_extract(r"^P\d+([DWMY])$", 1)
    term = count * ibis.cases((unit == "D", 1.0), (unit == "W", 7.0), (unit == "M", 30.4375), else_=365.25)
    told = rows.select(
        "person_key", "entity", "brand", "started_at", age=rows.ago, running=(~ended).cast("int64"),
        ended_ago=ended.ifelse(facts.ago(rows.ended_at), ibis.null("float64")),
        reason=ended.ifelse(rows.end_reason, ibis.null("string")), term=term.fill_null(365.25),
        price=(rows.currency.fill_null(facts.currency) == facts.currency).ifelse(
            rows.price.cast("float64"), ibis.null("float64")),
    )  # fmt: skip
    told = told.mutate(done=(told.age / told.term).floor())
    told = told.mutate(renewal_in=(told.done + 1) * told.term - told.age, price_year=told.price * 365.25 / told.term)
    return facts.spread(told, "contracts")


def _contracts(facts: Facts) -> ir.Table:
    told = contracts(facts)
    on = told.running == 1
    nothing = ibis.null("float64")

    def running(value: ir.NumericColumn) -> ir.NumericColumn:
        return on.ifelse(value.cast("float64"), nothing)

    return told.group_by("entity", "person").agg(
        contracts=told.running.sum(), tenure=running(told.age).max(), renewals=running(told.done).max(),
        renewal_in=running(told.renewal_in).min(), price_year=running(told.price_year).sum(),
        term_days=running(told.term).max(), price_term=running(told.price).sum(),
        ended_365=(told.ended_ago <= 365).fill_null(False).cast("int64").sum(),
    )  # fmt: skip


def _payments(facts: Facts) -> ir.Table:
    rows = facts.happened("payments")
    few = rows.filter((rows.outcome == "failed") & (rows.ago <= 365)).select("person_key", "entity", "ago")
    told = facts.spread(few, "payments")
    return told.group_by("entity", "person").agg(
        failed_90=(told.ago <= 90).cast("int64").sum(), failed_365=told.count()
    )


def _breadth(facts: Facts, visits: ir.Table) -> ir.Table:
    """Return by person how many brands and channels in a year, every brand known of, and the one dealt with most."""
    columns = ("person_key", "entity", "brand", "through", "n", "lately")
    online = visits.mutate(through=ibis.literal("web"))
    parts = [facts.spread(online.select(*columns), "events")]
    for name, channel in (
        ("orders", "sales_channel"),
        ("contacts", "channel"),
        ("interactions", "channel"),
        ("contracts", ""),
    ):
        rows = facts.happened(name)
        lately = rows.ago <= 365
        if name == "contacts":  # what we sent is no choice of theirs
            lately &= rows.outcome.isin(["opened", "clicked"])
        if name == "contracts":
            lately = rows.ended_at.isnull() | (rows.ended_at > _at(facts.clock.as_of))
        through = rows[channel] if channel else ibis.null("string")
        few = rows.group_by("person_key", "entity", "brand", through=through).agg(
            n=rows.count(), lately=lately.fill_null(False).cast("int64").sum()
        )
        parts.append(facts.spread(few, name))
    parts = [part.select("entity", "person", "brand", "through", "n", "lately") for part in parts]
    every = ibis.union(*parts)
    by = every.group_by("entity", "person", "brand").agg(n=every.n.sum(), lately=every.lately.sum())
    order = [ibis.desc("lately"), ibis.desc("n"), ibis.asc("brand")]
    ranked = by.mutate(_nth=ibis.row_number().over(ibis.window(group_by=["entity", "person"], order_by=order)))
    most = ranked.filter(ranked._nth == 0).select("entity", "person", "brand")
    used = by.group_by("entity", "person").agg(
        uses=by.brand.group_concat(","), brands=(by.lately > 0).cast("int64").sum()
    )
    every = every.filter(every.lately > 0)
    channels = every.group_by("entity", "person").agg(channels=every.through.nunique())
    joined = used.left_join(channels, ["entity", "person"]).drop("entity_right", "person_right")
    return joined.left_join(most, ["entity", "person"]).drop("entity_right", "person_right")


def taken(facts: Facts) -> ir.Table:
    """Return each time somebody took an offer: (entity, person, kind, brand, ago, running)."""
    told = contracts(facts)
    parts = [told.select("entity", "person", "brand", "running", kind=ibis.literal("subscription"), ago=told.age)]
    for name, kind in (("orders", "shop"), ("interactions", "visit")):
        rows = facts.happened(name)
        if name == "interactions":
            rows = rows.filter(rows.kind.isin(["visit", "registration"]))
        told = facts.spread(rows.select("person_key", "entity", "brand", "ago"), name)
        parts.append(told.select("entity", "person", "brand", running=ibis.literal(0, type="int64"),
                                 kind=ibis.literal(kind), ago=told.ago))  # fmt: skip
    return ibis.union(*(part.select("entity", "person", "kind", "brand", "ago", "running") for part in parts))


def _families(facts: Facts, families: Sequence[Family]) -> ir.Table:
    told = taken(facts)
    nothing = ibis.null("float64")
    columns = {}
    for family in families:
        of = (told.kind == family.kind) & (told.brand == family.brand)
        columns[f"took_{family.name}"] = of.cast("int64").sum()
        columns[f"since_{family.name}"] = of.ifelse(told.ago, nothing).min()
        columns[f"holds_{family.name}"] = of.ifelse(told.running, 0).max()
    return told.group_by("entity", "person").agg(**columns)


def outcomes(facts: Facts, families: Sequence[Family], *, since: datetime) -> ir.Table:
    """Return, by entity and person, what happened between ``since`` and the moment ``facts`` looks from.

    ``wanted``, ``payment``: a contract ended so; ``bought``: orders; ``took_…``: an offer of the family was taken.
    """
    window = (facts.clock.as_of - since).total_seconds() / DAY
    told = contracts(facts)
    ends = (told.ended_ago < window).fill_null(False) & (told.age >= window)
    left = told.group_by("entity", "person").agg(
        wanted=(ends & (told.reason == "wanted")).fill_null(False).cast("int64").max(),
        payment=(ends & (told.reason == "payment")).fill_null(False).cast("int64").max(),
        other=(ends & ~told.reason.fill_null("other").isin(["wanted", "payment"])).cast("int64").max(),
    )
    some = taken(facts)
    fresh = some.ago < window
    columns = {"bought": (fresh & (some.kind == "shop")).cast("int64").sum()}
    for family in families:
        of = (some.kind == family.kind) & (some.brand == family.brand)
        columns[f"took_{family.name}"] = (fresh & of).cast("int64").max()
    took = some.group_by("entity", "person").agg(**columns)
    people = facts.people().select("entity", "person")
    for part in (left, took):
        people = people.left_join(part, ["entity", "person"]).drop("entity_right", "person_right")
    names = ["wanted", "payment", "other", *columns]
    return people.select("entity", "person", **{name: people[name].fill_null(0).cast("float64") for name in names})


def _at(moment: datetime) -> ir.TimestampScalar:
    return ibis.literal(moment).cast("timestamp('UTC')")
