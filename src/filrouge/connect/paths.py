"""Files named by a path or a pattern, relative to the definition that names them, or left on a server: once whole."""

from __future__ import annotations

import errno
import hashlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from filrouge.base.errors import SourceError
from filrouge.connect import packed
from filrouge.connect.base import Reach
from filrouge.connect.packed import Part
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.form import duration

LOOKS = 6  # how often files are looked at until none grows any more


@dataclass(frozen=True)
class Standing:
    """A file as one look shows it: its name, where it stands, its size in bytes, when it was written (Unix time)."""

    name: str
    where: str
    size: int
    written: float


class Drop(Protocol):
    """Where files stand: a folder of this machine, or of a server."""

    def look(self) -> list[Standing]:
        """Return the files that the place names, by name."""

    def beside(self, file: Standing, name: str) -> bool:
        """Tell whether another one called ``name`` stands beside a file."""


def parts(spec: SourceSpec, reach: Reach, *, settled: bool = False) -> Iterator[Part]:
    """Yield what stands in the files that the definition's place names, once for those that are the same.

    ``settled``: only once they grow no more, where the definition asks for it. Raises SourceError when there is none.
    """
    with brought(spec, reach, settled=settled) as found:
        for path in _once(found):
            with told(path):
                yield from packed.parts(path, spec.format.members)


def written(spec: SourceSpec, reach: Reach) -> datetime:
    """Return when the latest of the files was written. Raises SourceError when there is none."""
    with _opened(spec, reach) as drop:
        return datetime.fromtimestamp(max(file.written for file in _whole(spec, drop)), UTC)


@contextmanager
def brought(spec: SourceSpec, reach: Reach, *, settled: bool = False) -> Iterator[list[Path]]:
    """Give the files as paths; those of a server are laid in the scratch folder for as long as they are used."""
    if not spec.remote:
        yield [Path(file.where) for file in _arrived(spec, Folder(spec, reach), settled=settled)]
        return
    from filrouge.connect import sftp

    with tempfile.TemporaryDirectory(dir=reach.scratch) as here:
        # all of them before any is read: a server that is slow, or goes away, holds up nobody else
        with sftp.opened(spec, reach) as drop:
            found = [drop.fetch(file, Path(here)) for file in _arrived(spec, drop, settled=settled)]
        yield found


@contextmanager
def _opened(spec: SourceSpec, reach: Reach) -> Iterator[Drop]:
    if spec.remote:
        from filrouge.connect import sftp

        with sftp.opened(spec, reach) as drop:
            yield drop
    else:
        yield Folder(spec, reach)


class Folder:
    """Files of this machine."""

    def __init__(self, spec: SourceSpec, reach: Reach) -> None:
        self._place, self._folder = spec.place, reach.folder

    def look(self) -> list[Standing]:
        place = Path(self._place)
        base = Path(place.anchor) if place.is_absolute() else self._folder
        pattern = str(place.relative_to(place.anchor)) if place.is_absolute() else self._place
        with told(place):
            named = base.glob(pattern) if any(mark in pattern for mark in "*?[") else [base / pattern]
            found = [(path, path.stat()) for path in sorted(named) if path.is_file()]
        return [Standing(path.name, str(path), state.st_size, state.st_mtime) for path, state in found]

    def beside(self, file: Standing, name: str) -> bool:
        return Path(file.where).with_name(name).is_file()


def _arrived(spec: SourceSpec, drop: Drop, *, settled: bool) -> list[Standing]:
    """Return the files that are whole, looked at until none changes any more where the definition asks for it."""
    found = _whole(spec, drop)
    pause = duration(spec.arrives.settle or "")
    if not settled or pause is None:
        return found
    for _ in range(LOOKS):
        time.sleep(pause.total_seconds())
        before, found = found, _whole(spec, drop)
        if found == before:
            return found
    growing = next((file for file in found if file not in before), found[0])
    raise SourceError(
        "The file {name} still changes after {looks} looks, {settle} apart.",
        hint="Nothing was imported; run the source again once its system has finished writing.",
        retryable=True, name=growing.name, looks=LOOKS, settle=spec.arrives.settle,
    )  # fmt: skip


def _whole(spec: SourceSpec, drop: Drop) -> list[Standing]:
    found = drop.look()
    if not found:
        raise SourceError(
            "No file is at {place}.",
            hint="Put the file there, or correct the place of the source {source}; nothing was imported.",
            retryable=True, place=spec.place, source=spec.source,
        )  # fmt: skip
    if spec.arrives.done is None:
        return found
    markers = {spec.arrives.marker(file.name) for file in found}  # a pattern may name them too
    found = [file for file in found if file.name not in markers and drop.beside(file, spec.arrives.marker(file.name))]
    if not found:
        raise SourceError(
            "No file at {place} is whole yet: none has its {done} beside it.",
            hint="Nothing was imported; run the source again once its system has put it there.",
            retryable=True, place=spec.place, done=spec.arrives.done,
        )  # fmt: skip
    return found


def _once(found: Sequence[Path]) -> Iterator[Path]:
    """Yield the files, those of the same content once: only files of one size are compared."""
    sizes = Counter(path.stat().st_size for path in found if path.exists())
    seen: set[bytes] = set()
    for path in found:
        with told(path):
            if sizes[path.stat().st_size] > 1:
                with path.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").digest()
                if digest in seen:
                    continue
                seen.add(digest)
        yield path


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the disk says of ``path`` into a sentence."""
    try:
        yield
    except FileNotFoundError:
        raise SourceError(
            "The file {name} went away while it was read.", hint="Nothing was imported; run the source again.",
            retryable=True, name=path.name,
        ) from None  # fmt: skip
    except PermissionError:
        raise SourceError(
            "The file {name} may not be read.", hint="Give Filrouge the right to read it.", name=path.name
        ) from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise SourceError(
            "The file {name} could not be read to its end: {why}.",
            hint="Nothing was imported; check the disk or the share where it stands, then run the source again.",
            retryable=True, name=path.name, why=(error.strerror or type(error).__name__).lower(),
        ) from None  # fmt: skip
