"""A schedule in words: every hour at 20, every day at 06:00, on Mondays at 07:00; any other as it is written."""

from __future__ import annotations

import re
from datetime import time

from babel import dates
from django.utils.translation import gettext as _

from filrouge.console.templatetags import say

_SIMPLE = re.compile(r"(\d{1,2}) (\*|\d{1,2}) \* \* (\*|[0-7](?:-[0-7])?)")


def said(every: str) -> str:
    """Return the schedule ``every`` (five fields of cron) in words, as it is written when it is not a usual one."""
    found = _SIMPLE.fullmatch(" ".join(every.split()))
    if found is None:
        return every
    minute, hour, days = found.groups()
    if hour == "*":
        return _("every hour, at minute %(minute)s") % {"minute": int(minute)} if days == "*" else every
    at = dates.format_time(time(int(hour) % 24, int(minute) % 60), format="short", locale=say.locale())
    if days == "*":
        return _("every day at %(time)s") % {"time": at}
    first, _dash, last = days.partition("-")
    if not last:
        return _("every %(day)s at %(time)s") % {"day": _day(first), "time": at}
    return _("from %(first)s to %(last)s at %(time)s") % {"first": _day(first), "last": _day(last), "time": at}


def _day(number: str) -> str:
    names = dates.get_day_names("wide", locale=say.locale())
    return str(names[(int(number) - 1) % 7])
