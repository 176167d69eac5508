"""Alerts in words, and what they make it wise to say first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console.names import brand, entity
from filrouge.console.templatetags import say
from filrouge.domain.profiles import Alert


@dataclass(frozen=True)
class Told:
    """An alert: what is so, why it matters, and what to say."""

    level: str
    fact: str
    advice: str


def told(alerts: Iterable[Alert]) -> list[Told]:
    """Return the alerts in words, the gravest first; of a kind that repeats, one."""
    order = {"danger": 0, "warning": 1, "info": 2}
    found: dict[str, Told] = {}
    for alert in sorted(alerts, key=lambda alert: order.get(alert.level, 3)):
        said = _SAID.get(alert.code)
        if said:
            fact, advice = said(dict(alert.params))
            found.setdefault(fact, Told(alert.level, fact, advice))
    return list(found.values())


def _complaint(params: dict[str, object]) -> tuple[str, str]:
    days = -(say.days_until(params.get("since")) or 0)
    ref = str(params.get("ref") or "")
    if days > 0:
        fact = ngettext("Complaint open for %(days)s day", "Complaint open for %(days)s days", days) % {
            "days": say.number(days)
        }
    else:
        fact = _("Complaint opened today")
    advice = _("Settle complaint %(ref)s before any offer") % {"ref": ref}
    return f"{fact} ({brand(str(params['brand'])).name})" if params.get("brand") else fact, advice


def _payment(params: dict[str, object]) -> tuple[str, str]:
    reason, at = str(params.get("reason") or ""), params.get("at")
    fact = _("Payment refused on %(day)s") % {"day": say.short_day(at)} if at else _("Payment refused")
    return f"{fact}: {reason}" if reason else fact, _("Offer to update the means of payment")


def _renewal(params: dict[str, object]) -> tuple[str, str]:
    offer, at = str(params.get("offer") or ""), params.get("at")
    fact = _("%(offer)s renews on %(day)s") % {"offer": offer, "day": say.short_day(at)}
    return fact, _("Ask whether %(offer)s still suits them") % {"offer": offer}


def _restricted(params: dict[str, object]) -> tuple[str, str]:
    fact = _("%(entity)s may keep these data but not use them") % {"entity": entity(str(params.get("entity") or ""))}
    return fact, _("Speak only of the request itself")


_SAID = {
    "complaint_open": _complaint,
    "payment_failed": _payment,
    "renewal_near": _renewal,
    "restricted": _restricted,
}
