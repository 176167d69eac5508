"""A newer file of a source whose files are brought by hand: read as the one before, by the columns that it has now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filrouge.base import settings
from filrouge.base.errors import NotFound, SourceError, UsageError
from filrouge.connect.guess import TOP, conventions
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec, reshaping
from filrouge.domain.sources.meaning import Held
from filrouge.domain.sources.shapes import changes
from filrouge.domain.sources.spec import WHOLE
from filrouge.store.models import Source
from filrouge.store.queries.drafts import KEEPERS
from filrouge.store.queries.sources import acts, entities_named, source_of
from filrouge.work import files, shapes


def brought(source: Source) -> bool:
    """Tell whether the file of a source was brought: nothing reads it again, a newer one may be brought."""
    return Path(source.spec.get("place", "")).is_relative_to(settings.get().home / "brought")


def brand_of(asking: Caller, name: str) -> str:
    """Return a brand for which a newer file of a source is brought: its own, or one that a column of it tells; "" when
    there is no such source for the caller."""
    row = Source.objects.filter(name=name).first()
    if row is None or not acts(row, asking, *KEEPERS):
        return ""
    cell = SourceSpec.parse(row.spec, what=name).brand
    return row.brand or next((one for one in (*(cell.values or {}).values(), cell.default) if one), "")


def taken_over(asking: Caller, name: str, entity: str, brand: str) -> dict[str, Any]:
    """Return the definition of a source of a file that was brought, without where and how the file was written.

    Raises NotFound, and UsageError when it is of another brand; where a column tells the brand, any of its entity does.
    """
    row = source_of(name, asking)
    if not brought(row) or not acts(row, asking, *KEEPERS):
        raise NotFound("No source is called {name}.", name=name)
    if entity not in entities_named(row) or row.brand not in ("", brand):
        raise UsageError(
            "{name} is of another brand.", hint="Choose its brand, or bring the file by itself.", name=name
        )
    data = SourceSpec.parse(row.spec, what=name).dump()
    ways = {name: value for name, value in data.get("format", {}).items() if name in ("date", "decimal", "zone")}
    return {name: value for name, value in data.items() if name not in ("place", "kind")} | {
        "format": ways, **({"entity": entity} if row.entity else {}), **({"brand": brand} if row.brand else {}),
    }  # fmt: skip


def as_before(
    path: Path, data: dict[str, Any], *, kind: str = "", form: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], Sequence[Held], list[dict[str, Any]]]:
    """Return the definition of a newer file, what its columns hold, and the columns that it lacks, each with its heir.

    Their names stand where most of those known are, and it is written as found out, unless ``kind`` and ``form`` say
    so; what is never kept is not kept under another name either. Raises UsageError when what names its rows is in none,
    or when its rows are kept whole and a column may not be.
    """
    best: tuple[set[str], dict[str, Any], tuple[Held, ...]] | None = None
    rows = (None, *range(1, TOP + 1))
    ways = [(kind, form)] if form is not None else (conventions(path, header_row=row) for row in rows)
    for way, seen in ways:
        if way in WHOLE and data.get("never_kept"):
            raise UsageError(
                "A column of this source is never kept, and the rows of such a file are kept whole.",
                hint="Bring a file with the same columns, as CSV or as a workbook.",
            )
        given = {**seen, **data["format"]} if form is None else {**data["format"], **seen}
        made = {**data, "kind": way, "place": str(path), "format": given}
        wanted = set(SourceSpec.parse(made, what=data["source"]).columns())
        try:
            looked = files.held(made, path)
        except SourceError:
            continue
        lacks = wanted - {one.name for one in looked}
        if not lacks:
            return _spared(made, looked), looked, []
        if len(lacks) < len(wanted) and (best is None or len(lacks) < len(best[0])):
            best = lacks, made, looked
    if best is None:
        raise UsageError(
            "This file has none of the columns that the source reads.",
            hint="Bring a file with the same columns, or bring it by itself.",
        )
    _, made, looked = best
    now_read, changed = _otherwise(made, looked)
    return _spared(now_read, looked), looked, changed


def _spared(data: dict[str, Any], looked: Sequence[Held]) -> dict[str, Any]:
    """Return the definition with the columns that are, under another name, those that are never kept."""
    spec = SourceSpec.parse(data, what=data["source"])
    if not spec.never_kept:
        return data
    last = shapes.last_good(Source.objects.get(name=spec.source))
    anew = reshaping.unkept_anew(last.shape if last else shapes.of_names(spec), shapes.of_held(looked), spec)
    return data | {"never_kept": [*spec.never_kept, *anew]}


def _otherwise(data: dict[str, Any], looked: Sequence[Held]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the definition by the columns that a newer file has, and what became of each that it lacks."""
    spec = SourceSpec.parse(data, what=data["source"])
    last = shapes.last_good(Source.objects.get(name=spec.source))
    now = shapes.of_held(looked)
    before = last.shape if last else shapes.of_names(spec)
    found = reshaping.proposed(before, now, changes(before, now, spec), spec)
    lost = [one.column for one in found if not one.sure and reshaping.vital(spec, one.column)]
    if lost:
        raise UsageError(
            "This file lacks columns that the source reads: {names}.",
            hint="Bring a file with the same columns, or bring it by itself.", names=", ".join(lost),
        )  # fmt: skip
    choice = reshaping.Choice({one.column: one.way for one in found})
    told = [
        {"column": one.column, "to": list(one.way.to), "sure": one.sure, "because": list(one.because)} for one in found
    ]
    return reshaping.reshaped(spec, choice), told
