"""Values in the reader's language: numbers, money, dates, durations, e-mail addresses and phone numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale, dates, lists, numbers
from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filrouge.base import clock

register = template.Library()
_ENGLISH, _FRENCH = Locale.parse("en_GB"), Locale.parse("fr_FR")
_FIRST = re.compile(r"(?<!\d)1(?=\s\D)")


def locale() -> Locale:
    """Return Babel's locale for the reader; English is British in its dates (day before month)."""
    return _ENGLISH if (get_language() or "fr").startswith("en") else _FRENCH


def zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def local(moment: datetime, where: tzinfo | None = None) -> datetime:
    """Return ``moment`` in the zone of the screens (or ``where``); at the end of time, what falls outside as it is."""
    try:
        return moment.astimezone(where or zone())
    except OverflowError:
        return moment


def as_datetime(value: Any) -> datetime | None:
    """Return ``value`` (a datetime, a date, ISO 8601 text) as an aware datetime, or None."""
    if value in (None, ""):
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), zone())
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


@register.filter
def number(value: Any, digits: int | None = None) -> str:
    """1234.5 -> 1 234,5 (fr) or 1,234.5 (en)."""
    if value in (None, ""):
        return ""
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return str(numbers.format_decimal(_decimal(value), format=pattern, locale=locale()))


@register.filter
def percent(value: Any, digits: int = 0) -> str:
    """0.256 -> 26 %."""
    if value in (None, ""):
        return ""
    pattern = "0" + ("." + "0" * digits if digits else "") + (" %" if locale().language == "fr" else "%")
    return str(numbers.format_percent(_decimal(value), format=pattern, locale=locale()))


@register.filter
def money(value: Any, currency: str = "EUR") -> str:
    """1234.5 -> 1 234,50 € (fr) or €1,234.50 (en)."""
    if value in (None, ""):
        return ""
    return str(numbers.format_currency(_decimal(value), currency or "EUR", locale=locale()))


@register.filter
def day(value: Any) -> str:
    """A date in words: 3 novembre 2026."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return _dated(value, "long")
    if isinstance(value, str) and len(value) == 10:
        moment = as_datetime(value)
        return _dated(moment.date(), "long") if moment else value
    moment = as_datetime(value)
    return _dated(local(moment), "long") if moment else ""


@register.filter
def short_day(value: Any) -> str:
    """A date in a line of a list: 3 nov. this year, 3 nov. 2024 before."""
    moment = as_datetime(value)
    if moment is None:
        return ""
    here = local(moment)
    return _dated(here, "MMMd" if here.year == local(clock.now()).year else "yMMMd")


@register.filter
def exact(value: Any) -> str:
    """A moment to the minute, with its day: mardi 3 novembre 2026, 14:05."""
    moment = as_datetime(value)
    if moment is None:
        return ""
    return ", ".join(part for part in (_full_day(moment), hour(local(moment))) if part)


@register.filter
def zoned(value: Any) -> str:
    """A moment read elsewhere or later, with its zone: mardi 3 novembre 2026, 14:05 (Europe/Paris, UTC+01:00)."""
    moment = as_datetime(value)
    if moment is None:
        return ""
    return f"{exact(moment)} ({zone().key}, {dates.get_timezone_gmt(local(moment), 'long', locale=locale())})"


def _full_day(moment: datetime) -> str:
    return _dated(local(moment), "full")


def _dated(here: date, form: str) -> str:
    """Return a date in a form of Babel's, or of a skeleton; French calls the first of a month "1er"."""
    told = (
        dates.format_date(here, format=form, locale=locale())
        if form in ("long", "full")
        else dates.format_skeleton(form, here, locale=locale())
    )
    return _FIRST.sub("1er", str(told), count=1) if here.day == 1 and locale().language == "fr" else str(told)


@register.filter
def hour(value: Any) -> str:
    """14:05, in the zone of the screens; nothing at midnight sharp, which is how a date without a time arrives."""
    moment = as_datetime(value)
    here = local(moment) if moment else None
    if moment is None or here is None or time() in (here.time(), local(moment, UTC).time()):
        return ""
    return str(dates.format_time(here, format="short", locale=locale()))


