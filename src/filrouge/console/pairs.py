"""Two records side by side: each attribute that one of them gives, and whether the two agree."""

from __future__ import annotations

from typing import Any

from filrouge.console import differences, words
from filrouge.console.templatetags.show import said
from filrouge.domain.profiles import ATTRIBUTES, Value
from filrouge.work.reviews import Side

NAMES = ("given_name", "family_name")


def lines(left: Side, right: Side) -> list[dict[str, Any]]:
    """Return the attributes that either record gives, what differs marked letter by letter."""
    told = []
    whole = any("full_name" in side.values and "family_name" not in side.values for side in (left, right))
    for name in (name for name in ATTRIBUTES if name not in (NAMES if whole else ("full_name",))):
        mine, theirs = (_value(side, name) for side in (left, right))
        if not mine and not theirs:
            continue
        one, other = differences.pieces(mine, theirs) if mine and theirs else ([(mine, False)], [(theirs, False)])
        told.append(
            {
                "label": words.say(name, "attribute"),
                "left": one if mine else [],
                "right": other if theirs else [],
                "verdict": differences.verdict(mine, theirs),
            }
        )
    return told


def _value(side: Side, name: str) -> str:
    if name == "full_name" and name not in side.values:  # compared with a side that gives the name in one piece
        return " ".join(side.values[part].value for part in NAMES if part in side.values)
    value = side.values.get(name)
    if value is None:
        return ""
    if name == "company":
        return company(side, value)
    return value.value if value.masked else said(value.value, name)


def company(side: Side, value: Value) -> str:
    """Return the name of a company that a record gives by its number, when the person's roles there tell it."""
    roles = side.person.roles if side.person else ()
    told = {role["name"] for role in roles if (role["entity"], role["brand"]) == (value.entity, value.brand)} - {""}
    return told.pop() if len(told) == 1 else value.value
