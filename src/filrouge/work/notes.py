"""Notes on a person's page."""

from __future__ import annotations

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import NotFound, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Note
from filrouge.work import access, audit

LONGEST = 5_000


def add(asking: Caller, person: str, text: str, *, entity: str = "", brand: str = "") -> Note:
    """Keep a note on a person, on behalf of an entity of the caller's."""
    access.must(asking, "advisor", "sales", "privacy", scope="people:write")
    found = access.person(asking, person)
    entity, brand = access.origin(asking, found, entity, brand)
    said = worded(text)
    with transaction.atomic():
        note = Note.objects.create(person=found.view.id, entity=entity, brand=brand, by=asking.by, text=said)
        audit.record("note.add", by=asking.by, kind="person", subject=found.view.id, note=str(note.id))
    return note


def remove(asking: Caller, note_id: str) -> Note:
    """Take a note off the page; its author or an administrator may."""
    note = Note.objects.filter(pk=note_id, removed_at=None).first()
    if note is None or (note.by != asking.by and not asking.administrator):
        raise NotFound("There is no such note of yours.")
    with transaction.atomic():
        note.removed_at = clock.now()
        note.save()
        audit.record("note.remove", by=asking.by, kind="person", subject=note.person, note=str(note.id))
    return note


def worded(text: str, longest: int = LONGEST) -> str:
    """Return ``text`` trimmed. Raises UsageError when it is empty or too long."""
    said = text.replace("\x00", "").strip()
    if not said:
        raise UsageError("Nothing was written.", hint="Write a few words, then save.")
    if len(said) > longest:
        raise UsageError("This is longer than {longest} characters.", hint="Shorten it.", longest=longest)
    return said
