"""The ways in which pages follow: by number, offset, word or address; each ends, or is told of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.connect.conftest import Serve
from tests.unit.connect.places import Answer, read, rows
from tests.unit.connect.test_rest import at, ok, refused

from filrouge.base.errors import DefinitionError
from filrouge.connect import Reach

ALL = [{"id": number} for number in range(1, 8)]


def ids(source: Any) -> list[str]:
    return [found[1] for found in rows(read(source, Reach(Path())), "id")]


EVERYBODY = [str(one["id"]) for one in ALL]


def test_pages_follow_by_offset_as_many_rows_as_came(serve: Serve) -> None:
    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        begin = int(query["skip"])
        return ok({"data": ALL[begin : begin + min(3, int(query["limit"]))]})  # fewer than asked for

    web = serve(answer)
    assert ids(at(web, offset="skip", per_page={"limit": 100})) == EVERYBODY
    assert [path.split("skip=")[1] for path in web.asked] == ["0", "3", "6", "7"]


def test_pages_may_be_counted_from_0(serve: Serve) -> None:
    web = serve(lambda _, query, __: ok({"data": ALL[int(query["p"]) * 4 :][:4]}))
    assert ids(at(web, page="p", first_page=0)) == EVERYBODY


@pytest.mark.parametrize("last", [None, "", False])
def test_pages_follow_by_a_word_in_the_body(serve: Serve, last: Any) -> None:
    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        begin = int(query.get("cursor", "a0")[1:])
        return ok({"data": ALL[begin:][:3], "meta": {"next": f"a{begin + 3}" if begin < 6 else last}})

    web = serve(answer)
    assert ids(at(web, after={"param": "cursor", "at": "meta.next"}, per_page=3)) == EVERYBODY
    assert web.asked[1] == "/people?per_page=3&cursor=a3"


def test_a_word_that_is_always_there_ends_where_the_answer_says_that_nothing_follows(serve: Serve) -> None:
    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        begin = int(query.get("since", 0))
        return ok({"data": ALL[begin:][:3], "last": begin + 3, "has_more": begin < 6})

    assert ids(at(serve(answer), after={"param": "since", "at": "last", "more": "has_more"})) == EVERYBODY


def test_a_word_that_stays_the_same_on_an_empty_page_is_the_end_and_else_a_circle(serve: Serve) -> None:
    form = {"param": "c", "at": "next"}
    tail = serve(lambda _, query, __: ok({"data": [] if query.get("c") else ALL, "next": "end"}))
    assert ids(at(tail, after=form)) == EVERYBODY
    numbers = iter(range(1_000))
    circle = serve(lambda *_: ok({"data": [{"id": next(numbers)}], "next": "same"}))
    assert "the same one again and again" in str(refused(at(circle, after=form)))
    assert len(circle.asked) == 2


def test_a_page_that_comes_twice_under_other_words_is_told(serve: Serve) -> None:
    numbers = iter(range(1_000))
    two = serve(lambda *_: ok({"data": ALL[:3] if (number := next(numbers)) % 2 else ALL[3:], "next": str(number)}))
    assert "the same one again and again" in str(refused(at(two, after={"param": "c", "at": "next"})))
    assert len(two.asked) == 3


def test_pages_follow_by_a_link_header(serve: Serve) -> None:
    def answer(path: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        begin = int(query.get("from", 0))
        links = [f'<{path}?from=0>; rel="first", <{path}?from={begin + 3}&a=1,2>; title="x"; rel="NEXT last"']
        return 200, ({"Link": links[0]} if begin < 6 else {"Link": '</people>; rel="first"'}), body(ALL[begin:][:3])

    def body(items: Any) -> bytes:
        return json.dumps({"data": items}).encode()

    assert ids(at(serve(answer), link=True)) == EVERYBODY
    bare = serve(lambda *_: (200, {"Link": "<>;;, nonsense"}, body(ALL)))
    assert ids(at(bare, link=True)) == EVERYBODY


@pytest.mark.parametrize("after", ["http://other.example/x", "https://127.0.0.1/x", "http://u:p@HOST/x", "http://[x"])
def test_a_link_to_another_host_gets_neither_a_request_nor_the_key(serve: Serve, after: str) -> None:
    web = serve(lambda *_: (200, {"Link": f'<{after.replace("HOST", web.url[7:])}>; rel="next"'},
                            json.dumps({"data": ALL}).encode()))  # fmt: skip
    assert "another host" in str(refused(at(web, link=True), "s3cret"))
    assert len(web.asked) == 1


def test_a_failure_half_way_through_offsets_gives_no_whole_run(serve: Serve, no_waiting: list[float]) -> None:
    web = serve(lambda _, query, __: (500, {}, b"") if query["skip"] != "0" else ok({"data": ALL}))
    told = refused(at(web, offset="skip"))
    assert "500, 5 times" in str(told)
    assert "Nothing was imported" in told.hint


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"page": "p", "next": "links.next"}, "pages follow in one way: choose between next, page"),
        ({"offset": "o", "link": True}, "choose between offset, link"),
        ({"after": {"param": "c"}}, "after.at"),
        ({"page": "p", "first_page": -1}, "first_page"),
    ],
)
def test_pages_that_cannot_follow_so_are_told_with_the_definition(
    serve: Serve, form: dict[str, Any], fault: str
) -> None:
    web = serve(lambda *_: ok({"data": []}))
    with pytest.raises(DefinitionError) as told:
        at(web, **form)
    assert any(fault in one for one in told.value.faults)
