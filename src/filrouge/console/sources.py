"""Sources and runs in words: how each stands, what its last run found, why a row was rejected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console import names, words
from filrouge.console.errors import recalled
from filrouge.console.templatetags import say
from filrouge.domain.quality.rows import CODES
from filrouge.domain.sources.form import duration
from filrouge.domain.sources.values import UNREACHING
from filrouge.store.queries.sources import Reject, SourceLine

COUNTS = ("read", "new", "changed", "unchanged", "rejected")


def told(line: SourceLine) -> dict[str, Any]:
    """Return a source as a line: how it stands, in a word and a tone, and what to look at."""
    last = line.last
    if line.running and not (last and last.state == "held" and not last.decided_by):
        state, tone = _("running"), "info"
    elif not line.source.enabled:
        state, tone = _("paused"), ""
    elif last is None:
        state, tone = _("never run"), "warn"
    elif last.state == "failed":
        state, tone = _("failed"), "bad"
    elif line.late_by is not None:
        state, tone = _("late"), "warn"
    elif last.state == "held":
        state, tone = _("waits for a person"), "warn"
    elif last.verdict == "doubtful":
        state, tone = _("to check"), "warn"
    elif last.state == "committed":
        state, tone = _("right"), "good"
    else:
        state, tone = words.say(last.state, "run"), ""
    return {
        "name": line.source.name,
        "title": names.source(line.source.name),
        "address": reverse("source", args=[line.source.name]),
        "waits": reverse("run", args=[last.pk]) if last and last.state == "held" else "",
        "system": line.source.system,
        "kind": line.source.kind,
        "reads": line.source.reads,
        "brand": line.source.brand,
        "entity": line.source.entity,
        "as_of": line.source.as_of,
        "last": last,
        "state": state,
        "tone": tone,
        "running": line.running,
        "paused": not line.source.enabled,
        "next_at": line.source.due_at,
        "zone": line.spec.format.zone,
        "known_within": say.duration(duration(line.spec.expect.fresh_within)) if line.spec.expect.fresh_within else "",
        "findings": [*([late(line.late_by)] if line.late_by else []), *(findings(last.findings) if last else [])],
        "problem": problem(last) if last else "",
        "business": line.spec.owner.business,
        "technical": line.spec.owner.technical,
    }


def late(by: timedelta) -> str:
    """Say by how much what is known of a source is older than its owner expects."""
    return _("late by %(time)s: what is known of it is older than its owner expects") % {
        "time": say.duration(by.total_seconds())
    }


def problem(run: Any) -> str:
    """Say why a run failed."""
    return recalled(run.trouble) or " ".join(part for part in (run.problem, run.problem_hint) if part)


def findings(found: list[Mapping[str, Any]]) -> list[str]:
    """Say what is worth a look in a run."""
    return [
        _FINDINGS[one["code"]](one.get("params") or {}) if one["code"] in _FINDINGS else one["code"] for one in found
    ]


def counts(run: Any) -> list[tuple[str, int]]:
    """Return the counts of a run in the order people read them: the first is the sum of those after."""
    return labelled({name: getattr(run, name) for name in COUNTS})


def labelled(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return what was counted of the rows in the order people read it: the first is the sum of those after."""
    labels = {
        "read": _("read"),
        "new": _("new"),
        "changed": _("changed"),
        "unchanged": _("unchanged"),
        "rejected": _("rejected"),
    }
    return [(labels[name], counted.get(name, 0)) for name in COUNTS]


def resolved(run: Any) -> list[tuple[str, int]]:
    """Return what a resolution came to: people, records, who appeared, who was joined or separated, what waits."""
    labels = {
        "people": _("People"),
        "records": _("Records"),
        "new_people": _("New people"),
        "merges": _("People joined"),
        "splits": _("People separated"),
        "reviews": _("Pairs to review"),
    }
    return [(said, run.figures[name]) for name, said in labels.items() if name in run.figures]


def undoing(run: Any) -> list[str]:
    """Say what undoing a run changes; nothing when it changed nothing."""
    told = (
        (run.new, ngettext("%(count)s new row will go", "%(count)s new rows will go", run.new)),
        (
            run.changed,
            ngettext(
                "%(count)s changed row will be as before", "%(count)s changed rows will be as before", run.changed
            ),
        ),
        (
            run.vanished,
            ngettext(
                "%(count)s row that vanished will come back",
                "%(count)s rows that vanished will come back",
                run.vanished,
            ),
        ),
    )
    return [said % {"count": say.number(count)} for count, said in told if count]


def rejected(row: Reject) -> dict[str, Any]:
    """Return a reject as a line: where, which column, why, what was received; whether that stays (``kept``)."""
    return {
        "place": row.place,
        "row": row.row,
        "column": row.source_column or row.column,
        "why": words.say(row.code, "reject"),
        "value": row.value,
        "warning": row.warning,
        "ruled": row.code in CODES.values(),
        "kept": row.code in UNREACHING.values(),
        "raw": [(key, value) for key, value in row.raw.items() if value not in (None, "")],
    }


def _few(params: Mapping[str, Any]) -> str:
    return _("%(read)s rows read, at least %(min)s expected") % {
        "read": say.number(params.get("read")), "min": say.number(params.get("min")),
    }  # fmt: skip


