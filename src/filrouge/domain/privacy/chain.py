"""The audit chain: each line carries the hash of the one before, over its canonical JSON (RFC 8785)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

FIRST = "0" * 64


@dataclass(frozen=True)
class Line:
    """A line as stored: its number, the hash before it, its body in canonical form, its own hash."""

    seq: int
    previous: str
    body: str
    hash: str


@dataclass(frozen=True)
class Fault:
    """Something wrong in a chain: a code, and the number of the line where it shows."""

    code: str  # changed, removed, reordered, truncated, head_missing, head_changed
    seq: int


def canonical(body: Mapping[str, Any]) -> str:
    """Return ``body`` in canonical JSON."""
    return rfc8785.dumps(dict(body)).decode()


def digest(previous: str, body: str) -> str:
    """Return the hash of a line: SHA-256 over the hash before it and its canonical body."""
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def commitment(salt: str, subject: str) -> str:
    """Return the word by which the chain names a person: a keyed hash, meaningless once the salt is destroyed."""
    return hmac.new(bytes.fromhex(salt), subject.encode(), hashlib.sha256).hexdigest()


def verify(lines: Iterable[Line], *, head: tuple[int, str] | None) -> tuple[int, list[Fault]]:
    """Return how many lines were read and what is wrong with them.

    ``head`` is the (number, hash) that the last line had when it was last signed: lines missing from the end show.
    """
    faults: list[Fault] = []
    previous, expected, count, at_head = FIRST, 1, 0, None
    for line in lines:
        count += 1
        if line.seq != expected:
            faults.append(Fault("removed" if line.seq > expected else "reordered", min(line.seq, expected)))
        elif line.previous != previous:
            faults.append(Fault("reordered", line.seq))
        if digest(line.previous, line.body) != line.hash:
            faults.append(Fault("changed", line.seq))
        if head is not None and line.seq == head[0]:
            at_head = line.hash
        previous, expected = line.hash, line.seq + 1
    if head is not None and head[0] > 0:
        if at_head is None:
            faults.append(Fault("truncated", head[0]))
        elif at_head != head[1]:
            faults.append(Fault("changed", head[0]))
    elif head is None and count:
        faults.append(Fault("head_missing", count))
    return count, faults
