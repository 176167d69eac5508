"""How a source is watched, as a form: what stands there, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from filrouge.base.errors import UsageError
from filrouge.console import hours as schedule
from filrouge.console import words
from filrouge.console.templatetags import say
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.form import duration
from filrouge.domain.sources.rules import Rule, faults
from filrouge.domain.sources.spec import Expect
from filrouge.tables import TABLES
from filrouge.work.watching import Watch

HOURS = ("0 * * * *", "0 6 * * *", "0 6 * * 1-5", "0 6 * * 1", "0 6 1 * *")  # when a source may be read, at a glance
UNITS = {"d": 1440, "h": 60, "m": 1}  # in minutes, the longest first
# What a rule may check, and what its form asks beside its columns.
CHECKS: dict[str, tuple[str, ...]] = {
    "required": (), "unique": (), "range": ("min", "max"), "pattern": ("like",), "among": ("values",),
    "reference": ("of",), "freshness": ("within",), "volume": (),
}  # fmt: skip
SEVERAL = frozenset({"required", "unique"})  # checks of several columns together
OF_RUNS = frozenset({"freshness", "volume"})
_NUMBERS, _MOMENTS = ("decimal", "float64", "int64"), ("date", "timestamp")


def shown(spec: SourceSpec) -> dict[str, Any]:
    """Return how a source is watched, as the fields of the form."""
    expect = spec.expect
    within = duration(expect.fresh_within) if expect.fresh_within else None
    minutes = int(within.total_seconds() // 60) if within else 0
    unit, size = next((unit, size) for unit, size in UNITS.items() if minutes % size == 0)
    return {
        "every": "cron" if expect.every and expect.every not in HOURS else expect.every or "",
        "cron": expect.every or "",
        "hours": [(one, schedule.said(one)) for one in HOURS],
        "late": minutes // size or "",
        "unit": unit if minutes else "h",
        "rows_min": expect.rows.min if expect.rows.min is not None else "",
        "rows_max": expect.rows.max if expect.rows.max is not None else "",
        "rejects": say.number(round(expect.rejects_below * 100, 2)),
        "waits": "yes" if expect.doubtful == "wait" else "no",
        "business": spec.owner.business,
        "technical": spec.owner.technical,
        "zone": spec.format.zone,
    }


def sent(form: Mapping[str, str]) -> Watch:
    """Return how a source is to be watched. Raises UsageError when a field holds no number where it wants one."""
    every = form.get("every", "").strip()
    every = form.get("cron", "").strip() if every == "cron" else every
    late = _number(form, "late")
    if every:
        try:
            Expect(every=every)
        except ValueError:
            raise UsageError(
                "{text} is no schedule.", hint="Write five fields, as 0 6 * * 1-5 for six o’clock on working days.",
                text=every[:60],
            ) from None  # fmt: skip
    return Watch(
        every=every,
        fresh_within=f"{late}{form['unit'] if form.get('unit') in UNITS else 'h'}" if late else "",
        rows_min=_number(form, "rows_min"), rows_max=_number(form, "rows_max"),
        rejects_below=_share(form.get("rejects", "")), waits=form.get("waits") == "yes",
        business=form.get("business", "").strip()[:254], technical=form.get("technical", "").strip()[:254],
    )  # fmt: skip


def checks() -> list[tuple[str, str]]:
    """Return what a rule may check."""
    return [(code, words.say(code, "rule_check")) for code in CHECKS]


def rule_form(check: str, spec: SourceSpec) -> dict[str, Any] | None:
    """Return what the form of a rule asks; None of a check that there is not."""
    if check not in CHECKS:
        return None
    kinds = {column.name: column.type for column in TABLES[spec.reads].columns} | {"source_id": "string"}
    wanted = {
        "range": (*_NUMBERS, *_MOMENTS), "pattern": ("string",), "among": ("string",), "reference": ("string",),
        "freshness": _MOMENTS,
    }.get(check)  # fmt: skip
    held = [name for name in ("source_id", *spec.map) if name in kinds and (wanted is None or kinds[name] in wanted)]
    return {
        "check": check, "title": words.say(check, "rule_check"), "asks": CHECKS[check],
        "columns": [] if check == "volume" else [(name, _column(name)) for name in dict.fromkeys(held)],
        "several": check in SEVERAL, "whole": check in OF_RUNS, "optional": check == "freshness",
    }  # fmt: skip


def rule_sent(form: Mapping[str, Any], columns: list[str], spec: SourceSpec) -> dict[str, Any]:
    """Return the rule that a form says, as its definition would write it. Raises UsageError when it is none."""
    check = str(form.get("check", ""))
    rule: dict[str, Any] = {"check": check, "does": str(form.get("does", "warn"))}
    if columns := [name for name in columns if name]:
        rule["columns"] = columns
    for name in CHECKS.get(check, ()):
        text = str(form.get("of_source" if name == "of" else name, "")).strip()
        if name == "values":
            rule[name] = [line.strip() for line in text.splitlines() if line.strip()]
        elif text:
            rule[name] = text
    if rule["does"] == "stop" and str(form.get("above", "")).strip():
        rule["above"] = _share(str(form.get("above", "")))
    if owner := str(form.get("owner", "")).strip():
        rule["owner"] = owner[:100]
    _must_hold(rule, spec)
    return rule


def _must_hold(said: Mapping[str, Any], spec: SourceSpec) -> None:
    """Raise UsageError unless the rule can be kept beside those of the source."""
    try:
        rule = Rule(**said)
    except ValueError:
        rule = None
    if rule is not None:
        if rule.called in {one.called for one in spec.rules}:
            raise UsageError("Such a rule stands already.", hint="Remove it first.")
        if not faults([rule], TABLES[spec.reads], spec.map, spec.source):
            return
    if said["check"] == "range":
        raise UsageError(
            "A bound is a number, or of dates a day, today, or a distance from it such as -120y or +30d.",
            hint="Choose a column, and say one bound or both.",
        )
    if said["check"] == "pattern":
        raise UsageError(
            "This pattern is not one that is read.",
            hint="Write letters, digits, classes such as [A-Z] or \\d, and counts such as {5}.",
        )
    if said["check"] == "freshness":
        raise UsageError("Say how old the latest row may be.", hint="As 26h or 2d.")
    raise UsageError("This rule is not whole.", hint="Choose its column, and fill in what it asks.")


def _column(name: str) -> str:
    return _("its number there") if name == "source_id" else words.say(name, "says")


def _number(form: Mapping[str, str], name: str) -> int | None:
    text = "".join(form.get(name, "").split())
    if not text:
        return None
    if not text.isdigit() or len(text) > 12:
        raise UsageError("A number of rows, hours or days is written with digits alone.")
    return int(text)


def _share(text: str) -> float:
    bare = text.strip().rstrip("%").strip().replace(",", ".")
    try:
        share = float(bare) / 100 if bare else 0.0
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise UsageError("A share is a number from 0 to 100.")
    return share
