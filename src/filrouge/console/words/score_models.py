"""Words for models of scores: what each foretells, and the names of what it looks at."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

WORDS: dict[str, dict[str, str | Promise]] = {
    "score_model": {
        "churn_wanted": _("A subscription that its holder ends"),
        "churn_payment": _("A subscription lost by a payment"),
        "renewing": _("Renewals, term after term"),
        "buying": _("Purchases, and what each brings"),
    },
    "score_model_state": {
        "candidate": _p("model", "candidate"), "promoted": _p("model", "in use"), "retired": _p("model", "retired"),
    },
    "score_model_kind": {
        "learned": _p("model", "learned"), "rule": _p("model", "a stated rule"), "published": _p("model", "published"),
        "trees": _p("model", "learned, as trees"),
    },
    "feature": {
        "order_recency": _("time since the last order"),
        "orders_365": _("orders in a year"),
        "spent_365": _("spent in a year"),
        "orders_ever": _("orders so far"),
        "order_channels": _("channels of the orders"),
        "returns_365": _("returns in a year"),
        "reads_28": _("pages read in four weeks"),
        "reads_before": _("pages read in the two months before"),
        "reads_slope": _("reading more or less"),
        "visit_recency": _("time since the last visit"),
        "visit_days_28": _("days of visits in four weeks"),
        "sent_90": _("contacts in three months"),
        "opened_90": _("e-mails opened in three months"),
        "clicked_90": _("clicks in three months"),
        "open_rate_90": _("share of e-mails opened"),
        "unsubscribed_365": _("unsubscribed in the year"),
        "requests_90": _("requests in three months"),
        "complaints_90": _("complaints in three months"),
        "calls_90": _("calls in three months"),
        "visits_365": _("live events in a year"),
        "contracts": _("running subscriptions"),
        "tenure": _("how long subscribed"),
        "renewals": _("renewals so far"),
        "renewal_in": _("time to the renewal"),
        "price_year": _("price of the subscription"),
        "ended_365": _("subscriptions ended in a year"),
        "failed_90": _("failed payments in three months"),
        "failed_365": _("failed payments in a year"),
        "own_value": _("the values of the score"),
        "brands": _("brands dealt with"),
        "channels": _("channels used"),
        "took": _("this offer taken before"),
        "since": _("time since this offer was taken"),
    },
}  # fmt: skip
