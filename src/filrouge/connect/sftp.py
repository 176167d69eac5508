"""Files that systems leave on a server: fetched by SFTP as they are asked for, from the server that is meant."""

from __future__ import annotations

import errno
import fnmatch
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

from filrouge.base.errors import ServerError, SourceError
from filrouge.connect import ssh
from filrouge.connect.base import Reach
from filrouge.connect.paths import Standing, told
from filrouge.domain.sources import SourceSpec

MOST = 100_000  # files of a folder


class Away:
    """The files of one folder of a server that the place of a source names."""

    def __init__(self, spec: SourceSpec, server: paramiko.SFTPClient) -> None:
        self._spec, self._server = spec, server
        folder, _, self._pattern = ssh.path_of(spec).rpartition("/")
        self._folder = folder or ("/" if ssh.path_of(spec).startswith("/") else ".")
        self._names: set[str] = set()

    def look(self) -> list[Standing]:
        found = []
        with _told(self._spec):
            listed = self._listed()
            self._names = {one.filename for one in listed}
            for one in listed:
                if self._fits(one.filename):
                    where = f"{self._folder}/{one.filename}"
                    state = self._server.stat(where) if stat.S_ISLNK(one.st_mode or 0) else one
                    if not stat.S_ISDIR(state.st_mode or 0):
                        found.append(Standing(one.filename, where, state.st_size or 0, float(state.st_mtime or 0)))
        return sorted(found, key=lambda file: file.name)

    def _listed(self) -> list[paramiko.SFTPAttributes]:
        """Return what the folder holds; nothing else can be asked of the server while it lists."""
        listed = []
        for one in self._server.listdir_iter(self._folder):
            if one.filename in (".", "..") or set(one.filename) & {"/", "\\", "\0"}:
                continue  # no name of a file in this folder, whatever the server means by it
            listed.append(one)
            if len(listed) > MOST:
                raise SourceError(
                    "The folder {folder} of {place} holds more than {most} files.",
                    hint="Have what was read taken away from it; nothing was imported.",
                    folder=self._folder[:200], place=ssh.host_of(self._spec), most=MOST,
                )  # fmt: skip
        return listed

    def beside(self, file: Standing, name: str) -> bool:
        return name in self._names

    def fetch(self, file: Standing, into: Path) -> Path:
        """Lay a file in the folder ``into``; return where. Raises SourceError when it does not come whole."""
        path = into / file.name
        with told(path), path.open("wb") as stream, _told(self._spec, file.name):
            self._server.getfo(file.where, stream)  # it compares the size
        if path.stat().st_size != file.size:
            raise SourceError(
                "The file {name} changed while it was fetched.",
                hint="Nothing was imported; run the source again once its system has finished writing.",
                retryable=True, name=file.name,
            )  # fmt: skip
        os.utime(path, (file.written, file.written))
        return path

    def _fits(self, name: str) -> bool:
        if any(mark in self._pattern for mark in "*?["):
            return fnmatch.fnmatchcase(name, self._pattern) and not name.startswith(".")
        return name == self._pattern


@contextmanager
def opened(spec: SourceSpec, reach: Reach) -> Iterator[Away]:
    """Give the files of the server that the place names. Raises SourceError when it cannot be reached."""
    line = ssh.session(spec, lambda: _told(spec), secret=reach.secret or "", allowed=reach.allow_private)
    with line as server:
        yield Away(spec, server)


@contextmanager
def _told(spec: SourceSpec, name: str = "") -> Iterator[None]:
    """Turn what the line and the server say into a sentence."""
    try:
        yield
    except (SourceError, ServerError):
        raise
    except FileNotFoundError:
        raise SourceError(
            "The server of {place} has no {path}.",
            hint="Correct the place of the source {source}, or have it put there; nothing was imported.",
            retryable=True, place=ssh.host_of(spec), path=name or ssh.path_of(spec)[:200], source=spec.source,
        ) from None  # fmt: skip
    except PermissionError:
        raise SourceError(
            "The account of {place} may not read {path}.", hint="Have it given the right to; nothing was imported.",
            place=ssh.host_of(spec), path=name or ssh.path_of(spec)[:200],
        ) from None  # fmt: skip
    except socket.gaierror:
        raise SourceError(
            "No server is called {place}.", hint="Look at the place of the source {source}; nothing was imported.",
            place=ssh.host_of(spec), source=spec.source,
        ) from None  # fmt: skip
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):  # of this machine: servers give no such number
            raise
        raise _away(spec, error) from None
    except Exception as error:  # noqa: BLE001 - what a server that speaks otherwise makes of its reader is anything
        raise _away(spec, error) from None


def _away(spec: SourceSpec, error: Exception) -> SourceError:
    return SourceError(
        "The server of {place} does not give its files: {why}.",
        hint="Nothing was imported; run the source again once the server is back.",
        retryable=True, place=ssh.host_of(spec), why=ssh.why(error),
    )  # fmt: skip
