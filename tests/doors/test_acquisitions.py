"""Acquisitions on screens, for programs and from a terminal: read, ticked, live, and unknown to strangers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from filrouge.store.models import Acquisition
from filrouge.work import access, acquisitions, groups

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
PAGES = ("/acquisitions/halle", "/acquisitions/halle/overlap", "/acquisitions/halle/overlap.csv")


@pytest.fixture
def halle(world: Any) -> Acquisition:
    """The group bought the shop, whose system is still to come."""
    return acquisitions.start(
        access.OWNER, "halle", name="La Halle", nature="share", parent="groupe", entity="boutique", brands=["halle"],
        systems=[{"name": "till", "title": "Les caisses"}], started_on=date(2026, 9, 1),
    )  # fmt: skip


def test_an_executive_reads_the_clock_and_acts_on_nothing(
    world: Any, halle: Acquisition, signed_in: Callable[[str], Any]
) -> None:
    world.user("helene", "executive", entities=("groupe",))
    client = signed_in("helene")
    listed = client.get("/acquisitions").content.decode()
    assert "La Halle" in listed
    assert "84 jours" in listed
    page = client.get("/acquisitions/halle").content.decode()
    for said in ("Les caisses", "pas encore", "RGPD art. 4(7)", "Aucun accord ne la nomme", "ne vous est pas ouvert"):
        assert said in page
    assert "C’est fait" not in page
    assert 'name="reason"' not in page
    assert client.post("/acquisitions/halle/live", {"reason": "now"}).status_code == 403
    assert client.post("/acquisitions/halle/steps/informed", {"state": "done"}).status_code == 403
    assert Acquisition.objects.get().live_at is None


def test_whoever_acts_for_neither_does_not_know_of_it(
    world: Any, halle: Acquisition, signed_in: Callable[[str], Any]
) -> None:
    groups.add_entity("tiers", "Tiers SA", by="test")
    world.user("stranger", "engineer", entities=("tiers",))
    client = signed_in("stranger")
    assert "La Halle" not in client.get("/acquisitions").content.decode()
    assert {client.get(page).status_code for page in PAGES} == {404}
    assert client.post("/acquisitions/halle/live", {"reason": "x"}).status_code == 404
    world.user("marie", "advisor")
    assert {signed_in("marie").get(page).status_code for page in ("/acquisitions", *PAGES)} == {403}


def test_an_officer_ticks_what_is_the_law_s_and_takes_it_back(
    world: Any, halle: Acquisition, signed_in: Callable[[str], Any]
) -> None:
    world.user("claire", "privacy", entities=("groupe",))
    client = signed_in("claire")
    told = client.post("/acquisitions/halle/steps/informed", {"state": "done", "note": "courrier"}, follow=True)
    assert "courrier" in told.content.decode()
    assert halle.steps.get(code="informed").state == "done"
    client.post("/acquisitions/halle/steps/informed", {"state": ""})
    assert halle.steps.get(code="informed").state == ""
    refused = client.post("/acquisitions/halle/steps/agreements", {"state": "without"}, follow=True).content.decode()
    assert "Dites pourquoi" in refused


def test_its_entity_and_brands_are_picked_where_they_are_known_and_written_where_they_are_not(
    world: Any, signed_in: Callable[[str], Any]
) -> None:
    world.user("remy", "engineer", entities=("groupe",))
    groups.add_entity("presse", "Presse SAS", by="test")
    groups.add_brand("hebdo", "L’Hebdo", "presse", by="test")
    client = signed_in("remy")
    form = {"name": "DigiPress", "nature": "share", "parent": "groupe", "entity": "presse", "brand": ["hebdo"],
            "brands": "mensuel", "started_on": "2026-09-01", "target_on": "2026-08-01"}  # fmt: skip
    wrong = client.post("/acquisitions/new", form)
    told = wrong.content.decode()
    assert wrong.status_code == 422
    assert '<option value="presse" selected>Presse SAS</option>' in told
    assert '<input type="checkbox" name="brand" value="hebdo" checked>' in told
    assert 'name="brands" value="mensuel"' in told
    client.post("/acquisitions/new", form | {"target_on": "2026-11-24"})
    row = Acquisition.objects.get(slug="digipress")
    assert (row.entity, row.brands) == ("presse", ["hebdo", "mensuel"])
    client.post("/acquisitions/digipress/edit", form | {"target_on": "2026-11-24", "entity": "", "entity_new": "digi"})
    assert Acquisition.objects.get(slug="digipress").entity == "digi"
    assert 'name="entity_new" value="digi"' in client.get("/acquisitions/digipress/edit").content.decode()


def test_an_engineer_starts_entrusts_and_has_it_go_live(world: Any, signed_in: Callable[[str], Any]) -> None:
    remy = world.user("remy", "engineer", entities=("groupe",))
    client = signed_in("remy")
    form = {
        "name": "DigiPress", "nature": "share", "parent": "groupe", "entity": "digipress-sas", "brands": "digi, press",
        "systems": "crm: Le CRM\nLa boutique", "started_on": "2026-09-01", "target_on": "2026-11-24",
    }  # fmt: skip
    assert client.post("/acquisitions/new", form).status_code == 302
    row = Acquisition.objects.get(slug="digipress")
    assert row.brands == ["digi", "press"]
    assert row.systems == [{"name": "crm", "title": "Le CRM"}, {"name": "la_boutique", "title": "La boutique"}]
    assert client.post("/acquisitions/new", form | {"target_on": "2026-08-01", "name": "Other"}).status_code == 422
    client.post("/acquisitions/digipress/steps/systems/owner", {"owner": str(remy.pk), "due": "2026-09-10"})
    home = client.get("/").content.decode()
    assert "Ses systèmes sont lus" in home
    assert "Des étapes restent ouvertes" in client.post("/acquisitions/digipress/live", follow=True).content.decode()
    client.post("/acquisitions/digipress/live", {"reason": "décidé"})
    assert "décidé" in client.get("/acquisitions/digipress").content.decode()
    client.post("/acquisitions/digipress/live/back")
    row.refresh_from_db()
    assert row.live_at is None


def test_the_overlap_is_taken_as_csv_in_sums(world: Any, halle: Acquisition, signed_in: Callable[[str], Any]) -> None:
    line = {"brand": "halle", "entity": "groupe", "other": "horizon", "people": 7, "through": 2, "kinds": {"email": 5},
            "decisions": {"rule": 5}}  # fmt: skip
    Acquisition.objects.update(figures={"people": 10, "brands": {"halle": 10}, "overlap": [line]})
    world.user("remy", "engineer")
    text = signed_in("remy").get("/acquisitions/halle/overlap.csv").content.decode("utf-8")
    assert text.startswith("\N{BYTE ORDER MARK}")
    rows = [row.split(";") for row in text.splitlines()]
    assert ["La Halle", "Horizon", "connues des deux", "", "7"] in rows
    world.user("rita", "engineer", entities=("boutique",))  # of the shop alone: the other brand is not hers to see
    assert len(signed_in("rita").get("/acquisitions/halle/overlap.csv").content.decode().splitlines()) == 1


def key(role: str, *scopes: str, entities: tuple[str, ...] = ()) -> dict[str, str]:
    _, word = groups.make_key(access.OWNER, "test", role=role, scopes=scopes, entities=entities)
    return {"HTTP_AUTHORIZATION": f"Bearer {word}"}


def test_a_program_reads_and_acts_within_its_role_and_scopes(client: Any, world: Any, halle: Acquisition) -> None:
    reads, acts = key("executive", "sources:read"), key("engineer", "sources:read", "sources:run")
    listed = client.get("/api/v1/acquisitions", **reads).json()
    assert listed["time_to_integrate"]["under_way"] == 1
    assert listed["items"][0]["next"] == "controller"
    one = client.get("/api/v1/acquisitions/halle", **reads).json()
    assert [step["state"] for step in one["steps"] if step["code"] == "entity"] == ["done"]
    body = {"content_type": "application/json"}
    assert client.post("/api/v1/acquisitions/halle/live", {"reason": "x"}, **body, **reads).status_code == 403
    assert client.post("/api/v1/acquisitions/halle/live", {}, **body, **acts).status_code == 400
    made = client.post("/api/v1/acquisitions/halle/live", {"reason": "x"}, **body, **acts).json()
    assert made["live_reason"] == "x"
    assert client.delete("/api/v1/acquisitions/halle/live", **acts).json()["live_at"] is None
    new = {"name": "digi", "title": "Digi", "nature": "asset", "parent": "groupe"}
    assert client.post("/api/v1/acquisitions", new, **body, **acts).status_code == 201
    assert client.delete("/api/v1/acquisitions/digi", **acts).status_code == 204
    groups.add_entity("tiers", "Tiers SA", by="test")
    stranger = key("engineer", "sources:read", "sources:run", entities=("tiers",))
    assert client.get("/api/v1/acquisitions/halle", **stranger).status_code == 404
    assert client.get("/api/v1/acquisitions", **stranger).json()["items"] == []
    assert client.get("/api/v1/acquisitions", **key("engineer", "people:read")).status_code == 403


def test_a_terminal_starts_ticks_and_tells_the_figure(world: Any) -> None:
    from filrouge.cli import app, gather

    gather()

    def run(*said: str) -> Any:
        return CliRunner().invoke(app, ["acquisition", *said])

    assert run("add", "halle", "--title", "La Halle", "--parent", "groupe", "--entity", "boutique", "--brands", "halle",
               "--systems", "till").exit_code == 0  # fmt: skip
    assert run("tick", "halle", "informed", "--note", "by letter").exit_code == 0
    shown = json.loads(run("show", "halle", "--json").stdout)
    assert {step["code"]: step["state"] for step in shown["steps"]}["informed"] == "done"
    assert run("live", "halle", "--reason", "the board").exit_code == 0
    listed = json.loads(run("list", "--json").stdout)
    assert (listed["time_to_integrate"]["median_days"], listed["items"][0]["days"]) == (0.0, 0)
    assert run("live", "halle", "--back").exit_code == 0
    assert run("live", "halle").exit_code != 0
