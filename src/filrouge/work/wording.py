"""What a message says of alerts, in the language of whoever reads it: the sentence, the figures, the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from filrouge.base import settings
from filrouge.base.errors import told
from filrouge.store.models import Alert, Notice, Run


def trial(language: str) -> tuple[str, str]:
    """Return title and body of a message that proves that the address works."""
    with override(language):
        return "Filrouge", _("Alerts of Filrouge arrive here.")


def message(notices: Sequence[Notice], language: str) -> tuple[str, str]:
    """Return title and body of one message about several notices; nobody's data are in it."""
    with override(language):
        open_ = sum(one.what != "resolved" for one in notices)
        title = (
            ngettext("Filrouge: %(count)s source waits for you", "Filrouge: %(count)s sources wait for you", open_)
            % {"count": open_}
            if open_
            else _("Filrouge: in order again")
        )
        lines = [_line(one) for one in notices]
        if any(one.attempts > 1 for one in notices):
            lines.append(_("You may have received this before."))
        return title, "\n\n".join(lines)


def _line(notice: Notice) -> str:
    alert, run = notice.alert, notice.alert.run
    said = {"source": alert.source_name, "why": _why(run)}
    if notice.what == "resolved":
        text = _("%(source)s: in order again.") % said
    elif alert.kind == "held":
        text = _("%(source)s: a run waits for a decision, and the next ones wait behind it: %(why)s.") % said
    elif alert.kind == "failed":
        text = _("%(source)s: the last run failed: %(why)s") % said
    else:
        text = _("%(source)s: the last run looks doubtful: %(why)s.") % said
    if notice.what == "again":
        text = _("Still: %(told)s") % {"told": text}
    return f"{text}\n{_address(alert)}"


def _address(alert: Alert) -> str:
    base = settings.get().address.rstrip("/")
    return f"{base}/runs/{alert.run_id}" if alert.run_id else f"{base}/sources/{alert.source_name}"


def _why(run: Run | None) -> str:
    if run is None:
        return ""
    if run.trouble:
        return " ".join(part for part in told(run.trouble, _) if part)
    return "; ".join(_found(one["code"], one.get("params") or {}) for one in run.findings)


def _found(code: str, params: dict[str, Any]) -> str:
    sentences = {
        "rule_broken": _("the rule %(rule)s is broken by %(rows)s of %(of)s rows"),
        "nothing_came": _("nothing came; usually %(usual)s rows do"),
        "volume_fell": _("%(read)s rows read, at least %(low)s by what earlier runs brought"),
        "volume_rose": _("%(read)s rows read, at most %(high)s by what earlier runs brought"),
        "too_few_rows": _("%(read)s rows read, at least %(min)s expected"),
        "too_many_rows": _("%(read)s rows read, at most %(max)s expected"),
        "many_rejects": _("%(share)s of the rows were rejected"),
        "rows_lost": _("%(lost)s rows are unaccounted for"),
        "shape_gone": _("not there any more, and read: %(columns)s"),
        "shape_unkept": _("never kept and not there any more, while new columns came: %(columns)s"),
        "shape_empty": _("empty in every row, and read: %(columns)s"),
        "shape_date": _("the dates of %(column)s are written in another way"),
        "shape_values": _("%(column)s holds values that mean nothing yet"),
        "shape_added": _("new and read by nothing: %(columns)s"),
        "shape_left": _("not there any more, and read by nothing: %(columns)s"),
        "stale": _("its latest row is %(hours)s hours old"),
    }
    if code == "many_rejects":
        params = {"share": f"{float(params.get('share') or 0):.1%}"}
    try:
        return sentences[code] % params
    except KeyError:
        return code
