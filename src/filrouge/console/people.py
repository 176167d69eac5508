"""The person page in words: consents by brand, facts worth a line, what can be looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console import names, words
from filrouge.console.documents import TABLES
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.may_i import Decision
from filrouge.domain.profiles import MANY, Attribute, PersonView
from filrouge.store.queries.people import Page
from filrouge.work import consents

# Those shown at the head of the page, or said by the name.
_ELSEWHERE = frozenset({"given_name", "family_name", "full_name", "email", "phone", "address", "company", "deceased"})
ASKED = ("email", "sms", "phone", "post")
STOPPED = ("objected", "restricted", "promise_overdue", "promised")


@dataclass(frozen=True)
class Fact:
    """An attribute of the left column; ``many`` says how many more values it rightly has."""

    attribute: Attribute
    many: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.attribute, name)


def facts(person: PersonView) -> list[Fact]:
    """Return what is known beside the name and the ways to reach them, and every value that is contradicted."""
    shown = []
    for name, attribute in person.attributes.items():
        if name in _ELSEWHERE and not (attribute.contradicted and name in ("given_name", "family_name")):
            continue
        distinct = {value.value.casefold() for value in attribute.others} - {attribute.best.value.casefold()}
        shown.append(Fact(attribute, len(distinct) if name in MANY else 0))
    return shown


def woman(person: PersonView) -> bool:
    """Tell whether their title or sex says that French agrees in the feminine."""
    told = [person.attributes[name].best.value.casefold() for name in ("title", "sex") if name in person.attributes]
    return any(
        word.startswith(("mme", "mlle", "madame", "mrs", "miss", "ms")) or word in ("f", "female") for word in told
    )


def records_said(person: PersonView) -> str:
    """Say how many records of how many systems are behind the person."""
    systems = len({record.system for record in person.records})
    said = ngettext("%(count)s record", "%(count)s records", len(person.records)) % {"count": len(person.records)}
    return _("%(records)s of %(systems)s") % {
        "records": said,
        "systems": ngettext("%(count)s system", "%(count)s systems", systems) % {"count": systems},
    }


def permissions(page: Page, at: datetime) -> list[dict[str, Any]]:
    """Return, for each brand that knows the person, whether marketing may reach them by each channel, and why."""
    person = page.view
    origins = dict.fromkeys((record.entity, record.brand) for record in person.records if record.brand)
    held_by = Counter(brand for _, brand in origins)
    answers = consents.answers(person.id, origins, purpose="marketing", channels=ASKED, at=at)
    owed = {f"promise {row.id}": row.text for row in page.promises}
    lines = []
    for entity, brand in origins:
        cells = [
            _permission(person, entity, brand, channel, answers[entity, brand, channel], owed) for channel in ASKED
        ]
        lines.append({"brand": brand, "entity": names.entity(entity) if held_by[brand] > 1 else "", "cells": cells})
    return lines


def _permission(
    person: PersonView, entity: str, brand: str, channel: str, said: Decision, owed: Mapping[str, str]
) -> dict[str, Any]:
    event = next(
        (row for row in person.consents
         if row["entity"] == entity and row["purpose"] == "marketing" and row["channel"] == channel
         and row["brand"] in (brand, "")),
        None,
    )  # fmt: skip
    # what the answer rests on is told to those who may see that very fact
    rests = event if event is not None and said.evidence == str(event.get("evidence") or "") else None
    rests = rests if said.reason in ("consented", "denied", "withdrawn", "objected") else None
    return {
        "shown": f"{words.say(channel, 'channel_short')} {'✓' if said.allow else '✗'}",
        "said": (_("Marketing by %(channel)s: yes") if said.allow else _("Marketing by %(channel)s: no"))
        % {"channel": words.say(channel, "channel")},
        "why": words.say(said.reason, "decision_reason"),
        "classes": "consent yes" if said.allow else "consent stop" if said.reason in STOPPED else "consent no",
        "rule": said.rule,
        "at": said.decided_on if rests or said.evidence in owed else None,
        "source": names.source(rests["source"]) if rests and rests.get("source") else "",
        "notice": (rests or {}).get("notice") or "",
        "evidence": said.evidence if rests else owed.get(said.evidence, ""),
    }


def roles(person: PersonView) -> list[Mapping[str, Any]]:
    """Return what they are in which company, said once however many systems say it."""
    told: dict[tuple[str, str], Mapping[str, Any]] = {}
    for role in person.roles:
        told.setdefault((str(role.get("role") or "").casefold(), str(role.get("name") or "").casefold()), role)
    return list(told.values())


def running(person: PersonView) -> list[Mapping[str, Any]]:
    """Return the contracts that have not ended."""
    return [contract for contract in person.contracts if not contract.get("ended_at")]


def tabs(person: PersonView) -> list[tuple[str, str | Promise, int]]:
    """Return (key, label, count) of what can be looked at: the thread, then each kind of document that there is."""
    counted = [(key, label, len(getattr(person, key))) for key, (label, _columns, _row) in TABLES.items()]
    return [("", _("Thread"), 0), *(tab for tab in counted if tab[2])]


def systems(page: Page) -> list[tuple[str, datetime | None]]:
    """Return each system that knows the person, and up to when it is known here."""
    known = dict.fromkeys((record.system, record.source) for record in page.view.records)
    found = {system: (names.system(system, source), page.as_of.get(system)) for system, source in known}
    return sorted(found.values())


def entities(person: PersonView, asking: Caller) -> list[str]:
    """Return the entities that know the person and that the caller acts for."""
    sees = asking.perimeter
    known = dict.fromkeys(record.entity for record in person.records)
    return [entity for entity in known if entity in sees.acting or sees.everything]


def evidence(person: PersonView) -> list[dict[str, Any]]:
    """Return each record with the decision that made it theirs: what agrees, with which other record, how strongly."""
    known = {record.key: record for record in person.records}
    lines = []
    for record in person.records:
        other = known.get(int(record.evidence.get("with") or 0))
        lines.append(
            {
                "record": record,
                "why": words.say(record.rule, "rule")
                if record.decision == "rule"
                else words.say(record.decision, "decision"),
                "kinds": [words.say(str(kind), "kind") for kind in record.evidence.get("kinds") or () if kind],
                "other": other,
                "weight": record.evidence.get("weight"),
            }
        )
    return lines
