"""What a push may give of each person: the address of its channel and no other, and what says who it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from filrouge.tables.base import Sensitivity


@dataclass(frozen=True)
class Given:
    """One column: the attribute that holds it (empty when it is no attribute), how careful one must be, by whom it
    reaches: the channels for which it may leave (none named: all).
    """

    name: str
    attribute: str = ""
    sensitivity: Sensitivity = "personal"
    channels: tuple[str, ...] = ()


COLUMNS: Mapping[str, Given] = {
    one.name: one
    for one in (
        Given("id", sensitivity="none"),
        Given("title", "title"),
        Given("given_name", "given_name"),
        Given("family_name", "family_name"),
        Given("full_name", "full_name"),
        Given("email", "email", "contact", ("email", "ads")),
        Given("phone", "phone", "contact", ("sms", "phone", "ads")),
        Given("address_line", "address", "contact", ("post",)),
        Given("postcode", "address", "contact", ("post",)),
        Given("city", "address"),
        Given("country", "country"),
        Given("language", "language"),
        Given("brands", sensitivity="none"),
        Given("reason", sensitivity="none"),
    )
}
KEYS = ("id", "email", "phone")  # by which a destination may know somebody
# Channel -> the attribute without which it reaches nobody.
REACH: Mapping[str, str] = {"email": "email", "sms": "phone", "phone": "phone", "post": "address_line"}


def choosable(channel: str) -> tuple[str, ...]:
    """Return the columns that may be chosen for ``channel``."""
    return tuple(name for name, one in COLUMNS.items() if not one.channels or channel in one.channels)


def faults(columns: Sequence[str], key: str, channel: str) -> list[str]:
    """Return what is wrong with the columns of a push, as ``where: what``; nothing when they will do."""
    able = choosable(channel)
    found = [f"columns: there is no column {name[:40]}" for name in columns if name not in COLUMNS]
    found += [
        f"columns: {name} does not leave for the channel {channel}"
        for name in columns
        if name in COLUMNS and name not in able
    ]
    if len(set(columns)) < len(columns):
        found.append("columns: one stands twice")
    if key not in KEYS:
        found.append(f"key: a destination knows people by one of {', '.join(KEYS)}")
    elif key not in columns:
        found.append(f"key: {key} is not among the columns")
    return found
