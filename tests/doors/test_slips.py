"""A form sent while signed out comes back to its page; sent twice, it is done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.conftest import HORIZON

from filrouge.base import clock
from filrouge.store.models import ConsentEvent, Correction, FollowUp, Note, Promise

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
DUE = (clock.now() + timedelta(days=3)).date().isoformat()
FORMS = {
    "notes": (Note, {"text": "Appeler après 18 h"}),
    "promises": (Promise, {"text": "Rappeler", "due": DUE}),
    "follow-ups": (FollowUp, {"subject": "Rappeler", "due": DUE, "kind": "call"}),
    "objections": (ConsentEvent, {"entity": "groupe", "channel": "phone"}),
    "correct/email": (Correction, {"value": "camille@example.com"}),
}


@pytest.fixture
def camille(world: Any) -> str:
    world.user("marie", "advisor", entities=("groupe",))
    world.user("nora", "advisor", entities=("groupe",))
    return str(world.person(1, "Camille", "Rousseau", HORIZON | {"email": "camille@example.org"}))


def slip_of(page: str, path: str) -> str:
    form = page.partition(f'action="{path}"')[2]
    return form.partition('name="slip" value="')[2].partition('"')[0]


@pytest.mark.parametrize("referer", [True, False], ids=["from its page", "from nowhere"])
def test_whoever_signed_out_meanwhile_comes_back_to_the_page(referer: bool, camille: str, client: Any) -> None:
    headers = {"Referer": f"http://testserver/people/{camille}"} if referer else {}
    answer = client.post(f"/people/{camille}/notes", {"text": "x"}, headers=headers)
    assert answer.status_code == 302
    door = client.get(answer["Location"])
    assert "Vous avez été déconnecté" in door.content.decode()
    said = {"login": "marie@example.com", "password": "correct horse marie"}
    inside = client.post(answer["Location"], said, follow=True)
    assert inside.status_code == 200
    assert inside.request["PATH_INFO"] == (f"/people/{camille}" if referer else "/")
    assert not Note.objects.exists()


def test_a_session_that_ended_comes_back_to_the_page(camille: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("marie")
    client.get("/people")
    session = client.session
    session["seen"] = 0
    session.save()
    answer = client.post(f"/people/{camille}/notes", {"text": "x", "next": f"/people/{camille}"})
    assert answer["Location"] == f"/account/login/?next=%2Fpeople%2F{camille}"


@pytest.mark.parametrize("path", ["/people/{}/notes", "/audit/verify", "/reader"])
def test_an_address_of_acts_alone_tells_where_to_go(path: str, camille: str, signed_in: Callable[[str], Any]) -> None:
    answer = signed_in("marie").get(path.format(camille))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    page = answer.content.decode()
    assert "Il n’y a pas de page ici" in page
    assert (f'href="/people/{camille}"' in page) == ("notes" in path)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_sent_twice_is_done_once_and_answered_the_same(
    form: str, camille: str, signed_in: Callable[[str], Any]
) -> None:
    model, said = FORMS[form]
    client, path = signed_in("marie"), f"/people/{camille}/{form}"
    page = client.get(path if "correct" in form else f"/people/{camille}").content.decode()
    said = said | {"slip": slip_of(page, path) or slip_of(page.replace("<form", f'action="{path}" <form'), path)}
    assert said["slip"]
    first, second = (client.post(path, said, headers={"Referer": f"/people/{camille}"}) for _ in range(2))
    assert model.objects.count() == 1
    assert (second.status_code, second["Location"]) == (first.status_code, first["Location"])
    assert client.get(second["Location"]).content.decode().count('class="toast-line success"') == 2


def test_other_words_another_reader_or_another_page_make_another_act(
    camille: str, signed_in: Callable[[str], Any]
) -> None:
    for name, said in (("marie", "a"), ("marie", "b"), ("nora", "a")):
        signed_in(name).post(f"/people/{camille}/notes", {"text": said, "slip": "one"})
    assert Note.objects.count() == 3


def test_what_was_refused_may_be_sent_again(camille: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("marie")
    said = {"subject": "x", "kind": "k" * 99, "due": DUE, "slip": "one"}
    for _ in range(2):
        page = client.post(f"/people/{camille}/follow-ups", said, follow=True).content.decode()
        assert 'class="toast-line error"' in page


def test_a_newcomer_sent_twice_is_one_person(world: Any, signed_in: Callable[[str], Any]) -> None:
    from filrouge.work import people

    made: list[str] = []

    def create(*_: Any) -> Any:
        made.append("x")
        return type("Made", (), {"id": "0190a000-0000-7000-8000-000000000009"})

    world.user("marie", "advisor", entities=("groupe",))
    said = {"given_name": "Ada", "family_name": "Byron", "entity": "groupe", "brand": "horizon", "slip": "one"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(people, "create", create)
        answers = [signed_in("marie").post("/people/new", said) for _ in range(2)]
    assert made == ["x"]
    assert answers[0]["Location"] == answers[1]["Location"]


def test_another_file_under_the_same_slip_is_another_act(world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("remy", "engineer", entities=("groupe",))
    client = signed_in("remy")
    text = "N;Prénom;Nom;Courriel\n1;Awa;Diop;awa@example.com\n2;Jean;Noël;jean@example.com\n"
    led = []
    for name, content in (("a.csv", text), ("a.csv", text), ("b.csv", text + "3;Léa;Petit;lea@example.com\n")):
        file = SimpleUploadedFile(name, content.encode())
        led.append(client.post("/sources/new", {"slip": "x", "brand": "horizon", "file": file})["Location"])
    assert led[0] == led[1]
    assert led[0] != led[2]
    assert "awa" not in client.get(led[0]).content.decode(), "what the columns hold is masked for an engineer"
