"""How an unknown file is written is found from its bytes, or told in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from filrouge.base.errors import SourceError, UsageError
from filrouge.connect.guess import conventions, detected


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


def test_a_few_wrong_letters_do_not_make_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"Nom;Ville\n" + "Élodie;Orléans\n".encode() * 50 + "Zoé;Nîmes\n".encode("cp1252"))
    encoding = detected(path).told[0]
    assert (encoding.value, encoding.sure, encoding.evidence["wrong"]) == ("utf-8", False, 2)
    path.write_bytes(b"Nom;Ville\n" + "Zoé;Nîmes\n".encode("cp1252") * 50)
    assert (detected(path).told[0].value, detected(path).told[0].sure) == ("cp1252", True)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("'nom';'ville'\n" + "'Zoé';'Nîmes; la Romaine'\n" * 5, {"quote": "'", "delimiter": ";"}),
        ("Nom,Avis\nZoé,l'été\nAda,d'accord\n", {"delimiter": ","}),
        ("a,b,c\n" + "1,2,3\n1,2\n1,2,3,4\n" * 20, {"delimiter": ",", "header_row": 1}),
        ("nom,tel,tel\nZoé,06,07\n", {"header_row": 1}),
        ("q1,q2,q12\nx,y,z\n", {"header_row": 1}),
        ("a,b\rx,y\r", {"delimiter": ",", "header_row": 1}),
        ("Rapport du mois,,\n,,\nnom,ville,mail\nZoé,Nîmes,z@e.fr\n", {"header_row": 3}),
    ],
)
def test_ways_of_writing_are_found(tmp_path: Path, text: str, form: dict[str, object]) -> None:
    found = detected(written(tmp_path / "a.csv", text)).form
    assert {name: found.get(name) for name in form} == form


def test_what_is_given_is_not_looked_for(tmp_path: Path) -> None:
    found = detected(written(tmp_path / "a.csv", "a;b\n1;2\n"), {"delimiter": ",", "header_row": 2, "quote": ""})
    assert (found.form["delimiter"], found.form["header_row"], found.form["quote"]) == (",", 2, "")
    assert [one.what for one in found.told if one.given] == ["delimiter", "quote", "header_row"]


def test_a_cell_beyond_all_length_is_no_fault_of_ours(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b\nx,y\n" + "z" * 300_000 + ",w\n")
    assert detected(path).form["header_row"] == 1
