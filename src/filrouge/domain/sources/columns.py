"""What somebody says of each column of a source, and the parts of a definition that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from filrouge.base.errors import Phrase
from filrouge.domain.sources import coded, keeping
from filrouge.domain.sources.expressions import Unreadable, parsed
from filrouge.domain.sources.fitting import fitted
from filrouge.domain.sources.spec import CONSENT_STATES, KEY_OF_REF, Cell, Consent, SourceSpec
from filrouge.domain.sources.writing import FORMATS
from filrouge.tables import TABLES

PEOPLE = "person_records"
# What a column of a table of people may say, in the order people look for it.
SAYS = (
    "title", "given_name", "family_name", "full_name", "birth_name", "birth_date", "sex", "email", "phone",
    "address_line", "postcode", "city", "country", "language", "loyalty_id", "account_ref", "deceased", "created_at",
    "updated_at", "link",
)  # fmt: skip
# Tables that a file may be read into, people first; of the others, a page of its own brings the rows.
READS = (
    PEOPLE, "orders", "order_lines", "contracts", "invoices", "payments", "interactions", "contacts", "consents",
    "returns", "events", "company_records", "roles", "opportunities", "followups", "promotions",
)  # fmt: skip
JOINED = ("given_name", "family_name", "full_name", "address_line")  # may be made of several columns
TELLING = frozenset({"given_name", "family_name", "full_name", "email", "phone", "birth_date", "loyalty_id"})
CONSENT = "consent"  # of a purpose by a channel: consent:marketing:email
OFFERED = tuple(("marketing", channel) for channel in ("email", "sms", "phone", "post"))  # that a form can say
TWICE = (
    " | "  # between columns that were told to say the same though a value is made of one: a fault until it is mended
)
NAMED = {"events": "event_id"}  # where the key of a row goes, when not into source_id
ALIKE = {"events": {"type": "track"}}  # what every row is while no column says it
BRAND = "brand"  # of whose rows it tells, where a file holds those of several
NEVER = "never_kept"  # not even in the row as received


@dataclass(frozen=True)
class Said:
    """What is said of one column: what it says of a row ("" when it is left), how, and whether it names the row.

    ``says``: a column of the table; ``customer_ref@crm`` when it names a record of the source crm; a consent; NEVER.
    ``states``: of a consent, what each written value means; "" of one that means nothing, while a value that is not
    there means what it meant. ``joined``: whether the definition makes one value of this column and others.
    ``values``: of what is chosen from a set, what each written value is (None: nothing, "": it is not told); those
    that are not there, and all of them when it is None, stay as they were; ``other``: what becomes of the untold.
    ``kept``: its purpose and retention where they are not the table's; None where nothing is told of them.
    """

    column: str
    says: str = ""
    form: str = ""
    key: bool = False
    states: Mapping[str, str] = field(default_factory=dict)
    joined: bool = field(default=False, compare=False)
    values: Mapping[str, str | None] | None = field(default=None, compare=False)
    other: str = field(default="", compare=False)
    kept: Mapping[str, str] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Computed:
    """A value that an expression makes of columns: what it says of a row, how it is computed, how a date is written."""

    says: str
    expr: str
    form: str = ""


def sayings(reads: str) -> tuple[str, ...]:
    """Return what a column of a source that reads ``reads`` may say; a reference is completed by ``@`` and a source."""
    if reads == PEOPLE:
        return SAYS
    known = {*KEY_OF_REF.values(), NAMED.get(reads, "source_id")}
    return tuple(column.name for column in TABLES[reads].columns if column.name not in known)


def refers(reads: str) -> dict[str, str]:
    """Return the references that a row of ``reads`` bears to records of other sources, with the tables of these."""
    if reads == PEOPLE:
        return {}
    return {column.name: column.ref for column in TABLES[reads].columns if column.ref and column.name in KEY_OF_REF}


def dated(reads: str) -> tuple[str, ...]:
    """Return what may need to be told how it is written."""
    return tuple(column.name for column in TABLES[reads].columns if column.type in ("date", "timestamp"))


def said(spec: SourceSpec, columns: Sequence[str]) -> list[Said]:
    """Return what a definition says of each of ``columns``, in their order."""
    told: dict[str, dict[str, Any]] = {name: {} for name in columns}
    able = sayings(spec.reads)
    for target, cell in spec.map.items():
        if target not in able or cell.expr is not None:
            continue
        for name in cell.reads():
            if name in told and "says" not in told[name]:
                form = cell.format if isinstance(cell.format, str) else (cell.format or ("",))[0]
                told[name] |= {"says": f"{target}@{cell.of}" if cell.of else target, "form": form or ""}
                told[name] |= {"joined": len(cell.reads()) > 1 and cell.join != TWICE}
    for one in spec.consents:
        for name in one.state.reads():
            if name in told and "says" not in told[name]:
                states = {value: state for value, state in (one.state.values or {}).items() if state}
                told[name] |= {"says": f"{CONSENT}:{one.purpose}:{one.channel}", "states": states}
                told[name] |= {"joined": len(one.state.reads()) > 1}
    for name in branding(spec):
        if name in told and "says" not in told[name]:
            told[name] |= {"says": BRAND, "values": spec.brand.values}
            told[name] |= {"joined": len(spec.brand.reads()) > 1 and spec.brand.join != TWICE}
    for name in spec.unkept(columns):
        if "says" not in told[name]:
            told[name] |= {"says": NEVER}
    for name in keeping.choosable(spec, columns):
        told[name]["kept"] = spec.kept[name].dump() if name in spec.kept else {}
    return [Said(name, key=name in spec.key, **told[name]) for name in columns]


def branding(spec: SourceSpec) -> tuple[str, ...]:
    """Return the columns that tell of which brand a row is; none where an expression does, or all are of one."""
    return () if spec.brand.expr is not None else spec.brand.reads()


def computed(spec: SourceSpec) -> list[Computed]:
    """Return the values of a definition that expressions make."""
    made = []
    for target, cell in spec.map.items():
        if cell.expr is not None:
            form = cell.format if isinstance(cell.format, str) else (cell.format or ("",))[0]
            made.append(Computed(f"{target}@{cell.of}" if cell.of else target, cell.expr, form or ""))
    return made


def faults(
    told: Iterable[Said], reads: str = PEOPLE, made: Iterable[Computed] = (), spec: SourceSpec | None = None
) -> list[tuple[str, Phrase]]:
    """Return what cannot be, each with its column ("" for the whole).

    ``spec``: the definition that is told anew, where what chooses its rows counts too.
    """
    found: list[tuple[str, Phrase]] = []
    first: dict[str, str] = {}
    rows = list(told)
    joined = JOINED if reads == PEOPLE else ()
    made = list(made)
    needed = _needed(made, spec)
    for one in rows:
        target = one.says.partition("@")[0]
        if one.says == NEVER and one.key:
            found.append((one.column, Phrase("What names the row has to be kept.")))
        elif one.says == NEVER and one.column in needed:
            found.append((one.column, Phrase("The source is read by this column: it has to be kept.")))
        if not one.says or one.says == NEVER:
            continue
        if target in first and target not in joined and not one.joined:
            found.append((one.column, Phrase("The column {other} says this already.", other=first[target])))
        first.setdefault(target, one.column)
        if one.says.startswith(f"{CONSENT}:") and not any(one.states.values()):
            found.append((one.column, Phrase("Say what each value means: nothing of a consent is guessed.")))
        if one.says == BRAND and one.values is not None and not any(one.values.values()):
            found.append((one.column, Phrase("Say which brand each value is: other rows are rejected.")))
    for value in made:
        target = value.says.partition("@")[0]
        if target in first:
            found.append((first[target], Phrase("An expression says this already.")))
    found += [("", fault) for fault in _lacks({*first, *(one.says.partition("@")[0] for one in made)}, reads)]
    if not any(one.key for one in rows):
        found.append(("", Phrase("Tick the column that names each row, or several that do so together.")))
    return found


def definition(
    data: Mapping[str, Any], told: Sequence[Said], made: Sequence[Computed] | None = None, *, brand: str = ""
) -> dict[str, Any]:
    """Return ``data`` (a definition as its author wrote it) with the mapping, key and consents that are ``told``.

    ``made``: the values that expressions make; those of ``data`` stay when None. ``brand``: the one that every row is
    of, once no column tells it any more. What a form cannot say (constants,
    templates, values put for others, a second use of a column) stays while its columns say the same; what names a
    column of the table that nothing fills any more (a rule, ``required``) goes with it.
    """
    spec = SourceSpec.parse(dict(data), what=str(data.get("source", "")))
    columns = {one.column for one in told}
    able, number = sayings(spec.reads), NAMED.get(spec.reads, "source_id")
    same = _same(spec, told)
    key = [one.column for one in told if one.key]
    key = list(spec.key) if set(key) == set(spec.key) else key
    cells: dict[str, Any] = {}
    for target, cell in spec.map.items():
        reads = cell.reads()
        if cell.expr is not None and target in able:
            continue
        kept = target not in (*able, number) or not reads or not set(reads) <= columns
        if kept or (target == number and key == list(spec.key)):
            cells[target] = cell.dump()
    before = said(spec, [one.column for one in told])
    for target in able:
        stood = spec.map.get(target)
        named, were = _saying(told, target), _saying(before, target)
        alike = stood is not None and stood.expr is None and [o.column for o in named] == [o.column for o in were]
        if stood is not None and alike and all(name in same for name in stood.reads() if name in columns):
            if stood.reads():
                changed = _dated(named, were, target, spec.reads)
                cells[target] = {name: value for name, value in (stood.dump() | changed).items() if value is not None}
        elif named:
            cells[target] = _cell(stood, named, target, spec.reads)
    for one in told:
        target = one.says.partition("@")[0]
        if one.values is not None and coded.coded(spec.reads, target) and cells.get(target, {}).get("column"):
            cells[target] = coded.told(cells[target], one.values, one.other)
    cells |= _expressions(spec, made, cells)
    complete(spec.reads, cells, key)
    own = ("map", "key", "consents", "never_kept", "kept")
    kept_as = {name: value for name, value in data.items() if name not in own}
    consents = _consents(spec, told, same) if spec.reads == PEOPLE else []
    never = [one.column for one in told if one.says == NEVER]
    never = [name for name in spec.never_kept if _absent(spec, name, columns, never)] + never
    apart = {name: kept.dump() for name, kept in spec.kept.items()}
    apart |= {one.column: dict(one.kept) for one in told if one.kept is not None}
    return fitted({
        **kept_as, "brand": _brand(data, told, before, brand), "kept": apart, "key": key, "map": cells,
        **({"consents": consents} if consents else {}), **({"never_kept": never} if never else {}),
    })  # fmt: skip


def complete(reads: str, cells: dict[str, Any], key: Sequence[str]) -> None:
    """Add to ``cells`` what a row is numbered by, and what every row is, where no column says it."""
    number = NAMED.get(reads, "source_id")
    if len(key) == 1 and number not in cells and any(column.name == number for column in TABLES[reads].columns):
        cells[number] = {"column": key[0]}
    for target, value in ALIKE.get(reads, {}).items():
        cells.setdefault(target, {"const": value})


def _brand(data: Mapping[str, Any], told: Sequence[Said], before: Sequence[Said], one: str) -> Any:
    """Return of which brand the rows are: as a column tells by its values, else as it stood, else ``one``."""
    now, were = _saying(told, BRAND), _saying(before, BRAND)
    names = [each.column for each in now]
    if not names:
        return (one or data["brand"]) if were else data["brand"]
    cell: dict[str, Any] = {"column": names[0]} if len(names) == 1 else {"columns": names, "join": TWICE}
    if names == [each.column for each in were]:
        cell = dict(data["brand"])
    elif len(names) == 1:
        cell["values"] = {}
    if not now[0].values or not cell.get("column"):
        return cell
    return {"values": {}} | coded.told(cell, now[0].values, now[0].other)


def _needed(made: Sequence[Computed], spec: SourceSpec | None) -> set[str]:
    """Return the columns that are read whatever is said of them: by expressions, and by what chooses the rows."""
    found: set[str] = set()
    for one in made:
        try:
            found |= set(parsed(one.expr).columns)
        except Unreadable:  # told where it is written
            continue
    if spec is not None:
        found |= {*spec.where, *((spec.cursor,) if spec.cursor else ()), *spec.entity.reads(), *spec.brand.reads()}
    return found


def _lacks(says: set[str], reads: str) -> list[Phrase]:
    """Return what rows of ``reads`` need that no column says."""
    if reads == PEOPLE:
        if says & TELLING:
            return []
        return [Phrase("No column tells who somebody is: a name, an e-mail, a phone or a number is needed.")]
    table, whose = TABLES[reads], {*refers(reads)}
    found = []
    if whose and not says & (whose | {"anonymous_id"}):
        found.append(Phrase("No column tells whose the rows are: say which one names a customer of another source."))
    if table.at and table.personal and table.at not in says:
        found.append(Phrase("No column tells when: what bears no date is never destroyed on time."))
    if not says - {BRAND}:
        found.append(Phrase("No column says anything yet."))
    return found


def _absent(spec: SourceSpec, name: str, columns: set[str], never: Sequence[str]) -> bool:
    """Tell whether a column that is never kept stays so: no column of its name was there to be told otherwise."""
    written = {*spec.unkept(columns, [name])}
    return name not in columns and (not written or bool(written & {*never}))


# --- what a form cannot say -------------------------------------------------------------------------------------------


def _same(spec: SourceSpec, told: Sequence[Said]) -> set[str]:
    """Return the columns that say what they said; nothing told of a consent that is not offered leaves it as it is."""
    before = {one.column: one.says for one in said(spec, [one.column for one in told])}
    hidden = {
        name for name, says in before.items()
        if says.startswith(f"{CONSENT}:") and tuple(says.split(":")[1:]) not in OFFERED
    }  # fmt: skip
    return {
        one.column for one in told if one.says == before[one.column] or (not one.says and one.column in hidden)
    }  # fmt: skip


def _saying(told: Iterable[Said], target: str) -> list[Said]:
    return [one for one in told if one.says.partition("@")[0] == target]


def _dated(named: Sequence[Said], were: Sequence[Said], target: str, reads: str) -> dict[str, Any]:
    """Return how a value is written now where it is told otherwise than before, in a way that a form can say."""
    if not named or target not in dated(reads) or named[0].form == were[0].form:
        return {}
    if not named[0].form and were[0].form not in FORMATS:
        return {}
    return {"format": named[0].form or None}


def _cell(before: Cell | None, named: Sequence[Said], target: str, reads: str) -> dict[str, Any]:
    """Return the cell made of columns: what the one before it put for values stays while it reads the same."""
    names = [one.column for one in named]
    form, of = named[0].form, named[0].says.partition("@")[2]
    told: dict[str, Any] = {"column": names[0]} if len(names) == 1 else {"columns": names}
    if len(names) > 1 and (reads != PEOPLE or target not in JOINED):
        told["join"] = TWICE
    if before is not None and before.expr is None and sorted(before.reads()) == sorted(names):
        told = {name: value for name, value in before.dump().items() if name not in ("format", "of")}
    return told | ({"of": of} if of else {}) | ({"format": form} if form and target in dated(reads) else {})


def _expressions(spec: SourceSpec, made: Sequence[Computed] | None, cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells that expressions make, where no column says it; one told as it stood stays whole."""
    able, days, known = sayings(spec.reads), dated(spec.reads), computed(spec)
    found: dict[str, Any] = {}
    for value in known if made is None else made:
        target, _, of = value.says.partition("@")
        if target not in able or target in cells or target in found:
            continue
        was = next((one for one in known if (one.says, one.expr) == (value.says, value.expr)), None)
        if was is not None and (value.form == was.form or (not value.form and was.form not in FORMATS)):
            found[target] = spec.map[target].dump()
            continue
        dates = {"format": value.form} if value.form and target in days else {}
        found[target] = {"expr": value.expr} | ({"of": of} if of else {}) | dates
    return found


