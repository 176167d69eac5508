"""Outgoing connections: private and loopback addresses are refused when the connection is made, unless allowed."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import httpcore
import httpx

from filrouge.base.errors import SourceError


class _Guard(httpcore.NetworkBackend):
    """Resolve first, refuse what is private, connect to the very address that was looked at."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._plain = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise httpcore.ConnectError("no such host") from None
        for *_, address in found:
            ip = ipaddress.ip_address(str(address[0]).split("%")[0])
            if self._private or ip.is_global:
                return self._plain.connect_tcp(str(address[0]), port, *args, **kwargs)
        raise SourceError(
            "The address {host} is private: Filrouge does not connect to it.",
            hint="If it is meant, an engineer may allow it with `allow_private: true` in the source.",
            host=host,
        )

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("not a network address")


def client(*, private: bool, headers: dict[str, str] | None = None, timeout: float = 20) -> httpx.Client:
    """Return an HTTP client that follows no redirect and refuses private addresses unless ``private``."""
    transport = httpx.HTTPTransport(retries=0)
    transport._pool = httpcore.ConnectionPool(network_backend=_Guard(private=private), max_connections=4)
    return httpx.Client(transport=transport, headers=headers, timeout=timeout, trust_env=False)
