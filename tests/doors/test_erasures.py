"""The report of an erasure: who may read it, what it tells, what proves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import HALLE, HORIZON

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
SignedIn = Callable[[str], Any]


@pytest.fixture
def asked(world: Any) -> str:
    """Ask, as the shop's officer, for the erasure of somebody whom the group knows too; return the person."""
    world.user("claire", "privacy")
    world.user("lea", "privacy", entities=("boutique",))
    world.user("jean", "privacy", entities=("groupe",))
    world.user("marie", "advisor")
    return str(world.person(1, "Camille", "Rousseau", HORIZON | {"email": "camille@example.org"}, HALLE))


def ask(client: Any, person: str) -> str:
    answer = client.post(f"/people/{person}/erase", {"sure": "yes", "reason": "par lettre"})
    assert answer.status_code == 302
    return str(answer["Location"])


def finish(address: str) -> None:
    """Write the report that the worker writes."""
    from filrouge.base import clock
    from filrouge.store.models import Erasure
    from filrouge.work import audit

    report = {
        "destroyed": {"person_records": 2, "note": 1},
        "found_again": {},
        "records": 1,
        "staying": 1,
        "suppressed": 3,
    }
    Erasure.objects.filter(pk=address.rpartition("/")[2]).update(
        state="done", report=report, person="", finished_at=clock.now()
    )
    audit.chain_waiting()


def test_rows_of_one_kind_are_told_in_one_line(asked: str, signed_in: SignedIn) -> None:
    from filrouge.store.models import Erasure

    client = signed_in("claire")
    address = ask(client, asked)
    finish(address)
    one = Erasure.objects.get(pk=address.rpartition("/")[2])
    Erasure.objects.filter(pk=one.pk).update(
        report=one.report | {"destroyed": {"consents": 9, "consentevent": 2, "followups": 1, "followup": 1}}
    )
    page = client.get(address).content.decode()
    assert page.count("<dt>Consentements</dt>") == page.count("<dt>Relances</dt>") == 1
    assert '<dt>Consentements</dt><dd class="figures">11</dd>' in page


def test_asking_leads_to_the_report(asked: str, signed_in: SignedIn) -> None:
    client = signed_in("lea")
    said = client.get(f"/people/{asked}/erase").content.decode()
    assert "Vous effacez ce que détient Boutique SAS." in said
    address = ask(client, asked)
    page = client.get(address).content.decode()
    assert "par lettre" in page
    assert "Boutique SAS" in page
    assert "demandé" in page
    assert asked in page


def test_the_report_tells_numbers_the_second_search_and_the_lines(asked: str, signed_in: SignedIn) -> None:
    client = signed_in("lea")
    address = ask(client, asked)
    finish(address)
    page = client.get(address).content.decode()
    assert "<strong>3</strong> lignes, de 1 fiches" in page
    assert "Rien, dans aucune table, copie ni acte." in page
    assert "Ligne d’audit" in page
    assert "a demandé un effacement" in page
    assert "Ce que d’autres entités détiennent n’a pas été touché." in page
    assert asked not in page, "the person is named no more"
    assert "Camille" not in page
    assert address in client.get("/erasures").content.decode()


@pytest.mark.parametrize(("who", "status"), [("claire", 200), ("lea", 200), ("jean", 404), ("marie", 403)])
def test_an_erasure_is_read_by_officers_of_the_entities_concerned(
    who: str, status: int, asked: str, signed_in: SignedIn
) -> None:
    address = ask(signed_in("lea"), asked)
    client = signed_in(who)
    assert client.get(address).status_code == status
    listed = client.get("/erasures")
    assert (address in listed.content.decode()) == (status == 200)


def test_an_erasure_of_the_whole_group_is_not_the_shop_officer_s_to_read(asked: str, signed_in: SignedIn) -> None:
    address = ask(signed_in("claire"), asked)
    assert signed_in("lea").get(address).status_code == 404


def test_the_api_asks_and_reads(asked: str, client: Any) -> None:
    from filrouge.work import access, groups

    _, word = groups.make_key(
        access.OWNER, "dpo", role="privacy", scopes=["people:read", "people:write"], entities=["boutique"], brands=[]
    )
    _, other = groups.make_key(
        access.OWNER, "bi", role="analyst", scopes=["people:read"], entities=["boutique"], brands=[]
    )
    key = {"Authorization": f"Bearer {word}"}
    made = client.post(f"/api/v1/people/{asked}/erasure", headers=key)
    assert made.status_code == 202
    one = client.get(f"/api/v1/erasures/{made.json()['id']}", headers=key).json()
    assert (one["state"], one["entities"]) == ("planned", ["boutique"])
    assert "person" not in one
    finish(f"/erasures/{one['id']}")
    told = client.get(f"/api/v1/erasures/{one['id']}", headers=key).json()
    assert told["report"]["records"] == 1
    assert "staying" not in told["report"], "that others know the person is not theirs to learn"
    assert [line["action"] for line in told["lines"]] == ["erasure.request"]
    assert [row["id"] for row in client.get("/api/v1/erasures", headers=key).json()["items"]] == [made.json()["id"]]
    assert client.get("/api/v1/erasures", headers={"Authorization": f"Bearer {other}"}).status_code == 403
