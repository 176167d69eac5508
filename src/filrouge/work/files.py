"""One file: how it would be read, what importing it would do, and its import, kept as a source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from filrouge.base.errors import Refused, SourceError, UsageError
from filrouge.base.text import fold
from filrouge.connect import Reach, connector
from filrouge.connect.guess import conventions
from filrouge.connect.ndjson import every_path
from filrouge.domain.identity.evaluate import holdings
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec, coded
from filrouge.domain.sources.columns import TELLING
from filrouge.domain.sources.guessed import guessed, spared
from filrouge.domain.sources.meaning import Held
from filrouge.domain.sources.spec import WHOLE
from filrouge.store.models import Brand, Entity, Run, Source
from filrouge.store.queries.sources import entities_told
from filrouge.work import access, definitions, draft_brands, groups, runs, sources

LOOKED = 20_000  # rows that the guess rests on
PATHS = 300  # of a file of objects, those that are looked at


@dataclass(frozen=True)
class Reading:
    """How a file would be read: the definition to keep, and the columns that it passes over."""

    data: dict[str, Any]
    spec: SourceSpec
    left: tuple[str, ...]
    added: tuple[tuple[str, str], ...] = ()  # the entity and brand that keeping it would make
    profiles: tuple[Held, ...] = ()  # what its columns hold; of none when nothing was guessed

    @property
    def yaml(self) -> str:
        """The definition as its author would write it."""
        return yaml.safe_dump(self.data, allow_unicode=True, sort_keys=False, width=100)


def reading(path: Path, *, entity: str = "", brand: str = "", mapping: Path | None = None) -> Reading:
    """Return how the file ``path`` would be read; what ``mapping`` says (a definition, or parts of one) is not guessed.

    Raises UsageError when it cannot be told whose the file is or who is in it, SourceError when it cannot be read.
    """
    read = proposed(path, entity=entity, brand=brand, given=_given(mapping))
    if read.profiles and not TELLING & set(read.data["map"]):
        raise UsageError(
            "No column of {name} tells who somebody is.",
            hint="Say with --mapping which column holds what; its columns are {columns}.",
            name=path.name, columns=", ".join(read.left[:30]),
        )  # fmt: skip
    return read


def proposed(path: Path, *, entity: str = "", brand: str = "", given: Mapping[str, Any]) -> Reading:
    """Return how the file ``path`` would be read, whoever is in it; what is ``given`` of a definition is not guessed.

    Raises UsageError when it cannot be told whose the file is, SourceError when it cannot be read.
    """
    path = path.resolve()
    if not path.is_file():
        raise UsageError("There is no file {path}.", hint="Check the path.", path=str(path))
    told = given.get("brand", "")
    entity_said = entity or given.get("entity")
    whole = "" if isinstance(entity_said, dict) else str(entity_said or "")
    entity, brand, added = _whose(whole, brand or _first_named(told))
    form = dict(given.get("format") or {})
    kind = given.get("kind")
    if kind is None or not form:
        kind, seen = conventions(path, header_row=form.get("header_row"))
        form = {**seen, **form}
    data: dict[str, Any] = {
        "source": given.get("source") or free_name(path), "kind": kind, "place": str(path),
        "entity": entity_said if isinstance(entity_said, dict) else entity,
        "brand": told if isinstance(told, dict) else brand, "reads": given.get("reads", "person_records"),
        "format": {k: v for k, v in form.items() if v or k == "quote"},
    }  # fmt: skip
    left: tuple[str, ...] = ()
    looked: tuple[Held, ...] = ()
    if "reads" in given and "map" in given and "key" in given:  # a whole definition leaves nothing to guess
        data |= {"key": given["key"], "map": given["map"]}
    else:
        looked = held(data, path)
        found = guessed(looked)
        cells = coded.filled(data["reads"], found.map, coded.few(looked))
        data |= {"key": given.get("key") or list(found.key), "map": {**cells, **(given.get("map") or {})}}
        left = found.left
        if not given.get("never_kept") and kind not in WHOLE:
            data |= {"never_kept": list(spared(looked, left))} if spared(looked, left) else {}
    data |= {key: value for key, value in given.items() if key not in data}
    if not entity_said and isinstance(told, dict):
        data = draft_brands.placed(data, entity)
    spec = SourceSpec.parse(data, what=data["source"])
    return Reading(data, spec, tuple(name for name in left if name not in spec.columns()), added, looked)


def try_out(read: Reading, *, progress: runs.Progress = runs.silent) -> dict[str, int]:
    """Return what importing the file would count; nothing is kept."""
    return sources.try_out(read.data, progress=progress)


def bring(asking: Caller, read: Reading, *, progress: runs.Progress = runs.silent) -> Run:
    """Keep the definition as a source and import the file; return the run."""
    access.must(asking, "engineer")
    for entity in sorted(entities_told(read.spec.entity)):
        if not asking.perimeter.acts(entity, read.spec.brand.const or "", "engineer"):
            raise Refused("You do not act for {entity}.", hint="Choose an entity of yours.", entity=entity)
    for what, slug in read.added:
        if what == "entity":
            groups.add_entity(slug, _title(slug), by=asking.by)
        else:
            groups.add_brand(slug, _title(slug), read.data["entity"], by=asking.by)
    source = sources.define(read.data, folder=Path(read.data["place"]).parent, by=asking.by)
    return sources.run(source.name, by=asking.by, progress=progress)


# --- the steps --------------------------------------------------------------------------------------------------------


def _given(mapping: Path | None) -> dict[str, Any]:
    if mapping is None:
        return {}
    data = definitions.read(mapping) or {}
    if not isinstance(data, dict):
        raise UsageError("The mapping {name} is no mapping of names to values.", name=mapping.name)
    return data


def _whose(entity: str, brand: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Return the entity and brand of the file, and which of them are to be added; a group of one needs no word."""
    entities = list(Entity.objects.values_list("slug", flat=True))
    brands = dict(Brand.objects.values_list("slug", "entity__slug"))
    if not entities:
        if not brand:
            raise UsageError(
                "No entity or brand is known yet.", hint="Name the first with --brand (and --entity, when it differs)."
            )
        entity = entity or brand
        return entity, brand, (("entity", entity), ("brand", brand))
    if not brand and len(brands) == 1:
        brand = next(iter(brands))
    if not entity:
        entity = brands.get(brand) or (entities[0] if len(entities) == 1 else "")
    if not brand or not entity or entity not in entities or brand not in brands:
        raise UsageError(
            "Say whose file it is: --brand one of {brands}, --entity one of {entities}.",
            brands=", ".join(sorted(brands)) or "none yet", entities=", ".join(sorted(entities)),
        )  # fmt: skip
    return entity, brand, ()


