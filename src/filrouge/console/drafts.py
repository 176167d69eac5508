"""A source being prepared, in words: how its file is read, what each column says, what a dry run counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from filrouge.base.errors import Phrase, UsageError
from filrouge.base.text import fold
from filrouge.console import coded, names, words
from filrouge.console.errors import phrase
from filrouge.console.profiled import described, held_for, span
from filrouge.console.templatetags import say
from filrouge.domain.privacy.perimeter import PURPOSES, mask
from filrouge.domain.sources import SourceSpec, columns, keeping
from filrouge.domain.sources.coded import Coded
from filrouge.domain.sources.columns import Computed, Said
from filrouge.domain.sources.expressions import Unreadable, parsed
from filrouge.domain.sources.form import QUOTES
from filrouge.domain.sources.profile import Profile
from filrouge.domain.sources.sighted import PLAIN, Sighted
from filrouge.domain.sources.spec import CONSENT_STATES
from filrouge.domain.sources.writing import FORMATS
from filrouge.tables import TABLES
from filrouge.work.draft_files import Seen

ENCODINGS = ("utf-8", "cp1252", "iso8859_15", "utf-16", "mac_roman", "cp850")
FUNCTIONS = (
    'part({Nom complet}, " ", 1)',
    'join(" ", {Prénom}, {Nom})',
    'when({Type} == "A", "adhérent", "prospect")',
    "{Prix} * {Quantité}",
    "lower({Code})",
    "upper({Code})",
    "digits({Tél})",
    "left({Code}, 3)",
    "right({Code}, 3)",
    'replace({Code}, "-", "")',
    "first({Mobile}, {Fixe})",
    "trim({Code})",
    "number({Prix})",
    "empty({Code})",
    'contains({Code}, "x")',
    'begins({Code}, "x")',
    'ends({Code}, "x")',
)  # shown as examples; the same in every language, since they are typed
COMPUTED = 40  # values that expressions make
DECIMALS = (",", ".")
DELIMITERS = (";", ",", "\t", "|")


def lines(
    told: Sequence[Said],
    seen: Sequence[Seen],
    spec: SourceSpec,
    *,
    sees: Sighted,
    profile: Profile | None = None,
    values: Mapping[str, Mapping[str, int | None]] | None = None,
    brands: Coded | None = None,
) -> list[dict[str, Any]]:
    """Return the columns of the file as rows of the form; what they hold in clear, or masked.

    ``profile``: over all of the rows, as its reader may see it; what the first rows told stands until it is there.
    ``values``: of the columns that hold few, each value and its rows; ``brands``: those that a column may tell.
    """
    counted = {one.name: described(one) for one in profile.columns} if profile else {}
    days, table = columns.dated(spec.reads), TABLES[spec.reads]
    wrong: dict[str, list[str]] = {}
    for column, fault in columns.faults(told, spec.reads, columns.computed(spec), spec):
        wrong.setdefault(column, []).append(phrase(fault))
    by_name = {one.name: one for one in seen}
    made = []
    for number, one in enumerate(told):
        held = by_name[one.column]
        made.append(
            {
                "number": number,
                "column": one.column,
                "filled": held.filled,
                **counted.get(one.column, {}),
                "examples": [text if sees.shown else mask(text) for text in held.examples],
                "says": one.says,
                "dated": one.says in days,
                "held": held_for(one, table),
                "apart": _apart(one),
                "form": one.form,
                "key": one.key,
                "states": _states(one, held, shown=sees.shown) if one.says.startswith(f"{columns.CONSENT}:") else [],
                "many": one.says.startswith(f"{columns.CONSENT}:") and not held.values,
                "coded": coded.line(
                    one, spec, (values or {}).get(one.column, {}), sees=sees, plain=PLAIN, brands=brands
                ),
                "wrong": wrong.get(one.column, []),
            }
        )
    return made


def whole(told: Sequence[Said], spec: SourceSpec) -> list[str]:
    """Return what the columns lack as a whole."""
    found = columns.faults(told, spec.reads, columns.computed(spec), spec)
    return [phrase(fault) for column, fault in found if not column]


def choices(
    reads: str, referred: Mapping[str, Sequence[str]], *, whole: bool = False, several: bool = False
) -> dict[str, Any]:
    """Return what a column may say, ways of writing dates, and what a value of a consent may mean.

    ``referred``: for each reference, the sources whose records it may name. ``whole``: rows are kept as received.
    ``several``: a column may tell of which brand each row is.
    """
    says = []
    for code in columns.sayings(reads):
        if code in columns.refers(reads):
            says += [
                (
                    f"{code}@{one}",
                    _("%(what)s in %(source)s") % {"what": words.say(code, "says"), "source": names.source(one)},
                )
                for one in referred.get(code, ())
            ]
        else:
            says.append((code, words.say(code, "says")))
    consents = [
        (
            f"{columns.CONSENT}:{purpose}:{channel}",
            _("%(purpose)s by %(channel)s")
            % {"purpose": words.say(purpose, "purpose"), "channel": words.say(channel, "channel")},
        )
        for purpose, channel in columns.OFFERED
    ]
    return {
        "says": says,
        "consents": consents if reads == columns.PEOPLE else [],
        "several": several,
        "never": not whole,
        "forms": [(form, example(form)) for form in ("", *FORMATS)],
        "states": [(code, words.say(code, "consent")) for code in CONSENT_STATES],
        "rows": [(code, words.say(code, "a_row")) for code in columns.READS],
        "purposes": [(code, words.say(code, "purpose")) for code in PURPOSES if code != TABLES[reads].purpose],
        "purpose": words.say(TABLES[reads].purpose, "purpose"),
        "units": [(code, words.say(code, "span")) for code in keeping.UNITS],
        "longest": span(keeping.longest(TABLES[reads]) or 0),
    }


def read_from(
    form: Mapping[str, Any], seen: Sequence[Seen], able: Mapping[str, Any], reads: str,
    values: Mapping[str, Mapping[str, int | None]], *, shown: bool, brands: Coded | None = None,
) -> tuple[list[Said], UsageError | None]:  # fmt: skip
    """Return what a form says of the columns, and what is wrong with the first code that is none.

    A value that is none of the choices ``able`` says nothing; ``values``: of the columns that hold few, each value,
    which was in clear where ``shown``.
    """
    known = {code for code, _said in [*able["says"], *able["consents"]]} | ({columns.NEVER} if able["never"] else set())
    known |= {columns.BRAND} if able["several"] else set()
    told, wrong = [], None
    for number, one in enumerate(seen):
        says = str(form.get(f"c:{number}:says", ""))
        states = {
            value: state if (state := str(form[name])) in CONSENT_STATES else ""
            for at, value in enumerate(one.values)
            if (name := f"c:{number}:state:{at}") in form
        }
        written = str(form.get(f"c:{number}:form", ""))
        says = says if says in known else ""
        chosen, other, strange = coded.read(
            form, number, says, reads, values.get(one.name, {}), shown=shown, brands=brands
        )
        if strange and wrong is None:
            wrong = coded.unknown(strange, says)
        told.append(
            Said(
                one.name, says, written if written in FORMATS else "",
                key=f"c:{number}:key" in form, states=states if says.startswith(f"{columns.CONSENT}:") else {},
                values=chosen, other=other,
                kept=_kept(form, number),
            )
        )  # fmt: skip
    return told, wrong


def fitting(told: Sequence[Said], reads: str) -> tuple[list[Said], UsageError | None]:
    """Return what is told without the retentions that cannot be, and what is wrong with the first of these."""
    made, wrong = [], None
    for one in told:
        why = keeping.unfit((one.kept or {}).get("retention"), TABLES[reads])
        if why is not None:
            wrong = wrong or UsageError(
                "The column {column} cannot be held so: {why}.",
                hint="The rest is kept: choose another retention.",
                column=one.column,
                why=why,
            )
        made.append(replace(one, kept=None) if why is not None else one)
    return made, wrong


def computed(spec: SourceSpec) -> list[dict[str, Any]]:
    """Return the values that expressions make as lines of the form, and an empty one."""
    days = columns.dated(spec.reads)
    made = [*columns.computed(spec), columns.Computed("", "")]
    return [
        {"number": at, "says": one.says, "expr": one.expr, "form": one.form, "dated": one.says in days}
        for at, one in enumerate(made)
    ]


def computed_from(
    form: Mapping[str, Any], seen: Sequence[Seen], able: Mapping[str, Any], told: Sequence[Said]
) -> tuple[list[Computed], UsageError | None]:
    """Return the values that expressions of a form make, and what is wrong with the first of those that make none."""
    known, names = dict(able["says"]), {one.name for one in seen}
    unkept = {one.column for one in told if one.says == columns.NEVER}
    made: list[Computed] = []
    wrong = None
    for number in range(COMPUTED):
        says, text = str(form.get(f"e:{number}:says", "")), str(form.get(f"e:{number}:expr", "")).strip()
        if not text:
            continue
        if says not in known:
            wrong = wrong or UsageError("An expression says nothing yet.", hint="Choose beside it what it says.")
            continue
        try:
            read = set(parsed(text).columns)
        except Unreadable as error:
            why = error.told
        else:
            written = str(form.get(f"e:{number}:form", ""))
            if not read - names and not read & unkept:
                made.append(Computed(says, text, written if written in FORMATS else ""))
                continue
            why = (
                Phrase("the file has no column {name}", name=min(read - names)) if read - names
                else Phrase("the column {name} is never kept", name=min(read & unkept))
            )  # fmt: skip
        wrong = wrong or UsageError(
            "What is computed for “{what}” cannot be: {why}.",
            hint="The rest is kept: write this one again.",
            what=known[says],
            why=why,
        )
    return made, wrong


def reading(spec: Mapping[str, Any]) -> str:
    """Say in one line how the file is read."""
    form = spec.get("format") or {}
    parts = [words.say(str(spec["kind"]), "place")]
    if spec["kind"] == "csv":
        parts += [str(form.get("encoding", "utf-8")), delimiter(str(form.get("delimiter", ",")))]
    if spec["kind"] == "csv" and quote(form) != "double":
        parts.append(words.say(quote(form), "quote"))
    if form.get("decimal") == ",":
        parts.append(_("decimal comma"))
    if form.get("sheet"):
        parts.append(_("sheet “%(name)s”") % {"name": form["sheet"]})
    if int(form.get("header_row", 1)) > 1:
        parts.append(_("names of columns in row %(row)s") % {"row": form["header_row"]})
    return " · ".join(parts)


def quote(form: Mapping[str, Any]) -> str:
    """Return the word for what stands around the text of a cell."""
    return next((name for name, mark in QUOTES.items() if mark == form.get("quote", QUOTES["double"])), "double")


def delimiter(code: str) -> str:
    """Say what stands between two cells."""
    return words.say(code, "delimiter")


def example(form: str) -> str:
    """Return how a day is written in a form: the last of August 2026, a quarter past two."""
    if not form:
        return "2026-08-31"
    for part, said in (("%d", "31"), ("%m", "08"), ("%Y", "2026"), ("%H", "14"), ("%M", "15"), ("%S", "00")):
        form = form.replace(part, said)
    return form


def size(count: int) -> str:
    """Say how large a file is."""
    for unit, word in ((1 << 30, _("GB")), (1 << 20, _("MB")), (1 << 10, _("KB"))):
        if count >= unit:
            return f"{say.number(round(count / unit, 1))} {word}"
    return f"{say.number(count)} {_('bytes')}"


def _apart(one: Said) -> dict[str, Any] | None:
    """Return the purpose and the retention that are said of a column, None where none can be."""
    if one.kept is None:
        return None
    count, unit = keeping.parted(one.kept.get("retention"))
    return {"purpose": one.kept.get("purpose", ""), "count": count or "", "unit": unit, "told": bool(one.kept)}


def _kept(form: Mapping[str, Any], number: int) -> dict[str, str] | None:
    """Return what a form says of the purpose and retention of a column, None where it asks for none."""
    if f"c:{number}:purpose" not in form:
        return None
    purpose, count = str(form[f"c:{number}:purpose"]), str(form.get(f"c:{number}:for", "")).strip()
    unit = str(form.get(f"c:{number}:unit", ""))
    unit = unit if unit in keeping.UNITS else "months"
    said = {
        "purpose": purpose if purpose in PURPOSES else "",
        "retention": f"{count} {unit.removesuffix('s') if count == '1' else unit}" if count else "",
    }
    return {name: value for name, value in said.items() if value}


def _states(one: Said, held: Seen, *, shown: bool) -> list[dict[str, Any]]:
    return [
        {
            "number": at,
            "value": value if shown or fold(value) in PLAIN else mask(value),
            "state": one.states.get(value, ""),
        }
        for at, value in enumerate(held.values)
    ]
