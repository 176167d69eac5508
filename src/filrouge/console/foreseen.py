"""What identity would do with a file that is being prepared, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from filrouge.console.templatetags import say
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.sums import Sum, told
from filrouge.store.queries import drafts as found


def foreseen(tried: Mapping[str, Any], asking: Caller) -> dict[str, Any] | None:
    """Return what a dry run foresaw of identity, as ``asking`` may be told it; None when it foresaw nothing."""
    held = tried.get("identity")
    if not held:
        return None
    opened = found.opened(asking)
    everywhere = found.everywhere(asking)
    return {
        "people": held["people"],
        "known": amount(told(held["known"], open_=everywhere)),
        "new": amount(told(held["people"] - held["known"], open_=everywhere)),
        "merges": held["merges"],
        "merges_said": amount(told(held["merges"], open_=everywhere)),
        "reviews": held["reviews"],
        "reviews_said": amount(told(held["reviews"], open_=everywhere)),
        "brands": [
            (brand, amount(told(count, open_=opened.get(brand, False)))) for brand, count in held["brands"].items()
        ],
    }


def known(count: int, asking: Caller) -> str | SafeString:
    """Say how many rows are of somebody known, whoever knows them; "" when none is and ``asking`` may be told so."""
    sum_ = summed(count, asking)
    return amount(sum_) if sum_.count else ""


def summed(count: int, asking: Caller) -> Sum:
    """Return how ``asking`` is told a figure about everybody: exactly when they may see each."""
    return told(count, open_=found.everywhere(asking))


def amount(sum_: Sum) -> str | SafeString:
    """Say how many."""
    number = say.number(sum_.count)
    if sum_.how == "fewer":
        return _("fewer than %(count)s") % {"count": number}
    return _("about %(count)s") % {"count": number} if sum_.how == "about" else format_html("{}", number)
