"""Bringing from a place, through the screens and the command: each kind has its form, and shows what answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.connect.places import Web
from tests.work.systems import Serving
from tests.work.systems.mailing import Brevo
from tests.work.test_drafts import worked
from tests.world import World
from typer.testing import CliRunner

from filrouge.base import settings
from filrouge.connect import asking as connecting
from filrouge.domain.sources import presets
from filrouge.store.models import Secret, Source, SourceDraft
from filrouge.work import secrets

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "live", "audit"]),
    pytest.mark.lake,
]
PEOPLE = [{"id": n, "family_name": f"Famille{n}x", "email": f"a{n}@example.com"} for n in range(6)]


@pytest.fixture
def world(home: Path, tmp_path: Path, transactional_db: None) -> World:
    return World(tmp_path / "systems")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home folder for one test."""
    before = settings.get()
    folder = tmp_path / "home"
    (folder / "drops").mkdir(parents=True)
    settings.use(
        FILROUGE_HOME=str(folder), FILROUGE_LAKE=str(folder / "lake"), FILROUGE_SAMPLE=str(tmp_path / "home-sample")
    )
    yield folder
    settings.use(FILROUGE_HOME=str(before.home), FILROUGE_LAKE=str(before.lake), FILROUGE_SAMPLE=str(before.sample))


@pytest.fixture
def service() -> Iterator[Web]:
    made = Web(lambda *_: (200, {}, json.dumps({"people": PEOPLE}).encode()))
    yield made
    made.close()


def enter(client: Any, world: World, role: str, language: str = "fr", **given: Any) -> Any:
    from filrouge.store.models import User

    world.user(role, **given)
    user = User.objects.latest("pk")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.cookies["django_language"] = language
    return client


def slip(client: Any, path: str) -> dict[str, str]:
    page = client.get(path).content.decode()
    return {"slip": page.partition('name="slip" value="')[2].partition('"')[0]}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_kind_of_place_has_its_form_and_the_file_stays_first(world: World, client: Any, language: str) -> None:
    inside = enter(client, world, "engineer", language, entities=("north",))
    page = inside.get("/sources/new").content.decode()
    assert 'type="file"' in page
    for kind in ("folder", "sftp", "database", "address"):
        assert f'href="/sources/new/place/{kind}"' in page
        form = inside.get(f"/sources/new/place/{kind}")
        assert form.status_code == 200
        assert 'name="allow_private"' not in form.content.decode(), "that is for administrators"
    assert inside.get("/sources/new/place/moon").status_code == 404
    listed = inside.get("/sources/new/systems").content.decode()
    for name in presets.names():
        assert f'href="/sources/new/systems/{name}"' in listed
        assert inside.get(f"/sources/new/systems/{name}").status_code == 200
    assert inside.get("/sources/new/systems/moon").status_code == 404


def test_an_administrator_may_say_that_a_private_address_is_meant(world: World, client: Any) -> None:
    inside = enter(client, world, "administrator")
    for path in ("place/sftp", "place/database", "place/address", "systems/woocommerce"):
        assert 'name="allow_private"' in inside.get(f"/sources/new/{path}").content.decode()
    assert 'name="allow_private"' not in inside.get("/sources/new/place/folder").content.decode()


@pytest.mark.parametrize("path", ["/sources/new/place/folder", "/sources/new/systems", "/sources/new/systems/brevo"])
def test_others_than_engineers_are_refused(world: World, client: Any, path: str) -> None:
    assert enter(client, world, "marketer", entities=("north",)).get(path).status_code == 403


def test_an_address_is_asked_shown_and_goes_on_to_its_columns(world: World, client: Any, service: Web) -> None:
    inside = enter(client, world, "administrator")
    path = "/sources/new/place/address"
    said = {"place": f"{service.url}/people", "brand": "red", "value": "word-of-mine", "label": "Desk", "way": ""}
    refused = inside.post(path, said | slip(inside, path))
    assert refused.status_code == 422, "a private address is meant, or it is not reached"
    assert "word-of-mine" not in refused.content.decode()
    done = inside.post(path, said | {"allow_private": "yes"} | slip(inside, path))
    draft = SourceDraft.objects.get()
    assert done["Location"] == f"/sources/drafts/{draft.pk}/first"
    page = inside.get(done["Location"]).content.decode()
    assert "Famille0x" in page
    columns = inside.get(f"/sources/drafts/{draft.pk}?step=columns").content.decode()
    assert "family_name" in columns
    assert 'action="/sources/drafts/' in columns
    assert "read-as" not in columns, "how it is written is not a question of conventions of files"
    assert Secret.objects.get().name == "desk-key"


