"""The console in a browser: readable by everyone, at every width, by keyboard alone and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

AXE = (Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
ADMINISTRATOR = "sylvie@example.com"
PAGES = (
    "/", "/people", "/people?q=rousseau", "/people?brand=horizon&subscription=running", "/people/new",
    "/c/by-phone/+33639987650",
    "/people/export?brand=horizon&purpose=marketing&channel=email&as_entity=groupe-horizon&as_brand=horizon",
    "/follow-ups?list=all", "/follow-ups?list=promises", "/companies", "/sources",
    "/sources/crm_people", "/audit", "/register", "/erasures", "/account/2fa/",
    "/account/password/change/", "/accounts", "/baselines", "/nowhere",
)  # fmt: skip

Visit = Callable[..., Any]


def camille(page: Any) -> str:
    """Return the address of the page of the customer of the documentation, the one most systems know."""
    page.goto("/people?q=camille+rousseau-petit")
    if page.url.partition("/people/")[2]:
        return str(page.url)
    lines = page.locator(".people li")
    best = max(range(lines.count()), key=lambda at: lines.nth(at).locator(".brand").count())
    return str(lines.nth(best).locator("a").get_attribute("href"))


def faults(page: Any) -> list[str]:
    """Return what axe finds wrong, as rule and place."""
    # Through DevTools: the page's own policy forbids any script that is not the site's.
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE})
    found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary'][:200]}" for fault in found for node in fault["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_kept_out_of_a_page(theme: str, visit: Visit) -> None:
    page = visit("/", who=ADMINISTRATOR, theme=theme)
    person = camille(page)
    told = {}
    for path in (
        *PAGES,
        person,
        f"{person}?tab=orders",
        f"{person}?tab=promotions",
        f"{person}/records",
        f"{person}/merge?q=petit",
        f"{person}/correct/email",
    ):
        page.goto(path)
        if wrong := faults(page):
            told[path] = wrong
    assert told == {}


def test_nobody_is_kept_out_at_the_door(visit: Visit) -> None:
    assert faults(visit("/account/login/", who="")) == []


@pytest.mark.parametrize("width", [390, 768, 1024, 1920])
def test_no_page_runs_over_its_edge(width: int, visit: Visit) -> None:
    page = visit("/", who=ADMINISTRATOR, width=width)
    person = camille(page)
    over = {}
    for path in (
        *PAGES,
        person,
        f"{person}?tab=orders",
        f"{person}?tab=promotions",
        f"{person}/records",
        f"{person}/merge?q=petit",
        f"{person}/erase",
    ):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            over[path] = wide
    assert over == {}


def test_control_k_finds_a_person_by_keyboard_alone(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("camille rousseau-petit")
    page.wait_for_selector("#palette [aria-selected=true] >> text=Camille")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/*")
    assert page.locator("h1").inner_text() == "Camille Rousseau-Petit"


def test_why_opens_by_keyboard_and_closes_with_escape(visit: Visit) -> None:
    page = visit("/")
    page.goto(camille(page))
    asked = page.locator("details.why > summary").first
    asked.focus()
    page.keyboard.press("Enter")
    card = page.locator("details.why .why-card").first
    assert card.is_visible()
    assert "Source" in card.inner_text()
    page.keyboard.press("Escape")
    assert not card.is_visible()
    assert asked.evaluate("node => node === document.activeElement")


def test_why_opens_by_hovering_and_a_click_keeps_it(visit: Visit) -> None:
    page = visit("/")
    page.goto(camille(page))
    asked = page.locator("details.why > summary").first
    card = page.locator("details.why .why-card").first
    for _ in range(10):  # what arrives meanwhile may move the page from under the pointer
        asked.hover()
        page.wait_for_timeout(700)
        if card.is_visible():
            break
        page.mouse.move(700, 820)
    assert card.is_visible()
    asked.click()
    page.mouse.move(700, 700)
    page.wait_for_timeout(500)
    assert card.is_visible()
    page.mouse.click(700, 820)
    assert not card.is_visible()


def test_everything_works_without_javascript(visit: Visit) -> None:
    page = visit("/", scripts=False)
    page.fill("#home-q", "camille rousseau-petit")
    page.click(".home-search button")
    page.click(f'a[href="{camille(page)}"]')
    page.click(".write summary >> text=Note")
    page.fill("#note-text", "Préfère le courrier")
    page.click("text=Garder la note")
    assert page.locator(".notes").inner_text().startswith("Préfère le courrier")
    page.click(".toast-line >> text=Annuler")
    assert "Préfère le courrier" not in page.content()
    page.click("details.why > summary >> nth=0")
    assert page.locator("details.why .why-card").first.is_visible()


def test_the_light_that_was_chosen_is_remembered(visit: Visit) -> None:
    page = visit("/")
    page.click("[data-theme-toggle]")
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.goto("/people")
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_the_skip_link_leads_past_the_navigation(visit: Visit) -> None:
    page = visit("/people?q=rousseau")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Aller au contenu"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
