"""The road of a file by command: brought, read, told, tried, corrected in a file, imported, undone; as in the console."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import yaml
from tests import state
from tests.work.test_drafts import worked
from tests.world import World, person
from typer.testing import CliRunner

from filrouge.store.models import SourceDraft

pytestmark = pytest.mark.lake

ROWS = [
    ("Export du 12/11/2026",),
    ("Salon d'été ; fichier des adhérents",),
    (),
    ("N° fiche", "Prénom", "Nom", "Courriel", "Né le", "Adresse", "Accord"),
    ("1", "Élodie", "Dupré", "elodie@example.com", "03/04/1980", "12 rue du Port ; bât. B", "oui"),
    ("2", "Jean", "Noël", "jean@example.com", "31/02/1990", "3 quai Sud", "non"),
    ("3", "Awa", "Diop", "awa@example.com", "21/12/1971", "", ""),
    ("", "Sans", "Clé", "sans@example.com", "01/01/1980", "5 cours Est ; appt. 3", "oui"),
    *((str(n), "Paul", f"Durand-{n}", f"paul{n}@example.com", f"{n:02}/0{n % 9 + 1}/1970", "", "oui") for n in range(4, 16)),
]  # fmt: skip


def workbook(path: Path) -> Path:
    """Write a workbook as somebody who prepares nothing does: titles above the table, dates as text, ; in cells."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Feuille 1")
        for at, row in enumerate(ROWS):
            for column, text in enumerate(row):
                sheet.write_string(at, column, text)
    return path


def ran(*words: str, code: int = 0) -> Any:
    """Run ``filrouge draft …`` and return what it printed as JSON, or the sentence that refused it."""
    from filrouge.base.errors import FilrougeError
    from filrouge.cli import app, gather

    gather()
    done = CliRunner().invoke(app, ["draft", *words])
    if code:
        assert isinstance(done.exception, FilrougeError), done.output
        assert done.exception.exit_code == code
        return str(done.exception)
    assert done.exception is None or done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout) if "--json" in words else done.stdout


def consenting(key: str, path: Path) -> Path:
    """Write the definition of a draft changed by hand: its last column is a consent, its rows are named by number."""
    data = yaml.safe_load(ran("columns", key))
    assert "place" not in data
    data["key"] = ["N° fiche"]
    data["map"]["source_id"] = {"column": "N° fiche"}
    state_ = {"column": "Accord", "values": {"oui": "granted", "non": "denied"}, "other": "null"}
    data["consents"] = [{"purpose": "marketing", "channel": "email", "state": state_}]
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


def tried(world: World, tmp_path: Path) -> str:
    """Bring the workbook, tell it and try it by command; return its key."""
    told = ran("bring", str(workbook(tmp_path / "Salon.xlsx")), "--brand", "red", "--json")
    key = str(told["key"])
    ran("columns", key, "--columns", str(consenting(key, tmp_path / "salon.yaml")), "--json")
    ran("try", key, "--json")
    return key


@pytest.fixture
def group(world: World) -> World:
    world.people(person("1", "Élodie", "Dupré", mail="elodie@example.com", optin="no"))
    world.resolve()
    return world


def test_the_whole_road_by_command_and_undone_to_the_same_state(group: World, tmp_path: Path) -> None:
    before = state.parts()
    told = ran("bring", str(workbook(tmp_path / "Salon.xlsx")), "--brand", "red", "--json")
    key = told["key"]
    assert (told["kind"], told["format"]["header_row"], told["reads"]) == ("excel", 4, "person_records")
    says = {one["column"]: one for one in told["columns"]}
    assert says["Courriel"]["says"] == "email"
    assert says["Courriel"]["means"] == "email", "its profile is made before the command ends"
    assert says["Né le"]["date"] == "%d/%m/%Y"
    assert "Salon.xlsx" in ran("list")
    assert ran("bring", str(tmp_path / "Salon.xlsx"), "--brand", "red", "--json")["key"] == key, "it is the same file"

    ran("columns", key, "--columns", str(consenting(key, tmp_path / "salon.yaml")), "--json")
    counts = ran("try", key, "--json")["counts"]
    assert {name: counts[name] for name in ("read", "new", "rejected", "warned", "lost")} == {
        "read": 16, "new": 15, "rejected": 1, "warned": 1, "lost": 0,
    }  # fmt: skip
    assert counts["matched"] == {"count": 1, "how": "exact"}
    shown = ran("show", key)
    assert "16 read = 15 new + 0 changed + 0 unchanged + 1 rejected, 0 lost; 1 of the new are people you know." in shown

    path = tmp_path / "faulty.csv"
    ran("faulty", key, str(path))
    lines = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=";"))
    assert [(one["row"], one["column"], one["reason"], one["value"]) for one in lines] == [
        ("8", "N° fiche", "missing", ""), ("6", "Né le", "not a date", "31/02/1990"),
    ]  # fmt: skip
    mended = path.read_text(encoding="utf-8-sig").replace("31/02/1990", "28/02/1990").replace("missing;", "missing;99")
    path.write_bytes(mended.encode("cp1252"))  # what a spreadsheet may save
    kept = ran("correct", key, str(path), "--json")
    assert (kept["rows"], kept["refused"], kept["counts"]["new"], kept["counts"]["rejected"]) == (2, [], 16, 0)
    again = ran("correct", key, str(path), "--json")
    assert {one["code"] for one in again["refused"]} == {"not_faulty"}, "what was corrected is faulty no more"

    made = ran("import", key, "--json")
    assert (made["state"], made["new"], made["rejected"], made["lost"]) == ("done", 16, 0, 0)
    worked(wholly=True)
    assert [hit.name for hit in group.find("Jean Noël")] == ["Jean Noël"]
    (row,) = group.rows("SELECT birth_date FROM person_records WHERE source_id = '2'")
    assert str(row["birth_date"]) == "1990-02-28"

    from filrouge.cli import app

    assert CliRunner().invoke(app, ["source", "undo", made["run"]]).exit_code == 0
    worked(wholly=True)
    group.resolve()
    assert state.differing(before, state.parts()) == {}


