"""Entities, brands and agreements are declared on the console and by command, by who answers for them."""

# ruff: noqa: F401, F811 - the fixtures of another module, by their names
from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.doors.test_place_pages import enter, home, world
from tests.world import World
from typer.testing import CliRunner

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.store.models import Agreement, AuditEntry, Brand, Entity, SourceDraft, User
from filrouge.work import access, acquisitions, declaring, drafts, groups

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "live", "audit"]),
    pytest.mark.lake,
]


def post(browser: Any, what: str, **said: str) -> list[str]:
    """Send a form of the page; return what is told after."""
    answer = browser.post(f"/group/{what}", said, follow=True)
    assert answer.status_code == 200, answer.status_code
    return [str(message) for message in answer.context["messages"]]


def test_a_bought_company_is_declared_and_its_file_brought(client: Any, world: World, home: Path) -> None:
    boss = enter(client, world, "administrator", "en")
    page = boss.get("/group?add=entity&slug=digipress-sas&name=DigiPress").content.decode()
    assert 'value="digipress-sas"' in page
    assert post(boss, "entity", slug="digipress-sas", name="DigiPress SAS", registration_id="RCS 123") == [
        "DigiPress SAS is declared."
    ]
    assert post(boss, "brand", name="Digi Press", entity="digipress-sas", colour="#1F5FA8") == [
        "Digi Press is declared."
    ]
    brand = Brand.objects.get(slug="digi-press")
    assert (brand.entity.slug, brand.colour) == ("digipress-sas", "#1f5fa8"), "its short name is made of its name"
    post(boss, "agreement", giver="digipress-sas", receiver="north", category="*", purpose="service",
         evidence="group contract 12")  # fmt: skip
    row = Agreement.objects.get(giver__slug="digipress-sas")
    assert (row.receiver.slug, row.valid_until) == ("north", None)
    page = boss.get("/group").content.decode()
    assert "Digi Press" in page
    assert "group contract 12" in page
    assert {"entity.add", "brand.add", "agreement.add"} <= {*AuditEntry.objects.values_list("action", flat=True)}

    engineer = world.user("engineer")
    draft, _same = drafts.bring(engineer, "a.csv", [b"id;mail\n1;a@example.com\n2;b@example.com\n"], brand="digi-press")
    assert draft.entity == "digipress-sas"
    assert post(boss, f"agreement/{row.pk}/end") == ["The agreement has ended: what it opened is shut."]
    page = boss.get("/group").content.decode()
    assert "1 has ended" in page
    row.refresh_from_db()
    assert row.valid_until is not None
    assert row.valid_until <= clock.now()


def test_who_answers_for_it_declares_it_and_nobody_else(world: World, home: Path) -> None:
    everywhere, north = world.user("engineer"), world.user("engineer", entities=("north",))
    capped = world.user("engineer", entities=("north",), brands=("red",))
    officer, other = world.user("privacy", entities=("north",)), world.user("privacy", entities=("south",))
    declaring.entity(everywhere, "east", "East")
    declaring.brand(north, "rose", "Rose", "north")
    for asking, act in (
        (north, lambda who: declaring.entity(who, "far", "Far")),
        (officer, lambda who: declaring.entity(who, "far", "Far")),
        (north, lambda who: declaring.brand(who, "far", "Far", "south")),
        (capped, lambda who: declaring.brand(who, "far", "Far", "north")),
        (north, lambda who: share(who)),
        (other, lambda who: share(who)),
        (world.user("advisor"), lambda who: declaring.brand(who, "far", "Far", "north")),
    ):
        with pytest.raises(Refused):
            act(asking)
    row = share(officer)
    stranger = world.user("privacy", entities=("west",))
    with pytest.raises(Refused):
        declaring.end(stranger, str(row.pk))
    declaring.end(other, str(row.pk))  # who receives may give it back
    assert not Brand.objects.filter(slug="far").exists()
    assert not Entity.objects.filter(slug="far").exists()


def share(asking: Any, **given: Any) -> Agreement:
    said = {"category": "identity", "purpose": "analytics", "evidence": "contract 7"} | given
    return declaring.share(asking, said.pop("giver", "north"), said.pop("receiver", "south"), **said)


