"""The domain's codes in the reader's words. The domain returns codes; this file says them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

WORDS: dict[str, dict[str, str | Promise]] = {
    "role": {
        "advisor": _("Advisor"),
        "sales": _("Sales"),
        "marketer": _("Marketer"),
        "finance": _("Finance"),
        "privacy": _("Privacy"),
        "engineer": _("Engineer"),
        "executive": _("Executive"),
        "analyst": _("Analyst"),
        "administrator": _("Administrator"),
    },
    "attribute": {
        "title": _p("attribute", "Title"),
        "given_name": _("Given name"),
        "family_name": _("Family name"),
        "birth_name": _("Birth name"),
        "full_name": _("Name"),
        "birth_date": _("Date of birth"),
        "sex": _("Sex"),
        "email": _("E-mail"),
        "phone": _("Phone"),
        "address": _("Address"),
        "country": _("Country"),
        "language": _("Language"),
        "loyalty_id": _("Loyalty card"),
        "company": _("Company"),
    },
    "sex": {"f": _("woman"), "m": _("man"), "female": _("woman"), "male": _("man")},
    "channel": {
        "email": _("e-mail"),
        "sms": _("SMS"),
        "phone": _("phone"),
        "push": _("notification"),
        "post": _p("channel", "post"),
        "ads": _("advertising"),
        "web": _("web"),
        "app": _("app"),
        "mobile": _("app"),
        "chat": _("chat"),
        "till": _("shop till"),
        "click_and_collect": _("click and collect"),
        "drive": _("drive"),
        "form": _("form"),
        "kiosk": _("newsstand"),
        "trade_show": _("trade show"),
        "social": _("social networks"),
        "search": _("search engine"),
        "referral": _("word of mouth"),
        "telemarketing": _("telemarketing"),
        "print": _("print"),
        "none": _("no channel"),
    },
    "purpose": {
        "service": _("customer service"),
        "contract": _("contract"),
        "marketing": _("marketing"),
        "profiling": _("profiling"),
        "personalisation": _("personalisation"),
        "analytics": _("analytics"),
        "audience": _("advertising audiences"),
        "research": _("research"),
    },
    "consent": {
        "granted": _("agreed"),
        "denied": _("refused"),
        "withdrawn": _("withdrawn"),
        "objected": _("objected"),
        "restricted": _("restricted"),
    },
    "reason": {
        "source_rank": _("its source comes first for this information"),
        "verified": _("it is valid, the others are not"),
        "recent": _("it is the most recent"),
        "frequent": _("most sources say so"),
        "complete": _("it is the most complete"),
        "alone": _("no other source says anything"),
        "same": _("it says the same as the one above"),
        "content": _("a tie, settled by the order of letters"),
        "last": _("it comes after all others"),
        "corrected": _("it was corrected by hand"),
    },
    "rule": {
        "alone": _("nothing else resembles it"),
        "loyalty": _("same loyalty card, same name"),
        "loyalty_alone": _("same loyalty card"),
        "account": _("same account, same name"),
        "account_alone": _("same account"),
        "email_name": _("same e-mail, same name"),
        "email_given_birth": _("same e-mail, same given name, same date of birth"),
        "email_alone": _("same e-mail, carried by nobody else"),
        "phone_name": _("same phone, same name"),
        "phone_alone": _("same phone, carried by nobody else"),
        "name_birth_place": _("same name, date of birth and place"),
    },
    "kind": {
        "given_name": _("given name"),
        "family_name": _("family name"),
        "name": _("name"),
        "email": _("e-mail"),
        "phone": _("phone"),
        "birth_date": _("date of birth"),
        "address": _("address"),
        "place": _("place"),
        "loyalty_id": _("loyalty card"),
        "account_ref": _("account"),
    },
    "decision": {"rule": _("by a rule"), "model": _("by resemblance"), "human": _("by a person")},
    "status": {
        "new": _p("status", "new"),
        "open": _p("status", "open"),
        "closed": _p("status", "closed"),
        "solved": _p("status", "solved"),
        "kept": _p("status", "kept"),
        "delivered": _p("status", "delivered"),
        "preparing": _("being prepared"),
        "cancelled": _p("status", "cancelled"),
        "paid": _p("status", "paid"),
        "pending": _p("status", "pending"),
        "unpaid": _p("status", "unpaid"),
        "credited": _p("status", "credited"),
        "registered": _p("status", "registered"),
        "came": _("came"),
        "absent": _("did not come"),
        "refunded": _p("status", "refunded"),
        "failed": _p("status", "failed"),
        "prospect": _("prospect"),
        "qualified": _("qualified"),
        "quote": _("quote"),
        "negotiation": _("negotiation"),
        "won": _("won"),
        "lost": _("lost"),
        "active": _("active"),
        "ended": _("ended"),
    },
    "outcome": {
        "delivered": _p("outcome", "received"),
        "opened": _p("outcome", "opened"),
        "clicked": _p("outcome", "clicked"),
        "bounced": _p("outcome", "bounced"),
        "unsubscribed": _p("outcome", "unsubscribed"),
        "complained": _p("outcome", "reported as spam"),
    },
    "end": {
        "wanted": _("at the customer's wish"),
        "payment": _("for want of payment"),
        "other": _("for another reason"),
    },
    "method": {
        "direct_debit": _("direct debit"),
        "card": _("card"),
        "cheque": _("cheque"),
        "transfer": _("bank transfer"),
        "import": _("import"),
        "console": _("this console"),
        "phone": _("phone"),
    },
    "term": {"P1M": _("monthly"), "P3M": _("quarterly"), "P6M": _("half-yearly"), "P1Y": _("yearly")},
    "followup": {"call": _("call"), "email": _("write"), "visit": _("visit"), "task": _("to do")},
    "run": {
        "running": _("running"),
        "staged": _("being committed"),
        "committed": _p("run", "done"),
        "failed": _p("run", "failed"),
        "undone": _p("run", "undone"),
    },
    "promise": {"open": _("due"), "kept": _("kept"), "broken": _("not kept"), "released": _("no longer due")},
    "state": {"open": _("to do"), "done": _p("follow-up", "done"), "cancelled": _("cancelled")},
}


def say(code: str, kind: str = "") -> str:
    """Return ``code`` of a ``kind`` in words; unknown, its own letters with spaces."""
    tables = [WORDS[kind]] if kind in WORDS else WORDS.values()
    for table in tables:
        if code in table:
            return str(table[code])
    return code.replace("_", " ")


def together(kind: str, codes: Iterable[str]) -> str:
    """Return several codes in words, separated by commas."""
    return ", ".join(say(code, kind) for code in codes)
