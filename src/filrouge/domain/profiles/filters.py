"""What a search for people may be narrowed by: only what an index answers, each within what its viewer may see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from filrouge.base.errors import UsageError
from filrouge.base.text import fold
from filrouge.domain.identity.keys import reference_key
from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.domain.profiles.gather import CATEGORY_OF_KEY

SUBSCRIPTIONS = ("running", "ended")
_POSTCODE = re.compile(r"[0-9][0-9 ]{3,7}|[A-Za-z]{1,2}-?[0-9]{4,5}")


@dataclass(frozen=True)
class Condition:
    """One kind of key that a person has, or must not have."""

    kind: str
    value: str
    absent: bool = False

    @property
    def category(self) -> str:
        return CATEGORY_OF_KEY[self.kind]


@dataclass(frozen=True)
class Filters:
    """A search's filters: ``place`` is a city or a postcode of any known address; an empty one narrows nothing.

    With a brand, every other filter speaks of what that brand knows.
    """

    brand: str = ""
    place: str = ""
    system: str = ""
    subscription: str = ""  # running: one is; ended: there were, none is
    complaint: str = ""  # open

    def __post_init__(self) -> None:
        if self.subscription not in ("", *SUBSCRIPTIONS):
            raise UsageError(
                "A search cannot be narrowed by subscriptions that are {value}.",
                hint="Choose running or ended.", value=self.subscription[:30],
            )  # fmt: skip
        if self.complaint not in ("", "open"):
            raise UsageError(
                "A search cannot be narrowed by complaints that are {value}.", hint="Choose open.",
                value=self.complaint[:30],
            )  # fmt: skip

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Filters:
        """Return the filters among ``asked``. Raises UsageError when one has a value that it cannot have."""
        return cls(**{one.name: asked.get(one.name, "").strip()[:100] for one in fields(cls)})

    @property
    def any(self) -> bool:
        return any(self.plain().values())

    def plain(self) -> dict[str, str]:
        """Return the filters that narrow something, by name."""
        return {one.name: value for one in fields(self) if (value := str(getattr(self, one.name)))}

    def conditions(self, sees: Perimeter) -> list[Condition]:
        """Return what people must have to be found.

        Raises UsageError when a filter asks for what the viewer's role masks.
        """
        found = [Condition("brand", self.brand)] if self.brand else []
        if self.system:
            found.append(Condition("system", self.system))
        if self.place and _POSTCODE.fullmatch(self.place):
            if sees.role_sight("contact") != "show":
                raise UsageError("Your role does not see postcodes.", hint="Give a city instead.")
            found.append(Condition("postcode", reference_key(self.place)))
        elif self.place:
            found.append(Condition("city", city_key(self.place)))
        if self.subscription:
            found.append(Condition("subscription", self.subscription))
        if self.subscription == "ended":
            found.append(Condition("subscription", "running", absent=True))
        if self.complaint:
            found.append(Condition("complaint", self.complaint))
        return found


def city_key(name: str) -> str:
    """Return what makes two spellings of a city's name the same: as ``gather`` writes it."""
    return re.sub(r" cedex.*$", "", fold(name))
