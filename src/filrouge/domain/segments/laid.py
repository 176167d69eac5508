"""The canonical tables as a segment looks at them: whose each record is, and rows that lead to a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import ibis
from ibis.expr import types as ir

from filrouge.domain.segments.fields import DATES
from filrouge.engines.words import of_least
from filrouge.tables import TABLES

Pairs = Collection[tuple[str, str]]

EVERY = "*"  # in the place of a brand: all of the entity, rows of no brand among them
# The columns that rules read, per table.
READ: Mapping[str, tuple[str, ...]] = {
    "events": ("name", "type", "topic", "title", "url", "properties"),
    "orders": ("total", "currency", "sales_channel", "status", "promotion_code"),
    "order_lines": ("offer", "sku", "quantity", "price", "discount", "currency", "promotion_code", "order_ref"),
    "contracts": ("offer", "term", "price", "currency", "end_reason", "sales_channel", "acquisition_channel"),
    "contacts": ("channel", "kind", "outcome", "campaign"),
    "interactions": ("kind", "channel", "direction", "status", "disposition", "duration_s"),
}


@dataclass(frozen=True)
class Laid:
    """What ``compile`` reads. ``person`` is a number or the id itself, the same in all tables.

    ``owned``: record_key, person, entity, brand, living. ``ids``: person, id, living (whether a record of theirs is).
    ``tables``: the canonical ones, current rows, with ``person_key``, ``person`` or (``golden_values``) ``id``, and
    besides what was done here: ``held`` (person, entity, due_at, forbids and until of the promises that are open) and
    ``consent_acts`` (as ``consents``, with person).
    ``pairs``: the (entity, brand) pairs that may be looked at, by category of data; None for all.
    """

    owned: ir.Table
    ids: ir.Table
    tables: Mapping[str, ir.Table]
    pairs: Mapping[str, Pairs] | None = None
    cached: dict[str, ir.Table] = field(default_factory=dict, compare=False, repr=False)

    def everybody(self) -> ir.Table:
        """Return (person), each once: those of whom a living record may be seen."""
        if "everybody" not in self.cached:
            if self.pairs is None:
                self.cached["everybody"] = self.ids.filter(self.ids.living).select("person")
            else:
                self.cached["everybody"] = self.living().select("person").distinct()
        return self.cached["everybody"]

    def living(self) -> ir.Table:
        """Return the living records that may be seen."""
        return self.seen(self.owned.filter(self.owned.living), "identity")

    def owners(self) -> ir.Table:
        """Return (person_key, person): whose a fact is, by the record that it names."""
        return self.owned.select("person", person_key=self.owned.record_key)

    def records(self) -> ir.Table:
        """Return the person records that may be seen."""
        return self.seen(self.tables["person_records"], "identity")

    def golden(self, attribute: str, *, any: bool) -> ir.Table:
        """Return (``person`` or ``id``, value) of an attribute: of each the first of the values that may be seen, or
        ``any`` of them; ``numbered`` gives their people once few are left.

        The first value has the rank 1, and no two of one attribute have one rank: only of whoever has it where it may
        not be seen are the others compared.
        """
        table = self.tables["golden_values"]
        key = "id" if "id" in table.columns else "person"
        golden = self.seen(table, "identity")
        golden = golden.filter((golden.attribute == attribute) & golden.value.notnull())
        if any:
            return golden.select(key, "value")
        first = golden.filter(golden["rank"] == 1).select(key, "value")
        if self.pairs is None:
            return first
        rest = golden.filter(golden["rank"] > 1).anti_join(first, key)
        return first.union(rest.group_by(key).agg(value=of_least(rest.value, rest["rank"])))

    def numbered(self, table: ir.Table) -> ir.Table:
        """Return ``table`` with ``person`` in the place of ``id``; without those of whom there is no record."""
        if "person" in table.columns:
            return table
        rest = [name for name in table.columns if name != "id"]
        return table.join(self.ids, "id").select("person", *rest)

    def consents(self) -> ir.Table:
        """Return what people allowed or refused, on systems and here, with their person."""
        wanted = ("entity", "brand", "purpose", "channel", "state", "at")
        told = self.tables["consents"].join(self.owners(), "person_key").select("person", *wanted)
        return told.union(self.tables["consent_acts"].select("person", *wanted))

    def scores(self) -> ir.Table:
        """Return the scores in force that may be seen, with their person."""
        table = self.tables["scores"]
        if "person" not in table.columns:
            table = table.join(self.owners(), "person_key")
        if self.pairs is None:
            return table
        allowed = self.pairs.get(TABLES["scores"].category if "scores" in TABLES else "behaviour", ())
        return table.filter(table.entity.isin(sorted({entity for entity, _ in allowed})))

    def seen(self, table: ir.Table, category: str) -> ir.Table:
        """Return the rows of ``table`` (with entity and brand) that may be looked at."""
        if self.pairs is None:
            return table
        allowed = sorted(self.pairs.get(category, ()))
        if not allowed:
            return table.filter(ibis.literal(False))
        by_entity: dict[str, list[str]] = {}
        for entity, brand in allowed:
            by_entity.setdefault(entity, []).append(brand)
        terms = [
            (table.entity == entity)
            if EVERY in brands
            else (table.entity == entity) & table.brand.isin(brands).fill_null(False)
            for entity, brands in sorted(by_entity.items())
        ]
        whole = terms[0]
        for term in terms[1:]:
            whole = whole | term
        return table.filter(whole)

    def rows(self, name: str) -> ir.Table:
        """Return what may be looked at of a table of facts: ``person_key``, its dates, and the columns that rules read.

        A contract is of whoever pays and of whoever reads: its ``reader_key`` stands beside.
        """
        if name in self.cached:
            return self.cached[name]
        table = self.seen(self.tables[name], TABLES[name].category)
        wanted = [*READ[name], *DATES[name], "entity", "brand", "source"]
        keys = ("record_key", "person_key", "reader_key") if name == "contracts" else ("person_key",)
        found = table.select(*keys, *wanted)
        self.cached[name] = found if name == "contracts" else found.filter(found.person_key.notnull())
        return self.cached[name]


def owners(links: ir.Table, records: ir.Table) -> ir.Table:
    """Return (record_key, id, entity, brand, living) of every record, by the link in force.

    ``links``: current rows; ``records``: the person records of now. A record that no source holds any more is not
    living, but what happened under its number is still its person's.
    """
    standing = links.filter(links.undone_at.isnull())
    order = [ibis.desc("decided_at"), ibis.desc("run_id")]
    last = standing.mutate(_nth=ibis.row_number().over(ibis.window(group_by="record_key", order_by=order)))
    last = last.filter(last._nth == 0).select("record_key", id=last.person)
    now = records.select("record_key", "entity", "brand", living=ibis.literal(True)).distinct(on="record_key")
    joined = last.left_join(now, "record_key")
    return joined.select(
        "record_key", "id", entity=joined.entity, brand=joined.brand, living=joined.living.fill_null(False)
    )
