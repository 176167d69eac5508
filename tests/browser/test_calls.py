"""An advisor on the phone, in French: the page by the number that calls, one action worked, the call ended by keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.browser.test_console import faults

Visit = Callable[..., Any]


def number_of(page: Any) -> str:
    """Return the phone number of the person shown, as a telephone system writes it."""
    page.goto("/people?q=camille+rousseau-petit")
    if "/people?" in page.url:
        page.locator(".people li a").first.click()
    page.wait_for_selector(".person-reach")
    digits = "".join(filter(str.isdigit, page.locator(".reach").first.inner_text().splitlines()[0]))
    return f"+33{digits[1:]}"


def test_an_advisor_opens_a_person_by_phone_number_works_an_action_and_records_the_outcome(visit: Visit) -> None:
    page = visit("/")
    page.goto(f"/c/by-phone/{number_of(page)}")
    if page.locator(".calling").count():
        page.locator(".calling a").first.click()
    page.wait_for_selector("#say-title")
    said = page.locator(".advice-what").first.inner_text().strip()
    assert page.locator(".advice li").count() <= 3
    assert faults(page) == []

    page.locator("h1").click()
    page.keyboard.press("a")  # accepted, by one key
    page.wait_for_selector(".toast-line.success")
    assert said not in page.locator(".advice-what").all_inner_texts()
    thread = page.locator("#moments")
    assert "Dit ·" in thread.inner_text()
    assert "accepté" in thread.inner_text()
    page.locator(".toast-line.success button.link").click()  # undone
    page.wait_for_function("said => document.querySelector('.advice-what')?.innerText.includes(said)", arg=said[:30])

    page.locator("h1").click()
    page.keyboard.press("q")
    page.wait_for_selector("#ended[open]")
    page.keyboard.press("3")
    page.wait_for_selector(".toast-line.success")
    assert "messagerie" in page.locator("#moments").inner_text()
    page.locator(".toast-line.success button.link").click()
    page.wait_for_selector(".toast-line.success")


def test_the_same_is_done_without_scripts(visit: Visit) -> None:
    page = visit("/people?q=camille+rousseau-petit", scripts=False)
    if "/people?" in page.url:
        page.locator(".people li a").first.click()
    page.locator("#ended > summary").click()
    page.fill("#call-text", "Rappelée au sujet de la livraison")
    page.locator("#ended button[value=reached]").click()
    assert "Rappelée au sujet de la livraison" in page.locator("#moments").text_content()
    page.locator(".toast-line.success button.link").click()
    assert "Rappelée au sujet" not in page.locator("#moments").text_content()
