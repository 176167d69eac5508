"""The timeline in words: each moment becomes a line with a shape, a sentence and what unfolds below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from filrouge.console import actions, names, words
from filrouge.console.templatetags import say
from filrouge.domain.profiles import Moment

# Group of the filter -> kinds of moments in it.
GROUPS: dict[str, tuple[str | Promise, frozenset[str]]] = {
    "talks": (
        _l("exchanges"),
        frozenset({"ticket", "complaint", "message", "call", "visit", "registration", "note", "told"}),
    ),
    "purchases": (_l("purchases"), frozenset({"order", "return", "opportunity"})),
    "contracts": (_l("contracts and payments"), frozenset({"contract", "contract_end", "invoice", "payment"})),
    "contacts": (_l("what we sent"), frozenset({"contact"})),
    "events": (_l("web and app"), frozenset({"event"})),
    "commitments": (_l("promises and consents"), frozenset({"promise", "follow_up", "consent"})),
}
ICONS = {
    "order": "cart",
    "return": "return",
    "opportunity": "opportunity",
    "contract": "contract",
    "contract_end": "stop",
    "invoice": "invoice",
    "payment": "payment",
    "ticket": "ticket",
    "complaint": "alert",
    "message": "message",
    "call": "call",
    "visit": "visit",
    "registration": "calendar",
    "contact": "mail",
    "event": "web",
    "consent": "check",
    "note": "note",
    "promise": "promise",
    "follow_up": "followup",
    "told": "message",
}


@dataclass(frozen=True)
class Line:
    """One line of the timeline; ``parts`` holds the moments that were folded into it, if any."""

    at: datetime
    icon: str
    title: str
    moment: Moment
    tone: str = ""  # bad, warn, good
    facts: tuple[tuple[str, str], ...] = ()
    parts: tuple[Line, ...] = field(default=())

    @property
    def unfolds(self) -> bool:
        return bool(self.moment.text or self.facts or self.parts or self.moment.link)


@dataclass(frozen=True)
class Day:
    """A day of the timeline and its lines, latest first."""

    at: datetime
    lines: tuple[Line, ...]


def days(moments: Iterable[Moment]) -> list[Day]:
    """Return the timeline by day in the zone of the screens; pages seen in a row become one line."""
    found = []
    for _day, group in groupby(moments, key=local_day):
        held = list(group)
        found.append(Day(held[0].at, tuple(_folded(held))))
    return found


def keeps(*, group: str = "", brand: str = "", channel: str = "") -> Callable[[Moment], bool]:
    """Return the test by which the filters keep a moment."""
    kinds = GROUPS[group][1] if group in GROUPS else None

    def keep(moment: Moment) -> bool:
        return (
            (kinds is None or moment.kind in kinds)
            and (not brand or moment.brand == brand)
            and (not channel or moment.channel == channel)
        )

    return keep


def local_day(moment: Moment) -> date:
    """Return the day of a moment in the zone of the screens."""
    return say.local(moment.at).date()


def line(moment: Moment) -> Line:
    """Return one moment in words."""
    title, tone, facts = _SENTENCES.get(moment.kind, _plain)(moment)
    icon = ICONS.get(moment.kind, "event")
    if moment.kind == "payment" and moment.outcome == "failed":
        icon = "payment-failed"
    if moment.kind == "contact" and moment.channel in ("sms", "push", "phone", "post"):
        icon = {"sms": "phone", "push": "phone", "phone": "call-out", "post": "post"}[moment.channel]
    if moment.kind == "contact" and moment.outcome in ("opened", "clicked", "bounced"):
        icon = {"opened": "mail-open", "clicked": "click", "bounced": "bounce"}[moment.outcome]
    if moment.kind == "consent" and moment.status not in ("granted", "released"):
        icon = "stop"
    if moment.kind == "call":
        icon = "call-out" if moment.direction == "out" else "call-in"
    return Line(moment.at, icon, title, moment, tone, tuple((name, value) for name, value in facts if value))


def _folded(held: Sequence[Moment]) -> Iterable[Line]:
    """Yield a day's lines: pages seen in a row become one, and so do a message sent, opened and clicked."""
    for key, group in groupby(_together(held), key=_fold_key):
        run = list(group)
        if not key or len(run) == 1:
            yield from (line(moment) for moment in run)
        elif key[0] == "event":
            yield _browsing(run)
        else:
            yield _message(run)


def _fold_key(moment: Moment) -> tuple[str, ...]:
    if moment.kind == "event":
        return ("event", moment.brand)
    if moment.kind == "contact":
        return ("contact", moment.brand, moment.channel, moment.title)
    return ()


