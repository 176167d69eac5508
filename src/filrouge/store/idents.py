"""The keys of the events that were taken: sorted segments in files, so that a repeat is told however late it comes.

A segment is named by the run that put its events in the lake, and only counts when that run did; several are joined as
they grow. All can be made anew from the lake.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]
TOGETHER = 8  # segments of like size that are joined into one
_END = ".keys.npy"


class Idents:
    """Segments of one folder, each a sorted array of 63-bit keys read in place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._segments: dict[str, Keys] = {}
        self.damaged = False  # a segment could not be read, and its keys are to be made anew from the lake

    def open(self, *, counts: Callable[[Iterable[str]], set[str]]) -> None:
        """Read what stands there; ``counts`` returns which of the runs named did what they promised."""
        for left in self._folder.glob("*.part"):
            left.unlink(missing_ok=True)
        names = [path.name.removesuffix(_END) for path in sorted(self._folder.glob(f"*{_END}"))]
        good = counts([name for name in names if not name.startswith("joined-")])
        for name in names:
            if name.startswith("joined-") or name in good:
                try:
                    self._segments[name] = self._read(name)
                except (ValueError, EOFError):  # what it held is found in the lake again
                    self._path(name).unlink(missing_ok=True)
                    self.damaged = True
            else:
                self._path(name).unlink(missing_ok=True)

    @property
    def count(self) -> int:
        """How many keys are remembered; one joined twice after a crash counts twice."""
        return sum(len(keys) for keys in self._segments.values())

    def write(self, run: str, keys: Keys) -> None:
        """Keep the keys of ``run``, before it promises anything; they do not count until ``admit``."""
        path = self._path(run)
        part = path.with_suffix(".part")
        with part.open("wb") as stream:
            np.save(stream, np.unique(keys))
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)

    def admit(self, run: str) -> None:
        """Let the keys of ``run`` count."""
        if self._path(run).exists():
            self._segments[run] = self._read(run)
            self._join()

    def withdraw(self, run: str) -> None:
        """Forget the keys of a run that came to nothing."""
        self._segments.pop(run, None)
        self._path(run).unlink(missing_ok=True)

    def known(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Return which of ``keys`` are remembered."""
        found = np.zeros(len(keys), dtype=np.bool_)
        for segment in self._segments.values():
            if len(segment):
                at = np.minimum(np.searchsorted(segment, keys), len(segment) - 1)
                found |= segment[at] == keys
        return found

    def _join(self) -> None:
        """Join segments of like size, so that there are few to look in."""
        by_size: dict[int, list[str]] = {}
        for name, keys in self._segments.items():
            by_size.setdefault(max(len(keys), 1).bit_length() // 3, []).append(name)
        for names in by_size.values():
            if len(names) >= TOGETHER:
                whole = np.unique(np.concatenate([self._segments[name] for name in names]))
                joined = f"joined-{len(whole)}-{max(names, key=len)[-36:]}"
                self.write(joined, whole)
                for name in names:  # a crash between these leaves some keys in two files, which harms nothing
                    self.withdraw(name)
                self._segments[joined] = self._read(joined)

    def _read(self, name: str) -> Keys:
        keys: Keys = np.load(self._path(name), mmap_mode="r")
        return keys

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_END}"
