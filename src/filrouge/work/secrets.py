"""Secrets of systems: kept sealed with the key of this installation, opened only to connect."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.db import transaction

from filrouge.base import settings
from filrouge.base.errors import NotFound, StorageError
from filrouge.store.models import Secret
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
    """Seal ``value`` under ``name``, replacing what was there."""
    with transaction.atomic():
        Secret.objects.update_or_create(name=name, defaults={"sealed": seal(value)})
        audit.record("secret.keep", by=by, kind="secret", subject=name)


def reveal(name: str) -> str:
    """Return the secret called ``name``. Raises NotFound, or StorageError when it was sealed with another key."""
    row = Secret.objects.filter(name=name).first()
    if row is None:
        raise NotFound("No secret is called {name}.", hint="Give it with `filrouge secret keep {name}`.", name=name)
    try:
        return _fernet(settings.get().secret_key).decrypt(row.sealed.encode()).decode()
    except InvalidToken:
        raise StorageError("The secret {name} was sealed with another key.", hint="Give it again.", name=name) from None