def test_what_cannot_be_declared_is_a_sentence(world: World, home: Path) -> None:
    asking = access.OWNER
    for slug, name in (("North!", "Far"), ("", "Far"), ("a" * 51, "Far"), ("far", " ")):
        with pytest.raises(UsageError):
            declaring.entity(asking, slug, name)
    for slug, name in (("north", "Far"), ("far", "NORTH")):
        with pytest.raises(Conflict):
            declaring.entity(asking, slug, name)
    with pytest.raises(UsageError):
        declaring.brand(asking, "rose", "Rose", "north", colour="red")
    now = clock.now()
    for wrong in (
        {"receiver": "north"}, {"receiver": ""}, {"evidence": " "}, {"purpose": "fun"}, {"category": "moods"},
        {"start": now, "until": now - timedelta(days=1)},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            share(asking, **wrong)
    with pytest.raises(NotFound):
        share(asking, receiver="nowhere")
    row = share(asking)
    with pytest.raises(Conflict):
        share(asking)
    declaring.end(asking, str(row.pk))
    with pytest.raises(Conflict):
        declaring.end(asking, str(row.pk))
    with pytest.raises(NotFound):
        declaring.end(asking, "nothing")
    share(asking)  # what has ended is opened anew


def test_it_is_declared_by_command_too(world: World, home: Path) -> None:
    assert "is declared" in ran("add-entity", "digipress-sas", "--title", "DigiPress SAS")
    ran("add-brand", "digipress", "--title", "DigiPress", "--entity", "digipress-sas")
    ran("agree", "digipress-sas", "north", "--purpose", "service", "--because", "contract 3")
    told = json.loads(ran("show", "--json"))
    assert {
        "entity": "digipress-sas", "name": "DigiPress SAS", "registration_id": "",
        "brands": [{"brand": "digipress", "name": "DigiPress"}],
    } in told["entities"]  # fmt: skip
    (key,) = [one["agreement"] for one in told["agreements"] if one["giver"] == "digipress-sas"]
    assert "digipress-sas opens * to north" in ran("show")
    ran("end", key)
    assert "digipress-sas opens" not in ran("show")


def ran(*words: str) -> str:
    """Run ``filrouge group …``; return what it printed."""
    from filrouge.cli import app, gather

    gather()
    done = CliRunner().invoke(app, ["group", *words])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout if "--json" in words else done.output


def test_a_reader_of_one_entity_sees_no_form_that_is_not_theirs(client: Any, world: World, home: Path) -> None:
    reader = enter(client, world, "privacy", "fr", entities=("north",))
    page = reader.get("/group").content.decode()
    assert "add-agreement" in page
    assert "agreement 1" in page
    elsewhere = enter(Client(), world, "privacy", "fr", entities=("west",)).get("/group").content.decode()
    assert "agreement 1" not in elsewhere, "what others agreed is theirs"
    assert "add-entity" not in page
    assert "add-brand" not in page
    assert enter(Client(), world, "advisor", "fr").get("/group").status_code == 403


def test_an_account_is_given_one_more_role_and_one_is_taken_away(client: Any, world: World, home: Path) -> None:
    boss = enter(client, world, "administrator", "en")
    asking = world.user("advisor", entities=("north",))
    path = f"/accounts/{asking.user_id}"
    assert boss.post(f"{path}/grant", {"role": "engineer", "entities": ["south"]}).status_code == 302
    held = User.objects.get(pk=asking.user_id).grants
    assert {(row.role, row.entity and row.entity.slug) for row in held.all()} == {
        ("advisor", "north"), ("engineer", "south"),
    }  # fmt: skip
    assert 'action="/accounts/' in boss.get("/accounts").content.decode()
    boss.post(f"{path}/grant", {"role": "king"})
    boss.post(f"{path}/grant", {"role": "advisor", "entities": ["nowhere"]})
    assert held.count() == 2
    assert boss.post(f"{path}/grants/{held.get(role='advisor').pk}/revoke").status_code == 302
    assert [row.role for row in held.all()] == ["engineer"]
    mine = User.objects.latest("last_login")
    boss.post(f"/accounts/{mine.pk}/grants/{mine.grants.get().pk}/revoke")
    assert mine.grants.count() == 1, "nobody locks themselves out"
    part = enter(Client(), world, "administrator", "en", entities=("north",))
    for browser in (part, enter(Client(), world, "engineer", "en")):
        assert browser.post(f"{path}/grant", {"role": "administrator"}).status_code == 403
    assert [row.role for row in held.all()] == ["engineer"]


def test_a_checklist_leads_to_what_is_to_be_declared_and_brought(client: Any, world: World, home: Path) -> None:
    browser = enter(client, world, "engineer", "en")
    acquisitions.start(
        access.OWNER, "digipress", name="DigiPress", nature="share", parent="north", entity="digipress-sas",
        brands=["digipress"], systems=[{"name": "crm", "title": "Their CRM"}],
    )  # fmt: skip
    page = browser.get("/acquisitions/digipress").content.decode()
    assert "/group?add=entity&amp;slug=digipress-sas&amp;name=DigiPress#add-entity" in page
    assert "bring a file of it" not in page, "no brand is there yet"
    post(browser, "entity", slug="digipress-sas", name="DigiPress SAS")
    post(browser, "brand", slug="digipress", name="DigiPress", entity="digipress-sas")
    page = browser.get("/acquisitions/digipress").content.decode()
    assert "/sources/new?brand=digipress&amp;system=crm" in page
    page = browser.get("/sources/new?brand=digipress&system=crm").content.decode()
    assert '<option value="digipress" selected>' in page
    slip = page.partition('name="slip" value="')[2].partition('"')[0]
    file = SimpleUploadedFile("Clients 2026.csv", b"id;mail\n1;a@example.com\n2;b@example.com\n")
    sent = {"brand": "digipress", "system": "crm", "file": file, "slip": slip}
    to = browser.post("/sources/new", sent)["Location"]
    spec = SourceDraft.objects.get().spec
    assert (spec["source"], spec["system"]) == ("crm_clients_2026", "crm")
    form = {"encoding": "utf-8", "delimiter": ";", "header_row": "1", "decimal": "."}
    assert browser.post(f"{to}/read-as", form).status_code == 302
    assert SourceDraft.objects.get().spec["system"] == "crm", "however it is read"
    page = browser.get("/acquisitions/digipress").content.decode()
    assert "bring a file of it" not in page
    assert "see its dry run" in page
    with pytest.raises(UsageError):
        drafts.bring(access.OWNER, "b.csv", [b"a;b\n1;2\n"], brand="digipress", system="C R M")


def test_a_key_declares_within_its_scopes_alone(world: World, home: Path) -> None:
    def held(role: str, *scopes: str) -> Any:
        _key, word = groups.make_key(access.OWNER, "x", role=role, scopes=list(scopes), entities=["north"])
        return access.caller_of_key(word)

    with pytest.raises(Refused):
        share(held("privacy", "figures:read"))
    with pytest.raises(Refused):
        declaring.brand(held("engineer", "sources:run"), "rose", "Rose", "north")
    assert share(held("privacy", "accounts:write")).pk
    declaring.brand(held("engineer", "accounts:write"), "rose", "Rose", "north")


def test_an_agreement_is_open_from_a_day_on_and_two_do_not_overlap(client: Any, world: World, home: Path) -> None:
    boss, now = enter(client, world, "administrator", "en"), clock.now()
    later = share(access.OWNER, start=now + timedelta(days=60))
    page = boss.get("/group").content.decode()
    assert "not yet" in page
    assert "It will not begin." in page
    share(access.OWNER, until=now + timedelta(days=30))  # before the other begins
    with pytest.raises(Conflict):
        share(access.OWNER, until=now + timedelta(days=90))
    with pytest.raises(UsageError):
        share(access.OWNER, receiver="west", until=now - timedelta(days=1))
    with pytest.raises(UsageError):
        share(access.OWNER, receiver="west", start=now.replace(year=9999))
    assert post(boss, "agreement", giver="north", receiver="west", category="*", purpose="service", evidence="x",
                start="0001-01-01")  # fmt: skip
    declaring.end(access.OWNER, str(later.pk))
    assert "never began" in boss.get("/group").content.decode()
    wide = share(access.OWNER, receiver="west")
    share(access.OWNER, receiver="west", category="*")
    assert "still opens data" in post(boss, f"agreement/{wide.pk}/end")[0]


def test_a_brand_is_declared_of_the_entity_that_was_meant(client: Any, world: World, home: Path) -> None:
    engineer = enter(client, world, "engineer", "en", entities=("south",))
    acquisitions.start(access.OWNER, "dp", name="DP", nature="share", parent="south", entity="dp-sas", brands=["dp"])
    assert "add=brand" not in engineer.get("/acquisitions/dp").content.decode(), "its entity is not here yet"
    assert engineer.post("/group/brand", {"slug": "dp", "name": "DP", "entity": ""}).status_code == 403
    for name in ("Nor\u200bth", "N\u202eorth", "Nor\nth"):
        with pytest.raises(UsageError):
            declaring.entity(access.OWNER, "far", name)


def test_who_acts_for_every_entity_by_name_acts_for_the_one_they_declare(world: World, home: Path) -> None:
    boss = world.user("administrator", entities=("north", "south", "west"))
    declaring.entity(boss, "east", "East")
    again = access.caller(User.objects.get(pk=boss.user_id))
    access.administer(again)
    declaring.brand(again, "rose", "Rose", "east")


def test_what_is_held_already_is_not_given_twice(world: World, home: Path) -> None:
    asking = world.user("advisor", entities=("north",))
    for _ in range(2):
        groups.grant(asking.user_id, "engineer", by="test", entities=["south", "south"])
    groups.grant(asking.user_id, "advisor", by="test", entities=["north"])
    held = User.objects.get(pk=asking.user_id).grants
    assert held.count() == 2
    groups.revoke(asking.user_id, str(held.get(role="engineer").pk), by="test")
    line = AuditEntry.objects.filter(action="user.revoke").latest("id")
    assert (line.details["role"], line.details["entities"]) == ("engineer", ["south"])
