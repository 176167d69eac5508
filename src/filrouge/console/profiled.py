"""The profile of a column in words: its kind of value, what it seems to mean and how sure that is, what is wrong."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console import words
from filrouge.console.templatetags import say
from filrouge.domain.privacy.register import SENSITIVITIES
from filrouge.domain.sources import keeping
from filrouge.domain.sources.columns import CONSENT, Said
from filrouge.domain.sources.profile import ColumnProfile, Fault
from filrouge.tables import TABLES, Table

_TYPES, _ORDERS, _MARKS = ("type", "other"), ("order",), ("mark",)


def described(column: ColumnProfile) -> dict[str, Any]:
    """Return what is said of a column: in one line, its guessed meaning, its most frequent values, its faults."""
    shape = [words.say(column.type, "value_type")]
    if column.distinct:
        shape.append(
            ngettext("%(count)s value", "%(count)s different values", column.distinct)
            % {"count": say.number(column.distinct)}
        )
    return {
        "shape": ", ".join(shape),
        "filled": column.fill,
        "guess": _guess(column),
        "top": [(one.value, one.rows) for one in column.top] if column.distinct < column.filled else [],
        "faults": [said(fault) for fault in column.faults],
    }


def said(fault: Fault) -> str:
    """Say what is wrong, and in how many rows."""
    params: dict[str, Any] = dict(fault.params)
    for names, kind in ((_TYPES, "value_type"), (_ORDERS, "value_order"), (_MARKS, "value_mark")):
        params |= {name: words.say(str(params[name]), kind) for name in names if name in params}
    what = words.say(fault.code, "profile_fault") % params
    rows = ngettext("%(count)s row: %(what)s", "%(count)s rows: %(what)s", fault.rows)
    return rows % {"count": say.number(fault.rows), "what": what}


def held_for(one: Said, table: Table) -> str:
    """Say why what a column tells of a person is held, and for how long; nothing of what tells nobody anything."""
    target = one.says.partition("@")[0]
    if one.says.startswith(f"{CONSENT}:"):
        table = TABLES["consents"]
    else:
        careful = {column.name for column in table.columns if column.sensitivity in SENSITIVITIES}
        if (target not in careful and one.kept is None) or not table.personal:
            return ""
    said = one.kept or {}
    lasts = words.say(table.kept, "kept")
    if said.get("retention"):
        since = words.say("dated" if table.kept == "active" else table.kept, "kept")
        lasts = f"{span(keeping.days(said['retention']) or 0)} {since}"
    elif table.kept not in ("with_record", "with_person"):
        lasts = f"{span(table.retention_days)} {lasts}"
    return _("Held for: %(purpose)s, %(lasts)s") % {
        "purpose": words.say(said.get("purpose") or table.purpose, "purpose"), "lasts": lasts,
    }  # fmt: skip


def span(days: int) -> str:
    """Say how long something is kept."""
    years = round(days / 365)
    if days >= 365 and abs(days - years * 365) < 5:
        return ngettext("%(count)s year", "%(count)s years", years) % {"count": say.number(years)}
    months = round(days * 12 / 365)
    if days >= 59 and abs(days - months * 365 / 12) < 1:
        return ngettext("%(count)s month", "%(count)s months", months) % {"count": say.number(months)}
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": say.number(days)}


def _guess(column: ColumnProfile) -> str:
    if column.by == "nothing":
        return ""
    return _("Seems to be: %(meaning)s (%(confidence)s, %(by)s)") % {
        "meaning": words.say(column.meaning, "meaning"), "confidence": say.percent(column.confidence),
        "by": words.say(column.by, "told_by"),
    }  # fmt: skip
