"""What leaves as a file comes back by the same path and changes nothing, whatever stands in its cells."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import date, timedelta
from typing import Any

import pytest
import python_calamine
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.work.test_drafts import imported, say, worked
from tests.world import World

from filrouge.domain.sources.columns import Said
from filrouge.store.models import SourceDraft
from filrouge.work import drafts, rejects

HEAD = ("Numéro", "Nom", "Né le", "Vu le", "Montant", "Code", "Note")
TRICKY = (
    "=1+1", "+33 6 39 98 00 01", "-12,50", "@x", " =x", "'=1+1", "'t Hooft", "a;b", 'say "hi"', "two\nlines", "0012",
    "81234567800017", "12345678901234567890", "1,23E+11", "1.5e5", "31/12/2026", "2026-12-31", "12.50", "1 234,56",
    "TRUE", "é, œ, 東京", "# not a note", "",
)  # fmt: skip
FIRST = date(1990, 1, 1)
texts = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn"), include_characters="\n\t"), max_size=20),
)
rows = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 13_000).map(lambda n: FIRST + timedelta(days=n))),
        st.one_of(st.none(), st.decimals(-10_000, 10_000, places=3, allow_nan=False)),
        st.one_of(st.sampled_from(TRICKY), st.from_regex(r"0{1,3}[0-9]{3,14}", fullmatch=True)),
        texts,
    ),
    min_size=len(TRICKY),
    max_size=60,
)
number = itertools.count()


def cells(table: list[Any], form: str) -> list[list[Any]]:
    """Return the lines of a table: in each, a birth date that cannot be, so that all of them leave again."""
    lines = []
    for at, (seen, amount, code, note) in enumerate(table):
        day = seen if seen is None or form == "xlsx" else f"{seen:%d/%m/%Y}"
        paid = amount if amount is None or form == "xlsx" else str(amount).replace(".", ",")
        lines.append([f"{at:05}", f"Durand{at}", "31/02/1990", day, paid, code, note])
    return lines


def written(table: list[Any], form: str) -> bytes:
    """Return a file as somebody would have made it: in a workbook, numbers and dates are what they are."""
    out = io.BytesIO()
    if form == "csv":
        text = io.TextIOWrapper(out, encoding="utf-8", newline="")
        csv.writer(text, delimiter=";").writerows([HEAD, *cells(table, form)])
        text.flush()
        return out.getvalue()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False})
    sheet, day = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
    for row, line in enumerate([[*HEAD], *cells(table, form)]):
        for at, cell in enumerate(line):
            if isinstance(cell, str):
                sheet.write_string(row, at, cell)
            elif cell is not None:
                sheet.write(row, at, cell, *([day] if isinstance(cell, date) else []))
    book.close()
    return out.getvalue()


def brought(remy: Any, table: list[Any], form: str) -> SourceDraft:
    draft, _ = drafts.bring(remy, f"Trajet {next(number)}.{form}", [written(table, form)], brand="red")
    said = [
        Said("Numéro", "source_id", key=True), Said("Nom", "family_name"), Said("Né le", "birth_date", form="%d/%m/%Y"),
        Said("Vu le", "updated_at", form="%d/%m/%Y"), Said("Montant", ""), Said("Code", "loyalty_id"), Said("Note", ""),
    ]  # fmt: skip
    return imported(remy, drafts.say(remy, str(draft.pk), said))


def left(remy: Any, draft: SourceDraft, form: Any) -> bytes:
    with rejects.write(remy, str(draft.run_id), form=form, say=say) as stream:
        return stream.read()


@pytest.mark.slow
@pytest.mark.lake
@pytest.mark.parametrize("form", ["csv", "xlsx"])
@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(table=rows)
def test_rows_that_left_come_back_unchanged(world: World, form: str, table: list[Any]) -> None:
    remy = world.user("engineer", entities=("north",)) if "remy" not in vars(world) else vars(world)["remy"]
    vars(world)["remy"] = remy
    first = brought(remy, table, form)
    assert first.run is not None
    assert (first.run.read, first.run.new, first.run.lost) == (len(table), len(table), 0)
    for leaves in ("csv", "xlsx"):
        content = left(remy, first, leaves)
        back, _ = drafts.bring(remy, f"back.{leaves}", [content], brand="red", source=first.spec["source"])
        drafts.try_out(remy, str(back.pk))
        worked()
        back.refresh_from_db()
        told = {name: back.tried[name] for name in ("read", "new", "changed", "unchanged", "rejected", "lost")}
        assert told == {"read": len(table), "new": 0, "changed": 0, "unchanged": len(table), "rejected": 0, "lost": 0}
        drafts.drop(remy, str(back.pk))


def test_a_workbook_that_leaves_holds_dates_and_numbers_and_no_formula(world: World) -> None:
    remy = world.user("engineer", entities=("north",))
    given_ = [(date(2026, 10, 1), None, "0012345678901234", "=1+1"), (None, None, "1,23E+11", "+33 6 39 98 00 01")]
    first = brought(remy, given_, "xlsx")
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(left(remy, first, "xlsx"))).get_sheet_by_index(0)
    _, *lines = sheet.to_python()
    assert [line[:7] for line in lines] == [
        ["00000", "Durand0", "31/02/1990", date(2026, 10, 1), "", "0012345678901234", "=1+1"],
        ["00001", "Durand1", "31/02/1990", "", "", "1,23E+11", "+33 6 39 98 00 01"],
    ]
