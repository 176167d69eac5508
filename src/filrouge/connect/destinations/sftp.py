"""Files left on a server by SFTP, whose key is known beforehand: written aside, then put under their name."""

from __future__ import annotations

import base64
import errno
import hashlib
import hmac
import io
import secrets
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paramiko

from filrouge.base.errors import DestinationError, Phrase, SourceError
from filrouge.connect.destinations import files
from filrouge.connect.destinations.base import Answered, Described, Lot, Parcel, Reach
from filrouge.connect.guard import resolve
from filrouge.domain.pushes.spec import DestinationSpec

PORT = 22
PATIENCE = 20  # seconds for each answer of the server
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class SFTP:
    """Leaves files in a folder of a server."""

    def check(self, spec: DestinationSpec, reach: Reach) -> None:
        with _session(spec, reach) as server, _told(spec):
            trial = f"{_folder(spec)}/.filrouge-{secrets.token_hex(4)}"
            server.open(trial, "w").close()
            server.remove(trial)

    def describe(self, spec: DestinationSpec, reach: Reach) -> Described:
        return Described(None, f"{urlsplit(spec.place).hostname}:{_folder(spec)}")

    @contextmanager
    def open(self, spec: DestinationSpec, reach: Reach, parcel: Parcel) -> Iterator[_Line]:
        with _session(spec, reach) as server:
            yield _Line(server, spec, reach, parcel)


class _Line:
    def __init__(self, server: paramiko.SFTPClient, spec: DestinationSpec, reach: Reach, parcel: Parcel) -> None:
        self.server, self.spec, self.reach, self.parcel = server, spec, reach, parcel

    def send(self, lot: Lot) -> Answered:
        name = files.name_of(self.spec, self.parcel, lot)
        draft, final = f"{_folder(self.spec)}/.{name}.part", f"{_folder(self.spec)}/{name}"
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


@contextmanager
def _session(spec: DestinationSpec, reach: Reach) -> Iterator[paramiko.SFTPClient]:
    """Reach the server, make sure that it is the one meant, and sign in."""
    with _told(spec):
        transport = paramiko.Transport(_connected(spec, reach))
    try:
        with _told(spec):
            transport.banner_timeout = transport.auth_timeout = PATIENCE
            transport.start_client(timeout=PATIENCE)
            _is_the_one(transport, spec)
            _sign_in(transport, spec, reach.secret or "")
            server = _opened(transport, spec)
        yield server
    finally:
        transport.close()


def _opened(transport: paramiko.Transport, spec: DestinationSpec) -> paramiko.SFTPClient:
    """Return the conversation by which files are left; nothing but the end of the line ends its first waits."""
    late = threading.Timer(PATIENCE, transport.close)
    late.daemon = True
    late.start()
    try:
        channel = transport.open_session(timeout=PATIENCE)
        channel.settimeout(PATIENCE)
        channel.invoke_subsystem("sftp")
        return paramiko.SFTPClient(channel)
    except paramiko.SSHException:
        if not transport.is_active():  # it went away, or was given up
            raise
        raise DestinationError(
            "The server of {place} opens no SFTP to the account.", hint="Have it allowed to leave files by SFTP.",
            place=_said(spec),
        ) from None  # fmt: skip
    finally:
        late.cancel()


def _connected(spec: DestinationSpec, reach: Reach) -> socket.socket:
    parts = urlsplit(spec.place)
    host, port = parts.hostname or "", parts.port or PORT
    try:
        address = resolve(host, port, private=spec.allow_private, allowed=reach.allow_private)
    except SourceError:
        raise DestinationError(
            "The address {host} is private: Filrouge does not connect to it.",
            hint="If it is meant, an engineer may allow it with `allow_private: true` in the definition.", host=host,
        ) from None  # fmt: skip
    return socket.create_connection((address, port), timeout=PATIENCE)


