"""What somebody says of each column of a table of people, and the parts of a definition that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from filrouge.base.errors import Phrase
from filrouge.domain.sources.spec import CONSENT_STATES, SourceSpec
from filrouge.tables import TABLES

# What a column of a table of people may say, in the order people look for it.
SAYS = (
    "title", "given_name", "family_name", "full_name", "birth_name", "birth_date", "sex", "email", "phone",
    "address_line", "postcode", "city", "country", "language", "loyalty_id", "account_ref", "deceased", "created_at",
    "updated_at", "link",
)  # fmt: skip
DATED = tuple(
    column.name for column in TABLES["person_records"].columns if column.type in ("date", "timestamp")
)  # may need to be told how they are written
JOINED = ("given_name", "family_name", "full_name", "address_line")  # may be made of several columns
TELLING = frozenset({"given_name", "family_name", "full_name", "email", "phone", "birth_date", "loyalty_id"})
CONSENT = "consent"  # of a purpose by a channel: consent:marketing:email


@dataclass(frozen=True)
class Said:
    """What is said of one column: what it says of a person ("" when it is left), how, and whether it names the row.

    ``states``: of a consent, what each written value means; a value without one says nothing.
    """

    column: str
    says: str = ""
    form: str = ""
    key: bool = False
    states: Mapping[str, str] = field(default_factory=dict)


def said(spec: SourceSpec, columns: Sequence[str]) -> list[Said]:
    """Return what a definition says of each of ``columns``, in their order."""
    told: dict[str, dict[str, Any]] = {name: {} for name in columns}
    for target, cell in spec.map.items():
        if target not in SAYS:
            continue
        for name in cell.reads():
            if name in told and "says" not in told[name]:
                form = cell.format if isinstance(cell.format, str) else (cell.format or ("",))[0]
                told[name] |= {"says": target, "form": form or ""}
    for one in spec.consents:
        for name in one.state.reads():
            if name in told and "says" not in told[name]:
                states = {value: state for value, state in (one.state.values or {}).items() if state}
                told[name] |= {"says": f"{CONSENT}:{one.purpose}:{one.channel}", "states": states}
    return [Said(name, key=name in spec.key, **told[name]) for name in columns]


def faults(told: Iterable[Said]) -> list[tuple[str, Phrase]]:
    """Return what cannot be, each with its column ("" for the whole)."""
    found: list[tuple[str, Phrase]] = []
    first: dict[str, str] = {}
    rows = list(told)
    for one in rows:
        if not one.says:
            continue
        if one.says in first and one.says not in JOINED:
            found.append((one.column, Phrase("The column {other} says this already.", other=first[one.says])))
        first.setdefault(one.says, one.column)
        if one.says.startswith(CONSENT) and not any(one.states.values()):
            found.append((one.column, Phrase("Say what each value means: nothing of a consent is guessed.")))
    if not any(one.says in TELLING for one in rows):
        found.append(("", Phrase("No column tells who somebody is: a name, an e-mail, a phone or a number is needed.")))
    if not any(one.key for one in rows):
        found.append(("", Phrase("Tick the column that names each row, or several that do so together.")))
    return found


def definition(data: Mapping[str, Any], told: Sequence[Said]) -> dict[str, Any]:
    """Return ``data`` (a definition as its author wrote it) with the mapping, key and consents that are ``told``.

    What a form cannot say (constants, templates, values put for others) stays while its columns say the same.
    """
    spec = SourceSpec.parse(dict(data), what=str(data.get("source", "")))
    columns = {one.column for one in told}
    cells: dict[str, Any] = {}
    for target, cell in spec.map.items():
        reads = cell.reads()
        if (target not in SAYS and target != "source_id") or not reads or not set(reads) <= columns:
            cells[target] = cell.dump()
    for target in SAYS:
        named = [one for one in told if one.says == target]
        if not named:
            continue
        names, form = [one.column for one in named], named[0].form
        before = spec.map.get(target)
        if before is not None and sorted(before.reads()) == sorted(names):
            made = before.dump()
            made.pop("format", None)
        else:
            made = {"column": names[0]} if len(names) == 1 else {"columns": names}
        cells[target] = made | ({"format": form} if form and target in DATED else {})
    key = [one.column for one in told if one.key]
    if len(key) == 1 and "source_id" not in cells:
        cells["source_id"] = {"column": key[0]}
    kept = {name: value for name, value in data.items() if name not in ("map", "key", "consents")}
    consents = [_consent(one) for one in told if one.says.startswith(f"{CONSENT}:")]
    return {**kept, "key": key, "map": cells, **({"consents": consents} if consents else {})}


def _consent(one: Said) -> dict[str, Any]:
    _, purpose, channel = one.says.split(":")
    values = {value: state for value, state in one.states.items() if state in CONSENT_STATES}
    return {
        "purpose": purpose,
        "channel": channel,
        "state": {"column": one.column, "values": values, "other": "null"},
    }
