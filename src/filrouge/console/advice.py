"""Alerts in words: what whoever talks to a person must know first."""

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
    """An alert: what is so, and how grave it is."""

    level: str
    fact: str


def told(alerts: Iterable[Alert]) -> list[Told]:
    """Return the alerts in words, the gravest first; of a kind that repeats, one."""
    order = {"danger": 0, "warning": 1, "info": 2}
    found: dict[str, Told] = {}
    for alert in sorted(alerts, key=lambda alert: order.get(alert.level, 3)):
        said = _SAID.get(alert.code)
        if said:
            fact = said(dict(alert.params))
            found.setdefault(fact, Told(alert.level, fact))
    return list(found.values())


def _complaint(params: dict[str, object]) -> str:
    days = -(say.days_until(params.get("since")) or 0)
    if days > 0:
        fact = ngettext("Complaint open for %(days)s day", "Complaint open for %(days)s days", days) % {
            "days": say.number(days)
        }
    else:
        fact = _("Complaint opened today")
    return f"{fact} ({brand(str(params['brand'])).name})" if params.get("brand") else fact


def _payment(params: dict[str, object]) -> str:
    reason, at = str(params.get("reason") or ""), params.get("at")
    fact = _("Payment refused on %(day)s") % {"day": say.short_day(at)} if at else _("Payment refused")
    return f"{fact}: {reason}" if reason else fact


def _renewal(params: dict[str, object]) -> str:
    offer, at = str(params.get("offer") or ""), params.get("at")
    return _("%(offer)s renews on %(day)s") % {"offer": offer, "day": say.short_day(at)}


def _restricted(params: dict[str, object]) -> str:
    return _("%(entity)s may keep these data but not use them") % {"entity": entity(str(params.get("entity") or ""))}


_SAID = {
    "complaint_open": _complaint,
    "payment_failed": _payment,
    "renewal_near": _renewal,
    "restricted": _restricted,
}
