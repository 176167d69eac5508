"""A file that nobody prepared goes from upload to people in the search, is mended, and is taken back, in a browser."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter
from tests.browser.test_console import faults
from tests.state import differing

ROOT = Path(__file__).resolve().parents[2]
Visit = Callable[..., Any]
ENGINEER = "remy@example.com"
GIVEN = ("Maëlle", "Erwan", "Solenn", "Yvon")
FAMILY = ("Quell", "Kerg", "Trév", "Plouz", "Loch", "Guiv", "Bodil", "Hentz", "Morv", "Stang")
HEAD = ["N° abonné", "Nom", "Prénom", "Courriel", "Né(e) le", "Adresse", "CP", "Ville", "Accord"]
WORDS = {
    "fr": {"would": "Ce que l’import ferait", "import": "Importer 40 lignes", "more": "Importer 3 lignes",
           "undone": "est annulé"},
    "en": {"would": "What the import would do", "import": "Import 40 rows", "more": "Import 3 rows",
           "undone": "is undone"},
}  # fmt: skip


def workbook(path: Path, mark: str) -> Path:
    """Leave a workbook with lines before its columns, semicolons in its cells and dates written as text.

    Two dates cannot be, one e-mail is none, one row bears no number.
    """
    rows: list[list[str]] = [["DigiPress — abonnés"], ["tiré le 12/11/2026 ; confidentiel"], [], HEAD]
    end = {"Dpfrjs": "ec", "Dpenjs": "enn", "Dpfrno": "iou"}[mark]
    for n in range(41):
        born = {7: "31/02/1990", 12: "31/04/1962"}.get(n, f"{n % 28 + 1:02}/{n % 12 + 1:02}/{1950 + n}")
        mail = "chez sa sœur" if n == 9 else f"dp{n}@{mark}.example.org".lower()
        number = "" if n == 40 else f"{mark}{n:04}"
        rows.append([number, FAMILY[n // 4 % 10] + end, GIVEN[n % 4], mail, born, f"{n + 1} rue du Port ; bât. B",
                     f"29{n:03}", "Brest", ("oui", "non", "")[n % 3]])  # fmt: skip
    return saved(path, "Abonnés", rows)


def saved(path: Path, name: str, rows: list[list[str]]) -> Path:
    """Leave a workbook of text."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet(name)
    for at, row in enumerate(rows):
        for to, cell in enumerate(row):
            sheet.write_string(at, to, cell)
    book.close()
    return path


def mended(path: Path, mark: str) -> Path:
    """Mend the workbook of rows that were not taken, its column of reasons left as it is."""
    sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    head, *rows = [[str(cell) for cell in row] for row in sheet.to_python()]
    assert head[:9] == HEAD
    assert len(rows) == 3
    for row in rows:
        row[0] = row[0] or f"{mark}0040"
        row[3] = row[3].replace("chez sa sœur", f"dp9@{mark}.example.org".lower())
        row[4] = row[4].replace("31/02/1990", "28/02/1990")
    return saved(path.with_name("mended.xlsx"), "Corrigé", [head, *rows])


@pytest.fixture
def state(home: dict[str, str], worker: Callable[[], None]) -> Callable[[], dict[str, list[str]]]:
    """Return a function that tells what the home folder says of people, once the worker has done what waits."""
    code = (
        "from filrouge.cli import set_up; set_up()\n"
        "import json\n"
        "from tests import state\n"
        "print(json.dumps(state.parts()))"
    )

    def told() -> dict[str, list[str]]:
        worker()
        done = subprocess.run(
            [sys.executable, "-c", code], env=home, cwd=ROOT, check=True, capture_output=True, text=True
        )
        parts: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
        return parts

    return told


