"""The domain's codes in the reader's words. The domain returns codes; this file says them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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
    "channel": {
        "email": _("e-mail"),
        "sms": _("SMS"),
        "phone": _("phone"),
        "push": _("notification"),
        "post": _("post"),
        "ads": _("advertising"),
        "web": _("web"),
        "app": _("app"),
        "chat": _("chat"),
        "till": _("shop till"),
        "click_and_collect": _("click and collect"),
        "drive": _("drive"),
        "form": _("form"),
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
    "run": {
        "running": _("running"),
        "staged": _("being committed"),
        "committed": pgettext_lazy("run", "done"),
        "failed": _("failed"),
        "undone": _("undone"),
    },
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
