"""Private addresses are refused at the moment of connecting, whatever name or form they hide behind."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest
from tests.unit.connect.places import Web

from filrouge.base.errors import SourceError
from filrouge.connect.guard import client, public, resolve

PRIVATE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::",
)  # fmt: skip
FORMS = (
    "http://127.0.0.1",
    "http://[::1]",
    "http://[::ffff:127.0.0.1]",
    "http://127.1",
    "http://2130706433",
    "http://0",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known_in_every_form(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_let_through(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize("address", FORMS)
def test_no_form_of_the_loopback_address_is_connected_to(address: str) -> None:
    with client(private=False) as http, pytest.raises((SourceError, httpx.ConnectError)):
        http.get(address)


def test_a_name_that_leads_to_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def here(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    web = Web(lambda *_: (200, {}, b"[]"))
    try:
        monkeypatch.setattr(socket, "getaddrinfo", here)
        address = web.url.replace("127.0.0.1", "shop.example.com")
        with client(private=False) as http, pytest.raises(SourceError, match=r"shop\.example\.com is private"):
            http.get(address)
        assert web.asked == []
        with client(private=True) as http:
            assert http.get(address).status_code == 200
        with client(private=False, allowed=("shop.example.com",)) as http:
            assert http.get(address).status_code == 200
    finally:
        web.close()


def test_the_address_that_was_looked_at_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["8.8.8.8", "127.0.0.1"])  # a name that changes its mind between the look and the connection

    def changing(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    assert resolve("shop.example.com", 443, private=False) == "8.8.8.8"


def test_a_redirection_is_not_followed() -> None:
    web = Web(lambda *_: (302, {"Location": "http://169.254.169.254/latest"}, b""))
    try:
        with client(private=True) as http:
            assert http.get(web.url).status_code == 302
        assert len(web.asked) == 1
    finally:
        web.close()
