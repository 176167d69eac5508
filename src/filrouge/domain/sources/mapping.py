"""From rows as received to canonical rows: one Ibis expression a source, whatever the engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import ibis
from ibis.expr import types as ir

from filrouge.domain.sources.spec import KEY_OF_REF, Cell, SourceSpec, pieces
from filrouge.domain.sources.values import Conventions, clean, typed
from filrouge.engines.base import Engine
from filrouge.tables import TABLES

# Columns that say where a row was read, and what it was.
MARKS = ("_seq", "_row", "_place", "_received", "_raw", "_hash")
# A wrong value here is left out and told; the row is still taken.
FORGIVING = frozenset({"birth_date", "deceased", "language", "sex", "country", "title", "created_at"})


def mapped(raw: ir.Table, spec: SourceSpec, *, engine: Engine, at: datetime) -> ir.Table:
    """Return ``raw`` (strings, and marks) with canonical columns, ``source_id``, keys, ``_faults`` and ``_warnings``.

    ``_faults`` and ``_warnings`` hold ``column:code`` pairs joined by ``;``; a row with faults is to be rejected.
    """
    table = TABLES[spec.reads]
    how = Conventions(spec.format.decimal, spec.format.date, spec.format.zone, at, engine)
    made: dict[str, ir.Value] = {}
    faults: list[ir.StringValue] = []
    warnings: list[ir.StringValue] = []

    def put(name: str, cell: Cell, kind: str) -> None:
        text, unknown = _text(raw, cell)
        formats = (cell.format,) if isinstance(cell.format, str) else cell.format or ()
        value = typed(text, kind, how, formats)
        made[name] = value.value
        told = warnings if name in FORGIVING else faults
        if unknown is not None:
            told.append(_tell(name, unknown))
        if not value.fault.equals(ibis.null("string")):
            told.append(_tell(name, value.fault))

    put("entity", spec.entity, "string")
    put("brand", spec.brand, "string")
    for name, cell in spec.map.items():
        put(name, cell, table.column(name).type)
    if "source_id" not in made:
        made["source_id"] = _joined(raw, spec.key)
    faults += [
        _tell(name, ibis.cases((made[name].isnull(), "missing"), else_=ibis.null("string")))
        for name in ("source_id", "entity", "brand", *spec.required)
    ]
    made["record_key"] = engine.key64(ibis.literal(f"{spec.source}\t") + made["source_id"])
    for name, cell in spec.map.items():
        if cell.of and name in KEY_OF_REF and KEY_OF_REF[name] in {c.name for c in table.columns}:
            made[KEY_OF_REF[name]] = engine.key64(ibis.literal(f"{cell.of}\t") + made[name])
    made["_faults"] = _all(faults)
    made["_warnings"] = _all(warnings)
    names = {column.name: column for column in table.every}
    empty = {
        name: ibis.null(_IBIS[column.type])
        for name, column in names.items()
        if name not in made and name not in _RUN_COLUMNS
    }
    return raw.select(*(name for name in raw.columns if name in MARKS), **made, **empty)


def consents(raw: ir.Table, spec: SourceSpec, *, engine: Engine, at: datetime) -> list[ir.Table]:
    """Return one table of consents for each that the definition finds in a row of people."""
    how = Conventions(spec.format.decimal, spec.format.date, spec.format.zone, at, engine)
    found = []
    for consent in spec.consents:
        state, _ = _text(raw, consent.state)
        when = typed(_text(raw, consent.at)[0], "timestamp", how).value if consent.at else None
        key = _text(raw, spec.map["source_id"])[0] if "source_id" in spec.map else _joined(raw, spec.key)
        person = engine.key64(ibis.literal(f"{spec.source}\t") + key)
        found.append(
            raw.select(
                "_seq",
                entity=_text(raw, spec.entity)[0],
                brand=_text(raw, spec.brand)[0],
                record_key=engine.key64(
                    ibis.literal(f"{spec.source}\t") + key + ibis.literal(f"\t{consent.purpose}\t{consent.channel}")
                ),
                person_ref=key,
                person_key=person,
                purpose=ibis.literal(consent.purpose),
                channel=ibis.literal(consent.channel),
                state=state,
                at=when if when is not None else ibis.null("timestamp('UTC')"),
                notice=_text(raw, consent.notice)[0] if consent.notice else ibis.null("string"),
                method=_text(raw, consent.method)[0] if consent.method else ibis.literal("source"),
                evidence=ibis.literal(f"{spec.source} ") + key,
            ).filter(lambda t: t.state.notnull())
        )
    return found


def hashed(raw: ir.Table, *, fingerprint: str) -> ir.Table:
    """Add ``_raw`` (the row as JSON) and ``_hash``, which changes with the row or with the definition that reads it."""
    if "_received" in raw.columns:
        with_raw = raw.mutate(_raw=raw["_received"])
    else:
        struct = ibis.struct({name: raw[name] for name in raw.columns if name not in MARKS})
        to_json = ibis.udf.scalar.builtin(_to_json, name="to_json", signature=((struct.type(),), "string"))
        with_raw = raw.mutate(_raw=to_json(struct).cast("string"))
    return with_raw.mutate(_hash=(ibis.literal(fingerprint) + with_raw._raw).hexdigest("sha256"))


def _to_json(row: object) -> str:  # type: ignore[empty-body]
    """Each engine's own."""