def test_what_is_wrong_is_a_sentence(group: World, tmp_path: Path) -> None:
    assert "no longer here" in ran("show", "0190a000-0000-7000-8000-000000000000", code=1)
    assert "no longer here" in ran("try", "nonsense", code=1)
    assert "cannot be read" in ran("bring", str(tmp_path / "none.csv"), "--brand", "red", code=2)
    assert "do not act" in ran("bring", str(workbook(tmp_path / "S.xlsx")), "--brand", "pink", code=1)
    key = tried(group, tmp_path)
    file = tmp_path / "x.yaml"
    for text, sentence in (
        ("map: [", "not YAML"),
        ("- 1", "no definition"),
        ("map: {email: {column: Téléphone}}\nkey: [Nom]", "no such column: Téléphone"),
        ("map: {email: Courriel}\nkey: [Nom]\nbrand: blue", "brought for red"),
        ("map: {email: Courriel}\nkey: [Nom]\nreads: orders", "not told by a definition"),
        ("map: {nothing: Courriel}\nkey: [Nom]", "holds faults"),
    ):
        file.write_text(text)
        assert sentence in ran("columns", key, "--columns", str(file), code=2 if "faults" not in sentence else 1)
    file.write_bytes(b"PK\x03\x04 no workbook")
    assert "cannot be read" in ran("correct", key, str(file), code=2)
    file.write_text("a;b\n1;2\n")
    assert "no file of corrections" in ran("correct", key, str(file), code=2)
    file.write_text(
        "row;column;value;do\n8;N° fiche;99;\n6;Nulle part;1;\n5;Nom;Dupont;\n;Nom;x;\n6;Né le;1/2/1990;burn\n"
        "6;Né le;31/02/1990;\n6;;;take_as_parted\n"
    )
    kept = ran("correct", key, str(file), "--json")
    assert (kept["rows"], kept["unchanged"]) == (1, 1)
    assert [(one["line"], one["code"]) for one in kept["refused"]] == [
        (3, "no_column"), (4, "not_faulty"), (5, "no_row"), (6, "unknown_do"), (8, "not_unparted"),
    ]  # fmt: skip
    assert "no faulty" not in ran("faulty", key)
    ran("drop", key)
    assert not SourceDraft.objects.exists()


def test_a_row_is_left_out_and_taken_back(group: World, tmp_path: Path) -> None:
    key = tried(group, tmp_path)
    file = tmp_path / "twice.csv"
    file.write_text("row;column;value\n8;N° fiche;98\n8;N° fiche;99\n")
    twice = ran("correct", key, str(file), "--json")
    assert (twice["rows"], [(one["line"], one["code"]) for one in twice["refused"]]) == (
        0, [(2, "said_twice"), (3, "said_twice")],
    )  # fmt: skip
    path = tmp_path / "faulty.xlsx"
    ran("faulty", key, str(path))
    file = tmp_path / "out.csv"
    file.write_text("row,do\n8,leave_out\n")
    assert ran("correct", key, str(file), "--json")["counts"]["left_out"] == 1
    (said,) = ran("corrections", key, "--json")
    assert (said["row"], said["out"], said["applies"]) == (8, True, True)
    stale = ran("correct", key, str(path), "--json")
    assert (stale["rows"], stale["unchanged"]) == (0, 1), "a workbook that nobody typed in changes nothing"
    back = ran("take-back", key, "--row", "8", "--json")
    assert (back["rows"], back["counts"]["left_out"]) == (1, 0)


def test_a_row_that_somebody_corrected_since_the_file_was_written_keeps_what_they_said(
    group: World, tmp_path: Path
) -> None:
    key = tried(group, tmp_path)
    mine, theirs = tmp_path / "mine.csv", tmp_path / "theirs.csv"
    ran("faulty", key, str(mine))
    theirs.write_text("row;column;value\n6;Né le;30/02/1990\n")
    assert ran("correct", key, str(theirs), "--json")["rows"] == 1
    mine.write_text(mine.read_text(encoding="utf-8-sig").replace("31/02/1990", "01/03/1990"))
    kept = ran("correct", key, str(mine), "--json")
    assert (kept["rows"], [one["code"] for one in kept["refused"]]) == (0, ["changed"])
    assert [one["cells"] for one in ran("corrections", key, "--json")] == [{"Né le": "30/02/1990"}]


def test_who_sees_cells_masked_takes_them_masked_and_writes_only_in_wrong_ones(group: World, tmp_path: Path) -> None:
    from filrouge.store.queries import drafts as found
    from filrouge.work import faulty_files
    from filrouge.work.faulty_files import Line

    key = tried(group, tmp_path)
    remy = group.user("engineer", entities=("north",))
    draft = found.draft(key, remy)
    told = list(faulty_files.lines(remy, draft))
    assert not any("sans@example.com" in str(one) for one in told)
    with faulty_files.write(remy, key, form="csv") as stream:
        back = faulty_files.read(stream.read())
    assert faulty_files.correct(remy, key, back).plain() == {"rows": 0, "unchanged": 2, "refused": []}
    kept = faulty_files.correct(remy, key, [Line(1, 8, "Courriel", "x@example.com"), Line(2, 8, "N° fiche", "77")])
    assert (kept.rows, [one.code for one in kept.refused]) == (1, ["closed"])
