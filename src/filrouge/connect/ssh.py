"""A server reached by SFTP, for what reads and for what gives: it is the one meant, and the account is let in."""

from __future__ import annotations

import base64
import errno
import hashlib
import hmac
import io
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Protocol
from urllib.parse import unquote, urlsplit

import paramiko

from filrouge.base.errors import Phrase, ServerError, SourceError
from filrouge.connect.guard import resolve

PORT = 22
PATIENCE = 20  # seconds for each answer of the server
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class Account(Protocol):
    """The part of a definition that says which server, which key it shows, and who signs in by which secret."""

    @property
    def place(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def secret(self) -> str | None: ...
    @property
    def host_key(self) -> str: ...
    @property
    def allow_private(self) -> bool: ...


@contextmanager
def session(
    account: Account, told: Callable[[], AbstractContextManager[None]], *, secret: str, allowed: Sequence[str]
) -> Iterator[paramiko.SFTPClient]:
    """Reach the server, make sure that it is the one meant, and sign in.

    Raises ServerError when it is another, or lets the account not in; what else happens on the way there goes through
    ``told``.
    """
    with told():
        transport = paramiko.Transport(_connected(account, allowed))
    try:
        with told():
            transport.banner_timeout = transport.auth_timeout = PATIENCE
            transport.start_client(timeout=PATIENCE)
            _is_the_one(transport, account)
            _sign_in(transport, account, secret)
            server = _opened(transport, account)
        yield server
    finally:
        transport.close()


def _opened(transport: paramiko.Transport, account: Account) -> paramiko.SFTPClient:
    """Return the conversation by which files go; nothing but the end of the line ends its first waits."""
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
        raise ServerError(
            "The server of {place} opens no SFTP to the account.", hint="Have it allowed to use SFTP.",
            place=host_of(account),
        ) from None  # fmt: skip
    finally:
        late.cancel()


def _connected(account: Account, allowed: Sequence[str]) -> socket.socket:
    parts = urlsplit(account.place)
    host, port = parts.hostname or "", parts.port or PORT
    try:
        address = resolve(host, port, private=account.allow_private, allowed=allowed)
    except SourceError:
        raise ServerError(
            "The address {host} is private: Filrouge does not connect to it.",
            hint="If it is meant, an engineer may allow it with `allow_private: true` in the definition.", host=host,
        ) from None  # fmt: skip
    return socket.create_connection((address, port), timeout=PATIENCE)


def _is_the_one(transport: paramiko.Transport, account: Account) -> None:
    """Raise ServerError unless the key that the server shows is the one that the definition names."""
    shown = fingerprint(transport.get_remote_server_key())
    if not account.host_key:
        raise ServerError(
            "The server of {place} shows the key {key}, and the definition names none.",
            hint="Have whoever runs it confirm this key, then write it as `host_key`.",
            place=host_of(account), key=shown,
        )  # fmt: skip
    if not hmac.compare_digest(shown, account.host_key):
        raise ServerError(
            "The server of {place} shows the key {key}, another one than the definition names.",
            hint="Ask whoever runs it whether its key changed; somebody else may stand in its place.",
            place=host_of(account), key=shown,
        )  # fmt: skip


def fingerprint(key: paramiko.PKey) -> str:
    """Return the fingerprint of a key as OpenSSH writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def _sign_in(transport: paramiko.Transport, account: Account, secret: str) -> None:
    try:
        if "-----BEGIN" in secret:
            transport.auth_publickey(account.user, _key(secret, account))
        else:
            transport.auth_password(account.user, secret)
    except paramiko.AuthenticationException as error:
        if "timeout" in str(error):
            raise TimeoutError from None
        if not transport.is_active():
            raise EOFError from None
        raise ServerError(
            "The server of {place} refuses the secret {secret}.",
            hint="Keep the right one with `filrouge secret keep`, or ask whether the account still stands.",
            place=host_of(account), secret=account.secret or "",
        ) from None  # fmt: skip
    if not transport.is_authenticated():
        raise ServerError(
            "The server of {place} asks for more than the secret {secret}.",
            hint="Have the account let in by this secret alone.", place=host_of(account), secret=account.secret or "",
        )  # fmt: skip


def _key(text: str, account: Account) -> paramiko.PKey:
    for kind in _KEYS:
        with suppress(Exception):  # what a broken key makes of its reader is anything
            return kind.from_private_key(io.StringIO(text.strip() + "\n"))
    raise ServerError(
        "The secret {secret} is no private key that can be read.",
        hint="Keep an Ed25519, ECDSA or RSA key without a passphrase.", secret=account.secret or "",
    )  # fmt: skip


def path_of(account: Account) -> str:
    """Return the path of the place: from the root, or from where the account stands when it begins with /~/."""
    path = unquote(urlsplit(account.place).path).rstrip("/")
    return "." if path in ("", "/~") else path.removeprefix("/~/")


def host_of(account: Account) -> str:
    """Return the name of the server, as sentences say it."""
    return (urlsplit(account.place).hostname or "")[:200]


def why(error: Exception) -> Phrase:
    """Return in a few words what the line or the server did."""
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