_RUN_COLUMNS = frozenset({"source", "run_id", "recorded_at", "superseded_at", "superseded_run"})
_IBIS: Mapping[str, str] = {
    "string": "string",
    "json": "string",
    "int64": "int64",
    "float64": "float64",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp('UTC')",
    "decimal": "decimal(18, 4)",
}


def _text(raw: ir.Table, cell: Cell) -> tuple[ir.StringValue, ir.StringValue | None]:
    """Return the text of a cell, and the fault of a value that its list of values does not know."""
    text: ir.StringValue
    if cell.const is not None:
        return ibis.literal(cell.const), None
    if cell.template is not None:
        text = ibis.literal("")
        for kind, part in pieces(cell.template):
            text = text + (ibis.literal(part) if kind == "text" else clean(raw[part]))
        return text, None
    if cell.columns:
        parts = [clean(raw[name]) for name in cell.columns]
        glue = ibis.literal(cell.join)
        text = parts[0].fill_null("")
        for part in parts[1:]:
            text = text + ibis.ifelse(part.isnull() | (text == ""), ibis.literal(""), glue) + part.fill_null("")
        return clean(text), None
    text = clean(raw[cell.column or ""])
    unknown = None
    if cell.values is not None:
        listed = ibis.cases(
            *((text == key, ibis.literal(value) if value is not None else ibis.null("string"))
              for key, value in cell.values.items()),
            else_=text if cell.other == "keep" else ibis.null("string"),
        )  # fmt: skip
        if cell.other == "reject":
            unknown = ibis.cases(
                (text.notnull() & text.notin(list(cell.values)), "unknown_value"), else_=ibis.null("string")
            )
        text = listed
    if cell.default is not None:
        text = text.fill_null(cell.default)
    return text, unknown


def _joined(raw: ir.Table, names: tuple[str, ...]) -> ir.StringValue:
    """Return the row's own identifier: its key columns joined by ``|``, null when all are empty."""
    parts = [clean(raw[name]) for name in names]
    if len(parts) == 1:
        return parts[0]
    text = parts[0].fill_null("")
    for part in parts[1:]:
        text = text + "|" + part.fill_null("")
    some = parts[0].notnull()
    for part in parts[1:]:
        some = some | part.notnull()
    return ibis.ifelse(some, text, ibis.null("string"))


def _tell(name: str, code: ir.StringValue) -> ir.StringValue:
    return (ibis.literal(f"{name}:") + code + ";").fill_null("")


def _all(told: list[ir.StringValue]) -> ir.StringValue:
    text: ir.StringValue = ibis.literal("")
    for one in told:
        text = text + one
    return text
