"""Senders: a site or an application given a key to write with, the key revoked, itself paused; the
collector is told at once."""

from __future__ import annotations

import os
import re
import secrets

import msgspec
from django.db import transaction

from filrouge.base import clock, settings
from filrouge.base.errors import Conflict, NotFound, Phrase, Refused, UsageError
from filrouge.domain.events import keys
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import BUILT_IN, COLLECT, Brand, Source, WriteKey
from filrouge.store.queries import plans, senders
from filrouge.work import access, audit, locks

# A sender stands as three sources: its events, its accounts (by userId) and its browsers (by anonymousId).
PEOPLE, VISITORS = "_people", "_visitors"
PREFIX = "wk_"
_name = re.compile(r"[a-z][a-z0-9_]{0,49}")


def make_key(asking: Caller, *, source: str, brand: str) -> tuple[WriteKey, str]:
    """Make a key by which the sender ``source`` writes for ``brand``, and the sender when there is none of that name.

    The word returned beside the key is shown once and never kept. Raises Refused, NotFound, UsageError, Conflict.
    """
    access.must(asking, "engineer", scope="events:write")
    if not source:
        raise UsageError("A sender has a name.", hint="Write one: horizon_site.")
    if not brand:
        raise UsageError("A sender writes for one brand.", hint="Choose it.")
    if not _name.fullmatch(source):
        raise UsageError(
            "{name} is no name for a sender.",
            hint="It has at most 50 lower-case letters, digits and _, and begins with a letter.",
            name=f"“{source[:60]}”",
        )
    entity = _entity_of(asking, brand)
    word = f"{PREFIX}{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        _stand(source, entity=entity, brand=brand)
        key = WriteKey.objects.create(
            prefix=word[:12], digest=keys.digest(word), source=source, entity=entity, brand=brand, by=asking.by
        )
        audit.record("write_key.make", by=asking.by, kind="write_key", subject=key.prefix, source=source, brand=brand)
        transaction.on_commit(publish)
    return key, word


def revoke_key(asking: Caller, prefix: str) -> WriteKey:
    """Revoke a write key: the next request that bears it is refused. Raises Refused, NotFound."""
    access.must(asking, "engineer", scope="events:write")
    key = WriteKey.objects.filter(prefix=prefix, revoked_at=None).first()
    if key is None or not senders.seen(key.entity, key.brand, asking):
        raise NotFound("There is no such key in use.")
    if not senders.acts(key.entity, key.brand, asking):
        raise Refused("You do not act for the brand {brand}.", hint="Ask one of its engineers.", brand=key.brand)
    with transaction.atomic():
        if not WriteKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=clock.now()):
            raise NotFound("There is no such key in use.")
        audit.record(
            "write_key.revoke", by=asking.by, kind="write_key", subject=prefix, source=key.source, brand=key.brand
        )
        transaction.on_commit(publish)
    return key


def pause(asking: Caller, name: str) -> Source:
    """Have the collector refuse whatever a sender sends, until it is resumed.

    Raises Refused, NotFound, and Conflict when it is paused already.
    """
    row = _own(asking, name)
    with transaction.atomic():
        if not Source.objects.filter(pk=row.pk, paused_at=None).update(paused_at=clock.now()):
            raise Conflict("The sender {name} is paused already.", name=name)
        audit.record("sender.pause", by=asking.by, kind="source", subject=name, brand=row.brand)
        transaction.on_commit(publish)
    row.refresh_from_db()
    return row


def resume(asking: Caller, name: str) -> Source:
    """Have the collector take again what a sender sends. Raises Refused, NotFound, Conflict when it is not paused."""
    row = _own(asking, name)
    with transaction.atomic():
        if not Source.objects.filter(pk=row.pk).exclude(paused_at=None).update(paused_at=None):
            raise Conflict("The sender {name} is not paused.", name=name)
        audit.record("sender.resume", by=asking.by, kind="source", subject=name, brand=row.brand)
        transaction.on_commit(publish)
    row.refresh_from_db()
    return row


def _own(asking: Caller, name: str) -> Source:
    """Return a sender that the caller may pause. Raises Refused, NotFound."""
    access.must(asking, "engineer", scope="events:write")
    row = Source.objects.filter(name=name, kind=COLLECT, reads="events").first()
    if row is None or not senders.seen(row.entity, row.brand, asking):
        raise NotFound("No sender is called {name}.", name=name[:60])
    if not senders.acts(row.entity, row.brand, asking):
        raise Refused("You do not act for the brand {brand}.", hint="Ask one of its engineers.", brand=row.brand)
    return row


