"""How an unknown file is written is found from its bytes, or told in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from filrouge.base.errors import SourceError, UsageError
from filrouge.connect.guess import conventions


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(";", "cp1252"), (",", "utf-8"), ("\t", "utf-8-sig"), ("|", "utf-8"), (";", "utf-16")]
)
def test_delimiter_and_encoding_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [["Prénom", "Nom", "Adresse"], ["Élodie", "Dupré", '"4, rue; du | Bac"'], ["Jean", "Noël", "6 quai"]]
    path = written(tmp_path / "a.csv", "\n".join(delimiter.join(row) for row in rows), encoding)
    kind, form = conventions(path)
    assert kind == "csv"
    assert form["delimiter"] == delimiter
    assert form["encoding"] == encoding.removesuffix("-sig")
    assert form["header_row"] == 1


def test_lines_above_the_names_are_stepped_over(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "Export of 3 November\n\nname;mail;phone\nAda;ada@example.com;0639981234\n")
    assert conventions(path)[1]["header_row"] == 3


def test_a_file_without_names_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "Ada;ada@example.com;0639981234\nGus;gus@example.com;0639981235\n")
    with pytest.raises(SourceError, match="no row of column names"):
        conventions(path)
    assert conventions(path, header_row=1)[1]["header_row"] == 1, "unless its author says so"


def test_the_largest_sheet_of_a_workbook_is_read(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    book.add_worksheet("Read me").write_row(0, 0, ["Do not move the columns"])
    sheet = book.add_worksheet("People")
    for at, row in enumerate([["Fair of 2026"], [], ["Name", "E-mail"], ["Ada", "ada@example.com"], ["Gus", "g@e.fr"]]):
        sheet.write_row(at, 0, row)
    book.close()
    assert conventions(tmp_path / "a.xlsx") == ("excel", {"sheet": "People", "header_row": 3})


def test_a_file_that_no_connector_reads_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.pdf are not read.*\.csv"):
        conventions(written(tmp_path / "a.pdf", "%PDF"))
    with pytest.raises(SourceError, match="cannot be opened"):
        conventions(written(tmp_path / "a.xlsx", "not a workbook"))
