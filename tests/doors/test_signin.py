"""Coming in: who may, who may not, and what is told."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.django_db(databases=["default", "live", "audit"])]


def sign_in(client: Any, name: str, password: str = "") -> Any:
    return client.post(
        "/account/login/", {"login": f"{name}@example.com", "password": password or f"correct horse {name}"}
    )


def test_a_page_asks_a_stranger_to_sign_in(client: Any) -> None:
    answer = client.get("/people")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


def test_the_right_password_opens_the_home_page(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    answer = sign_in(client, "marie")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "Bonjour Marie" in client.get("/").content.decode()


def test_a_wrong_password_and_an_unknown_address_are_told_alike(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    wrong = sign_in(client, "marie", "no").content.decode()
    unknown = sign_in(client, "nobody", "no").content.decode()
    said = [page[page.index('role="alert"') :][:250] for page in (wrong, unknown)]
    assert said[0] == said[1]


def test_six_failures_close_the_door_for_that_address(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    for _ in range(6):
        answer = sign_in(client, "marie", "no")
    assert answer.status_code == 429
    assert sign_in(client, "marie").status_code == 429


def test_no_account_is_made_from_outside(client: Any) -> None:
    assert client.get("/account/signup/").status_code == 302
    answer = client.post(
        "/account/signup/", {"email": "new@example.com", "password1": "long enough 123", "password2": "long enough 123"}
    )
    assert answer.status_code in (302, 405)
    from filrouge.store.queries import accounts

    assert accounts.users() == []


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    sign_in(client, "marie")
    session = client.cookies["filrouge_session"]
    assert session["httponly"] is True
    assert session["samesite"] == "Lax"


@pytest.mark.parametrize("path", ["/account/login/", "/account/password/reset/"])
def test_a_page_loads_nothing_from_elsewhere_and_runs_no_inline_script(client: Any, path: str) -> None:
    answer = client.get(path)
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    page = answer.content.decode()
    assert " style=" not in page
    assert " onclick=" not in page
    assert 'src="http' not in page
