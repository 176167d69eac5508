"""Keys of web services: each shown as its service wants it, to that service alone, and told to nobody."""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from tests.unit.connect.conftest import Serve
from tests.unit.connect.places import Answer, Web, read, rows, spec

from filrouge.base.errors import DefinitionError, SourceError
from filrouge.connect import Reach, tokens
from filrouge.domain.sources import SourceSpec

SECRET = "s3cret:/é"
PLAIN = "s3cret"


@pytest.fixture(autouse=True)
def no_token_is_kept() -> Iterator[None]:
    tokens._kept.clear()
    yield
    tokens._kept.clear()


class Desk:
    """A service that gives a token for ``life`` seconds, and three pages to whoever bears the last one it gave."""

    def __init__(self, life: Any = 3600, *, forgets: int = -1, token: Any = None) -> None:
        self.given: list[str] = []
        self.asked: list[tuple[dict[str, str], str]] = []
        self.pages = 0
        self.life, self.forgets, self.token = life, forgets, token

    def __call__(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Answer:
        shown = headers.get("Authorization", "")
        if path == "/token":
            self.asked.append((query, shown))
            self.given.append(f"t{len(self.given)}")
            told = {"access_token": self.given[-1], "token_type": "Bearer", "expires_in": self.life}
            return self.token or (200, {}, json.dumps(told).encode())
        if not self.given or shown != f"Bearer {self.given[-1]}":
            return 401, {}, b"{}"
        self.pages += 1
        if self.pages == self.forgets:
            self.given.append("nobody has this one")
            return 401, {}, b"{}"
        page = int(query["page"])
        return 200, {}, json.dumps({"data": [{"id": page}] if page < 4 else []}).encode()


def at(web: Web, **changes: Any) -> SourceSpec:
    format = {"items": "data", "page": "page"}
    return spec("rest", f"{web.url}/people", **{"allow_private": True, "secret": "desk", "format": format} | changes)


def by_token(web: Web, place: str = "", **token: Any) -> SourceSpec:
    return at(web, auth="oauth2", user="filrouge", token={"place": place or f"{web.url}/token", **token})


def refused(source: SourceSpec, secret: str = PLAIN) -> SourceError:
    with pytest.raises(SourceError) as told:
        read(source, Reach(Path(), secret))
    assert secret not in f"{told.value} {told.value.plain()}"
    assert "\n" not in str(told.value)
    assert told.value.hint
    return told.value


def test_a_token_is_fetched_once_and_kept_for_the_next_run(serve: Serve) -> None:
    desk = Desk()
    source = by_token(serve(desk), scope="people:read", params={"audience": "crm"})
    for _ in range(2):
        assert len(rows(read(source, Reach(Path(), SECRET)), "id")) == 3
    ((form, shown),) = desk.asked
    assert form == {"grant_type": "client_credentials", "scope": "people:read", "audience": "crm"}
    assert unquote(b64decode(shown.removeprefix("Basic ")).decode()) == f"filrouge:{SECRET}"


def test_the_client_may_stand_in_the_form(serve: Serve) -> None:
    desk = Desk()
    read(by_token(serve(desk), client="form"), Reach(Path(), SECRET))
    ((form, shown),) = desk.asked
    assert (form["client_id"], form["client_secret"], shown) == ("filrouge", SECRET, "")


@pytest.mark.parametrize("life", [1, "1", 0.5])
def test_a_token_is_not_used_beyond_its_life(serve: Serve, monkeypatch: pytest.MonkeyPatch, life: Any) -> None:
    at_hand = iter(range(0, 100_000, 10))
    monkeypatch.setattr("filrouge.connect.tokens.time.monotonic", lambda: float(next(at_hand)))
    desk = Desk(life)
    assert len(rows(read(by_token(serve(desk)), Reach(Path(), PLAIN)), "id")) == 3
    assert len(desk.asked) == 4


def test_a_token_that_is_refused_is_fetched_again_once(serve: Serve) -> None:
    desk = Desk(forgets=2)
    assert len(rows(read(by_token(serve(desk)), Reach(Path(), PLAIN)), "id")) == 3
    assert len(desk.asked) == 2

    def never(path: str, *_: Any) -> Answer:
        return desk(path, *_) if path == "/token" else (401, {}, b"{}")

    web = serve(never)
    assert "refused the key" in str(refused(by_token(web)))
    assert [path.split("?")[0] for path in web.asked] == ["/token", "/people", "/token", "/people"]


def test_another_secret_is_another_token(serve: Serve) -> None:
    desk = Desk()
    source = by_token(serve(desk))
    for secret in ("a", "b"):
        read(source, Reach(Path(), secret))
    assert len(desk.asked) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, {}, b'{"error":"invalid_client","error_description":"s3cret of Ada"}'), "no such client, or another"),
        ((400, {}, b'{"error":"invalid_scope"}'), "does not grant the scope"),
        ((400, {}, b"no JSON"), "it answered 400"),
        ((302, {"Location": "http://169.254.169.254/"}, b""), "sends elsewhere (302)"),
        ((200, {}, b"<html>"), "holds no bearer token"),
        ((200, {}, b"[1]"), "holds no bearer token"),
        ((200, {}, b'{"access_token":"a\\nb"}'), "holds no bearer token"),
        ((200, {}, b'{"access_token":"a","token_type":"mac"}'), "holds no bearer token"),
        ((404, {}, b"{}"), "/token answered 404"),
        ((503, {}, b""), "503, 5 times"),
    ],
)
def test_a_token_that_is_not_given_is_a_sentence(
    serve: Serve, no_waiting: list[float], answer: Answer, said: str
) -> None:
    told = str(refused(by_token(serve(Desk(token=answer)))))
    assert said in told
    assert "Ada" not in told


