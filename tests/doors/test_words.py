"""A French page speaks French: rules, evidence, acts and schedules are said in words, people by their names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils.translation import override
from tests.conftest import HORIZON

from filrouge.console import hours, moments, names
from filrouge.domain.profiles import Moment
from filrouge.work import access, audit, groups

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])


@pytest.fixture
def camille(world: Any) -> str:
    world.user("marie", "advisor", entities=("groupe",))
    world.user("claire", "privacy")
    consent = {"purpose": "marketing", "channel": "email", "state": "granted", "at": "2026-01-01T00:00:00+00:00",
               "notice": "", "method": "import", "evidence": "filrouge 0071"}  # fmt: skip
    return str(world.person(1, "Camille", "Rousseau", HORIZON | {"consents": [consent]}))


@pytest.mark.parametrize(
    ("every", "fr", "en"),
    [
        ("0 6 * * *", "chaque jour à 06:00", "every day at 06:00"),
        ("20 * * * *", "chaque heure, à la minute 20", "every hour, at minute 20"),
        ("0 7 * * 1", "chaque lundi à 07:00", "every Monday at 07:00"),
        ("0 7 * * 0", "chaque dimanche à 07:00", "every Sunday at 07:00"),
        ("30 20 * * 1-6", "du lundi au samedi à 20:30", "from Monday to Saturday at 20:30"),
        ("*/5 2 1 * *", "*/5 2 1 * *", "*/5 2 1 * *"),
    ],
)
def test_a_schedule_is_said_in_words(every: str, fr: str, en: str) -> None:
    for language, said in (("fr", fr), ("en", en)):
        with override(language):
            assert hours.said(every) == said


def test_a_permission_names_its_rule_and_evidence_in_french(camille: str, signed_in: Callable[[str], Any]) -> None:
    page = signed_in("marie").get(f"/people/{camille}").content.decode()
    assert "RGPD, art. 6(1)(a) : accord" in page
    assert "Filrouge, ligne 0071" in page
    for english in ("GDPR", "prior consent", "filrouge 0071"):
        assert english not in page


def test_the_subject_of_a_call_and_a_live_event_are_said_in_words() -> None:
    call = Moment(
        at=datetime(2026, 11, 1, tzinfo=UTC), kind="call", entity="groupe", brand="horizon", source="calls",
        system="calls", record_key=1, title="reclamation", text="", channel="phone", direction="in", status="",
        outcome="reclamation", amount="", currency="", ref="", link="", by="", details={},
    )  # fmt: skip
    with override("fr"):
        assert moments.line(call).title == "Appel reçu, «\N{NO-BREAK SPACE}réclamation\N{NO-BREAK SPACE}»"


def test_an_objection_in_the_thread_says_whose_and_looks_like_one(
    camille: str, signed_in: Callable[[str], Any]
) -> None:
    client = signed_in("marie")
    client.post(f"/people/{camille}/objections", {"entity": "groupe", "channel": "phone"})
    thread = client.get(f"/people/{camille}").content.decode().partition('id="thread"')[2]
    line = thread.partition("thread-day")[2].partition("</li>")[0]
    assert "Marketing par téléphone : opposition, Groupe SA" in line
    assert "icons.svg#stop" in line
    assert "icons.svg#check" not in line


def test_whoever_did_something_is_named(camille: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("marie")
    client.post(f"/people/{camille}/notes", {"text": "Préfère le matin"})
    page = client.get(f"/people/{camille}").content.decode()
    assert page.partition("Préfère le matin")[2].partition("</li>")[0].count("Marie") == 1
    assert "marie@example.com" not in page.partition('id="notes-title"')[2].partition("</section>")[0]


def test_the_audit_is_asked_by_name_and_answers_in_french(
    camille: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    signed_in("marie").post(f"/people/{camille}/notes", {"text": "x"})
    groups.make_key(access.OWNER, "crm", role="advisor", scopes=["people:read"])
    with_state = {"state": "objected", "by_way_of": "password", "form": "csv"}
    audit.record("sql.query", by="owner of this machine", kind="sql", rows=3, **with_state)
    audit.chain_waiting()
    client = signed_in("claire")
    mine = client.get("/audit?by=mar%C3%AEe").content.decode().partition("<tbody>")[2]
    assert "a écrit une note" in mine
    assert "a créé une clé" not in mine
    everything = client.get("/audit").content.decode()
    for said in ("propriétaire de la machine", "a posé une question en SQL", "état opposition", "par mot de passe"):
        assert said in everything, said
    for english in ("owner of this machine", "objected", "by way of", "sql.query</"):
        assert english not in everything.partition("<tbody>")[2], english


def test_a_name_that_nobody_bears_is_shown_as_it_is(world: Any) -> None:
    assert names.author("N. Ferreira") == "N. Ferreira"
    assert names.authors("") == []
