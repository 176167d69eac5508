"""An acquisition in words: its clock, each step with what answers it, its systems, who is known to other brands."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console import names, words
from filrouge.console.foreseen import known
from filrouge.console.templatetags import say
from filrouge.domain.acquisitions import Facts
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import acquisitions as found
from filrouge.store.queries import drafts, group
from filrouge.work.drafts import SYSTEM

TONES = {"done": "good", "under_way": "info", "wrong": "bad", "todo": "", "without": ""}
PROGRESS_TONES = {"awaited": "", "prepared": "info", "imported": "good", "scheduled": "good"}


def line(told: found.Checklist, *, today: date) -> dict[str, Any]:
    """Return an acquisition as a line of the list."""
    row, waits = told.row, told.next
    return {
        "row": row, "clock": clock(told, today=today), "done": told.done, "of": len(told.lines),
        "next": words.say(waits.step.code, "acquisition_step") if waits else "",
        "next_owner": waits.owner if waits else "",
        "next_due": waits.said.due if waits else None,
        "next_late": bool(waits and waits.late(today)),
        "wrong": any(one.state == "wrong" for one in told.lines),
    }  # fmt: skip


def clock(told: found.Checklist, *, today: date) -> dict[str, Any]:
    """Return the days of an acquisition, and how far its target is, in words."""
    days, left, live = told.span.days(today), told.span.left(today), told.row.live_at is not None
    if live:
        said = (
            _("live, on time")
            if left >= 0
            else ngettext("live, %(n)s day late", "live, %(n)s days late", -left) % {"n": say.number(-left)}
        )
    elif left >= 0:
        said = ngettext("%(n)s day left", "%(n)s days left", left) % {"n": say.number(left)}
    else:
        said = ngettext("%(n)s day late", "%(n)s days late", -left) % {"n": say.number(-left)}
    tone = "good" if live and left >= 0 else "bad" if left < 0 else "warn" if left < 14 else ""
    whole = max((told.span.target - told.span.start).days, 1)
    return {"days": days, "said": said, "tone": tone, "live": live, "part": min(days, whole), "whole": whole}


def steps(told: found.Checklist, asking: Caller, *, today: date) -> list[dict[str, Any]]:
    """Return each step in words: how it stands, what answers it, the law it rests on, what may be said of it."""
    row, facts = told.row, told.facts
    lines = []
    for one in told.lines:
        code = one.step.code
        mine = row.live_at is None and found.acts(asking, row, *one.step.roles)
        lines.append({
            "code": code, "title": words.say(code, "acquisition_step"), "state": one.state,
            "tone": TONES[one.state], "told": _told(code, told, asking),
            "meant": words.WORDS[f"acquisition_{facts.nature}"].get(code, ""),
            "law": words.say(one.step.law[facts.nature], "law") if facts.nature in one.step.law else "",
            "said": one.said, "owner": one.owner, "late": one.late(today), "by_person": one.step.said,
            "may_say": mine and asking.has(*one.step.roles)
            and (one.step.said or one.said.state != "" or one.state != "done"),
            "may_entrust": row.live_at is None and found.acts(asking, row, *one.step.roles, *found.KEEPERS),
            "always": code == "agreements" and facts.nature == "asset",
            "declare": _declare(one, told, asking),
        })  # fmt: skip
    return lines


def _declare(one: Any, told: found.Checklist, asking: Caller) -> str:
    """Return where a step is answered by declaring something; "" where the reader may not, or it is done."""
    row, facts = told.row, told.facts
    if one.state in ("done", "without") or row.live_at is not None:
        return ""
    said: dict[str, str] = {}
    if one.step.code == "entity" and group.may_add_entities(asking):
        said = {"add": "entity", "slug": row.entity, "name": row.name}
    elif one.step.code == "brand" and row.entity in {each.slug for each in group.may_add_brands(asking)}:
        missing = next((slug for slug, ready in facts.brands.items() if not ready), "")
        said = {
            "add": "brand",
            "slug": missing,
            "name": row.name if len(facts.brands) == 1 else "",
            "entity": row.entity,
        }
    elif one.step.code == "agreements" and row.entity in {each.slug for each in group.may_open(asking)}:
        said = {"add": "agreement", "entity": row.entity}
    return f"{reverse('group')}?{urlencode(said)}#add-{said['add']}" if said else ""


def systems(facts: Facts, asking: Caller) -> list[dict[str, Any]]:
    """Return each system in words, with where to look, and where what is awaited is brought."""
    lines = []
    mine = {one.slug for one in drafts.brands(asking)} if asking.has(*drafts.KEEPERS) else set()
    brand = next((slug for slug, ready in facts.brands.items() if ready and slug in mine), "")
    for one in facts.systems:
        tried = one.tried or {}
        lines.append({
            "system": one, "progress": words.say(one.progress, "acquisition_progress"),
            "tone": PROGRESS_TONES[one.progress],
            "sources": [(name, names.source(name)) for name in one.sources],
            "reads_sources": asking.has("engineer", "privacy"),
            "drafts": [reverse("draft", args=[key]) + "?step=trial" for key in one.drafts],
            "reads_drafts": asking.has("engineer"),
            "bring": f"{reverse('source-new')}?{urlencode({'brand': brand, 'system': one.name})}"
            if brand and one.progress == "awaited" and SYSTEM.fullmatch(one.name) else "",
            "tried": _("last dry run: %(read)s read, %(new)s new, of which %(matched)s known already")
            % {
                "read": say.number(tried.get("read", 0)), "new": say.number(tried.get("new", 0)),
                "matched": known(tried.get("matched", 0), asking) or say.number(0),
            } if one.tried else "",
        })  # fmt: skip
    return lines


def agreed(facts: Facts, entity: str) -> list[dict[str, Any]]:
    """Return the agreements in force, those that differ only by the other entity in one line."""
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in facts.agreements:
        gives = one.giver == entity
        key = (gives, one.purpose, one.category, one.since.date(), one.until, one.evidence)
        other = names.entity(one.receiver if gives else one.giver)
        lines.setdefault(key, {"row": one, "gives": gives, "others": []})["others"].append(other)
    return [line | {"others": say.together(line["others"])} for _, line in sorted(lines.items(), key=_outwards)]


def _outwards(item: tuple[tuple[Any, ...], Any]) -> tuple[bool, str, str]:
    return not item[0][0], item[0][1], item[0][5]


def asked(row: Any) -> list[dict[str, Any]]:
    """Return, by channel, whom the company and the buyer may reach, and by how many consents they leak."""
    return [dict(one) | {"said": words.say(one["channel"], "channel")} for one in row.figures.get("asked", ())]


def overlap(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the overlap with its evidence in words."""
    return [
        line
        | {
            "evidence": [(words.say(kind, "kind"), count) for kind, count in line["kinds"].items()],
            "decided": [(words.say(code, "decision"), count) for code, count in line["decisions"].items()],
        }
        for line in lines
    ]


