"""What an event tells, as a row: who it names, what was seen, and the rest byte for byte."""

from __future__ import annotations

import json

import pytest

from filrouge.domain.events.row import identifier, told


def encoded(**said: object) -> bytes:
    return json.dumps(said).encode()


@pytest.mark.parametrize("word", ["", " ", "0", "000-00", "-1", "null", "None", "undefined", "Anonymous", "NaN"])
def test_a_word_that_names_nobody_is_nobody(word: str) -> None:
    assert identifier(word) == ""


def test_ids_are_texts_and_whole_numbers_lose_their_point() -> None:
    assert [identifier(said) for said in (42, 42.0, " u1 ", None, 0)] == ["42", "42", "u1", "", ""]


def test_a_track_is_named_by_its_event_and_a_page_by_its_name() -> None:
    assert told("track", encoded(event="Paid", name="x", userId="u")).name == "Paid"
    page = told("page", encoded(name="Home", anonymousId="a", properties={"path": "/h", "title": "T", "topic": "news"}))
    assert (page.name, page.url, page.title, page.topic, page.anonymous) == ("Home", "/h", "T", "news", "a")


def test_where_a_page_stands_is_read_from_the_context_when_properties_do_not_say() -> None:
    seen = told("page", encoded(anonymousId="a", context={"page": {"url": "https://e.org/x", "title": "T"}}))
    assert (seen.url, seen.title) == ("https://e.org/x", "T")


def test_properties_are_kept_letter_for_letter() -> None:
    raw = b'{"userId":"u","event":"e","properties":{"n":1.50,"big":12345678901234567890,"t":"\\u00e9"}}'
    assert told("track", raw).properties == '{"n":1.50,"big":12345678901234567890,"t":"\\u00e9"}'


def test_what_is_said_for_a_batch_gives_way_to_what_an_event_says() -> None:
    seen = told(
        "track", encoded(event="e", userId="u", context={"locale": "fr"}),
        context=b'{"locale":"en","ip":"1"}', integrations=b'{"All":true,"X":false}',
    )  # fmt: skip
    assert json.loads(seen.context or "") == {"locale": "fr", "ip": "1", "integrations": {"All": True, "X": False}}


def test_traits_come_from_identify_and_from_the_context_of_the_others_but_never_from_a_group() -> None:
    assert told("identify", encoded(userId="u", traits={"email": "a"})).traits == {"email": "a"}
    assert told("track", encoded(userId="u", event="e", context={"traits": {"email": "b"}})).traits == {"email": "b"}
    group = told("group", encoded(userId="u", groupId="g", traits={"name": "Firm"}))
    assert group.traits == {}
    assert json.loads(group.properties or "") == {"name": "Firm", "groupId": "g"}
