"""What a sender says is read event by event: kept byte for byte, or set aside with a reason, none tainting another."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.events import REASONS, Batch, Received, Unreadable, parse
from filrouge.domain.events.parse import write_key

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOSTILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "bad-input"
PAGE = {"type": "page", "userId": "u-1", "messageId": "m-1"}


def batch(*events: Any, **beside: Any) -> bytes:
    return json.dumps({"batch": list(events), **beside}).encode()


def read(body: bytes) -> Batch:
    return parse(body, kind="batch", received=NOW)


def code(event: Received) -> str:
    return event.reason.code if event.reason else ""


def alone(body: bytes, kind: str = "track") -> Received:
    (event,) = parse(body, kind=kind, received=NOW).events
    return event


def test_a_batch_keeps_each_event_as_it_was_sent() -> None:
    spaced = (
        b'{ "batch" : [ {"type": "track","event":"Read" , "userId" : 7} ,{"type":"page","anonymousId":"a"}],'
        b' "sentAt":null }'
    )
    found = read(spaced)
    assert [event.body for event in found.events] == [
        b'{"type": "track","event":"Read" , "userId" : 7}', b'{"type":"page","anonymousId":"a"}',
    ]  # fmt: skip
    assert [code(event) for event in found.events] == ["", ""]
    assert len({event.message_id for event in found.events}) == 2, "whoever gives no id is given one"


def test_what_a_batch_says_for_all_comes_along_as_it_was_sent() -> None:
    found = read(b'{"context":{"ip": "192.0.2.1"},"batch":[{"type":"page","userId":"u"}],"integrations":{"All":true}}')
    assert (found.context, found.integrations) == (b'{"ip": "192.0.2.1"}', b'{"All":true}')


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "track", "userId": "u"}, "event_missing"),
        ({"type": "page"}, "nobody"),
        ({"type": "page", "userId": "  "}, "nobody"),
        ({"type": "page", "userId": None, "anonymousId": "a"}, ""),
        ({"type": "page", "userId": 42}, ""),
        ({"userId": "u"}, "type_missing"),
        ({"type": "Track", "userId": "u", "event": "x"}, "type_unknown"),
        ({"type": "group", "userId": "u"}, "group_missing"),
        ({"type": "alias", "userId": "u"}, "previous_missing"),
        ({"type": "page", "userId": ["u"]}, "field_wrong"),
        ({"type": "page", "userId": "u", "properties": "none"}, "field_wrong"),
        ({"type": "page", "userId": "u", "messageId": "x" * 101}, "message_id_too_long"),
        ({"type": "page", "userId": "u", "timestamp": "yesterday"}, "time_unreadable"),
        ({"type": "page", "userId": "u", "sentAt": "soon"}, "time_unreadable"),
        ({"type": "page", "userId": "u", "timestamp": "1970-01-01T00:00:00Z"}, "time_unlikely"),
        ({"type": "page", "userId": "u", "properties": {"x": "y" * 33_000}}, "too_large"),
        ({"type": "page", "userId": "u", "properties": {str(n): 1 for n in range(10_001)}}, "too_large"),
        ("page", "not_an_object"), (None, "not_an_object"), ([], "not_an_object"),
    ],
)  # fmt: skip
def test_one_faulty_event_is_set_aside_and_its_neighbours_are_not(event: Any, expected: str) -> None:
    found = read(batch(PAGE, event, {**PAGE, "messageId": "m-2"})).events
    assert [code(found[0]), code(found[2])] == ["", ""]
    assert code(found[1]) == expected
    assert found[1].body == json.dumps(event).encode()
    if found[1].reason:
        assert "{" not in str(found[1].reason)


def test_a_fault_names_the_field_and_what_it_should_be() -> None:
    (event,) = read(batch({"type": "page", "userId": {"no": 1}})).events
    assert str(event.reason) == "The field userId should be int | float | str | null."


def test_every_reason_has_its_sentence() -> None:
    for sentence in REASONS.values():
        assert sentence.endswith(".")


def test_half_a_letter_and_nul_set_one_event_aside() -> None:
    body = (
        rb'{"batch":[{"type":"page","userId":"\ud83d"},{"type":"page","userId":"a","name":"\ud83d\ude00 \\ud83d"},'
        rb'{"type":"page","userId":"\u0000"}]}'
    )
    found = read(body).events
    assert [code(event) for event in found] == ["letters_unkept", "", "letters_unkept"]
    assert found[0].body == rb'{"type":"page","userId":"\ud83d"}'


def test_what_is_nested_too_deep_is_set_aside_and_brackets_in_words_are_not_counted() -> None:
    deep = '{"type":"page","userId":"u","properties":{"x":' + "[" * 300 + "]" * 300 + "}}"
    flat = json.dumps({**PAGE, "properties": {"x": "[{" * 300, "y": [[n] for n in range(300)]}})
    found = read(f'{{"batch":[{deep},{flat}]}}'.encode()).events
    assert [code(event) for event in found] == ["too_deep", ""]


def test_however_deep_one_event_is_the_others_are_kept() -> None:
    for levels in (900, 1_200, 15_000):
        deep = (
            b'{"type":"page","userId":"u","messageId":"deep","properties":{"x":' + b"[" * levels + b"]" * levels + b"}}"
        )
        found = read(b'{"sentAt":null,"batch":[' + deep + b', {"type":"page","userId":"u"} ]}').events
        assert [code(event) for event in found] == ["too_deep", ""]
        assert (found[0].body, found[0].message_id, found[0].kind) == (deep, "deep", "page")
        assert code(alone(deep)) == "too_deep"
    with pytest.raises(Unreadable):
        read(b'{"batch":[' + b"[" * 5_000 + b"]" * 4_999 + b',{"type":"page","userId":"u"}]}')


def test_what_is_set_aside_keeps_its_id_so_that_it_is_known_when_it_comes_again() -> None:
    for fault in ({"userId": ["u"]}, {"name": "\ud83d"}, {"properties": {"x": "y" * 40_000}}):
        (event,) = read(batch({"messageId": "m-9", "type": "page", "userId": "u", **fault})).events
        assert event.reason is not None
        assert (event.message_id, event.kind) == ("m-9", "page")


@pytest.mark.parametrize(
    "beside", [b'"context":5', b'"context":{"x":"\\u0000"}', b'"integrations":' + b"[" * 300 + b"]" * 300,
               b'"context":{"x":"' + b"y" * 40_000 + b'"}', b'"context":{"x":"\\ud83d"}'],
)  # fmt: skip
def test_what_is_wrong_beside_the_events_sets_them_aside_and_loses_none(beside: bytes) -> None:
    found = read(b"{" + beside + b',"batch":[{"type":"page","userId":"u"}]}').events
    assert [bool(event.reason) for event in found] == [True]


def test_two_batches_in_one_body_are_refused_and_the_word_in_an_event_is_not() -> None:
    with pytest.raises(Unreadable):
        read(b'{"batch":[{"type":"page","userId":"u"}],"batch":[{"type":"page","userId":"v"}]}')
    found = read(
        b'{"context":{"batch":[1,2]},"batch":[{"type":"track","event":"batch","userId":"u","properties":{"batch":[3]}}]}'
    )
    assert [code(event) for event in found.events] == [""]


def test_a_request_of_a_million_events_is_refused_at_once() -> None:
    with pytest.raises(Unreadable) as refused:
        read(b'{"batch":[' + b",".join([b"0"] * 1_000_000) + b"]}")
    assert refused.value.code == "too_many"


ODD = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-05:00",
    "9999-12-31T23:59:59Z",
    1e300,
    -1e300,
    pytest.param(10**400, id="400 digits"),  # JSON has whole numbers of any length, and no division takes them
    pytest.param(-(10**400), id="minus 400 digits"),
]


@pytest.mark.parametrize("said", ODD)
@pytest.mark.parametrize("sent", [None, "2027-01-01T00:00:00Z", *ODD])
def test_no_date_however_odd_stops_a_batch(said: Any, sent: Any) -> None:
    for body in (
        batch({**PAGE, "timestamp": said}, PAGE, sentAt=sent),
        batch({**PAGE, "timestamp": said, "sentAt": sent}, PAGE),
    ):
        one, other = read(body).events
        assert one.at <= NOW
        assert code(other) == ""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "not_json"), (b"{", "not_json"), (b'{"batch":[]}', "batch_empty"), (b"[]", "not_a_batch"),
        (b'{"batch":{}}', "not_a_batch"), (b'{"events":[]}', "not_a_batch"), (b"\xff\xfe{}", "not_utf8"),
        (b'{"batch":[NaN]}', "not_json"), (b'{"batch":[' + b"[" * 100_000, "too_deep"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_batch_is_refused_whole(body: bytes, expected: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(body)
    assert refused.value.code == expected


def test_a_batch_beyond_the_most_keeps_the_first_and_says_so_of_the_rest() -> None:
    found = read(batch(*({**PAGE, "messageId": str(n)} for n in range(2_502)))).events
    assert [code(event) for event in found[2_499:]] == ["", "beyond_batch", "beyond_batch"]


def test_the_address_says_the_type_of_a_single_event() -> None:
    event = alone(b' {"userId":"u","event":"Bought","type":"page"} ')
    assert (event.kind, code(event), event.body) == ("track", "", b'{"userId":"u","event":"Bought","type":"page"}')


AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "sent", "expected"),
    [
        (None, None, NOW),
        ("2026-03-01T08:00:00Z", None, AT),
        ("2026-03-01T09:00:00.000+01:00", None, AT),
        ("2026-03-01T08:00:00", None, AT),
        (int(AT.timestamp() * 1000), None, AT),
        ("2031-03-01T08:00:00Z", "2031-03-01T08:00:05Z", NOW - timedelta(seconds=5)),  # five years ahead
        ("1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z", NOW - timedelta(minutes=1)),  # a clock that was never set
        ("2026-03-02T12:00:10Z", "2026-03-02T12:00:00Z", NOW),  # sent before it happened
        ("2031-03-01T08:00:00Z", None, NOW),  # never after it was received
    ],
)
def test_when_it_happened_is_told_by_the_senders_clock_put_right(said: Any, sent: Any, expected: datetime) -> None:
    event = {**PAGE, "timestamp": said}
    (found,) = read(batch(event, sentAt=sent)).events
    assert (found.at, code(found)) == (expected, "")
    (found,) = read(batch({**event, "sentAt": sent})).events
    assert found.at == expected


def test_the_write_key_of_a_body_is_found_and_its_absence_is_nothing() -> None:
    assert write_key(b'{"writeKey":"k","batch":[]}') == "k"
    for odd in (b'"\\ud83d"', b"[" * 2_000 + b"]" * 2_000):
        assert write_key(b'{"properties":{"q":' + odd + b'},"writeKey":"k"}') == "k"
    for body in (b"{}", b"[]", b'{"writeKey":5}', b"\xff", b"[" * 100_000):
        assert write_key(body) == ""


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, min_size=1, max_size=6), st.booleans())
def test_whatever_is_sent_each_event_comes_back_byte_for_byte_with_a_verdict(events: list[Any], ascii_: bool) -> None:
    try:
        written = [json.dumps(event, ensure_ascii=ascii_).encode() for event in events]
    except UnicodeEncodeError:  # half of a letter has no bytes of its own
        return
    found = read(b'{"batch":[' + b", ".join(written) + b"]}").events
    assert [event.body for event in found] == written
    assert all(event.message_id and event.at <= NOW for event in found)


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the shared data is not here")
def test_the_json_test_suite_is_taken_as_it_should_be() -> None:
    files = sorted((HOSTILE / "JSONTestSuite" / "test_parsing").glob("[yn]_*.json"))
    assert len(files) > 280
    for file in files:
        body = file.read_bytes()
        if file.name.startswith("n_"):
            with pytest.raises(Unreadable):
                parse(body, kind="track", received=NOW)
            continue
        event = b'{"type":"page","userId":"u","properties":{"v":' + body + b"}}"
        one, other = read(b'{"batch":[' + event + b',{"type":"page","userId":"u"}]}').events
        assert one.body == event, file.name
        assert code(one) in ("", "letters_unkept"), file.name
        assert code(other) == ""


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize(
    "field", ["type", "event", "name", "userId", "anonymousId", "messageId", "timestamp", "sentAt", "groupId"]
)
def test_naughty_strings_come_back_byte_for_byte_in_every_field(field: str) -> None:
    (file,) = (HOSTILE / "blns").glob("*.json")
    strings = json.loads(file.read_bytes())
    assert len(strings) > 500
    for ascii_ in (True, False):
        bodies = [
            json.dumps({"type": "track", "event": "x", "userId": "u", field: said}, ensure_ascii=ascii_).encode()
            for said in strings
        ]
        found = [event for body in bodies for event in read(b'{"batch":[' + body + b"]}").events]
        assert [event.body for event in found] == bodies
        if field in ("event", "name", "userId", "anonymousId", "groupId"):
            assert sum(code(event) == "" for event in found) > 490
