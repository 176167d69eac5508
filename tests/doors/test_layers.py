"""Households and roles at the doors: told with why, put right, taken back; refused to others; the same over the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import HALLE, HORIZON
from tests.doors.test_api import api, post

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
SignedIn = Callable[[str], Any]
HOME = json.dumps({"address_line": "3 rue des Lilas", "postcode": "44000", "city": "Nantes"})


@pytest.fixture
def house(world: Any) -> dict[str, str]:
    """Ann and Bob Roux at home, Cleo of the shop with them, Dan elsewhere; a company of the group."""
    from filrouge.store.live import Live, number, pack

    live = Live()
    found = {}
    for at, (given, family, where) in enumerate(
        (("Ann", "Roux", HORIZON), ("Bob", "Roux", HORIZON), ("Cleo", "Roux", HALLE), ("Dan", "Petit", HORIZON)),
        start=1,
    ):
        found[given] = str(world.person(at, given, family, where))
        document = live.document(found[given])
        assert document is not None
        if given != "Dan":
            first = document["values"][0]
            document["values"].append({**first, "attribute": "address", "value": HOME})
            live.insert("keys", [("household", "h1", number(found[given]), 1)], columns=4)
        live.insert("documents", [(number(found[given]), found[given], pack(json.dumps(document)))], columns=3)
    facts = ("registration_id", "domain", "address_line", "postcode", "city", "country", "phone", "size", "sector")
    record = {
        **dict.fromkeys(facts), **HORIZON, "key": 700, "source": "crm_companies", "source_id": "C7",
        "name": "Moulin Bleu", "link": "", "as_of": "2026-10-01T00:00:00+00:00",
    }  # fmt: skip
    body = pack(json.dumps({"records": [record], "roles": [], "opportunities": []}))
    live.insert("companies", [(700, "Moulin Bleu", body)], columns=3)
    live.insert("company_of", [(700, 700)], columns=2)
    live.insert("company_words", [("moulin", 700, 1)], columns=3)
    world.user("marie", "advisor", entities=("groupe",))
    world.user("hugo", "advisor", entities=("boutique",))
    world.user("remy", "engineer", entities=("groupe",))
    return found


def page(client: Any, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    text = str(answer.content.decode())
    return text[text.index("<main") : text.index("</main>")]


def undo_of(text: str) -> str:
    return text[text.index('class="toast-line') :].partition('action="')[2].partition('"')[0]


def test_a_person_page_tells_who_lives_there_and_why_within_the_perimeter(
    house: dict[str, str], signed_in: SignedIn
) -> None:
    told = page(signed_in("marie"), f"/people/{house['Ann']}")
    assert "Bob Roux" in told
    assert "même adresse, même nom" in told
    assert "Cleo" not in told, "the shop’s customer"
    told = page(signed_in("hugo"), f"/people/{house['Cleo']}")
    assert "Roux</a>" not in told


def test_a_household_is_put_right_and_taken_back(house: dict[str, str], signed_in: SignedIn) -> None:
    client = signed_in("marie")
    place = f"/people/{house['Bob']}/household"
    assert "quitte le foyer de 1 autre" in page(client, place)
    done = client.post(f"{place}/away", {"reason": "a déménagé"}, follow=True).content.decode()
    assert "n’habite pas ici" in done
    assert "N’habite pas avec Ann Roux" in done
    assert "Bob Roux" not in page(client, f"/people/{house['Ann']}")
    told = page(client, f"/people/{house['Ann']}/household")
    assert "Bob Roux n’habite pas ici" in told
    assert "a déménagé" in told
    back = client.post(undo_of(done), {"next": place}, follow=True).content.decode()
    assert "annulée" in back or "annulé" in back
    assert "Bob Roux" in page(client, f"/people/{house['Ann']}")


def test_somebody_is_looked_for_and_joins_the_household(house: dict[str, str], signed_in: SignedIn) -> None:
    client = signed_in("marie")
    place = f"/people/{house['Ann']}/household"
    assert house["Dan"] in page(client, f"{place}?q=petit")
    assert house["Bob"] not in page(client, f"{place}?q=roux").partition("<form")[2], "who is there is not offered"
    done = client.post(f"{place}/with", {"other": house["Dan"]}, follow=True).content.decode()
    assert "Habite avec Dan Petit" in done
    assert "dit par quelqu’un" in page(client, f"/people/{house['Dan']}")
    again = client.post(f"{place}/with", {"other": house["Dan"]}, follow=True).content.decode()
    assert "déjà dites habiter ensemble" in again


def test_in_english_too(house: dict[str, str], signed_in: SignedIn) -> None:
    client = signed_in("marie")
    client.post("/reader", {"language": "en", "next": "/"})
    told = page(client, f"/people/{house['Ann']}/household")
    assert "Household of Ann Roux" in told
    assert "Same address, same name" in told


def test_a_role_is_added_ended_and_taken_back(house: dict[str, str], signed_in: SignedIn) -> None:
    client = signed_in("marie")
    place = f"/people/{house['Dan']}/roles"
    assert "Moulin Bleu" in page(client, f"{place}?q=moulin")
    done = client.post(f"{place}/add", {"company": "700", "role": "Gérant", "since": "2020-02-01"}, follow=True)
    assert "Travaille pour Moulin Bleu, Gérant" in done.content.decode()
    assert "Gérant" in page(client, f"/people/{house['Dan']}")
    assert "Dan Petit" in page(client, "/companies/700")
    wrong = client.post(f"{place}/end", {"company": "700", "role": "Gérant", "until": "2999-01-01"}, follow=True)
    assert "encore à venir" in wrong.content.decode()
    ended = client.post(f"{place}/end", {"company": "700", "role": "Gérant", "until": "2026-01-31"}, follow=True)
    assert "jusqu’au 31 janv." in ended.content.decode()
    assert "Dan Petit" not in page(client, "/companies/700")
    client.post(undo_of(ended.content.decode()), {"next": place})
    assert "Dan Petit" in page(client, "/companies/700")


@pytest.mark.parametrize("act", ["household/away", "household/with", "roles/add", "roles/end"])
def test_acts_are_refused_to_who_may_not(house: dict[str, str], signed_in: SignedIn, act: str) -> None:
    said = {"other": house["Dan"], "company": "700", "role": "x"}
    assert signed_in("remy").post(f"/people/{house['Ann']}/{act}", said).status_code == 403
    assert signed_in("hugo").post(f"/people/{house['Ann']}/{act}", said).status_code == 404
    assert signed_in("marie").get(f"/people/{house['Ann']}/{act}").status_code == 405


def test_an_engineer_reads_a_household_and_is_offered_no_act(house: dict[str, str], signed_in: SignedIn) -> None:
    client = signed_in("remy")
    assert "<form" not in page(client, f"/people/{house['Ann']}/household")
    assert "<form" not in page(client, f"/people/{house['Ann']}/roles")


def test_a_program_does_the_same(house: dict[str, str]) -> None:
    owner, stranger = api("advisor", "groupe"), api("advisor", "boutique")
    ann, dan = house["Ann"], house["Dan"]
    told = owner.get(f"/api/v1/people/{ann}/household").json()
    assert [(one["name"], one["why"]) for one in told] == [("Bob Roux", ["address", "name"])]
    assert stranger.get(f"/api/v1/people/{ann}/household").status_code == 404
    made = post(owner, f"/people/{ann}/household/with", {"other": dan})
    assert made.status_code == 201
    assert len(owner.get(f"/api/v1/people/{ann}/household").json()) == 2
    gesture = made.json()["gesture"]
    assert post(stranger, f"/households/{gesture}/undo").status_code == 404
    assert post(owner, f"/households/{gesture}/undo").status_code == 200
    assert post(owner, f"/households/{gesture}/undo").status_code == 404
    assert post(owner, f"/people/{dan}/household/away").status_code == 400
    added = post(owner, f"/people/{dan}/roles", {"company": "700", "role": "Gérant"})
    assert added.status_code == 201
    assert post(owner, f"/people/{dan}/roles", {"company": "700", "role": "Gérant"}).status_code == 400
    assert post(owner, f"/people/{dan}/roles/end", {"company": "700", "role": "Gérant"}).status_code == 201
    assert post(owner, f"/roles/{added.json()['correction']}/undo").status_code == 200
    for path in ("/households/nonsense/undo", "/roles/nonsense/undo"):
        assert post(owner, path).status_code == 404
    reader = api("advisor", "groupe", scopes=["people:read"])
    assert post(reader, f"/people/{ann}/household/away").status_code == 403
