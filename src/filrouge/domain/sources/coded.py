"""Columns of a table whose values are chosen from a set: what a value of a file is, and what becomes of it untold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from filrouge.base.text import fold
from filrouge.domain.sources.codes import codes
from filrouge.domain.sources.holding import Held
from filrouge.domain.sources.mapping import FORGIVING
from filrouge.domain.sources.spec import CONSENT_STATES, Cell
from filrouge.domain.sources.values import NO, YES
from filrouge.domain.sources.vocabulary import NOWHERE, WORDS, currency_codes, named
from filrouge.tables import TABLES

How = Literal["told", "nothing", "understood", "kept", "empty", "warned", "rejected"]
Why = Literal["code", "written", "word", "name", "nothing"]
Other = Literal["reject", "keep", "null"]
MOST, LONGEST = 60, 400  # values of a column, and characters of one, beyond which they are not told one by one
_BLANK = " \t\n\r\x0b\x0c"
_STATES = {
    "orders": ("paid", "preparing", "delivered", "pending", "unpaid", "cancelled", "refunded", "failed"),
    "invoices": ("paid", "pending", "unpaid", "credited", "cancelled", "refunded"),
    "interactions": ("new", "open", "pending", "solved", "closed", "kept", "registered", "came", "absent", "cancelled"),
    "followups": ("open", "done", "cancelled"),
}
_CHANNELS = ("email", "sms", "phone", "push", "post", "web", "app", "chat", "form", "social", "till")
_SALES = ("web", "till", "click_and_collect", "drive", "app", "phone", "post", "kiosk", "trade_show", "telemarketing")
_FROM = (
    "web",
    "search",
    "social",
    "email",
    "referral",
    "trade_show",
    "live",
    "telemarketing",
    "print",
    "kiosk",
    "till",
)


@dataclass(frozen=True)
class Coded:
    """What a column of a table is chosen from: its codes, the kind of word they are, and what else it may hold.

    ``closed``: another value means nothing to anybody; ``wide``: the set is too large to be read through; ``strict``:
    nothing but its codes may come of it. ``names``: what a code is called, also folded.
    """

    kind: str
    codes: tuple[str, ...]
    closed: bool = False
    wide: bool = False
    strict: bool = False
    names: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def other(self) -> Other:
        """What becomes of a value that is not told, as it is proposed."""
        return "reject" if self.closed and not self.wide else "keep"


@dataclass(frozen=True)
class Meant:
    """What a value seems to be (None: nothing at all), and what tells it."""

    code: str | None
    why: Why


@dataclass(frozen=True)
class Becomes:
    """What a value is read as by a definition, and how: told, understood by itself, kept as written, empty, wrong."""

    how: How
    code: str | None = None


@cache
def coded(reads: str, target: str) -> Coded | None:
    """Return what the column ``target`` of the table ``reads`` is chosen from, None when it is written freely."""
    if target in ("country", "language"):
        return Coded(target, tuple(sorted(codes(target))), closed=True, wide=True)
    if target == "currency":
        return Coded("currency", tuple(sorted(currency_codes())), closed=True, wide=True)
    if target in {column.name for column in TABLES[reads].columns if column.type == "boolean"}:
        return Coded("yes_no", ("true", "false"), closed=True)
    if target == "status" and reads in _STATES:
        return Coded("status", _STATES[reads])
    return _SETS.get((reads, target)) or _ANYWHERE.get(target)


_ANYWHERE = {
    "sex": Coded("sex", ("f", "m"), closed=True),
    "sales_channel": Coded("channel", _SALES),
    "acquisition_channel": Coded("channel", _FROM),
}
_SETS = {
    ("person_records", "title"): Coded("title", ("mrs", "mr", "miss", "mx", "couple", "dr", "prof", "maitre")),
    ("contracts", "term"): Coded("term", ("P1M", "P3M", "P6M", "P1Y")),
    ("contracts", "end_reason"): Coded("end", ("wanted", "payment", "other"), closed=True),
    ("payments", "outcome"): Coded("status", ("paid", "failed", "refunded"), closed=True),
    ("payments", "method"): Coded("method", ("direct_debit", "card", "cheque", "transfer")),
    ("interactions", "kind"): Coded(
        "segment_choice", ("ticket", "complaint", "message", "call", "visit", "registration"), closed=True
    ),
    ("interactions", "channel"): Coded("channel", _CHANNELS),
    ("interactions", "direction"): Coded("segment_choice", ("in", "out"), closed=True),
    ("contacts", "channel"): Coded("channel", ("email", "sms", "phone", "push", "post", "ads", "web"), closed=True),
    ("contacts", "kind"): Coded("segment_choice", ("service", "marketing"), closed=True),
    ("contacts", "outcome"): Coded(
        "outcome", ("delivered", "opened", "clicked", "bounced", "unsubscribed", "complained"), closed=True
    ),
    ("consents", "channel"): Coded("channel", ("email", "sms", "phone", "push", "post", "ads", "web"), closed=True),
    ("consents", "state"): Coded("consent", CONSENT_STATES, closed=True),
    ("opportunities", "stage"): Coded("status", ("prospect", "qualified", "quote", "negotiation", "won", "lost")),
    ("opportunities", "outcome"): Coded("status", ("won", "lost")),
    ("followups", "kind"): Coded("followup", ("call", "email", "visit", "task")),
}


def brands(names: Mapping[str, str]) -> Coded:
    """Return the brands that a column may tell rows of, from the name of each; a value is one of them, or none."""
    told: dict[str, set[str]] = {}
    for slug, name in names.items():
        for word in (fold(name), name):
            told.setdefault(word, set()).add(slug)
    called = {word: slugs.pop() for word, slugs in told.items() if len(slugs) == 1}  # two of one name are not guessed
    return Coded("brand", tuple(names), closed=True, strict=True, names=called)


def cleaned(text: str) -> str:
    """Return a value as it is looked up: without outer blanks, no-break ones as plain ones (``values.clean``)."""
    return text.replace("\u00a0", " ").replace("\u202f", " ").strip(_BLANK)


def guessed(reads: str, target: str, value: str, of: Coded | None = None) -> Meant | None:
    """Return what a value seems to be, None when nobody knows; of a consent, nothing but its codes is known.

    ``of``: what the column is chosen from, when that is of this installation alone (its brands).
    """
    one = of or coded(reads, target)
    if one is None:
        return None
    if value in one.codes or value in one.names:
        return Meant(value if value in one.codes else one.names[value], "code")
    folded = fold(value)
    if one.wide and folded and folded in NOWHERE:  # "na" is no country, though one bears that code
        return Meant(None, "nothing")
    for code in one.codes:
        if folded == fold(code):
            return Meant(code, "written")
    if one.kind == "consent":
        return None
    if folded in one.names:
        return Meant(one.names[folded], "name")
    if one.wide:
        code = named(one.kind, value)
        if code:
            return Meant(code, "name")
    for code in one.codes:
        if folded and folded in WORDS.get((one.kind, code), ()):
            return Meant(code, "word")
    if folded in NOWHERE or not any(letter.isalnum() for letter in value):
        return Meant(None, "nothing")
    return None


def becomes(reads: str, target: str, cell: Cell | None, value: str, of: Coded | None = None) -> Becomes:
    """Return what a value (``cleaned``) of the column that ``cell`` reads becomes by a definition of ``reads``."""
    one = of or coded(reads, target)
    yes_no = one is not None and one.kind == "yes_no"
    wrong: How = "warned" if target in FORGIVING else "rejected"
    if cell is not None and cell.values is not None:
        if value in cell.values:
            said = cell.values[value]
            return Becomes("nothing") if said is None else Becomes("told", said)
        if cell.other != "keep":
            return Becomes("empty" if cell.other == "null" else wrong)
    if yes_no:
        lowered = value.lower()
        if lowered in YES or lowered in NO:
            return Becomes("understood", "true" if lowered in YES else "false")
        return Becomes(wrong)
    if one is not None and value in one.codes:
        return Becomes("understood", value)
    return Becomes("kept", value)


def proposed(reads: str, target: str, cell: Mapping[str, Any], values: Iterable[str]) -> dict[str, Any]:
    """Return ``cell`` (a column read into ``target``) with what its ``values`` seem to be, where that is known.

    Nothing is added where every value is understood by itself, or where its values are told already.
    """
    one = coded(reads, target)
    made = dict(cell)
    if one is None or made.get("column") is None or made.get("values") is not None:
        return made
    told: dict[str, str | None] = {}
    needed = False
    bare = Cell.model_validate(made)
    for value in dict.fromkeys(map(cleaned, values)):
        is_ = guessed(reads, target, value) if value else None
        if is_ is None:
            continue
        by_itself = becomes(reads, target, bare, value)
        if (by_itself.how, by_itself.code) == ("understood", is_.code):
            if one.other == "reject":
                told[value] = is_.code
            continue
        needed = True
        told[value] = is_.code
    if not needed:
        return made
    return made | {"values": told} | ({"other": one.other} if one.other != "reject" else {})


def told(cell: Mapping[str, Any], values: Mapping[str, str | None], other: str = "") -> dict[str, Any]:
    """Return ``cell`` with what was said of its ``values`` ("": nothing was said); of values unnamed, it stays.

    ``other``: what becomes of those of which nothing is said; "" leaves it.
    """
    made = {name: part for name, part in cell.items() if name not in ("values", "other")}
    before: Mapping[str, str | None] = cell.get("values") or {}
    said = {value: values.get(value, code) for value, code in before.items()}
    said |= {value: code for value, code in values.items() if value not in said}
    kept = {value: code for value, code in said.items() if code != ""}
    if not kept and before:
        return made
    if not kept:
        return dict(cell)
    other = other or str(cell.get("other") or "reject")
    return made | {"values": kept} | ({"other": other} if other != "reject" else {})


def filled(reads: str, cells: Mapping[str, Any], held: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """Return a mapping (as its author writes it) with what the values of its columns seem to be.

    ``held``: of a column that holds few values, all of them.
    """
    made: dict[str, Any] = {}
    for target, cell in cells.items():
        name = cell if isinstance(cell, str) else cell.get("column")
        made[target] = cell
        if name in held and coded(reads, target) is not None:
            whole = {"column": cell} if isinstance(cell, str) else cell
            found = proposed(reads, target, whole, held[name])
            made[target] = found if found != whole else cell
    return made


def few(held: Iterable[Held]) -> dict[str, tuple[str, ...]]:
    """Return the values (``cleaned``) of the columns that hold few, and none too long, by the columns' names."""
    found = {}
    for one in held:
        if one.distinct <= MOST and len(one.sample) == one.distinct and all(len(v) <= LONGEST for v in one.sample):
            found[one.name] = tuple(value for value in dict.fromkeys(map(cleaned, one.sample)) if value)
    return found
