"""A marketer writes a segment from an empty page, in French, sees who is in it, keeps it, and reads why somebody is."""

from __future__ import annotations

from typing import Any

import pytest

BROWSER_SAYS = "htmx:sendAbort", "htmx:afterRequest"  # a count that a later one takes the place of


@pytest.fixture
def page(chromium: Any, address: str, passwords: dict[str, str]) -> Any:
    context = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "django_language", "value": "fr", "url": address}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text)
        if said.type == "error" and not said.text.startswith(BROWSER_SAYS) else None,
    )  # fmt: skip
    page.goto("/account/login/")
    page.fill("[name=login]", "ines@example.com")
    page.fill("[name=password]", passwords["ines@example.com"])
    page.click(".door-card .btn-primary")
    yield page
    context.close()
    assert complaints == []


def add(page: Any, kind: str) -> None:
    place = page.locator(".rules > .rule").count()
    page.select_option("[name='add-']", kind)
    page.click("button[value='add:']")
    page.locator(f"input[name='k:{place}']").wait_for(state="attached")


def choose(page: Any, name: str, value: str, *, shows: str = "") -> None:
    page.select_option(f"[name='{name}']", value)
    if shows:
        page.locator(f"[name='{shows}']").wait_for()


def test_engaged_readers_about_to_leave_are_found_and_each_says_why(page: Any) -> None:
    page.goto("/segments/new")
    add(page, "score")
    choose(page, "p:0:score", "engagement")
    choose(page, "p:0:value", "high")
    add(page, "score")
    choose(page, "p:1:score", "churn_90")
    choose(page, "p:1:field", "trend")
    page.locator("[name='p:1:op'] option[value=at_least]").wait_for(state="attached")
    choose(page, "p:1:op", "at_least", shows="p:1:value")
    page.fill("input[name='p:1:value']", "0")
    add(page, "brands")
    for brand in ("horizon", "le-cargo"):
        page.check(f"[name='p:2:brands'][value={brand}]")
    add(page, "contacts")
    choose(page, "p:3:measure", "did_not")
    choose(page, "p:3:window", "within_days", shows="p:3:days")
    page.fill("[name='p:3:days']", "14")
    page.locator("#counted .count-number").wait_for()
    assert page.input_value("[name='p:1:value']") == "0", "what was typed stays while the page follows"
    page.fill("[name=title]", "Lecteurs engagés sur le départ")
    page.click("button[value=save]")
    page.wait_for_url("**/segments/lecteurs-engages-sur-le-depart")
    said = page.locator(".said-rules").inner_text()
    assert "Le score Engagement : niveau est élevé" in said
    assert "Une sollicitation n’a pas eu lieu dans les derniers 14 jours" in said
    page.locator("#counted .count-number").wait_for()
    why = page.locator("#counted .sample a.quiet").first
    if why.count():  # the sample may hold nobody of that kind
        why.click()
        page.wait_for_url("**/why/*")
        assert "Dans le segment" in page.locator("h1").inner_text()
        assert page.locator(".why-rules li.holds").count() == 4


def test_a_common_segment_counts_its_people_and_says_why_of_one(page: Any) -> None:
    page.goto("/segments/new")
    add(page, "brands")
    page.check("[name='p:0:brands'][value=horizon]")
    page.locator("#counted .sample a").first.wait_for()
    page.fill("[name=title]", "Connus de Horizon")
    page.click("button[value=save]")
    page.locator("#counted .sample a.quiet").first.click()
    page.wait_for_url("**/why/*")
    assert page.locator(".why-rules li.holds").count() == 1
    assert "Horizon" in page.locator(".why-rules").inner_text()
