"""What an export of people may be for, and what a line of it holds: the address of the channel asked for, no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from filrouge.base.cells import neutral
from filrouge.domain.identity.keys import phone_key
from filrouge.domain.profiles.facts import PersonView

# Role -> the purposes for which it may take people out of the product.
PURPOSES: Mapping[str, tuple[str, ...]] = {
    "advisor": ("service", "contract"),
    "sales": ("service", "contract", "marketing"),
    "marketer": ("marketing", "audience", "profiling", "personalisation"),
    "finance": ("contract",),
    "privacy": ("service", "contract", "research"),
    "engineer": ("service",),
    "analyst": ("analytics", "research", "profiling"),
    "administrator": ("service", "contract", "marketing", "audience", "profiling", "personalisation", "analytics",
                      "research"),
}  # fmt: skip
# What an export shows in clear to a role that sees it masked: one reaches nobody by a masked address. It has its
# reason, the purpose, and its audit line; the column of the channel asked for is the only one in it.
_REVEALS = frozenset({("marketer", "marketing"), ("marketer", "audience"), ("finance", "contract")})
# Channel -> the columns by which it reaches somebody.
_REACH: Mapping[str, tuple[str, ...]] = {
    "email": ("email",),
    "sms": ("phone",),
    "phone": ("phone",),
    "post": ("address_line", "postcode", "city", "country"),
}
_WHO = ("id", "given_name", "family_name")


def purposes(roles: Iterable[str]) -> tuple[str, ...]:
    """Return the purposes for which holders of ``roles`` may export, each once."""
    return tuple(dict.fromkeys(purpose for role in sorted(roles) for purpose in PURPOSES.get(role, ())))


def reveals(roles: Iterable[str], purpose: str) -> bool:
    """Tell whether an export for ``purpose`` shows in clear how to reach people to ``roles`` that see it masked."""
    return any((role, purpose) in _REVEALS for role in roles)


def columns(channel: str) -> tuple[str, ...]:
    """Return the columns of an export for ``channel``: who, how to reach them by it, which brands, and why one may."""
    return (*_WHO, *_REACH.get(channel, ("city",)), "brands", "reason")


def reachable(seen: PersonView, channel: str) -> bool:
    """Tell whether anything is known by which ``channel`` could reach a person, as far as the viewer may see."""
    wanted = _REACH.get(channel)
    return wanted is None or ("address" if channel == "post" else wanted[0]) in seen.attributes


def line(seen: PersonView, reason: str, wanted: Iterable[str], *, brand: Callable[[str], str]) -> list[str]:
    """Return one person's cells, safe to open in a spreadsheet.

    ``reason`` is the word for why they may be reached, ``brand`` says the name of one.
    """
    values = {name: attribute.best.value for name, attribute in seen.attributes.items()}
    if not values.get("given_name") and not values.get("family_name"):
        values["family_name"] = values.get("full_name", "")
    values |= _address(values.get("address", ""))
    # 00 in place of +, which a spreadsheet would take for a formula
    if number := phone_key(values.get("phone", "")):
        values["phone"] = f"00{number[1:]}"
    values |= {"id": seen.id, "brands": ", ".join(map(brand, seen.brands)), "reason": reason}
    return [neutral(values.get(name, "")) for name in wanted]


def _address(value: str) -> dict[str, str]:
    """Return the parts of an address kept as JSON; a masked one is no JSON and has none."""
    try:
        parts = json.loads(value) if value else {}
    except ValueError:
        return {}
    return {key: str(part) for key, part in parts.items() if part} if isinstance(parts, dict) else {}
