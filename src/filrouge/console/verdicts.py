"""What people decided of who is who, in words; two people side by side; the life of an id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.base import clock
from filrouge.console import words
from filrouge.console.templatetags import say
from filrouge.console.templatetags.show import said
from filrouge.domain.identity import Chapter
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.profiles import ATTRIBUTES, PersonView
from filrouge.store.queries import people as found
from filrouge.store.queries import verdicts as decided


def told(gestures: Iterable[decided.Decided]) -> list[dict[str, Any]]:
    """Return each decision as a line: what was said, by whom, whether it holds, and how to take it back."""
    return [
        {
            "said": _said(one),
            "by": one.by,
            "at": one.at,
            "reason": one.reason,
            "undone_at": one.undone_at,
            "undone_by": one.undone_by,
            "settled": one.settled,
            "undo": reverse("verdict-undo", args=[one.gesture]) if one.undoable else "",
        }
        for one in gestures
    ]


def _said(one: decided.Decided) -> str:
    if one.kind == "must_link":
        return _("These records are one person’s")
    going = ngettext("%(n)s record separated", "%(n)s records separated", len(one.going)) % {
        "n": say.number(len(one.going))
    }
    staying = ngettext("%(n)s other", "%(n)s others", len(one.staying)) % {"n": say.number(len(one.staying))}
    return _("%(going)s from %(staying)s") % {"going": going, "staying": staying}


def settling(records: Iterable[int]) -> dict[str, Any] | None:
    """Return how far the settling of ``records`` is, None when nothing waits."""
    waiting = decided.settling(records)
    return {"state": waiting.state, "done": waiting.done, "total": waiting.total} if waiting else None


def side_by_side(left: PersonView, right: PersonView) -> list[dict[str, Any]]:
    """Return each attribute that one of two people has, with the values of both and whether they agree."""
    lines = []
    for name in (name for name in ATTRIBUTES if name != "full_name"):  # its parts are shown
        mine, theirs = (_values(view, name) for view in (left, right))
        if mine or theirs:
            same = {value.casefold() for value in mine} & {value.casefold() for value in theirs}
            lines.append(
                {
                    "label": words.say(name, "attribute"),
                    "left": mine,
                    "right": theirs,
                    "agree": bool(same),
                    "differ": bool(mine and theirs and not same),
                }
            )
    return lines


def _values(view: PersonView, name: str) -> list[str]:
    attribute = view.attributes.get(name)
    if attribute is None:
        return []
    values = (value.value if value.masked else said(value.value, name) for value in (attribute.best, *attribute.others))
    return list(dict.fromkeys(values))[:4]


def chapters(life: Iterable[Chapter], person: PersonView, asking: Caller) -> list[dict[str, Any]]:
    """Return the life of an id in words, the latest first; another person is named only if the reader may see them."""
    lines = []
    for one in life:
        other = found.named(one.other, asking, at=clock.now()) if one.other else None
        living = other is not None and other.id != person.id
        lines.append(
            {
                "at": one.at,
                "said": _chapter(one.code, one.records),
                "other": other.name if other and living else "",
                "address": reverse("person", args=[other.id]) if other and living else "",
                "decision": words.say(one.decision, "decision"),
            }
        )
    return lines[::-1]


def _chapter(code: str, count: int) -> str:
    n = count
    told = {
        "born": ngettext("Born of %(n)s record", "Born of %(n)s records", n),
        "arrived": ngettext("%(n)s new record", "%(n)s new records", n),
        "joined": ngettext("%(n)s record of another person joined", "%(n)s records of another person joined", n),
        "left": ngettext("%(n)s record left for another person", "%(n)s records left for another person", n),
        "merged": ngettext(
            "The last record left for another person", "The last %(n)s records left for another person", n
        ),
        "revived": ngettext("%(n)s record came back", "%(n)s records came back", n),
    }
    return told[code] % {"n": say.number(count)}
