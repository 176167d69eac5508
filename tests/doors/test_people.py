"""A person's page and the search: what the owner, a colleague and a stranger see of the same person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import CARGO, HALLE, HORIZON

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])

PHONE = "+33639981234"


@pytest.fixture
def camille(world: Any) -> str:
    """Known to the group by e-mail and phone, to the shop under another name, with a complaint open."""
    world.user("marie", "advisor", entities=("groupe",))
    world.user("hugo", "advisor", entities=("boutique",), brands=("halle",))
    world.user("ines", "marketer", entities=("groupe",))
    world.user("helene", "executive")
    consents = [
        {
            "purpose": "marketing",
            "channel": "sms",
            "state": "denied",
            "at": "2026-01-01T00:00:00+00:00",
            "notice": "",
            "method": "import",
        }
    ]
    ticket = {
        "ref": "R-912",
        "kind": "complaint",
        "at": "2026-11-01T00:00:00+00:00",
        "channel": "email",
        "subject": "Livraison",
        "text": "Rien reçu",
        "status": "open",
    }
    moment = {
        "kind": "complaint", "at": "2026-11-01T00:00:00+00:00", "entity": "groupe", "brand": "horizon", "source": "x",
        "record_key": 5, "title": "Livraison", "text": "Rien reçu", "status": "open", "ref": "R-912",
    }  # fmt: skip
    return str(
        world.person(
            1,
            "Camille",
            "Rousseau-Petit",
            HORIZON | {"email": "camille@example.org", "phone": PHONE, "consents": consents, "tickets": [ticket]},
            HALLE
            | {
                "source": "shop_people",
                "given_name": "Camille",
                "family_name": "Rousseau",
                "email": "c.rousseau@example.com",
            },
            moments=[moment],
        )
    )


def test_the_owner_sees_the_whole_page(camille: str, signed_in: Callable[[str], Any]) -> None:
    page = signed_in("marie").get(f"/people/{camille}").content.decode()
    for told in (
        "Camille Rousseau-Petit",
        "06 39 98 12 34",
        "camille@example.org",
        "Réclamation",
        "SMS ✗",
        "Régler la réclamation R-912",
    ):
        assert told in page
    assert "Horizon" in page


def test_without_an_agreement_a_colleague_sees_only_what_their_entity_collected(
    camille: str, signed_in: Callable[[str], Any]
) -> None:
    page = signed_in("hugo").get(f"/people/{camille}").content.decode()
    assert "c.rousseau@example.com" in page
    for hidden in ("camille@example.org", "06 39 98 12 34", "Petit", "Horizon", "R-912", "Rien reçu"):
        assert hidden not in page


def test_a_marketer_sees_masked_addresses_and_no_words_of_a_complaint(
    camille: str, signed_in: Callable[[str], Any]
) -> None:
    page = signed_in("ines").get(f"/people/{camille}").content.decode()
    assert "camille@example.org" not in page
    assert "c•••@e•••" in page
    assert "Rien reçu" not in page


@pytest.mark.parametrize("path", ["/people/{}", "/people/{}/records", "/people?q=camille", f"/c/by-phone/{PHONE}"])
def test_a_role_of_sums_opens_nobody(path: str, camille: str, signed_in: Callable[[str], Any]) -> None:
    answer = signed_in("helene").get(path.format(camille))
    assert answer.status_code == 403
    assert "Rousseau" not in answer.content.decode()


def test_who_is_outside_the_perimeter_is_not_found(world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("hugo", "advisor", entities=("boutique",), brands=("halle",))
    stranger = world.person(2, "Paul", "Absent", CARGO | {"phone": PHONE})
    client = signed_in("hugo")
    assert client.get(f"/people/{stranger}").status_code == 404
    assert client.get("/people/not-a-person").status_code == 404
    assert "Absent" not in client.get("/people?q=absent").content.decode()
    assert "Absent" not in client.get(f"/c/by-phone/{PHONE}").content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        "camille rousseau",
        "CAMILLE ROUSSEAU",
        "camile rouseau",
        "camile rouso",
        "kamille roussot",
        "camille@example.org",
    ],
)
def test_search_ignores_accents_case_and_small_misspellings_and_hears_names(
    asked: str, camille: str, signed_in: Callable[[str], Any]
) -> None:
    answer = signed_in("marie").get("/people", {"q": asked}, follow=True)
    assert "Camille Rousseau-Petit" in answer.content.decode()


def test_the_palette_gets_a_list_and_not_a_page(camille: str, signed_in: Callable[[str], Any]) -> None:
    part = signed_in("marie").get("/search?q=camille", headers={"HX-Request": "true"}).content.decode()
    assert f"/people/{camille}" in part
    assert "<html" not in part


def test_the_phone_opens_the_caller(camille: str, signed_in: Callable[[str], Any]) -> None:
    answer = signed_in("marie").get(f"/c/by-phone/{PHONE}")
    assert (answer.status_code, answer["Location"]) == (302, f"/people/{camille}")


def test_a_shared_phone_offers_a_choice_and_an_unknown_one_a_search(
    world: Any, camille: str, signed_in: Callable[[str], Any]
) -> None:
    world.person(3, "Jeanne", "Petit", HORIZON | {"phone": PHONE})
    client = signed_in("marie")
    choice = client.get(f"/c/by-phone/{PHONE}").content.decode()
    assert "Jeanne Petit" in choice
    assert "Camille Rousseau-Petit" in choice
    assert "Personne n’a encore ce numéro" in client.get("/c/by-phone/+33639980000").content.decode()
    for hidden in ("anonyme", "anonymous", "+", "12"):
        told = client.get(f"/c/by-phone/{hidden}").content.decode()
        assert "L’appel ne montre aucun numéro" in told
        assert f'value="{hidden}"' not in told


def test_opening_a_page_leaves_an_audit_line(camille: str, signed_in: Callable[[str], Any]) -> None:
    from filrouge.store.queries import audits
    from filrouge.work import audit

    signed_in("marie").get(f"/people/{camille}")
    audit.chain_waiting()
    rows = audits.lines(action="person.open", person=camille)
    assert [row.by for row in rows] == ["marie@example.com"]


def test_the_thread_narrows_by_kind(camille: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("marie")
    assert (
        "«\N{NO-BREAK SPACE}Livraison\N{NO-BREAK SPACE}»"
        in client.get(f"/people/{camille}?kind=talks").content.decode()
    )
    assert "Rien ne répond à ces filtres" in client.get(f"/people/{camille}?kind=purchases").content.decode()


def test_each_value_tells_its_source_and_its_losing_values(camille: str, signed_in: Callable[[str], Any]) -> None:
    page = signed_in("marie").get(f"/people/{camille}").content.decode()
    card = page[page.index("camille@example.org") :]
    assert "c’est la plus récente" in card[: card.index("</details>")]
    assert "10 novembre" not in card
    assert (
        "1 octobre 2026" in card[: card.index("</details>")] or "1er octobre 2026" in card[: card.index("</details>")]
    )
