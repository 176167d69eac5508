"""The queue worked in a real browser: by keys and without scripts, said, put off, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.browser.test_console import faults

Visit = Callable[..., Any]


def names(page: Any) -> str:
    return str(page.locator("table.pair thead").inner_text())


def shown(page: Any, before: str) -> None:
    """Wait until another pair is shown, and has the focus."""
    page.wait_for_function("was => document.querySelector('table.pair thead')?.innerText !== was", arg=before)
    page.wait_for_function("document.activeElement?.id === 'review'")


def test_a_queue_is_worked_by_keys_alone(visit: Visit) -> None:
    page = visit("/reviews")
    assert faults(page) == []
    page.click("text=Commencer")
    first, address = names(page), page.url
    assert faults(page) == []
    page.keyboard.press("2")
    shown(page, first)
    assert "Réponse : deux personnes." in page.locator(".toasts").inner_text()
    assert page.url != address, "the address is that of the pair shown"
    second = names(page)
    page.keyboard.press("Space")
    shown(page, second)
    assert "Mise de côté" in page.locator(".toasts").inner_text()
    third = names(page)
    page.keyboard.press("u")
    page.wait_for_url(address)
    assert names(page) == first
    assert "de nouveau à vérifier" in page.locator(".toasts").inner_text()
    page.wait_for_function("document.activeElement?.id === 'review'")
    page.keyboard.press("1")
    shown(page, first)
    assert "Réponse : une seule personne." in page.locator(".toasts").inner_text()
    assert names(page) == third, "what was put off comes after the others"
    page.locator(".toast-line form button").click()
    page.wait_for_url(address)


def test_keys_that_are_meant_for_a_field_decide_nothing(visit: Visit) -> None:
    page = visit("/reviews/next")
    before = names(page)
    page.locator("#shell-q").focus()
    page.keyboard.type("12 u")
    page.locator("#review-to").focus()
    page.keyboard.press("1")
    assert names(page) == before
    page.go_back()
    page.go_forward()
    assert names(page) == before


def test_a_queue_is_worked_without_scripts(visit: Visit) -> None:
    page = visit("/reviews/next", scripts=False)
    before, address = names(page), page.url
    page.locator(".review-bar button").nth(1).click()
    assert names(page) != before
    page.click("text=Annuler ma dernière décision")
    assert page.url == address
    assert names(page) == before


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_fit_and_have_no_faults(width: int, theme: str, visit: Visit) -> None:
    page = visit("/reviews", width=width, theme=theme)
    addresses = ["/reviews", "/reviews/next", "/reviews/quality"]
    for address in addresses:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert faults(page) == [], address
    page.goto("/reviews/next")
    person = page.locator("table.pair thead a").first.get_attribute("href")
    page.goto(f"{person}/why")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(page) == []
