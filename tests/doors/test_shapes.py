"""A source that changed its shape, at the doors: an engineer of the brand sees, tries and accepts; nobody else does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.work.test_shapes import COLUMNS, renamed, rows
from tests.world import PEOPLE
from typer.testing import CliRunner

from filrouge.base import settings

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])


@pytest.fixture
def home(world: Any, tmp_path: Path) -> Iterator[Path]:
    """A home folder for one test."""
    before, folder = settings.get(), tmp_path / "home"
    folder.mkdir()
    settings.use(FILROUGE_HOME=str(folder), FILROUGE_LAKE=str(folder / "lake"))
    yield folder
    settings.use(FILROUGE_HOME=str(before.home), FILROUGE_LAKE=str(before.lake))


@pytest.fixture
def held(world: Any, home: Path, tmp_path: Path) -> Any:
    """A run that waits: two columns bear another name, one is gone."""
    from filrouge.work import sources

    path = tmp_path / "crm.csv"
    spec = {**PEOPLE, "entity": "groupe", "brand": "horizon", "place": str(path)}

    def write(lines: list[dict[str, str]], columns: tuple[str, ...]) -> None:
        path.write_text("\n".join([";".join(columns), *(";".join(row.get(n, "") for n in columns) for row in lines)]))

    write(rows(), COLUMNS)
    sources.define(spec, folder=tmp_path, by="test")
    sources.run("crm_people", by="test")
    lines, columns = renamed(rows(42), mail="Courriel", town="Commune")
    write(lines, tuple(name for name in columns if name != "phone"))
    return sources.run("crm_people", by="test")


def test_its_page_says_what_changed_and_an_engineer_tries_then_accepts(
    held: Any, world: Any, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.store.models import Source
    from filrouge.work import jobs, worker

    world.user("remy", "engineer", entities=("groupe",))
    client = signed_in("remy")
    page = client.get(f"/runs/{held.pk}").content.decode()
    assert "mail, town, phone" in page or "phone" in page
    assert f"/runs/{held.pk}/shape" in page
    assert f"/runs/{held.pk}/let-in" not in page, "what lacks columns is not let in as it is"
    assert "42 lignes ont été reçues" in page
    page = client.get(f"/runs/{held.pk}/shape").content.decode()
    for told in ("Courriel", "Commune", "Aucune colonne ne lui ressemble", "choisir…", "Essayer"):
        assert told in page
    assert "/shape/accept" not in page

    from filrouge.console import shapes
    from filrouge.work import access, reshaping

    lines = {one["column"]: one for one in shapes.columns(reshaping.of(access.OWNER, str(held.pk)))}
    form = {f"c:{one['number']}": one["chosen"] for one in lines.values()}
    assert client.post(f"/runs/{held.pk}/shape/choose", form).status_code == 302
    assert not held.__class__.objects.get(pk=held.pk).reshaping.get("choice"), "the column that is gone was not told"
    form[f"c:{lines['phone']['number']}"] = "-"
    client.post(f"/runs/{held.pk}/shape/choose", form)
    assert "Essai en cours" in client.get(f"/runs/{held.pk}/shape").content.decode()
    worked(jobs, worker)
    page = client.get(f"/runs/{held.pk}/shape").content.decode()
    assert "/shape/accept" in page
    assert "42" in page
    client.post(f"/runs/{held.pk}/shape/accept")
    worked(jobs, worker)
    held.refresh_from_db()
    assert (held.state, held.read, held.new, held.rejected) == ("committed", 42, 2, 0)
    assert Source.objects.get(name="crm_people").spec["map"]["email"] == {"column": "Courriel"}
    page = client.get(f"/runs/{held.pk}").content.decode()
    for told in ("Courriel est lue à la place de mail", "phone n’est plus lue", "Les colonnes reçues"):
        assert told in page
    assert client.get(f"/runs/{held.pk}/shape").status_code == 302


@pytest.mark.parametrize(("role", "entity", "status"), [("analyst", "groupe", 403), ("engineer", "boutique", 404)])
def test_nobody_else_sees_or_decides(
    role: str, entity: str, status: int, held: Any, world: Any, signed_in: Callable[[str], Any]
) -> None:
    world.user("elle", role, entities=(entity,))
    client = signed_in("elle")
    assert client.get(f"/runs/{held.pk}/shape").status_code == status
    assert client.post(f"/runs/{held.pk}/shape/choose", {}).status_code == status
    assert client.post(f"/runs/{held.pk}/shape/accept").status_code == status
    held.refresh_from_db()
    assert (held.state, held.decided_by, "choice" in held.reshaping) == ("held", "", False)


def test_the_api_tells_tries_and_accepts(held: Any, world: Any, client: Any) -> None:
    from filrouge.work import access, groups, jobs, worker

    def asked(scopes: list[str], entity: str = "groupe") -> dict[str, str]:
        made = groups.make_key(access.OWNER, "key", role="engineer", scopes=scopes, entities=[entity], brands=[])
        return {"Authorization": f"Bearer {made[1]}"}

    runs, reads = asked(["sources:read", "sources:run"]), asked(["sources:read"])
    at = f"/api/v1/sources/crm_people/runs/{held.pk}/shape"
    told = client.get(at, headers=runs).json()
    assert {one["column"]: one["to"] for one in told["gone"]} == {
        "mail": ["Courriel"], "town": ["Commune"], "phone": [],
    }  # fmt: skip
    assert told["undecided"] == ["phone"]
    choice = {"columns": {**told["choice"]["columns"], "phone": {"to": []}}}
    assert client.post(at, choice, "application/json", headers=reads).status_code == 403
    assert client.post(at, choice, "application/json", headers=asked(["sources:run"], "boutique")).status_code == 404
    assert client.post(f"{at}/accept", headers=runs).status_code == 409
    assert client.post(at, choice, "application/json", headers=runs).status_code == 202
    worked(jobs, worker)
    assert client.get(at, headers=runs).json()["tried"]["new"] == 2
    assert client.post(f"{at}/accept", headers=runs).status_code == 202
    worked(jobs, worker)
    held.refresh_from_db()
    assert (held.state, held.new) == ("committed", 2)


@pytest.fixture
def valued(world: Any, home: Path, tmp_path: Path) -> Any:
    """A run that waits: a column of consents holds values that it never held, one of which tells of somebody."""
    from filrouge.work import sources

    path = tmp_path / "crm.csv"
    spec = {**PEOPLE, "entity": "groupe", "brand": "horizon", "place": str(path)}

    def write(lines: list[dict[str, str]]) -> None:
        path.write_text("\n".join([";".join(COLUMNS), *(";".join(row.get(n, "") for n in COLUMNS) for row in lines)]))

    write([{**row, "optin": "yes"} for row in rows()])
    sources.define(spec, folder=tmp_path, by="test")
    sources.run("crm_people", by="test")
    write([{**row, "optin": "oui" if at % 2 else "Zoé Ruiz"} for at, row in enumerate(rows())])
    return sources.run("crm_people", by="test")


def test_both_doors_tell_it_the_same_and_values_as_a_role_may_read_them(valued: Any, world: Any, client: Any) -> None:
    from filrouge.cli import app, gather
    from filrouge.work import access, groups, jobs, worker

    gather()
    scopes = ["sources:read", "sources:run"]

    def key(role: str) -> dict[str, str]:
        made = groups.make_key(access.OWNER, role, role=role, scopes=scopes, entities=["groupe"], brands=[])
        return {"Authorization": f"Bearer {made[1]}"}

    at = f"/api/v1/sources/crm_people/runs/{valued.pk}/shape"
    sees, masked = key("administrator"), key("engineer")
    shown = CliRunner().invoke(app, ["source", "shape", "crm_people", "--json"])
    told, whole = json.loads(shown.stdout), client.get(at, headers=sees).json()
    assert {name: told[name] for name in told if name != "since"} == {
        name: whole[name] for name in whole if name != "since"
    }  # fmt: skip
    assert {one["value"] for one in told["values"]["optin"]} == {"oui", "Zoé Ruiz"}
    seen = client.get(at, headers=masked)
    assert {one["value"] for one in seen.json()["values"]["optin"]} == {"oui", "Z•••"}
    assert "Ruiz" not in seen.content.decode()

    both = {"optin": {"oui": "granted", "Zoé Ruiz": "denied"}}
    assert client.post(at, {"values": both}, "application/json", headers=sees).status_code == 202
    seen = client.get(at, headers=masked).json()
    assert seen["choice"]["values"] == {"optin": {"oui": "granted"}}
    mine = {"values": {"optin": {"oui": "denied"}}}
    assert client.post(at, mine, "application/json", headers=masked).status_code == 202
    kept = {"oui": "denied", "Zoé Ruiz": "denied"}
    assert client.get(at, headers=sees).json()["choice"]["values"] == {"optin": kept}, "what was not told stays as said"
    worked(jobs, worker)
    assert client.get(at, headers=masked).json()["tried"]["rejected"] == 0


def test_new_values_stay_masked_for_whoever_sees_addresses_elsewhere_alone(
    valued: Any, world: Any, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.work import groups

    remy = world.user("remy", "engineer", entities=("groupe",))
    groups.grant(str(remy.pk), "advisor", by="test", entities=("boutique",))
    page = signed_in("remy").get(f"/runs/{valued.pk}/shape").content.decode()
    assert ("Z•••" in page, "Ruiz" in page) == (True, False)


def test_the_command_line_tells_tries_and_accepts(held: Any) -> None:
    from filrouge.cli import app, gather

    gather()

    def said(*words: str) -> Any:
        done = CliRunner().invoke(app, ["source", *words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    told = said("shape", "crm_people")
    assert (told["undecided"], told["run"]) == (["phone"], str(held.pk))
    tried = said("reshape", "crm_people", "--drop", "phone")
    assert (tried["new"], tried["state"]) == (2, "held")
    done = said("reshape", "crm_people", "--drop", "phone", "--accept")
    assert (done["new"], done["changed"], done["rejected"], done["state"]) == (2, 40, 0, "committed")
    assert "Courriel" in said("shape", "crm_people")["columns"]


def worked(jobs: Any, worker: Any) -> None:
    """Let the worker do what waits."""
    while job := jobs.claim("test"):
        jobs.work(job, worker.VERBS)


def test_a_newer_file_with_other_columns_says_what_stands_in_for_them(
    home: Path, world: Any, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.work import access, drafts, jobs, worker

    def text(header: str) -> bytes:
        return "\n".join([header, *(f"{n};Ada{n};Byron;ada{n}@example.com" for n in range(30))]).encode()

    asking = access.OWNER
    first, _ = drafts.bring(asking, "salon.csv", [text("N° fiche;Prénom;Nom;Courriel")], brand="horizon")
    drafts.try_out(asking, str(first.pk))
    worked(jobs, worker)
    drafts.go(asking, str(first.pk))
    worked(jobs, worker)
    newer, _ = drafts.bring(
        asking, "salon 2.csv", [text("N° fiche;Prénom;Nom;Adresse mail")], brand="horizon", source=first.spec["source"]
    )
    world.user("remy", "engineer", entities=("groupe",))
    page = signed_in("remy").get(f"/sources/drafts/{newer.pk}?step=columns").content.decode()
    for told in ("n’a pas les colonnes du précédent", "Adresse mail est lue à la place de Courriel"):
        assert told in page
