"""From rows as received to canonical rows: one Ibis expression a source, whatever the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis.expr import types as ir

from filrouge.domain.sources.expressions import parsed
from filrouge.domain.sources.spec import KEY_OF_REF, Cell, SourceSpec, pieces
from filrouge.domain.sources.values import (
    MINOR,
    UNREACHING,
    Conventions,
    believed,
    clean,
    fault,
    plain,
    typed_digits,
    unreaching,
    valued,
    whole_units,
)
from filrouge.engines.base import Engine
from filrouge.tables import TABLES

# Columns that say where a row was read, and what it was.
MARKS = ("_seq", "_row", "_place", "_received", "_raw", "_hash")
# A wrong value here is left out and told; the row is still taken.
FORGIVING = frozenset({"birth_date", "deceased", "language", "sex", "country", "title", "created_at"})


@dataclass(frozen=True)
class _Cell:
    """A cell of the mapping on its way from text to value: which column holds it at each step."""

    name: str
    kind: str
    cell: Cell
    forgiving: bool = False

    @property
    def same(self) -> tuple[str, str]:
        """What two cells share that give one value."""
        return self.kind, self.cell.model_dump_json()


def mapped(raw: ir.Table, spec: SourceSpec, *, engine: Engine, at: datetime) -> ir.Table:
    """Return ``raw`` (strings, and marks) with canonical columns, ``source_id``, keys, ``_faults`` and ``_warnings``.

    ``_faults`` and ``_warnings`` hold ``column:code`` pairs joined by ``;``; a row with faults is to be rejected.
    What a row says of consents stands beside, in columns that ``consents`` reads.
    """
    table = TABLES[spec.reads]
    how = Conventions(spec.format.decimal, spec.format.date, spec.format.zone, at, engine)
    marks = [name for name in raw.columns if name in MARKS]
    cells = [_Cell("entity", "string", spec.entity), _Cell("brand", "string", spec.brand)]
    cells += [
        _Cell(name, table.column(name).type, cell, forgiving=name in FORGIVING) for name, cell in spec.map.items()
    ]
    if "source_id" not in spec.map:
        cells.append(_Cell("source_id", "string", Cell(columns=spec.key, join="|")))
    for number, consent in enumerate(spec.consents):
        for name, cell in (("state", consent.state), ("notice", consent.notice), ("method", consent.method)):
            if cell is not None:
                cells.append(_Cell(f"_consent{number}_{name}", "string", cell, forgiving=True))
        if consent.at is not None:
            cells.append(_Cell(f"_consent{number}_at", "timestamp", consent.at, forgiving=True))

    # Each step stands on columns that the one before laid down, so that nothing is computed once a use.
    cleaned = raw.select(*marks, **{_clean(name): clean(raw[name]) for name in spec.columns()})
    texts, unknown = {}, {}
    for one in cells:
        texts[f"_text_{one.name}"], told = _text(
            cleaned, one.cell, key=spec.key if one.name == "source_id" else (), decimal=spec.format.decimal
        )
        if told is not None and not one.name.startswith("_consent"):
            unknown[f"_unknown_{one.name}"] = told
    said = cleaned.select(*marks, **texts, **unknown)
    typed = [one for one in cells if one.kind not in _TEXT]
    first = {one.same: one.name for one in reversed(typed)}  # two names may read one cell alike: it is typed once
    typed = [one for one in typed if first[one.same] == one.name]
    plains = {f"_plain_{one.name}": plain(_whole(said, one), one.kind, how, _formats(one.cell)) for one in typed}
    digits = {"_digits_phone": typed_digits(said["_text_phone"])} if "phone" in spec.map else {}
    shaped = said.select(*said.columns, **plains, **digits)
    values = {f"_value_{one.name}": valued(shaped[f"_plain_{one.name}"], one.kind, how) for one in typed}
    read = shaped.select(*said.columns, *digits, **values)
    held = {one.name: read[f"_value_{first[one.same]}"] for one in cells if one.same in first}
    return _told(read, held, spec, cells, how, marks)


def _whole(said: ir.Table, one: _Cell) -> ir.StringValue:
    """Return the text of a cell; of an amount in the smallest unit of the row's currency, the amount itself."""
    text = said[f"_text_{one.name}"]
    if _formats(one.cell) != (MINOR,):
        return text
    return whole_units(text, said["_text_currency"])


