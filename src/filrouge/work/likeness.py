"""A file that looks like one already read: what its columns said there is proposed, consents included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from filrouge.connect.guess import KINDS
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.fitting import fitted
from filrouge.store.models import Source
from filrouge.store.queries.drafts import KEEPERS
from filrouge.store.queries.sources import acts, entities_named

ENOUGH = 3  # columns read; fewer are no likeness
TAKEN = ("reads", "key", "map", "consents", "required", "rules", "never_kept", "kept", "rank", "one_each")


def alike(asking: Caller, data: Mapping[str, Any], names: Iterable[str]) -> Source | None:
    """Return the source whose columns a file has, of those the caller acts for: the one that reads most of them.

    Of the same brand first, then of the same entity; None when no source reads enough of these columns.
    """
    held, best, most = set(names), None, (0, False, False)
    kinds = set(KINDS.values())
    for source in Source.objects.filter(kind__in=kinds).order_by("created_at"):
        if not acts(source, asking, *KEEPERS):
            continue
        read = set(SourceSpec.parse(source.spec, what=source.name).columns())
        if len(read) < ENOUGH or not read <= held:
            continue
        near = (len(read), source.brand in ("", data["brand"]), data["entity"] in entities_named(source))
        if near >= most:
            best, most = source, near
    return best


def taken(data: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """Return the definition ``data`` of a file with what its columns say in ``source``.

    What names the records of another source stays within its entity, with what is required or ruled of it; of rows that
    are kept as whole objects, no column is never kept. A column tells the brand as it does there, within its entities.
    """
    spec = SourceSpec.parse(source.spec, what=source.name)
    told = {name: value for name, value in spec.dump().items() if name in TAKEN}
    within = data["entity"] in entities_named(source)
    if not within:
        told["map"] = {name: cell for name, cell in told["map"].items() if not cell.get("of")}
        told["rules"] = [rule for rule in told.get("rules", ()) if not rule.get("of")]
    ways = {name: value for name, value in spec.dump().get("format", {}).items() if name in ("date", "decimal", "zone")}
    if within and not source.brand:
        told |= {"brand": spec.dump()["brand"]} | ({} if source.entity else {"entity": spec.dump()["entity"]})
    kept = {name: value for name, value in data.items() if name not in TAKEN}
    made = {**kept, **told, "format": {**data.get("format", {}), **ways}}
    return fitted({name: value for name, value in made.items() if value or name in ("format", "key", "map")})
