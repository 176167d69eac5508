"""Events set aside, in words: why, what was sent as far as the reader may see it, what a correction changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console import words
from filrouge.console.errors import sentence
from filrouge.console.templatetags.say import number
from filrouge.domain.events.edits import Edit, typed
from filrouge.domain.events.personal import field_is_personal, looks_personal
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries.quarantine import Aside, Group
from filrouge.work.claims import Theirs, refuse
from filrouge.work.quarantine import Outcome

HIDDEN = "•••"
LINES = 3  # changes that the form holds
_CLEAR = frozenset(
    {"type", "event", "name", "messageId", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "channel"}
)


class Claimed(Protocol):
    """An event that somebody has in hand."""

    by: str
    state: str
    at: datetime


def why(code: str, values: Mapping[str, Any]) -> str:
    """Say why an event was set aside."""
    told = {key: str(value) for key, value in values.items()} | {"expected": expected(str(values.get("expected", "")))}
    try:
        return words.say(code, "aside") % {"field": "", "most": "", **told}
    except (KeyError, ValueError):  # a word that a newer version knows
        return words.say(code, "aside")


def titled(code: str, values: Mapping[str, Any]) -> str:
    """Say why an event was set aside, as a title: a capital first, but for the name of a field."""
    said = why(code, values)
    return said if values.get("field") and said.startswith(str(values["field"])) else said[:1].upper() + said[1:]


def expected(said: str) -> str:
    """Say what was expected: one word of the plan, or several of which any will do."""
    parts = [part.strip() for part in said.split("|") if part.strip()]
    return _(" or ").join(dict.fromkeys(words.say(part, "expected") for part in parts))


def line(group: Group) -> dict[str, Any]:
    """Return a group as a line of the list."""
    example = group.example
    return {
        "why": titled(group.code, example.values),
        "kind": group.kind,
        "name": group.name,
        "field": group.field,
        "code": group.code,
        "count": group.count,
        "last_at": group.last_at,
    }


def sees(asking: Caller, aside: Aside) -> bool:
    """Tell whether the reader sees the values of an event as they are, without opening it."""
    sight = asking.perimeter.sight("opinion", aside.entity, aside.brand, "behaviour")
    contact = asking.perimeter.sight("contact", aside.entity, aside.brand, "behaviour")
    return asking.opens_pages() and sight == contact == "show"


def shown(asking: Caller, aside: Aside) -> str:
    """Return what was sent, laid out to be read; values are hidden from whoever does not see them as a rule."""
    if not asking.opens_pages():
        return ""
    try:
        event = json.loads(aside.raw)
    except (ValueError, RecursionError):
        return aside.raw[:2_000] if sees(asking, aside) else ""
    if not sees(asking, aside):
        event = _veiled(event, "", aside.field)
    return laid_out(event)


def laid_out(event: Any) -> str:
    """Return JSON as it is read and edited."""
    return json.dumps(event, ensure_ascii=False, indent=2)


def opened(raw: str) -> str:
    """Return an event as it is edited: laid out when it is JSON without lost letters, else as it came."""
    try:
        text = laid_out(json.loads(raw))
        text.encode()
    except (ValueError, RecursionError):
        return raw
    return text


def outcome(made: Outcome, asking: Caller) -> dict[str, Any]:
    """Return what a correction came to, in words, with some events before and after."""
    opens = asking.opens_pages()
    examples = [
        {
            "key": aside.key,
            "changes": _changes(aside, after, clear=sees(asking, aside)) if opens else [],
            "why": why(reason.code, reason.values) if reason else "",
        }
        for aside, after, reason in made.examples
    ]
    return {
        "tried": made.tried,
        "passing": made.passing,
        "left": made.tried - made.passing,
        "more": made.more,
        "theirs": theirs(made.theirs, asking),
        "failing": [
            {"why": why(made.reasons[said].code, made.reasons[said].values), "count": count}
            for said, count in made.failing.most_common(5)
        ],
        "examples": examples,
        "same": opens and bool(examples) and not any(one["changes"] for one in examples),
    }


def theirs(held: Theirs | None, asking: Caller) -> str:
    """Say which events somebody had in hand first; nothing when nobody had any."""
    if held is None:
        return ""
    said = ngettext("%(count)s was left: %(why)s", "%(count)s were left: %(why)s", held.count)
    return said % {"count": number(held.count), "why": sentence(refuse(asking, held))[0]}


def in_hand(claim: Claimed | None, asking: Caller) -> str:
    """Say of one event that somebody has it in hand; nothing when nobody has."""
    return sentence(refuse(asking, Theirs(1, claim.by, claim.state, claim.at)))[0] if claim else ""


def suggested(group: Group) -> list[dict[str, str]]:
    """Return the lines of the form, the first filled with the change that most likely helps."""
    values = group.example.values
    path, wanted = group.field, str(values.get("expected", "")).split("|")[0].strip()
    types = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
    wanted = types.get(wanted, wanted)
    first = {"change": "", "path": path, "value": ""}
    missing = {"event_missing": "event", "group_missing": "groupId", "previous_missing": "previousId"}
    missing |= {"nobody": "anonymousId", "type_missing": "type", "type_unknown": "type"}
    if group.code in missing:
        first = {"change": "set", "path": missing[group.code], "value": ""}
    elif group.code == "letters_unkept":
        first["change"] = "letters"
    elif group.code in ("time_unreadable", "time_unlikely"):
        first |= {"change": "remove", "path": path or "timestamp"}
    elif wanted in ("string", "integer", "number", "boolean"):
        first["change"] = f"convert:{wanted}"
    elif wanted == "present":
        first["change"] = "set"
    elif group.code == "field_wrong":
        first["change"] = "remove"
    return [first, *({"change": "", "path": "", "value": ""} for _ in range(LINES - 1))]


def written(data: Any) -> list[dict[str, str]]:
    """Return the lines of the form as they were sent."""
    parts = zip(data.getlist("change"), data.getlist("path"), data.getlist("value"), strict=False)
    lines = [{"change": change, "path": path.strip(), "value": value} for change, path, value in parts][:LINES]
    return lines + [{"change": "", "path": "", "value": ""}] * (LINES - len(lines))


def edits(lines: list[dict[str, str]]) -> list[Edit]:
    """Return the changes that the form asks for. Raises UsageError when one is no change."""
    found = []
    for one in lines:
        operation, _colon, to = one["change"].partition(":")
        if not operation:
            continue
        value = one["value"].strip()
        if operation == "rename":
            found.append(Edit("rename", one["path"], to=value))
        elif operation == "set":
            found.append(Edit("set", one["path"], value=typed(value)))
        else:
            found.append(Edit(operation, one["path"], to=to))  # type: ignore[arg-type]
    return found


def _veiled(value: Any, path: str, fault: str) -> Any:
    if isinstance(value, dict):
        return {key: _veiled(inner, f"{path}.{key}" if path else key, fault) for key, inner in value.items()}
    if isinstance(value, list):
        return [_veiled(inner, path, fault) for inner in value[:20]]
    if value is None or isinstance(value, bool) or path in _CLEAR:
        return value
    return value if path == fault and not _personal(path, value) else HIDDEN


def _personal(path: str, value: Any) -> bool:
    return path.startswith(("traits", "context")) or field_is_personal(path) or looks_personal(str(value))


def _changes(aside: Aside, after: str, *, clear: bool) -> list[tuple[str, str, str]]:
    """Return (field, before, after) of what a correction changes in one event."""
    try:
        before, now = dict(_flat(json.loads(aside.raw))), dict(_flat(json.loads(after)))
    except (ValueError, RecursionError):
        return []
    changed = [path for path in {**before, **now} if before.get(path) != now.get(path)]
    changed = [path for path in changed if path != "type" or path in before]  # the address it was sent to had said it

    def said(held: Mapping[str, Any], path: str) -> str:
        if path not in held:
            return "—"
        if not clear and _personal(path, held[path]) and path not in _CLEAR:
            return HIDDEN
        return json.dumps(held[path], ensure_ascii=False).encode("utf-8", "replace").decode()[:120]

    return [(path, said(before, path), said(now, path)) for path in changed[:8]]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else key)
    else:
        yield path, value
