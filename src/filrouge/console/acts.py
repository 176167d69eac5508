"""What was promised, planned and noted here, as the person page shows it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.console import words
from filrouge.console.templatetags import say
from filrouge.domain.followups import holds
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import people as found
from filrouge.work.actions import promised


def due(page: found.Page, asking: Caller) -> list[dict[str, Any]]:
    """Return open promises and follow-ups, the soonest first, with what ends those that the reader acts for."""
    now = clock.now()

    def may(row: Any) -> bool:
        return asking.perimeter.acts(row.entity, row.brand, "advisor", "sales")

    lines = [
        {
            "what": "promise",
            "id": row.id,
            "text": row.text or _("a promise whose words your role does not read"),
            "due_at": row.due_at,
            "late": row.due_at < now,
            "owner": row.owner,
            "source": row.source,
            "close": reverse("promise-close", args=[row.id]) if may(row) else "",
            "ends": (("kept", _("Kept")), ("broken", _("Not kept")), ("released", _("No longer due"))),
        }
        for row in page.promises
        if row.state == "open"
    ]
    lines += [
        {
            "what": "followup",
            "id": row.id,
            "text": row.subject or _("a follow-up whose words your role does not read"),
            "due_at": row.due_at,
            "late": row.due_at < now,
            "owner": row.owner,
            "source": row.source,
            "close": reverse("followup-close", args=[row.id]) if may(row) else "",
            "ends": (("done", _("Done")), ("cancelled", _("Cancel"))),
        }
        for row in page.follow_ups
        if row.state == "open"
    ]
    return sorted(lines, key=lambda line: line["due_at"])


def forbidding(page: found.Page) -> list[dict[str, str]]:
    """Say which promises forbid a call, an offer or any contact now, and until when."""
    now = clock.now()
    told = []
    for one in promised(page):
        if holds(one, now):
            what = words.say(one.forbids, "unsaid")
            until = _("%(said)s (until %(day)s)") % {"said": what, "day": say.short_day(one.due_at)}
            what = until if one.bars else what
            told.append({"said": _("%(what)s: “%(text)s”") % {"what": what, "text": one.text} if one.text else what})
    return told


def notes(page: found.Page, asking: Caller) -> list[dict[str, Any]]:
    """Return the notes, the latest first; one's own can be removed."""
    return [
        {
            "text": row.text,
            "by": row.by,
            "at": row.created_at,
            "remove": reverse("note-remove", args=[row.id]) if row.by == asking.by or asking.administrator else "",
        }
        for row in page.notes
    ]
