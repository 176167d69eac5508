"""The group as it grows: who may declare a legal entity, a brand, or what one entity opens to another."""

from __future__ import annotations

import re
from datetime import datetime

from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.base.text import fold
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Agreement, Brand, Entity
from filrouge.store.queries import group as found
from filrouge.work import access, groups, lengths

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
LONGEST = 50  # characters of a short name
REGISTRATION = 40
GREY = "#8a8a8a"


def entity(asking: Caller, slug: str, name: str, *, registration_id: str = "") -> Entity:
    """Declare a legal entity. Raises Refused, UsageError when a name cannot be one, Conflict when it is taken."""
    access.must(asking, *found.KEEPERS)
    if not found.may_add_entities(asking):
        raise Refused("Entities are declared by whoever acts for the whole group.", hint="Ask an administrator.")
    _free(slug, name, {row.slug: row.name for row in found.entities()})
    named = lengths.fits(registration_id.strip(), REGISTRATION)
    return groups.add_entity(slug, name.strip(), by=asking.by, registration_id=named)


def brand(asking: Caller, slug: str, name: str, of: str, *, colour: str = "") -> Brand:
    """Declare a brand of an entity. Raises Refused, UsageError when a name cannot be one, Conflict when it is taken."""
    access.must(asking, *found.KEEPERS)
    if of not in {row.slug for row in found.may_add_brands(asking)}:
        raise Refused(
            "Brands are declared by whoever acts for the whole of their entity.", hint="Ask an engineer of it."
        )
    if colour and not _COLOUR.fullmatch(colour):
        raise UsageError("This is no colour.", hint="Write it as #1f5fa8.")
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
    access.must(asking, *found.OFFICERS)
    if giver not in {row.slug for row in found.may_open(asking)}:
        raise Refused("What an entity opens is declared by a privacy officer of it.", hint="Ask one of them.")
    if receiver == giver or receiver not in {row.slug for row in found.entities()}:
        raise UsageError("An agreement opens data to another entity.", hint="Choose which.")
    if not evidence.strip():
        raise UsageError("An agreement rests on something.", hint="Write where it is kept: a contract and its date.")
    if until is not None and start is not None and until <= start:
        raise UsageError("It would end before it begins.", hint="Choose a later day.")
    for row in found.agreements():
        same = (row.giver.slug, row.receiver.slug, row.purpose) == (giver, receiver, purpose)
        if same and row.category in ("*", category) and found.stands(row, start):
            raise Conflict("This is open already.", hint="End the agreement that opens it, then declare the other.")
    return groups.agree(
        giver, receiver, category=category, purpose=purpose, by=asking.by, start=start, until=until,
        evidence=lengths.fits(evidence.strip(), lengths.REASON),
    )  # fmt: skip


def end(asking: Caller, key: str) -> Agreement:
    """End an agreement now. Raises NotFound, Conflict when it has ended, Refused unless the caller is an officer of one
    of both."""
    access.must(asking, *found.OFFICERS)
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
    if not _SLUG.fullmatch(slug) or len(slug) > LONGEST:
        raise UsageError(
            "A short name is made of small letters, digits and hyphens, {longest} at most.",
            hint="Write it as digipress-sas.", longest=LONGEST,
        )  # fmt: skip
    if slug in known or fold(name) in {fold(one) for one in known.values()}:
        raise Conflict("There is one of this name already.", hint="Choose another name.")
