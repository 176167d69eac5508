"""Files named by a path or a pattern, relative to the definition that names them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filrouge.base.errors import SourceError
from filrouge.connect import packed
from filrouge.connect.base import Reach
from filrouge.connect.packed import Part
from filrouge.domain.sources import SourceSpec


def files(spec: SourceSpec, reach: Reach) -> list[Path]:
    """Return the files that the definition's place names, by name.

    Raises SourceError when there is none.
    """
    place = Path(spec.place)
    base = Path(place.anchor) if place.is_absolute() else reach.folder
    pattern = str(place.relative_to(place.anchor)) if place.is_absolute() else spec.place
    with told(place):
        if any(mark in pattern for mark in "*?["):
            found = sorted(path for path in base.glob(pattern) if path.is_file())
        else:
            found = [base / pattern] if (base / pattern).is_file() else []
    if not found:
        raise SourceError(
            "No file is at {place}.",
            hint="Put the file there, or correct the place of the source {source}; nothing was imported.",
            retryable=True,
            place=spec.place,
            source=spec.source,
        )
    return found


def parts(spec: SourceSpec, reach: Reach) -> Iterator[Part]:
    """Yield what stands in the files that the definition's place names. Raises SourceError."""
    for path in files(spec, reach):
        with told(path):
            yield from packed.parts(path, spec.format.members)


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
