"""Write keys as they are published to the collector: by the digest of their word."""

from __future__ import annotations

import hashlib

import msgspec


class WriteKey(msgspec.Struct, frozen=True):
    """For which source, entity and brand a sender writes."""

    source: str
    entity: str
    brand: str


class Published(msgspec.Struct, frozen=True):
    """The file: write keys by the digest of their word."""

    keys: dict[str, WriteKey] = {}


def digest(word: str) -> str:
    """Return the digest under which a write key is published; the file does not hold the word."""
    return hashlib.sha256(word.encode()).hexdigest()
