"""Who is who, an erasure, signing in: the gestures in a browser, in French, as people make them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from tests import oidc
from tests.browser.conftest import counts, served
from tests.browser.test_console import faults
from tests.doors.test_signin import code_of

Visit = Callable[..., Any]
OFFICER = "claire@example.com"


def opened(page: Any) -> Any:
    """Open the first person found; a search that finds one alone has opened them."""
    if "/people?" in page.url:
        page.locator(".people li a").first.click()
        page.wait_for_url(re.compile(r"/people/[0-9a-f-]{36}$"))
    return page


def somebody(page: Any, *, records: int) -> str:
    """Return the address of a person of several records who is not the customer of the documentation."""
    page.goto("/people?q=martin")
    links = page.locator(".people li a").evaluate_all("nodes => nodes.map(node => node.getAttribute('href'))")
    page.goto("/people?q=bernard")
    links += page.locator(".people li a").evaluate_all("nodes => nodes.map(node => node.getAttribute('href'))")
    for link in links:
        page.goto(f"{link}/records")
        if page.locator("[name=records]").count() >= records:
            return str(link)
    raise AssertionError("the sample holds nobody of several records")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_records_are_separated_settled_and_put_back(scripts: bool, visit: Visit, worker: Callable[[], None]) -> None:
    page = visit("/", who=OFFICER, scripts=scripts)
    person = somebody(page, records=3)
    page.goto(f"{person}/records")
    before = page.locator("table.records tbody tr").count()
    page.locator("[name=records]").first.check()
    page.click("text=Elles sont de quelqu’un d’autre…")
    assert "1 fiche quitte" in page.locator("main").inner_text()
    page.fill("[name=reason]", "Deux personnes au même nom")
    page.click("main .btn-primary")
    assert "sera appliqué dans un instant" in page.locator(".settling").inner_text()
    decided = page.locator(".decided li").first
    assert "1 fiche séparée" in decided.inner_text()
    worker()
    page.goto(f"{person}/records")
    after = page.locator("table.records tbody tr").count()
    assert after < before
    assert page.locator(".settling").count() == 0
    assert "est partie vers une autre personne" in page.locator(".life").inner_text()
    if scripts:
        assert faults(page) == []
    page.locator(".decided li").first.locator("button").click()
    assert "La décision est annulée" in page.locator(".toasts").inner_text()
    worker()
    page.goto(f"{person}/records")
    assert page.locator("table.records tbody tr").count() == before


def test_two_pages_become_one_and_the_toast_undoes_it(visit: Visit, worker: Callable[[], None]) -> None:
    page = visit("/", who=OFFICER)
    person = somebody(page, records=2)
    page.goto(f"{person}/merge")
    page.fill("#merge-q", "petit")
    page.wait_for_selector("#merge-found .people li")
    name = page.locator("#merge-found .people-name").first.inner_text()
    page.click("#merge-found .people li a >> nth=0")
    assert name.split("\n")[0] in page.locator("table.beside").inner_text()
    assert faults(page) == []
    other = page.url.rpartition("/")[2]
    page.click("text=C’est la même personne")
    page.wait_for_selector(".settling")
    worker()
    page.goto(f"/people/{other}")
    first = page.url
    page.goto(person)
    assert page.url == first, "both addresses lead to the one page"
    page.goto(f"{first}/records")
    page.locator(".decided li button").first.click()
    worker()
    page.goto(f"/people/{other}")
    there = page.url
    page.goto(person)
    assert page.url != there


def test_the_page_says_by_itself_that_it_is_settled(visit: Visit, worker: Callable[[], None]) -> None:
    page = visit("/", who=OFFICER)
    person = somebody(page, records=3)
    page.goto(f"{person}/records")
    page.locator("[name=records]").last.check()
    page.click("text=Elles sont de quelqu’un d’autre…")
    page.click("main .btn-primary")
    page.wait_for_selector(".settling")
    worker()
    page.wait_for_selector(".settling", state="detached", timeout=15_000)
    page.locator(".decided li button").first.click()
    worker()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_note_sent_once_too_often_is_one_note(scripts: bool, visit: Visit) -> None:
    page = opened(visit("/people?q=martin", scripts=scripts))
    page.locator(".write summary").first.click()
    page.fill("#note-text", "Préfère le matin")
    page.locator(".write .btn-primary").first.click()
    expect(page.locator(".notes li")).to_have_count(1)
    page.go_back()
    if page.locator("#note-text").input_value() == "Préfère le matin":
        if not page.locator("#note-text").is_visible():
            page.locator(".write summary").first.click()
        page.locator(".write .btn-primary").first.click()
    page.reload()
    expect(page.locator(".notes li")).to_have_count(1)
    page.locator(".notes li button").first.click()


def test_what_was_typed_while_the_session_ended_waits_for_its_author(visit: Visit, passwords: dict[str, str]) -> None:
    page = opened(visit("/people?q=martin"))
    person = page.url

    def type_and_lose(said: str) -> None:
        page.locator(".write summary").first.click()
        page.fill("#note-text", said)
        page.context.clear_cookies(name="filrouge_session")
        page.locator(".write .btn-primary").first.click()
        assert "Vous avez été déconnecté" in page.locator("body").inner_text()

    def enter(who: str) -> None:
        page.fill("[name=login]", who)
        page.fill("[name=password]", passwords[who])
        page.click(".door-card .btn-primary")

    type_and_lose("Appeler après 18 h")
    enter("marie@example.com")
    assert page.url == person
    assert page.locator("#note-text").input_value() == "Appeler après 18 h"
    page.locator(".write .btn-primary").first.click()
    expect(page.locator(".notes li")).to_have_count(1)
    page.locator(".notes li button").first.click()
    assert page.locator("#note-text").input_value() == ""
    type_and_lose("Pour moi seule")
    enter("sylvie@example.com")
    assert page.url == person
    assert page.locator("#note-text").input_value() == "", "what one wrote is not shown to another"


def test_an_erasure_leads_to_its_report(visit: Visit, worker: Callable[[], None]) -> None:
    page = visit("/", who=OFFICER)
    page.goto("/people?q=durand")
    person = str(page.locator(".people li a").last.get_attribute("href") if "/people?" in page.url else page.url)
    page.goto(f"{person}/erase")
    assert re.search(r"\d+ lignes? ser", page.locator("main").inner_text())
    page.check("[name=sure]")
    page.click("text=Effacer définitivement")
    page.wait_for_url("**/erasures/*")
    assert "Cette page dira quand il est fait" in page.locator(".toasts").inner_text()
    worker()
    page.reload()
    told = page.locator("main").inner_text()
    assert "Rien, dans aucune table, copie ni acte." in told
    assert len(re.findall(r"Ligne d’audit", told)) == 2
    assert page.locator("[data-print]").is_visible()
    assert faults(page) == []
    page.goto(person)
    assert page.locator("h1").inner_text() == "Rien ici"
    page.goto("/erasures")
    assert page.locator("table.list .tag").first.inner_text() == "fait"


@pytest.mark.parametrize("width", [390, 1280])
def test_two_steps_are_set_up_and_taken_down(width: int, visit: Visit, passwords: dict[str, str]) -> None:
    who = "paul@example.com" if width == 390 else "nadia@example.com"
    page = visit("/account/2fa/", who=who, width=width)
    page.click("text=Activer…")
    page.fill("[name=password]", passwords[who])
    page.click(".door-card .btn-primary")
    secret = page.locator(".secret").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(page) == []
    page.fill("[name=code]", code_of(secret))
    page.click("main .btn-primary")
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    page.goto("/account/logout/")
    page.click("main .btn-primary")
    page.fill("[name=login]", who)
    page.fill("[name=password]", passwords[who])
    page.click(".door-card .btn-primary")
    assert page.locator("h1").inner_text() == "Deuxième étape"
    assert faults(page) == []
    page.fill("[name=code]", codes[0])
    page.click(".door-card .btn-primary")
    assert page.locator("h1").inner_text().startswith("Bonjour")
    page.goto("/account/2fa/totp/deactivate/")
    page.fill("[name=password]", passwords[who])
    page.click(".door-card .btn-primary")
    page.click("text=Désactiver >> nth=-1")
    assert "inactive" in page.locator("main").inner_text()


@pytest.fixture
def service(home: dict[str, str]) -> Iterator[tuple[oidc.Provider, str]]:
    """Serve the sample anew, with a sign-in service that shows a page with a button."""
    with oidc.serving() as provider:
        provider.asks = True
        variables = {
            "FILROUGE_OIDC_ISSUER": provider.address, "FILROUGE_OIDC_NAME": "Horizon SSO",
            "FILROUGE_OIDC_CLIENT_ID": oidc.CLIENT, "FILROUGE_OIDC_CLIENT_SECRET": oidc.SECRET,
        }  # fmt: skip
        with served(home | variables) as address:
            yield provider, address


def test_the_company_s_service_opens_an_account_in_a_real_browser(
    chromium: Any, service: tuple[oidc.Provider, str]
) -> None:
    provider, address = service
    for email, expected in (("marie@example.com", "Bonjour Marie"), ("nobody@example.com", "Pas de compte ici")):
        provider.claims = {"sub": email, "email": email, "email_verified": True}
        context = chromium.new_context(base_url=address, locale="fr-FR")
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said, kept=complaints: kept.append(said.text) if counts(said) else None)
        page.goto("/account/login/")
        page.click("text=Se connecter avec Horizon SSO")
        page.click("text=Go on")
        page.wait_for_url(f"{address}/**")
        assert page.locator("h1").inner_text().startswith(expected)
        assert complaints == [], "the policy lets the form lead there"
        context.close()
    assert provider.refused == []
