"""Lines of JSON: what is no object is told with its line, and the rest is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.connect.places import faults, read, rows, spec

from filrouge.base.errors import SourceError
from filrouge.connect import Reach, connector


def lay(folder: Path, content: bytes) -> Reach:
    (folder / "people.ndjson").write_bytes(content)
    return Reach(folder)


def lines(**changes: Any) -> Any:
    return spec(
        "ndjson", "people.ndjson", key=["user.id"], map={"source_id": "user.id", "family_name": "nom"}, **changes
    )


def test_what_is_no_object_is_told_with_its_line(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf{"user":{"id":1}}\n\nnot json\n[1]\n{"user":{"id":"2"},"nom":"\xe9"}\n{"user":{"id":3}}'
    chunks = read(lines(), lay(tmp_path, content))
    assert rows(chunks, "user.id") == [(1, "1"), (6, "3")]
    assert faults(chunks) == [(3, "not_json"), (4, "not_an_object"), (5, "not_json")]


def test_numbers_keep_every_digit(tmp_path: Path) -> None:
    content = b'{"user":{"id":12345678901234567890123},"nom":{"a":[1.10,true]}}\n{"user":{"id":1.50},"nom":0.1}\n'
    chunks = read(lines(), lay(tmp_path, content))
    assert rows(chunks, "user.id", "nom") == [
        (1, "12345678901234567890123", '{"a":[1.10,true]}'),
        (2, "1.50", "0.1"),
    ]


def test_the_line_is_kept_as_it_was_received(tmp_path: Path) -> None:
    line = '{ "user": {"id": "1"}, "nom":"D\\u00e9 é" }'
    assert rows(read(lines(), lay(tmp_path, line.encode())), "_received", "nom") == [(1, line, "Dé é")]


def test_a_line_too_long_to_be_held_is_told_and_stepped_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.ndjson.LONGEST", 100)
    chunks = read(lines(), lay(tmp_path, b'{"user":{"id":1}}\n' + b"x" * 1_000 + b'\n{"user":{"id":2}}\n'))
    assert rows(chunks, "user.id") == [(1, "1"), (3, "2")]
    assert faults(chunks) == [(2, "too_long")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>", "web page"),
        (b'[{"user":{"id":1}}]', "one JSON list"),
        (b'[\n{"user":{"id":1}}\n]', "one JSON list"),
        (b'{"user":{"number":1}}\n{"nom":"x"}', "user.id stands in none of the 2 objects"),
    ],
)
def test_another_kind_of_file_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said.replace(".", r"\.")):
        read(lines(), lay(tmp_path, content))


def test_an_identifier_is_wanted_only_of_the_rows_that_are_kept(tmp_path: Path) -> None:
    anonymous = lay(tmp_path, b'{"type":"track","anonymousId":"x"}\n')
    assert len(rows(read(lines(where={"type": ["identify"]}), anonymous), "type")) == 1
    with pytest.raises(SourceError, match="kind stands in none"):
        read(lines(where={"kind": ["identify"]}), anonymous)


def test_discovery_steps_over_what_is_no_json(tmp_path: Path) -> None:
    found = connector("ndjson").discover(lines(), lay(tmp_path, b'nope\n{"user":{"id":1},"nom":null}\n'))
    assert found[0].columns == ("user.id", "nom")


def test_the_public_suite_of_json_texts_never_breaks_a_file(bad_input: Path, tmp_path: Path) -> None:
    good = bad = 0
    for path in sorted((bad_input / "JSONTestSuite/test_parsing").glob("*.json")):
        text = path.read_bytes().replace(b"\n", b" ").replace(b"\r", b" ")
        text = b'{"user":{"id":1},"nom":' + text + b"}"
        chunks = read(lines(), lay(tmp_path, b'{"user":{"id":0}}\n' + text + b"\n"))
        assert rows(chunks, "user.id")[0] == (1, "0")
        taken = sum(chunk.rows.num_rows for chunk in chunks) == 2
        told = len(faults(chunks)) == 1
        assert taken != told, path.name
        if path.name.startswith("y_"):
            good += taken
        if path.name.startswith("n_") and b"\n" not in path.read_bytes():  # a line break would be two lines
            assert told, path.name
            bad += 1
    assert good > 60
    assert bad > 150