def _missing(name: str, made: Mapping[str, ir.Value], read: ir.Table) -> ir.BooleanValue:
    """Tell where a value that is needed is not there; a value that the definition does not know is told as such."""
    unknown = f"_unknown_{name}"
    known = [] if unknown not in read.columns or name in FORGIVING else [read[unknown].isnull()]
    return ibis.and_(made[name].isnull(), *known)


def _follows(spec: SourceSpec) -> bool:
    """Tell whether the entity of a row follows from what tells its brand: the same values of the same column."""
    brand, entity = spec.brand, spec.entity
    alike = (brand.column, brand.other, brand.default is None) == (entity.column, entity.other, entity.default is None)
    if brand.column is None or not alike or brand.values is None or entity.values is None:
        return False
    return {v for v, said in brand.values.items() if said} == {v for v, said in entity.values.items() if said}


def _told(
    read: ir.Table, held: Mapping[str, ir.Value], spec: SourceSpec, cells: list[_Cell], how: Conventions,
    marks: list[str],
) -> ir.Table:  # fmt: skip
    """Return the values that are believed, their keys, and what is wrong with the others."""
    made: dict[str, ir.Value] = {}
    faults: list[ir.StringValue] = []
    warnings: list[ir.StringValue] = []
    for one in cells:
        text = read[f"_text_{one.name}"]
        value = held.get(one.name, text)
        made[one.name] = believed(value, one.kind, how)
        if one.name.startswith("_consent"):
            continue
        told = warnings if one.forgiving else faults
        if one.name == "entity" and _follows(spec):
            continue  # what is wrong with it is told of the brand
        if f"_unknown_{one.name}" in read.columns:
            told.append(_tell(one.name, read[f"_unknown_{one.name}"]))
        if one.kind not in _TEXT:
            told.append(_tell(one.name, fault(text, value, one.kind, how)))
        elif one.name in UNREACHING:
            digits = read[f"_digits_{one.name}"] if one.name == "phone" else None
            warnings.append(_tell(one.name, unreaching(text, one.name, digits)))
    faults += [
        _tell(name, ibis.cases((_missing(name, made, read), "missing"), else_=ibis.null("string")))
        for name in ("source_id", *(() if _follows(spec) else ("entity",)), "brand", *spec.required)
    ]
    engine = how.engine
    made["record_key"] = engine.key64(ibis.literal(f"{spec.source}\t") + made["source_id"])
    columns = {column.name: column for column in TABLES[spec.reads].every}
    for name, cell in spec.map.items():
        if cell.of and name in KEY_OF_REF and KEY_OF_REF[name] in columns:
            made[KEY_OF_REF[name]] = engine.key64(ibis.literal(f"{cell.of}\t") + made[name])
    made["_faults"] = _all(faults)
    made["_warnings"] = _all(warnings)
    empty = {
        name: ibis.null(_IBIS[column.type])
        for name, column in columns.items()
        if name not in made and name not in _RUN_COLUMNS
    }
    return read.select(*marks, **made, **empty)


def theirs(rows: ir.Table, spec: SourceSpec, ref: str) -> ir.Table:
    """Return those of ``mapped`` rows that bear the number of one person."""
    bearing = [rows[name] == ref for name in spec.bearing()]
    return rows.filter(ibis.or_(*bearing))


