"""A file that nobody prepared goes from upload to people in the search, and is taken back, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from tests.browser.test_console import faults

Visit = Callable[..., Any]
ENGINEER = "remy@example.com"
GIVEN = ("Maëlle", "Erwan", "Solenn", "Yvon")
FAMILY = ("Quell", "Kerg", "Trév", "Plouz", "Loch", "Guiv", "Bodil", "Hentz", "Morv", "Stang")
WORDS = {
    "fr": {"would": "Ce que l’import ferait", "import": "Importer 40 lignes", "undone": "est annulé"},
    "en": {"would": "What the import would do", "import": "Import 40 rows", "undone": "is undone"},
}


def workbook(path: Path, mark: str) -> Path:
    """Leave a workbook with lines before its columns, semicolons in its cells and dates written as text."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Abonnés")
    head = ["N° abonné", "Nom", "Prénom", "Courriel", "Né(e) le", "Adresse", "CP", "Ville", "Accord"]
    rows: list[list[str]] = [["DigiPress — abonnés"], ["tiré le 12/11/2026 ; confidentiel"], [], head]
    end = {"Dpfrjs": "ec", "Dpenjs": "enn", "Dpfrno": "iou"}[mark]
    for n in range(40):
        born = "31/02/1990" if n == 7 else f"{n % 28 + 1:02}/{n % 12 + 1:02}/{1950 + n}"
        rows.append([f"{mark}{n:04}", FAMILY[n // 4] + end, GIVEN[n % 4], f"dp{n}@{mark}.example.org".lower(), born,
                     f"{n + 1} rue du Port ; bât. B", f"29{n:03}", "Brest", ("oui", "non", "")[n % 3]])  # fmt: skip
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    book.close()
    return path


@pytest.mark.parametrize(("language", "scripts"), [("fr", True), ("en", True), ("fr", False)])
def test_a_workbook_becomes_people_and_is_taken_back(
    language: str, scripts: bool, visit: Visit, worker: Callable[[], None], tmp_path: Path
) -> None:
    mark, words = f"Dp{language}{'js' if scripts else 'no'}", WORDS[language]
    page = visit("/sources", who=ENGINEER, language=language, scripts=scripts)
    page.click("main .page-acts .btn-primary")
    page.set_input_files("[name=file]", str(workbook(tmp_path / "digipress.xlsx", mark)))
    page.select_option("[name=brand]", "horizon")
    page.click("main .btn-primary")
    assert page.locator("[name='c:3:says']").input_value() == "email"
    assert page.locator("[name='c:4:form']").input_value() == "%d/%m/%Y"
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
    assert figures == [["40"], ["39"], ["1"], ["0"]]
    assert page.locator(".faulty [aria-invalid]").input_value() == "31/02/1990"
    page.fill(".faulty [aria-invalid]", "28/02/1990")
    page.click(".faulty .btn-primary")
    worker()
    page.goto(page.url)
    figures = [text.split() for text in page.locator(".counts dd").all_inner_texts()]
    assert figures == [["40"], ["40"], ["0"], ["0"]]
    draft = page.url
    page.click(f"text={words['import']}")
    worker()
    if scripts:
        page.wait_for_url("**/runs/**")  # the page follows by itself
    page.goto(draft)
    assert "/runs/" in page.url
    run = page.url

    asked = f"/people?q=dp5@{mark}.example.org".lower()
    seen = visit(asked, who="marie@example.com")
    assert "Erwan Kerg" in seen.locator("main").inner_text()

    page.goto(run)
    page.locator("details.undo-run > summary").click()
    page.locator("details.undo-run button").click()
    assert words["undone"] in page.locator(".toasts").inner_text()
    worker()
    seen.goto(asked)
    assert "Erwan Kerg" not in seen.locator("main").inner_text()
