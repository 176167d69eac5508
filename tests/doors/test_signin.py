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


@pytest.mark.parametrize("path", ["/account/login/", "/nowhere"])
def test_a_page_loads_nothing_from_elsewhere_and_runs_no_inline_script(client: Any, path: str) -> None:
    answer = client.get(path)
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    page = answer.content.decode()
    assert " style=" not in page
    assert " onclick=" not in page
    assert 'src="http' not in page


# --- the account of whoever is inside ---------------------------------------------------------------------------------


SELF = (
    "/account/2fa/", "/account/2fa/totp/activate/", "/account/password/change/", "/account/reauthenticate/",
    "/account/logout/",
)  # fmt: skip
TWO_STEPS = (
    "/account/2fa/",
    "/account/2fa/totp/deactivate/",
    "/account/2fa/recovery-codes/",
    "/account/2fa/recovery-codes/generate/",
)


def code_of(secret: str) -> str:
    """Return the code that an application shows now, worked out as RFC 6238 says."""
    import base64
    import hashlib
    import hmac
    import struct
    import time

    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def again(client: Any, name: str) -> None:
    """Give the password again, as is asked before the account itself is changed."""
    client.post("/account/reauthenticate/", {"password": f"correct horse {name}"})


def turned_on(client: Any, name: str) -> tuple[str, list[str]]:
    """Turn two-step sign-in on for whoever has just signed in; return the secret and the recovery codes."""
    sign_in(client, name)
    again(client, name)
    page = client.get("/account/2fa/totp/activate/").content.decode()
    secret = page.partition('class="secret">')[2].partition("<")[0]
    done = client.post("/account/2fa/totp/activate/", {"code": code_of(secret)})
    assert done.status_code == 302
    codes = client.get("/account/2fa/recovery-codes/").content.decode().split('<li class="mono">')[1:]
    return secret, [code.partition("<")[0] for code in codes]


def acts() -> list[str]:
    from filrouge.store.models import AuditEntry

    return list(
        AuditEntry.objects.filter(subject_kind="user")
        .exclude(action="user.add")
        .exclude(action="user.grant")
        .order_by("id")
        .values_list("action", flat=True)
    )


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_page_of_the_account_is_the_library_s_own(language: str, client: Any, world: Any) -> None:
    import re

    world.user("marie", "advisor")
    sign_in(client, "marie")
    again(client, "marie")
    client.cookies["django_language"] = language
    theirs = re.compile(
        r"Two-Factor|Authenticator App|authentificateur|third-party|Sign Up|facteurs|Menu:|reauthenticate",
        re.IGNORECASE,
    )

    def look(address: str) -> None:
        answer = client.get(address)
        page = answer.content.decode()
        assert answer.status_code == 200, address
        body = re.sub(r'(href|action|name|value|id|for)="[^"]*"', "", page.partition("<main")[2])
        assert not theirs.search(body), (address, theirs.findall(body))
        assert "door-card" in page or "shell-head" in page, address
        assert " style=" not in page, address
        assert page.count("<h1") == 1, address

    for address in SELF:
        look(address)
    client.post("/account/logout/")
    turned_on(client, "marie")
    for address in TWO_STEPS:
        look(address)


