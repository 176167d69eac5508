"""Who must not come back: keyed hashes of addresses, numbers and records of erased people, obeyed by every import."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pyarrow as pa
from django.db import transaction

from filrouge.base import settings
from filrouge.base.errors import Conflict, UsageError
from filrouge.domain.identity.keys import email_key, phone_key
from filrouge.store.models import Suppression
from filrouge.work.rawtext import Suppressed


def pepper() -> bytes:
    """Return the key of the hashes, this installation's own; made when it is first asked for."""
    path = settings.get().home / "suppression.key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(os.urandom(32))
    return path.read_bytes()


def digest(kind: str, value: str, given: bytes | None = None) -> str:
    """Return the keyed hash (HMAC-SHA-256) of a normalised ``value`` of ``kind`` (email, phone, record)."""
    return hmac.new(given or pepper(), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def add(
    kind: str, values: Iterable[str], *, erasure: UUID, entities: Iterable[str] = (), reason: str = "erasure"
) -> int:
    """Keep the hashes of ``values`` for ``entities`` (none: all); return how many were new.

    Call it inside the transaction of the act.
    """
    obeyed = list(entities) or [""]
    own = pepper()
    made = 0
    for value in sorted(set(values)):
        for entity in obeyed:
            _, new = Suppression.objects.get_or_create(
                kind=kind,
                digest=digest(kind, value, own),
                entity=entity,
                defaults={"erasure": erasure, "reason": reason},
            )
            made += new
    if made:
        transaction.on_commit(write_journal)
    return made


def checker() -> Suppressed | None:
    """Return the test that an import puts its rows to, None while nobody is suppressed."""
    known: dict[str, dict[str, set[str]]] = {}
    for kind, word, entity in Suppression.objects.values_list("kind", "digest", "entity"):
        known.setdefault(kind, {}).setdefault(word, set()).add(entity)
    if not known:
        return None
    own = pepper()

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
                    obeyed[value] = words.get(digest(kind, str(key), own), set()) if key else set()
                kept_out = obeyed[value]  # a row whose entity is not known is nobody's to let in
                barred[at] = barred[at] or (bool(kept_out) and ("" in kept_out or entities[at] in {None, *kept_out}))
        return barred

    return test


# --- the journal ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One line of the journal: what must not come back, since when, by which erasure."""

    kind: str
    digest: str
    erasure: str
    entity: str = ""  # the entity that keeps it out; empty: all


def journal() -> Path:
    """Return where the list of erasures is kept beside the database, for a restore to read."""
    return settings.get().home / "suppressions.jsonl"


def write_journal() -> None:
    """Write the list anew from the database, at once."""
    path = journal()
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(json.dumps({"format": 1, "key": _fingerprint(pepper())}) + "\n")
        for row in Suppression.objects.order_by("created_at", "id").iterator():
            line = {"kind": row.kind, "digest": row.digest, "erasure": str(row.erasure or ""), "entity": row.entity}
            stream.write(json.dumps(line) + "\n")
    draft.chmod(0o600)
    os.replace(draft, path)


def read_journal(path: Path, key: Path) -> list[Entry]:
    """Return the entries of a journal, or of the home folder that holds one; ``key`` is the backup's own.

    Raises UsageError when it cannot be read, Conflict when its hashes were made with another key.
    """
    if path.is_dir():
        path = path / "suppressions.jsonl"
        if not path.exists():  # nobody was ever erased there
            return []
    try:
        first, *rest = path.read_text(encoding="utf-8").splitlines()
        head = json.loads(first)
        entries = [Entry(**json.loads(line)) for line in rest]
    except (OSError, ValueError, TypeError):
        raise UsageError(
            "The list of erasures {name} cannot be read.",
            hint="Name the file suppressions.jsonl of the home being replaced, or that home; nothing was restored.",
            name=path.name,
        ) from None
    if entries and (not key.exists() or head.get("key") != _fingerprint(key.read_bytes())):
        raise Conflict(
            "The list of erasures was made with another key than the backup's.",
            hint="Give the list of the installation that the backup was made of; nothing was restored.",
        )
    return entries


def keep(entries: Sequence[Entry]) -> None:
    """Keep out whoever the entries speak of. Call it inside the transaction of the act."""
    for entry in entries:
        Suppression.objects.get_or_create(
            kind=entry.kind, digest=entry.digest, entity=entry.entity,
            defaults={"erasure": entry.erasure or None, "reason": "erasure"},
        )  # fmt: skip
    transaction.on_commit(write_journal)


def _fingerprint(pepper: bytes) -> str:
    return hmac.new(pepper, b"journal", hashlib.sha256).hexdigest()[:16]