@pytest.mark.parametrize(
    ("language", "scripts"), [("fr", True), ("en", True), pytest.param("fr", False, marks=pytest.mark.verification)]
)
def test_a_workbook_becomes_people_is_mended_and_is_taken_back(
    language: str, scripts: bool, visit: Visit, worker: Callable[[], None],
    state: Callable[[], dict[str, list[str]]], tmp_path: Path,
) -> None:  # fmt: skip
    mark, words = f"Dp{language}{'js' if scripts else 'no'}", WORDS[language]
    before = state()
    page = visit("/sources", who=ENGINEER, language=language, scripts=scripts)
    page.click("main .page-acts .btn-primary")
    page.set_input_files("[name=file]", str(workbook(tmp_path / "digipress.xlsx", mark)))
    page.select_option("[name=brand]", "horizon")
    page.click("main .btn-primary")
    assert page.locator("[name='c:3:says']").input_value() == "email"
    assert page.locator("[name='c:4:form']").input_value() == "%d/%m/%Y"
    page.check("[name='c:0:key']")
    page.select_option("[name='c:8:says']", "consent:marketing:email")
    if not scripts:
        page.click("button[value=keep]")
    page.locator("[name='c:8:state:1']").wait_for()
    page.select_option("[name='c:8:state:0']", "denied")
    page.select_option("[name='c:8:state:1']", "granted")
    if scripts:
        page.wait_for_load_state("networkidle")
        assert faults(page) == []
    page.click("button[value=try]")
    worker()
    page.goto(page.url)
    assert words["would"] in page.locator("h1").inner_text()
    figures = [text.split() for text in page.locator(".counts dd").all_inner_texts()]
    assert figures == [["41"], ["37"], ["3"], ["1"]]
    page.fill(".faulty input[value='31/04/1962']", "30/04/1962")
    page.click(".faulty button[type=submit]")
    worker()
    page.goto(page.url)
    figures = [text.split() for text in page.locator(".counts dd").all_inner_texts()]
    assert figures == [["41"], ["38"], ["2"], ["1"]]
    run = imported(page, words["import"], worker, scripts=scripts)

    asked = f"/people?q=dp5@{mark}.example.org".lower()
    seen = visit(asked, who="marie@example.com")
    assert "Erwan Kerg" in seen.locator("main").inner_text()

    page.goto(run)
    with page.expect_download() as taken:
        page.click("a[href$='rejects.xlsx']")
    taken.value.save_as(tmp_path / "rejects.xlsx")
    page.click(".take-rejects a[href*='source=']")
    page.set_input_files("[name=file]", str(mended(tmp_path / "rejects.xlsx", mark)))
    page.select_option("[name=brand]", "horizon")
    page.click("main .btn-primary")
    page.click("button[value=try]")
    worker()
    page.goto(page.url)
    figures = [text.split() for text in page.locator(".counts dd").all_inner_texts()]
    assert figures == [["3"], ["3"], ["0"], ["0"]]
    second = imported(page, words["more"], worker, scripts=scripts)
    seen.goto(f"/people?q=dp40@{mark}.example.org".lower())
    assert "Maëlle Quell" in seen.locator("main").inner_text(), "the row that was refused is in the search"

    during = state()
    assert {name for name in before if before[name] != during[name]} >= {"person_records", "people", "who", "pages"}
    for one in (second, run):
        page.goto(one)
        page.locator("details.undo-run > summary").click()
        page.locator("details.undo-run button").click()
        assert words["undone"] in page.locator(".toasts").inner_text()
    after = state()
    seen.goto(asked)
    assert "Erwan Kerg" not in seen.locator("main").inner_text()
    assert differing(before, after) == {}


def imported(page: Any, button: str, worker: Callable[[], None], *, scripts: bool) -> str:
    """Import what was tried, and return the address of its run."""
    draft = page.url
    page.click(f"text={button}")
    worker()
    if scripts:
        page.wait_for_url("**/runs/**")  # the page follows by itself
    page.goto(draft)
    assert "/runs/" in page.url
    return str(page.url)
