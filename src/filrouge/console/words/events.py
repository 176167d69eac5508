"""Words for events of senders: why one was set aside, what was expected of it, what a plan says of a field."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

WORDS: dict[str, dict[str, str | Promise]] = {
    # Why, in a sentence; what stands in %(…)s is filled by console.quarantine.why.
    "aside": {
        "not_an_object": _("it is no JSON object"),
        "type_missing": _("it has no type"),
        "type_unknown": _("its type is unknown"),
        "type_unused": _("an event of the type %(kind)s has no effect here"),
        "nobody": _("it names nobody: neither userId nor anonymousId"),
        "event_missing": _("it does not say what happened: no event"),
        "group_missing": _("it names no group: no groupId"),
        "previous_missing": _("it does not say who they were: no previousId"),
        "field_wrong": _("%(field)s should be %(expected)s"),
        "time_unreadable": _("%(field)s is no date that can be read"),
        "time_unlikely": _("it is dated before the year 2000"),
        "message_id_too_long": _("its messageId has more than %(most)s characters"),
        "id_too_long": _("%(field)s has more than %(most)s characters"),
        "too_large": _("it is longer than %(most)s bytes"),
        "too_deep": _("it is nested deeper than %(most)s levels"),
        "letters_unkept": _("it holds half of a letter or NUL, which not every database keeps"),
        "number_too_large": _("it holds a number too large to be kept"),
        "beyond_batch": _("it came after the %(most)s events that a batch may hold"),
        "plan_violated": _("the plan expects %(field)s to be %(expected)s"),
        "plan_unknown_event": _("the plan names no such event"),
        "unreadable": _("it could not be taken in, for a reason of ours"),
        "suppressed": _("an erased person, kept out"),
    },
    "expected": {
        "present": _("there"),
        "known_value": _("one of the values of the plan"),
        "known_fields": _("without other fields than those of the plan"),
        "string": _p("type", "a text"),
        "str": _p("type", "a text"),
        "integer": _p("type", "a whole number"),
        "int": _p("type", "a whole number"),
        "number": _p("type", "a number"),
        "float": _p("type", "a number"),
        "boolean": _p("type", "yes or no"),
        "bool": _p("type", "yes or no"),
        "object": _p("type", "an object"),
        "array": _p("type", "a list"),
        "null": _p("type", "empty"),
        "date-time": _p("type", "a date and time"),
        "date": _p("type", "a date"),
        "email": _p("type", "an e-mail address"),
        "uri": _p("type", "a web address"),
        "pattern": _p("type", "in the form that the plan gives"),
        "minimum": _p("type", "at least as large as the plan says"),
        "maximum": _p("type", "at most as large as the plan says"),
        "minLength": _p("type", "at least as long as the plan says"),
        "maxLength": _p("type", "at most as long as the plan says"),
    },
    "change": {
        "": _("Choose…"),
        "set": _("set to"),
        "rename": _("rename to"),
        "remove": _("remove"),
        "convert:number": _("make it a number"),
        "convert:integer": _("make it a whole number"),
        "convert:string": _("make it a text"),
        "convert:boolean": _("make it yes or no"),
        "letters": _("replace letters that cannot be kept"),
    },
    "plan": {"watch": _("watches"), "enforce": _("enforced")},
}