def _is_the_one(transport: paramiko.Transport, spec: DestinationSpec) -> None:
    """Raise DestinationError unless the key that the server shows is the one that the definition names."""
    shown = fingerprint(transport.get_remote_server_key())
    if not spec.host_key:
        raise DestinationError(
            "The server of {place} shows the key {key}, and the definition names none.",
            hint="Have whoever runs it confirm this key, then write it as `host_key`.", place=_said(spec), key=shown,
        )  # fmt: skip
    if not hmac.compare_digest(shown, spec.host_key):
        raise DestinationError(
            "The server of {place} shows the key {key}, another one than the definition names: nothing was given.",
            hint="Ask whoever runs it whether its key changed; somebody else may stand in its place.",
            place=_said(spec), key=shown,
        )  # fmt: skip


def fingerprint(key: paramiko.PKey) -> str:
    """Return the fingerprint of a key as OpenSSH writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def _sign_in(transport: paramiko.Transport, spec: DestinationSpec, secret: str) -> None:
    try:
        if "-----BEGIN" in secret:
            transport.auth_publickey(spec.user, _key(secret, spec))
        else:
            transport.auth_password(spec.user, secret)
    except paramiko.AuthenticationException as error:
        if "timeout" in str(error):
            raise TimeoutError from None
        if not transport.is_active():
            raise EOFError from None
        raise DestinationError(
            "The server of {place} refuses the secret {secret}.",
            hint="Keep the right one with `filrouge secret keep`, or ask whether the account still stands.",
            place=_said(spec), secret=spec.secret or "",
        ) from None  # fmt: skip
    if not transport.is_authenticated():
        raise DestinationError(
            "The server of {place} asks for more than the secret {secret}.",
            hint="Have the account let in by this secret alone.", place=_said(spec), secret=spec.secret or "",
        )  # fmt: skip


def _key(text: str, spec: DestinationSpec) -> paramiko.PKey:
    for kind in _KEYS:
        with suppress(Exception):  # what a broken key makes of its reader is anything
            return kind.from_private_key(io.StringIO(text.strip() + "\n"))
    raise DestinationError(
        "The secret {secret} is no private key that can be read.",
        hint="Keep an Ed25519, ECDSA or RSA key without a passphrase.", secret=spec.secret or "",
    )  # fmt: skip


def _folder(spec: DestinationSpec) -> str:
    """Return the folder of the place: from the root, or from where the account stands when it begins with /~/."""
    path = unquote(urlsplit(spec.place).path).rstrip("/")
    return "." if path in ("", "/~") else path.removeprefix("/~/")


def _said(spec: DestinationSpec) -> str:
    return (urlsplit(spec.place).hostname or "")[:200]


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
            place=_said(spec), folder=_folder(spec)[:200],
        ) from None  # fmt: skip
    except PermissionError:
        raise DestinationError(
            "The account of {place} may not write in {folder}.", hint="Have it given the right to.",
            place=_said(spec), folder=_folder(spec)[:200],
        ) from None  # fmt: skip
    except socket.gaierror:
        raise DestinationError(
            "No server is called {place}.", hint="Look at the address of the destination.", place=_said(spec)
        ) from None
    except Exception as error:  # noqa: BLE001 - what a server that speaks otherwise makes of its reader is anything
        raise DestinationError(
            "The server of {place} does not take the file: {why}.",
            hint="The next run gives what is missing.", retryable=True, place=_said(spec), why=_why(error),
        ) from None  # fmt: skip


def _why(error: Exception) -> Phrase:
    if isinstance(error, ConnectionRefusedError) or getattr(error, "errno", None) in (
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
    ):
        return Phrase("nobody answers at the address")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Phrase("it is full")
    if type(error) is OSError and error.errno is None and "closed" not in str(error):  # its own words are not repeated
        return Phrase("it refuses, without saying why")
    return Phrase("it takes too long") if isinstance(error, TimeoutError) else Phrase("the connection broke")
