"""The review queue at the doors: seen, decided and taken back by those who act for both records, told in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import CARGO, HALLE, HORIZON

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
SignedIn = Callable[[str], Any]
TOLD = "start random -14.20;given typo 5.10;family same 9.30;email different -3.40;sex same 0.20"


@pytest.fixture
def people(world: Any) -> dict[str, str]:
    world.user("marie", "advisor", entities=("groupe",))
    world.user("luc", "advisor", entities=("groupe",))
    world.user("anne", "advisor", entities=("groupe",), brands=("horizon",))
    world.user("claire", "privacy")
    world.user("remy", "engineer")
    world.user("hugo", "advisor", entities=("boutique",))
    email = {"email": "camille@example.org"}
    return {
        "camille": world.person(1, "Camille", "Rousseau", HORIZON | email, HORIZON),
        "kamille": world.person(2, "Kamille", "Rousseau", CARGO | {"email": "k.rousseau@example.net"}),
        "halle": world.person(3, "Camille", "Rousseau", HALLE | email),
    }


def review(left: int, right: int, people: tuple[str, str], origins: tuple[Any, Any], **values: Any) -> Any:
    from filrouge.store.models import Review

    return Review.objects.create(
        left=left, right=right, left_person=people[0], right_person=people[1],
        left_entity=origins[0]["entity"], left_brand=origins[0]["brand"],
        right_entity=origins[1]["entity"], right_brand=origins[1]["brand"],
        **({"kind": "ambiguous", "score": -3.0, "told": TOLD, "worth": 1.0, "left_records": 2} | values),
    )  # fmt: skip


@pytest.fixture
def pairs(people: dict[str, str]) -> tuple[Any, Any]:
    """Return a pair of two brands of the group, and one of the group and its shop."""
    inside = review(101, 201, (people["camille"], people["kamille"]), (HORIZON, CARGO))
    across = review(101, 301, (people["camille"], people["halle"]), (HORIZON, HALLE), worth=0.5)
    return inside, across


def waiting() -> list[str]:
    from filrouge.store.models import Job

    return list(Job.objects.filter(state="waiting").values_list("key", flat=True))


def test_what_hangs_on_the_answer_is_told_in_what_the_reader_sees(
    people: dict[str, str], world: Any, signed_in: SignedIn
) -> None:
    world.user("paul", "advisor", entities=("boutique",))
    other = world.person(4, "Camille", "Rousseau", HALLE, HORIZON | {"email": "c@example.org"})
    pair = review(301, 401, (people["halle"], other), (HALLE, HALLE), left_records=1, right_records=2)
    page = signed_in("paul").get(f"/reviews/{pair.pk}").content.decode()
    assert "une page réunirait 2 fiches" in page, (
        "the third is of another entity: that there is one is not theirs to know"
    )


def test_a_pair_is_told_in_words_and_letter_by_letter(pairs: tuple[Any, Any], signed_in: SignedIn) -> None:
    page = signed_in("marie").get(f"/reviews/{pairs[0].pk}").content.decode()
    assert "Très probablement" not in page
    assert "Probablement deux personnes" in page
    for said in ("Prénoms à une lettre près", "Même nom", "E-mails différents", "Deux fiches prises au hasard"):
        assert said in page
    assert page.count('class="diff"') >= 2
    assert '<mark class="diff">C</mark>amille' in page
    assert '<mark class="diff">K</mark>amille' in page
    assert "une page réunirait 3 fiches" in page
    for way, number in (("start", 1), ("up", 3), ("down", 1)):
        assert page.count(f'<tr class="{way}">') == number
    assert "× 630" in page
    assert "÷ 11" in page
    for key in ("1", "2", "Space"):
        assert f'aria-keyshortcuts="{key}"' in page


def test_the_queue_is_what_the_reader_may_decide_of(pairs: tuple[Any, Any], signed_in: SignedIn) -> None:
    inside, across = pairs
    for who, seen, hidden in (("claire", pairs, ()), ("marie", (inside,), (across,)), ("anne", (), pairs)):
        page = signed_in(who).get("/reviews").content.decode()
        assert all(str(row.pk) in page for row in seen)
        assert not any(str(row.pk) in page for row in hidden)
    client = signed_in("hugo")
    assert str(inside.pk) not in client.get("/reviews").content.decode()
    for path in ("", "/decision", "/later", "/undo", "/assign"):
        address = f"/reviews/{inside.pk}{path}"
        answer = client.post(address, {"said": "same"}) if path else client.get(address)
        assert answer.status_code == 404
    assert signed_in("remy").get("/reviews").status_code == 403
    assert signed_in("remy").post(f"/reviews/{inside.pk}/decision", {"said": "same"}).status_code == 403
    assert waiting() == []


def test_a_pair_is_decided_without_scripts_the_next_one_comes_and_the_toast_takes_it_back(
    pairs: tuple[Any, Any], people: dict[str, str], signed_in: SignedIn
) -> None:
    other = review(102, 201, (people["camille"], people["kamille"]), (HORIZON, CARGO), worth=0.2)
    client = signed_in("marie")
    assert client.get("/reviews/next")["Location"] == f"/reviews/{pairs[0].pk}"
    done = client.post(f"/reviews/{pairs[0].pk}/decision", {"said": "different"}, follow=True)
    assert done.redirect_chain[-1][0] == f"/reviews/{other.pk}"
    page = done.content.decode()
    assert "Réponse : deux personnes." in page
    assert waiting() == ["identity"]
    undo = page[page.index('class="toast-line') :].partition('action="')[2].partition('"')[0]
    assert undo == f"/reviews/{pairs[0].pk}/undo"
    assert f'action="/reviews/{pairs[0].pk}/undo" class="review-last"' in page
    back = client.post(undo, follow=True)
    assert back.redirect_chain[-1][0] == f"/reviews/{pairs[0].pk}"
    assert "de nouveau à vérifier" in back.content.decode()


def test_the_filters_are_kept_from_pair_to_pair(pairs: tuple[Any, Any], signed_in: SignedIn) -> None:
    client = signed_in("marie")
    query = "?kind=ambiguous&brand=cargo"
    assert client.get(f"/reviews/next{query}")["Location"] == f"/reviews/{pairs[0].pk}{query}"
    page = client.get(f"/reviews/{pairs[0].pk}{query}").content.decode()
    assert f"/reviews/{pairs[0].pk}/decision?kind=ambiguous&amp;brand=cargo" in page
    over = client.post(f"/reviews/{pairs[0].pk}/decision{query}", {"said": "same"}, follow=True).content.decode()
    assert "Plus rien à vérifier" in over
    assert client.get("/reviews/next?kind=nonsense&brand=%00&start=x").status_code in (200, 302)


def test_whoever_comes_second_is_told_and_goes_on(pairs: tuple[Any, Any], signed_in: SignedIn) -> None:
    signed_in("luc").post(f"/reviews/{pairs[0].pk}/decision", {"said": "same"})
    told = signed_in("marie").post(f"/reviews/{pairs[0].pk}/decision", {"said": "different"}, follow=True)
    assert "Luc a décidé de cette paire avant vous." in told.content.decode()
    pairs[0].refresh_from_db()
    assert pairs[0].decision == "same"
    decided = signed_in("marie").get(f"/reviews/{pairs[0].pk}").content.decode()
    assert 'name="said"' not in decided
    assert "Luc, " in decided, "colleagues are told by name"
    assert "luc@example.com" not in decided


def test_a_pair_is_given_to_somebody_who_finds_it_at_home(pairs: tuple[Any, Any], signed_in: SignedIn) -> None:
    client = signed_in("marie")
    page = client.get(f"/reviews/{pairs[0].pk}").content.decode()
    assert 'value="luc@example.com"' in page
    assert 'value="anne@example.com"' not in page, "she does not act for both records"
    given = client.post(f"/reviews/{pairs[0].pk}/assign", {"to": "luc@example.com"}, follow=True).content.decode()
    assert "Confiée à Luc." in given
    refused = client.post(f"/reviews/{pairs[0].pk}/assign", {"to": "anne@example.com"}, follow=True).content.decode()
    assert "ne peut pas décider de cette paire" in refused
    assert "1 paire de fiches vous est confiée" in signed_in("luc").get("/").content.decode()
    assert str(pairs[0].pk) in signed_in("luc").get("/reviews?mine=1").content.decode()
    assert "À vérifier" not in signed_in("remy").get("/").content.decode()


def test_a_pair_put_off_comes_last_and_bad_words_are_told(
    pairs: tuple[Any, Any], people: dict[str, str], signed_in: SignedIn
) -> None:
    other = review(102, 201, (people["camille"], people["kamille"]), (HORIZON, CARGO), worth=0.2)
    client = signed_in("marie")
    done = client.post(f"/reviews/{pairs[0].pk}/later", follow=True)
    assert done.redirect_chain[-1][0] == f"/reviews/{other.pk}"
    assert client.get("/reviews/next")["Location"] == f"/reviews/{other.pk}"
    told = client.post(f"/reviews/{other.pk}/decision", {"said": "perhaps"}, follow=True)
    assert "Une paire est une même personne ou deux personnes." in told.content.decode()
    assert waiting() == []


def test_the_quality_of_the_links_is_told_with_its_limits(world: Any, people: Any, signed_in: SignedIn) -> None:
    from filrouge.store.models import Assessment

    client = signed_in("remy")
    assert "Aucun passage" in client.get("/reviews/quality").content.decode()
    strata = [{"name": "thin", "joined": True, "size": 900, "same": 3, "different": 1, "missing": 1}]
    Assessment.objects.create(strata=strata, waiting=12)
    page = client.get("/reviews/quality").content.decode()
    assert "pas encore connu" in page
    assert "Encore 1 décision" in page
    figures: dict[str, Any] = {
        "strata": strata, "precision": 0.975, "precision_low": 0.93, "precision_high": 0.991, "recall": 0.9,
        "recall_low": 0.8, "recall_high": 0.95, "twice": 10, "agreed": 9, "kappa": 0.78, "reviewed": 40, "shift": 0.4,
    }  # fmt: skip
    Assessment.objects.create(**figures)
    page = client.get("/reviews/quality").content.decode()
    assert "over-time" not in page, "one run is no time"
    Assessment.objects.create(**figures)
    page = client.get("/reviews/quality").content.decode()
    assert "97,5" in page
    assert "entre 93,0" in page
    assert "kappa 0,78" in page
    assert page.count('<svg class="over-time"') == 2
    world.user("ines", "marketer")
    assert signed_in("ines").get("/reviews/quality").status_code == 403


def test_why_records_are_one_person_is_told_pair_by_pair(world: Any, signed_in: SignedIn) -> None:
    from filrouge.store.live import Live, number, pack

    world.user("marie", "advisor", entities=("groupe",))
    world.user("hugo", "advisor", entities=("boutique",))
    key = world.person(4, "Léa", "Petit", HORIZON, CARGO, HALLE)
    live = Live()
    document = live.document(key)
    assert document is not None
    first, second, third = document["records"]
    told = "start random -12.00;given same 6.00;family same 8.00;birth_date same 9.00"
    for row, other in ((first, second), (second, first)):
        pair = {"with": other["key"], "weight": 11.0, "kinds": ["given", "family"], "told": told}
        row |= {"decision": "model", "rule": "m123", "evidence": pair}
    second["evidence"] = second["evidence"] | {
        "also": [{"with": third["key"], "weight": 9.0, "kinds": [], "told": told}]
    }
    live.rows_changed("DELETE FROM documents WHERE id = %s", [key])
    live.insert("documents", [(number(key), key, pack(json.dumps(document)))], columns=3)
    page = signed_in("marie").get(f"/people/{key}/why").content.decode()
    assert "Réunies par ressemblance. Presque certainement une seule personne." in page
    assert "Même date de naissance" in page
    assert page.count('class="chain-ends"') == 1, "what rests on a record of the shop is not hers to know"
    assert signed_in("hugo").get(f"/people/{key}/why").status_code == 200


def test_the_same_over_the_api(pairs: tuple[Any, Any], client: Any) -> None:
    from filrouge.work import access, groups

    def key(*scopes: str, entity: str = "groupe") -> str:
        _, word = groups.make_key(access.OWNER, "k", role="advisor", scopes=list(scopes), entities=[entity], brands=[])
        return word

    writer, reader, stranger = (
        key("people:read", "people:write"), key("people:read"), key("people:read", "people:write", entity="boutique")
    )  # fmt: skip

    def get(path: str, word: str) -> Any:
        return client.get(f"/api/v1/reviews{path}", headers={"Authorization": f"Bearer {word}"})

    def post(path: str, body: dict[str, Any], word: str) -> Any:
        return client.post(
            f"/api/v1/reviews{path}", json.dumps(body), content_type="application/json",
            headers={"Authorization": f"Bearer {word}"},
        )  # fmt: skip

    told = get("", reader).json()
    assert [(one["id"], one["records"]) for one in told["items"]] == [(str(pairs[0].pk), ["101", "201"])]
    assert sum(step["bits"] for step in told["items"][0]["steps"]) == pytest.approx(-3.0)
    assert get("", stranger).json()["items"] == []
    assert get(f"/{pairs[0].pk}", stranger).status_code == 404
    where = f"/{pairs[0].pk}/decision"
    assert post(where, {"decision": "same"}, reader).status_code == 403
    assert post(where, {"decision": "same"}, stranger).status_code == 404
    assert post(where, {"decision": "perhaps"}, writer).status_code == 422
    made = post(where, {"decision": "same", "reason": "she said so"}, writer)
    assert made.status_code == 202
    assert made.json()["gesture"]
    again = post(where, {"decision": "different"}, writer)
    assert again.status_code == 409
    assert again["Content-Type"] == "application/problem+json"
    assert post(f"/{pairs[0].pk}/undo", {}, writer).json()["state"] == "open"
    assert post(f"/{pairs[0].pk}/later", {}, writer).json()["state"] == "later"
    assert get("/quality", reader).json() == {"items": []}
