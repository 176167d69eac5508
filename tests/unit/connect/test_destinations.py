"""What destinations make of a lot: files that open safely, answers read row by row, folders that are allowed."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook

from filrouge.base.errors import DefinitionError, DestinationError
from filrouge.connect.destinations import Lot, Parcel, Reach, destination
from filrouge.connect.destinations.files import neutral
from filrouge.connect.destinations.rest import answered
from filrouge.domain.pushes import DestinationSpec

PARCEL = Parcel("news", "0190a000-0000-7000-8000-000000abcdef", datetime(2026, 11, 26, 10, tzinfo=UTC), ("id", "phone"))


def spec(**said: Any) -> DestinationSpec:
    return DestinationSpec.parse({"kind": "folder", "place": "desk", **said})


def lot(*rows: tuple[str, str | None, str | None, str | None]) -> Lot:
    columns = dict(zip(("action", "key", "id", "phone"), zip(*rows, strict=True), strict=True))
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return Lot(1, len(rows), lambda: iter([table]))


def test_no_cell_of_a_file_begins_a_formula_and_numbers_stay_numbers() -> None:
    told = neutral(pa.array(["=1+1", " +cmd", "-2", "@x", "\tx", "+33 6 12", "Ada", "", None]))
    assert told.to_pylist() == ["'=1+1", "' +cmd", "'-2", "'@x", "'\tx", "0033 6 12", "Ada", "", ""]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_of_changes_says_what_to_do_with_each_row(tmp_path: Path, form: str) -> None:
    reach = Reach((tmp_path,), scratch=tmp_path)
    with destination("folder").open(spec(form=form), reach, PARCEL) as line:
        line.send(lot(("remove", "a", None, None), ("add", "b", "b", "+33612345678")))
    (file,) = (tmp_path / "desk").iterdir()
    assert file.name == f"news-20261126T100000Z-abcdef-1.{form}"
    if form == "csv":
        text = file.read_bytes()
        assert text.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig")), delimiter=";"))
    else:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(file.read_bytes())).get_sheet_by_index(0).to_python()
    assert rows == [["action", "key", "id", "phone"], ["remove", "a", "", ""], ["add", "b", "b", "0033612345678"]]


def test_a_name_that_somebody_put_in_the_way_is_not_written_through(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    folder = tmp_path / "drops" / "desk"
    folder.mkdir(parents=True)
    (folder / ".news-20261126T100000Z-abcdef-1.csv.part").symlink_to(elsewhere)
    with destination("folder").open(spec(), Reach((tmp_path / "drops",)), PARCEL) as line:
        line.send(lot(("add", "b", "b", "")))
    assert elsewhere.read_text() == "mine"


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "desk").write_text("a file")
    with pytest.raises(DestinationError, match="no folder"):
        destination("folder").check(spec(), Reach((tmp_path,)))


@pytest.mark.parametrize(
    ("answer", "how", "refused", "unsure"),
    [
        (None, "lot", {}, []),
        ({}, "lot", {}, []),
        ({"failed": [{"row": 1, "reason": "no"}]}, "lot", {1: "no"}, []),
        ({"failed": [{"index": 1, "error": "no"}]}, "lot", {1: "no"}, []),
        ({"failed": 2}, "lot", {}, [0, 1, 2]),
        ({"failed": ["somebody"]}, "lot", {}, [0, 1, 2]),
        ({"failed": [{"row": 9}]}, "lot", {}, [0, 1, 2]),
        ({"rows": [{"ok": True}, {"ok": False, "reason": "no"}, {"ok": True}]}, "rows", {1: "no"}, []),
        ({"rows": [{"ok": True}]}, "rows", {}, [1, 2]),
        ({"rows": [{"status": 200}, {"status": 422}, {"status": "created"}]}, "rows", {1: ""}, []),
        ({"rows": [{"ok": "yes"}, {"status": "error"}]}, "lot", {0: "", 1: ""}, []),
        ([], "rows", {}, [0, 1, 2]),
    ],
)  # fmt: skip
def test_nothing_that_an_answer_does_not_say_is_taken_as_confirmed(
    answer: Any, how: str, refused: dict[int, str], unsure: list[int]
) -> None:
    told = answered(answer, 3, how)
    assert told == (refused, dict.fromkeys(unsure, ""))


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "ftp", "place": "x"},
        {"kind": "rest", "place": "drops/x"},
        {"kind": "rest", "place": "https://me:secret@tool.example.com/"},
        {"kind": "rest", "place": "https://tool.example.com/", "secret": "k", "auth": "header"},
        {"kind": "rest", "place": "https://tool.example.com/", "secret": "k", "auth": "basic"},
        {"kind": "rest", "place": "https://tool.example.com/", "lot": 0},
        {"kind": "folder", "place": "x\0y"},
        {"kind": "folder", "place": "x", "colour": "red"},
    ],
)
def test_a_definition_with_a_fault_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        DestinationSpec.parse(said)
