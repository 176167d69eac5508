"""Words for a call: what to say and not to, how it was received, how a call ends, what a caller is asked."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

WORDS: dict[str, dict[str, str | Promise]] = {
    "to_say": {
        "keep_promise": _("Keep what was promised."),
        "settle_complaint": _("Settle the complaint"),
        "mend_payment": _("Offer to update the means of payment"),
        "do_follow_up": _("Do what was planned"),
        "secure_payment": _("Check the means of payment with them"),
        "keep_customer": _("Ask what they expect, before they leave"),
        "ask_renewal": _("Ask whether the subscription still suits them"),
        "offer": _("Offer"),
        "thank": _("Thank them for the years"),
    },
    "unsaid": {
        "offers": _("No offer"),
        "offer": _("No offer"),
        "calls": _("No call"),
        "contact": _("No contact that we begin"),
        "all_but_service": _("Nothing but the request itself"),
        "keep_customer": _("Do not ask again what they expect"),
        "secure_payment": _("Do not ask again about the means of payment"),
        "ask_renewal": _("Do not ask again about the renewal"),
        "thank": _("Do not thank again"),
    },
    "answer": {
        "accepted": _p("answer", "accepted"),
        "refused": _p("answer", "refused"),
        "unsuited": _p("answer", "not relevant"),
    },
    "disposition": {
        "reached": _p("disposition", "reached"),
        "call_back": _p("disposition", "wants to be called back"),
        "voicemail": _p("disposition", "voicemail"),
        "no_answer": _p("disposition", "no answer"),
        "wrong_number": _p("disposition", "wrong number"),
        "hung_up": _p("disposition", "would not talk"),
    },
    "question": {
        "birth_date": _("Date of birth"),
        "postcode": _("Postcode of the address"),
        "last_order": _("Number or amount of the last order"),
        "contract": _("Number of a running contract"),
        "email": _("E-mail address"),
    },
    "rule_when": {
        "segment": _("somebody is in a segment"),
        "score": _("a score passes a threshold"),
        "contract_end": _("a contract renews soon"),
        "complaint": _("a complaint lasts"),
    },
    "bars": {
        "calls": _("no call"),
        "offers": _("no offer"),
        "contact": _("no contact"),
    },
}