def _consents(spec: SourceSpec, told: Sequence[Said], same: set[str]) -> list[dict[str, Any]]:
    """Return the consents: those of columns that say the same stay, with what is told of their values."""
    by_name = {one.column: one for one in told}
    before = {one.column: one.says for one in said(spec, [*by_name])}
    unkept = {one.column for one in told if one.says == NEVER}
    found, done = [], set()
    for one in spec.consents:
        names = [name for name in one.state.reads() if name in by_name]
        if not set(names) <= same:
            continue
        parts = _beside(one, unkept)
        state = one.state.dump()
        says = f"{CONSENT}:{one.purpose}:{one.channel}"
        if names and all(before[name] == says for name in names):
            done |= {*names}
            if by_name[names[0]].says:
                state |= _values(one.state, by_name[names[0]])
        found.append({"purpose": one.purpose, "channel": one.channel, "state": state, **parts})
    for new in told:
        if not new.says.startswith(f"{CONSENT}:") or new.column in done:
            continue
        _, purpose, channel = new.says.split(":")
        was = next((one for one in spec.consents if one.state.column == new.column), None)
        state = {"column": new.column, "other": "null"} | _values(was.state if was else None, new)
        found.append(
            {"purpose": purpose, "channel": channel, "state": state, **(_beside(was, unkept) if was else {})}
        )  # fmt: skip
    return found


def _beside(one: Consent, unkept: set[str]) -> dict[str, Any]:
    """Return when, after which notice and how a consent was given, of columns that are kept."""
    parts = {"at": one.at, "notice": one.notice, "method": one.method}
    return {name: cell.dump() for name, cell in parts.items() if cell is not None and not set(cell.reads()) & unkept}


def _values(before: Cell | None, told: Said) -> dict[str, Any]:
    """Return what each value of a consent means: as told, and as before where nothing is told of a value."""
    old = (before.values if before else None) or {}
    values: dict[str, str | None] = {value: state for value, state in old.items() if value not in told.states}
    for value, state in told.states.items():
        if state in CONSENT_STATES:
            values[value] = state
        elif before is not None:  # said to mean nothing
            values[value] = None
    return {"values": values} if values or before is None or before.values is not None else {}
