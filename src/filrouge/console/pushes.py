"""Destinations and pushes in words: how each stands, and what a run did in one sentence."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console import words
from filrouge.console.errors import recalled
from filrouge.console.templatetags import say

TIMINGS = ("change", "0 * * * *", "0 6 * * *", "0 6 * * 1", "")
TONES = {
    "done": "good", "running": "info", "partly": "warn", "stopped": "bad", "interrupted": "bad", "failed": "bad",
}  # fmt: skip


def told(run: Any) -> dict[str, Any]:
    """Return a run with its figures in words; success is said only when every row was confirmed."""
    return {
        "run": run,
        "state": words.say(run.state, "push_state"),
        "tone": TONES[run.state],
        "figures": figures(run),
        "said": " · ".join(said for _code, said, count in figures(run) if count),
        "trouble": recalled(run.trouble) if run.trouble else "",
        "only": words.say(run.only, "push_only") if run.only else "",
        "quiet": run.state == "done" and not run.ordered,
    }


def figures(run: Any) -> list[tuple[str, str, int]]:
    """Return (outcome, sentence, how many) of what a run did, the outcomes that have rows first to last."""
    n = run.sent
    parts = [("sent", ngettext("%(n)s delivered", "%(n)s delivered", n) % {"n": say.number(n)}, n)]
    n = run.removed
    parts.append(("removed", ngettext("%(n)s taken back", "%(n)s taken back", n) % {"n": say.number(n)}, n))
    n = run.withheld
    held = ngettext("%(n)s withheld", "%(n)s withheld", n) % {"n": say.number(n)}
    if run.reasons:
        why = ", ".join(f"{words.say(code, 'push_reason')} {say.number(count)}" for code, count in run.reasons.items())
        held = _("%(held)s: %(why)s") % {"held": held, "why": why}
    parts.append(("withheld", held, n))
    n = run.failed
    parts.append(("failed", ngettext("%(n)s failed", "%(n)s failed", n) % {"n": say.number(n)}, n))
    if run.waiting:
        n = run.waiting
        parts.append(("", ngettext("%(n)s left for the next run", "%(n)s left for the next run", n)
                      % {"n": say.number(n)}, n))  # fmt: skip
    return parts


def line(row: Any, last: Any) -> dict[str, Any]:
    """Return a push with its last run, as a list shows it."""
    return {"row": row, "last": told(last) if last is not None else None, "timing": timing(row.timing)}


def timing(code: str) -> str:
    """Say when a push goes; a schedule of somebody's own as they wrote it."""
    return words.say(code, "push_timing") if code in TIMINGS else code


def delivered(one: Any) -> dict[str, Any]:
    """Return what became of one person, in words."""
    return {
        "one": one,
        "outcome": words.say(one.outcome, "push_outcome"),
        "tone": {"sent": "good", "removed": "info", "withheld": "", "failed": "bad"}[one.outcome],
        "reason": words.say(one.reason, "push_reason") if one.reason else "",
    }


def place(row: Any) -> dict[str, Any]:
    """Return a destination with what its last check found."""
    return {
        "row": row,
        "kind": words.say(row.kind, "destination_kind"),
        "trouble": recalled(row.trouble) if row.trouble else "",
        "well": row.checked_at is not None and not row.trouble,
    }
