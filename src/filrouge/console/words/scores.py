"""Words for scores: what each is called, its bands, and what a feature says of somebody."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from filrouge.console.templatetags import say

WORDS: dict[str, dict[str, str | Promise]] = {
    "score": {
        "engagement": _("Engagement"),
        "churn_30": _("Churn risk within 30 days"),
        "churn_90": _("Churn risk within 90 days"),
        "churn_wanted_90": _("wants to leave"),
        "churn_payment_90": _("lost by a payment"),
        "value": _("Value over twelve months"),
    },
    "band": {"low": _("low"), "medium": _("medium"), "high": _("high")},
    "family": {"subscription": _("subscription"), "shop": _("purchase"), "visit": _("live event")},
    "trend": {"up": _("rising"), "down": _("falling"), "flat": _("steady")},
}
MONEY = ("price_year", "spent_365", "contract_value", "buying_value")


def _reads(count: int) -> str:
    if not count:
        return gettext("reads nothing these four weeks")
    return ngettext("reads %(count)s page in four weeks", "reads %(count)s pages in four weeks", count) % {
        "count": count
    }


def _slope(value: float) -> str:
    if abs(value) < 5:
        return gettext("reads as much as in the two months before")
    share = say.percent(abs(value) / 100)
    if value < 0:
        return gettext("reads %(share)s less than in the two months before") % {"share": share}
    return gettext("reads %(share)s more than in the two months before") % {"share": share}


def _days_since(days: float) -> str:
    count = max(0, round(days))
    if count > 60:
        months = round(count / 30.4)
        return ngettext("%(count)s month", "%(count)s months", months) % {"count": months}
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}


def _tenure(days: float) -> str:
    years = int(days / 365.25)
    if not years:
        return gettext("subscribed for %(time)s") % {"time": _days_since(days)}
    time = ngettext("%(count)s year", "%(count)s years", years) % {"count": years}
    return gettext("subscribed for %(time)s") % {"time": time}


def _renewal(days: float) -> str:
    return gettext("renewal in %(time)s") % {"time": _days_since(days)}


def _failed(count: int) -> str:
    if not count:
        return gettext("no failed payment")
    return ngettext("%(count)s failed payment", "%(count)s failed payments", count) % {"count": count}


def _orders(count: int) -> str:
    if not count:
        return gettext("no order in a year")
    return ngettext("%(count)s order in a year", "%(count)s orders in a year", count) % {"count": count}


def _orders_ever(count: int) -> str:
    return ngettext("%(count)s order so far", "%(count)s orders so far", count) % {"count": count}


def _contracts(count: int) -> str:
    if not count:
        return gettext("no running subscription")
    return ngettext("%(count)s running subscription", "%(count)s running subscriptions", count) % {"count": count}


def _complaints(count: int) -> str:
    if not count:
        return gettext("no complaint in three months")
    said = ngettext("%(count)s complaint in three months", "%(count)s complaints in three months", count)
    return said % {"count": count}


def _requests(count: int) -> str:
    if not count:
        return gettext("no request in three months")
    said = ngettext("%(count)s request in three months", "%(count)s requests in three months", count)
    return said % {"count": count}


def _calls(count: int) -> str:
    if not count:
        return gettext("no call in three months")
    return ngettext("%(count)s call in three months", "%(count)s calls in three months", count) % {"count": count}


def _opened(count: int) -> str:
    if not count:
        return gettext("opened no e-mail in three months")
    said = ngettext("%(count)s e-mail opened in three months", "%(count)s e-mails opened in three months", count)
    return said % {"count": count}


def _clicked(count: int) -> str:
    if not count:
        return gettext("clicked nothing in three months")
    return ngettext("%(count)s click in three months", "%(count)s clicks in three months", count) % {"count": count}


def _sent(count: int) -> str:
    said = ngettext("contacted %(count)s time in three months", "contacted %(count)s times in three months", count)
    return said % {"count": count}


def _left_letters(count: int) -> str:
    return gettext("unsubscribed from e-mails in the year") if count else gettext("did not unsubscribe from e-mails")


def _live(count: int) -> str:
    if not count:
        return gettext("came to no live event in a year")
    return ngettext("%(count)s live event in a year", "%(count)s live events in a year", count) % {"count": count}


def _brands(count: int) -> str:
    return ngettext("deals with %(count)s brand", "deals with %(count)s brands", count) % {"count": count}


def _channels(count: int) -> str:
    return ngettext("uses %(count)s channel", "uses %(count)s channels", count) % {"count": count}


def _renewals(count: int) -> str:
    if not count:
        return gettext("not renewed yet")
    return ngettext("renewed %(count)s time", "renewed %(count)s times", count) % {"count": count}


def _returns(count: int) -> str:
    if not count:
        return gettext("nothing returned in a year")
    return ngettext("%(count)s return in a year", "%(count)s returns in a year", count) % {"count": count}


def _ended(count: int) -> str:
    if not count:
        return gettext("no subscription ended in a year")
    said = ngettext("%(count)s subscription ended in a year", "%(count)s subscriptions ended in a year", count)
    return said % {"count": count}


def _visit_days(count: int) -> str:
    if not count:
        return gettext("did not come in four weeks")
    return ngettext("came on %(count)s day of four weeks", "came on %(count)s days of four weeks", count) % {
        "count": count
    }


def _took(count: int) -> str:
    if not count:
        return gettext("never took this offer")
    return ngettext("took this offer %(count)s time", "took this offer %(count)s times", count) % {"count": count}


def _before(count: int) -> str:
    said = ngettext(
        "read %(count)s page in the two months before", "read %(count)s pages in the two months before", count
    )
    return said % {"count": count}


COUNTS: Mapping[str, Callable[[int], str]] = {
    "reads_28": _reads, "reads_before": _before, "orders_365": _orders, "orders_ever": _orders_ever,
    "contracts": _contracts, "complaints_90": _complaints, "requests_90": _requests, "calls_90": _calls,
    "opened_90": _opened, "clicked_90": _clicked, "sent_90": _sent, "unsubscribed_365": _left_letters,
    "visits_365": _live, "brands": _brands, "channels": _channels, "order_channels": _channels,
    "renewals": _renewals, "returns_365": _returns, "ended_365": _ended, "visit_days_28": _visit_days,
    "failed_90": _failed, "failed_365": _failed,
}  # fmt: skip
AMOUNTS: Mapping[str, Callable[[float], str]] = {"reads_slope": _slope, "tenure": _tenure, "renewal_in": _renewal}


def reason(feature: str, value: float | None, *, contribution: float = 0.0) -> str:
    """Say what ``feature`` tells of somebody whose value is ``value`` (None: never, or not known)."""
    if feature in ("contract_value", "buying_value"):
        word = gettext("subscriptions") if feature == "contract_value" else gettext("purchases")
        return gettext("%(amount)s of %(what)s") % {"amount": say.money(contribution), "what": word}
    if feature.startswith("took_"):
        return _took(round(value or 0))
    if feature.startswith("since_"):
        if value is None:
            return gettext("never took this offer")
        return gettext("took this offer %(time)s ago") % {"time": _days_since(value)}
    if feature == "visit_recency":
        if value is None:
            return gettext("never visits")
        return gettext("last visit %(time)s ago") % {"time": _days_since(value)}
    if feature == "order_recency":
        if value is None:
            return gettext("no order yet")
        return gettext("last order %(time)s ago") % {"time": _days_since(value)}
    if feature == "price_year":
        return gettext("the price of the subscription")
    if feature == "spent_365":
        return gettext("what was spent in a year")
    if feature == "open_rate_90" and value is not None:
        return gettext("opens %(share)s of our e-mails") % {"share": say.percent(value / 100)}
    if value is None:
        return gettext("not known: %(what)s") % {"what": feature.replace("_", " ")}
    if feature in COUNTS:
        return COUNTS[feature](round(value))
    if feature in AMOUNTS:
        return AMOUNTS[feature](value)
    return feature.replace("_", " ")
