"""The controls of a line of the builder, in the order of its sentence: each depends on what was chosen before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from filrouge.console import words
from filrouge.console.building import SUMMED, Line, conditions
from filrouge.domain.privacy.perimeter import CHANNELS, PURPOSES
from filrouge.domain.segments import fields

MEASURES = (
    "did", "did_not", "at_least", "at_most", "exactly", "sum_at_least", "sum_at_most", "last_within", "last_longer",
    "first_within", "first_longer",
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """What the reader may choose from: (code, name) of each."""

    brands: Sequence[tuple[str, str]] = ()
    scores: Sequence[tuple[str, str]] = ()
    segments: Sequence[tuple[str, str]] = ()
    events: Sequence[str] = ()
    currency: str = "EUR"


@dataclass(frozen=True)
class Control:
    """One control of a line: a choice, a field to fill in, boxes to tick; ``settles`` when others depend on it."""

    name: str
    label: str
    shape: str  # choose, text, number, day, ticks, several, hidden
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    settles: bool = False
    before: str = ""
    after: str = ""
    suggests: str = ""

    @property
    def ticked(self) -> list[str]:
        return self.value.split("\n")


def controls(line: Line, known: Known) -> list[Control]:
    """Return the controls of a line, in the order of its sentence."""
    return list(_CONTROLS.get(line.kind, _happened_controls)(line, known))


def _of_person(line: Line, known: Known) -> Iterator[Control]:
    yield from _condition_controls("person", line, "")


def _of_score(line: Line, known: Known) -> Iterator[Control]:
    yield _choose(line, "score", _("Score"), _with(known.scores, line.parts.get("score", "")))
    yield from _condition_controls("score", line, "")


def _of_brands(line: Line, known: Known) -> Iterator[Control]:
    yield _choose(line, "op", _("How"), _worded("brands_op", ("any", "all", "none")))
    ticked = line.parts.get("brands", "")
    yield Control("brands", _("Brands"), "ticks", ticked, _with(known.brands, *ticked.split("\n")))


def _of_consent(line: Line, known: Known) -> Iterator[Control]:
    yield _choose(line, "op", _("How"), _worded("consent_op", ("may", "may_not")))
    yield _choose(line, "channel", _("Channel"), _worded("channel", CHANNELS), usual="email", before=_("by"))
    yield _choose(line, "purpose", _("Purpose"), _worded("purpose", PURPOSES), usual="marketing", before=_("for"))


def _of_segment(line: Line, known: Known) -> Iterator[Control]:
    yield _choose(line, "op", _("How"), _worded("in_op", ("in", "not_in")))
    yield _choose(line, "segment", _("Segment"), _with(known.segments, line.parts.get("segment", "")))


def _of_list(line: Line, known: Known) -> Iterator[Control]:
    yield _choose(line, "op", _("How"), _worded("in_op", ("in", "not_in")))
    yield Control("people", _("Numbers of people, one a line"), "several", line.parts.get("people", ""))


def _of_bucket(line: Line, known: Known) -> Iterator[Control]:
    yield Control("from", _("From"), "number", line.parts.get("from", "0"), before=_("from"), after="%")
    yield Control("to", _("To"), "number", line.parts.get("to", "10"), before=_("to"), after="%")


def _of_sequence(line: Line, known: Known) -> Iterator[Control]:
    yield _choose(line, "op", _("How"), _worded("sequence_op", ("did", "did_not")))
    for at in range(1, 4):
        before = "" if at == 1 else _("then")
        label = _("Event %(number)s") % {"number": at}
        yield Control(f"step{at}", label, "text", line.parts.get(f"step{at}", ""), before=before, suggests="events")
    yield Control("span", _("Days"), "number", line.parts.get("span", "7"), before=_("within"), after=_("days"))
    yield from _window_controls(line, ahead=False)


def _of_raw(line: Line, known: Known) -> Iterator[Control]:
    yield Control("rule", _("Rule"), "hidden", line.parts.get("rule", ""))


def _happened_controls(line: Line, known: Known) -> Iterator[Control]:
    on = line.kind
    offered = [one for one in MEASURES if on in SUMMED or not one.startswith("sum_")]
    yield _choose(line, "measure", _("How often"), _worded("measure", offered), usual="did", settles=True)
    measure = line.parts.get("measure") or "did"
    if measure not in ("did", "did_not"):
        after = _("days") if measure.startswith(("last", "first")) else "" if measure.startswith("sum_") else _("times")
        yield Control("value", _("Number"), "number", line.parts.get("value", ""), after=after)
        if measure.startswith("sum_"):
            yield Control("currency", _("Currency"), "text", line.parts.get("currency") or known.currency)
    for at in range(conditions(line)):
        yield from _condition_controls(on, line, str(at), optional=True, suggests="events" if on == "events" else "")
    yield Control("conditions", "", "hidden", str(conditions(line)))
    yield from _window_controls(line, ahead=on == "contracts")


def _condition_controls(
    on: str, line: Line, number: str, *, optional: bool = False, suggests: str = ""
) -> Iterator[Control]:
    named = [(name, words.say(f"{on}.{name}", "segment_field")) for name in fields.CATALOGUE[on] if name != "model"]
    if on == "score":  # a band is what most people mean
        named.sort(key=lambda one: one[0] != "band")
    if on == "events":
        named.append((fields.PROPERTY, words.say("events.properties", "segment_field")))
    if optional:
        named = [("", _("whatever it is")), *named]
    before = "" if not optional else _("of which") if number == "0" else _("and")
    chosen = _choose(line, f"field{number}", _("What"), named, settles=True, before=before)
    yield chosen
    name = chosen.value
    if not name:
        return
    if name == fields.PROPERTY:
        yield Control(f"property{number}", _("Property"), "text", line.parts.get(f"property{number}", ""))
        name = f"{fields.PROPERTY}x"
    found = fields.field(on, name)
    if found is None:
        return
    usual = "at_least" if found.type in ("number", "money") else ""
    op = _choose(line, f"op{number}", _("How"), _worded("segment_op", found.operators), usual=usual, settles=True)
    yield op
    if op.value in fields.WITHOUT_VALUE:
        return
    text, label = line.parts.get(f"value{number}", ""), _("Value")
    if found.type == "yes_no":
        yield _choose(line, f"value{number}", label, _worded("yes_no", ("yes", "no")))
    elif found.choices and op.value in ("is", "is_not"):
        yield _choose(line, f"value{number}", label, _worded("segment_choice", found.choices))
    elif found.choices and op.value in ("one_of", "none_of"):
        ticked = "\n".join(one.strip() for one in text.replace(",", "\n").split("\n"))
        choices = _with(_worded("segment_choice", found.choices), *ticked.split("\n"))
        yield Control(f"value{number}", label, "ticks", ticked, choices)
    elif op.value in fields.OF_DAYS:
        yield Control(f"value{number}", label, "number", text, after=_("days"))
    elif found.type in ("day", "moment"):
        yield Control(f"value{number}", label, "day", text)
    elif found.type in ("number", "money"):
        yield Control(f"value{number}", label, "number", text)
    else:
        yield Control(f"value{number}", label, "text", text, suggests=suggests if name == "name" else "")


def _window_controls(line: Line, *, ahead: bool) -> Iterator[Control]:
    offered = ["ever", "within_days", *(["next_days"] if ahead else []), "between"]
    window = _choose(line, "window", _("When"), _worded("window", offered), settles=True)
    yield window
    if window.value in ("within_days", "next_days"):
        yield Control("days", _("Days"), "number", line.parts.get("days", "30"), after=_("days"))
    elif window.value == "between":
        yield Control("since", _("From"), "day", line.parts.get("since", ""))
        yield Control("until", _("To"), "day", line.parts.get("until", ""), before=_("to"))


def _choose(
    line: Line, name: str, label: str, options: Sequence[tuple[str, str]], *, usual: str = "", settles: bool = False,
    before: str = "",
) -> Control:  # fmt: skip
    known = [code for code, _name in options]
    value = line.parts.get(name, usual)
    if value not in known:
        value = usual if usual in known else known[0] if known else ""
    return Control(name, label, "choose", value, options, settles=settles, before=before)


def _with(options: Sequence[tuple[str, str]], *codes: str) -> list[tuple[str, str]]:
    """Return the options, with what was chosen and is there no more: told as a fault, never changed in silence."""
    named = dict(options)
    return [*options, *((code, code) for code in codes if code and code not in named)]


def _worded(kind: str, codes: Sequence[str]) -> list[tuple[str, str]]:
    return [(code, words.say(code, kind)) for code in codes]


_CONTROLS: Mapping[str, Callable[[Line, Known], Iterator[Control]]] = {
    "person": _of_person, "score": _of_score, "brands": _of_brands, "consent": _of_consent, "segment": _of_segment,
    "list": _of_list, "bucket": _of_bucket, "sequence": _of_sequence, "raw": _of_raw,
}  # fmt: skip
