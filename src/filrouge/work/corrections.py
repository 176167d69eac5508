"""Corrections: a value set by someone who knows better; it outranks every source until taken back."""

from __future__ import annotations

import json

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import NotFound, UsageError
from filrouge.domain.identity.keys import email_key, phone_key
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.profiles import ATTRIBUTES
from filrouge.domain.sources.codes import code_of, codes
from filrouge.store.models import Correction
from filrouge.work import access, audit, findable
from filrouge.work.lengths import NAME, WORD
from filrouge.work.notes import worded


def correct(
    asking: Caller, person: str, attribute: str, value: str, *, reason: str = "", entity: str = "", brand: str = ""
) -> Correction:
    """Set the value of an attribute of a person. Raises UsageError when the value cannot be one."""
    access.must(asking, "advisor", "sales", "privacy", scope="people:write")
    if attribute not in ATTRIBUTES:
        raise UsageError("There is no attribute called {attribute}.", attribute=attribute)
    found = access.person(asking, person)
    entity, brand = access.origin(asking, found, entity, brand)
    was = found.view.attributes[attribute].best.value if attribute in found.view.attributes else ""
    said = _checked(attribute, worded(value, longest(attribute)))
    with transaction.atomic():
        made = Correction.objects.create(
            person=found.view.id, entity=entity, brand=brand, by=asking.by, attribute=attribute, value=said, was=was,
            reason=reason[:300],
        )  # fmt: skip
        audit.record("value.correct", by=asking.by, kind="person", subject=found.view.id, attribute=attribute)
    findable.learn([made])
    return made


def undo(asking: Caller, key: str) -> Correction:
    """Take a correction back: the value of the sources shows again."""
    access.must(asking, "advisor", "sales", "privacy", scope="people:write")
    row = Correction.objects.filter(pk=key, undone_at=None).first()
    if row is None or not asking.perimeter.acts(row.entity, row.brand, *access.WRITERS):
        raise NotFound("There is no such correction, or it was taken back already.")
    access.person(asking, row.person)
    with transaction.atomic():
        row.undone_at, row.undone_by = clock.now(), asking.by
        row.save()
        audit.record("value.restore", by=asking.by, kind="person", subject=row.person, attribute=row.attribute)
    findable.unlearn(row)
    return row


_NAMES = {
    "title": WORD,
    "given_name": WORD,
    "family_name": WORD,
    "birth_name": WORD,
    "full_name": NAME,
    "loyalty_id": WORD,
}
LONGEST = 500
PLACE = ("address_line", "postcode", "city", "country")


def longest(attribute: str) -> int:
    """Return how many characters a value of ``attribute`` may have."""
    return _NAMES.get(attribute, LONGEST)


def _checked(attribute: str, value: str) -> str:
    if attribute == "address":
        return _address(value)
    if attribute == "email" and not email_key(value):
        raise UsageError("This is not an e-mail address.", hint="Write it as name@example.com.")
    if attribute == "phone" and not phone_key(value):
        raise UsageError("This is not a phone number.", hint="Write it as 06 39 98 12 34 or +33 6 39 98 12 34.")
    if codes(attribute):
        return _listed(attribute, value)
    if attribute == "birth_date":
        from datetime import date

        try:
            born = date.fromisoformat(value)
        except ValueError:
            raise UsageError("This is not a date.", hint="Write it as 1980-02-28.") from None
        if not date(1900, 1, 1) <= born <= clock.now().date():
            raise UsageError("This date of birth cannot be right.", hint="Check the year.")
    return value


def _listed(attribute: str, value: str) -> str:
    """Return the code that ``value`` is. Raises UsageError when it is none of its list."""
    if code := code_of(attribute, value):
        return code
    if attribute == "country":
        raise UsageError("There is no such country.", hint="Give its two letters (ISO 3166-1), such as FR.")
    if attribute == "language":
        raise UsageError("There is no such language.", hint="Give its two letters (ISO 639-1), such as fr.")
    raise UsageError("This is neither f nor m.", hint="Give f or m.")


def _address(value: str) -> str:
    """Return an address in the form in which addresses are kept: its parts as one JSON value."""
    try:
        said = json.loads(value)
    except ValueError:
        said = None
    if not isinstance(said, dict) or not set(said) <= set(PLACE):
        raise UsageError("This is not an address.", hint="Give its line, postcode and city apart.")
    parts = {name: str(said.get(name) or "").strip()[:200] or None for name in PLACE}
    if not parts["address_line"] or not parts["city"]:
        raise UsageError("An address needs a line and a city.", hint="Write the street and the city.")
    if parts["country"]:
        parts["country"] = _listed("country", parts["country"])
    return json.dumps(parts, ensure_ascii=False)
