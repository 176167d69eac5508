"""The file of faulty rows comes back as it left, whatever a spreadsheet made of it: what nobody typed is not kept."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Sequence
from typing import Any

import pytest
import xlsxwriter
from tests.work.test_drafts import TEXT, brought, told, worked
from tests.world import World

from filrouge.base.cells import bare
from filrouge.store.models import SourceDraft
from filrouge.work import drafts, faulty_files

pytestmark = pytest.mark.lake

ODD = (
    TEXT.replace("31/02/1990", "=31/02/1990")
    + "50; lead ;_x0041_\n52;#N/A;TRUE\n55;0612345678;00123\n57;=Luc;+33612345678\n"
)


def prepared(asking: Any) -> SourceDraft:
    """Bring a file of which several rows cannot be parted, and try it."""
    draft = brought(asking, ODD)
    rows = [dataclasses.replace(one, key=one.column == "N° fiche") for one in told(draft)]
    drafts.say(asking, str(draft.pk), rows)
    drafts.try_out(asking, str(draft.pk))
    worked()
    draft.refresh_from_db()
    return draft


def table(asking: Any, draft: SourceDraft) -> list[list[str]]:
    with faulty_files.write(asking, str(draft.pk), form="csv") as stream:
        return list(csv.reader(io.StringIO(stream.read().decode("utf-8-sig")), delimiter=";"))


def text(rows: Sequence[Sequence[str]], delimiter: str = ";") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


@pytest.mark.parametrize("role", ["administrator", "engineer"])
def test_what_nobody_typed_changes_nothing(world: World, role: str) -> None:
    asking = world.user(role, entities=("north",) if role == "engineer" else ())
    draft = prepared(asking)
    rows = table(asking, draft)
    assert any(bare(cell) != cell for row in rows for cell in row), "some cells stand behind an apostrophe"
    with faulty_files.write(asking, str(draft.pk), form="xlsx") as stream:
        book = stream.read()
    saved = {
        "as it left": text(rows),
        "a workbook": book,
        "tabs": text(rows, "\t"),
        "a column added": text([[*row, "Remarques" if at == 0 else "vu"] for at, row in enumerate(rows)]),
        "its last column cut": text([row[:-1] for row in rows]),
        "zeros lost": text([[cell.lstrip("0") if cell.isdigit() else cell for cell in row] for row in rows]),
        "sorted": text([rows[0], *sorted(rows[1:])]),
    }
    for how, data in saved.items():
        kept = faulty_files.correct_by_file(asking, str(draft.pk), data)
        assert (kept.rows, kept.refused) == (0, ()), how


def test_zeros_taken_off_by_a_program_are_taken_off(world: World) -> None:
    asking = world.user("administrator")
    draft = prepared(asking)
    row = next(one for one in faulty_files.lines(asking, draft) if one["value"] == "00123")
    said = {name: str(row[name]) for name in ("row", "column")} | {"value": "123"}
    assert faulty_files.correct(asking, str(draft.pk), [faulty_files.of_plain(1, said)]).rows == 1


def test_a_number_typed_in_a_workbook_is_read_by_the_decimal_sign_of_the_source() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([["row", "column", "value"], [21, "total", 1.234]]):
            for at, cell in enumerate(cells):
                sheet.write(row, at, cell)
    (line,) = faulty_files.read(out.getvalue(), decimal=",")
    assert (line.row, line.value) == (21, "1,234")