def _together(held: Sequence[Moment]) -> Iterable[Moment]:
    """Bring what happened to one message next to its latest moment."""
    told: set[tuple[str, ...]] = set()
    for moment in held:
        if moment.kind != "contact":
            yield moment
        elif (key := _fold_key(moment)) not in told:
            told.add(key)
            yield from (other for other in held if _fold_key(other) == key)


def _browsing(run: Sequence[Moment]) -> Line:
    pages = sum(1 for moment in run if moment.details.get("type") in ("page", "screen"))
    said = (
        ngettext("%(count)s page seen", "%(count)s pages seen", pages) % {"count": pages}
        if pages == len(run)
        else ngettext("%(count)s action online", "%(count)s actions online", len(run)) % {"count": len(run)}
    )
    topics = list(dict.fromkeys(str(m.details["topic"]) for m in run if m.details.get("topic")))
    if topics:
        said = f"{said} · {', '.join(topics[:3])}"
    return Line(run[0].at, "web", said, run[0], parts=tuple(line(moment) for moment in run))


def _message(run: Sequence[Moment]) -> Line:
    reached = ("complained", "unsubscribed", "clicked", "opened", "bounced", "delivered")
    best = min(run, key=lambda m: reached.index(m.outcome) if m.outcome in reached else len(reached))
    said = line(best)
    return Line(run[0].at, said.icon, said.title, best, said.tone, said.facts, tuple(line(moment) for moment in run))


Said = tuple[str, str, list[tuple[str, str]]]


def _quoted(text: str) -> str:
    return _("“%(text)s”") % {"text": text}


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _amount(moment: Moment) -> str:
    return say.money(moment.amount, moment.currency) if moment.amount else ""


def _order(moment: Moment) -> Said:
    title = _joined(_("Order %(ref)s") % {"ref": moment.ref}, _amount(moment))
    return (
        title,
        "",
        [
            (_("Status"), words.say(moment.status, "status") if moment.status else ""),
            (_("Promotion"), str(moment.details.get("promotion_code") or "")),
        ],
    )


def _return(moment: Moment) -> Said:
    order = str(moment.details.get("order_ref") or "")
    said = _("Return from order %(ref)s") % {"ref": order} if order else _("Return %(ref)s") % {"ref": moment.ref}
    return _joined(said, _amount(moment)), "", [(_("Reason"), moment.title)]


def _opportunity(moment: Moment) -> Said:
    said = _("Opportunity %(label)s") % {"label": _quoted(moment.title or moment.ref)}
    stage = words.say(moment.outcome or moment.status, "status") if moment.outcome or moment.status else ""
    return _joined(said, stage, _amount(moment)), {"won": "good", "lost": "warn"}.get(moment.outcome, ""), []


def _contract(moment: Moment) -> Said:
    said = _("Subscribed to %(offer)s") % {"offer": _quoted(moment.title or moment.ref)}
    term = str(moment.details.get("term") or "")
    return (
        _joined(said, _amount(moment), words.say(term, "term") if term else ""),
        "good",
        [(_("Contract"), moment.ref)],
    )


def _contract_end(moment: Moment) -> Said:
    said = _("End of %(offer)s") % {"offer": _quoted(moment.title or moment.ref)}
    return (
        _joined(said, words.say(moment.outcome, "end") if moment.outcome else ""),
        "warn",
        [(_("Contract"), moment.ref)],
    )


def _invoice(moment: Moment) -> Said:
    due = moment.details.get("due_at")
    said = _joined(_("Invoice %(ref)s") % {"ref": moment.ref}, _amount(moment))
    if moment.status and moment.status != "paid":
        said = _joined(said, words.say(moment.status, "status"))
    return said, "warn" if moment.status == "unpaid" else "", [(_("Due"), say.day(due) if due else "")]


def _payment(moment: Moment) -> Said:
    method = words.say(moment.title, "method") if moment.title else ""
    told = {"failed": _("Payment refused"), "refunded": _("Refund")}.get(moment.outcome, _("Payment"))
    return (
        _joined(told, _amount(moment), method),
        "bad" if moment.outcome == "failed" else "",
        [
            (_("Reason"), str(moment.details.get("reason") or "")),
            (_("Reference"), moment.ref),
        ],
    )


