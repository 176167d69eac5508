"""The company's sign-in service: it opens the account of a verified address, and makes none."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests import oidc
from tests.doors.test_signin import acts, code_of, sign_in, turned_on

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
MARIE = {"sub": "marie-1", "email": "marie@example.com", "email_verified": True, "name": "Marie"}


@pytest.fixture
def service(settings: Any) -> Iterator[oidc.Provider]:
    with oidc.serving() as provider:
        app = {
            "provider_id": "company", "name": "Acme SSO", "client_id": oidc.CLIENT, "secret": oidc.SECRET,
            "settings": {"server_url": provider.address},
        }  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
        yield provider


def there(address: str) -> str:
    """Go where a browser is sent, and return where it is sent back."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers.get("Location", "")


def come_back(client: Any, service: oidc.Provider, **claims: Any) -> Any:
    """Sign in by the service as whoever ``claims`` tells; return the last answer."""
    service.claims = claims
    sent = client.post("/account/oidc/company/login/?process=login")
    assert sent.status_code == 302
    assert sent["Location"].startswith(service.address), "the browser is sent to the service"
    back = urlsplit(there(sent["Location"]))
    return client.get(f"{back.path}?{back.query}", follow=True)


def users() -> list[str]:
    from filrouge.store.queries import accounts

    return [str(line.email) for line in accounts.users()]


def test_a_verified_address_with_an_account_signs_in(client: Any, world: Any, service: oidc.Provider) -> None:
    world.user("marie", "advisor")
    assert "Se connecter avec Acme SSO" in client.get("/account/login/").content.decode()
    page = come_back(client, service, **MARIE)
    assert page.status_code == 200
    assert "Bonjour Marie" in page.content.decode()
    assert client.get("/people").status_code == 200
    assert service.refused == []
    assert acts() == ["user.sign_in"]
    client.post("/account/logout/")
    assert "Bonjour Marie" in come_back(client, service, **MARIE).content.decode(), (
        "and again, now that they are linked"
    )
    assert users() == ["marie@example.com"]


def test_the_password_goes_on_opening_an_account_that_the_service_opened(
    client: Any, world: Any, service: oidc.Provider
) -> None:
    world.user("marie", "advisor")
    come_back(client, service, **MARIE)
    client.post("/account/logout/")
    assert sign_in(client, "marie").status_code == 302
    assert "Bonjour Marie" in client.get("/").content.decode()


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "x", "email": "stranger@example.com", "email_verified": True},
        MARIE | {"email_verified": False},
        {"sub": "x"},
    ],
    ids=["no account", "address not verified", "no address"],
)
def test_whoever_has_no_account_is_refused_in_a_sentence(
    claims: dict[str, Any], client: Any, world: Any, service: oidc.Provider
) -> None:
    world.user("marie", "advisor")
    page = come_back(client, service, **claims).content.decode()
    assert "personne n’a créé de compte pour votre adresse" in page
    assert client.get("/people").status_code == 302
    assert users() == ["marie@example.com"]
    assert acts() == []


def test_a_closed_account_stays_closed(client: Any, world: Any, service: oidc.Provider) -> None:
    from filrouge.store.models import User

    world.user("marie", "advisor")
    User.objects.update(is_active=False)
    page = come_back(client, service, **MARIE).content.decode()
    assert "Ce compte a été fermé par un administrateur." in page
    assert client.get("/people").status_code == 302


def test_the_second_step_is_asked_there_too(client: Any, world: Any, service: oidc.Provider) -> None:
    from django.core.cache import cache

    world.user("marie", "advisor")
    secret, _ = turned_on(client, "marie")
    client.post("/account/logout/")
    page = come_back(client, service, **MARIE)
    assert "Deuxième étape" in page.content.decode()
    assert client.get("/people").status_code == 302
    cache.clear()
    client.post("/account/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get("/people").status_code == 200


def test_an_answer_that_was_not_asked_for_opens_nothing(client: Any, world: Any, service: oidc.Provider) -> None:
    world.user("marie", "advisor")
    service.claims = MARIE
    sent = client.post("/account/oidc/company/login/?process=login")
    back = urlsplit(there(sent["Location"]))
    from django.test import Client

    other = Client()  # a link sent to somebody else: they never asked
    page = other.get(f"{back.path}?{back.query}", follow=True).content.decode()
    assert "La connexion n’a pas abouti" in page
    assert other.get("/people").status_code == 302


@pytest.mark.parametrize("fault", ["audience", "broken", "cancelled"])
def test_an_answer_that_cannot_be_trusted_is_told(fault: str, client: Any, world: Any, service: oidc.Provider) -> None:
    world.user("marie", "advisor")
    service.claims = MARIE
    sent = client.post("/account/oidc/company/login/?process=login")
    back = urlsplit(there(sent["Location"]))
    query = back.query
    if fault == "audience":
        service.audience = "another product"
    elif fault == "broken":
        service.broken = True
    else:
        query = f"error=access_denied&state={query.partition('state=')[2]}"
    page = client.get(f"{back.path}?{query}", follow=True).content.decode()
    assert ("Connexion abandonnée" if fault == "cancelled" else "La connexion n’a pas abouti") in page
    assert client.get("/people").status_code == 302


def test_a_service_that_is_down_is_told(client: Any, world: Any, service: oidc.Provider) -> None:
    service.broken = True
    page = client.post("/account/oidc/company/login/?process=login", follow=True).content.decode()
    assert "La connexion n’a pas abouti" in page


def settled(folder: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    start = f"from filrouge.base import settings; settings.use(FILROUGE_SECRET_KEY='x', **{variables!r});"
    return subprocess.run([sys.executable, "-c", start + code], cwd=folder, capture_output=True, text=True, check=False)


def test_the_service_is_named_in_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "filrouge.toml").write_text(
        'oidc_issuer = "https://sso.example.com/realm"\noidc_name = "Acme"\noidc_client_id = "f"\n', encoding="utf-8"
    )
    code = (
        "from filrouge.site import settings as s;"
        "app = s.SOCIALACCOUNT_PROVIDERS['openid_connect']['APPS'][0];"
        "print(app['name'], app['client_id'], app['settings']['server_url'],"
        "s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'][1])"
    )
    told = settled(tmp_path, code)
    assert told.stdout.split() == ["Acme", "f", "https://sso.example.com/realm", "https://sso.example.com"], told.stderr


def test_a_service_without_https_is_refused_unless_on_this_machine(tmp_path: Path) -> None:
    code = "from filrouge.site import settings as s; print('taken')"
    assert "taken" in settled(tmp_path, code, FILROUGE_OIDC_ISSUER="http://127.0.0.1:9000").stdout
    assert "taken" not in settled(tmp_path, code, FILROUGE_OIDC_ISSUER="http://sso.example.com").stdout
