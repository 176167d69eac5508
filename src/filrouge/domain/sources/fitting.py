"""What is left of a definition once its mapping changed: nothing in it names a column that is mapped no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from filrouge.domain.sources import keeping, rules
from filrouge.domain.sources.spec import KEY_OF_REF, WHOLE, SourceSpec


def fitted(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition, as plain data, without what its mapping does not bear any more.

    An amount in the smallest unit goes with its currency; what is required, ruled and asked of one person goes with the
    columns of the table that it names; a column that is read, or that a whole object holds, is not one never kept;
    what a row is named or dated by is held as long as the row.
    Raises DefinitionError for any other fault.
    """
    made = dict(data)
    cells: dict[str, Any] = dict(made["map"])
    if "currency" not in cells:
        cells = {name: cell for name, cell in cells.items() if not _minor(cell)}
    made["map"] = cells
    if made.get("required"):
        _put(made, "required", [name for name in made["required"] if name in cells])
    if made.get("rules"):
        _put(made, "rules", rules.borne(made["rules"], cells))
    if made.get("lookup") and made["reads"] != "person_records" and not {*KEY_OF_REF} & {*cells}:
        made.pop("lookup")
    never, kept = made.pop("never_kept", None) or (), made.pop("kept", None) or {}
    if never and made["kind"] not in WHOLE:
        read = SourceSpec.parse(made, what=str(made.get("source", ""))).columns()
        _put(made, "never_kept", [name for name in never if name not in read])
    if kept and (left := keeping.fitted(kept, SourceSpec.parse(made, what=str(made.get("source", ""))))):
        made["kept"] = left
    return made


def _put(made: dict[str, Any], name: str, left: list[Any]) -> None:
    if left:
        made[name] = left
    else:
        made.pop(name, None)


def _minor(cell: Any) -> bool:
    return isinstance(cell, Mapping) and cell.get("format") == "minor"
