"""Files that come packed (.gz, .zst, .zip): unpacked as they are read, within bounds, never into a place they name."""

from __future__ import annotations

import fnmatch
import gzip
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import pyarrow as pa

from filrouge.base.errors import SourceError

PACKED = frozenset({".gz", ".zst", ".zip"})
ARCHIVES = PACKED | {".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz"}
# Text packs ten times, repeated text fifty: what packs better than this, beyond some bytes, was made to fill a disk.
RATIO, FREE = 200, 64 << 20
LARGEST = 50_000_000_000  # bytes that one file may unpack to
MOST_MEMBERS = 10_000
BUFFER = 1 << 16


class Part:
    """One file, or one member of an archive: how it is called, and its bytes from the beginning, as often as asked."""

    def __init__(self, path: Path, name: str, begin: Callable[[], io.RawIOBase] | None = None) -> None:
        self.path, self.name = path, name
        self._begin = begin

    @property
    def inner(self) -> PurePosixPath:
        """Its name once unpacked: a.csv of a.csv.gz, or of x.zip · a.csv."""
        name = PurePosixPath(self.name.rpartition(" · ")[2])
        return PurePosixPath(name.stem) if name.suffix.lower() in PACKED else name

    def open(self) -> io.BufferedReader:
        """Return its bytes; ``peek`` and ``fileno`` (of the file on the disk) are theirs too."""
        return io.BufferedReader(self._begin(), BUFFER) if self._begin else self.path.open("rb")

    @contextmanager
    def laid(self, scratch: Path | None) -> Iterator[Path]:
        """Give it as a file on the disk, unpacked in ``scratch`` for as long as it is used."""
        if self._begin is None:
            yield self.path
            return
        with tempfile.NamedTemporaryFile(dir=scratch, suffix=self.inner.suffix) as whole:
            with self.open() as stream:
                shutil.copyfileobj(stream, whole, 1 << 20)
            whole.flush()
            yield Path(whole.name)


def parts(path: Path, members: str | None) -> Iterator[Part]:
    """Yield what ``path`` holds: itself, unpacked where need be, or the members of an archive that fit ``members``.

    Raises SourceError when it cannot be unpacked, or must not be.
    """
    kind = path.suffix.lower()
    if kind == ".zip":
        yield from _members(path, members)
    elif kind in PACKED:
        yield Part(path, path.name, lambda: _Unpacked(path, path.name, _gzip if kind == ".gz" else _zstd))
    else:
        yield Part(path, path.name)


def _gzip(packed: BinaryIO) -> Any:
    return gzip.GzipFile(fileobj=packed)


def _zstd(packed: BinaryIO) -> Any:
    return pa.CompressedInputStream(packed, "zstd")


class _Unpacked(io.RawIOBase):
    """The bytes that ``unpack`` makes of a packed file, counted against what it holds; what breaks is a sentence."""

    def __init__(self, path: Path, name: str, unpack: Callable[[BinaryIO], Any], size: int | None = None) -> None:
        self._name, self._size, self._given = name, size, 0
        self._packed = path.open("rb")
        try:
            with _told(name):
                self._stream = unpack(self._packed)
        except BaseException:
            self._packed.close()
            raise

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._packed.fileno()

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        filled = 0
        while filled < len(view):
            with _told(self._name):
                some = self._stream.read(len(view) - filled)
            if not some:
                break
            view[filled : filled + len(some)] = some
            filled += len(some)
        self._given += filled
        taken = self._packed.tell() if self._size is None else self._size
        if self._given > LARGEST or (self._given > FREE and self._given > RATIO * taken):
            raise _bomb(self._name, self._given, taken)
        return filled

    def close(self) -> None:
        if not self.closed:
            self._packed.close()
        super().close()


