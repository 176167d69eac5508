"""JSON Schemas that strangers write, kept harmless: nothing is fetched, patterns are linear, size and depth bounded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

LARGEST, DEEPEST, UNFOLDED = 65_536, 24, 20_000  # bytes of a schema, its levels, its nodes once references are followed
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_REFS = ("$ref", "$dynamicRef", "$recursiveRef")


def judge(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Return ``schema``, which has no ``fault``, compiled."""
    return jsonschema_rs.Draft202012Validator(
        dict(schema),
        validate_formats=True,
        offline=True,
        pattern_options=jsonschema_rs.RegexOptions(size_limit=200_000, dfa_size_limit=500_000),
    )


def fault(schema: Mapping[str, Any]) -> str:
    """Return what is wrong with ``schema`` in one sentence, nothing when it may be used."""
    if _depth(schema) > DEEPEST:
        return f"a schema has at most {DEEPEST} levels"
    if len(json.dumps(schema, default=str)) > LARGEST:
        return f"a schema has at most {LARGEST} bytes"
    if str(schema.get("$schema", _DRAFT)).rstrip("#") != _DRAFT:
        return "the schema is of another draft than 2020-12"
    for place, reference in _references(schema):
        if place != "$ref" or not (reference == "#" or reference.startswith("#/")):
            return "a $ref leads to #/$defs/… of the same schema, and nowhere else"
    try:
        if _unfolded(schema, schema, ()) > UNFOLDED:
            return f"the schema has more than {UNFOLDED} parts once its references are followed"
    except RecursionError:
        return "a $ref leads back to itself"
    except LookupError as missing:
        return f"a $ref leads to nothing: {missing.args[0]}"
    try:
        judge(schema)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as wrong:
        return str(wrong).split("\n")[0][:200]
    return ""


def _depth(value: Any) -> int:
    """Return how many levels ``value`` has, or one more than allowed."""
    level, held = 0, [value]
    while held and level <= DEEPEST:
        level += 1
        held = [inner for outer in held for inner in _inside(outer) if isinstance(inner, dict | list)]
    return level


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _REFS and isinstance(inner, str):
                yield key, inner
            if key in ("$id", "$anchor", "$dynamicAnchor") and isinstance(inner, str):
                yield key, inner
    for inner in _inside(value):
        yield from _references(inner)


def _unfolded(value: Any, whole: Mapping[str, Any], through: tuple[str, ...]) -> int:
    """Return how many parts ``value`` has, its references followed. Raises RecursionError, LookupError."""
    count = 1
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str):
            if reference in through:
                raise RecursionError
            count += _unfolded(_at(whole, reference), whole, (*through, reference))
    for inner in _inside(value):
        if isinstance(inner, Mapping | list):
            count += _unfolded(inner, whole, through)
        if count > UNFOLDED:
            return count
    return count


def _at(whole: Any, reference: str) -> Any:
    held = whole
    for step in reference.removeprefix("#").split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        try:
            held = held[int(step)] if isinstance(held, list) else held[step]
        except (LookupError, ValueError, TypeError):
            raise LookupError(reference) from None
    return held
