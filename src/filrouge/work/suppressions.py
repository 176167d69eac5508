"""Who must not come back: keyed hashes of addresses, numbers and records of erased people, obeyed by every import."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from uuid import UUID

import pyarrow as pa

from filrouge.base import settings
from filrouge.domain.identity.keys import email_key, phone_key
from filrouge.store.models import Suppression
from filrouge.work.imports import Suppressed


def _pepper() -> bytes:
    path = settings.get().home / "suppression.key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(os.urandom(32))
    return path.read_bytes()


def digest(kind: str, value: str, pepper: bytes | None = None) -> str:
    """Return the keyed hash (HMAC-SHA-256) of a normalised ``value`` of ``kind`` (email, phone, record)."""
    return hmac.new(pepper or _pepper(), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def add(
    kind: str, values: Iterable[str], *, erasure: UUID, entities: Iterable[str] = (), reason: str = "erasure"
) -> int:
    """Keep the hashes of ``values`` for ``entities`` (none: all); return how many were new.

    Call it inside the transaction of the act.
    """
    obeyed = list(entities) or [""]
    pepper = _pepper()
    made = 0
    for value in sorted(set(values)):
        for entity in obeyed:
            _, new = Suppression.objects.get_or_create(
                kind=kind,
                digest=digest(kind, value, pepper),
                entity=entity,
                defaults={"erasure": erasure, "reason": reason},
            )
            made += new
    return made


def checker() -> Suppressed | None:
    """Return the test that an import puts its rows to, None while nobody is suppressed."""
    known: dict[str, dict[str, set[str]]] = {}
    for kind, word, entity in Suppression.objects.values_list("kind", "digest", "entity"):
        known.setdefault(kind, {}).setdefault(word, set()).add(entity)
    if not known:
        return None
    pepper = _pepper()

    def test(rows: pa.Table) -> list[bool]:
        barred = [False] * rows.num_rows
        entities = rows["entity"].to_pylist()
        for column in rows.column_names:
            kind = {"email": "email", "phone": "phone"}.get(column, "record")
            words = known.get(kind)
            if column in ("_seq", "entity") or not words:
                continue
            normal = {"email": email_key, "phone": phone_key}.get(kind, str)
            obeyed: dict[object, set[str]] = {None: set()}  # the entities that keep a value out
            for at, value in enumerate(rows[column].to_pylist()):
                if value not in obeyed:
                    key = normal(value)
                    obeyed[value] = words.get(digest(kind, str(key), pepper), set()) if key else set()
                kept_out = obeyed[value]  # a row whose entity is not known is nobody's to let in
                barred[at] = barred[at] or (bool(kept_out) and ("" in kept_out or entities[at] in {None, *kept_out}))
        return barred

    return test
