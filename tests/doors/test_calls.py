"""A call worked from the person page: what to say and its answers, how it ended, whether the caller is who."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.conftest import HORIZON

from filrouge.base import clock
from filrouge.store.models import AuditEntry, Call, FollowUp, Outcome, Verification
from filrouge.work import access, groups, verification

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
Enter = Callable[[str], Any]
BORN = {"answer-birth_date": "3 avril 1980", "answer-contract": "abo 70001"}


def days_ago(days: float) -> str:
    return (clock.now() - timedelta(days=days)).isoformat()


@pytest.fixture
def camille(world: Any) -> str:
    world.user("marie", "advisor", entities=("groupe",))
    world.user("lea", "advisor", entities=("groupe",))
    world.user("claire", "privacy", entities=("groupe",))
    world.user("hugo", "advisor", entities=("boutique",))
    record = HORIZON | {
        "email": "camille@example.org", "birth_date": "1980-04-03",
        "tickets": [{"kind": "complaint", "status": "open", "at": days_ago(6), "ref": "R-912"}],
        "contracts": [{"ref": "ABO-70001", "offer": "Horizon annuel", "renews_at": days_ago(-10)}],
        "orders": [{"ref": "C-88", "at": days_ago(40), "total": "19.90", "currency": "EUR"}],
    }  # fmt: skip
    return str(world.person(1, "Camille", "Rousseau", record))


def answer(client: Any, person: str, said: str = "accepted", **more: str) -> str:
    sent = {"action": "settle_complaint", "cause": "complaint R-912", "said": said, "next": f"/people/{person}"} | more
    return str(client.post(f"/people/{person}/actions", sent, follow=True).content.decode())


def undo_of(page: str) -> str:
    toast = page[page.index('class="toast-line') :]
    return toast.partition('action="')[2].partition('"')[0]


def say_part(page: str) -> str:
    return page.partition('id="say-title"')[2].partition('id="due-title"')[0]


def test_an_answer_is_kept_leaves_the_list_stands_on_the_thread_and_is_undone(camille: str, signed_in: Enter) -> None:
    client = signed_in("marie")
    page = client.get(f"/people/{camille}").content.decode()
    assert "Régler la réclamation R-912 avant toute offre" in say_part(page)
    assert "La réclamation R-912 est ouverte" in say_part(page)
    told = answer(client, camille)
    assert "avant toute offre" not in say_part(told)
    assert "Dit · Régler la réclamation, accepté" in told
    row = Outcome.objects.get()
    assert (row.by, row.said, row.entity) == ("marie@example.com", "accepted", "groupe")
    line = AuditEntry.objects.get(action="action.answer")
    assert line.details == {"entity": "groupe", "code": "settle_complaint", "state": "accepted"}
    undone = client.post(undo_of(told), {"next": f"/people/{camille}"}, follow=True).content.decode()
    assert "avant toute offre" in say_part(undone)
    assert "Dit ·" not in undone


def test_what_was_accepted_opens_a_follow_up_that_undoing_cancels(camille: str, signed_in: Enter) -> None:
    client = signed_in("marie")
    told = answer(client, camille, days="7", title="Régler la réclamation")
    follow_up = FollowUp.objects.get()
    assert follow_up.subject == "Suite à ce qui a été accepté : Régler la réclamation"
    assert 6 < (follow_up.due_at - clock.now()) / timedelta(days=1) <= 7
    client.post(undo_of(told), {"next": "/"})
    follow_up.refresh_from_db()
    assert follow_up.state == "cancelled"


def test_an_answer_to_what_is_not_to_be_said_is_refused(camille: str, signed_in: Enter) -> None:
    page = answer(signed_in("marie"), camille, cause="complaint R-1")
    assert "Ce n’est plus à dire." in page
    assert not Outcome.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("claire", 403), ("hugo", 404)])
def test_only_those_who_hold_the_call_answer(who: str, status: int, camille: str, signed_in: Enter) -> None:
    client = signed_in(who)
    for path, said in (("actions", {"action": "thank", "cause": "x", "said": "refused"}),
                       ("calls", {"disposition": "reached"}), ("verify", BORN)):  # fmt: skip
        assert client.post(f"/people/{camille}/{path}", said).status_code == status


def test_a_colleague_sees_the_answer_and_may_undo_it_a_stranger_may_not(camille: str, signed_in: Enter) -> None:
    undo = undo_of(answer(signed_in("marie"), camille))
    assert signed_in("hugo").post(undo, {"next": "/"}).status_code == 404
    assert "Dit · Régler la réclamation, accepté" in signed_in("lea").get(f"/people/{camille}").content.decode()
    signed_in("lea").post(undo, {"next": "/"})
    assert Outcome.objects.get().undone_by == "lea@example.com"


def test_a_call_ends_in_one_form_and_stands_on_the_thread_at_once(camille: str, signed_in: Enter) -> None:
    client = signed_in("marie")
    said = {"disposition": "voicemail", "direction": "out", "text": "Message laissé sur la livraison"}
    page = client.post(f"/people/{camille}/calls", said, follow=True).content.decode()
    told = "Appel vers le client"
    assert told in page
    assert "Message laissé sur la livraison" in page
    client.post(undo_of(page), {"next": "/"})
    assert told not in client.get(f"/people/{camille}").content.decode()
    assert Call.objects.get().undone_at


def test_who_wants_to_be_called_back_has_a_follow_up_for_tomorrow(camille: str, signed_in: Enter) -> None:
    page = signed_in("marie").post(f"/people/{camille}/calls", {"disposition": "call_back"}, follow=True)
    assert "Une relance est prévue demain." in page.content.decode()
    assert FollowUp.objects.get().owner == "marie@example.com"


def test_an_end_that_is_none_is_refused(camille: str, signed_in: Enter) -> None:
    signed_in("marie").post(f"/people/{camille}/calls", {"disposition": "<script>"})
    assert not Call.objects.exists()


def test_a_caller_is_verified_for_the_call_and_no_longer(camille: str, signed_in: Enter) -> None:
    client = signed_in("marie")
    page = client.post(f"/people/{camille}/verify", BORN | {"next": f"/people/{camille}"}, follow=True)
    assert "Vérifié par Marie à" in page.content.decode()
    assert "1980" not in str(list(Verification.objects.values())), "answers are compared, not kept"
    assert "Vérifié par Marie à" in signed_in("lea").get(f"/people/{camille}").content.decode()
    client.post(f"/people/{camille}/calls", {"disposition": "reached"})
    assert "Vérifié par" not in client.get(f"/people/{camille}").content.decode()


def test_tries_are_limited_whoever_makes_them_and_nothing_more_is_said(camille: str, signed_in: Enter) -> None:
    wrong = BORN | {"answer-contract": "1", "next": f"/people/{camille}"}
    for who in ("marie", "lea", "marie"):
        page = signed_in(who).post(f"/people/{camille}/verify", wrong, follow=True).content.decode()
        assert "Ces réponses ne concordent pas" in page
    assert "Appelant non vérifié" in page
    assert "avant toute offre" not in say_part(page)
    page = signed_in("lea").post(f"/people/{camille}/verify", BORN, follow=True).content.decode()
    assert "Cet appelant n’a pas pu être vérifié." in page
    assert AuditEntry.objects.filter(action="verification.fail").count() == 3
    assert not AuditEntry.objects.filter(action="verification.pass").exists()


def test_too_few_answers_are_no_try(camille: str, signed_in: Enter) -> None:
    signed_in("marie").post(f"/people/{camille}/verify", {"answer-birth_date": "3/4/1980"})
    assert not Verification.objects.exists()


def test_what_is_asked_is_set_by_whoever_looks_after_privacy(camille: str, signed_in: Enter) -> None:
    said = {"questions": ["email"], "needed": "1", "tries": "1", "minutes": "5"}
    assert signed_in("marie").get("/questions").status_code == 403
    assert signed_in("marie").post("/questions/groupe", said).status_code == 403
    client = signed_in("claire")
    assert client.post("/questions/boutique", said).status_code == 403
    assert "est fixé" in client.post("/questions/groupe", said | {"next": "/questions"}, follow=True).content.decode()
    page = signed_in("marie").get(f"/people/{camille}").content.decode()
    assert 'name="answer-email"' in page
    assert 'name="answer-contract"' not in page


def test_what_was_enough_for_another_entity_verifies_only_where_it_is_enough(camille: str, signed_in: Enter) -> None:
    Verification.objects.create(
        person=camille, entity="boutique", by="hugo", asked=["birth_date"], passed=True,
        expires_at=clock.now() + timedelta(minutes=30),
    )  # fmt: skip
    assert "Vérifié par" not in signed_in("marie").get(f"/people/{camille}").content.decode()
    for needed, verified in ((2, False), (1, True)):
        verification.agree(access.OWNER, "groupe", ["birth_date", "email"], needed=needed, tries=3, minutes=30)
        assert ("Vérifié par" in signed_in("marie").get(f"/people/{camille}").content.decode()) is verified


def api(role: str, *entities: str) -> Client:
    scopes = ["people:read", "people:write"]
    _, word = groups.make_key(access.OWNER, "test", role=role, scopes=scopes, entities=entities)
    return Client(headers={"authorization": f"Bearer {word}"})


def test_a_program_does_the_same(camille: str) -> None:
    client, stranger = api("advisor", "groupe"), api("advisor", "boutique")

    def post(path: str, said: Any, who: Client = client) -> Any:
        return who.post(f"/api/v1{path}", said, content_type="application/json")

    told = client.get(f"/api/v1/people/{camille}/actions").json()
    assert told["actions"][0]["cause"] == "complaint R-912"
    assert {"offers"} == {one["what"] for one in told["unsaid"]}
    assert stranger.get(f"/api/v1/people/{camille}/actions").status_code == 404
    said = {"action": "settle_complaint", "cause": "complaint R-912", "said": "refused", "reason": "rappellera"}
    made = post(f"/people/{camille}/actions", said)
    assert made.status_code == 201
    assert post(f"/actions/{made.json()['id']}/undo", {}, stranger).status_code == 404
    assert [row["reason"] for row in client.get(f"/api/v1/people/{camille}/actions").json()["answered"]] == [
        "rappellera"
    ]
    assert post(f"/actions/{made.json()['id']}/undo", {}).status_code == 200
    assert post(f"/people/{camille}/calls", {"disposition": "reached", "text": "ok"}).status_code == 201
    asked = {"answers": {"birth_date": "03/04/1980", "last_order": "20 euros"}}
    assert post(f"/people/{camille}/verification", asked).json()["verified"] is True
    assert post(f"/people/{camille}/verification", asked, stranger).status_code == 404