def _talk(moment: Moment) -> Said:
    kinds = {"ticket": _("Request"), "complaint": _("Complaint"), "visit": _("Visit")}
    said = kinds.get(moment.kind, _("Message sent") if moment.direction == "out" else _("Message received"))
    closed = moment.status in ("closed", "solved")
    state = words.say(moment.status, "status") if moment.status and moment.kind != "message" else ""
    subject = moment.title or Truncator(moment.text).chars(70)
    title = _joined(f"{said} {_quoted(subject)}" if subject else said, state)
    tone = "bad" if moment.kind == "complaint" and not closed else ""
    ref = moment.ref if moment.kind in ("ticket", "complaint") else str(moment.details.get("ticket_ref") or "")
    return title, tone, [(_("Reference"), ref), (_("About"), words.say(moment.outcome, "disposition"))]


def _call(moment: Moment) -> Said:
    said = _("Call to the customer") if moment.direction == "out" else _("Call received")
    length = moment.details.get("duration_s")
    about = _quoted(words.say(moment.title, "disposition")) if moment.title else ""
    title = _joined(said, say.duration(length) if length else "", about)
    promised, until = moment.details.get("promised"), moment.details.get("promised_for")
    told = (
        _("%(what)s, for %(day)s") % {"what": promised, "day": say.day(until)}
        if promised and until
        else str(promised or "")
    )
    return title, "", [(_("Promised"), told)]


def _registration(moment: Moment) -> Said:
    title = _joined(
        _("Registration: %(what)s") % {"what": moment.title or moment.ref}, words.say(moment.status, "status")
    )
    return title, "", [(_("Reference"), moment.ref)]


def _contact(moment: Moment) -> Said:
    said = _joined(_quoted(moment.title or moment.ref), words.say(moment.outcome, "outcome") if moment.outcome else "")
    return (
        said,
        "warn" if moment.outcome in ("bounced", "unsubscribed", "complained") else "",
        [
            (_("Kind"), words.say(moment.status, "purpose") if moment.status else ""),
            (_("Campaign"), str(moment.details.get("campaign") or "")),
        ],
    )


_EVENTS: dict[str, str | Promise] = {
    "page": _l("Page seen"),
    "screen": _l("Page seen"),
    "identify": _l("Said who they are"),
    "alias": _l("Said who they are"),
    "group": _l("Said which company they are of"),
}


def _event(moment: Moment) -> Said:
    topic, kind = str(moment.details.get("topic") or ""), str(moment.details.get("type") or "")
    seen = str(_EVENTS.get(kind, _l("Action online")))
    name = str(moment.details.get("name") or "")
    told = moment.title or topic or (name if kind == "track" else "")
    return f"{seen} · {told}" if told else seen, "", []


def _consent(moment: Moment) -> Said:
    purpose = str(moment.details.get("purpose") or "")
    title = _("%(purpose)s by %(channel)s: %(state)s") % {
        "purpose": words.say(purpose, "purpose").capitalize(),
        "channel": words.say(moment.channel, "channel"),
        "state": words.say(moment.status, "consent"),
    }
    whose = "" if moment.brand else names.entity(moment.entity)  # of the whole entity: which one must stop
    return (
        _joined(title, whose),
        "" if moment.status == "granted" else "warn",
        [(_("Method"), words.say(str(moment.details.get("method") or ""), "method"))],
    )


def _act(moment: Moment) -> Said:
    kinds = {"note": _("Note"), "promise": _("Promise"), "follow_up": _("Follow-up")}
    said = f"{kinds[moment.kind]} · {moment.title}" if moment.title else kinds[moment.kind]
    return said, "", [(_("Written by"), names.author(moment.by))]


def _told(moment: Moment) -> Said:
    action, about = str(moment.details.get("action") or ""), str(moment.details.get("about") or "")
    title = _("Said · %(what)s") % {"what": actions.received(action, about, moment.status)}
    tone = {"accepted": "good", "refused": "warn"}.get(moment.status, "")
    return title, tone, [(_("Written by"), names.author(moment.by))]


def _plain(moment: Moment) -> Said:
    return moment.title or words.say(moment.kind), "", []


_SENTENCES: dict[str, Any] = {
    "order": _order,
    "return": _return,
    "opportunity": _opportunity,
    "contract": _contract,
    "contract_end": _contract_end,
    "invoice": _invoice,
    "payment": _payment,
    "ticket": _talk,
    "complaint": _talk,
    "message": _talk,
    "visit": _talk,
    "call": _call,
    "registration": _registration,
    "contact": _contact,
    "event": _event,
    "consent": _consent,
    "note": _act,
    "promise": _act,
    "follow_up": _act,
    "told": _told,
}
