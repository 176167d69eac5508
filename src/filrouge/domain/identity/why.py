"""Why two records are of one person: the chain of pairs that leads from one to the other, in codes that doors put in words."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One pair of the chain: who or what joined it, how strongly (bits, None for a person's word), what agrees."""

    left: int
    right: int
    decision: str
    rule: str
    weight: float | None
    kinds: tuple[str, ...]
    told: str = ""  # what each comparison says (``anatomy``)


@dataclass(frozen=True)
class Explanation:
    """``code`` is same_person, same_record, two_people or unknown_record; ``steps`` lead from the first record to the last."""

    code: str
    steps: tuple[Step, ...] = ()


def explain(links: Iterable[Mapping[str, Any]], left: int, right: int) -> Explanation:
    """Return why records ``left`` and ``right`` are of one person, or that they are not.

    ``links`` are the links in force of the person or persons concerned (record_key, person, decision, rule, evidence).
    """
    rows = list(links)
    who = {int(row["record_key"]): row["person"] for row in rows}
    if left not in who or right not in who:
        return Explanation("unknown_record")
    if who[left] != who[right]:
        return Explanation("two_people")
    if left == right:
        return Explanation("same_record")
    reached: dict[int, Step | None] = {left: None}
    waiting = deque([left])
    near = _neighbours(rows, who)
    while waiting and right not in reached:
        here = waiting.popleft()
        for step in near.get(here, []):
            there = step.right if step.left == here else step.left
            if there not in reached:
                reached[there] = step
                waiting.append(there)
    chain: list[Step] = []
    here = right
    while here in reached and (taken := reached[here]) is not None:
        before = taken.left if taken.right == here else taken.right
        chain.append(Step(before, here, taken.decision, taken.rule, taken.weight, taken.kinds, taken.told))
        here = before
    return Explanation("same_person", tuple(reversed(chain)))


def steps(links: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Return every pair that holds the records of ``links`` together, weightiest first."""
    found: dict[tuple[int, int], Step] = {}
    for row in links:
        for step in _told(row):
            key = (min(step.left, step.right), max(step.left, step.right))
            if key not in found or step.decision == "human":
                found[key] = step
    return tuple(sorted(found.values(), key=lambda s: (-(s.weight or 0.0), s.left, s.right)))


def _neighbours(rows: list[Mapping[str, Any]], who: Mapping[int, str]) -> dict[int, list[Step]]:
    near: dict[int, list[Step]] = {}
    for step in steps(rows):
        if who.get(step.left) == who.get(step.right):
            near.setdefault(step.left, []).append(step)
            near.setdefault(step.right, []).append(step)
    return near


def _told(row: Mapping[str, Any]) -> Iterable[Step]:
    evidence = row["evidence"]
    told = json.loads(evidence) if isinstance(evidence, str) else dict(evidence or {})
    for pair in ([told] if "with" in told else []) + list(told.get("also", [])):
        by_hand = "weight" not in pair
        yield Step(
            int(row["record_key"]),
            int(pair["with"]),
            "human" if by_hand else str(row["decision"]),
            str(row["rule"]),
            None if by_hand else float(pair["weight"]),
            tuple(kind for kind in pair.get("kinds", ()) if kind),
            str(pair.get("told") or ""),
        )
