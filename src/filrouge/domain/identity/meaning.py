"""Which columns of an unknown table of people identity compares, and as what."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from filrouge.domain.sources.meaning import Held, Meant, meant

# What is compared of a person, and the column of person_records that it makes; the rest may be compared as it is.
_MAKES = {
    "email": "email", "phone": "phone", "birth_date": "birth_date", "birth_name": "birth_name",
    "national_id": "national_id", "loyalty_id": "loyalty_id", "full_name": "full_name", "given_name": "given_name",
    "family_name": "family_name", "title": "title", "sex": "sex", "house": "house", "postcode": "postcode",
    "city": "city", "birth_place": "city", "address_line": "address_line", "address_more": "address_more",
    "state": "state", "country": "country", "language": "language", "company": "company", "source": "source",
}  # fmt: skip
_SEVERAL = frozenset({"address_line", "address_more", "state"})  # several columns may make one of these
_EXTRA_VALUES = 2  # a further column is compared only if it holds at least so many values


@dataclass(frozen=True)
class Meaning:
    """column of person_records -> columns of the table that make it; the rest compared as they are, or passed over."""

    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def within(self, most: int) -> Meaning:
        """Return the meaning with ``most`` extras at most, those that come first; the others are passed over."""
        return replace(self, extras=self.extras[:most], ignored=(*self.ignored, *self.extras[most:]))


def guess(columns: list[Held], *, never: set[str]) -> Meaning:
    """Return what identity makes of the columns; those named in ``never`` (truth, identifiers) are not looked at."""
    found: dict[str, list[str]] = {}
    extras, ignored = [], []
    waiting: list[tuple[Held, Meant]] = []
    for held in columns:
        if held.name in never:
            continue
        told = meant(held)
        makes = _MAKES.get(told.meaning)
        if told.meaning == "identifier" or held.distinct == 0:
            ignored.append(held.name)
        elif makes is None or told.by not in ("name", "both") or (makes not in _SEVERAL and makes in found):
            waiting.append((held, told))
        else:
            found.setdefault(makes, []).append(held.name)
    for held, told in waiting:
        makes = _MAKES.get(told.meaning)
        if makes is not None and told.by == "values" and makes not in found:
            found.setdefault(makes, []).append(held.name)
        elif held.distinct >= _EXTRA_VALUES and held.filled >= 0.05 and makes != "full_name":
            extras.append(held.name)
        else:
            ignored.append(held.name)
    if "given_name" in found and "family_name" in found:
        ignored += found.pop("full_name", [])
    for spare in ("state", "address_more", "country", "language", "title", "company"):
        extras += found.pop(spare, [])
    made = {name: tuple(names) for name, names in found.items() if name not in ("house", "address_line", "national_id")}
    if "address_line" in found:
        made["address_line"] = tuple(found.get("house", []) + found["address_line"])
    elif "house" in found:
        extras += found["house"]
    if "national_id" in found:
        if "loyalty_id" in made:
            extras += found["national_id"]
        else:
            made["loyalty_id"] = tuple(found["national_id"])
    return Meaning(made, tuple(extras), tuple(ignored))
