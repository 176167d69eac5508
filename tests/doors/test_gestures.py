"""What is written about a person: kept, told, undone; refused to those whose work it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import CARGO, HORIZON

from filrouge.base import clock

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])


@pytest.fixture
def camille(world: Any) -> str:
    world.user("marie", "advisor", entities=("groupe",))
    world.user("paul", "finance", entities=("groupe",))
    world.user("hugo", "advisor", entities=("boutique",))
    return str(world.person(1, "Camille", "Rousseau", HORIZON | {"email": "camille@example.org"}))


def soon(days: int = 3) -> str:
    return (clock.now() + timedelta(days=days)).date().isoformat()


def undo_of(page: str) -> str:
    """Return the address of the undo that the toast offers."""
    toast = page[page.index('class="toast-line') :]
    return toast.partition('action="')[2].partition('"')[0]


def test_a_note_is_kept_shown_and_can_be_undone(camille: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("marie")
    said = {"text": "Appeler après 18 h", "next": f"/people/{camille}"}
    page = client.post(f"/people/{camille}/notes", said, follow=True).content.decode()
    assert "Appeler après 18 h" in page
    undone = client.post(undo_of(page), {"next": f"/people/{camille}"}, follow=True).content.decode()
    assert "La note est retirée." in undone
    assert "Appeler après 18 h" not in client.get(f"/people/{camille}").content.decode()


def test_an_empty_note_is_refused_on_the_page_itself(camille: str, signed_in: Callable[[str], Any]) -> None:
    answer = signed_in("marie").post(
        f"/people/{camille}/notes", {"text": "  ", "next": f"/people/{camille}"}, follow=True
    )
    assert answer.status_code == 200
    assert "Rien n’a été écrit." in answer.content.decode()


def test_a_promise_is_listed_until_it_is_kept(camille: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("marie")
    said = {"text": "Rappeler avec une date", "due": soon(), "next": f"/people/{camille}"}
    page = client.post(f"/people/{camille}/promises", said, follow=True).content.decode()
    assert "Rappeler avec une date" in page
    close = page.partition('action="/promises/')[2].partition('"')[0]
    client.post(f"/promises/{close}", {"state": "kept", "next": "/"})
    page = client.get(f"/people/{camille}").content.decode()
    assert "Rien n’est promis" in page


def test_a_follow_up_is_planned_done_and_reopened(camille: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("marie")
    said = {"subject": "Proposer l’offre annuelle", "due": soon(), "kind": "call", "next": f"/people/{camille}"}
    page = client.post(f"/people/{camille}/follow-ups", said, follow=True).content.decode()
    assert "Proposer l’offre annuelle" in page
    close = "/follow-ups/" + page.partition('class="actions" method="post" action="/follow-ups/')[2].partition('"')[0]
    done = client.post(close, {"state": "done", "next": "/follow-ups?list=done"}, follow=True).content.decode()
    assert "Proposer l’offre annuelle" in done
    client.post(undo_of(done), {"next": "/"})
    assert "Proposer l’offre annuelle" in client.get("/follow-ups?list=mine").content.decode()


def test_a_correction_comes_first_and_can_be_taken_back(camille: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("marie")
    page = client.post(
        f"/people/{camille}/correct/email", {"value": "camille@example.com"}, follow=True
    ).content.decode()
    assert "camille@example.com" in page
    client.post(undo_of(page), {})
    assert "camille@example.com" not in client.get(f"/people/{camille}").content.decode()


@pytest.mark.parametrize("attribute", ["given_name", "family_name", "birth_name", "title"])
def test_a_name_holds_a_hundred_letters_at_most(attribute: str, camille: str, signed_in: Callable[[str], Any]) -> None:
    from filrouge.store.models import Correction

    client, path = signed_in("marie"), f"/people/{camille}/correct/{attribute}"
    assert 'maxlength="100"' in client.get(path).content.decode()
    refused = client.post(path, {"value": "W" * 101})
    assert refused.status_code == 422
    assert "100 caractères" in refused.content.decode()
    assert not Correction.objects.exists()
    assert client.post(path, {"value": "W" * 100}).status_code == 302


def test_a_value_that_all_sources_share_is_not_said_to_be_alone(world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("marie", "advisor", entities=("groupe",))
    one = world.person(7, "Ada", "Byron", HORIZON | {"email": "a@example.org"}, CARGO | {"email": "a@example.org"})
    from filrouge.store.live import Live, number, pack

    live = Live()
    document = live.document(one)
    for value in document["values"]:
        value["reason"] = "alone" if value["rank"] == 1 else "same"
    live.rows_changed("UPDATE documents SET body = %s WHERE person = %s", [pack(json.dumps(document)), number(one)])
    card = signed_in("marie").get(f"/people/{one}").content.decode().partition("a@example.org")[2]
    card = card.partition("</details>")[0]
    assert "toutes celles qui en parlent disent la même chose" in card
    assert "aucune autre source" not in card


def test_a_wrong_value_is_told_beside_its_field(camille: str, signed_in: Callable[[str], Any]) -> None:
    answer = signed_in("marie").post(f"/people/{camille}/correct/email", {"value": "not an address"})
    assert answer.status_code == 422
    assert "Ce n’est pas une adresse e-mail." in answer.content.decode()


@pytest.mark.parametrize(
    ("attribute", "wrong", "code", "shown"),
    [("language", "klingon", "de", "Allemand"), ("country", "Narnia", "BE", "Belgique"), ("sex", "x", "f", "Femme")],
)
def test_a_language_and_a_country_are_chosen_from_a_list(
    attribute: str, wrong: str, code: str, shown: str, camille: str, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.store.models import Correction

    client, path = signed_in("marie"), f"/people/{camille}/correct/{attribute}"
    refused = client.post(path, {"value": wrong})
    assert refused.status_code == 422
    assert not Correction.objects.exists()
    page = client.get(path).content.decode()
    assert f'<option value="{code}">{shown}</option>' in page
    assert client.post(path, {"value": code.swapcase()}).status_code == 302, "programs write codes in any case"
    assert Correction.objects.get().value == code
    assert f'<option value="{code}" selected>{shown}</option>' in client.get(path).content.decode()


def test_an_objection_takes_effect_at_once(camille: str, signed_in: Callable[[str], Any]) -> None:
    from filrouge.work import consents

    asked = {"entity": "groupe", "brand": "horizon", "purpose": "marketing", "channel": "post"}
    assert consents.may_i(camille, **asked).allow
    client = signed_in("marie")
    said = {"entity": "groupe", "channel": "post", "evidence": "plus de courrier", "next": f"/people/{camille}"}
    page = client.post(f"/people/{camille}/objections", said, follow=True).content.decode()
    assert "Groupe SA ne sollicite plus cette personne par courrier." in page
    assert not consents.may_i(camille, **asked).allow


@pytest.mark.parametrize(("who", "status"), [("paul", 403), ("hugo", 404)])
def test_only_those_whose_work_it_is_may_write(
    who: str, status: int, camille: str, signed_in: Callable[[str], Any]
) -> None:
    answer = signed_in(who).post(f"/people/{camille}/notes", {"text": "x"})
    assert answer.status_code == status


def test_an_act_needs_a_post(camille: str, signed_in: Callable[[str], Any]) -> None:
    assert signed_in("marie").get(f"/people/{camille}/notes").status_code == 405
