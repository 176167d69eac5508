"""What Filrouge writes comes back by the same path as it was; what others wrote is never touched."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from filrouge.base.cells import bare, neutral
from filrouge.base.errors import UsageError
from filrouge.connect import Reach, connector, sheets
from filrouge.connect.destinations.files import neutral as neutral_column
from filrouge.connect.own import signed
from filrouge.domain.sources import SourceSpec

MOMENT = datetime(2026, 12, 31, 8, 30)  # noqa: DTZ001 - as a workbook holds it
NAUGHTY = Path(__file__).resolve().parents[4] / "shared/data/bad-input/blns/blns.json"
TRICKY = (
    "=1+1", "'=1+1", "''=1+1", "'t Hooft", "'", "''", "-12,50", "+33 6 39 98 00 01", "@x", "\tx", " =x", "' -1", "0012",
    "81234567800017", "12345678901234567890", "31/12/2026", "12/31/2026", "2026-12-31", "1 234,56", "1,234.56", "1e5",
    "a;b", 'say "hi"', "two\nlines", "two\r\nlines", "é, ü, œ, 東京", "_x0041_", "TRUE", "# not a note",
    " lead", "trail ",
)  # fmt: skip
# what no file of text holds: half a character, NUL, and those that Unicode keeps out of interchange
cells = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufdd0\ufffe\uffff"), max_size=30)


def written(rows: list[list[str]], form: str, folder: Path, *, shielded: bool = True) -> Path:
    """Write rows of two columns as an export or a file of rejects does: a signed column closes each."""
    path = folder / f"ours.{form}"
    put = neutral if shielded else str
    header = [put("name"), put("=second"), signed("why", shielded=shielded)]
    lines = [[*map(put, row), put("because")] for row in rows]
    with path.open("wb") as stream:
        if form == "csv":
            sheets.write_csv(stream, header, lines, delimiter=";", notes=lambda: [["for", "marketing"]])
        else:
            sheets.write_xlsx(stream, header, lines, titles=("a", "b"), folder=folder, notes=lambda: [])
    return path


def read(path: Path, **form: Any) -> list[dict[str, str | None]]:
    kind = "csv" if path.suffix == ".csv" else "excel"
    said = {"delimiter": ";"} | form if kind == "csv" else form
    spec = SourceSpec.parse({
        "source": "x", "kind": kind, "place": path.name, "entity": "e", "brand": "b", "reads": "person_records",
        "format": said, "key": [], "map": {},
    })  # fmt: skip
    chunks = list(connector(kind).read(spec, Reach(path.parent)))
    assert [fault for chunk in chunks for fault in chunk.faults] == []
    rows = [row for chunk in chunks for row in chunk.rows.to_pylist()]
    return [{name: row[name] for name in row if name not in ("_row", "_place")} for row in rows]


def expected(rows: list[list[str]]) -> list[dict[str, str | None]]:
    return [{"name": first or None, "=second": second or None} for first, second in rows]


FORMS = (("csv", True), ("xlsx", True), ("xlsx", False))


@pytest.mark.parametrize(("form", "shielded"), FORMS)
@pytest.mark.parametrize("cell", TRICKY)
def test_a_cell_comes_back_as_it_was(cell: str, form: str, shielded: bool, tmp_path: Path) -> None:
    rows = [["first", cell], [cell, "second"]]
    assert read(written(rows, form, tmp_path, shielded=shielded)) == expected(rows)


@pytest.mark.parametrize(("form", "shielded"), FORMS)
def test_the_strings_that_break_others_come_back(form: str, shielded: bool, tmp_path: Path) -> None:
    if not NAUGHTY.is_file():
        pytest.skip("the list of naughty strings is not beside this repository")
    unfit = {"\ufffe"}  # a mark of byte order, which no file holds as text
    strings = [one for one in json.loads(NAUGHTY.read_text(encoding="utf-8")) if one not in unfit]
    assert len(strings) > 500
    rows = [[str(at), one] for at, one in enumerate(strings)]
    assert read(written(rows, form, tmp_path, shielded=shielded)) == expected(rows)


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_any_text_comes_back_from_a_file(tmp_path_factory: pytest.TempPathFactory, some: list[tuple[str, str]]) -> None:
    rows = [[f"x{first}", second] for first, second in some]
    assert read(written(rows, "csv", tmp_path_factory.mktemp("own"))) == expected(rows)


@given(cells)
def test_an_apostrophe_of_ours_is_taken_away_and_no_other(cell: str) -> None:
    assert bare(neutral(cell)) == cell
    assert not neutral(cell).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_file_that_others_wrote_keeps_its_apostrophes_and_all_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text("name;why\n'=1;Filrouge\n# 5;\n", encoding="utf-8")
    assert read(path) == [{"name": "'=1", "why": "Filrouge"}, {"name": "# 5", "why": None}]


def test_a_definition_says_of_a_list_given_to_a_tool_that_apostrophes_are_ours(tmp_path: Path) -> None:
    told = neutral_column(pa.array(["=2+2", "'=2+2", "'t Hooft"]))
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["name;x", *(f"{cell};1" for cell in told.to_pylist())]), encoding="utf-8-sig")
    assert [row["name"] for row in read(path, shielded=True)] == ["=2+2", "'=2+2", "'t Hooft"]
    assert [row["name"] for row in read(path)] == ["'=2+2", "''=2+2", "'t Hooft"]


def test_both_ways_to_neutralise_a_cell_are_one() -> None:
    plain = [cell for cell in TRICKY if not cell.lstrip().startswith("+")]  # numbers are written 00 for a tool
    assert neutral_column(pa.array(plain)).to_pylist() == [neutral(cell) for cell in plain]


def test_a_cell_too_long_for_a_workbook_is_told_and_never_lost(tmp_path: Path) -> None:
    assert read(written([["a", "x" * 32_767]], "xlsx", tmp_path)) == expected([["a", "x" * 32_767]])
    with pytest.raises(UsageError):
        written([["a", "x" * 32_768]], "xlsx", tmp_path)
    assert read(written([["a", "x" * 40_000]], "csv", tmp_path)) == expected([["a", "x" * 40_000]])


def test_notes_are_no_rows_even_once_a_spreadsheet_padded_them(tmp_path: Path) -> None:
    path = written([["a", "b"]], "csv", tmp_path)
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=";"))
    assert lines[-1] == ["# for", "marketing"]
    padded = "\n".join(";".join([*line, *[""] * (3 - len(line))]) for line in lines)
    path.write_text(padded, encoding="utf-8")
    assert read(path) == expected([["a", "b"]])


def test_a_definition_that_reads_the_signed_column_still_gets_it(tmp_path: Path) -> None:
    path = written([["a", "b"]], "csv", tmp_path)
    why = signed("why", shielded=True)
    spec = SourceSpec.parse({
        "source": "x", "kind": "csv", "place": path.name, "entity": "e", "brand": "b", "reads": "person_records",
        "format": {"delimiter": ";"}, "key": ["name"], "map": {"source_id": "name", "title": why},
    })  # fmt: skip
    (chunk,) = connector("csv").read(spec, Reach(tmp_path))
    assert chunk.rows[why].to_pylist() == ["because"]


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("2026-12-31", "date", date(2026, 12, 31)), ("2026-12-31 08:30:00", "timestamp", MOMENT),
        ("31/12/2026", "date", "31/12/2026"), ("2026-02-31", "date", "2026-02-31"),
        ("1899-12-31", "date", "1899-12-31"),
        ("12.5", "decimal", 12.5), ("-3", "int64", -3), ("12.50", "decimal", "12.50"), ("12,5", "decimal", "12,5"),
        ("0012", "int64", "0012"), ("1e5", "decimal", "1e5"), ("1234567890123456789", "int64", "1234567890123456789"),
        ("2026-12-31", "string", "2026-12-31"), ("12.5", "string", "12.5"), ("", "date", ""),
    ],
)  # fmt: skip
def test_a_cell_is_a_date_or_a_number_where_it_comes_back_letter_for_letter(
    text: str, kind: str, shown: sheets.Cell, tmp_path: Path
) -> None:
    assert sheets.cell(text, kind) == shown
    assert type(sheets.cell(text, kind)) is (float if isinstance(shown, int) else type(shown))
    path = tmp_path / "x.xlsx"
    with path.open("wb") as stream:
        header = ["name", signed("why", shielded=False)]
        lines = [[sheets.cell(text, kind), "because"]]
        sheets.write_xlsx(stream, header, lines, titles=("a", "b"), folder=tmp_path, notes=lambda: [["found", 3]])
    assert read(path) == [{"name": text or None}]


@pytest.mark.parametrize(("sign", "text"), [(".", "1234.567"), (",", "1234,567")])
def test_a_number_of_a_workbook_is_what_it_is_whatever_the_decimal_sign(sign: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name", "second"])
        sheet.write_row(1, 0, [1234.567, 0.0000001])
    small = "0.0000001".replace(".", sign)
    assert read(path, decimal=sign) == [{"name": text, "second": small}]
