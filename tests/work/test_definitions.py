"""A definition written badly is told where, in bounded time, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from filrouge.base.errors import UsageError
from filrouge.domain import segments
from filrouge.work import definitions

pytestmark = pytest.mark.lake

LISTS = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (letter, letter, b", ".join([b"*%c" % (letter - 1)] * 9)) for letter in b"bcdefgh"
)
MERGED = b"a: &a {x: 1}\n" + b"".join(
    b"%c: &%c {<<: [%s]}\n" % (letter, letter, b", ".join([b"*%c" % (letter - 1)] * 9)) for letter in b"bcdefgh"
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a: [1", "line 1"),
        (b"a: 1\nb: 2\na: 3\n", "line 3"),
        (b"a: {b: 1, b: 2}", "line 1"),
        (b"a: " + b"[" * 5_000, "not YAML"),
        (b"\tb: 1", "line 1"),
        (b"caf\xe9: 1", "not YAML"),
        (b"a: !!python/object:os.system {}", "line 1"),
        (LISTS, "not YAML"),
        (MERGED, "not YAML"),
        (b"a: &a [*a]", "not YAML"),
        (b"x: 1\n" + b"# long\n" * 200_000, "too large"),
    ],
)
def test_what_is_no_definition_is_said_with_its_place(text: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_bytes(text)
    with pytest.raises(UsageError) as refused:
        definitions.read(path)
    assert told in refused.value.message
    assert "one.yaml" in refused.value.message


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        definitions.read(tmp_path / "none.yaml")


def test_names_said_in_two_places_and_merged_keys_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("base: &base {x: 1}\none: {<<: *base, y: 2}\ntwo: {x: 3}\n", encoding="utf-8")
    assert definitions.read(path)["one"] == {"x": 1, "y": 2}


def test_a_name_is_text_as_it_is_written_whatever_yaml_takes_it_for(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("{on: events, no: 1, yes: true, 3: on}")
    assert definitions.read(file) == {"on": "events", "no": 1, "yes": True, 3: True}


def test_the_segment_of_the_documentation_is_one_as_it_stands_there(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "segments.md").read_text()
    file = tmp_path / "no-contact.yaml"
    file.write_text(page.partition("```yaml\n")[2].partition("```")[0])
    spec = segments.parse(definitions.read(file)["spec"])
    assert len(spec.rules) == 3
