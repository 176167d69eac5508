"""Outgoing connections: private and loopback addresses are refused when the connection is made, unless allowed."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

import httpcore
import httpx

from filrouge.base.errors import SourceError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve(host: str, port: int, *, private: bool, allowed: Sequence[str] = ()) -> str:
    """Return the address to connect to for ``host``, public unless ``private`` or the host is ``allowed``.

    Raises SourceError when it is private, OSError when there is no such host.
    """
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        if private or host in allowed or public(address):
            return address
    raise SourceError(
        "The address {host} is private: Filrouge does not connect to it.",
        hint="If it is meant, an engineer may allow it with `allow_private: true` in the definition.",
        host=host,
    )


def public(address: str) -> bool:
    """Tell whether ``address`` is a public one, whatever form or tunnel it hides in."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and (ip in _NAT64 or int(ip) < 2**32):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast


class _Guard(httpcore.NetworkBackend):
    """Resolve first, refuse what is private, connect to the very address that was looked at."""

    def __init__(self, *, private: bool, allowed: Sequence[str]) -> None:
        self._private = private
        self._allowed = allowed
        self._plain = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        try:
            address = resolve(host, port, private=self._private, allowed=self._allowed)
        except OSError:
            raise httpcore.ConnectError("no such host") from None
        return self._plain.connect_tcp(address, port, *args, **kwargs)

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("not a network address")


def client(
    *, private: bool, allowed: Sequence[str] = (), headers: dict[str, str] | None = None, timeout: float = 20
) -> httpx.Client:
    """Return an HTTP client that follows no redirect and refuses private addresses unless ``private``."""
    transport = httpx.HTTPTransport(retries=0)
    transport._pool = httpcore.ConnectionPool(
        network_backend=_Guard(private=private, allowed=allowed), max_connections=4
    )
    return httpx.Client(transport=transport, headers=headers, timeout=timeout, trust_env=False)
