"""What a rule may speak of: fields by table, their type, what may be asked of each, and how careful one must be.

The builder's screen and the API read this catalogue; a door puts ``words`` (a code such as ``orders.total``) into the
reader's language. A field that is not here does not exist for a rule, whatever the lake holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from filrouge.tables.base import Sensitivity

Type = Literal["text", "code", "number", "money", "day", "moment", "yes_no", "property"]

_TEXT = ("is", "is_not", "one_of", "none_of", "contains", "not_contains", "starts_with", "ends_with", "empty", "filled")
_CODE = ("is", "is_not", "one_of", "none_of", "empty", "filled")
_SIZE = ("is", "is_not", "at_least", "at_most", "above", "below", "empty", "filled")
_TIME = ("before", "after", "within_last", "longer_ago", "within_next", "empty", "filled")
# What may be asked of a value, by its type. ``before`` and ``after`` take a day, the others of time a number of days.
OPERATORS: Mapping[Type, tuple[str, ...]] = {
    "text": _TEXT,
    "code": (*_CODE, "contains", "starts_with"),
    "number": _SIZE,
    "money": _SIZE,
    "day": ("is", "anniversary", *_TIME),
    "moment": _TIME,
    "yes_no": ("is",),
    "property": (*_TEXT, "at_least", "at_most", "above", "below"),
}
# Those that also hold of whoever has no value at all: each is the contrary of another.
CONTRARY: Mapping[str, str] = {"is_not": "is", "none_of": "one_of", "not_contains": "contains", "empty": "filled"}
WITHOUT_VALUE = ("empty", "filled")
OF_DAYS = ("within_last", "longer_ago", "within_next", "anniversary")


@dataclass(frozen=True)
class Field:
    """One field of one table: its type, and the values that are known of it when they are few."""

    on: str
    name: str
    type: Type
    choices: tuple[str, ...] = ()
    sensitivity: Sensitivity = "none"
    attribute: str = ""  # of a person: the attribute among golden values that holds it

    @property
    def operators(self) -> tuple[str, ...]:
        return OPERATORS[self.type]

    @property
    def words(self) -> str:
        """The code that doors put into words."""
        return f"{self.on}.{self.name}"

    @property
    def folded(self) -> bool:
        """Tell whether case and accents do not count."""
        return self.type == "text"

    def plain(self) -> dict[str, Any]:
        """Return the field as the API tells it."""
        return {
            "on": self.on, "name": self.name, "type": self.type, "operators": list(self.operators),
            "choices": list(self.choices), "sensitivity": self.sensitivity, "words": self.words,
        }  # fmt: skip


def _person(name: str, kind: Type, attribute: str = "", **more: Any) -> Field:
    return Field("person", name, kind, attribute=attribute or name, **{"sensitivity": "personal", **more})


_PERSON = (
    _person("given_name", "text"),
    _person("family_name", "text"),
    _person("full_name", "text"),
    _person("birth_name", "text"),
    _person("title", "text"),
    _person("sex", "text"),
    _person("language", "text"),
    _person("country", "text"),
    _person("city", "text", "address"),
    _person("birth_date", "day"),
    _person("age", "number", "birth_date"),
    _person("postcode", "text", "address", sensitivity="contact"),
    _person("address_line", "text", "address", sensitivity="contact"),
    _person("email", "text", sensitivity="contact"),
    _person("phone", "text", sensitivity="contact"),
    _person("loyalty_id", "text", sensitivity="internal"),
    _person("company", "text", sensitivity="internal"),
    _person("deceased", "yes_no", "-"),
    _person("known_since", "moment", "-", sensitivity="none"),
)
_ORIGIN: tuple[tuple[str, Type], ...] = (("entity", "code"), ("brand", "code"), ("source", "code"))
_CHANNELS = ("email", "sms", "phone", "push", "post", "ads", "web")
_SALES = ("web", "till", "click_and_collect", "drive", "app")


def _of(on: str, *fields: tuple[Any, ...]) -> tuple[Field, ...]:
    return tuple(Field(on, *said) for said in (*fields, *_ORIGIN))


_TABLES: Mapping[str, tuple[Field, ...]] = {
    "events": _of(
        "events", ("name", "code"), ("type", "code", ("identify", "track", "page", "screen", "group", "alias")),
        ("topic", "text"), ("title", "text", (), "opinion"), ("url", "code", (), "opinion"),
    ),
    "orders": _of(
        "orders", ("total", "money", (), "money"), ("currency", "code"), ("sales_channel", "code", _SALES),
        ("status", "code"), ("promotion_code", "code"),
    ),
    "order_lines": _of(
        "order_lines", ("offer", "text"), ("sku", "code"), ("quantity", "number"), ("price", "money", (), "money"),
        ("discount", "money", (), "money"), ("currency", "code"), ("promotion_code", "code"),
        ("order_ref", "code", (), "internal"),
    ),
    "contracts": _of(
        "contracts", ("running", "yes_no"), ("offer", "text"), ("term", "code"), ("price", "money", (), "money"),
        ("currency", "code"), ("started_at", "moment"), ("renews_at", "moment"), ("ended_at", "moment"),
        ("end_reason", "code", ("wanted", "payment", "other")), ("sales_channel", "code"),
        ("acquisition_channel", "code"),
    ),
    "contacts": _of(
        "contacts", ("channel", "code", _CHANNELS), ("kind", "code", ("service", "marketing")),
        ("outcome", "code", ("delivered", "opened", "clicked", "bounced", "unsubscribed", "complained")),
        ("campaign", "text"),
    ),
    "interactions": _of(
        "interactions", ("kind", "code", ("ticket", "complaint", "message", "call", "visit", "registration")),
        ("channel", "code"), ("direction", "code", ("in", "out")), ("status", "code"), ("disposition", "code"),
        ("duration_s", "number"),
    ),
}  # fmt: skip
_SCORES = (
    Field("score", "value", "number"),
    Field("score", "band", "code", ("low", "medium", "high")),
    Field("score", "trend", "number"),
    Field("score", "stale", "yes_no"),
    Field("score", "model", "code"),
)
# The dates by which the rows of a table may be placed in time, the usual one first.
DATES: Mapping[str, tuple[str, ...]] = {
    "events": ("at",), "orders": ("ordered_at",), "order_lines": ("ordered_at",),
    "contracts": ("started_at", "renews_at", "ended_at"), "contacts": ("at",), "interactions": ("at",),
}  # fmt: skip
HAPPENED = tuple(DATES)
CATALOGUE: Mapping[str, Mapping[str, Field]] = {
    on: {field.name: field for field in fields}
    for on, fields in {"person": _PERSON, "score": _SCORES, **_TABLES}.items()
}
PROPERTY = "properties."
# A property's name, its parts separated by dots: no sign that a path of any engine gives a meaning to.
_PART = re.compile(r"[\w\- :€%+]{1,100}")
DEEPEST = 5


def field(on: str, name: str) -> Field | None:
    """Return the field called ``name`` of ``on`` (person, score or a table), None when there is none."""
    if on == "events" and name.startswith(PROPERTY):
        return Field("events", name, "property", (), "opinion") if path(name) else None
    return CATALOGUE.get(on, {}).get(name)


def path(name: str) -> tuple[str, ...]:
    """Return the steps to the property that ``name`` (``properties.a.b``) leads to; none when it cannot be named."""
    parts = tuple(name.removeprefix(PROPERTY).split("."))
    return parts if len(parts) <= DEEPEST and all(_PART.fullmatch(part) for part in parts) else ()


def plain() -> dict[str, Any]:
    """Return the whole catalogue, as the builder and the API read it."""
    return {
        "fields": [field.plain() for fields in CATALOGUE.values() for field in fields.values()],
        "operators": {kind: list(words) for kind, words in OPERATORS.items()},
        "dates": {on: list(names) for on, names in DATES.items()},
    }
