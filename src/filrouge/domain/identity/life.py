"""The life of an id: when its first records came, which joined it, which left and for whom, told from the links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Chapter:
    """What happened to an id at one moment.

    ``code`` is born, arrived (new records), joined (records of ``other``), left (records now of ``other``), merged (the
    last ones left for ``other``: the id leads there) or revived; ``records`` says how many, ``decision`` how it was decided: rule, model, human, or undone (what somebody said was taken back).
    """

    at: datetime
    code: str
    records: int
    other: str = ""
    decision: str = ""


def life(links: Iterable[Mapping[str, Any]], person: str) -> tuple[Chapter, ...]:
    """Return the chapters of ``person``, first to last.

    ``links`` are all links ever made of the records that were ever theirs (record_key, person, decision, decided_at).
    """
    moves: dict[datetime, Counter[tuple[str, str]]] = {}
    decisions: dict[tuple[datetime, str, str], str] = {}
    where: dict[int, str] = {}
    for row in sorted(links, key=lambda link: (link["decided_at"], link["record_key"])):
        before, after = where.get(row["record_key"], ""), str(row["person"])
        where[row["record_key"]] = after
        if before != after and person in (before, after):
            moves.setdefault(row["decided_at"], Counter())[before, after] += 1
            step = (row["decided_at"], before, after)
            decisions[step] = "human" if "human" in (decisions.get(step), row["decision"]) else str(row["decision"])
    held, lived = 0, False
    chapters: list[Chapter] = []
    for at, counted in sorted(moves.items()):
        left_to = ""
        for (before, after), count in sorted(counted.items(), key=lambda move: (move[0][0] == person, move[0])):
            decision = decisions[at, before, after]
            if after == person:
                code = ("joined" if before else "arrived") if held else ("revived" if lived else "born")
                chapters.append(Chapter(at, code, count, before, decision))
                held, lived = held + count, True
            else:
                held, left_to = held - count, after
                chapters.append(Chapter(at, "left", count, after, decision))
        if not held and left_to:
            last = chapters.pop()
            chapters.append(Chapter(at, "merged", last.records, last.other, last.decision))
    return tuple(chapters)
