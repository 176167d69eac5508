"""People by their gestures, in a browser and in French: narrow, keep, export, read on, create."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Visit = Callable[..., Any]
SELLER = "nadia@example.com"


def narrowed(page: Any) -> None:
    page.select_option("#people-brand", label="Horizon")
    page.select_option("#people-subscription", label="en cours")
    page.click(".people-filters .btn-primary")


def counted(page: Any) -> int:
    return int("".join(filter(str.isdigit, page.locator(".people-head [role=status]").inner_text())))


@pytest.mark.parametrize("scripts", [True, False])
def test_filters_narrow_the_people_shown(scripts: bool, visit: Visit) -> None:
    page = visit("/people", scripts=scripts)
    page.select_option("#people-brand", label="Horizon")
    page.click(".people-filters .btn-primary")
    known = counted(page)
    narrowed(page)
    assert 0 < counted(page) < known
    assert page.locator("#people-subscription").input_value() == "running"
    assert page.locator(".people li").count() == min(30, counted(page))


def test_a_view_is_kept_found_by_control_k_renamed_and_removed(visit: Visit) -> None:
    page = visit("/people")
    narrowed(page)
    page.click("text=Enregistrer cette recherche")
    page.fill("#view-name", "Abonnés d’Horizon")
    page.click(".view-card button >> text=Enregistrer")
    assert page.locator(".views [aria-current=page]").inner_text() == "Abonnés d’Horizon"
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("abonnes")
    page.wait_for_selector("#palette [aria-selected=true] >> text=Abonnés d’Horizon")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people?brand=horizon&subscription=running")
    page.click("text=Renommer ou retirer")
    page.fill("#view-name", "Horizon, en cours")
    page.click(".view-card button >> text=Renommer")
    assert page.locator(".views [aria-current=page]").inner_text() == "Horizon, en cours"
    page.click("text=Renommer ou retirer")
    page.click("text=Retirer cette vue")
    assert page.locator(".views").count() == 0


def test_a_search_is_counted_then_exported(visit: Visit, tmp_path: Path) -> None:
    page = visit("/people", who=SELLER)
    narrowed(page)
    found = counted(page)
    page.click(".people-acts >> text=Exporter")
    page.select_option("#export-purpose", label="marketing")
    page.select_option("#export-channel", label="e-mail")
    page.select_option("#export-entity", label="Groupe Horizon SA")
    page.select_option("#export-brand", label="Horizon")
    page.click("text=Compter")
    may = int("".join(filter(str.isdigit, page.locator("#export-counts").inner_text())))
    left = [int("".join(filter(str.isdigit, text))) for text in page.locator(".reasons dd").all_inner_texts()]
    assert 0 < may < found
    assert may + sum(left) == found
    with page.expect_download() as waiting:
        page.click("text=En CSV")
    waiting.value.save_as(tmp_path / "people.csv")
    text = (tmp_path / "people.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert rows[0] == ["Identifiant", "Prénom", "Nom", "E-mail", "Marques", "Peut être jointe car [Filrouge]"]
    assert len([row for row in rows[1:] if row and not row[0].startswith("# ")]) == may
    assert f"# Personnes trouvées;{found}" in text


@pytest.mark.parametrize("scripts", [True, False])
def test_the_thread_goes_on_to_its_beginning(scripts: bool, visit: Visit) -> None:
    page = visit("/people?q=camille+rousseau-petit", scripts=scripts)
    if page.locator(".people li").count():
        lines = page.locator(".people li")
        best = max(range(lines.count()), key=lambda at: lines.nth(at).locator(".brand").count())
        lines.nth(best).locator("a").click()
    page.wait_for_selector("ol.thread")
    steps = 0
    while page.locator(".thread-rest a").count():
        stretches = page.locator("ol.thread").count()
        page.click(".thread-rest a")
        if scripts:
            page.locator("ol.thread").nth(stretches).wait_for()
            assert page.locator(":focus").evaluate("node => node.tagName") == "H3"
        else:
            assert page.locator("text=Revenir aux derniers").is_visible()
        steps += 1
        assert steps < 20
    assert steps > 0
    assert "Le fil commence ici" in page.locator(".thread-rest").last.inner_text()


def test_the_promotions_of_a_person_have_their_tab(visit: Visit) -> None:
    page = visit("/people?system=shop")
    for at in range(page.locator(".people li").count()):
        page.goto("/people?system=shop")
        page.locator(".people li a").nth(at).click()
        page.wait_for_selector(".person-tabs")
        if page.locator(".person-tabs >> text=Promotions").count():
            break
    page.click(".person-tabs >> text=Promotions")
    table = page.locator("table.promotions")
    assert "La Halle" in table.inner_text()
    assert "utilisée" in table.inner_text()


def test_whoever_calls_unknown_is_created_and_found_at_once(visit: Visit) -> None:
    page = visit("/c/by-phone/+33639987654")
    assert page.locator("#new-phone").input_value() == "06 39 98 76 54"
    page.fill("#new-given", "Camille")
    page.fill("#new-family", "Rousseau-Petit")
    page.click(".newcomer .btn-primary")
    assert page.locator(".alike li").count() > 0
    page.fill("#new-given", "Théodora")
    page.fill("#new-family", "Quillivic-Ozanne")
    page.click(".newcomer .btn-primary")
    page.wait_for_url("**/people/*-*")
    assert page.locator("h1").inner_text() == "Théodora Quillivic-Ozanne"
    created = page.url
    page.goto("/c/by-phone/+33639987654")
    assert page.url == created
    page.goto("/people?q=quillivic")
    assert page.locator(".people li").count() == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_the_longest_name_keeps_to_the_width_of_the_screen(width: int, visit: Visit) -> None:
    page = visit("/people?q=martin", width=width)
    person = page.locator(".people li a").first.get_attribute("href") if "/people?" in page.url else page.url
    page.goto(f"{person}/correct/family_name")
    page.fill("#correct-value", "Wölkenstrommer" * 7)
    page.click("main .btn-primary")
    for address in (person, f"{person}/records", f"{person}/correct/family_name"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    page.goto(f"{person}/correct/family_name")
    page.fill("#correct-value", "Martin")
    page.click("main .btn-primary")
    with page.expect_navigation():  # a window is not closed on an act that is under way
        page.locator(".toasts button.link").first.click()


@pytest.mark.parametrize("path", ["/audit", "/register", "/erasures"])
def test_on_a_phone_nothing_of_a_list_is_out_of_sight(path: str, visit: Visit) -> None:
    page = visit(path, who="claire@example.com", width=390)
    current = page.locator(".shell-nav [aria-current]").bounding_box()
    assert 0 <= current["x"] < current["x"] + current["width"] <= 390, "one sees where one is"
    for cell in page.locator("table.stacked td").all()[:30]:
        box = cell.bounding_box()
        assert box is None or box["x"] + box["width"] <= 390


def test_what_was_typed_of_one_caller_is_not_offered_for_the_next(visit: Visit) -> None:
    page = visit("/people/new")
    page.fill("#new-given", "Camille")
    page.fill("#new-family", "Rousseau")
    page.click("main form .btn-primary")
    assert page.locator(".people.alike li").count() > 0
    page.goto("/c/by-phone/+33639987650")
    assert page.input_value("#new-given") == ""
    assert page.input_value("#new-phone") == "06 39 98 76 50"


def test_a_tab_of_a_person_opens_where_one_reads(visit: Visit) -> None:
    page = visit("/people?q=rousseau", width=390)
    page.locator(".people a").first.click()
    tab = page.locator(".person-tabs a").nth(1)
    tab.scroll_into_view_if_needed()
    tab.click()
    page.wait_for_url("**?tab=*")
    page.wait_for_function("document.querySelector('.person-tabs a[aria-current]')?.id !== 'tab-thread'")
    assert page.evaluate("scrollY") > 400, "not back at the top of the page"
    assert 0 < page.locator(".person-tabs").bounding_box()["y"] < 860
    assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "page"
