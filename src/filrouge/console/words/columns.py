"""What each column of the register holds, in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

WORDS: dict[str, dict[str, str | Promise]] = {
    "column": {
        "raw": _("the row as received"),
        "value": _p("column", "value"),
        "title": _p("column", "title"),
        "given_name": _("given name"),
        "family_name": _("family name"),
        "full_name": _("full name"),
        "birth_name": _("birth name"),
        "birth_date": _("date of birth"),
        "sex": _p("column", "sex"),
        "email": _("e-mail"),
        "phone": _("phone"),
        "address_line": _("street"),
        "postcode": _("postcode"),
        "city": _("city"),
        "country": _("country"),
        "language": _("language"),
        "deceased": _p("column", "death"),
        "role": _p("column", "role in a company"),
        "amount": _("amount"),
        "subject": _p("column", "subject"),
        "price": _("price"),
        "total": _("total"),
        "discount": _("discount"),
        "text": _p("column", "text"),
        "promised": _("what was promised"),
        "url": _("address of the page"),
        "topic": _("topic"),
        "properties": _("properties"),
        "rule": _p("column", "rule"),
        "evidence": _p("column", "evidence"),
        "body": _p("column", "content"),
        "by": _p("column", "author"),
        "was": _("former value"),
        "reason": _p("column", "reason"),
        "plan": _("what is to be destroyed"),
        "outcome": _p("column", "outcome"),
        "query": _p("column", "search"),
        "told": _("how each resemblance counted"),
        "salt": _("drawn number that seals the identifier"),
        "digest": _("keyed hash"),
        "name": _p("column", "name"),
        "called": _("what systems call them"),
        "session_data": _("content of the session"),
        "username": _("address typed"),
        "ip_address": _("network address"),
        "user_agent": _("browser"),
        "data": _("sealed content"),
    },
}
