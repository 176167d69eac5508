"""The facts of one person as segments look at them, read from the lake: exact, however much there is."""

from __future__ import annotations

from typing import Any

from ibis.expr import types as ir

from filrouge.domain.segments import Facts
from filrouge.domain.segments.fields import DATES, HAPPENED
from filrouge.domain.segments.laid import READ
from filrouge.tables import TABLES
from filrouge.work.segments.desk import Desk

_ORIGIN = ("source", "entity", "brand")
_VALUES = ("attribute", "value", "rank", "at", *_ORIGIN)
_CONSENTS = ("entity", "brand", "purpose", "channel", "state", "at")


def facts_of(desk: Desk, person: str) -> Facts:
    """Return everything that rules may ask of ``person`` (the id under which their records are today)."""
    tables, ids = desk.laid.tables, desk.laid.ids
    who = [row["person"] for row in desk.rows(ids.filter(ids.id == person))]
    owned = desk.laid.owned
    mine = desk.rows(owned.filter(owned.person.isin(who or [-1])).select("record_key", "living"))
    keys = [row["record_key"] for row in mine] or [-1]
    living = [row["record_key"] for row in mine if row["living"]] or [-1]

    def of(table: ir.Table, *columns: str) -> list[dict[str, Any]]:
        return desk.rows(table.filter(table.person.isin(who or [-1])).select(*columns))

    records = tables["person_records"]
    rows = {}
    for name in HAPPENED:
        table = tables[name]
        wanted = [*READ[name], *DATES[name], *_ORIGIN]
        met = table.person_key.isin(keys)
        if name == "contracts":
            met = met | table.reader_key.isin(keys)
        rows[name] = desk.rows(table.filter(met).select(*wanted))
    consents = tables["consents"]
    told = desk.rows(consents.filter(consents.person_key.isin(keys)).select(*_CONSENTS))
    scores: list[dict[str, Any]] = []
    if "scores" in TABLES:
        table = tables["scores"]
        column = table.person.isin(who or [-1]) if "person" in table.columns else table.person_key.isin(keys)
        names = ("score", "value", "band", "trend", "model", "stale_since", "entity", "brand")
        scores = desk.rows(table.filter(column).select(*names))
    return Facts(
        id=person,
        records=desk.rows(
            records.filter(records.record_key.isin(living)).select(
                "record_key", "created_at", "recorded_at", "deceased", *_ORIGIN
            )
        ),
        values=of(tables["golden_values"], *_VALUES),
        rows=rows,
        consents=[*told, *of(tables["consent_acts"], *_CONSENTS)],
        held=of(tables["held"], "entity", "due_at"),
        scores=scores,
    )
