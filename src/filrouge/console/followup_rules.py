"""Rules of follow-ups in words: when, for whom, whose, and what one would make now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console import names, words
from filrouge.console.segments import score_name
from filrouge.console.templatetags import say

FIELDS = ("segment", "score", "at_least", "days", "subject", "kind", "purpose", "due_in", "owner", "owner_name", "most")
DEFAULTS: Mapping[str, str] = {
    "at_least": "30", "days": "30", "kind": "call", "purpose": "service", "due_in": "3", "owner": "queue",
    "most": "200",
}  # fmt: skip


def sentence(spec: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Say when a rule makes a follow-up."""
    when, days = spec.get("when"), int(spec.get("days", 30))
    if when == "segment":
        name = str(spec.get("segment") or "")
        return _("Somebody is in the segment “%(segment)s”") % {"segment": titles.get(name, name)}
    if when == "score":
        told = {"score": score_name(str(spec.get("score") or "")), "value": say.number(spec.get("at_least", 0))}
        return _("%(score)s is %(value)s or more") % told
    if when == "contract_end":
        return ngettext(
            "A contract renews within %(days)s day", "A contract renews within %(days)s days", days
        ) % {"days": days}  # fmt: skip
    return ngettext(
        "A complaint is open for %(days)s day", "A complaint is open for %(days)s days", days
    ) % {"days": days}  # fmt: skip


def whose(spec: Mapping[str, Any]) -> str:
    """Say whose the follow-ups of a rule are."""
    name = str(spec.get("owner_name") or "")
    if spec.get("owner") == "person":
        last = _("whoever worked for them last")
        return _("%(last)s, else %(name)s") % {"last": last, "name": name} if name else last
    if spec.get("owner") == "user":
        return names.author(name)
    return name or _("nobody’s, to be taken")


def held(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return (reason in words, number) of those who are held back, the most first."""
    told = {"promised": _("it was promised not to")}
    found = [(told.get(code) or words.say(code, "decision_reason"), count) for code, count in reasons.items()]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def typed(said: Mapping[str, Any], when: str) -> dict[str, Any]:
    """Return the spec that a form wrote, what does not concern ``when`` left out."""
    needed = {"segment": ("segment",), "score": ("score", "at_least")}.get(when, ("days",))
    spec: dict[str, Any] = {"when": when}
    for name in FIELDS:
        if name in ("segment", "score", "at_least", "days") and name not in needed:
            continue
        value = str(said.get(name, "")).strip()
        if value or name in ("subject", "segment", "score"):
            spec[name] = value.replace(",", ".") if name == "at_least" else value
    return spec
