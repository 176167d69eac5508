"""What the rules of a source said, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.rules import Rule
from filrouge.store.models import Ruling, Run
from filrouge.store.queries import sources

SHOWN = 12  # runs told of


@dataclass(frozen=True)
class Kept:
    """A rule of a source, and what it said in each of its latest runs, the earliest first; None before it was one."""

    rule: Rule
    said: tuple[tuple[Run, Ruling | None], ...]

    @property
    def last(self) -> Ruling | None:
        """What it said last."""
        return next((ruling for _, ruling in reversed(self.said) if ruling is not None), None)

    def plain(self) -> dict[str, Any]:
        """Return the rule and what it said as data."""
        runs = [
            {
                "run": str(run.pk), "at": run.started_at.isoformat(), "said": row.said, "rows": row.rows, "of": row.of,
                "measured": row.measured,
            }
            for run, row in self.said
            if row is not None
        ]  # fmt: skip
        return {"name": self.rule.called, **self.rule.dump(), "does": self.rule.does, "runs": runs}


def kept(name: str, caller: Caller, *, limit: int = SHOWN) -> list[Kept]:
    """Return the rules of the source called ``name`` with what they said. Raises NotFound."""
    line = sources.line(name, caller)
    runs = Run.objects.filter(source=line.source, kind="import", lookup=False, rulings__isnull=False).distinct()
    latest = list(reversed(runs[:limit]))
    found = {(row.run_id, row.rule): row for row in Ruling.objects.filter(run__in=latest)}
    return [Kept(rule, tuple((run, found.get((run.pk, rule.called))) for run in latest)) for rule in line.spec.rules]


def of_run(made: Run) -> list[Ruling]:
    """Return what each rule said of one run, what is broken first."""
    order = {"broken": 0, "warned": 1, "ok": 2}
    return sorted(Ruling.objects.filter(run=made), key=lambda row: (order.get(row.said, 3), row.rule))


def rules(made: Run) -> tuple[Rule, ...]:
    """Return the rules that the source of a run has today."""
    return SourceSpec.parse(made.source.spec, what=made.source_name).rules if made.source else ()
