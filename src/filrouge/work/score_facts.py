"""What scores read: tables of the lake laid on an engine, what each entity may use, and who may not be profiled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from filrouge.domain.privacy.may_i_many import may_i_many
from filrouge.domain.privacy.perimeter import CATEGORIES
from filrouge.domain.privacy.perimeter import Agreement as Opens
from filrouge.domain.scores.features import READS, Clock, Facts, Family, taken
from filrouge.domain.sources.schedule import lateness
from filrouge.domain.sources.spec import SourceSpec
from filrouge.engines import Engine
from filrouge.store.lake import arrow_schema
from filrouge.store.live import Live
from filrouge.store.models import Agreement, Brand, ConsentEvent, Entity, Source
from filrouge.work import runs

PURPOSES = ("profiling", "marketing")  # an agreement for either opens facts to the scores of who receives them
LEAST_TAKEN = 30  # times that a family of offers was taken before it has a propensity


def entities() -> list[str]:
    """Return the entities that scores are worked out for."""
    return list(Entity.objects.values_list("slug", flat=True))


def openings(at: datetime) -> list[tuple[str, str, str]]:
    """Return (giver, receiver, category) of what each entity may use for its scores: its own, and what is opened."""
    columns = ("giver__slug", "receiver__slug", "category", "purpose", "valid_from", "valid_until", "evidence")
    agreed = [Opens(*row) for row in Agreement.objects.values_list(*columns)]
    found = {(one, one, category) for one in entities() for category in CATEGORIES}
    for category in CATEGORIES:
        for purpose in PURPOSES:
            found |= {
                (each.giver, each.receiver, category)
                for each in agreed
                if each.opens(category=category, purpose=purpose, at=at)
            }
    return sorted(found)


class Ground:
    """An engine with every version of each table that scores read, and what is opened to whom."""

    def __init__(self, engine: Engine, at: datetime) -> None:
        self.engine, self.at = engine, at
        hidden, lake = runs.hidden(), runs.lake()
        self.tables: dict[str, ir.Table] = {}
        for name in (*READS, "links", "person_records", "consents"):
            table = engine.read(name, lake.files(name), arrow_schema(name))
            if hidden:
                again = table.superseded_run.isin(hidden)
                never = ibis.null(table.superseded_at.type())
                table = table.filter(table.run_id.notin(hidden))
                table = table.mutate(superseded_at=again.fill_null(False).ifelse(never, table.superseded_at))
            self.tables[name] = table
        self.openings = openings(at)
        columns = {name: [row[place] for row in self.openings] for place, name in enumerate(
            ("giver", "receiver", "category"))}  # fmt: skip
        self.opened = engine.load("opened", pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()}))
        self.currency = self._currency()

    def facts(self, as_of: datetime) -> Facts:
        """Return the facts as of a date, as known now."""
        return Facts(self.tables, self.opened, Clock(as_of, self.at), currency=self.currency)

    def families(self) -> dict[str, list[Family]]:
        """Return the families of offers by entity: a kind and brand taken often enough."""
        told = taken(self.facts(self.at))
        counts = told.group_by("entity", "kind", "brand").agg(n=told.count())
        rows = counts.filter((counts.n >= LEAST_TAKEN) & counts.brand.notnull()).to_pyarrow().to_pylist()
        found: dict[str, list[Family]] = {}
        for row in sorted(rows, key=lambda row: (row["entity"], row["kind"], row["brand"])):
            found.setdefault(row["entity"], []).append(Family(row["kind"], row["brand"]))
        return found

    def _currency(self) -> str:
        """Return the currency that most amounts are in: amounts in another are left out, for they do not add up."""
        parts = [
            self.tables[name].group_by("currency").agg(n=self.tables[name].count()) for name in ("orders", "contracts")
        ]
        both = ibis.union(*parts)
        rows = both.group_by("currency").agg(n=both.n.sum()).to_pyarrow().to_pylist()
        known = [(row["n"], row["currency"]) for row in rows if row["currency"]]
        return max(known)[1] if known else "EUR"

    def refused(self, facts: Facts) -> ir.Table:
        """Return (entity, person) of whoever may not be profiled: each entity is asked, for itself and each brand.

        Where an entity opens its data to another, what was said to the first binds the second too.
        """
        consents = self._consents(facts)
        brands = ["", *Brand.objects.values_list("slug", flat=True)]
        nobody = ibis.literal(False)
        people = consents.select("person").distinct()
        people = people.mutate(customer=nobody, subscriber=nobody, held=nobody)
        parts = []
        for entity in entities():
            mine = consents.filter(consents.entity == entity)
            for brand in brands:
                told = may_i_many(
                    people, mine, entity=entity, brand=brand, purpose="profiling", channel="none", at=self.at
                )
                parts.append(told.filter(~told.allow).select("person", entity=ibis.literal(entity)))
        every = ibis.union(*parts).distinct()
        opened = self.opened.select("giver", "receiver").distinct()
        bound = every.inner_join(opened, every.entity == opened.giver)
        told = bound.select("person", entity=bound.receiver).distinct().to_pyarrow()
        return self.engine.load("refused", told)

    def _consents(self, facts: Facts) -> ir.Table:
        """Return the consents that profiling hangs on, of the lake and recorded here, by person."""
        rows = facts.known("consents")
        rows = rows.filter(rows.purpose.isin(["profiling", "*"]) | rows.state.isin(["restricted", "released"]))
        owner = facts._owner
        held = rows.inner_join(owner, rows.person_key == owner.record_key)
        columns = ("person", "entity", "brand", "purpose", "channel", "state", "at")
        return held.select(*columns).union(self.engine.load("said", self._said()))

    def _said(self) -> pa.Table:
        acts = ConsentEvent.objects.filter(purpose__in=("profiling", "*")) | ConsentEvent.objects.filter(
            state__in=("restricted", "released")
        )
        live = Live()
        led = dict(live.rows("SELECT old, new FROM redirects")) if live.ready() else {}
        rows = [
            {"person": led.get(row.person, row.person), "entity": row.entity, "brand": row.brand,
             "purpose": row.purpose, "channel": row.channel, "state": row.state, "at": row.at}
            for row in acts
        ]  # fmt: skip
        text = [(name, pa.string()) for name in ("person", "entity", "brand", "purpose", "channel", "state")]
        return pa.Table.from_pylist(rows, schema=pa.schema([*text, ("at", pa.timestamp("us", tz="UTC"))]))


def stale(at: datetime, opened: Iterable[tuple[str, str, str]]) -> dict[str, datetime]:
    """Return, by entity, since when a source that its scores read is late: the oldest, where one is."""
    given: dict[str, set[str]] = {}
    for giver, receiver, _ in opened:
        given.setdefault(giver, set()).add(receiver)
    found: dict[str, datetime] = {}
    for row in Source.objects.filter(reads__in=[*READS, "person_records", "consents"], enabled=True):
        spec = SourceSpec.parse(row.spec, what=row.name)
        if row.as_of is None or lateness(spec, as_of=row.as_of, at=at) is None:
            continue
        concerned = given.get(row.entity, set()) if row.entity else set(given)
        for entity in concerned:
            found[entity] = min(row.as_of, found.get(entity, row.as_of))
    return found
