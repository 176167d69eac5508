"""A file that holds rows of several brands of one entity: a column tells which, each of its values by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from filrouge.base.errors import Refused, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec, coded
from filrouge.domain.sources.coded import Coded
from filrouge.domain.sources.columns import BRAND
from filrouge.domain.sources.meaning import Held
from filrouge.store.models import Brand
from filrouge.store.queries import drafts as found


def of_entity(entity: str) -> Coded:
    """Return the brands of an entity, as the values of a column name them."""
    return coded.brands(dict(Brand.objects.filter(entity__slug=entity).values_list("slug", "name")))


def able(asking: Caller, entity: str) -> Coded | None:
    """Return the brands that a column may tell; None where there is one, or the caller acts for a part of them."""
    of = of_entity(entity) if asking.perimeter.acts(entity, "", *found.KEEPERS) else None
    return of if of is not None and len(of.codes) > 1 else None


def proposed(asking: Caller, data: Mapping[str, Any], looked: Iterable[Held]) -> dict[str, Any]:
    """Return a definition whose rows are of the brands that a column names, where one does for all and reads so."""
    of, spec = able(asking, str(data["entity"])), SourceSpec.parse(dict(data), what=str(data["source"]))
    if of is None or spec.brand.const is None:
        return dict(data)
    for name, values in coded.few(one for one in looked if one.name not in spec.columns()).items():
        told = _named(of, values)
        if len(told) == len(values) and len({*told.values()}) > 1:
            return dict(data) | {"brand": {"column": name, "values": told}}
    return dict(data)


def filled(
    asking: Caller, data: Mapping[str, Any], before: SourceSpec, held: Mapping[str, Iterable[str]]
) -> dict[str, Any]:  # fmt: skip
    """Return a definition where a column tells the brand since now, with the brands that its values name.

    ``held``: of a column that holds few values, all of them. Raises what ``check`` raises.
    """
    spec = SourceSpec.parse(dict(data), what=str(data["source"]))
    check(asking, spec, before)
    of, cell = able(asking, str(data["entity"])), data["brand"]
    if of is None or spec.brand.column is None or spec.brand.column == before.brand.column:
        return dict(data)
    return dict(data) | {"brand": {**cell, "values": _named(of, held.get(spec.brand.column, ()))}}


def check(asking: Caller, spec: SourceSpec, before: SourceSpec) -> None:
    """Make sure that a brand told otherwise than ``before`` is told by values that name brands of the entity.

    Raises Refused when the caller acts for a part of the entity, UsageError when something else may come of a value.
    """
    cell = spec.brand
    if cell == before.brand or cell.const is not None:
        return
    of = able(asking, spec.entity.const or "")
    if of is None:
        raise Refused(
            "A file of several brands is brought by whoever acts for all of its entity.",
            hint="Bring a file for each brand, or ask an engineer of the entity.",
        )
    if cell.expr or cell.template or cell.values is None or cell.other == "keep":
        raise UsageError(
            "The brand of a row is told by a column whose values are named one by one.",
            hint="Write: brand: {example}.", example="{column: …, values: {…: …}}",
        )  # fmt: skip
    strange = sorted({one for one in (*cell.values.values(), cell.default) if one} - {*of.codes})
    if strange:
        raise UsageError(
            "{entity} has no brand called {names}.", hint="It has: {known}.",
            entity=str(spec.entity.const), names=", ".join(strange), known=", ".join(of.codes),
        )  # fmt: skip


def _named(of: Coded, values: Iterable[str]) -> dict[str, str]:
    """Return the values that name a brand, with the brand."""
    meant = {value: coded.guessed("", BRAND, value, of) for value in values}
    return {value: one.code for value, one in meant.items() if one is not None and one.code is not None}
