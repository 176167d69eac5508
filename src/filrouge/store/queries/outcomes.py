"""How what was said is received by everybody: the last answers to each thing that is worth saying."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.cache import cache

from filrouge.store.models import Outcome

LAST = 200  # answers looked at
WITHIN = timedelta(days=90)
KEPT = 60  # seconds for which it is not asked anew


def crowd(entity: str, actions: tuple[str, ...], *, at: datetime) -> dict[str, tuple[int, int]]:
    """Return, by action, how many of the last answers to ``entity`` there are, and how many "not relevant"."""
    key = f"outcomes:{entity}"
    found: dict[str, tuple[int, int]] | None = cache.get(key)
    if found is None:
        found = {}
        for action in actions:
            rows = Outcome.objects.filter(entity=entity, action=action, undone_at=None, at__gte=at - WITHIN)
            said = list(rows.order_by("-at").values_list("said", flat=True)[:LAST])
            if said:
                found[action] = (len(said), said.count(Outcome.Said.UNSUITED))
        cache.set(key, found, KEPT)
    return found
