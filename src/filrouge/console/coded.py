"""The values of a column that is chosen from a set, in words: what each is read as, why, and what a form says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.base.errors import UsageError
from filrouge.base.text import fold
from filrouge.console import names, words
from filrouge.console.templatetags import say, show
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.sources import SourceSpec, coded
from filrouge.domain.sources.coded import Coded
from filrouge.domain.sources.columns import BRAND, Said
from filrouge.domain.sources.mapping import FORGIVING
from filrouge.domain.sources.sighted import Sighted
from filrouge.domain.sources.spec import Cell

AS_IT_IS, NOTHING, CODE = "=", "-", "c:"  # what a form says of a value, beside a code and "" of one that is not told
TAKE = "take:"  # the button of a column whose proposals are taken
WRITTEN = 60  # characters of a name that is typed


def said(kind: str, code: str) -> str:
    """Say a code of a set in the reader's words."""
    if kind == "brand":
        return names.brand(code).name
    if kind in ("country", "language"):
        return show.said(code, kind)
    return code if kind == "currency" else words.say(code, kind)


def line(
    one: Said, spec: SourceSpec, held: Mapping[str, int | None], *, sees: Sighted, plain: frozenset[str],
    brands: Coded | None = None,
) -> dict[str, Any] | None:  # fmt: skip
    """Return what is said of the values of a column, as lines of the form; None where it is not chosen from a set.

    ``held``: its values and their rows; ``brands``: those that a column may tell. A value is in clear for whoever
    sees them so, and where it is a usual word.
    """
    target = one.says.partition("@")[0]
    cell, of = _cell(spec, target), set_of(spec.reads, target, brands)
    if of is None or cell is None or cell.column != one.column:
        return None
    lines: list[dict[str, Any]] = []
    wrong, proposals = 0, False
    for number, (value, rows) in enumerate(held.items()):
        becomes, meant = (
            coded.becomes(spec.reads, target, cell, value, of),
            coded.guessed(spec.reads, target, value, of),
        )
        proposals |= meant is not None and becomes.how not in ("told", "nothing", "understood")
        wrong += (rows or 0) if becomes.how in ("warned", "rejected") else 0
        clear = sees.clear(one.column, value) or meant is not None or fold(value) in plain
        chosen = NOTHING if becomes.how == "nothing" else ""
        if becomes.how == "told" and becomes.code is not None:
            chosen = CODE + becomes.code if becomes.code in of.codes or becomes.code != value else AS_IT_IS
        lines.append({
            "number": number, "value": value if clear else mask(value), "rows": rows, "chosen": chosen,
            "typed": chosen.removeprefix(CODE), "other": chosen.removeprefix(CODE) if _foreign(chosen, of) else "",
            "why": _why(of, becomes, meant),
        })  # fmt: skip
    lines.sort(key=lambda each: -(each["rows"] or 0))
    return {
        "target": target, "kind": of.kind, "wide": of.wide, "lines": lines, "proposals": proposals,
        "options": [] if of.wide else [(CODE + code, said(of.kind, code)) for code in of.codes],
        "others": _others(target), "strict": of.strict,
        "chosen": cell.other if cell.values is not None else "",
        "listed": cell.values is not None, "wrong": _wrong(wrong, target) if wrong else "",
    }  # fmt: skip


def read(
    form: Mapping[str, Any], number: int, says: str, reads: str, held: Mapping[str, int | None], *, shown: bool,
    brands: Coded | None = None,
) -> tuple[dict[str, str | None] | None, str, list[str]]:  # fmt: skip
    """Return what a form says of the values of a column (None: nothing), what becomes of the others, and what is wrong.

    ``held``: its values, in the order of the form; ``shown``: they were shown in clear.
    """
    target = says.partition("@")[0]
    of = set_of(reads, target, brands)
    if of is None or str(form.get(f"c:{number}:coded", "")) != target:  # what was shown is of something else
        return None, "", []
    taken = str(form.get("do", "")) == f"{TAKE}{number}"
    told: dict[str, str | None] = {}
    wrong = []
    for at, value in enumerate(held):
        name = f"c:{number}:v:{at}"
        if name not in form:
            continue
        known, code = _code(str(form[name]).strip(), value, of, reads, target, shown=shown)
        if not known:
            wrong.append(str(form[name]).strip()[:WRITTEN])
            continue
        meant = coded.guessed(reads, target, value, of) if taken and code == "" else None
        told[value] = meant.code if meant is not None else code
    other = "" if of.strict else str(form.get(f"c:{number}:other", ""))
    return told, other if other in ("reject", "keep", "null") else "", wrong


