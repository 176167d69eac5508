"""Words for why records are one person, and why a value is shown first."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, dict[str, str | Promise]] = {
    "reason": {
        "source_rank": _("its source comes first for this information"),
        "verified": _("it is valid, the others are not"),
        "recent": _("it is the most recent"),
        "frequent": _("most sources say so"),
        "complete": _("it is the most complete"),
        "alone": _("no other source says anything"),
        "agreed": _("all who say anything say the same"),
        "same": _("it says the same as the one above"),
        "content": _("a tie, settled by the order of letters"),
        "last": _("it comes after all others"),
        "corrected": _("it was corrected by hand"),
    },
    "rule": {
        "alone": _("nothing else resembles it"),
        "recognised": _("recognised as the same person"),
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
        "given": _("given name"),
        "family": _("family name"),
        "born": _("date of birth"),
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
    "decision": {
        "rule": _("by a rule"),
        "model": _("by resemblance"),
        "human": _("by a person"),
        "undone": _("a decision taken back"),
    },
}
