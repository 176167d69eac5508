"""Words for sources, their runs and what they reject; the figures read from them; exports."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

# What a source may be read into, and what is held of somebody, by table.
READS: dict[str, str | Promise] = {
    "person_records": _("people"),
    "company_records": _("companies"),
    "roles": _("roles in companies"),
    "opportunities": _("opportunities"),
    "followups": _("follow-ups"),
    "contracts": _("subscriptions"),
    "invoices": _("invoices"),
    "payments": _("payments"),
    "orders": _("orders"),
    "order_lines": _("order lines"),
    "returns": _("returns"),
    "promotions": _("promotions"),
    "interactions": _("exchanges"),
    "contacts": _("contacts sent"),
    "consents": _("consents"),
    "events": _("events"),
}

WORDS: dict[str, dict[str, str | Promise]] = {
    "reads": READS,
    "place": {
        "csv": _("text file"),
        "excel": _("workbook"),
        "sql": _("database"),
        "rest": _("web service"),
        "ndjson": _("event file"),
        "collect": _("what a site or an application sends"),
    },
    "library": {
        "browser": _("Browser"),
        "python": _p("library", "Python"),
        "node": _p("library", "Node"),
        "curl": _p("library", "Command line"),
    },
    "run": {
        "running": _("running"),
        "staged": _("being committed"),
        "committed": _p("run", "done"),
        "failed": _p("run", "failed"),
        "undone": _p("run", "undone"),
        "held": _p("run", "waits"),
        "given_up": _p("run", "given up"),
    },
    "rule_does": {
        "warn": _("told"),
        "reject": _("the row is rejected"),
        "stop": _("the run waits"),
    },
    "rule_said": {
        "ok": _p("rule", "kept"),
        "warned": _p("rule", "told"),
        "broken": _p("rule", "broken"),
    },
    "reject_file": {
        "reason": _("Why it was not taken"),
        "rows": _("Rows to mend"),
        "about": _("What to do"),
        "mend": _("Mend the cells, then bring this file back as it is: the last column is left out."),
    },
    "reject": {
        "missing": _("nothing there, and it is required"),
        "unknown_value": _("a value that the mapping does not list"),
        "not_a_number": _("not a number"),
        "not_a_date": _("not a date"),
        "date_out_of_range": _("a date that cannot be right"),
        "not_a_yes_or_no": _("neither yes nor no"),
        "too_few_fields": _("fewer fields than columns"),
        "too_many_fields": _("more fields than columns"),
        "wrong_bytes": _("bytes that are no text in the encoding of the source"),
        "not_json": _("not readable as JSON"),
        "not_an_object": _("JSON, but no object"),
        "too_long": _("a line too long to be held"),
        "suppressed": _("an erased person, kept out"),
        "left_out": _("left out by hand"),
        "no_key": _("no identifier"),
        "rule_missing": _("nothing there, and a rule requires it"),
        "rule_repeated": _("the same value stands in another row"),
        "rule_out_of_range": _("outside what a rule allows"),
        "rule_not_like": _("not written as a rule asks"),
        "rule_not_among": _("not among the values that a rule lists"),
        "rule_not_known": _("the number of nobody and nothing that is known"),
    },
    "collected": {
        "accepted": _("accepted"),
        "duplicate": _("repeat"),
        "quarantined": _("set aside"),
    },
    "figure": {
        "churn_12m": _("Subscriptions that ended within a year"),
        "churn_wanted_12m": _("Subscriptions ended at the customer's wish"),
        "opportunities_won_12m": _("Opportunities won, of those decided"),
        "duplicate_records": _("Records that repeat a person in one system"),
        "people": _("People known"),
        "records": _("Records of people"),
        "complaints_open": _("Complaints open"),
        "payments_failed_30d": _("Payments refused in thirty days"),
        "follow_ups_kept": _("Follow-ups done, of those due"),
        "first_answer_12m": _("Time to the first answer, half of the requests"),
        "request_days": _("Time to carry out an erasure, half of them"),
    },
    "sheet": {"people": _("People"), "left_out": _("For what, and who is left out")},
    "note": {
        "purpose": _("What for"),
        "channel": _("By which channel"),
        "entity": _("On behalf of"),
        "brand": _("For the brand"),
        "at": _("Exported at"),
        "found": _("People found"),
        "exported": _("People exported"),
        "left_out": _("Left out"),
    },
}
