"""Households and roles in companies, in words: who, why, what people said of it and how to take it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.console import lines, words
from filrouge.console.templatetags import say
from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live
from filrouge.store.queries import people as found
from filrouge.store.queries.households import Member, Told
from filrouge.store.queries.roles import ToldRole


def members(household: Iterable[Member]) -> list[dict[str, Any]]:
    """Return the others of a household as lines, each with why in words."""
    known = list(household)
    told = lines.of([member.hit for member in known])
    return [{**line, "why": words.together("bond", member.why)} for line, member in zip(told, known, strict=True)]


def said(rows: Iterable[Told], person: str, asking: Caller) -> list[dict[str, Any]]:
    """Return what people said of a household, as lines; whom the reader may not see is not named."""
    live, kept = Live(), []
    for row in rows:
        mine = live.current(row.person) == person
        others = [live.current(row.person)] if not mine else [live.current(other) for other in row.others]
        seen = [hit for one in dict.fromkeys(others) if (hit := found.named(one, asking, at=clock.now())) is not None]
        names = say.together([line["name"] for line in lines.of(seen)]) or _("somebody whom you may not see")
        told = {
            ("with", True): _("Lives with %(names)s"), ("with", False): _("Lives with %(names)s"),
            ("away", True): _("Does not live with %(names)s"),
            ("away", False): _("%(names)s does not live here"),
        }[row.kind, mine]  # fmt: skip
        kept.append(_line(row, told % {"names": names}, reverse("household-undo", args=[row.gesture])))
    return kept


def roles(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the roles of a person as lines, those that go on first."""
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        name, role = str(row.get("name") or ""), str(row.get("role") or "")
        told.setdefault((role.casefold(), name.casefold()), {**row, "name": name, "role": role})
    return sorted(told.values(), key=lambda one: (bool(one["until"]), one["name"].casefold()))


def said_of_roles(rows: Iterable[ToldRole]) -> list[dict[str, Any]]:
    """Return what people said of a person's roles, as lines."""
    kept = []
    for row in rows:
        job = ", ".join(part for part in (row.company or _("a company that you may not see"), row.role) if part)
        told = _("Works for %(job)s") if row.kind == "added" else _("No longer works for %(job)s")
        kept.append(_line(row, told % {"job": job}, reverse("role-undo", args=[row.key])))
    return kept


def _line(row: Told | ToldRole, told: str, undo: str) -> dict[str, Any]:
    return {
        "said": told, "by": row.by, "at": row.at, "reason": row.reason, "undone_at": row.undone_at,
        "undone_by": row.undone_by, "undo": undo if row.undoable else "",
    }  # fmt: skip
