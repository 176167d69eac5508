"""A segment being written: what the form holds becomes rules, and rules become lines that read as sentences.

The whole draft stands in the form, so that it works without scripts and nothing of it waits on the server. A line is
found by its place: ``2`` is the third of the segment, ``2.0`` the first of the group that stands third.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from filrouge.console import words
from filrouge.domain.segments import fields

MOST_CONDITIONS = 5
KINDS = (
    "person", "brands", "score", "events", "sequence", "orders", "order_lines", "contracts", "contacts", "interactions",
    "consent", "segment", "bucket", "list",
)  # fmt: skip
_MEASURED: Mapping[str, tuple[str, str]] = {
    "sum_at_least": ("sum", "at_least"), "sum_at_most": ("sum", "at_most"),
    "last_within": ("last", "within_last"), "last_longer": ("last", "longer_ago"),
    "first_within": ("first", "within_last"), "first_longer": ("first", "longer_ago"),
}  # fmt: skip
# What a rule says when it does not say it.
_USUAL: Mapping[str, Any] = {"measure": "count", "value": 1, "allowed": True, "any": False, "field": "value"}
_USUAL_OP: Mapping[str, str] = {"brands": "any", "segment": "in", "list": "in", "sequence": "did"} | dict.fromkeys(
    ("events", "orders", "order_lines", "contracts", "contacts", "interactions"), "at_least"
)
SUMMED = {"orders": "total", "order_lines": "price", "contracts": "price"}
Parts = dict[str, str]


@dataclass
class Line:
    """One rule of the draft, or a group of them (``kind`` group): what the form says of it, and what is wrong."""

    kind: str
    parts: Parts = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    fault: str = ""
    place: str = ""

    def number(self) -> None:
        """Give every line its place."""
        for at, line in enumerate(self.lines):
            line.place = f"{self.place}.{at}" if self.place else str(at)
            line.number()

    def walk(self) -> Iterator[Line]:
        for line in self.lines:
            yield line
            yield from line.walk()


# --- from the form, and what its buttons ask --------------------------------------------------------------------------


def read(form: Mapping[str, Any]) -> Line:
    """Return the draft that a form holds."""
    root = Line("group", {"all": str(form.get("all", "all"))})
    found: dict[str, Line] = {"": root}
    places = [name[2:] for name in form if name.startswith("k:")]
    for place in sorted((p for p in places if _is_place(p)), key=lambda p: [int(part) for part in p.split(".")]):
        kind = str(form.get(f"k:{place}"))
        parent = found.get(place.rpartition(".")[0])
        if parent is None or parent.kind != "group" or kind not in (*KINDS, "group", "raw"):
            continue
        start = f"p:{place}:"
        parts = {name.removeprefix(start): _text(form, name) for name in form if name.startswith(start)}
        line = Line(kind, parts)
        parent.lines.append(line)
        found[place] = line
    root.number()
    return root


def change(root: Line, asked: str) -> None:
    """Do what a button of the form asks: ``add:PLACE:KIND``, ``take:PLACE``, ``more:PLACE`` (a condition more)."""
    what, _colon, rest = asked.partition(":")
    place, _colon, kind = rest.partition(":")
    lines = {line.place: line for line in root.walk()} | {"": root}
    if what == "add" and place in lines and lines[place].kind == "group" and kind in (*KINDS, "group"):
        lines[place].lines.append(Line(kind, lines=[Line("person")] if kind == "group" else []))
    elif what == "take" and place in lines and place:
        parent = lines[place.rpartition(".")[0]]
        parent.lines = [line for line in parent.lines if line.place != place]
    elif what == "more" and place in lines:
        lines[place].parts["conditions"] = str(min(conditions(lines[place]) + 1, MOST_CONDITIONS))
    root.number()


def _is_place(text: str) -> bool:
    parts = text.split(".")
    return len(parts) <= 3 and all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts)


def _text(form: Mapping[str, Any], name: str) -> str:
    values = form.getlist(name) if hasattr(form, "getlist") else [form[name]]
    return "\n".join(str(value) for value in values)


# --- into rules -------------------------------------------------------------------------------------------------------


def rules(root: Line) -> dict[str, Any]:
    """Return the draft as a segment is written down; what it holds is judged by ``domain.segments``."""
    return {**_combined(root.parts.get("all", "all")), "rules": [_rule(line) for line in root.lines]}


def _combined(asked: str) -> dict[str, Any]:
    return {"combinator": "or" if asked in ("any", "none") else "and", "not": asked == "none"}


def _rule(line: Line) -> dict[str, Any]:
    said = line.parts
    if line.kind == "group":
        return rules(line)
    if line.kind == "raw":
        found = json.loads(said.get("rule", "{}"))
        return found if isinstance(found, dict) else {}
    made: dict[str, Any] = {"on": line.kind}
    if line.kind in ("person", "score"):
        if line.kind == "score":
            made["score"] = said.get("score", "")
        return made | _asked(line.kind, said, "")
    if line.kind == "brands":
        return made | {
            "op": said.get("op", "any"),
            "brands": [one for one in said.get("brands", "").split("\n") if one],
        }
    if line.kind == "consent":
        return made | {
            "purpose": said.get("purpose", "marketing"), "channel": said.get("channel", "email"),
            "allowed": said.get("op", "may") == "may",
        }  # fmt: skip
    if line.kind == "segment":
        return made | {"op": said.get("op", "in"), "segment": said.get("segment", "")}
    if line.kind == "list":
        return made | {"op": said.get("op", "in"), "people": said.get("people", "").split()}
    if line.kind == "bucket":
        first, last = _number(said.get("from", "0")), _number(said.get("to", "10"))
        if isinstance(first, str) or isinstance(last, str):
            return made | {"from": -1, "to": -1}
        return made | {"from": round(first * 100), "to": round(last * 100) - 1}
    if line.kind == "sequence":
        steps = [one for one in (said.get(f"step{at}", "").strip() for at in range(1, 4)) if one]
        where = [{"where": [{"field": "name", "op": "is", "value": one}]} for one in steps]
        return made | {
            "op": said.get("op", "did"), "steps": where, "span_days": _number(said.get("span", "7")), **_window(said),
        }  # fmt: skip
    return made | _happened(line) | _window(said)


def _happened(line: Line) -> dict[str, Any]:
    said, on = line.parts, line.kind
    where = [
        one for at in range(conditions(line))
        if said.get(f"field{at}") and (one := _asked(on, said, str(at)))
    ]  # fmt: skip
    measure = said.get("measure", "did")
    if measure in _MEASURED:
        name, op = _MEASURED[measure]
        made: dict[str, Any] = {"measure": name, "op": op, "value": _number(said.get("value", ""))}
        if name == "sum":
            made["of"] = SUMMED.get(on, "")
    elif measure in ("did", "did_not"):
        made = {"op": "at_least", "value": 1} if measure == "did" else {"op": "exactly", "value": 0}
    else:
        made = {"op": measure, "value": _number(said.get("value", ""))}
    money = [made.get("of"), *(one["field"] for one in where)]
    if any(name and (found := fields.field(on, name)) and found.type == "money" for name in money):
        made["currency"] = said.get("currency") or "EUR"
    return made | {"where": where}


def _window(said: Parts) -> dict[str, Any]:
    asked = said.get("window", "ever")
    if asked in ("within_days", "next_days"):
        return {asked: _number(said.get("days", ""))}
    if asked == "between":
        return {name: said[name] for name in ("since", "until") if said.get(name)}
    return {}


def _asked(on: str, said: Parts, number: str) -> dict[str, Any]:
    """Return the condition that the parts ``field``, ``op``, ``value`` (followed by ``number``) make."""
    name = said.get(f"field{number}", "")
    if on == "events" and name == fields.PROPERTY:
        name += said.get(f"property{number}", "").strip()
    op, text = said.get(f"op{number}", ""), said.get(f"value{number}", "")
    found = fields.field(on, name)
    known = fields.OPERATORS[found.type] if found else ()
    usual = "at_least" if "at_least" in known and found and found.type != "property" else known[0] if known else op
    op = op if op in known else usual
    made: dict[str, Any] = {"field": name, "op": op}
    if op in fields.WITHOUT_VALUE:
        return made
    if op in ("one_of", "none_of"):
        lines = text.replace(",", "\n").split("\n")
        return made | {"value": [one.strip() for one in lines if one.strip()]}
    if found is not None and found.type == "yes_no":
        return made | {"value": text != "no"}
    sized = found is not None and (
        op in fields.OF_DAYS or found.type in ("number", "money") or op in ("at_least", "at_most", "above", "below")
    )
    return made | {"value": _number(text) if sized else text}


def _number(text: str) -> Any:
    """Return the number that a text writes, in French or in English; the text itself when it writes none."""
    plain = "".join(text.split()).replace("\u202f", "").replace(",", ".")
    try:
        found = float(plain)
    except ValueError:
        return text
    return int(found) if found.is_integer() and abs(found) < 1e15 else found


def conditions(line: Line) -> int:
    """Return how many conditions a line on what happened shows."""
    asked = line.parts.get("conditions", "1")
    return min(int(asked), MOST_CONDITIONS) if asked.isascii() and asked.isdigit() and len(asked) < 3 else 1


# --- from rules -------------------------------------------------------------------------------------------------------


def drafted(spec: Mapping[str, Any]) -> Line:
    """Return the draft of a segment that is written down; a rule that the form cannot say is kept as it is."""
    root = _line(spec)
    root.number()
    return root


def _line(rule: Mapping[str, Any]) -> Line:
    if "rules" in rule:
        combined = "none" if rule.get("not") else "any" if rule.get("combinator") == "or" else "all"
        if rule.get("not") and rule.get("combinator", "and") == "and" and len(rule["rules"]) > 1:
            return _raw(rule)
        return Line("group", {"all": combined}, [_line(one) for one in rule["rules"]])
    line = _parted(rule)
    return line if line is not None and _same(_rule(line), rule) else _raw(rule)


def _raw(rule: Mapping[str, Any]) -> Line:
    return Line("raw", {"rule": json.dumps(rule, ensure_ascii=False)})


def _same(made: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    def kept(said: Mapping[str, Any]) -> dict[str, Any]:
        usual = {**_USUAL, "op": _USUAL_OP.get(str(said.get("on")), "")}
        plain = json.loads(json.dumps(said, default=str))
        return {
            name: value for name, value in plain.items() if value not in (None, "", []) and usual.get(name) != value
        }

    return kept(made) == kept(rule)


def _parted(rule: Mapping[str, Any]) -> Line | None:
    on = str(rule.get("on"))
    if on in ("person", "score"):
        return Line(on, _condition(rule, "") | ({"score": rule["score"]} if on == "score" else {}))
    if on == "brands":
        return Line(on, {"op": rule.get("op", "any"), "brands": "\n".join(rule["brands"])})
    if on == "consent":
        allowed = "may" if rule.get("allowed", True) else "may_not"
        return Line(on, {"purpose": rule["purpose"], "channel": rule["channel"], "op": allowed})
    if on == "segment":
        return Line(on, {"op": rule.get("op", "in"), "segment": rule["segment"]})
    if on == "list":
        return Line(on, {"op": rule.get("op", "in"), "people": "\n".join(rule["people"])})
    if on == "bucket":
        return Line(on, {"from": _said(rule["from"] / 100), "to": _said((rule["to"] + 1) / 100)})
    if on == "sequence":
        names = [step["where"][0].get("value") for step in rule["steps"] if len(step["where"]) == 1]
        steps = {f"step{at}": str(name) for at, name in enumerate(names[:3], 1)}
        return Line(on, steps | {"op": rule.get("op", "did"), "span": str(rule["span_days"])} | _windowed(rule))
    if on not in fields.HAPPENED:
        return None
    where = list(rule.get("where", ()))
    parts: Parts = {"conditions": str(max(1, len(where)))}
    for at, one in enumerate(where[:MOST_CONDITIONS]):
        parts |= _condition(one, str(at))
    measure, op, value = rule.get("measure", "count"), rule.get("op", "at_least"), rule.get("value", 1)
    if measure == "count":
        named = {("at_least", 1): "did", ("exactly", 0): "did_not"}
        parts["measure"] = named.get((op, value), op)
    else:
        parts["measure"] = next((name for name, said in _MEASURED.items() if said == (measure, op)), "")
    return Line(on, parts | {"value": _said(value), "currency": rule.get("currency", "")} | _windowed(rule))


def _condition(one: Mapping[str, Any], number: str) -> Parts:
    name, value = str(one.get("field", "value")), one.get("value")
    parts = {f"field{number}": name, f"op{number}": str(one.get("op", ""))}
    if name.startswith(fields.PROPERTY):
        parts |= {f"field{number}": fields.PROPERTY, f"property{number}": name.removeprefix(fields.PROPERTY)}
    return parts | {f"value{number}": _said(value)}


def _windowed(rule: Mapping[str, Any]) -> Parts:
    for name in ("within_days", "next_days"):
        if rule.get(name) is not None:
            return {"window": name, "days": str(rule[name])}
    if rule.get("since") or rule.get("until"):
        return {"window": "between", "since": str(rule.get("since") or ""), "until": str(rule.get("until") or "")}
    return {"window": "ever"}


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


# --- what is wrong ----------------------------------------------------------------------------------------------------


def blame(root: Line, faults: Sequence[str]) -> list[str]:
    """Put each fault (``rules.0.rules.1.value: sentence``) beside its line; return those of the whole."""
    lines, whole = {line.place: line for line in root.walk()}, []
    for fault in faults:
        place, _colon, said = fault.partition(": ")
        steps = place.split(".")
        at = [steps[n + 1] for n in range(0, len(steps) - 1, 2) if steps[n] == "rules" and steps[n + 1].isdigit()]
        line = lines.get(".".join(at))
        part = steps[-1] if not steps[-1].isdigit() else steps[-2] if len(steps) > 1 else ""
        if line is None:
            whole.append(_fault(part, said))
        elif not line.fault:
            line.fault = _fault(part, said)
    return whole


def _fault(part: str, said: str) -> str:
    told = words.WORDS["segment_fault"].get(part)
    return str(told) if told else said
