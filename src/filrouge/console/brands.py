"""Names and colours of brands and entities, as the group declares them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BrandMark:
    """How a brand is named and coloured."""

    name: str
    colour: str


def brand(slug: str) -> BrandMark:
    """Return the mark of a brand; one that is not declared is named by its slug, in grey."""
    known = _marks().get(slug)
    return known or BrandMark(slug.replace("-", " ").title(), "#8a8a8a")


def entity(slug: str) -> str:
    """Return the name of a legal entity."""
    return _entities().get(slug, slug.replace("-", " ").title())


def _marks() -> dict[str, BrandMark]:
    return {}


def _entities() -> dict[str, str]:
    return {}
