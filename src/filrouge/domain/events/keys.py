"""What is published to the collector: write keys by the digest of their word, and the tracking plans in force."""

from __future__ import annotations

import hashlib

import msgspec


class WriteKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """For which source, entity and brand a sender writes; while it is paused nothing of it is kept."""

    source: str
    entity: str
    brand: str
    paused: bool = False


class Published(msgspec.Struct, frozen=True):
    """The file: write keys by the digest of their word, enforced plans (``PublishedPlan``) by their sender.

    A plan is read apart: one that cannot be read leaves the keys and the others what they are.
    """

    keys: dict[str, WriteKey] = {}
    plans: dict[str, msgspec.Raw] = {}


def digest(word: str) -> str:
    """Return the digest under which a write key is published; the file does not hold the word."""
    return hashlib.sha256(word.encode()).hexdigest()
