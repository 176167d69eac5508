"""The group as it grows: who may declare a legal entity, a brand, or what one entity opens to another."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.base.text import fold
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Agreement, Brand, Entity
from filrouge.store.queries import group as found
from filrouge.work import access, groups, lengths, locks

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
SCOPE = "accounts:write"  # of a key that declares
YEARS = (1990, 2100)  # in which an agreement begins and ends
LONGEST = 50  # characters of a short name
REGISTRATION = 40
GREY = "#8a8a8a"


def entity(asking: Caller, slug: str, name: str, *, registration_id: str = "") -> Entity:
    """Declare a legal entity. Raises Refused, UsageError when a name cannot be one, Conflict when it is taken."""
    access.must(asking, *found.KEEPERS, scope=SCOPE)
    if not found.may_add_entities(asking):
        raise Refused("Entities are declared by whoever acts for the whole group.", hint="Ask an administrator.")
    named = lengths.fits(registration_id.strip(), REGISTRATION)
    with locks.held("declaring"), transaction.atomic():
        _free(slug, name, {row.slug: row.name for row in found.entities()})
        row = groups.add_entity(slug, name.strip(), by=asking.by, registration_id=named)
        for role in found.roles_one_by_one(asking, (*found.KEEPERS, "administrator")):
            groups.grant(asking.user_id, role, by=asking.by, entities=[slug])  # they act for the whole group still
    return row


def brand(asking: Caller, slug: str, name: str, of: str, *, colour: str = "") -> Brand:
    """Declare a brand of an entity. Raises Refused, UsageError when a name cannot be one, Conflict when it is taken."""
    access.must(asking, *found.KEEPERS, scope=SCOPE)
    if of not in {row.slug for row in found.may_add_brands(asking)}:
        raise Refused(
            "Brands are declared by whoever acts for the whole of their entity.", hint="Ask an engineer of it."
        )
    if colour and not _COLOUR.fullmatch(colour):
        raise UsageError("This is no colour.", hint="Write it as #1f5fa8.")
    with locks.held("declaring"), transaction.atomic():
        _free(slug, name, {row.slug: row.name for row in found.brands()})
        return groups.add_brand(slug, name.strip(), of, by=asking.by, colour=colour.lower() or GREY)


def share(
    asking: Caller, giver: str, receiver: str, *, category: str, purpose: str, evidence: str,
    start: datetime | None = None, until: datetime | None = None,
) -> Agreement:  # fmt: skip
    """Declare what an entity opens to another, on which evidence.

    Raises Refused unless the caller is a privacy officer of the giver, UsageError when it opens nothing, Conflict when
    the same is open already.
    """
    access.must(asking, *found.OFFICERS, scope=SCOPE)
    if giver not in {row.slug for row in found.may_open(asking)}:
        raise Refused("What an entity opens is declared by a privacy officer of it.", hint="Ask one of them.")
    if receiver and receiver not in {row.slug for row in found.entities()}:
        raise NotFound("No entity is called {slug}.", slug=receiver[:60])
    if receiver in ("", giver):
        raise UsageError("An agreement opens data to another entity.", hint="Choose which.")
    if not evidence.strip():
        raise UsageError("An agreement rests on something.", hint="Write where it is kept: a contract and its date.")
    now = clock.now()
    if any(day is not None and not YEARS[0] <= day.year <= YEARS[1] for day in (start, until)):
        raise UsageError("This is not a date.", hint="Choose a day in the calendar.")
    if until is not None and until <= (start or now):
        raise UsageError("It would end before it begins.", hint="Choose a later day.")
    for row in found.agreements():
        same = (row.giver.slug, row.receiver.slug, row.purpose) == (giver, receiver, purpose)
        apart = row.valid_until is not None and row.valid_until <= max(start or now, now)
        if same and row.category in ("*", category) and not apart and (until is None or row.valid_from < until):
            raise Conflict("This is open already.", hint="End the agreement that opens it, then declare the other.")
    return groups.agree(
        giver, receiver, category=category, purpose=purpose, by=asking.by, start=start, until=until,
        evidence=lengths.fits(evidence.strip(), lengths.REASON),
    )  # fmt: skip


def end(asking: Caller, key: str) -> Agreement:
    """End an agreement now. Raises NotFound, Conflict when it has ended, Refused unless the caller is an officer of one
    of both."""
    access.must(asking, *found.OFFICERS, scope=SCOPE)
    row = next((one for one in found.agreements() if str(one.pk) == key), None)
    if row is None:
        raise NotFound("There is no such agreement.")
    if not {row.giver.slug, row.receiver.slug} & {one.slug for one in found.may_open(asking)}:
        raise Refused("An agreement is ended by a privacy officer of one of both.", hint="Ask one of them.")
    if not found.stands(row):
        raise Conflict("This agreement has ended already.", hint="Nothing is open by it.")
    return groups.end_agreement(key, by=asking.by)


def _free(slug: str, name: str, known: dict[str, str]) -> None:
    if not name.strip():
        raise UsageError("It needs a name.", hint="Write how it is called.")
    lengths.fits(name.strip(), lengths.NAME)
    if any(unicodedata.category(letter) in ("Cc", "Cf") for letter in name):
        raise UsageError("This name holds letters that are not seen.", hint="Type it anew.")
    if not _SLUG.fullmatch(slug) or len(slug) > LONGEST:
        raise UsageError(
            "A short name is made of small letters, digits and hyphens, {longest} at most.",
            hint="Write it as digipress-sas.", longest=LONGEST,
        )  # fmt: skip
    if slug in known or fold(name) in {fold(one) for one in known.values()}:
        raise Conflict("There is one of this name already.", hint="Choose another name.")