def unknown(wrong: list[str], says: str) -> UsageError:
    """Return what is wrong with a code that was typed and is none."""
    return UsageError(
        "Nothing is called {code} among: {what}.", hint="The rest is kept: choose it in the list.",
        code=wrong[0], what=words.say(says.partition("@")[0], "says"),
    )  # fmt: skip


def lists(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the long lists that the values of ``lines`` are chosen from, each once, by name."""
    found = {}
    for each in lines:
        if each["coded"] and each["coded"]["wide"]:
            kind = each["coded"]["kind"]
            of = coded.coded("orders" if kind == "currency" else "person_records", kind)
            named = [(code, said(kind, code)) for code in (of.codes if of else ())]
            found[kind] = sorted(named, key=lambda pair: fold(pair[1]))
    return [{"kind": kind, "codes": codes} for kind, codes in found.items()]


def set_of(reads: str, target: str, brands: Coded | None) -> Coded | None:
    """Return what a column is chosen from: of the brand of a row, those of the entity."""
    return brands if target == BRAND else coded.coded(reads, target)


def _cell(spec: SourceSpec, target: str) -> Cell | None:
    return spec.brand if target == BRAND else spec.map.get(target)


def _foreign(chosen: str, of: Coded) -> bool:
    return chosen.startswith(CODE) and chosen.removeprefix(CODE) not in of.codes


def _code(
    text: str, value: str, of: Coded, reads: str, target: str, *, shown: bool
) -> tuple[bool, str | None]:  # fmt: skip
    """Return whether what a form says of a value is known, and the code that it is ("": not told, None: nothing).

    A value that was shown masked is not typed: whoever guesses it learns nothing.
    """
    if of.strict:
        return text.removeprefix(CODE) in ("", *of.codes), text.removeprefix(CODE)
    if text in ("", NOTHING, AS_IT_IS):
        return True, {"": "", NOTHING: None, AS_IT_IS: value}[text]
    if text.startswith(CODE):
        return True, text.removeprefix(CODE)
    if of.wide:
        meant = coded.guessed(reads, target, text)
        return (True, meant.code) if meant is not None and meant.code else (shown and text == value, text)
    return False, ""


def _why(of: Coded, becomes: coded.Becomes, meant: coded.Meant | None) -> str:
    """Say what becomes of a value and what it rests on."""
    fate = {
        "understood": _("understood as it stands"), "kept": _("kept as it is written"), "empty": _("left empty"),
        "warned": _("left empty, with a warning"), "rejected": _("its rows are rejected"),
    }.get(becomes.how, "")  # fmt: skip
    if meant is None or becomes.how == "understood":
        return fate
    reason = {
        "code": "", "written": _("the same, written otherwise"), "word": _("a usual word for it"),
        "name": _("another name of it"), "nothing": _("stands for nothing"),
    }[meant.why]  # fmt: skip
    if not fate:
        same = becomes.code == meant.code if becomes.how == "told" else meant.code is None
        return reason if same else ""
    seems = said(of.kind, meant.code) if meant.code is not None else _("nothing at all")
    return _("%(fate)s; seems to be: %(code)s") % {"fate": fate, "code": seems}


def _others(target: str) -> list[tuple[str, str]]:
    warned = target in FORGIVING
    return [
        ("reject", _("left empty, with a warning") if warned else _("their rows are rejected")),
        ("keep", _("kept as they are written")),
        ("null", _("left empty")),
    ]


def _wrong(rows: int, target: str) -> str:
    if target in FORGIVING:
        text = ngettext("%(count)s row lacks it until these values are said.",
                        "%(count)s rows lack it until these values are said.", rows)  # fmt: skip
    else:
        text = ngettext("%(count)s row is rejected until these values are said.",
                        "%(count)s rows are rejected until these values are said.", rows)  # fmt: skip
    return text % {"count": say.number(rows)}
