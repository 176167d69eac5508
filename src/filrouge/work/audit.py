"""The audit: a line is born in the transaction of the act, then chained; the head is signed and kept apart."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from filrouge.base import clock, settings
from filrouge.base.errors import UsageError
from filrouge.domain.privacy import chain
from filrouge.store.models import AuditEntry, AuditLine, SubjectSalt
from filrouge.store.routers import audit_alias
from filrouge.work import locks

BATCH = 1_000


def record(action: str, *, by: str, kind: str = "", subject: str = "", **details: Any) -> None:
    """Leave a line saying that ``by`` did ``action`` to ``subject``; call it inside the transaction of the act.

    A person is named by a salted commitment; ``details`` must hold no personal data.
    """
    named = person_word(subject) if kind == "person" and subject else subject
    AuditEntry.objects.create(by=by, action=action, subject_kind=kind, subject=named[:80], details=details)


def person_word(person: str) -> str:
    """Return the word by which the audit names ``person``."""
    row, _ = SubjectSalt.objects.get_or_create(person=person, defaults={"salt": secrets.token_hex(32)})
    return chain.commitment(row.salt, person)


def chain_waiting() -> int:
    """Chain the lines that wait, in the order of their birth; return how many."""
    done = 0
    with locks.held("audit"):  # two that chain at once would give one number twice, and sign an older head last
        while entries := list(AuditEntry.objects.order_by("id")[:BATCH]):
            _chain(entries)
            AuditEntry.objects.filter(id__in=[entry.id for entry in entries]).delete()
            done += len(entries)
    return done


def _chain(entries: list[AuditEntry]) -> None:
    using = audit_alias()
    with transaction.atomic(using=using):
        last = AuditLine.objects.using(using).select_for_update().order_by("-seq").first()
        previous, seq = (last.hash, last.seq) if last else (chain.FIRST, 0)
        known = set(
            AuditLine.objects.using(using).filter(entry__in=[e.id for e in entries]).values_list("entry", flat=True)
        )
        lines = []
        for entry in entries:
            if entry.id in known:
                continue
            seq += 1
            body = chain.canonical(_body(seq, entry))
            line = AuditLine(
                seq=seq, entry=entry.id, at=entry.at, by=entry.by, action=entry.action, subject_kind=entry.subject_kind,
                subject=entry.subject, body=body, previous=previous, hash=chain.digest(previous, body),
            )  # fmt: skip
            previous = line.hash
            lines.append(line)
        AuditLine.objects.using(using).bulk_create(lines)
    if lines:
        _sign(seq, previous)


def _body(seq: int, entry: AuditEntry) -> dict[str, Any]:
    return {
        "seq": seq,
        "entry": str(entry.id),
        "at": entry.at.isoformat(),
        "by": entry.by,
        "action": entry.action,
        "subject_kind": entry.subject_kind,
        "subject": entry.subject,
        "details": json.loads(json.dumps(entry.details, default=str)),
    }


def verify() -> dict[str, Any]:
    """Read the whole chain again; return ``{"lines", "faults": [{"code", "seq"}], "head": {...}}``."""
    chain_waiting()
    using = audit_alias()
    head = read_head()
    rows = AuditLine.objects.using(using).order_by("seq")
    faults: list[dict[str, Any]] = []

    def lines() -> Any:
        for row in rows.iterator(chunk_size=5_000):
            if not _columns_match(row):
                faults.append({"code": "changed", "seq": row.seq})
            yield chain.Line(row.seq, row.previous, row.body, row.hash)

    count, found = chain.verify(lines(), head=(head["seq"], head["hash"]) if head else None)
    faults += [{"code": fault.code, "seq": fault.seq} for fault in found]
    if head and not head["genuine"]:
        faults.append({"code": "head_changed", "seq": head["seq"]})
    unique = sorted({(fault["seq"], fault["code"]) for fault in faults})
    return {"lines": count, "faults": [{"code": code, "seq": seq} for seq, code in unique], "head": head}


def export(path: Path, *, by: str) -> int:
    """Write the chain to a new file, one JSON object a line, the signed head and the public key last; return how many
    lines. Whoever holds the file can compute every hash again, without this installation.

    Raises UsageError when the file exists or cannot be written.
    """
    with transaction.atomic():
        record("audit.export", by=by)
    chain_waiting()
    count = 0
    try:
        with path.open("x", encoding="utf-8") as stream:
            for row in AuditLine.objects.using(audit_alias()).order_by("seq").iterator(chunk_size=5_000):
                line = {"seq": row.seq, "previous": row.previous, "body": row.body, "hash": row.hash}
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
            public = _key().public_key().public_bytes_raw().hex()
            signed = json.loads(_head_path().read_text(encoding="utf-8"))
            stream.write(json.dumps({"head": signed, "public_key": public}) + "\n")
    except OSError as error:
        raise UsageError(
            "The file {name} cannot be written: {why}.", hint="Name a file that does not exist yet.",
            name=path.name, why=(error.strerror or type(error).__name__).lower(),
        ) from None  # fmt: skip
    return count


def _columns_match(row: AuditLine) -> bool:
    try:
        body = json.loads(row.body)
    except ValueError:
        return False
    return bool(
        body.get("seq") == row.seq
        and body.get("by") == row.by
        and body.get("action") == row.action
        and body.get("subject_kind") == row.subject_kind
        and body.get("subject") == row.subject
        and body.get("at") == row.at.isoformat()
        and body.get("entry") == str(row.entry)
    )


# --- the head ---------------------------------------------------------------------------------------------------------


def _key() -> Ed25519PrivateKey:
    path = settings.get().home / "audit.key"
    if not path.exists():
        raw = os.urandom(32)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def _head_path() -> Path:
    return settings.get().home / "audit.head"


def _sign(seq: int, line_hash: str) -> None:
    said = {"seq": seq, "hash": line_hash, "at": clock.now().isoformat()}
    signature = _key().sign(chain.canonical(said).encode()).hex()
    path = _head_path()
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({**said, "signature": signature}), encoding="utf-8")
    os.replace(draft, path)


def read_head() -> dict[str, Any] | None:
    """Return the signed head: number, hash and date of the last chained line, and whether its signature is ours."""
    try:
        said = json.loads(_head_path().read_text(encoding="utf-8"))
        signature = bytes.fromhex(said.pop("signature"))
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    try:
        _key().public_key().verify(signature, chain.canonical(said).encode())
    except InvalidSignature:
        return {**said, "genuine": False}
    return {**said, "genuine": True}
