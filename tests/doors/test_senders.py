"""Senders at the doors: an engineer of the brand gives and revokes keys, a colleague looks, a stranger sees nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from filrouge.base import clock, settings
from filrouge.console import snippets
from filrouge.store.models import Source, WriteKey

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
Enter = Callable[[str], Any]


@pytest.fixture
def people(world: Any) -> Any:
    world.user("remy", "engineer", entities=("groupe",))  # owner
    world.user("yann", "analyst", entities=("groupe",))  # colleague
    world.user("ines", "marketer", entities=("groupe",))
    world.user("paul", "engineer", entities=("boutique",))  # stranger
    world.user("lea", "engineer", entities=("groupe",), brands=("cargo",))  # of the same entity, another brand
    return world


@pytest.fixture
def sender(people: Any) -> WriteKey:
    from filrouge.work import access, senders

    return senders.make_key(access.OWNER, source="site", brand="horizon")[0]


def english(client: Any, path: str, **fields: str) -> Any:
    client.cookies["django_language"] = "en"
    return client.post(path, fields) if fields else client.get(path)


def test_an_engineer_adds_a_sender_and_is_shown_its_key_once(people: Any, signed_in: Enter) -> None:
    client = signed_in("remy")
    form = english(client, "/senders/new").content.decode()
    assert re.findall(r'<option value="(\w+)"', form) == ["horizon", "cargo"], "those of its own entity"
    answer = english(client, "/senders/new", name="site", brand="horizon")
    page = answer.content.decode()
    (word,) = set(re.findall(r"wk_[\w-]{43}", page))
    assert "Waiting for the first event" in page
    assert answer["Cache-Control"] == "no-store"
    key = WriteKey.objects.get()
    assert (key.source, key.brand, key.by) == ("site", "horizon", "remy@example.com")
    again = english(client, "/senders/site").content.decode()
    assert word not in again
    assert key.prefix in again
    assert key.prefix in english(client, "/senders").content.decode()


def test_the_snippets_hold_the_word_and_the_address_of_the_request(people: Any, signed_in: Enter) -> None:
    page = signed_in("remy").post("/senders/new", {"name": "site", "brand": "horizon"}, HTTP_HOST="localhost:8123")
    said = page.content.decode().replace("&quot;", '"').replace("&#x27;", "'")
    word = re.findall(r"wk_[\w-]{43}", said)[0]
    for line in (
        f'{{ writeKey: "{word}", cdnURL: "http://localhost:8123" }}', 'apiHost: "localhost:8123/v1", protocol: "http"',
        f'analytics.write_key = "{word}"', 'analytics.host = "http://localhost:8123"', f'writeKey: "{word}",',
        "curl http://localhost:8123/v1/track", f'--user "{word}:"',
    ):  # fmt: skip
        assert line in said, line


@pytest.fixture
def elsewhere() -> Iterator[None]:
    settings.use(FILROUGE_ROLES="web")
    yield
    settings.use(FILROUGE_ROLES="")


def test_where_another_process_collects_the_page_says_so(elsewhere: None, sender: WriteKey, signed_in: Enter) -> None:
    page = english(signed_in("remy"), "/senders/site").content.decode()
    assert "Another process than this one collects" in page
    assert f"curl {snippets.ELSEWHERE}/v1/track" in page


def test_what_was_written_wrongly_is_told_on_the_form_and_kept(sender: WriteKey, signed_in: Enter) -> None:
    client = signed_in("remy")
    for name, brand, said in (
        ("My site", "horizon", "is no name for a sender"), ("site", "cargo", "writes for another brand"),
        ("other", "halle", "You do not act for the brand"), ("other", "", "writes for one brand"),
        ("", "horizon", "has a name"),
    ):  # fmt: skip
        answer = english(client, "/senders/new", name=name, brand=brand)
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert f'value="{name}"' in answer.content.decode()
    assert WriteKey.objects.count() == 1


def test_one_more_key_is_made_and_a_lost_one_revoked_by_hand(sender: WriteKey, signed_in: Enter) -> None:
    client = signed_in("remy")
    page = english(client, "/senders/site", slip="")
    assert page.status_code == 200
    assert WriteKey.objects.filter(source="site", revoked_at=None).count() == 2
    assert f"/write-keys/{sender.prefix}/revoke" in page.content.decode()
    assert client.get(f"/write-keys/{sender.prefix}/revoke").status_code == 405
    done = client.post(f"/write-keys/{sender.prefix}/revoke")
    assert (done.status_code, done["Location"]) == (302, "/senders/site")
    sender.refresh_from_db()
    assert sender.revoked_at is not None
    assert "revoked" in english(client, "/senders/site").content.decode()


def test_waiting_goes_on_until_the_first_event_and_then_stops(sender: WriteKey, signed_in: Enter) -> None:
    client = signed_in("remy")
    page = english(client, "/senders/site").content.decode()
    assert 'hx-get="/senders/site/heard"' in page
    assert client.get("/senders/site/heard").status_code == 204
    Source.objects.filter(name="site").update(as_of=clock.now())
    part = english(client, "/senders/site/heard").content.decode()
    assert "It is heard" in part
    assert "hx-get" not in part
    assert "<html" not in part


def test_a_colleague_looks_and_changes_nothing(sender: WriteKey, signed_in: Enter) -> None:
    client = signed_in("yann")
    page = client.get("/senders/site").content.decode()
    assert sender.prefix in page
    for offered in ("/revoke", 'method="post" action="/senders/site"'):
        assert offered not in page
    assert "/senders/new" not in client.get("/senders").content.decode()
    assert client.get("/senders/new").status_code == 403
    assert client.post("/senders/site").status_code == 403
    assert client.post("/senders/new", {"name": "other", "brand": "horizon"}).status_code == 403
    assert client.post(f"/write-keys/{sender.prefix}/revoke").status_code == 403
    assert WriteKey.objects.filter(revoked_at=None).count() == 1


@pytest.mark.parametrize("who", ["paul", "lea"])
def test_a_stranger_does_not_know_of_it(who: str, sender: WriteKey, signed_in: Enter) -> None:
    client = signed_in(who)
    assert "/senders/site" not in client.get("/senders").content.decode()
    assert "/senders/site" not in client.get("/sources").content.decode()
    for path in ("/senders/site", "/senders/site/heard"):
        assert client.get(path).status_code == 404
    assert client.post("/senders/site").status_code == 404
    assert client.post(f"/write-keys/{sender.prefix}/revoke").status_code == 404
    assert WriteKey.objects.filter(revoked_at=None).count() == 1


def test_a_marketer_finds_nothing_of_it(sender: WriteKey, signed_in: Enter) -> None:
    client = signed_in("ines")
    for path in ("/senders", "/senders/new", "/senders/site", "/senders/site/heard"):
        assert client.get(path).status_code == 403


def test_an_engineer_of_another_brand_looks_for_what_they_act_for(people: Any, signed_in: Enter) -> None:
    form = signed_in("lea").get("/senders/new").content.decode()
    assert re.findall(r'<option value="(\w+)"', form) == ["cargo"]


def test_the_sources_show_a_sender_and_offer_to_read_nothing_of_it(sender: WriteKey, signed_in: Enter) -> None:
    client = signed_in("remy")
    page = client.get("/sources").content.decode()
    assert "/senders/site" in page
    assert "/sources/site" not in page
    for name in ("site", "site_people", "site_visitors"):
        assert client.get(f"/sources/{name}")["Location"] == "/senders/site"
        answer = client.post(f"/sources/{name}/run", follow=True)
        assert "Rien n’est lu de" in answer.content.decode()
    from filrouge.store.models import Job

    assert not Job.objects.filter(kind="import").exists()
    home = client.get("/").content.decode()
    assert "site_people" not in home


def test_a_program_is_told_that_nothing_is_read_from_a_sender(sender: WriteKey, client: Any) -> None:
    from filrouge.work import access, groups

    _, word = groups.make_key(access.OWNER, "key", role="engineer", scopes=["sources:read", "sources:run"])
    headers = {"Authorization": f"Bearer {word}"}
    (one, *_rest) = client.get("/api/v1/sources", headers=headers).json()["items"]
    assert (one["name"], one["kind"], one["last"]) == ("site", "collect", None)
    for act in ("runs", "pause", "resume"):
        assert client.post(f"/api/v1/sources/site/{act}", headers=headers).status_code == 409


def test_the_words_that_the_audit_keeps_are_said(sender: WriteKey, world: Any, signed_in: Enter, home: Path) -> None:
    from filrouge.work import audit

    audit.chain_waiting()
    world.user("claire", "privacy")
    assert "a donné une clé à un émetteur" in signed_in("claire").get("/audit").content.decode()


@pytest.fixture
def home() -> Path:
    return settings.get().home


def test_a_program_makes_and_revokes_keys_within_what_it_may(people: Any) -> None:
    from django.test import Client

    from filrouge.work import access, groups

    def api(role: str, entity: str, *scopes: str) -> Client:
        _, word = groups.make_key(access.OWNER, "test", role=role, scopes=scopes, entities=[entity])
        return Client(headers={"authorization": f"Bearer {word}"})

    def post(client: Client, path: str, **said: str) -> Any:
        return client.post(f"/api/v1/senders/{path}", said, content_type="application/json")

    mine = api("engineer", "groupe", "events:write", "sources:read")
    read_only = api("engineer", "groupe", "sources:read")
    stranger = api("engineer", "boutique", "events:write", "sources:read")
    analyst = api("analyst", "groupe", "events:write")
    for client, status in ((read_only, 403), (stranger, 403), (analyst, 403), (mine, 201)):
        made = post(client, "keys", source="site", brand="horizon")
        assert made.status_code == status
    assert made.json()["key"].startswith(made.json()["prefix"])
    (one,) = mine.get("/api/v1/senders").json()["items"]
    assert (one["name"], one["heard"], one["today"]) == ("site", None, None)
    assert stranger.get("/api/v1/senders").json()["items"] == []
    path = f"keys/{made.json()['prefix']}/revoke"
    assert [post(client, path).status_code for client in (read_only, stranger, mine, mine)] == [403, 404, 204, 404]


def test_the_word_of_a_key_is_not_kept_for_a_call_sent_twice(people: Any) -> None:
    from django.test import Client

    from filrouge.store.models import Answer
    from filrouge.work import access, groups

    _, word = groups.make_key(access.OWNER, "test", role="engineer", scopes=["events:write"])
    client = Client(headers={"authorization": f"Bearer {word}", "idempotency-key": "one"})
    said = {"source": "site", "brand": "horizon"}
    answers = [client.post("/api/v1/senders/keys", said, content_type="application/json") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert WriteKey.objects.count() == 1
    assert answers[0].json()["key"] not in str(list(Answer.objects.values()))


def test_what_is_counted_of_a_sender_today_is_on_its_line(sender: WriteKey, signed_in: Enter) -> None:
    from filrouge.store.models import Ledger

    Ledger.objects.create(source="site", day=clock.now().date(), received=1245, accepted=1237, quarantined=8)
    page = english(signed_in("remy"), "/senders").content.decode()
    assert "1,237" in page
    assert ">8<" in page


def test_a_sender_is_heard_as_soon_as_those_who_look_on_see_its_events(sender: WriteKey, signed_in: Enter) -> None:
    from filrouge.store.live import Live

    now = clock.now()
    number = round(now.timestamp() * 1_000_000)
    Live().insert("stream", [(number, "site", number, 0, "{}"), (number + 1, "other", number, 0, "{}")], columns=5)
    page = english(signed_in("remy"), "/senders/site").content.decode()
    assert "It is heard" in page
    assert "Waiting for" not in page


def test_an_engineer_pauses_a_sender_and_resumes_it_by_one_button(sender: WriteKey, signed_in: Enter) -> None:
    client = signed_in("remy")
    page = english(client, "/senders/site").content.decode()
    assert "/senders/site/pause" in page
    assert client.get("/senders/site/pause").status_code == 405
    assert client.post("/senders/site/pause")["Location"] == "/senders/site"
    page = english(client, "/senders/site").content.decode()
    assert re.search(r"Paused <time[^>]+>", page), "since when"
    assert 'action="/senders/site/resume"' in page
    assert "/senders/site/pause" not in page
    assert "Waiting for the first event" not in page, "nothing is to come"
    assert '<span class="tag warn">paused</span>' in english(client, "/senders").content.decode()
    again = client.post("/senders/site/pause", follow=True)
    assert "déjà en pause" in again.content.decode() or "paused already" in again.content.decode()
    client.post("/senders/site/resume")
    page = english(client, "/senders/site").content.decode()
    assert "/senders/site/resume" not in page
    assert Source.objects.get(name="site").paused_at is None


def test_a_colleague_sees_that_a_sender_is_paused_and_a_stranger_nothing(sender: WriteKey, signed_in: Enter) -> None:
    from filrouge.work import access, senders

    senders.pause(access.OWNER, "site")
    colleague = signed_in("yann")
    page = english(colleague, "/senders/site").content.decode()
    assert "Paused <time" in page
    assert "/senders/site/resume" not in page
    for who, status in (("yann", 403), ("ines", 403), ("paul", 404), ("lea", 404)):
        client = signed_in(who)
        for verb in ("pause", "resume"):
            assert client.post(f"/senders/site/{verb}").status_code == status
    assert Source.objects.get(name="site").paused_at is not None


def test_a_program_pauses_and_resumes_a_sender_within_what_it_may(sender: WriteKey) -> None:
    from django.test import Client

    from filrouge.work import access, groups

    def posts(role: str, entity: str, verb: str, *scopes: str, name: str = "site") -> Any:
        _, word = groups.make_key(access.OWNER, "test", role=role, scopes=scopes, entities=[entity])
        client = Client(headers={"authorization": f"Bearer {word}"})
        return client.post(f"/api/v1/senders/{name}/{verb}", content_type="application/json")

    for role, entity, scope, status in (
        ("engineer", "groupe", "sources:read", 403), ("analyst", "groupe", "events:write", 403),
        ("engineer", "boutique", "events:write", 404), ("engineer", "groupe", "events:write", 200),
    ):  # fmt: skip
        assert posts(role, entity, "pause", scope).status_code == status
    assert posts("engineer", "groupe", "pause", "events:write").status_code == 409
    assert posts("engineer", "groupe", "pause", "events:write", name="none").status_code == 404
    _, word = groups.make_key(access.OWNER, "test", role="engineer", scopes=["sources:read"])
    (one,) = Client(headers={"authorization": f"Bearer {word}"}).get("/api/v1/senders").json()["items"]
    assert one["paused_at"] is not None
    answer = posts("engineer", "groupe", "resume", "events:write")
    assert (answer.status_code, answer.json()) == (200, {"name": "site", "paused_at": None})


def test_a_sender_is_paused_and_resumed_on_the_command_line(sender: WriteKey) -> None:
    import json

    from typer.testing import CliRunner

    from filrouge.cli.sender import app

    runner = CliRunner()
    for verb, paused in (("pause", True), ("resume", False)):
        assert runner.invoke(app, [verb, "site"]).exit_code == 0
        said = json.loads(runner.invoke(app, ["list", "--json"]).stdout)
        assert [(one["name"], one["paused"] is not None) for one in said] == [("site", paused)]
    assert runner.invoke(app, ["list"]).exit_code == 0


def test_a_sender_whose_keys_are_all_revoked_says_that_nothing_is_taken(sender: WriteKey, signed_in: Enter) -> None:
    client = signed_in("remy")
    assert "nothing that it sends is taken" not in english(client, "/senders/site").content.decode()
    client.post(f"/write-keys/{sender.prefix}/revoke")
    assert "nothing that it sends is taken" in english(client, "/senders/site").content.decode()


def test_whoever_adds_a_sender_that_stands_is_told_so(sender: WriteKey, signed_in: Enter) -> None:
    client = signed_in("remy")
    assert "was there already" in english(client, "/senders/new", name="site", brand="horizon").content.decode()
    assert "was there already" not in english(client, "/senders/new", name="other", brand="horizon").content.decode()
