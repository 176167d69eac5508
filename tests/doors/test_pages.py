"""Every page answers for the roles that have it and for no other, in both languages, and errors are told in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import HORIZON

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])

ROLES = ("advisor", "sales", "marketer", "finance", "privacy", "engineer", "executive", "analyst", "administrator")
OPEN = {
    "/": set(ROLES),
    "/people": set(ROLES) - {"executive"},
    "/follow-ups": {"advisor", "sales", "administrator"},
    "/companies": set(ROLES) - {"executive", "analyst"},
    "/sources": {"privacy", "engineer", "analyst", "administrator"},
    "/baselines": set(ROLES) - {"advisor", "marketer"},
    "/identity": {"engineer", "analyst", "privacy", "executive", "administrator"},
    "/audit": {"privacy", "administrator"},
    "/register": {"privacy", "administrator"},
    "/accounts": {"administrator"},
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_pages_and_no_other(role: str, world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("someone", role)
    client = signed_in("someone")
    assert {path for path in OPEN if client.get(path).status_code == 200} == {
        path for path in OPEN if role in OPEN[path]
    }


@pytest.mark.parametrize("role", ROLES)
def test_the_navigation_offers_nothing_that_is_refused(role: str, world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("someone", role)
    client = signed_in("someone")
    page = client.get("/").content.decode()
    nav = page[page.index('class="shell-nav"') : page.index("</nav>")]
    offered = [piece.partition('"')[0] for piece in nav.split('href="')[1:]]
    assert offered
    assert {client.get(path).status_code for path in offered} == {200}


def test_the_reader_chooses_language_and_light(world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("marie", "advisor")
    client = signed_in("marie")
    assert '<html lang="fr"' in client.get("/").content.decode()
    answer = client.post("/reader", {"language": "en", "next": "/people"})
    assert answer["Location"] == "/people"
    client.post("/reader", {"theme": "dark", "next": "/"})
    page = client.get("/people").content.decode()
    assert '<html lang="en" data-bs-theme="dark"' in page
    assert "Search by name" in page


def test_choosing_a_language_leads_nowhere_else(client: Any) -> None:
    assert client.post("/reader", {"language": "en", "next": "https://elsewhere.example/"})["Location"] == "/"


def test_health_is_plain(client: Any) -> None:
    assert client.get("/livez").content == b"ok\n"
    assert client.get("/readyz").status_code == 200


def test_nothing_here_is_told_in_words(world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("marie", "advisor")
    answer = signed_in("marie").get("/nowhere")
    assert answer.status_code == 404
    assert "Rien ici" in answer.content.decode()


def test_a_fault_of_ours_is_told_in_words(world: Any, signed_in: Callable[[str], Any], monkeypatch: Any) -> None:
    from filrouge.console.pages import home

    def breaks(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(home.found, "home", breaks)
    world.user("marie", "advisor")
    client = signed_in("marie")
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Quelque chose s’est cassé de notre côté" in answer.content.decode()
    assert "ZeroDivisionError" not in answer.content.decode()


def test_an_expired_form_is_told_in_words(world: Any) -> None:
    from django.test import Client

    world.user("marie", "advisor")
    answer = Client(enforce_csrf_checks=True).post("/account/login/", {"login": "x"})
    assert answer.status_code == 403
    assert "Ce formulaire est à renvoyer" in answer.content.decode()


def test_the_audit_is_read_and_verified(world: Any, signed_in: Callable[[str], Any]) -> None:
    from filrouge.work import audit

    world.user("claire", "privacy")
    audit.chain_waiting()
    client = signed_in("claire")
    assert "a créé un compte" in client.get("/audit").content.decode()
    page = client.post("/audit/verify", follow=True).content.decode()
    assert "aucune changée, retirée ni déplacée" in page


def test_an_account_is_made_its_word_shown_once_and_closed(world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("sylvie", "administrator")
    client = signed_in("sylvie")
    said = {"what": "user", "name": "Nadia", "email": "nadia@example.com", "role": "sales", "entities": ["groupe"]}
    page = client.post("/accounts", said).content.decode()
    word = page.partition('class="sheet word-once"')[2].partition("<code>")[2].partition("</code>")[0]
    assert len(word) >= 12
    assert word not in client.get("/accounts").content.decode()
    from filrouge.store.queries import accounts

    nadia = next(user for user in accounts.users() if user.email == "nadia@example.com")
    assert nadia.check_password(word)
    client.post(f"/accounts/{nadia.id}/active", {"active": "0"})
    assert not next(user for user in accounts.users() if user.email == "nadia@example.com").is_active


def test_a_key_is_made_and_revoked(world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("sylvie", "administrator")
    client = signed_in("sylvie")
    page = client.post(
        "/accounts", {"what": "key", "name": "BI", "role": "analyst", "scopes": ["people:read"]}
    ).content.decode()
    word = page.partition('class="sheet word-once"')[2].partition("<code>")[2].partition("</code>")[0]
    assert client.get("/api/v1/people?q=x", headers={"Authorization": f"Bearer {word}"}).status_code == 200
    client.post(f"/keys/{word[:12]}/revoke")
    assert client.get("/api/v1/people?q=x", headers={"Authorization": f"Bearer {word}"}).status_code == 401


def test_a_long_page_has_one_heading_and_a_way_past_the_navigation(world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("marie", "advisor")
    key = world.person(1, "Camille", "Rousseau", HORIZON)
    page = signed_in("marie").get(f"/people/{key}").content.decode()
    assert page.count("<h1") == 1
    assert 'href="#content"' in page
