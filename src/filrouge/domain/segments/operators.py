"""What an operator means of one value, one row or one moment: the same as ``conditions`` has it for whole tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from filrouge.domain.segments import conditions as put
from filrouge.domain.segments import fields, texts
from filrouge.domain.segments import spec as said
from filrouge.domain.segments.fields import CONTRARY, OF_DAYS, Field

Row = Mapping[str, Any]


def _lies(moment: datetime, ends: tuple[put.Bound | None, put.Bound | None]) -> bool:
    low, high = ends
    after = low is None or (moment > low[0] if low[1] else moment >= low[0])
    return after and (high is None or (moment < high[0] if high[1] else moment <= high[0]))


def within(moment: datetime | None, window: said.Window, at: datetime) -> bool:
    if moment is None:
        return window.open
    return _lies(moment, put.bounds(window, at))


def dated(moment: datetime, op: str, asked: Any, at: datetime) -> bool:
    if op == "filled":
        return True
    return _lies(moment, put.span(op, asked, at))


def _day(value: str, op: str, asked: Any, at: datetime) -> bool:
    if op == "filled":
        return True
    if op == "is":
        return bool(value == asked)
    if not (len(value) == 10 and value[4] == "-"):
        return False
    if op == "anniversary":
        return value[5:] in put.days_named(asked, at)
    today = put.today(at)
    some = timedelta(days=asked if op in OF_DAYS else 0)
    tests: Mapping[str, Callable[[], bool]] = {
        "before": lambda: value < asked,
        "after": lambda: value > asked,
        "within_last": lambda: (today - some).isoformat() < value <= today.isoformat(),
        "longer_ago": lambda: value <= (today - some).isoformat(),
        "within_next": lambda: today.isoformat() < value <= (today + some).isoformat(),
    }
    return tests[op]()


def known(value: str, name: str, op: str, asked: Any, at: datetime) -> bool:
    found = put.field_of("person", name)
    if name == "age" and op != "filled":
        after, until = put.born(op, asked, at)
        return len(value) == 10 and value[4] == "-" and after < value <= until
    if found.type in ("day", "number"):
        return _day(value, op, asked, at)
    return compared(value, found, op, asked)


def compared(value: Any, asked_of: Field, op: str, asked: Any) -> bool:
    if value is None:
        return False
    if op == "filled":
        return True
    if asked_of.type == "yes_no":
        return bool(value) is asked
    if asked_of.type in ("number", "money") or op in ("at_least", "at_most", "above", "below"):
        return _size(value, asked_of, op, asked)
    if asked_of.type in ("text", "property"):
        value = texts.key(value)
        asked = [texts.key(one) for one in asked] if op == "one_of" else texts.key(asked)
    tests: Mapping[str, Callable[[], bool]] = {
        "is": lambda: value == asked,
        "one_of": lambda: value in asked,
        "contains": lambda: asked in value,
        "starts_with": lambda: value.startswith(asked),
        "ends_with": lambda: value.endswith(asked),
    }
    return tests[op]()


def _size(value: Any, asked_of: Field, op: str, asked: Any) -> bool:
    if asked_of.type == "money":
        value, asked = Decimal(str(value)), put.amount(asked)
    elif asked_of.type == "property":
        value = texts.number(value)
        if value is None:
            return False
    tests: Mapping[str, Callable[[], bool]] = {
        "is": lambda: value == asked,
        "at_least": lambda: value >= asked,
        "at_most": lambda: value <= asked,
        "above": lambda: value > asked,
        "below": lambda: value < asked,
    }
    return bool(tests[op]())


def meets(on: str, row: Row, one: said.Filter, at: datetime) -> bool:
    found = put.field_of(on, one.field)
    op, contrary = CONTRARY.get(one.op, one.op), one.op in CONTRARY
    if on == "contracts" and one.field == "running":
        running = row["ended_at"] is None or row["ended_at"] > at
        return running is one.value
    if found.type == "property":
        value: Any = _property(row["properties"], fields.path(one.field))
    else:
        value = row[one.field]
    if found.type == "moment":
        met = value is not None and dated(value, op, one.value, at)
    else:
        met = compared(value, found, op, one.value)
    return met is not contrary


def _property(held: Any, path: Sequence[str]) -> str | None:
    """Return the text of a property of an event, None when it has none, or one that is no single value."""
    at: Any = _read(held)
    for step in path:
        at = at.get(step) if isinstance(at, Mapping) else None
    if isinstance(at, bool):
        return "true" if at else "false"
    if isinstance(at, int | float):
        return repr(at)
    return at if isinstance(at, str) and at[:1] not in ("{", "[") else None


def part(value: str, name: str) -> str | None:
    if name not in put.ADDRESS:
        return value
    held = _read(value)
    found = held.get(put.ADDRESS[name]) if isinstance(held, Mapping) else None
    return found if isinstance(found, str) else None


def _read(held: Any) -> Any:
    if not isinstance(held, str):
        return held
    try:
        return json.loads(held)
    except ValueError:
        return None


def stale(row: Row, at: datetime) -> bool:
    since = row.get("stale_since")
    return since is not None and since <= at
