"""All that is known of a source being prepared, told once for the command line and the API, as it may be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from filrouge.base.errors import FilrougeError, Phrase
from filrouge.base.errors import told as recalled
from filrouge.base.text import fold
from filrouge.domain.privacy import sums
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.sources import SourceSpec, columns
from filrouge.domain.sources.columns import BRAND, CONSENT, Said
from filrouge.domain.sources.profile import ColumnProfile, Fault
from filrouge.domain.sources.sighted import PLAIN, Sighted
from filrouge.store.models import SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.work import draft_files
from filrouge.work import taken as first

Translate = Callable[[str], str]
Plain = dict[str, Any]
COUNTS = ("read", "new", "changed", "unchanged", "rejected", "warned", "left_out", "corrected", "stale", "lost")


def line(draft: SourceDraft) -> Plain:
    """Return what a list tells of a draft."""
    return {
        "key": str(draft.pk), "file": draft.name, "size": draft.size, "entity": draft.entity, "brand": draft.brand,
        "brands": list(found.brands_of(draft)),
        "source": draft.spec["source"], "reads": draft.spec["reads"], "state": str(draft.state), "by": draft.by,
        "edited_at": draft.edited_at.isoformat(), "tried": draft_files.tried(draft),
        "run": str(draft.run_id) if draft.run_id else None,
    }  # fmt: skip


def whole(draft: SourceDraft, asking: Caller, translate: Translate = str) -> Plain:
    """Return how the file is read, what its columns hold and say, what they lack, what the last dry run counted.

    ``translate`` says sentences in the reader's language. What cells hold is masked as on the console.
    """
    job = found.job(draft)
    tried = draft.state != SourceDraft.State.DONE and draft_files.tried(draft)
    failed = job is not None and job.state == "failed" and not tried
    problem, hint = recalled(draft.trouble or (job.trouble if failed and job else {}), translate)
    made: Plain = line(draft) | {
        "kind": draft.spec["kind"], "format": dict(draft.spec.get("format") or {}),
        "moving": job is not None and job.state in ("waiting", "running"),
        "problem": problem, "problem_hint": hint,
        "counts": _counts(asking, draft.tried) if tried else None,
        "identity": _identity(asking, draft.tried) if tried else None,
        "like": "", "newer": False, "changed": [], "counting": False, "warnings": [], "columns": [], "computed": [],
        "faults": [], "taken": None, "mendable": False,
    }  # fmt: skip
    if draft.state == SourceDraft.State.DONE:  # its file is gone, or waits with its run
        return made
    spec, seen = SourceSpec.parse(draft.spec, what=draft.name), draft_files.seen(draft)
    sees, profile = draft_files.sighted(draft, asking), draft_files.profile_of(draft, asking.perimeter)
    counted = {one.name: _profiled(one) for one in profile.columns} if profile else {}
    says = columns.said(spec, [one.name for one in seen])
    wrong: dict[str, list[str]] = {}
    for name, fault in columns.faults(says, spec.reads, columns.computed(spec), spec) if seen else ():
        wrong.setdefault(name, []).append(_said(fault, translate))
    return made | {
        "like": draft_files.like(draft), "newer": draft_files.newer_of(draft), "changed": draft_files.changed(draft),
        "counting": found.profiling(draft), "warnings": [_fault(one) for one in profile.faults] if profile else [],
        "columns": [
            {
                "column": one.column, "filled": held.filled, "says": one.says, "date": one.form, "key": one.key,
                "examples": [text if sees.shown else mask(text) for text in held.examples],
                "states": _states(one, held.values, sees),
                "wrong": wrong.get(one.column, []), **counted.get(one.column, {}),
            }
            for one, held in zip(says, seen, strict=True)
        ],
        "computed": [asdict(one) for one in columns.computed(spec)],
        "faults": wrong.get("", []),
        "taken": _taken(asking, draft, spec, shown=sees.shown) if tried else None,
        "mendable": draft_files.mendable(draft),
    }  # fmt: skip


def _counts(asking: Caller, tried: Mapping[str, Any]) -> Plain:
    """Return what a dry run counted; how many are known in a sum, to whoever may not see each of them."""
    counts: Plain = {name: int(tried.get(name, 0)) for name in COUNTS}
    return counts | {"matched": _sum(tried.get("matched", 0), open_=found.everywhere(asking))}


def _identity(asking: Caller, tried: Mapping[str, Any]) -> Plain | None:
    """Return what identity would do, None when the dry run foresaw nothing of it."""
    held = tried.get("identity")
    if not held:
        return None
    everywhere, opened = found.everywhere(asking), found.opened(asking)
    return {
        "people": held["people"],
        "known": _sum(held["known"], open_=everywhere),
        "new": _sum(held["people"] - held["known"], open_=everywhere),
        "merges": _sum(held["merges"], open_=everywhere),
        "reviews": _sum(held["reviews"], open_=everywhere),
        "brands": {brand: _sum(count, open_=opened.get(brand, False)) for brand, count in held["brands"].items()},
    }


def _sum(count: int, *, open_: bool) -> Plain:
    return asdict(sums.told(int(count), open_=open_))


def _taken(asking: Caller, draft: SourceDraft, spec: SourceSpec, *, shown: bool) -> Plain:
    """Return the first rows as they would be taken."""
    rows, held = first.told(draft, spec, asking, shown=shown)
    return {
        "rows": rows,
        "columns": [{"column": one.column, "reads": list(one.reads), "values": list(one.values)} for one in held],
    }


def _states(one: Said, values: tuple[str, ...], sees: Sighted) -> Plain:
    """Return what each written value of a consent or a brand means, "" of one that means nothing yet; values that tell
    masked."""
    if one.says != BRAND and not one.says.startswith(f"{CONSENT}:"):
        return {}
    said = {value: code or "" for value, code in (one.values or {}).items()} if one.says == BRAND else one.states
    open_ = sees if one.says == BRAND else Sighted(sees.shown)  # what a consent is written with may tell of somebody
    held = {value: said.get(value, "") for value in (*values, *said)}
    return {
        text if open_.clear(one.column, text) or fold(text) in PLAIN else mask(text): state
        for text, state in held.items()
    }  # fmt: skip


def _profiled(one: ColumnProfile) -> Plain:
    return {
        "type": one.type, "means": one.meaning, "sure": one.confidence, "distinct": one.distinct,
        "top": [{"value": value.value, "rows": value.rows} for value in one.top] if one.distinct < one.filled else [],
        "warnings": [_fault(fault) for fault in one.faults],
    }  # fmt: skip


def _fault(fault: Fault) -> Plain:
    return {"code": fault.code, "rows": fault.rows, "params": dict(fault.params)}


def _said(fault: Phrase, translate: Translate) -> str:
    params: dict[str, Any] = dict(fault.params)
    return FilrougeError(fault.template, **params).said(translate)[0]
