"""Corrections of an event that was set aside: fields set, renamed, removed or converted; then it is judged anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from filrouge.base.errors import UsageError
from filrouge.domain.events.checking import Checker, name_of
from filrouge.domain.events.parse import KINDS, UNUSED, Received, Unreadable, kept_letters, parse
from filrouge.domain.events.verdicts import Reason

OPERATIONS = ("set", "rename", "remove", "convert", "letters")
TYPES = ("string", "integer", "number", "boolean")
MOST, LONGEST, DEEPEST = 20, 500, 20  # edits at a time, characters of a path, its steps
KeyOf = Callable[[str], int]  # the key of the event of an id
_yes, _no = frozenset({"true", "1", "yes", "oui", "vrai"}), frozenset({"false", "0", "no", "non", "faux"})
_spaces = re.compile(r"[\s\u00a0\u202f]+")


@dataclass(frozen=True)
class Edit:
    """One change. ``path``: fields from the top, by dots, or a JSON Pointer; ``to``: the new path, or the type.

    ``letters`` has no path: it replaces everywhere what cannot be kept (half letters, NUL).
    """

    operation: Literal["set", "rename", "remove", "convert", "letters"]
    path: str = ""
    value: Any = None
    to: str = ""

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise UsageError("No correction is called {name}.", hint="Choose one of the list.", name=self.operation)
        if self.operation == "letters":
            return
        _steps(self.path)
        if self.operation == "rename":
            _steps(self.to)
        if self.operation == "convert" and self.to not in TYPES:
            raise UsageError("A value is converted into text, a number or yes and no.", hint="Choose one of the list.")


def corrected(raw: str, edits: Sequence[Edit]) -> bytes:
    """Return the event ``raw`` with ``edits`` made in order; an edit that finds nothing to change changes nothing."""
    body = raw.encode("utf-8", "surrogatepass")
    if any(edit.operation == "letters" for edit in edits):
        body = kept_letters(body)
    if all(edit.operation == "letters" for edit in edits):
        return body
    try:
        event = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body
    if not isinstance(event, dict):
        return body
    for edit in edits:
        _edit(event, edit)
    return msgspec.json.encode(event)


def judged(
    body: bytes, *, kind: str, received: datetime, message_id: str, key: int, key_of: KeyOf, checker: Checker
) -> tuple[Received, Reason | None]:
    """Return an event as the collector and the plan judge it, and why it still is set aside, if it is.

    It keeps the id by which it was set aside (``message_id``), so that corrected twice it is one event; one that was
    set aside without any is given one made of its ``key``.
    """
    body = _with_type(body, kind)
    try:
        (one,) = parse(body, kind="", received=received).events
    except Unreadable as wrong:
        code = "too_deep" if wrong.code == "too_deep" else "not_an_object"
        return Received("", kind, body, received), Reason(code, {"most": 0})
    if one.reason is not None:
        return one, one.reason
    event = msgspec.json.decode(body)
    if key_of(one.message_id) != key:
        event["messageId"] = message_id if key_of(message_id) == key else f"corrected-{key:015x}"
        one = Received(event["messageId"], one.kind, msgspec.json.encode(event), one.at)
    return one, checker.check(one.kind, name_of(one.kind, event), event)


def _with_type(body: bytes, kind: str) -> bytes:
    """Return the event with its type said, as the address that it was sent to said it."""
    try:
        event = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body
    if not isinstance(event, dict) or event.get("type") or kind not in (*KINDS, *UNUSED):
        return body
    return msgspec.json.encode(event | {"type": kind})


def _edit(event: dict[str, Any], edit: Edit) -> None:
    if edit.operation == "letters":
        return
    steps = _steps(edit.path)
    if edit.operation == "set":
        _put(event, steps, edit.value)
        return
    place = _place(event, steps[:-1])
    if place is None or steps[-1] not in place:
        return
    if edit.operation == "remove":
        del place[steps[-1]]
    elif edit.operation == "rename":
        if edit.to != edit.path:
            _put(event, _steps(edit.to), place.pop(steps[-1]))
    else:
        place[steps[-1]] = _converted(place[steps[-1]], edit.to)


def _steps(path: str) -> list[str]:
    """Return the fields that ``path`` names from the top. Raises UsageError when it names none."""
    if path.startswith("/"):
        steps = [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]
    else:
        steps = path.strip().split(".")
    if not all(steps) or len(path) > LONGEST or len(steps) > DEEPEST:
        raise UsageError(
            "This is not the path of a field.",
            hint="Write the fields from the top, separated by dots: properties.price.",
        )
    return steps


def _place(event: Mapping[str, Any], steps: Sequence[str]) -> dict[str, Any] | None:
    held: Any = event
    for step in steps:
        held = held.get(step) if isinstance(held, dict) else None
    return held if isinstance(held, dict) else None


def _put(event: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    for step in steps[:-1]:
        if not isinstance(event.get(step), dict):
            event[step] = {}
        event = event[step]
    event[steps[-1]] = value


def _converted(value: Any, to: str) -> Any:
    """Return ``value`` as what it should be; itself when it cannot be."""
    if to == "string":
        if isinstance(value, dict | list) or value is None:
            return value
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if to == "boolean":
        said = str(value).strip().casefold()
        return True if said in _yes else False if said in _no else value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        said = _spaces.sub("", value)
        said = said.replace(",", ".") if said.count(",") == 1 and "." not in said else said
        try:
            number: Any = int(said) if re.fullmatch(r"[+-]?\d{1,18}", said) else float(said)
        except ValueError:
            return value
        if number != number or number in (float("inf"), float("-inf")):
            return value
        value = number
    if to == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def typed(text: str) -> Any:
    """Return what somebody typed for a value: JSON if it is some, else a text."""
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return text
    return value
