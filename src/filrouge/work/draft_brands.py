"""A file that holds rows of several brands: a column tells which, each of its values by name, and so which entity."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from filrouge.base.errors import Refused, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec, coded
from filrouge.domain.sources.coded import Coded
from filrouge.domain.sources.columns import BRAND, TWICE
from filrouge.domain.sources.meaning import Held, meant
from filrouge.store.models import Brand, Source, SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.store.queries.sources import entities_named, entities_told


def of_entities(entities: Collection[str]) -> Coded:
    """Return the brands of some entities, as the values of a column name them."""
    return coded.brands(dict(Brand.objects.filter(entity__slug__in=entities).values_list("slug", "name")))


def able(asking: Caller, spec: SourceSpec | None = None) -> Coded | None:
    """Return the brands that a column may tell: those of the entities that the caller acts for the whole of.

    None where there are no two, unless a column of ``spec`` tells them already.
    """
    known = {*Brand.objects.values_list("entity__slug", flat=True)}
    of = of_entities({one for one in known if asking.perimeter.acts(one, "", *found.KEEPERS)})
    told = spec is not None and spec.brand.const is None
    return of if len(of.codes) > (0 if told else 1) else None


def proposed(asking: Caller, data: Mapping[str, Any], looked: Iterable[Held]) -> dict[str, Any]:
    """Return a definition whose rows are of the brands that a column names: one called so, or whose values all do."""
    of, spec = able(asking), SourceSpec.parse(dict(data), what=str(data["source"]))
    if of is None or spec.brand.const is None:
        return dict(data)
    for one in looked:
        values = () if one.name in spec.columns() else coded.few([one]).get(one.name, ())
        told = _named(of, values)
        sure = len(told) == len(values) or meant(one).meaning == BRAND
        if sure and len({*told.values()}) > 1:
            return placed(dict(data) | {"brand": {"column": one.name, "values": told}}, spec.entity.const or "")
    return dict(data)


def filled(
    asking: Caller, data: Mapping[str, Any], before: SourceSpec, held: Mapping[str, Iterable[str]]
) -> dict[str, Any]:  # fmt: skip
    """Return a definition where a column tells the brand since now, with the brands that its values name.

    ``held``: of a column that holds few values, all of them. Raises what ``check`` raises.
    """
    spec = SourceSpec.parse(dict(data), what=str(data["source"]))
    check(asking, spec, before)
    of, cell = able(asking, before), data["brand"]
    if of is None or spec.brand.column is None or spec.brand.column == before.brand.column:
        return dict(data)
    named = _named(of, held.get(spec.brand.column, ()))
    return dict(data) | {"brand": {**cell, "values": {**named, **(cell.get("values") or {})}}}


def placed(data: Mapping[str, Any], entity: str) -> dict[str, Any]:
    """Return a definition whose rows are of the entities of their brands, and of ``entity`` until they name one.

    The entity of a row whose brand is not told by named values stays as it is.
    """
    made = dict(data)
    cell = SourceSpec.parse(made, what=str(made["source"])).brand
    if cell.const is not None or (cell.values == {} and cell.default is None):
        return made | {"entity": entity}
    if cell.values is None or cell.column is None:
        return made
    owners = dict(Brand.objects.values_list("slug", "entity__slug"))
    told = {value: owners[brand] for value, brand in cell.values.items() if brand in owners}
    rest = {"default": owners[cell.default]} if cell.default in owners else {}
    of = {*told.values(), *rest.values()}
    one = {"column": cell.column, "values": told, "other": cell.other, **rest}
    return made | {"entity": one if len(of) > 1 else next(iter(of), entity)}


def followed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition where values that name a brand, and no entity yet, name the one that the brand is of."""
    spec = SourceSpec.parse(dict(data), what=str(data["source"]))
    brand, entity = spec.brand, spec.entity
    if brand.column is None or brand.column != entity.column or brand.values is None or entity.values is None:
        return dict(data)
    owners = dict(Brand.objects.values_list("slug", "entity__slug"))
    fresh = {value: owners.get(one or "") for value, one in brand.values.items() if value not in entity.values}
    return dict(data) | {"entity": {**entity.dump(), "values": {**entity.values, **fresh}}}


def check(asking: Caller, spec: SourceSpec, before: SourceSpec) -> None:
    """Make sure that a brand told otherwise than ``before`` is told by values that name brands of the caller's.

    Raises Refused when the caller acts for a part of an entity, UsageError when something else may come of a value.
    """
    cell = spec.brand
    if cell == before.brand or cell.const is not None or (cell.columns and cell.join == TWICE):
        return
    of = able(asking, before)
    if of is None:
        raise Refused(
            "A file of several brands is brought by whoever acts for the whole of their entities.",
            hint="Bring a file for each brand, or ask an engineer of the entity.",
        )
    if cell.column is None or cell.values is None or cell.other == "keep":
        raise UsageError(
            "The brand of a row is told by a column whose values are named one by one.",
            hint="Write: brand: {example}.", example="{column: …, values: {…: …}}",
        )  # fmt: skip
    strange = sorted({one for one in (*cell.values.values(), cell.default) if one} - {*of.codes})
    if strange:
        raise UsageError(
            "You do not act for the whole of the entity of these brands, or there are none: {names}.",
            hint="Choose among: {known}.", names=", ".join(strange), known=", ".join(of.codes),
        )  # fmt: skip


def chosen(
    asking: Caller, before: SourceSpec, spec: SourceSpec, choice: Mapping[str, Mapping[str, str]]
) -> None:  # fmt: skip
    """Make sure that new values of the column that tells the brand are called brands that the caller acts for.

    Where all rows are of one entity, they are brands of it, or some that were told ``before``. Raises UsageError.
    """
    brand = spec.brand
    asked = {one for one in choice.get(brand.column or "", {}).values() if one}
    of = able(asking, spec)
    mine = {*of.codes} if of is not None else set()
    if spec.entity.column != brand.column:
        mine &= {*of_entities(entities_told(spec.entity)).codes}
    strange = asked - mine - {*(before.brand.values or {}).values()}
    if strange:
        raise UsageError(
            "You do not act for the whole of the entity of these brands, or there are none: {names}.",
            hint="Choose among: {known}.", names=", ".join(sorted(strange)), known=", ".join(sorted(mine)),
        )  # fmt: skip


def same_source(draft: SourceDraft, spec: SourceSpec) -> None:
    """Make sure that a newer file, read by ``spec``, is of all that its source is of now; it may be of more.

    Raises UsageError: rows that are in the data already would be read by who acts for a part of them.
    """
    source = Source.objects.filter(name=spec.source, created_at__lte=draft.created_at).first()
    if source is None:
        return
    other = spec.brand.const not in (None, source.brand)
    if other or not entities_told(spec.entity) >= entities_named(source):
        raise UsageError(
            "A newer file is of all the brands and entities that its source is of.", hint="Bring the file by itself."
        )


def _named(of: Coded, values: Iterable[str]) -> dict[str, str]:
    """Return the values that name a brand, with the brand."""
    meant = {value: coded.guessed("", BRAND, value, of) for value in values}
    return {value: one.code for value, one in meant.items() if one is not None and one.code is not None}
