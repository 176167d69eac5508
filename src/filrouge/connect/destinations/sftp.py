"""Files left on a server by SFTP, whose key is known beforehand: written aside, then put under their name."""

from __future__ import annotations

import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import paramiko

from filrouge.base.errors import DestinationError
from filrouge.connect import ssh
from filrouge.connect.destinations import files
from filrouge.connect.destinations.base import Answered, Described, Lot, Parcel, Reach
from filrouge.domain.pushes.spec import DestinationSpec


class SFTP:
    """Leaves files in a folder of a server."""

    def check(self, spec: DestinationSpec, reach: Reach) -> None:
        with _session(spec, reach) as server, _told(spec):
            trial = f"{ssh.path_of(spec)}/.filrouge-{secrets.token_hex(4)}"
            server.open(trial, "w").close()
            server.remove(trial)

    def describe(self, spec: DestinationSpec, reach: Reach) -> Described:
        return Described(None, f"{urlsplit(spec.place).hostname}:{ssh.path_of(spec)}")

    @contextmanager
    def open(self, spec: DestinationSpec, reach: Reach, parcel: Parcel) -> Iterator[_Line]:
        with _session(spec, reach) as server:
            yield _Line(server, spec, reach, parcel)


class _Line:
    def __init__(self, server: paramiko.SFTPClient, spec: DestinationSpec, reach: Reach, parcel: Parcel) -> None:
        self.server, self.spec, self.reach, self.parcel = server, spec, reach, parcel

    def send(self, lot: Lot) -> Answered:
        name = files.name_of(self.spec, self.parcel, lot)
        draft, final = f"{ssh.path_of(self.spec)}/.{name}.part", f"{ssh.path_of(self.spec)}/{name}"
        # whole here before anything is there: a server that is slow holds no reader of the lake
        with tempfile.TemporaryFile(dir=self.reach.scratch) as whole:
            files.write(whole, self.spec, self.parcel, lot, scratch=self.reach.scratch or Path(tempfile.gettempdir()))
            size = whole.tell()
            whole.seek(0)
            with _told(self.spec):
                try:
                    self.server.putfo(whole, draft, file_size=size, confirm=True)
                except BaseException:
                    with suppress(Exception):  # what the line took down with it
                        self.server.remove(draft)
                    raise
        try:
            with _told(self.spec):
                self._name(draft, final)
        except DestinationError as error:
            error.arrived = True
            raise
        return Answered()

    def _name(self, draft: str, final: str) -> None:
        """Put what was written aside under its name, at once where the server can."""
        try:
            self.server.posix_rename(draft, final)
        except OSError as error:
            if error.errno is not None:  # it can, and does not let us
                raise
            with suppress(FileNotFoundError):
                self.server.remove(final)
            self.server.rename(draft, final)


def _session(spec: DestinationSpec, reach: Reach) -> AbstractContextManager[paramiko.SFTPClient]:
    return ssh.session(spec, lambda: _told(spec), secret=reach.secret or "", allowed=reach.allow_private)


@contextmanager
def _told(spec: DestinationSpec) -> Iterator[None]:
    """Turn what the line and the server say into a sentence."""
    try:
        yield
    except DestinationError:
        raise
    except FileNotFoundError:
        raise DestinationError(
            "The server of {place} has no folder {folder}.", hint="Have it made there, or choose another.",
            place=ssh.host_of(spec), folder=ssh.path_of(spec)[:200],
        ) from None  # fmt: skip
    except PermissionError:
        raise DestinationError(
            "The account of {place} may not write in {folder}.", hint="Have it given the right to.",
            place=ssh.host_of(spec), folder=ssh.path_of(spec)[:200],
        ) from None  # fmt: skip
    except socket.gaierror:
        raise DestinationError(
            "No server is called {place}.", hint="Look at the address of the destination.", place=ssh.host_of(spec)
        ) from None
    except Exception as error:  # noqa: BLE001 - what a server that speaks otherwise makes of its reader is anything
        raise DestinationError(
            "The server of {place} does not take the file: {why}.",
            hint="The next run gives what is missing.", retryable=True, place=ssh.host_of(spec), why=ssh.why(error),
        ) from None  # fmt: skip
