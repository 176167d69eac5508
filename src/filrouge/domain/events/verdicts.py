"""Why an event is set aside: a code with what it concerns, and the sentence that programs are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

REASONS: Mapping[str, str] = {
    "not_an_object": "An event is a JSON object.",
    "type_missing": "The event has no type.",
    "type_unknown": "The type is none of identify, track, page, screen, group, alias.",
    "type_unused": "An event of the type {kind} has no effect here: it is kept as it was sent.",
    "nobody": "The event names nobody: it needs a userId or an anonymousId.",
    "event_missing": "A track names what happened: it needs an event.",
    "group_missing": "A group names the group: it needs a groupId.",
    "previous_missing": "An alias names who they were: it needs a previousId.",
    "field_wrong": "The field {field} should be {expected}.",
    "time_unreadable": "The field {field} is no date that can be read: write it as 2026-01-31T12:00:00Z.",
    "time_unlikely": "The event is dated before the year 2000, and no sentAt tells how wrong the clock is.",
    "message_id_too_long": "A messageId has at most {most} characters.",
    "id_too_long": "{field} has at most {most} characters.",
    "too_large": "The event is longer than {most} bytes.",
    "too_deep": "The event is nested deeper than {most} levels.",
    "letters_unkept": "The event holds half of a letter (a lone surrogate) or NUL, which not every database keeps.",
    "number_too_large": "The event holds a number too large to be kept.",
    "unreadable": "The event could not be taken in, for a reason of ours: it is kept as it was sent.",
    "suppressed": "The event is of a person who was erased: nothing of it is kept.",
    "beyond_batch": "A batch holds at most {most} events: this one comes after.",
    "plan_violated": "The tracking plan expects something else of {field}: {expected}.",
    "plan_unknown_event": "The tracking plan names no such event ({kind}).",
}


@dataclass(frozen=True)
class Reason:
    """``code`` is one of ``REASONS``, ``values`` what its sentence is about."""

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return REASONS[self.code].format(**self.values)
