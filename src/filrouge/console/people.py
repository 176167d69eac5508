"""The person page in words: consents by brand, facts worth a line, what can be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.console import names, words
from filrouge.console.documents import TABLES
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.profiles import MANY, Attribute, PersonView

# Those shown at the head of the page, or said by the name.
_ELSEWHERE = frozenset({"given_name", "family_name", "full_name", "email", "phone", "address", "company", "deceased"})
_CHANNELS = ("email", "sms", "phone", "post", "push", "ads", "web", "none")


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


def records_said(person: PersonView) -> str:
    """Say how many records of how many systems are behind the person."""
    systems = len({record.system for record in person.records})
    said = ngettext("%(count)s record", "%(count)s records", len(person.records)) % {"count": len(person.records)}
    return _("%(records)s of %(systems)s") % {
        "records": said,
        "systems": ngettext("%(count)s system", "%(count)s systems", systems) % {"count": systems},
    }


def consents(person: PersonView) -> list[dict[str, Any]]:
    """Return a line per brand, a cell per channel of marketing, and other purposes after."""
    lines: dict[str, list[dict[str, Any]]] = {}
    order = {channel: index for index, channel in enumerate(_CHANNELS)}
    for row in sorted(
        person.consents, key=lambda r: (r["brand"], r["purpose"] != "marketing", order.get(r["channel"], 9))
    ):
        yes = row["state"] == "granted"
        channel = (
            words.say(row["channel"], "channel") if row["channel"] != "none" else words.say(row["purpose"], "purpose")
        )
        label = (
            channel
            if row["purpose"] in ("marketing", row["channel"])
            else f"{words.say(row['purpose'], 'purpose')}, {channel}"
        )
        lines.setdefault(row["brand"], []).append(
            {
                "shown": f"{label} {'✓' if yes else '✗'}",
                "said": _("%(purpose)s by %(channel)s: %(state)s")
                % {
                    "purpose": words.say(row["purpose"], "purpose").capitalize(),
                    "channel": words.say(row["channel"], "channel"),
                    "state": words.say(row["state"], "consent"),
                },
                "classes": "consent yes"
                if yes
                else "consent stop"
                if row["state"] in ("objected", "restricted")
                else "consent no",
                "at": row.get("at"),
                "source": names.source(row["source"]) if row.get("source") else words.say("console", "method"),
                "notice": row.get("notice") or "",
                "method": row.get("method") or "",
            }
        )
    return [{"brand": brand, "cells": cells} for brand, cells in lines.items()]


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