def _members(path: Path, wanted: str | None) -> Iterator[Part]:
    """Yield the members of an archive, which is open as long as they are used in turn."""
    with path.open("rb") as packed:
        with _told(path.name):
            archive = zipfile.ZipFile(packed)
        found = _chosen(path, archive.infolist(), wanted)
        whole, size = sum(member.file_size for member in found), path.stat().st_size
        if whole > LARGEST or (whole > FREE and whole > RATIO * size):
            raise _bomb(path.name, whole, size)
        for member in found:
            name = f"{path.name} · {_own_name(member)}"

            def begin(member: zipfile.ZipInfo = member, name: str = name) -> io.RawIOBase:
                return _Unpacked(path, name, lambda _: archive.open(member), member.compress_size)

            yield Part(path, name, begin)


def _chosen(path: Path, held: list[zipfile.ZipInfo], wanted: str | None) -> list[zipfile.ZipInfo]:
    """Return the members to read, by name; folders in their names say nothing."""
    if len(held) > MOST_MEMBERS:
        raise SourceError(
            "The archive {name} holds {count} files, more than {most}.",
            hint="Have it made in several parts; nothing was imported.",
            name=path.name, count=len(held), most=MOST_MEMBERS,
        )  # fmt: skip
    files = [one for one in held if not one.is_dir() and _own_name(one)[:1] not in ("", ".")]
    files = [one for one in files if not one.filename.startswith("__MACOSX/")]
    found = sorted((one for one in files if fnmatch.fnmatchcase(_own_name(one), wanted or "*")), key=_own_name)
    present = ", ".join(sorted({_own_name(one) for one in files})[:20])
    if not found:
        raise SourceError(
            "The archive {name} holds no file called {wanted}: it holds {present}.",
            hint="Correct `format.members`, or check the archive; nothing was imported.",
            name=path.name, wanted=wanted or "*", present=present or "nothing",
        )  # fmt: skip
    if len({PurePosixPath(_own_name(one).lower()).suffix for one in found}) > 1:
        raise SourceError(
            "The archive {name} holds files of several kinds: {present}.",
            hint="Say which are read with `format.members`, as in \"people_*.csv\"; nothing was imported.",
            name=path.name, present=present,
        )  # fmt: skip
    for one in found:
        if PurePosixPath(_own_name(one).lower()).suffix in ARCHIVES:
            raise SourceError(
                "The archive {name} holds another archive, {member}.",
                hint="Archives inside archives are not unpacked: have it made without; nothing was imported.",
                name=path.name, member=_own_name(one),
            )  # fmt: skip
        if one.flag_bits & 0x1:
            raise SourceError(
                "The archive {name} is locked by a password.",
                hint="Have it made without one, and brought by a road that is safe; nothing was imported.",
                name=path.name,
            )
    return found


def _own_name(member: zipfile.ZipInfo) -> str:
    return member.filename.replace("\\", "/").rpartition("/")[2]


def _bomb(name: str, given: int, taken: int) -> SourceError:
    return SourceError(
        "The file {name} unpacks to more than {size} MB from {packed} MB: it is given up.",
        hint="If it is right, unpack it beforehand, or have it made in several parts; nothing was imported.",
        name=name, size=given // 1_000_000, packed=-(-taken // 1_000_000),
    )  # fmt: skip


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what a packed file does to its reader into a sentence."""
    try:
        yield
    except (NotImplementedError, zipfile.LargeZipFile, RuntimeError):
        raise SourceError(
            "The archive {name} is packed in a way that is not read.",
            hint="Have it made with the usual one (deflate); nothing was imported.", name=name,
        ) from None  # fmt: skip
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, ValueError):
        raise _broken(name) from None
    except OSError as error:
        if error.errno is not None:  # of the disk, not of what it holds
            raise
        raise _broken(name) from None


def _broken(name: str) -> SourceError:
    return SourceError(
        "The file {name} is cut or damaged: it cannot be unpacked to its end.",
        hint="Have it brought again; nothing was imported.", retryable=True, name=name,
    )  # fmt: skip