def consents(rows: ir.Table, spec: SourceSpec, *, engine: Engine) -> list[ir.Table]:
    """Return one table of consents for each that the definition finds in ``mapped`` rows of people."""
    found = []
    for number, consent in enumerate(spec.consents):
        ending = ibis.literal(f"\t{consent.purpose}\t{consent.channel}")

        def held(name: str, otherwise: ir.Value, number: int = number) -> ir.Value:
            column = f"_consent{number}_{name}"
            return rows[column] if column in rows.columns else otherwise

        found.append(
            rows.select(
                "entity",
                "brand",
                record_key=engine.key64(ibis.literal(f"{spec.source}\t") + rows.source_id + ending),
                person_ref=rows.source_id,
                person_key=rows.record_key,
                purpose=ibis.literal(consent.purpose),
                channel=ibis.literal(consent.channel),
                state=rows[f"_consent{number}_state"],
                at=held("at", ibis.null("timestamp('UTC')")),
                notice=held("notice", ibis.null("string")),
                method=held("method", ibis.literal("source")),
                evidence=ibis.literal(f"{spec.source} ") + rows.source_id,
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
        with_raw = raw.mutate(_raw=to_json(struct) + ibis.literal(""))  # plain text, whatever the engine calls JSON
    return with_raw.mutate(_hash=(ibis.literal(fingerprint) + with_raw._raw).hexdigest("sha256"))


def without(raw: ir.Table, gone: Mapping[str, str], *, marks: Sequence[str]) -> ir.Table:
    """Return ``_those`` (the number of a row) and ``_without``: the row as JSON, but the cells that are gone.

    ``gone``: column -> the mark, one of ``marks``, that says of which rows. A row received whole goes whole.
    """
    if "_received" in raw.columns:
        return raw.select(_those=raw["_seq"], _without=ibis.literal("{}"))
    names = [name for name in raw.columns if name not in (*MARKS, *marks)]
    cells = {
        name: ibis.ifelse(raw[gone[name]], ibis.null("string"), raw[name]) if name in gone else raw[name]
        for name in names
    }
    struct = ibis.struct(cells)
    to_json = ibis.udf.scalar.builtin(_to_json, name="to_json", signature=((struct.type(),), "string"))
    return raw.select(_those=raw["_seq"], _without=to_json(struct) + ibis.literal(""))


def _to_json(row: object) -> str:  # type: ignore[empty-body]
    """Each engine's own."""


_TEXT = frozenset({"string", "json"})
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


def _clean(name: str) -> str:
    return f"_clean_{name}"


def _formats(cell: Cell) -> tuple[str, ...]:
    return (cell.format,) if isinstance(cell.format, str) else cell.format or ()


def _text(
    cleaned: ir.Table, cell: Cell, *, key: tuple[str, ...] = (), decimal: str = "."
) -> tuple[ir.StringValue, ir.StringValue | None]:
    """Return the text of a cell, and the fault of a value that its list of values does not know."""
    text: ir.StringValue
    if cell.const is not None:
        return ibis.literal(cell.const), None
    if cell.template is not None:
        text = ibis.literal("")
        for kind, part in pieces(cell.template):
            text = text + (ibis.literal(part) if kind == "text" else cleaned[_clean(part)])
        return text, None
    if cell.columns and cell.columns == key:
        return _joined(cleaned, key), None
    if cell.columns:
        parts = [cleaned[_clean(name)] for name in cell.columns]
        glue = ibis.literal(cell.join)
        text = parts[0].fill_null("")
        for part in parts[1:]:
            text = text + ibis.ifelse(part.isnull() | (text == ""), ibis.literal(""), glue) + part.fill_null("")
        return clean(text), None
    if cell.expr is not None:
        text = clean(parsed(cell.expr).over(lambda name: cleaned[_clean(name)], decimal=decimal))
    else:
        text = cleaned[_clean(cell.column or "")]
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


def _joined(cleaned: ir.Table, names: tuple[str, ...]) -> ir.StringValue:
    """Return the row's own identifier: its key columns joined by ``|``, null when all are empty."""
    parts = [cleaned[_clean(name)] for name in names]
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