@pytest.mark.parametrize("place", ["http://169.254.169.254/token", "http://10.0.0.1/token"])
def test_the_guard_holds_for_the_address_of_the_token(serve: Serve, place: str) -> None:
    web = serve(Desk())
    told = refused(by_token(web, place).model_copy(update={"allow_private": False, "place": "https://example.com/x"}))
    assert "is private" in str(told)


def test_a_key_is_shown_as_its_service_wants_it(serve: Serve) -> None:
    seen: list[dict[str, str]] = []

    def answer(_: str, query: dict[str, str], headers: dict[str, str]) -> Answer:
        seen.append(headers)
        return 200, {}, b'{"data": []}'

    web = serve(answer)
    read(at(web, auth="basic", user="ada"), Reach(Path(), SECRET))
    assert b64decode(seen[-1]["Authorization"].removeprefix("Basic ")).decode() == f"ada:{SECRET}"
    read(at(web, auth="header", header="X-Api-Key"), Reach(Path(), PLAIN))
    assert (seen[-1]["X-Api-Key"], "Authorization" in seen[-1]) == (PLAIN, False)


@pytest.mark.parametrize("secret", ["two\r\nX-Evil: 1", "é", "\0"])
def test_a_secret_that_no_header_holds_is_told_and_not_sent(serve: Serve, secret: str) -> None:
    web = serve(Desk())
    assert "cannot be sent as it is" in str(refused(at(web), secret))
    assert web.asked == []


def test_no_log_and_no_error_holds_a_key(
    serve: Serve, no_waiting: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desk = Desk()
    source = by_token(serve(desk), client="form")
    read(source, Reach(Path(), PLAIN))
    read(at(serve(lambda *_: (200, {}, b'{"data": []}')), auth="header", header="X-Api-Key"), Reach(Path(), PLAIN))
    assert PLAIN not in caplog.text
    assert "Bearer t0" not in caplog.text
    assert PLAIN not in repr(Reach(Path(), PLAIN))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"auth": "basic", "secret": "s"}, "user: basic needs it"),
        ({"auth": "header", "secret": "s"}, "header: header needs it"),
        ({"auth": "oauth2", "secret": "s", "user": "u"}, "token: oauth2 needs it"),
        ({"token": {"place": "https://x.example/t"}}, "token: write `auth: oauth2`"),
        ({"token": {"place": "file:///x"}, "auth": "oauth2"}, "token.place"),
        ({"token": {"place": "https://a:b@x.example/t"}, "auth": "oauth2"}, "token.place: keep the password"),
        ({"headers": {"authorization": "Bearer x"}}, "headers: keep authorization as a secret"),
        ({"headers": {"X-Api-Key": "x", "Accept-Language": "fr"}}, "headers: keep X-Api-Key as a secret"),
        ({"place": "https://a:b@x.example/people"}, "place: keep the password as a secret"),
        ({"patience": "long"}, "patience: 'long' is no duration"),
        ({"kind": "csv", "auth": "basic"}, "auth: only a REST"),
    ],
)
def test_a_key_that_cannot_be_shown_so_is_told_with_the_definition(changes: dict[str, Any], fault: str) -> None:
    plain = {"kind": "rest", "place": "https://x.example/people"} | changes
    with pytest.raises(DefinitionError) as told:
        spec(plain.pop("kind"), plain.pop("place"), **plain)
    assert any(fault in one for one in told.value.faults)