def test_the_first_rows_are_masked_for_whoever_sees_no_addresses(world: World, client: Any, home: Path) -> None:
    from filrouge.store.models import User
    from filrouge.work import groups

    (home / "drops" / "crm.csv").write_text("Num;Nom;Courriel\n1;Famillex;paul@example.com\n2;Autre;a@example.com\n")
    inside = enter(client, world, "engineer", entities=("north",))
    groups.grant(str(User.objects.latest("pk").pk), "advisor", by="test", entities=("west",))  # who sees them there
    path = "/sources/new/place/folder"
    done = inside.post(path, {"place": "crm.csv", "brand": "red"} | slip(inside, path))
    page = inside.get(done["Location"]).content.decode()
    assert "Courriel" in page
    assert "paul@example.com" not in page


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("folder", {"place": "/etc/passwd"}),
        ("folder", {"place": ""}),
        ("database", {"place": "mysql://x/y", "table": "t"}),
        ("database", {"place": "sqlite:////etc/x.db", "table": "t"}),
        ("database", {"place": "postgresql://a:b@h/x", "table": "t"}),
        ("sftp", {"place": "sftp://files.example.com/x.csv"}),
        ("address", {"place": "https://x.example.com/", "way": "after", "param": "p"}),
        ("address", {"place": "https://x.example.com/", "auth": "header"}),
    ],
)
def test_what_cannot_be_is_told_in_words_on_its_form(
    world: World, client: Any, kind: str, said: dict[str, str]
) -> None:
    inside = enter(client, world, "administrator")
    path = f"/sources/new/place/{kind}"
    answer = inside.post(path, {"brand": "red", "label": "x"} | said | slip(inside, path))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert"' in page
    assert "Value error" not in page
    assert not SourceDraft.objects.exists()


def test_a_usual_system_is_asked_tried_and_imported(world: World, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting.time, "sleep", lambda _: None)
    system = Brevo()
    serving = Serving(system)
    inside = enter(client, world, "administrator")
    path = "/sources/new/systems/brevo"
    said = {
        "a:address": system.url, "a:given_name": "FIRSTNAME", "a:family_name": "LASTNAME", "brand": "red",
        "value": system.secret, "allow_private": "yes", "part": ["contacts"],
    }  # fmt: skip
    for wrong in ({"value": "no"}, {"part": []}, {"a:given_name": "a b"}, {"value": ""}):
        assert inside.post(path, said | wrong | slip(inside, path)).status_code == 422
    assert not SourceDraft.objects.exists()
    done = inside.post(path, said | slip(inside, path))
    assert done["Location"] == "/sources/new/parts/brevo"
    worked()
    page = inside.get(done["Location"]).content.decode()
    assert "3 lues = 3 nouvelles" in page
    draft = SourceDraft.objects.get()
    trial = inside.get(f"/sources/drafts/{draft.pk}?step=columns").content.decode()
    assert "/sources/new/parts/brevo" in trial, "what its columns say is known: there is nothing to tell"
    inside.post("/sources/new/parts/brevo/import", slip(inside, done["Location"]))
    worked()
    serving.close()
    assert Source.objects.get(name="brevo_contacts").enabled
    assert world.rows("SELECT count(*) AS n FROM person_records")[0]["n"] == 3


def test_a_stranger_sees_nothing_of_what_another_brings(world: World, client: Any, home: Path) -> None:
    (home / "drops" / "crm.csv").write_text("Num;Nom;Courriel\n1;Famillex;paul@example.com\n2;Autre;a@example.com\n")
    inside = enter(client, world, "engineer", entities=("north",))
    path = "/sources/new/place/folder"
    first = inside.post(path, {"place": "crm.csv", "brand": "red"} | slip(inside, path))["Location"]
    assert inside.get(first).status_code == 200
    other = enter(client, world, "engineer", entities=("south",))
    assert other.get(first).status_code == 404


# --- the command ------------------------------------------------------------------------------------------------------


def told(*words: str) -> Any:
    from filrouge import cli

    cli.gather()
    return CliRunner().invoke(cli.app, list(words), catch_exceptions=False)


def test_the_command_lists_prints_and_makes_the_sources_of_a_system(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting.time, "sleep", lambda _: None)
    listed = json.loads(told("source", "presets", "--json").stdout)
    assert {one["preset"] for one in listed} == set(presets.names())
    system = Brevo()
    serving = Serving(system)
    secrets.keep("brevo", system.secret, by="test")
    words = (
        "source", "from-preset", "brevo", "--brand", "red", "--set", f"address={system.url}", "--secret", "key=brevo",
        "--name", "news", "--part", "contacts", "--allow-private",
    )  # fmt: skip
    (printed,) = yaml.safe_load_all(told(*words, "--print").stdout)
    assert printed["source"] == "news_contacts"
    assert not Source.objects.exists()
    made = json.loads(told(*words, "--json").stdout)
    serving.close()
    assert made == [{"source": "news_contacts", "reads": "person_records"}]
    assert Source.objects.get().spec["secret"] == "brevo"


def test_the_command_proposes_a_definition_that_can_be_added(world: World, service: Web, tmp_path: Path) -> None:
    place = f"{service.url}/people"
    said = told("source", "propose", place, "--brand", "red", "--name", "desk", "--allow-private").stdout
    data = yaml.safe_load(said)
    assert data["format"]["items"] == "people"
    assert data["map"]["email"] == "email"
    assert "a1@example.com" not in said, "nobody's data is printed"
    (tmp_path / "desk.yaml").write_text(said)
    assert told("source", "add", str(tmp_path / "desk.yaml")).exit_code == 0
    assert Source.objects.get().name == "desk"