def _told(code: str, told: found.Checklist, asking: Caller) -> str:
    """Return what the installation says of a step, in a sentence; nothing where a person answers."""
    row, facts = told.row, told.facts
    if code == "entity":
        return (
            names.entity(row.entity) if facts.entity else _("No entity is called %(name)s yet.") % {"name": row.entity}
        )
    if code == "brand":
        missing = [slug for slug, ready in facts.brands.items() if not ready]
        if not facts.brands:
            return _("No brand is named yet.")
        if missing:
            return _("Not there yet, or of another entity: %(brands)s.") % {"brands": ", ".join(missing)}
        return say.together([names.brand(slug).name for slug in facts.brands])
    if code == "agreements" and facts.nature == "share":
        if not facts.agreements:
            return _("No agreement names it: nobody else sees its data.")
        return ngettext("%(n)s agreement in force", "%(n)s agreements in force", len(facts.agreements)) % {
            "n": say.number(len(facts.agreements))
        }
    if code == "systems":
        ready = sum(one.progress in ("imported", "scheduled") for one in facts.systems)
        if not facts.systems:
            return _("No system is named, and none is there.")
        return _("%(ready)s of %(all)s imported") % {"ready": say.number(ready), "all": say.number(len(facts.systems))}
    if code == "dry_run" and facts.systems:
        tried = sum(one.tried is not None or one.progress in ("imported", "scheduled") for one in facts.systems)
        return _("%(tried)s of %(all)s tried") % {"tried": say.number(tried), "all": say.number(len(facts.systems))}
    if code == "consents" and facts.leaks:
        return _("The buyer could reach people by what they said to the bought company: look at what its sources name.")
    if code in ("consents", "overlap") and not facts.measured:
        return _("Not counted yet.")
    return _counted(code, told, asking)


def _counted(code: str, told: found.Checklist, asking: Caller) -> str:
    row, facts = told.row, told.facts
    if code == "overlap":
        people = found.people_of(row, asking)
        if not facts.people:
            return _("Nobody of its brands is known yet.")
        said = [] if people is None else [
            ngettext("%(n)s person", "%(n)s people", people) % {"n": say.number(people)}
        ]  # fmt: skip
        if facts.reviews:
            pairs = ngettext("%(n)s doubtful pair waits", "%(n)s doubtful pairs wait", facts.reviews)
            said.append(pairs % {"n": say.number(facts.reviews)})
        return " · ".join(said)
    if code == "consents" and not facts.consents:
        return _("Its people said nothing yet.")
    return ""


def day(moment: datetime | date | None) -> str:
    """Return a day as a field of a form holds it."""
    return moment.strftime("%Y-%m-%d") if moment else ""
