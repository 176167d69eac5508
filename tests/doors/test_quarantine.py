"""Tracking plans and events set aside, at the console: who sees what, who acts, what the screens say and do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from tests import aside

from filrouge.base import ids, settings
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.queries import quarantine as found

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
MAIL = "camille.martin@example.org"


@pytest.fixture
def web(world: Any, tmp_path: Path) -> Iterator[str]:
    before = settings.get()
    settings.use(FILROUGE_HOME=str(tmp_path), FILROUGE_LAKE=str(tmp_path / "lake"))
    name = aside.sender("web", "horizon")
    world.user("remy", "engineer", entities=("groupe",))
    lot = [
        {"type": "track", "messageId": f"m{at}", "userId": "U-77012", "event": "Achat", "properties": MAIL}
        for at in range(3)
    ]
    aside.send(name, "groupe", "horizon", lot)
    yield name
    settings.use(FILROUGE_HOME=str(before.home), FILROUGE_LAKE=str(before.lake))


def _client(world: Any, name: str) -> Client:
    """Return a browser of its own, signed in as somebody."""
    client = Client()
    client.force_login(world.users[name], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


GROUP = urlencode({"code": "field_wrong", "kind": "track", "name": "Achat", "field": "properties"})


def _form(client: Any, do: str, *lines: tuple[str, str, str]) -> Any:
    data = {
        "do": do, "path": [line[0] for line in lines], "change": [line[1] for line in lines],
        "value": [line[2] for line in lines],
    }  # fmt: skip
    return client.post(f"/senders/web/quarantine/group?{GROUP}", data)


def test_an_engineer_reads_why_tries_a_correction_and_replays(web: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("remy")
    page = client.get("/senders/web/quarantine").content.decode()
    assert "properties devrait être" in page
    assert "Achat" in page
    shown = client.get(f"/senders/web/quarantine/group?{GROUP}").content.decode()
    assert "U-77012" not in shown, "an engineer sees values by opening an event, which leaves a line"
    assert MAIL not in shown
    assert "•••" in shown
    tried = _form(client, "preview", ("properties", "remove", "")).content.decode()
    assert "3 sur 3 passeraient" in tried
    assert aside.spooled() == []
    answer = _form(client, "replay", ("properties", "remove", ""))
    assert (answer.status_code, answer["Location"]) == (302, "/senders/web/quarantine")
    assert sum(entry.count for entry, _ in aside.spooled()) == 3
    assert "3 événements repartent" in client.get("/senders/web/quarantine").content.decode()


def test_the_same_form_sent_twice_replays_once(web: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("remy")
    data = {"slip": "a" * 24, "do": "replay", "path": "properties", "change": "remove", "value": ""}
    for _ in range(2):
        assert client.post(f"/senders/web/quarantine/group?{GROUP}", data).status_code == 302
    assert sum(entry.count for entry, _ in aside.spooled()) == 3


@pytest.mark.parametrize(
    "line", [("", "set", "x"), ("a", "convert:date", ""), ("a", "explode", ""), ("a", "rename", "")]
)
def test_a_change_that_is_none_is_told_beside_the_form(
    line: tuple[str, str, str], web: str, signed_in: Callable[[str], Any]
) -> None:
    answer = _form(signed_in("remy"), "replay", line)
    assert answer.status_code == 422
    assert "change-fault" in answer.content.decode()
    assert aside.spooled() == []


def test_one_event_is_opened_in_clear_with_a_line_and_corrected_by_hand(
    web: str, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.base import ids
    from filrouge.store.models import AuditEntry

    client, key = signed_in("remy"), ids.record_key("web", "m1")
    page = client.get(f"/senders/web/quarantine/{key}")
    assert MAIL in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    line = AuditEntry.objects.get(action="quarantine.open")
    assert (line.by, line.subject) == ("remy@example.com", "web")
    assert MAIL not in json.dumps(line.details)
    told = client.post(f"/senders/web/quarantine/{key}", {"event": '{"type":"track"'})
    assert (told.status_code, "ligne 1" in told.content.decode()) == (422, True)
    told = client.post(f"/senders/web/quarantine/{key}", {"event": '{"type":"track","messageId":"m1"}'})
    assert (told.status_code, "ne nomme personne" in told.content.decode()) == (422, True)
    event = {"type": "track", "messageId": "m1", "userId": "u", "event": "Achat"}
    assert client.post(f"/senders/web/quarantine/{key}", {"event": json.dumps(event)}).status_code == 302
    assert sum(entry.count for entry, _ in aside.spooled()) == 1


def test_whoever_comes_second_is_told_who_corrected_and_when(web: str, world: Any) -> None:
    world.user("lea", "engineer", entities=("groupe",))
    key = ids.record_key(web, "m1")
    event = {"type": "track", "messageId": "m1", "userId": "u", "event": "Achat"}
    first, second = _client(world, "remy"), _client(world, "lea")
    second.get(f"/senders/web/quarantine/{key}")
    assert first.post(f"/senders/web/quarantine/{key}", {"event": json.dumps(event)}).status_code == 302
    told = second.post(f"/senders/web/quarantine/{key}", {"event": json.dumps(event | {"event": "Vente"})})
    page = told.content.decode()
    assert told.status_code == 409
    assert "a corrigé cet événement à " in page
    assert "<textarea" not in page, "it is not his to write any more"
    assert "a corrigé cet événement à " in second.get(f"/senders/web/quarantine/group?{GROUP}").content.decode()
    assert "1 est corrigé et en route" in second.get("/senders/web/quarantine").content.decode()
    second.post("/senders/web/quarantine/discard", {"key": str(key)})
    assert "a corrigé cet événement à " in second.get("/senders/web/quarantine").content.decode()
    tried = _form(second, "preview", ("properties", "remove", "")).content.decode()
    assert "2 sur 2 passeraient" in tried
    assert "1 a été laissé" in tried
    assert _form(second, "replay", ("properties", "remove", "")).status_code == 302
    assert "1 a été laissé" in second.get("/senders/web/quarantine").content.decode()
    assert sum(entry.count for entry, _ in aside.spooled()) == 3
    again = _form(second, "replay", ("properties", "remove", ""))
    assert (again.status_code, "ces événements" in again.content.decode()) == (409, True)


def test_what_was_discarded_meanwhile_is_told_by_its_page(web: str, world: Any) -> None:
    world.user("lea", "engineer", entities=("groupe",))
    key = ids.record_key(web, "m1")
    _client(world, "remy").post("/senders/web/quarantine/discard", {"key": str(key)})
    told = _client(world, "lea").get(f"/senders/web/quarantine/{key}")
    assert (told.status_code, "a abandonné cet événement à " in told.content.decode()) == (409, True)


def test_a_group_is_discarded_after_its_number_is_said(web: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("remy")
    assert (
        "3 événements n’auront jamais d’effet" in client.get(f"/senders/web/quarantine/group?{GROUP}").content.decode()
    )
    assert client.post(f"/senders/web/quarantine/discard?{GROUP}").status_code == 302
    assert "Rien n’est mis de côté" in client.get("/senders/web/quarantine").content.decode()


def test_discarding_one_event_never_touches_another(web: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("remy")
    word = next(f"long-{at}" for at in range(1_000) if ids.record_key(web, f"long-{at}") >= 10**18)  # 19 digits
    (key,) = aside.send(web, "groupe", "horizon", [{"type": "track", "messageId": word, "userId": "u"}])
    page = client.get(f"/senders/web/quarantine/{key}").content.decode()
    assert f'name="key" value="{key}"' in page
    for written in ("", "none", "9" * 40):
        client.post("/senders/web/quarantine/discard", {"key": written})
    client.post("/senders/web/quarantine/discard", {"key": str(key)})
    assert found.totals(OWNER) == {web: 3}, "that one alone"
    assert client.get(f"/senders/web/quarantine/{'9' * 30}").status_code == 404


@pytest.mark.parametrize(
    ("role", "entity", "list_", "act", "plan"),
    [
        ("analyst", "groupe", 200, 403, 200),
        ("privacy", "groupe", 200, 403, 200),
        ("marketer", "groupe", 403, 403, 200),
        ("advisor", "groupe", 403, 403, 403),
        ("engineer", "boutique", 404, 404, 404),
    ],
)
def test_others_read_as_far_as_their_role_goes_and_never_act(
    role: str, entity: str, list_: int, act: int, plan: int, web: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.base import ids

    world.user("someone", role, entities=(entity,))
    client = signed_in("someone")
    assert client.get("/senders/web/quarantine").status_code == list_
    assert client.get("/senders/web/plan").status_code == plan
    assert client.get(f"/senders/web/quarantine/{ids.record_key('web', 'm1')}").status_code == act
    assert client.post(f"/senders/web/quarantine/discard?{GROUP}").status_code == act
    assert client.post("/senders/web/plan/mode", {"mode": "enforce"}).status_code == act
    sent = _form(client, "replay", ("properties", "remove", ""))
    assert sent.status_code == act
    assert aside.spooled() == []
    if list_ == 200:
        page = client.get(f"/senders/web/quarantine/group?{GROUP}").content.decode()
        assert (MAIL in page) == (role == "privacy")
        assert 'value="replay"' not in page
        assert 'value="preview"' not in page


def test_a_plan_is_inferred_enforced_and_rolled_back_on_its_page(
    web: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.store.queries import plans

    client = signed_in("remy")
    assert "Aucun plan" in client.get("/senders/web/plan").content.decode()
    lot = [
        {
            "type": "track",
            "messageId": f"p{at}",
            "userId": "u",
            "event": "Vue",
            "properties": {"prix": 1.5, "rayon": "vélo"},
        }
        for at in range(60)
    ]
    aside.send("web", "groupe", "horizon", lot)
    assert client.post("/senders/web/plan/infer").status_code == 302
    page = client.get("/senders/web/plan?try").content.decode()
    for said in ("Vue", "prix", "un nombre", "obligatoire", "100", "vélo", "tous y répondent"):
        assert said in page
    assert client.post("/senders/web/plan/mode", {"mode": "enforce", "unknown": "quarantine"}).status_code == 302
    assert plans.stamps() == {"web": 2}
    assert client.post("/senders/web/plan/back", {"version": "1"}).status_code == 302
    assert plans.stamps() == {"web": 1}
    assert client.post("/senders/web/plan/back", {"version": "x"}).status_code == 302
    assert "web" in client.get("/plans").content.decode()


def test_every_reason_is_said_in_both_languages() -> None:
    from django.utils.translation import override

    from filrouge.console import quarantine
    from filrouge.domain.events import REASONS

    values = {"field": "properties.price", "expected": "number | null", "most": 100, "kind": "track"}
    for code in REASONS:
        said = {}
        for language in ("fr", "en"):
            with override(language):
                said[language] = quarantine.why(code, values)
        assert said["fr"] != said["en"], code
        assert "%(" not in said["fr"]
    with override("fr"):
        assert (
            quarantine.why("plan_violated", values) == "selon le plan, properties.price devrait être un nombre ou vide"
        )
