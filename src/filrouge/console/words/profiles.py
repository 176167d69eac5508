"""Words for the profile of a file: what kind of value a column holds, what is wrong there."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

WORDS: dict[str, dict[str, str | Promise]] = {
    "value_type": {
        "text": _p("value", "text"),
        "whole": _p("value", "whole number"),
        "decimal": _p("value", "decimal number"),
        "date": _p("value", "date"),
        "datetime": _p("value", "date and time"),
        "yes_no": _p("value", "yes or no"),
        "empty": _p("value", "nothing"),
    },
    "value_order": {
        "day_first": _("the day first"),
        "month_first": _("the month first"),
        "year_first": _("the year first"),
    },
    "value_mark": {",": _p("mark", "comma"), ".": _p("mark", "point")},
    "profile_fault": {
        "placeholders": _("a word put where nothing was known, as %(value)s"),
        "stray_spaces": _("stray spaces"),
        "garbled": _("letters garbled by a wrong encoding"),
        "mixed_types": _("not the same kind of value as the others (%(type)s), most of them %(other)s"),
        "mixed_orders": _("dates that contradict the others (%(order)s)"),
        "impossible_dates": _("dates that stand in no calendar"),
        "dates_outside": _("dates before 1900 or more than ten years ahead"),
        "order_doubt": _("dates where nothing proves which comes first, day or month; read %(order)s"),
        "mixed_decimals": _("numbers that contradict the decimal %(mark)s"),
        "decimal_doubt": _("numbers that may be thousands or decimals; read with a decimal %(mark)s"),
        "digits_lost": _("numbers rounded by a spreadsheet (1,23E+11)"),
        "zero_lost": _("values that lost the zero they begin with"),
        "not_emails": _("no e-mail address"),
        "emails_inside": _("e-mail addresses where none were expected"),
        "phones_inside": _("telephone numbers where none were expected"),
        "accounts_inside": _("bank accounts where none were expected"),
        "cards_inside": _("payment cards where none were expected"),
        "numbers_inside": _("social security numbers where none were expected"),
        "key_repeated": _("a number that another row has too"),
        "key_missing": _("no number"),
        "too_few_fields": _("fewer cells than columns, not read; the first at row %(places)s"),
        "too_many_fields": _("more cells than columns, not read; the first at row %(places)s"),
        "wrong_bytes": _("bytes that do not fit the encoding, not read; the first at row %(places)s"),
        "not_json": _("not readable as JSON; the first at row %(places)s"),
        "not_an_object": _("JSON but no object, not read; the first at row %(places)s"),
        "too_long": _("too long to be held, not read; the first at row %(places)s"),
    },
}
