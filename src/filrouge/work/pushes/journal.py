"""The journal of a run of a push: what was begun and what was answered, on disk before anything is believed.

A lot is written down as begun before it is given, and as answered after. Whatever a crash leaves begun and not answered
may have arrived or not: it is told as failed, held in doubt, and given again by the next run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from filrouge.domain.pushes.outcomes import DONE, REFUSED, SKIPPED, UNSURE, UNTOUCHED

Span = tuple[str, int, int]  # removals or gives, the first row, how many


class Journal:
    """One line a word, in a file that the disk has taken before the next word is said."""

    def __init__(self, path: Path) -> None:
        self.stream = path.open("a", encoding="utf-8")

    def begun(self, lot: int, spans: Sequence[Span], skipped: Sequence[int] = ()) -> None:
        """Say that a lot is about to be given: its rows, and those that are left for the next run."""
        self._say({"begun": lot, "spans": list(spans), "skipped": list(skipped)})

    def answered(self, lot: int, refused: Mapping[int, str], unsure: Mapping[int, str]) -> None:
        """Say what became of a lot; rows are counted from the lot's first."""
        self._say({"answered": lot, "refused": dict(refused), "unsure": dict(unsure)})

    def broken(self, lot: int, *, arrived: bool) -> None:
        """Say that nobody answered for a lot, and whether it may have arrived."""
        self._say({"broken": lot, "arrived": arrived})

    def close(self) -> None:
        self.stream.close()

    def _say(self, word: Mapping[str, Any]) -> None:
        self.stream.write(json.dumps(word) + "\n")
        self.stream.flush()
        os.fsync(self.stream.fileno())


class Outcomes:
    """What became of each row of a run, by kind: a code a row, and the words for those not taken."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.codes = {kind: np.zeros(size, np.int8) for kind, size in sizes.items()}
        self.said: dict[str, dict[int, str]] = {kind: {} for kind in sizes}

    @classmethod
    def read(cls, path: Path, sizes: Mapping[str, int]) -> Outcomes:
        """Return what a journal says; a last word that a crash cut short says nothing."""
        found, lots = cls(sizes), {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                word = json.loads(line)
            except ValueError:
                break
            if "begun" in word:
                lots[word["begun"]] = [tuple(span) for span in word["spans"]]
                found._put(lots[word["begun"]], UNSURE)
                found._put(lots[word["begun"]], SKIPPED, word["skipped"])
            elif "answered" in word:
                spans = lots[word["answered"]]
                found._put(spans, DONE)
                for code, name in ((REFUSED, "refused"), (UNSURE, "unsure")):
                    told = {int(at): said for at, said in word[name].items()}
                    found._put(spans, code, list(told), told)
            elif not word["arrived"]:
                found._put(lots[word["broken"]], UNTOUCHED)
        return found

    def _put(
        self, spans: Sequence[Span], code: int, at: Sequence[int] | None = None, said: Mapping[int, str] | None = None
    ) -> None:
        before = 0
        for kind, first, rows in spans:
            codes = self.codes[kind]
            if at is None:
                mine = codes[first : first + rows]
                mine[mine != SKIPPED] = code
            for one in at or ():
                if before <= one < before + rows:
                    codes[first + one - before] = code
                    if said is not None:
                        self.said[kind][first + one - before] = said[one]
            before += rows
