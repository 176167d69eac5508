"""Baselines: the figures as found, measured by one definition each, so that before and after can be compared."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median

import pyarrow as pa
from django.db import transaction

from filrouge.base import clock, settings
from filrouge.engines import Engine, open_engine
from filrouge.store.models import Baseline, Erasure, FollowUp
from filrouge.store.views import current
from filrouge.work import audit, runs

# figure -> (unit, SQL of its value over current rows; {at} is now)
FIGURES: dict[str, tuple[str, str]] = {
    "churn_12m": (
        "ratio",
        """SELECT count(*) FILTER (WHERE ended_at >= {at} - INTERVAL 365 DAY AND ended_at < {at}) /
        nullif(count(*) FILTER (WHERE started_at < {at} - INTERVAL 365 DAY AND (ended_at IS NULL OR ended_at >= {at} - INTERVAL 365 DAY)), 0)
        FROM contracts""",
    ),
    "churn_wanted_12m": (
        "ratio",
        """SELECT count(*) FILTER (WHERE end_reason = 'wanted' AND ended_at >= {at} - INTERVAL 365 DAY AND ended_at < {at}) /
        nullif(count(*) FILTER (WHERE started_at < {at} - INTERVAL 365 DAY AND (ended_at IS NULL OR ended_at >= {at} - INTERVAL 365 DAY)), 0)
        FROM contracts""",
    ),
    "opportunities_won_12m": (
        "ratio",
        """SELECT count(*) FILTER (WHERE outcome = 'won') / nullif(count(*) FILTER (WHERE outcome IN ('won', 'lost')), 0)
        FROM opportunities WHERE closed_at >= {at} - INTERVAL 365 DAY""",
    ),
    "duplicate_records": (
        "ratio",
        """SELECT 1 - count(DISTINCT (source, person)) / nullif(count(*), 0) FROM (SELECT p.source, l.person FROM person_records p
        JOIN (SELECT record_key, person FROM links WHERE undone_at IS NULL
        QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1) l USING (record_key))""",
    ),
    "people": ("count", "SELECT count(*) FROM people WHERE merged_into IS NULL"),
    "records": ("count", "SELECT count(*) FROM person_records"),
    "complaints_open": (
        "count",
        "SELECT count(*) FROM interactions WHERE kind = 'complaint' AND coalesce(status, '') NOT IN ('closed', 'solved')",
    ),
    "first_answer_12m": (
        "seconds",
        """SELECT median(epoch(m.answered) - epoch(t."at")) FROM interactions t
        JOIN (SELECT ticket_ref, entity, brand, min("at") AS answered FROM interactions
            WHERE kind = 'message' AND direction = 'out' AND ticket_ref IS NOT NULL GROUP BY ALL) m
            ON m.ticket_ref = t.source_id AND m.entity = t.entity AND m.brand = t.brand AND m.answered >= t."at"
        WHERE t.kind IN ('ticket', 'complaint') AND t."at" >= {at} - INTERVAL 365 DAY AND t."at" < {at}""",
    ),
    "payments_failed_30d": (
        "ratio",
        """SELECT count(*) FILTER (WHERE outcome = 'failed') / nullif(count(*), 0) FROM payments
        WHERE paid_at >= {at} - INTERVAL 30 DAY AND paid_at < {at}""",
    ),
}


READ = ("contracts", "opportunities", "person_records", "people", "links", "interactions", "payments", "followups")


def measure(*, by: str, at: datetime | None = None) -> list[Baseline]:
    """Measure every figure now and keep it."""
    now = at or clock.now()
    engine = open_engine(scratch=settings.get().home / "scratch")
    rows = []
    try:
        lake, hidden = runs.lake(), runs.hidden()
        for table in READ:
            engine.con.create_view(table, current(engine, lake, table, hidden=hidden), overwrite=True)
        stamp = f"TIMESTAMPTZ '{now.isoformat()}'"
        for figure, (unit, sql) in FIGURES.items():
            value = engine.con.con.execute(sql.format(at=stamp)).fetchall()[0][0]
            rows.append(Baseline(figure=figure, value=None if value is None else float(value), unit=unit, at=now))
        kept = _kept(engine, now)
    finally:
        engine.close()
    rows.append(Baseline(figure="follow_ups_kept", value=kept, unit="ratio", at=now))
    rows.append(Baseline(figure="request_days", value=_request_days(now), unit="days", at=now))
    with transaction.atomic():
        Baseline.objects.bulk_create(rows)
        audit.record("baseline.measure", by=by, figures=len(rows))
    return rows


def _kept(engine: Engine, now: datetime) -> float | None:
    """Return the share of follow-ups due until now that are done, in their system or here."""
    done = FollowUp.objects.filter(state="done").exclude(source="").values_list("source", "source_id")
    columns = list(zip(*done, strict=True)) or [(), ()]
    here = pa.table({name: pa.array(values, pa.string()) for name, values in zip(("s", "i"), columns, strict=True)})
    engine.con.con.register("done_here", here)
    kept, due = engine.con.con.execute(
        f"""SELECT count(*) FILTER (WHERE f.status = 'done' OR d.i IS NOT NULL), count(*) FROM followups f
        LEFT JOIN done_here d ON d.s = f.source AND d.i = f.source_id
        WHERE f.due_at < TIMESTAMPTZ '{now.isoformat()}' AND coalesce(f.status, '') <> 'cancelled'"""
    ).fetchall()[0]
    made = FollowUp.objects.filter(due_at__lt=now, source="").exclude(state="cancelled")
    total = due + made.count()
    return (kept + made.filter(state="done").count()) / total if total else None


def _request_days(now: datetime) -> float | None:
    """Return the median days that a request for erasure took, over those ended within a year."""
    ended = Erasure.objects.filter(finished_at__gte=now - timedelta(days=365), finished_at__lte=now)
    spans = [(row.finished_at - row.created_at).total_seconds() / 86400 for row in ended if row.finished_at]
    return median(spans) if spans else None
