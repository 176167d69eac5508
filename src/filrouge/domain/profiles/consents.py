"""Where the consents of a person stand, from all that was ever recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def current_consents(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the latest event of each (entity, brand, purpose, channel); of two at the same time, the stricter."""
    latest: dict[tuple[str, str, str, str], Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda r: (str(r.get("at") or ""), r["state"] != "granted")):
        latest[(row["entity"], row["brand"], row["purpose"], row["channel"])] = row
    return sorted(latest.values(), key=lambda r: (r["entity"], r["brand"], r["purpose"], r["channel"]))
