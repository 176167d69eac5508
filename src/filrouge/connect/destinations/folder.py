"""Files left in a folder that the installation allows, and nowhere else: written aside, then put under their name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filrouge.base.errors import DestinationError
from filrouge.connect.destinations import files
from filrouge.connect.destinations.base import Answered, Described, Lot, Parcel, Reach
from filrouge.domain.pushes.spec import DestinationSpec


class Folder:
    """Leaves files in a folder."""

    def check(self, spec: DestinationSpec, reach: Reach) -> None:
        folder = inside(spec, reach)
        trial = folder / f".filrouge-{os.getpid()}"
        with told(spec):
            folder.mkdir(parents=True, exist_ok=True)
            trial.write_bytes(b"")
            trial.unlink()

    def describe(self, spec: DestinationSpec, reach: Reach) -> Described:
        return Described(None, str(inside(spec, reach)))

    @contextmanager
    def open(self, spec: DestinationSpec, reach: Reach, parcel: Parcel) -> Iterator[_Line]:
        self.check(spec, reach)
        yield _Line(inside(spec, reach), spec, reach, parcel)


class _Line:
    def __init__(self, folder: Path, spec: DestinationSpec, reach: Reach, parcel: Parcel) -> None:
        self.folder, self.spec, self.reach, self.parcel = folder, spec, reach, parcel

    def send(self, lot: Lot) -> Answered:
        name = files.name_of(self.spec, self.parcel, lot)
        draft = self.folder / f".{name}.part"
        with told(self.spec):
            draft.unlink(missing_ok=True)  # left by a crash
            try:
                # a name that somebody else put there in between is not written through
                handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
                with os.fdopen(handle, "wb") as stream:
                    files.write(stream, self.spec, self.parcel, lot, scratch=self.reach.scratch or self.folder)
                    stream.flush()
                    os.fsync(stream.fileno())
                draft.replace(self.folder / name)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
            _settled(self.folder)
        return Answered()


def inside(spec: DestinationSpec, reach: Reach) -> Path:
    """Return the folder of a destination, links followed. Raises DestinationError when it is not in an allowed one."""
    for root in reach.drops:
        found = Path(os.path.realpath(root / spec.place))
        if found == root or root in found.parents:
            return found
    raise DestinationError(
        "The folder {place} is in none of the folders where Filrouge may leave files: {drops}.",
        hint="Choose a folder in one of them, or have another allowed with FILROUGE_DROPS.",
        place=spec.place[:200], drops=", ".join(map(str, reach.drops)),
    )  # fmt: skip


@contextmanager
def told(spec: DestinationSpec) -> Iterator[None]:
    """Turn what the disk says into a sentence."""
    try:
        yield
    except PermissionError:
        raise DestinationError(
            "Filrouge may not write in the folder {place}.", hint="Give it the right to.", place=spec.place[:200]
        ) from None
    except (NotADirectoryError, FileExistsError):
        raise DestinationError(
            "{place} is no folder.", hint="Choose a folder, or another name.", place=spec.place[:200]
        ) from None
    except OSError as error:
        raise DestinationError(
            "The folder {place} cannot be written: {why}.",
            hint="Make room or mend the share; the next run gives what is missing.",
            retryable=True, place=spec.place[:200], why=(error.strerror or type(error).__name__).lower(),
        ) from None  # fmt: skip


def _settled(folder: Path) -> None:
    """Have the disk keep the name of a file, where it can."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # a share that keeps names by itself
        pass
    finally:
        os.close(handle)
