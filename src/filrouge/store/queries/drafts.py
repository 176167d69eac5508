"""Sources being prepared, as those who act for their brand may see them."""

from __future__ import annotations

import uuid

from filrouge.base.errors import NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import Sight
from filrouge.domain.sources.spec import Cell
from filrouge.store.models import Brand, Job, SourceDraft
from filrouge.store.queries.sources import entities_told

KEEPERS = ("engineer",)
SIGHTS: tuple[Sight, ...] = ("show", "mask", "hide")


def brands_of(draft: SourceDraft) -> tuple[str, ...]:
    """Return the brands that its rows are told to be of: one, or those that the values of a column name."""
    cell = draft.spec.get("brand")
    if not isinstance(cell, dict) or cell.get("const"):
        return (draft.brand,)
    named = {*(cell.get("values") or {}).values(), cell.get("default")}
    return tuple(sorted(one for one in named if one)) or (draft.brand,)


def entities_of(draft: SourceDraft) -> frozenset[str]:
    """Return the entities that its rows are told to be of: one, or those of the brands that a column names."""
    cell = draft.spec.get("entity", draft.entity)
    return entities_told(Cell.model_validate({"const": cell} if isinstance(cell, str) else cell))


def acts(draft: SourceDraft, caller: Caller) -> bool:
    """Tell whether the caller acts for all that it holds: the whole of its entities where a column tells the brand."""
    return all(caller.perimeter.acts(*pair, *KEEPERS) for pair in _pairs(draft))


def sight(draft: SourceDraft, caller: Caller, sensitivity: str, category: str = "identity") -> Sight:
    """Return how the caller sees a value of its rows: the least open of what holds for each of its entities."""
    return max((caller.perimeter.sight(sensitivity, *pair, category) for pair in _pairs(draft)), key=SIGHTS.index)


def brands(caller: Caller) -> list[Brand]:
    """Return the brands for which the caller may bring files."""
    rows = Brand.objects.select_related("entity")
    return [row for row in rows if caller.perimeter.acts(str(row.entity.slug), row.slug, *KEEPERS)]


def drafts(caller: Caller) -> list[SourceDraft]:
    """Return the sources being prepared for what the caller acts for, the last touched first."""
    rows = SourceDraft.objects.exclude(state=SourceDraft.State.DONE)
    return [row for row in rows if acts(row, caller)]


def draft(key: str, caller: Caller) -> SourceDraft:
    """Return one. Raises NotFound when there is none, or none of theirs."""
    try:
        found = SourceDraft.objects.select_related("run").filter(pk=uuid.UUID(key)).first()
    except ValueError:
        found = None
    if found is None or not acts(found, caller):
        raise NotFound("This file is no longer here.", hint="Bring it again.")
    return found


def job(draft: SourceDraft) -> Job | None:
    """Return the last job that tried or imported it."""
    keys = [f"trial {draft.pk}", f"bring {draft.pk}"]
    return Job.objects.filter(key__in=keys).order_by("-created_at").first()


def profiling(draft: SourceDraft) -> bool:
    """Tell whether all of its rows are still to be counted, or being counted."""
    return Job.objects.filter(key=f"profile {draft.pk}", state__in=("waiting", "running")).exists()


def opened(caller: Caller) -> dict[str, bool]:
    """Tell of each brand whether the caller may see its people one by one."""
    rows = Brand.objects.select_related("entity")
    return {row.slug: caller.perimeter.sees(str(row.entity.slug), row.slug) for row in rows}


def everywhere(caller: Caller) -> bool:
    """Tell whether the caller may see the people of every brand one by one."""
    return caller.perimeter.everything or all(opened(caller).values())


def shown(draft: SourceDraft, caller: Caller) -> bool:
    """Tell whether the caller reads in clear, by a role held there, what the cells of a file hold."""
    return sight(draft, caller, "contact") == "show"


def _pairs(draft: SourceDraft) -> list[tuple[str, str]]:
    """Return the entities and brands for which a draft is acted; "" where a column tells the brand, as of a source."""
    cell = draft.spec.get("brand")
    brand = "" if isinstance(cell, dict) and not cell.get("const") else draft.brand
    return [(entity, brand) for entity in sorted(entities_of(draft))]
