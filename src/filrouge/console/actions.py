"""What to say now in words: each thing with its reason and its three answers, and what not to say and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from filrouge.console import names, words
from filrouge.console.templatetags import say
from filrouge.console.words.scores import reason as feature_said
from filrouge.domain.followups import Action, Ranking, Unsaid
from filrouge.domain.privacy.caller import Caller

FOLLOWED = ("offer", "keep_customer", "secure_payment", "ask_renewal", "mend_payment", "settle_complaint")


@dataclass(frozen=True)
class Line:
    """One thing to say: its words, its reason, where its answer goes, whether it may open a follow-up."""

    action: str
    cause: str
    title: str
    because: str
    brand: str
    answer: str  # where the answer is sent; empty where the reader may not answer
    followed: bool
    kind: str  # a score's colour, where it rests on one


@dataclass(frozen=True)
class Not:
    """What not to say, and each reason why."""

    what: str
    whys: tuple[str, ...]


def lines(ranking: Ranking, person: str, asking: Caller) -> list[Line]:
    """Return what to say in words, in order."""
    may = asking.has("advisor", "sales")
    to = reverse("action-answer", args=[person]) if may else ""
    return [
        Line(
            one.action, one.cause, title(one.action, one.subject, one.params), because(one), one.brand, to,
            one.action in FOLLOWED, _COLOURS.get(one.action, ""),
        )
        for one in ranking.actions
    ]  # fmt: skip


_COLOURS = {"keep_customer": "churn", "secure_payment": "churn", "offer": "propensity", "thank": "engagement"}


def unsaid(ranking: Ranking) -> list[Not]:
    """Return what not to say in words, each once with all its reasons."""
    told: dict[str, dict[str, None]] = {}
    for one in ranking.unsaid:
        told.setdefault(_what(one), {}).setdefault(_why(one))
    return [Not(what, tuple(whys)) for what, whys in told.items()]


def title(action: str, subject: str, params: Mapping[str, Any]) -> str:
    """Return what to say, in a few words."""
    text = str(params.get("text") or "")
    if action == "keep_promise" and text:
        return _("Keep what was promised: %(what)s") % {"what": text}
    if action == "settle_complaint" and params.get("ref"):
        return _("Settle complaint %(ref)s before any offer") % {"ref": params.get("ref") or ""}
    if action == "do_follow_up" and text:
        return text
    if action == "ask_renewal" and (offer := params.get("offer") or subject):
        return _("Ask whether %(offer)s still suits them") % {"offer": offer}
    if action == "offer":
        return _("Offer: %(offer)s") % {"offer": family(subject)}
    if action == "thank":
        count = int(params.get("years") or 0)
        if count:
            told = ngettext("Thank them: known for %(count)s year", "Thank them: known for %(count)s years", count)
            return told % {"count": count}
    return words.say(action, "to_say")


def family(subject: str) -> str:
    """Return a family of offers in words: what it is, of which brand."""
    kind, _underscore, brand = subject.partition("_")
    if not brand:
        return subject
    return f"{words.say(kind, 'family')}, {names.brand(brand.replace('_', '-')).name}"


def because(one: Action) -> str:
    """Return the reason of an action in a sentence."""
    told = one.params
    if one.action in ("keep_promise", "do_follow_up"):
        days = say.days_until(told.get("due_at")) or 0
        if days < 0:
            return ngettext("it is %(days)s day overdue", "it is %(days)s days overdue", -days) % {"days": -days}
        return _("it is due on %(day)s") % {"day": say.short_day(told.get("due_at"))}
    if one.action == "settle_complaint":
        days = int(told.get("days") or 0)
        return ngettext("open for %(days)s day", "open for %(days)s days", days) % {"days": days}
    if one.action == "mend_payment":
        said = _("a payment was refused on %(day)s") % {"day": say.short_day(told.get("at"))}
        return f"{said} ({told['reason']})" if told.get("reason") else said
    if one.action == "ask_renewal":
        return _("it renews on %(day)s") % {"day": say.short_day(told.get("at"))}
    if "score" in told:
        return _scored(told)
    return ""


def _scored(told: Mapping[str, Any]) -> str:
    name = str(told["score"])
    label = _("propensity") if name.startswith("propensity_") else words.say(name, "score").lower()
    share = say.percent(float(told["value"]) / 100)
    trend = told.get("trend") or 0.0
    moves = f", {words.say('up' if trend > 0 else 'down', 'trend')}" if abs(trend) >= 0.5 else ""
    reasons = sorted(told.get("reasons") or (), key=lambda part: -abs(part["contribution"]))
    raising = [part for part in reasons if part["contribution"] > 0][:2]
    causes = ", ".join(
        feature_said(part["feature"], part["value"], contribution=part["contribution"]) for part in raising
    )
    said = f"{label} {share}{moves}"
    return _("%(score)s: %(reasons)s") % {"score": said, "reasons": causes} if causes else said


def _what(one: Unsaid) -> str:
    if one.what == "offer" and one.subject:
        return _("No offer: %(offer)s") % {"offer": family(one.subject)}
    return words.say(one.what, "unsaid")


def _why(one: Unsaid) -> str:
    told = one.params
    whose = names.entity(one.entity) if one.entity else ""
    if one.why == "complaint_open":
        return _("complaint %(ref)s is open") % {"ref": told.get("ref") or ""}
    if one.why == "promise_overdue":
        text = str(told.get("text") or "")
        return _("a promise is overdue: %(what)s") % {"what": text} if text else _("a promise is overdue")
    if one.why == "promised":
        text, due = str(told.get("text") or ""), told.get("due_at")
        said = _("it was promised: %(what)s") % {"what": text} if text else _("it was promised")
        return _("%(said)s (until %(day)s)") % {"said": said, "day": say.short_day(due)} if due else said
    if one.why == "refused":
        days = {"day": say.short_day(told.get("at")), "until": say.short_day(told.get("until"))}
        return _("refused on %(day)s, rests until %(until)s") % days
    if one.why == "restricted":
        return _("%(entity)s may keep these data but not use them") % {"entity": whose}
    said = _("by phone, %(why)s") % {"why": words.say(one.why, "decision_reason")}
    return f"{said} ({whose})" if whose and one.what == "offers" else said


def received(action: str, subject: str, said: str) -> str:
    """Return, for the thread, what was said and how it was received."""
    return pgettext("told", "%(what)s, %(how)s") % {
        "what": title(action, subject, {}).rstrip("."), "how": words.say(said, "answer"),
    }  # fmt: skip
