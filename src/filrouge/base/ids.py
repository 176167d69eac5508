"""Identifiers: UUIDv7 for people and runs (RFC 9562 §5.7), 63-bit keys for records inside the lake."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import uuid
from datetime import datetime

from filrouge.base import clock

_lock = threading.Lock()
_last: tuple[int, int] = (0, 0)


def uuid7(at: datetime | None = None, rng: random.Random | None = None) -> uuid.UUID:
    """Return a UUIDv7 that sorts by time: reproducible with a seeded ``rng``, else monotonic in the process."""
    global _last
    millis = int((at or clock.now()).timestamp() * 1000)
    if rng is not None:
        return _assemble(millis, rng.getrandbits(74))
    bits = int.from_bytes(os.urandom(10), "big") >> 6
    with _lock:
        if millis <= _last[0]:
            millis, bits = _last[0], _last[1] + 1 + (bits & 0xFFFF)
            if bits >> 74:
                millis, bits = millis + 1, bits & ((1 << 74) - 1)
        _last = (millis, bits)
    return _assemble(millis, bits)


def _assemble(millis: int, bits: int) -> uuid.UUID:
    high, low = bits >> 62, bits & ((1 << 62) - 1)
    return uuid.UUID(int=(millis << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)


def record_key(source: str, source_id: str) -> int:
    """Return the 60-bit key of a record.

    It is the first 15 hexadecimal digits of SHA-256 over ``source``, a tab and ``source_id``.
    The engines compute the same value in bulk (``Engine.key64``).
    """
    digest = hashlib.sha256(f"{source}\t{source_id}".encode()).hexdigest()
    return int(digest[:15], 16)
