"""What scores read: tables of the lake laid on an engine, what each entity may use, and who may not be profiled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from filrouge.domain.privacy.may_i_many import may_i_many
from filrouge.domain.privacy.perimeter import CATEGORIES
from filrouge.domain.privacy.perimeter import Agreement as Opens
from filrouge.domain.scores.features import READS, Clock, Facts, Family, features, outcomes, owners, taken
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

    def __init__(self, engine: Engine, at: datetime, folder: Path) -> None:
        self.engine, self.at, self.folder = engine, at, folder
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
        self._kept = 0
        self.named = self.keep("named", owners(self.tables["links"], at))
        people = self.named.select("person").distinct()
        self.names = self.keep("names", people.mutate(who=ibis.row_number().over(ibis.window(order_by="person"))))
        numbered = self.named.inner_join(self.names, "person").select("record_key", person="who")
        self.owner = self.keep("owner", numbered)
        self.refused = self._refused()

    def keep(self, name: str, part: ir.Table) -> ir.Table:
        """Lay a part down in a file: it is asked for more than once, or what asks for it is much at once."""
        self._kept += 1
        path = self.folder / f"{name}-{self._kept}.parquet"
        self.engine.write(part, str(path))
        # a sum of whole numbers comes back from a file as another type than it went in
        return self.engine.read(name, [str(path)], part.schema().to_pyarrow()).cast(part.schema())

    def facts(self, as_of: datetime) -> Facts:
        """Return the facts as of a date, as known now; people are told apart by number."""
        return Facts(
            self.tables, self.opened, Clock(as_of, self.at), currency=self.currency, owner=self.owner, keep=self.keep
        )

    def features(self, as_of: datetime, families: Sequence[Family]) -> ir.Table:
        """Return the features as of a date, under the ids of those who may be profiled."""
        told = features(self.facts(as_of), families).anti_join(self.refused, ["entity", "person"])
        return self._under_ids(told)

    def outcomes(self, since: datetime, until: datetime, families: Sequence[Family]) -> ir.Table:
        """Return what happened between two dates, under the ids of people."""
        return self._under_ids(outcomes(self.facts(until), families, since=since))

    def _under_ids(self, table: ir.Table) -> ir.Table:
        joined = table.rename(number="person").inner_join(self.names, ibis._.number == self.names.who)
        return joined.select("entity", "person", *(name for name in table.columns if name not in ("entity", "person")))

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

    def _refused(self) -> ir.Table:
        """Return (entity, person) of whoever may not be profiled: each entity is asked, for itself and each brand.

        Where an entity opens its data to another, what was said to the first binds the second too.
        """
        consents = self._consents()
        brands = ["", *Brand.objects.values_list("slug", flat=True)]
        nobody = ibis.literal(False)
        people = consents.select("person").distinct()
        people = people.mutate(customer=nobody, subscriber=nobody, held=nobody, promised=nobody)
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
        told = bound.select("person", entity=bound.receiver).distinct().inner_join(self.names, "person")
        return self.keep("refused", told.select("entity", person="who"))

    def _consents(self) -> ir.Table:
        """Return the consents that profiling hangs on, of the lake and recorded here, by person."""
        rows = self.facts(self.at).known("consents")
        rows = rows.filter(rows.purpose.isin(["profiling", "*"]) | rows.state.isin(["restricted", "released"]))
        held = rows.inner_join(self.named, rows.person_key == self.named.record_key)
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
