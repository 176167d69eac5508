"""What services ask beyond pages: requests with a body, what is new only, lists inside objects, answers that refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.connect.conftest import Serve
from tests.unit.connect.places import Answer, Web, read, rows, spec
from tests.unit.connect.test_rest import ok, refused

from filrouge.base.errors import DefinitionError
from filrouge.connect import Reach, connector, keeps_cursor

HERE = Reach(Path())
ALL = [{"id": number, "at": f"2026-01-0{number}T10:00:00Z"} for number in range(1, 8)]


def at(web: Web, format: dict[str, Any], **changes: Any) -> Any:
    plain: dict[str, Any] = {"allow_private": True, "map": {"source_id": "id"}, "format": {"items": "data", **format}}
    return spec("rest", f"{web.url}/people", **{**plain, **changes})


def ids(found: Any) -> list[str]:
    return [row[1] for row in rows(found, "id")]


def test_a_page_is_named_inside_the_body_that_is_posted(serve: Serve) -> None:
    def answer(_: str, __: dict[str, str], headers: dict[str, str]) -> Answer:
        assert headers["Content-Type"] == "application/json"
        said = json.loads(web.bodies[-1])
        assert said["query"] == "everybody"
        begin = int(said["variables"].get("after", 0))
        return ok({"data": ALL[begin:][:3], "page": {"end": str(begin + 3), "more": begin < 6}})

    web = serve(answer)
    form = {
        "body": {"query": "everybody", "variables": {"first": 3}},
        "after": {"param": "variables.after", "at": "page.end", "more": "page.more"},
    }
    assert ids(read(at(web, form), HERE)) == [str(one["id"]) for one in ALL]
    assert [json.loads(body)["variables"] for body in web.bodies] == [
        {"first": 3}, {"first": 3, "after": "3"}, {"first": 3, "after": "6"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("since", "cursor", "said"),
    [
        ({"params": {"since": "{cursor}"}}, "abc 1", "abc 1"),
        ({"params": {"since": "{cursor}"}, "as": "iso"}, "2026-01-02T10:00:00.750+0100", "2026-01-02T09:00:00Z"),
        ({"params": {"since": "{cursor}"}, "as": "iso", "back": "1h"}, "2026-01-02 10:00:00", "2026-01-02T08:00:00Z"),
        ({"params": {"since": "{cursor}"}, "as": "unix"}, "1767348000", "1767348000"),
        ({"params": {"since": ">{cursor}"}, "as": "unix_ms"}, "1767348000123", ">1767348000000"),
    ],
)
def test_it_asks_for_what_is_new_as_the_service_writes_it(
    serve: Serve, since: dict[str, Any], cursor: str, said: str
) -> None:
    asked: list[str | None] = []

    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        asked.append(query.get("since"))
        return ok({"data": ALL})

    source = at(serve(answer), {"since": since, "zone": "Europe/Paris"}, cursor="at")
    assert keeps_cursor(source)
    read(source, HERE)
    read(source, HERE, cursor=cursor)
    assert asked == [None, said]


def test_what_is_new_may_be_asked_for_elsewhere_and_with_a_body(serve: Serve) -> None:
    web = serve(lambda *_: ok({"data": ALL}))
    since = {"place": f"{web.url}/search", "body": {"from": {"at": ["{cursor}", 1]}}}
    source = at(web, {"since": since, "per_page": 2}, cursor="at")
    read(source, HERE, cursor="2026-01-02")
    assert web.asked[-1] == "/search"
    assert json.loads(web.bodies[-1]) == {"from": {"at": ["2026-01-02", 1]}}


def test_a_key_does_not_follow_to_another_host_for_what_is_new(serve: Serve) -> None:
    web = serve(lambda *_: ok({"data": ALL}))
    since = {"place": "https://elsewhere.example.com/", "params": {"since": "{cursor}"}}
    told = refused(at(web, {"since": since}, cursor="at"), cursor="5")
    assert "another host" in str(told)


def test_a_last_value_that_is_no_moment_is_told_without_repeating_it(serve: Serve) -> None:
    web = serve(lambda *_: ok({"data": ALL}))
    since = {"params": {"since": "{cursor}"}, "as": "unix"}
    told = refused(at(web, {"since": since}, cursor="at"), cursor="ada@example.com")
    assert "no moment" in str(told)
    assert "ada" not in str(told)
    assert not web.asked


def test_without_a_way_to_ask_for_what_is_new_everything_is_read(serve: Serve) -> None:
    source = at(serve(lambda *_: ok({"data": ALL})), {}, cursor="at")
    assert not keeps_cursor(source)
    assert len(ids(read(source, HERE, cursor="2026-01-05"))) == len(ALL)


def test_the_objects_of_a_list_inside_become_rows_that_know_what_they_stand_in(serve: Serve) -> None:
    orders = [
        {"id": 1, "who": "a", "mail": "a@x.fr", "lines": {"nodes": [{"sku": "p"}, {"sku": "q", "parent": 3}]}},
        {"id": 2, "who": "b", "lines": {"nodes": []}},
        {"id": 3, "who": "c", "lines": None},
    ]
    source = at(
        serve(lambda *_: ok({"data": orders})), {"each": "lines.nodes"}, reads="order_lines", key=["parent.id", "sku"],
        map={"order_ref": "parent.id", "sku": "sku"},
    )  # fmt: skip
    found = read(source, HERE)
    assert rows(found, "parent.id", "sku") == [(1, "1", "p"), (1, "1", "q")]
    assert "a@x.fr" not in "".join(found[0].rows["_received"].to_pylist())  # what is not read is not kept again
    seen = connector("rest").discover(source, HERE)[0]
    assert {"sku", "parent.id", "parent.who"} <= set(seen.columns)


def test_a_list_that_is_in_no_object_is_told(serve: Serve) -> None:
    source = at(
        serve(lambda *_: ok({"data": ALL})), {"each": "lines"}, reads="order_lines", map={"sku": "sku"}, key=["sku"]
    )
    assert "lines stands in none of the 7 objects" in str(refused(source))


def test_steps_into_lists_find_the_last_object_and_the_one_that_says_a_word(serve: Serve) -> None:
    one = {"id": 1, "params": [{"key": "page", "value": {"s": "home"}}, {"key": "n", "value": {"s": None}}]}
    source = at(
        serve(lambda *_: ok({"data": [one]})), {},
        map={"source_id": "id", "city": "params.key=page.value.s", "title": "params.-1.key",
             "phone": "params.key=no.value"},
    )  # fmt: skip
    found = rows(read(source, HERE), "params.key=page.value.s", "params.-1.key", "params.key=no.value")
    assert found == [(1, "home", "n", None)]


def test_a_service_that_says_inside_an_answer_that_it_is_busy_is_asked_again(
    serve: Serve, no_waiting: list[float]
) -> None:
    busy = ok({"errors": [{"extensions": {"code": "THROTTLED"}}], "data": None})
    answers = iter([busy, busy, ok({"data": ALL})])
    form = {"busy": {"at": "errors.0.extensions.code", "words": ["THROTTLED"]}, "fails": "errors"}
    assert len(ids(read(at(serve(lambda *_: next(answers)), form), HERE))) == len(ALL)
    assert len(no_waiting) == 2
    told = refused(at(serve(lambda *_: busy), form))
    assert told.retryable
    assert "it says that it is busy" in str(told)


def test_an_answer_that_says_that_it_failed_is_no_answer(serve: Serve) -> None:
    wrong = ok({"errors": [{"message": "Ada may not"}], "data": ALL})
    told = refused(at(serve(lambda *_: wrong), {"fails": "errors"}))
    assert "answers that it failed" in str(told)
    assert "Ada" not in str(told)


def test_an_empty_list_in_place_of_the_answer_is_no_row(serve: Serve) -> None:
    assert read(at(serve(lambda *_: ok([])), {}), HERE) == []


def test_pages_end_where_the_answer_says_so(serve: Serve) -> None:
    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        begin = int(query.get("cursor", 0))
        return ok({"data": ALL[begin:][:4], "next": str(begin + 4), "over": begin + 4 >= len(ALL)})

    web = serve(answer)
    assert len(ids(read(at(web, {"after": {"param": "cursor", "at": "next"}, "end": "over"}), HERE))) == len(ALL)
    assert len(web.asked) == 2


def test_an_offset_is_written_as_the_service_wants_it(serve: Serve) -> None:
    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        begin, size = map(int, query["limit"].split(","))
        return ok({"data": ALL[begin:][:size]})

    web = serve(answer)
    assert len(ids(read(at(web, {"offset": "limit", "offset_as": "{rows},3"}), HERE))) == len(ALL)


def test_a_key_may_be_the_name_of_an_account_without_password(serve: Serve) -> None:
    seen: list[str] = []

    def answer(_: str, __: dict[str, str], headers: dict[str, str]) -> Answer:
        seen.append(headers["Authorization"])
        return ok({"data": ALL})

    read(at(serve(answer), {}, auth="username", secret="k"), Reach(Path(), "ABC"))
    assert seen == ["Basic QUJDOg=="]


@pytest.mark.parametrize(
    ("format", "fault"),
    [
        ({"since": {"params": {"a": "b"}}}, "{cursor}"),
        ({"since": {"params": {"a": "{cursor}"}, "back": "1h"}}, "`back` counts from a moment"),
        ({"since": {"params": {"a": "{cursor}"}}}, "say with `cursor`"),
        ({"offset": "limit", "offset_as": "3"}, "{rows}"),
    ],
)
def test_faults_of_a_definition_are_told(serve: Serve, format: dict[str, Any], fault: str) -> None:
    with pytest.raises(DefinitionError) as told:
        at(serve(lambda *_: ok({})), format)
    assert fault in str(told.value.faults)