@pytest.mark.parametrize(
    "address",
    ["email/", "password/reset/", "password/reset/key/1-abc/", "password/set/", "3rdparty/", "login/code/confirm/"],
)
def test_what_the_product_does_not_do_is_not_there(address: str, client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    sign_in(client, "marie")
    assert client.get(f"/account/{address}").status_code == 404


def test_two_steps_are_set_up_and_asked_for(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    secret, codes = turned_on(client, "marie")
    assert len(codes) == 10
    client.post("/account/logout/")
    half = sign_in(client, "marie")
    assert half["Location"].startswith("/account/2fa/authenticate/")
    assert client.get("/people").status_code == 302, "a password alone opens nothing"
    wrong = client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert "Ce code n’est pas bon" in wrong.content.decode()
    from django.core.cache import cache

    cache.clear()  # the code of this half-minute was used to turn it on
    done = client.post("/account/2fa/authenticate/", {"code": code_of(secret)})
    assert (done.status_code, done["Location"]) == (302, "/")
    assert client.get("/people").status_code == 200
    assert acts() == ["user.sign_in", "user.two_step_on", "user.sign_in"]


def test_a_recovery_code_opens_once(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    _, codes = turned_on(client, "marie")
    client.post("/account/logout/")
    sign_in(client, "marie")
    assert client.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    assert client.get("/people").status_code == 200
    client.post("/account/logout/")
    sign_in(client, "marie")
    assert client.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 200
    assert client.get("/people").status_code == 302
    assert "user.recovery_used" in acts()


def test_codes_cannot_be_tried_without_end(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    _, codes = turned_on(client, "marie")
    client.post("/account/logout/")
    sign_in(client, "marie")
    for at in range(12):
        client.post("/account/2fa/authenticate/", {"code": f"{at:06d}"})
    assert client.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 200, "even the right one waits"


def test_the_secret_of_the_second_step_is_kept_sealed(client: Any, world: Any) -> None:
    from allauth.mfa.models import Authenticator

    world.user("marie", "advisor")
    secret, _ = turned_on(client, "marie")
    kept = [str(row.data) for row in Authenticator.objects.all()]
    assert len(kept) == 2
    assert not any(secret in text for text in kept)
    assert all("gAAAA" in text for text in kept)


def test_turning_two_steps_off_asks_who_it_is(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    _, codes = turned_on(client, "marie")
    client.post("/account/logout/")
    sign_in(client, "marie")
    client.post("/account/2fa/authenticate/", {"code": codes[0]})
    asked = client.get("/account/2fa/totp/deactivate/")
    assert asked.status_code == 302
    assert "reauthenticate" in asked["Location"]
    again(client, "marie")
    assert client.post("/account/2fa/totp/deactivate/").status_code == 302
    assert acts()[-1] == "user.two_step_off"


def test_a_password_changed_closes_the_other_sessions(client: Any, world: Any) -> None:
    from django.test import Client

    world.user("marie", "advisor")
    elsewhere = Client()
    sign_in(elsewhere, "marie")
    sign_in(client, "marie")
    form = {"oldpassword": "correct horse marie", "password1": "another long horse", "password2": "another long horse"}
    wrong = client.post("/account/password/change/", form | {"oldpassword": "no"})
    assert "Ce n’est pas votre mot de passe." in wrong.content.decode()
    assert client.post("/account/password/change/", form).status_code == 302
    assert client.get("/people").status_code == 200
    assert elsewhere.get("/people").status_code == 302
    assert "user.password" in acts()


def test_signing_in_changes_the_number_of_the_session(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = client.session.session_key
    sign_in(client, "marie")
    after = client.cookies["filrouge_session"].value
    assert after != before
    from django.contrib.sessions.models import Session

    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize(
    ("began", "seen", "open_"),
    [(1, 1, True), (11 * 3600, 3600, True), (3 * 3600, 2 * 3600 + 90, False), (12 * 3600 + 90, 30, False)],
)
def test_a_session_ends_when_left_alone_and_after_half_a_day(
    began: int, seen: int, open_: bool, client: Any, world: Any
) -> None:
    from filrouge.base import clock

    world.user("marie", "advisor")
    sign_in(client, "marie")
    client.get("/people")
    now, session = int(clock.now().timestamp()), client.session
    session["began"], session["seen"] = now - began, now - seen
    session.save()
    answer = client.get("/people?q=ada")
    assert answer.status_code == (200 if open_ else 302)
    if not open_:
        assert answer["Location"] == "/account/login/?next=%2Fpeople%3Fq%3Dada"
        assert "Vous avez été déconnecté" in client.get(answer["Location"]).content.decode()
        part = client.get("/search?q=ada", headers={"HX-Request": "true"})
        assert part.status_code in (200, 204, 302)


def test_htmx_is_sent_to_the_door_as_a_whole_page(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    sign_in(client, "marie")
    client.get("/people")
    session = client.session
    session["seen"] = 0
    session.save()
    part = client.get("/search?q=ada", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/people"})
    assert part["HX-Redirect"] == "/account/login/?next=http%3A%2F%2Ftestserver%2Fpeople"


def test_a_door_that_closed_leaves_a_line_for_accounts_of_ours_only(client: Any, world: Any) -> None:
    world.user("marie", "advisor")
    for name in ("marie", "nobody"):
        for _ in range(6):
            sign_in(client, name, "no")
    assert acts() == ["user.locked_out"]


def test_cookies_travel_by_https_only_where_https_is_on() -> None:
    import subprocess
    import sys

    code = (
        "from filrouge.base import settings;"
        "settings.use(FILROUGE_HTTPS='1', FILROUGE_SECRET_KEY='x', FILROUGE_HOME='/nowhere');"
        "from filrouge.site import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0,"
        "s.SESSION_COOKIE_HTTPONLY, s.CSRF_COOKIE_SAMESITE)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["True", "True", "True", "True", "True", "Strict"]
