"""Who asks: a signed-in user, an API key, or whoever owns the machine."""

from __future__ import annotations

from dataclasses import dataclass

from filrouge.domain.privacy.perimeter import EVERYTHING, PAGE_ROLES, Perimeter


@dataclass(frozen=True)
class Caller:
    """Someone who asks: the word that the audit keeps, and what they may see. ``scopes`` narrows an API key."""

    by: str
    perimeter: Perimeter
    name: str = ""
    user_id: str = ""
    scopes: frozenset[str] | None = None
    language: str = "fr"

    @property
    def roles(self) -> frozenset[str]:
        return self.perimeter.roles

    @property
    def administrator(self) -> bool:
        return self.perimeter.everything or "administrator" in self.roles

    def has(self, *roles: str) -> bool:
        """Tell whether the caller holds one of ``roles``, or administers."""
        return self.administrator or bool(self.roles & set(roles))

    def opens_pages(self) -> bool:
        """Tell whether the caller may open one person's page."""
        return self.administrator or bool(self.roles & PAGE_ROLES)


OWNER = Caller(by="owner of this machine", perimeter=EVERYTHING, name="owner")
