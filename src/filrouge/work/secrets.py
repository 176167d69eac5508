"""Secrets of systems: kept sealed with the key of this installation, opened only to connect."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.db import transaction

from filrouge.base import settings
from filrouge.base.errors import Conflict, NotFound, StorageError, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import AlertAddress, Destination, Entity, Secret, Source
from filrouge.store.queries.pushes import KEEPERS, reads
from filrouge.work import audit


@lru_cache(maxsize=4)
def _fernet(secret_key: str) -> Fernet:
    key = hashlib.scrypt(secret_key.encode(), salt=b"filrouge secrets", n=2**14, r=8, p=1, dklen=32)
    return Fernet(base64.urlsafe_b64encode(key))


def seal(text: str) -> str:
    """Return ``text`` sealed with the key of this installation."""
    return _fernet(settings.get().secret_key).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed. Raises StorageError when it was with another key."""
    try:
        return _fernet(settings.get().secret_key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise StorageError("This was sealed with another key.", hint="Give it again.") from None


def keep(name: str, value: str, *, by: str) -> None:
    """Seal ``value`` under ``name``, replacing what was there. Raises UsageError when either cannot be."""
    if not re.fullmatch(r"[a-zA-Z0-9][-\w]{0,59}", name):
        raise UsageError("A secret's name is made of letters, digits, - and _.", hint="For instance: desk-token.")
    if not value:
        raise UsageError("The secret {name} is empty.", hint="Give its value on stdin, or type it.", name=name)
    with transaction.atomic():
        Secret.objects.update_or_create(name=name, defaults={"sealed": seal(value)})
        audit.record("secret.keep", by=by, kind="secret", subject=name)


def reveal(name: str) -> str:
    """Return the secret called ``name``. Raises NotFound, or StorageError when it was sealed with another key."""
    row = Secret.objects.filter(name=name).first()
    if row is None:
        raise missing(name)
    try:
        return _fernet(settings.get().secret_key).decrypt(row.sealed.encode()).decode()
    except InvalidToken:
        raise StorageError("The secret {name} was sealed with another key.", hint="Give it again.", name=name) from None


def missing(name: str) -> NotFound:
    """Return what is said of a secret that is not there, or not for the caller."""
    return NotFound("No secret is called {name}.", hint="Give it with `filrouge secret keep {name}`.", name=name)


def openable(asking: Caller) -> list[str]:
    """Return the names of the secrets that the caller may have a destination open.

    Whoever chooses where a secret goes could read it there: one that a source or a destination opens is for those who
    keep all of these.
    """
    used: dict[str, set[tuple[str, str]]] = {}
    for model in (Source, Destination):
        for entity, brand, spec in model.objects.values_list("entity", "brand", "spec"):
            used.setdefault(spec.get("secret") or "", set()).add((entity, brand))
    every = list(Entity.objects.values_list("slug", flat=True))

    def keeps(entity: str, brand: str) -> bool:
        return all(reads(asking, one, brand, *KEEPERS) for one in ([entity] if entity else every))

    return [name for name, _users in names() if all(keeps(*place) for place in used.get(name, ()))]


def names() -> list[tuple[str, list[str]]]:
    """Return the names of the secrets, with the sources, destinations and addresses of alerts that open each."""
    users: dict[str, list[str]] = {}
    for name, spec in Source.objects.values_list("name", "spec"):
        if secret := spec.get("secret"):
            users.setdefault(secret, []).append(name)
    for name, spec in Destination.objects.values_list("name", "spec"):
        if secret := spec.get("secret"):
            users.setdefault(secret, []).append(name)
    for name, secret in AlertAddress.objects.values_list("name", "secret"):
        users.setdefault(secret, []).append(name)
    return [(name, users.get(name, [])) for name in Secret.objects.order_by("name").values_list("name", flat=True)]


def forget(name: str, *, by: str) -> None:
    """Destroy a secret. Raises NotFound, and Conflict while a source or a destination opens it."""
    held = dict(names())
    if name not in held:
        raise missing(name)
    if held[name]:
        raise Conflict(
            "The secret {name} is opened by {sources}.", hint="Take it out of their definitions first.",
            name=name, sources=", ".join(held[name]),
        )  # fmt: skip
    with transaction.atomic():
        Secret.objects.filter(name=name).delete()
        audit.record("secret.forget", by=by, kind="secret", subject=name)