def _many(params: Mapping[str, Any]) -> str:
    return _("%(read)s rows read, at most %(max)s expected") % {
        "read": say.number(params.get("read")), "max": say.number(params.get("max")),
    }  # fmt: skip


def _rejects(params: Mapping[str, Any]) -> str:
    return _("%(share)s of the rows were rejected") % {"share": say.percent(params.get("share"), 1)}


def _fell(params: Mapping[str, Any]) -> str:
    if "low" in params:
        return _("%(read)s rows read, at least %(low)s by what earlier runs brought") % {
            "read": say.number(params.get("read")), "low": say.number(params.get("low")),
        }  # fmt: skip
    return _("%(read)s rows read, %(before)s the time before") % {
        "read": say.number(params.get("read")), "before": say.number(params.get("before")),
    }  # fmt: skip


def _rose(params: Mapping[str, Any]) -> str:
    return _("%(read)s rows read, at most %(high)s by what earlier runs brought") % {
        "read": say.number(params.get("read")), "high": say.number(params.get("high")),
    }  # fmt: skip


def _nothing(params: Mapping[str, Any]) -> str:
    return _("nothing came; usually %(usual)s rows do") % {"usual": say.number(params.get("usual"))}


def _broken(params: Mapping[str, Any]) -> str:
    return _("the rule %(rule)s is broken by %(rows)s of %(of)s rows") % {
        "rule": params.get("rule"), "rows": say.number(params.get("rows")), "of": say.number(params.get("of")),
    }  # fmt: skip


def _stale(params: Mapping[str, Any]) -> str:
    hours = int(params.get("hours") or 0)
    if hours >= 48:
        return ngettext("the latest row is %(n)s day old", "the latest row is %(n)s days old", hours // 24) % {
            "n": hours // 24
        }
    return ngettext("the latest row is %(n)s hour old", "the latest row is %(n)s hours old", hours) % {"n": hours}


def _lost(params: Mapping[str, Any]) -> str:
    return _("%(lost)s rows are unaccounted for") % {"lost": say.number(params.get("lost"))}


def _gone(params: Mapping[str, Any]) -> str:
    count = int(params.get("count") or 1)
    return ngettext(
        "the column %(columns)s is not there any more, and it is read; it was there on %(day)s",
        "columns that are read are not there any more: %(columns)s; they were there on %(day)s", count,
    ) % {"columns": params.get("columns"), "day": _since(params)}  # fmt: skip


def _unkept(params: Mapping[str, Any]) -> str:
    count = int(params.get("count") or 1)
    return ngettext(
        "the column %(columns)s, which is never kept, is not there any more, while new columns came",
        "columns that are never kept are not there any more, while new ones came: %(columns)s", count,
    ) % {"columns": params.get("columns")}  # fmt: skip


def _empty(params: Mapping[str, Any]) -> str:
    count = int(params.get("count") or 1)
    return ngettext(
        "the column %(columns)s is empty in every row, and it is read; it was not on %(day)s",
        "columns that are read are empty in every row: %(columns)s; they were not on %(day)s", count,
    ) % {"columns": params.get("columns"), "day": _since(params)}  # fmt: skip


def _dates(params: Mapping[str, Any]) -> str:
    return _("the dates of %(column)s are not written as on %(day)s: many of them cannot be read") % {
        "column": params.get("column"), "day": _since(params),
    }  # fmt: skip


def _values(params: Mapping[str, Any]) -> str:
    rows = int(params.get("rows") or 0)
    return ngettext(
        "the column %(column)s holds values that mean nothing yet and did not stand there on %(day)s, in %(rows)s row",
        "the column %(column)s holds values that mean nothing yet and did not stand there on %(day)s, in %(rows)s rows",
        rows,
    ) % {"column": params.get("column"), "rows": say.number(rows), "day": _since(params)}  # fmt: skip


def _added(params: Mapping[str, Any]) -> str:
    count = int(params.get("count") or 1)
    return ngettext(
        "a column is new, and nothing reads it: %(columns)s", "columns are new, and nothing reads them: %(columns)s",
        count,
    ) % {"columns": params.get("columns")}  # fmt: skip


def _left(params: Mapping[str, Any]) -> str:
    count = int(params.get("count") or 1)
    return ngettext(
        "a column that nothing reads is not there any more: %(columns)s",
        "columns that nothing reads are not there any more: %(columns)s", count,
    ) % {"columns": params.get("columns")}  # fmt: skip


def _since(params: Mapping[str, Any]) -> str:
    return say.day(datetime.fromisoformat(str(params.get("since"))))


_FINDINGS = {
    "shape_gone": _gone,
    "shape_unkept": _unkept,
    "shape_empty": _empty,
    "shape_date": _dates,
    "shape_values": _values,
    "shape_added": _added,
    "shape_left": _left,
    "too_few_rows": _few,
    "too_many_rows": _many,
    "many_rejects": _rejects,
    "volume_fell": _fell,
    "volume_rose": _rose,
    "nothing_came": _nothing,
    "rule_broken": _broken,
    "stale": _stale,
    "rows_lost": _lost,
}