@register.filter(name="clock")
def to_the_second(value: Any) -> str:
    """14:05:09, in the zone of the screens: of something that came moments ago."""
    moment = as_datetime(value)
    return str(dates.format_time(local(moment), format="medium", locale=locale())) if moment else ""


@register.filter
def ago(value: Any) -> str:
    """How far away a moment is: il y a 3 heures, dans 2 jours; from another day on, by the calendar."""
    moment = as_datetime(value)
    days = days_until(moment)
    if moment is None or days is None:
        return ""
    away = moment - clock.now()
    if days and (abs(away) > timedelta(hours=6) or not hour(moment)):
        return ago_in_days(moment)
    if not hour(moment):
        return _("today")
    if abs(away) < timedelta(seconds=90):
        return _("just now")
    return _away(away, "minute")


def _away(time: timedelta, unit: Literal["day", "minute"], *, threshold: float = 1.1) -> str:
    """Say how far ``time`` is, in ``unit`` or a longer one."""
    return dates.format_timedelta(time, granularity=unit, add_direction=True, locale=locale(), threshold=threshold)


def days_until(value: Any) -> int | None:
    """Return how many days of the calendar lie between today and ``value``, in the zone of the screens."""
    moment = as_datetime(value)
    return None if moment is None else (local(moment).date() - local(clock.now()).date()).days


@register.filter
def ago_in_days(value: Any) -> str:
    """How far away a day is, whatever the hour: aujourd’hui, demain, dans 5 jours, il y a 3 semaines."""
    days = days_until(value)
    if days is None:
        return ""
    if abs(days) < 2:
        return {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}[days]
    return _away(timedelta(days=days), "day", threshold=7 if abs(days) < 14 else 1.1)  # to the day within a fortnight


@register.filter
def day_title(value: Any) -> str:
    """The heading of a day in the timeline: today, yesterday, else the day."""
    moment = as_datetime(value)
    if moment is None:
        return ""
    here = local(moment)
    today = local(clock.now())
    days = (today.date() - here.date()).days
    if days in (0, 1):
        return _("today") if days == 0 else _("yesterday")
    if days < 7:
        return str(dates.format_skeleton("Ed", here, locale=locale()))
    return _dated(here, "MMMd" if here.year == today.year else "yMMMd")


@register.filter
def when(value: Any) -> SafeString:
    """A moment relative to now, the exact one on hover and by keyboard."""
    moment = as_datetime(value)
    return _moment(moment, exact(moment), ago(moment)) if moment else SafeString("")


@register.filter
def due(value: Any) -> SafeString:
    """A day by which something is due, relative to today; the day itself on hover and by keyboard."""
    moment = as_datetime(value)
    return _moment(moment, _full_day(moment), ago_in_days(moment)) if moment else SafeString("")


def _moment(moment: datetime, tip: str, said: str) -> SafeString:
    return format_html(
        '<time class="when" datetime="{}" data-tip="{}" tabindex="0">{}</time>', moment.isoformat(), tip, said
    )


@register.filter
def duration(value: Any) -> str:
    """Seconds in words: 4 minutes, 1 hour."""
    if value in (None, ""):
        return ""
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    return str(dates.format_timedelta(timedelta(seconds=seconds), locale=locale(), threshold=1.5))


@register.filter
def phone(value: Any) -> str:
    """A phone number as it is read aloud: 06 39 98 12 34, +32 2 123 45 67."""
    try:
        parsed = phonenumbers.parse(str(value), "FR")
    except phonenumbers.NumberParseException:
        return str(value or "")
    french = parsed.country_code == 33
    style = phonenumbers.PhoneNumberFormat.NATIONAL if french else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)


@register.filter
def together(values: Any) -> str:
    """A list in words: a, b and c."""
    return str(lists.format_list([str(value) for value in values], locale=locale())) if values else ""


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
