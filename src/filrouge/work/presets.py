"""Sources made from a preset: the place of each is looked at before anything is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from filrouge.base import settings
from filrouge.base.errors import DefinitionError, UsageError
from filrouge.connect import Reach, connector
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.presets import preset
from filrouge.domain.sources.reaching import FILES
from filrouge.store.models import Brand, Source
from filrouge.work import secrets, sources

SHORT = "20s"  # how long a service may ask to be left alone while it is looked at
FIRST, SAMPLE = 5, 20  # rows that are shown of a place, and that are looked at


@dataclass(frozen=True)
class Looked:
    """What answers at a place: the definition that would read it, its columns, the first rows, how many if it says."""

    data: dict[str, Any]
    columns: tuple[str, ...]
    sample: tuple[tuple[str | None, ...], ...] = field(default=(), repr=False)
    rows: int | None = None

    @property
    def first(self) -> tuple[tuple[str | None, ...], ...]:
        """The first rows that are shown."""
        return self.sample[:FIRST]


def definitions(
    name: str, answers: Mapping[str, str], *, brand: str, prefix: str = "", parts: Iterable[str] = (),
    private: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the definitions that the preset ``name`` makes for a brand; nothing is kept.

    Raises NotFound, UsageError when the brand is not known, DefinitionError when an answer is missing or wrong.
    """
    row = Brand.objects.select_related("entity").filter(slug=brand).first()
    if row is None:
        raise unknown_brand(brand)
    made = preset(name).definitions(
        answers, entity=str(row.entity.slug), brand=brand, name=prefix, parts=parts, private=private
    )
    taken = Source.objects.filter(name__in=[data["source"] for data in made]).exclude(brand=brand)
    if other := taken.first():
        raise UsageError(
            "The source {name} is of another brand.", hint="Choose another name for these (--name).", name=other.name
        )
    return made


def unknown_brand(brand: str) -> UsageError:
    """Return what is said of a brand that is none."""
    return UsageError(
        "No brand is called {brand}.", hint="There are: {known}.", brand=brand[:60],
        known=", ".join(Brand.objects.order_by("slug").values_list("slug", flat=True)) or "none yet",
    )  # fmt: skip


def look(data: Mapping[str, Any], folder: Path, *, secret: str | None = None) -> Looked:
    """Return what answers at the place of a definition that is not kept. Raises SourceError when nothing does.

    ``secret`` is opened instead of the one that the definition names.
    """
    spec = SourceSpec.parse(data, what=str(data.get("source", "")))
    if secret is None and spec.secret:
        secret = secrets.reveal(spec.secret)
    reach = Reach(folder, secret, settings.get().allow_private)
    reader = connector(spec.kind)
    if spec.kind == "rest":  # its first answer tells both, and somebody waits for it
        spec = spec.model_copy(update={"patience": SHORT})
    else:
        reader.check(spec, reach)
    found = reader.discover(spec, reach)
    if not found:
        return Looked(dict(data), ())
    if spec.kind == "sql":  # it tells every table, and a query is none of them
        return _rows(spec, reach, data)
    rows = found[0].rows
    if rows is None and spec.kind in FILES and not spec.remote:  # what is on this machine is soon counted
        rows = reader.count(spec, reach)
    return Looked(dict(data), found[0].columns, found[0].sample, rows)


def _rows(spec: SourceSpec, reach: Reach, data: Mapping[str, Any]) -> Looked:
    reader = connector(spec.kind)
    chunk = next(iter(reader.read(spec, reach)), None)
    if chunk is None:
        return Looked(dict(data), (), (), 0)
    names = tuple(name for name in chunk.rows.column_names if not name.startswith("_"))
    rows = chunk.rows.slice(0, SAMPLE).select(list(names)).to_pylist()
    return Looked(dict(data), names, tuple(tuple(row.values()) for row in rows), reader.count(spec, reach))


def keep(made: Iterable[Mapping[str, Any]], folder: Path, *, by: str) -> list[Source]:
    """Keep sources whose places all answer, or none of them. Raises SourceError when one does not."""
    listed = list(made)
    if not listed:
        raise DefinitionError("There is nothing to keep.", faults=())
    for data in listed:
        look(data, folder)
    with transaction.atomic():
        return [sources.define(dict(data), folder=folder, by=by) for data in listed]
