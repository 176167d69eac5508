"""Web services as they are: slow down, broken half-way, without end, lying about their length, asking for a key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.connect.conftest import Serve
from tests.unit.connect.places import Answer, Web, read, rows, spec

from filrouge.base import clock
from filrouge.base.errors import SourceError
from filrouge.connect import Reach, connector, lookup

PAGE = {"data": [{"id": 1, "nom": "Ada", "ville": None, "vu_le": None}]}


def at(web: Web, path: str = "/people", *, allow_private: bool = True, **format: Any) -> Any:
    return spec("rest", web.url + path, allow_private=allow_private, format={"items": "data", **format})


def ok(body: Any) -> Answer:
    return 200, {}, json.dumps(body).encode()


def refused(source: Any, secret: str | None = None, **asked: Any) -> SourceError:
    with pytest.raises(SourceError) as told:
        read(source, Reach(Path(), secret), **asked)
    assert "\n" not in str(told.value)
    assert told.value.hint
    return told.value


def test_numbered_pages_are_asked_for_until_one_is_empty(serve: Serve) -> None:
    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        page = int(query["page"])
        return ok({"data": [{"id": page * 10 + n} for n in range(int(query["size"]))] if page < 3 else []})

    web = serve(answer)
    found = rows(read(at(web, page="page", per_page={"size": 2}), Reach(Path())), "id")
    assert found == [(1, "10"), (2, "11"), (3, "20"), (4, "21")]


@pytest.mark.parametrize("pages", [{"per_page": 2}, {"page": "page"}])
def test_what_the_address_itself_asks_for_is_asked_of_every_page(serve: Serve, pages: dict[str, Any]) -> None:
    asked: list[str] = []

    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        asked.append(query.get("of", "everybody"))
        return ok({"data": [] if query.get("page") == "2" else PAGE["data"]})

    web = serve(answer)
    assert len(rows(read(at(web, "/people?of=north+west", **pages), Reach(Path())))) == 1
    source = at(web, **pages).model_copy(update={"lookup": f"{web.url}/orders?of={{ref}}"})
    assert len(rows(list(lookup("rest").look_up(source, Reach(Path()), "a&b")))) == 1
    assert set(asked) == {"north west", "a&b"}


def test_told_to_slow_down_it_waits_as_long_as_asked(serve: Serve, no_waiting: list[float]) -> None:
    answers = iter([(429, {"Retry-After": "7"}, b""), (503, {"Retry-After": "90"}, b""), ok(PAGE)])
    web = serve(lambda *_: next(answers))
    assert len(rows(read(at(web), Reach(Path())))) == 1
    assert no_waiting == [7.0, 90.0]


def test_a_reset_of_the_rate_limit_is_waited_for_in_seconds_or_to_a_moment(
    serve: Serve, no_waiting: list[float]
) -> None:
    soon = str(int(clock.now().timestamp()) + 40)
    page = json.dumps({**PAGE, "next": "/people?p=2"}).encode()
    answers = iter(
        [
            (429, {"X-RateLimit-Reset": "12"}, b""),
            (403, {"Retry-After": "4"}, b""),
            (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": soon}, b""),
            (200, {"RateLimit-Remaining": "0", "RateLimit-Reset": "3"}, page),
            ok({"data": []}),
        ]
    )
    web = serve(lambda *_: next(answers))
    assert len(rows(read(at(web, next="next"), Reach(Path())))) == 1
    assert no_waiting[0] == 12
    assert no_waiting[1] == 4
    assert 30 < no_waiting[2] <= 40
    assert no_waiting[3:] == [3], "nothing is left of the limit: the next page is not asked for before it is anew"


def test_a_run_waits_no_longer_in_all_than_its_patience(serve: Serve, no_waiting: list[float]) -> None:
    numbers = iter(range(1_000))

    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        at = next(numbers)
        return (429, {"Retry-After": "50"}, b"") if at % 2 else ok({"data": [{"id": at}]})

    told = refused(at(serve(answer), page="page").model_copy(update={"patience": "2m"}))
    assert "alone for 50 seconds, and the run has waited 100 of 120" in str(told)
    assert told.retryable
    assert no_waiting == [50, 50]
    hour = refused(at(serve(lambda *_: (429, {"Retry-After": "3600"}, b""))))
    assert "alone for 3600 seconds, and the run has waited 0 of 300" in str(hour)
    assert "patience" in hour.hint


def test_a_date_to_wait_for_is_understood(serve: Serve, no_waiting: list[float]) -> None:
    answers = iter([(429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b""), ok(PAGE)])
    web = serve(lambda *_: next(answers))
    assert len(rows(read(at(web), Reach(Path())))) == 1
    assert no_waiting == [0.0]


def test_a_failure_half_way_is_tried_again_then_told(serve: Serve, no_waiting: list[float]) -> None:
    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        return (500, {}, b"stack trace of somebody") if query else ok({**PAGE, "next": "/people?page=2"})

    web = serve(answer)
    told = refused(at(web, next="next"))
    assert told.retryable
    assert "500, 5 times" in str(told)
    assert "somebody" not in str(told)
    assert len(web.asked) == 6


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_at_once(serve: Serve, status: int) -> None:
    web = serve(lambda *_: (status, {}, b"{}"))
    told = refused(at(web), "s3cret")
    assert "refused the key" in str(told)
    assert "s3cret" not in str(told)
    assert not told.retryable
    assert len(web.asked) == 1


def test_the_secret_is_sent_as_a_bearer_key(serve: Serve) -> None:
    seen: list[str] = []

    def answer(_: str, __: dict[str, str], headers: dict[str, str]) -> Answer:
        seen.append(headers.get("Authorization", ""))
        return ok(PAGE)

    read(at(serve(answer)), Reach(Path(), "s3cret"))
    assert seen == ["Bearer s3cret"]


def test_pages_without_end_are_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.rest.PAGES", 20)
    numbers = iter(range(1_000))
    endless = serve(lambda *_: ok({"data": [{"id": next(numbers)}], "next": f"/people?page={next(numbers)}"}))
    assert "without end" in str(refused(at(endless, next="next")))
    assert len(endless.asked) == 20


def test_a_page_that_names_itself_or_an_earlier_one_is_given_up(serve: Serve) -> None:
    numbers = iter(range(1_000))
    circle = serve(
        lambda _, query, __: ok({"data": [{"id": next(numbers)}], "next": "/people" if query else "/people?page=2"})
    )
    assert "without end" in str(refused(at(circle, next="next")))
    same = serve(lambda *_: ok(PAGE))
    assert "without end" in str(refused(at(same, page="page")))


@pytest.mark.parametrize("length", ["5", "100000"])
def test_a_lying_length_is_told(serve: Serve, no_waiting: list[float], length: str) -> None:
    web = serve(lambda *_: (200, {"Content-Length": length}, json.dumps(PAGE).encode()))
    refused(at(web))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!doctype html><p>Connexion", "a web page"),
        (b"", "did not answer in JSON"),
        (b"\xff\xfe", "did not answer in JSON"),
        (b"[" * 100_000, "did not answer in JSON"),
        (b'{"data":"Lovelace"}', "holds no list at data"),
        (b'{"people":[]}', "holds no list at data"),
        (b'{"data":[{"number":1},{"number":2}]}', "id stands in none of the 2 objects"),
    ],
)
def test_another_answer_is_told(serve: Serve, body: bytes, said: str) -> None:
    told = str(refused(at(serve(lambda *_: (200, {}, body)))))
    assert said in told
    assert "Lovelace" not in told


def test_a_redirection_is_told_and_not_followed(serve: Serve) -> None:
    web = serve(lambda *_: (302, {"Location": "/elsewhere"}, b""))
    assert "sends elsewhere (302)" in str(refused(at(web)))
    assert web.asked == ["/people"]


@pytest.mark.parametrize(
    "after", ["http://shop.example.com/people", "https://127.0.0.1/people", "//127.0.0.1:1/people"]
)
def test_the_key_is_not_taken_to_another_host(serve: Serve, after: str) -> None:
    web = serve(lambda *_: ok({**PAGE, "next": after}))
    assert "another host" in str(refused(at(web, next="next"), "s3cret"))
    assert len(web.asked) == 1


def test_a_page_too_large_to_be_held_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.asking.LARGEST", 1_000)
    web = serve(lambda *_: ok({"data": [{"id": "x" * 100_000}]}))
    assert "smaller pages" in str(refused(at(web)))


def test_items_that_are_no_objects_are_told_with_their_number(serve: Serve) -> None:
    web = serve(lambda *_: ok({"data": [{"id": 1}, "Ada", None, {"id": 2}]}))
    chunks = read(at(web), Reach(Path()))
    assert rows(chunks, "id") == [(1, "1"), (4, "2")]
    assert [(fault.row, fault.code) for fault in chunks[0].faults] == [(2, "not_an_object"), (3, "not_an_object")]


def test_a_private_address_is_refused_unless_the_source_allows_it(serve: Serve) -> None:
    web = serve(lambda *_: ok(PAGE))
    for ask in (connector("rest").check, connector("rest").count, connector("rest").discover):
        with pytest.raises(SourceError, match="is private"):
            ask(at(web, allow_private=False), Reach(Path()))
    assert web.asked == []


@pytest.mark.parametrize("place", ["people", "ftp://shop.example.com/x", "http://", "http://[::1", "http://a b/c"])
def test_what_is_no_address_is_told(place: str, no_waiting: list[float]) -> None:
    refused(spec("rest", place))


def test_one_person_is_asked_for_by_their_number_and_nobody_is_no_fault(serve: Serve) -> None:
    asked: list[str] = []

    def answer(path: str, _: dict[str, str], __: dict[str, str]) -> Answer:
        asked.append(path)
        if path.endswith("/gone"):
            return 404, {}, b"{}"
        return ok({"id": 7, "nom": "Ada"} if path.endswith("/alone") else {"data": [{"id": 8, "nom": "Bo"}]})

    web = serve(answer)
    source = at(web).model_copy(update={"lookup": f"{web.url}/people/{{ref}}"})
    found = {
        ref: rows(list(lookup("rest").look_up(source, Reach(Path()), ref)), "id") for ref in ("a/b", "alone", "gone")
    }
    assert found == {"a/b": [(1, "8")], "alone": [(1, "7")], "gone": []}
    assert asked[0] == "/people/a%2Fb", "a number is one part of the address, whatever it holds"
    paged = source.model_copy(update={"format": at(web, page="page").format})
    assert rows(list(lookup("rest").look_up(paged, Reach(Path()), "alone")), "id") == [(1, "7")], "no page follows one"
    elsewhere = source.model_copy(update={"lookup": "https://elsewhere.example/{ref}"})
    with pytest.raises(SourceError, match="another host"):
        list(lookup("rest").look_up(elsewhere, Reach(Path()), "1"))


@pytest.mark.parametrize("ref", [".", ".."])
def test_a_number_that_would_lead_to_another_address_asks_nothing(serve: Serve, ref: str) -> None:
    web = serve(lambda *_: ok(PAGE))
    source = at(web).model_copy(update={"lookup": f"{web.url}/people/{{ref}}/orders"})
    assert rows(list(lookup("rest").look_up(source, Reach(Path()), ref))) == []