def standing() -> set[str]:
    """Return the senders that there are: what comes in the name of another is dropped."""
    return set(Source.objects.filter(kind=COLLECT, reads="events").values_list("name", flat=True))


def writes_for(name: str) -> tuple[str, str]:
    """Return the entity and the brand for which a sender that stands writes."""
    row = Source.objects.get(name=name)
    return row.entity, row.brand


def publish() -> bool:
    """Tell the collector which write keys are in use, which senders are paused and which plans are enforced, when what
    it was told is missing or stale; return whether it was.

    The file is replaced whole; two that publish at once do it one after the other, each with what is true by then.
    """
    path = settings.get().write_keys
    with locks.held("write-keys"):
        said = _snapshot()
        try:
            if path.read_bytes() == said:
                return False
        except FileNotFoundError:
            pass
        draft = path.with_suffix(".next")
        draft.unlink(missing_ok=True)  # what a crash left, with whatever rights it had
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(said)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, path)
    return True


def _snapshot() -> bytes:
    rows = WriteKey.objects.filter(revoked_at=None).order_by("digest")
    paused = set(Source.objects.filter(kind=COLLECT).exclude(paused_at=None).values_list("name", flat=True))
    told = {row.digest: keys.WriteKey(row.source, row.entity, row.brand, row.source in paused) for row in rows}
    writing = {key.source for key in told.values()}
    held = {source: plan for source, plan in plans.enforced().items() if source in writing}
    return msgspec.json.encode(keys.Published(told, held))


def _entity_of(asking: Caller, brand: str) -> str:
    """Return the entity of a brand for which the caller may make keys. Raises NotFound, Refused."""
    rows = {row.slug: str(row.entity.slug) for row in Brand.objects.select_related("entity")}
    if brand not in rows:
        raise NotFound(
            "No brand is called {slug}.", hint="There are: {known}.", slug=brand[:60],
            known=", ".join(sorted(rows)) or Phrase("none yet"),
        )  # fmt: skip
    if not senders.acts(rows[brand], brand, asking):
        raise Refused("You do not act for the brand {brand}.", hint="Choose a brand of yours.", brand=brand)
    return rows[brand]


def _stand(name: str, *, entity: str, brand: str) -> None:
    """Make the three sources of a sender, unless they stand. Raises Conflict when the name is another's."""
    mine = {name: "events", f"{name}{PEOPLE}": "person_records", f"{name}{VISITORS}": "person_records"}
    taken = Source.objects.filter(name__in=mine) | Source.objects.filter(system=name)
    if name == BUILT_IN or any((row.kind, row.system) != (COLLECT, name) for row in taken):
        raise Conflict("The name {name} is taken.", hint="Choose another name.", name=name)
    sample = Brand.objects.get(slug=brand).sample
    for own, reads in mine.items():
        row, _ = Source.objects.get_or_create(
            name=own,
            defaults={
                "system": name, "kind": COLLECT, "reads": reads, "entity": entity, "brand": brand,
                "spec": _definition(own, name, reads, entity, brand), "sample": sample,
            },
        )  # fmt: skip
        if (row.entity, row.brand) != (entity, brand):
            raise Conflict(
                "{name} writes for another brand.",
                hint="Choose another name: a sender writes for one brand.",
                name=name,
            )


def _definition(own: str, name: str, reads: str, entity: str, brand: str) -> dict[str, object]:
    """Return what is written of a source that nothing reads: whose it is, and how it is called."""
    plain = name.replace("_", " ").capitalize()
    of = {f"{name}{PEOPLE}": ("comptes", "accounts"), f"{name}{VISITORS}": ("navigateurs", "browsers")}.get(own)
    title = {"fr": f"{plain} : {of[0]}", "en": f"{plain}: {of[1]}"} if of else {"fr": plain, "en": plain}
    return {
        "source": own, "system": name, "title": title, "kind": COLLECT, "place": "", "entity": {"const": entity},
        "brand": {"const": brand}, "reads": reads, "key": ["messageId" if reads == "events" else "id"], "map": {},
    }  # fmt: skip
