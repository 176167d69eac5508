"""Files named by a path or a pattern, relative to the definition that names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filrouge.base.errors import SourceError
from filrouge.connect.base import Reach
from filrouge.domain.sources import SourceSpec


def files(spec: SourceSpec, reach: Reach) -> list[Path]:
    """Return the files that the definition's place names, by name.

    Raises SourceError when there is none.
    """
    place = Path(spec.place)
    base = Path(place.anchor) if place.is_absolute() else reach.folder
    pattern = str(place.relative_to(place.anchor)) if place.is_absolute() else spec.place
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
    except UnicodeDecodeError as error:
        raise SourceError(
            "The file {name} is not written in {encoding}: byte {position} does not fit.",
            hint="Correct `format.encoding` of the source (cp1252 and utf-8 are the usual ones); nothing was imported.",
            name=path.name, encoding=error.encoding, position=error.start,
        ) from None  # fmt: skip