def held(data: Mapping[str, Any], path: Path) -> tuple[Held, ...]:
    """Read the first rows of a file as they are, and return what its columns hold. Raises SourceError."""
    bare = {**data, "key": [], "map": {}, "consents": [], "required": [], "reads": "person_records"}
    bare |= {"entity": "any", "brand": "any"}
    spec = SourceSpec.parse(bare, what=data["source"])
    if spec.kind == "ndjson":
        spec = spec.model_copy(update={"key": every_path(spec, Reach(path.parent), most=PATHS)})
    chunk = next(iter(connector(spec.kind).read(spec, Reach(path.parent))), None)
    if chunk is None or chunk.rows.num_rows == 0:
        raise SourceError("The file {name} holds no row.", hint="Check the export.", name=path.name)
    rows = chunk.rows.slice(0, LOOKED)
    names = [name for name in rows.column_names if not name.startswith("_")]
    if not names:  # lines of JSON that say nothing
        raise SourceError("The file {name} holds no row.", hint="Check the export.", name=path.name)
    return tuple(holdings(pl.DataFrame(pl.from_arrow(rows.select(names)))))


def free_name(path: Path) -> str:
    """Return the name of the source that the file becomes: its own, or a free one beside it."""
    word = re.sub(r"[^a-z0-9]+", "_", fold(path.stem)).strip("_")[:50]
    word = word if word[:1].isalpha() else f"file_{word}".rstrip("_")
    name, number = word, 1
    while (other := Source.objects.filter(name=name).first()) is not None and other.spec.get("place") != str(path):
        number += 1
        name = f"{word}_{number}"
    return name


def _first_named(brand: object) -> str:
    """Return the brand that a definition says its rows are of: of a column whose values name several, the first."""
    if not isinstance(brand, dict):
        return str(brand)
    values = brand.get("values")
    named = [brand.get("const"), *(values.values() if isinstance(values, dict) else ())]
    return next((str(one) for one in named if one), "")


def _title(slug: str) -> str:
    return slug.replace("-", " ").replace("_", " ").title()
