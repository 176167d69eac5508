"""People searched in the console: filters, saved views that are one's own, and the export page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import CARGO, HALLE, HORIZON

from filrouge.store.models import AuditEntry, SavedView

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
YES = {"purpose": "marketing", "channel": "email", "state": "granted", "at": "2026-01-01T00:00:00+00:00"}
NO = {**YES, "state": "denied"}
Enter = Callable[[str], Any]


@pytest.fixture
def people(world: Any) -> None:
    world.user("marie", "advisor", entities=("groupe",))
    world.user("nadia", "sales", entities=("groupe",))
    world.user("hugo", "advisor", entities=("boutique",))
    world.user("helene", "executive")
    world.person(1, "Ada", "Martin", HORIZON | {"email": "ada@example.org", "city": "nantes", "consents": [YES]})
    world.person(2, "Bob", "Martin", HORIZON | {"email": "bob@example.org", "city": "nantes", "consents": [NO]})
    world.person(3, "Cléo", "Petit", CARGO | {"email": "cleo@example.org", "subscription": "running"})
    world.person(4, "Eve", "Legrand", HALLE | {"email": "eve@example.org", "city": "nantes"})


def test_whoever_reads_sums_finds_pages_and_not_people(people: None, signed_in: Enter) -> None:
    client = signed_in("helene")
    home = client.get("/").content.decode()
    assert "nom, e-mail" not in home.lower()
    assert home.count("Chercher : une page") == 1
    found = client.get("/search?q=point", headers={"HX-Request": "true"})
    assert found.status_code == 200
    assert 'href="/baselines"' in found.content.decode()
    none = client.get("/search?q=martin", headers={"HX-Request": "true"}).content.decode()
    assert "Aucune page ne s’appelle «\N{NO-BREAK SPACE}martin\N{NO-BREAK SPACE}»." in none
    assert "Ada Martin" not in none
    assert client.get("/search?q=point")["Location"] == "/baselines"
    told = client.get("/search?q=martin")
    assert told.status_code == 200
    assert "Ada Martin" not in told.content.decode()
    assert 'href="/baselines"' in told.content.decode()


def test_an_advisor_finds_people_and_pages_of_that_name(people: None, signed_in: Enter) -> None:
    client = signed_in("marie")
    found = client.get("/search?q=relan", headers={"HX-Request": "true"}).content.decode()
    assert 'href="/follow-ups"' in found
    assert 'href="/companies"' not in found
    assert "Ada Martin" in client.get("/search?q=martin", headers={"HX-Request": "true"}).content.decode()
    assert "Ada Martin" in client.get("/search?q=martin").content.decode()


def test_filters_stand_alone_or_beside_words(people: None, signed_in: Enter) -> None:
    client = signed_in("marie")
    page = client.get("/people", {"place": "Nantes"}).content.decode()
    assert "Ada Martin" in page
    assert "Bob Martin" in page
    assert "Cléo" not in page
    assert "2 personnes" in page
    both = client.get("/people", {"q": "petit", "subscription": "running"}).content.decode()
    assert "Cléo Petit" in both
    assert "Nobody" not in client.get("/people", {"q": "martin", "brand": "cargo"}).content.decode()


def test_a_colleague_of_another_entity_finds_only_their_own(people: None, signed_in: Enter) -> None:
    page = signed_in("hugo").get("/people", {"place": "Nantes"}).content.decode()
    assert "Eve Legrand" in page
    assert "Martin" not in page


def test_a_wrong_filter_is_told_and_breaks_nothing(people: None, signed_in: Enter) -> None:
    answer = signed_in("marie").get("/people", {"subscription": "x' OR 1=1"})
    assert answer.status_code == 400
    assert "Choisissez" in answer.content.decode()


def test_a_view_is_kept_opened_renamed_and_removed(people: None, signed_in: Enter) -> None:
    client = signed_in("marie")
    page = client.post("/people/views", {"name": "Les Nantais", "place": "nantes", "complaint": ""}, follow=True)
    assert page.redirect_chain[-1][0] == "/people?place=nantes"
    assert "Les Nantais" in page.content.decode()
    assert "Les Nantais" in client.get("/").content.decode()  # offered by Ctrl-K on any page
    palette = client.get("/search", {"q": "nantais"}, headers={"HX-Request": "true"}).content.decode()
    assert 'href="/people?place=nantes"' in palette
    view = SavedView.objects.get()
    assert "Nantes" in client.post(f"/people/views/{view.id}/rename", {"name": "Nantes"}, follow=True).content.decode()
    client.post(f"/people/views/{view.id}/remove")
    assert not SavedView.objects.exists()
    assert [line.action for line in AuditEntry.objects.filter(subject_kind="view").order_by("at")] == [
        "view.keep", "view.rename", "view.remove",
    ]  # fmt: skip


def test_a_view_is_its_owners_alone(people: None, signed_in: Enter) -> None:
    signed_in("marie").post("/people/views", {"name": "À moi", "place": "nantes"})
    view = SavedView.objects.get()
    for other in ("nadia", "hugo"):
        client = signed_in(other)
        assert "À moi" not in client.get("/people").content.decode()
        assert client.post(f"/people/views/{view.id}/rename", {"name": "Pris"}).status_code == 404
        assert client.post(f"/people/views/{view.id}/remove").status_code == 404
    assert SavedView.objects.get().name == "À moi"


@pytest.mark.parametrize(
    "said",
    [
        {"name": "", "place": "x"},
        {"name": "Rien"},
        {"name": "Elle", "q": "ada@example.org"},
        {"name": "Lui", "q": "06 39 98 12 34"},
    ],
)
def test_a_view_without_name_or_search_or_of_one_persons_address_is_refused(
    said: dict[str, str], people: None, signed_in: Enter
) -> None:
    signed_in("marie").post("/people/views", said)
    assert not SavedView.objects.exists()


def test_two_views_of_one_name_are_refused(people: None, signed_in: Enter) -> None:
    client = signed_in("marie")
    client.post("/people/views", {"name": "Nantes", "place": "nantes"})
    again = client.post("/people/views", {"name": "Nantes", "place": "lyon"}, follow=True).content.decode()
    assert "Vous avez déjà une vue de ce nom." in again
    assert SavedView.objects.get().query == "place=nantes"


ASKED = {"place": "nantes", "purpose": "marketing", "channel": "email", "as_entity": "groupe", "as_brand": "horizon"}


def test_the_export_page_counts_first_and_hands_over_what_it_counted(people: None, signed_in: Enter) -> None:
    client = signed_in("nadia")
    page = client.get("/people/export", ASKED).content.decode()
    assert "1 personne peut être jointe" in page
    assert "Refus exprimé" in page
    assert not AuditEntry.objects.filter(action="person.export").exists()
    answer = client.post("/people/export", {**ASKED, "form": "csv"})
    text = b"".join(answer).decode("utf-8-sig")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert text.splitlines()[0] == "Identifiant;Prénom;Nom;E-mail;Marques;Peut être jointe car [Filrouge]"
    assert ";Ada;Martin;ada@example.org;Horizon;" in text
    assert re.search(r"[a-zé]+ \d{4}, \d\d:\d\d \(Europe/Paris, UTC\+0[12]:00\)", text), "when, where one reads it"
    assert "bob@example.org" not in text
    assert AuditEntry.objects.filter(action="person.export").count() == 1


def test_an_english_reader_gets_commas(people: None, signed_in: Enter) -> None:
    client = signed_in("nadia")
    client.cookies["django_language"] = "en"
    text = b"".join(client.post("/people/export", ASKED)).decode("utf-8-sig")
    assert text.splitlines()[0].startswith("Identifier,Given name,")


@pytest.mark.parametrize("who", ["marie", "hugo"])
def test_who_may_not_export_so_is_told_on_the_page(who: str, people: None, signed_in: Enter) -> None:
    for send in ("get", "post"):
        answer = getattr(signed_in(who), send)("/people/export", ASKED)
        assert answer.status_code == 422
        assert "ada@example.org" not in answer.content.decode()


def test_a_role_of_sums_exports_nobody(people: None, signed_in: Enter) -> None:
    assert signed_in("helene").get("/people/export", ASKED).status_code == 403
    assert signed_in("helene").post("/people/export", ASKED).status_code == 403


def test_a_number_that_nobody_has_opens_the_form_of_a_new_person(people: None, signed_in: Enter) -> None:
    page = signed_in("marie").get("/c/by-phone/+33639989999").content.decode()
    assert 'value="06 39 98 99 99"' in page
    assert "Chercher, puis créer" in page


def test_who_looks_alike_is_shown_before_anybody_is_created(people: None, signed_in: Enter) -> None:
    client = signed_in("marie")
    said = {
        "given_name": "Ada",
        "family_name": "Martin",
        "phone": "06 39 98 99 99",
        "entity": "groupe",
        "brand": "horizon",
    }
    page = client.post("/people/new", said).content.decode()
    assert "Est-ce l’une de ces personnes" in page
    assert "ada@example.org" in page
    assert not AuditEntry.objects.filter(action="person.create").exists()
    hugo = signed_in("hugo")
    assert "ada@example.org" not in hugo.post("/people/new", {**said, "entity": "nowhere"}).content.decode()


def test_a_fault_in_the_form_is_told_and_what_was_typed_stays(people: None, signed_in: Enter) -> None:
    said = {"given_name": "Zoé", "family_name": "", "email": "zoe@", "entity": "groupe", "brand": "horizon"}
    answer = signed_in("marie").post("/people/new", said)
    assert answer.status_code == 422
    assert "Ce n’est pas une adresse e-mail." in answer.content.decode()
    assert 'value="Zoé"' in answer.content.decode()


def test_only_those_who_talk_to_customers_create_them(world: Any, people: None, signed_in: Enter) -> None:
    world.user("ines", "marketer", entities=("groupe",))
    assert signed_in("ines").get("/people/new").status_code == 403
    assert "Chercher, puis créer" not in signed_in("ines").get("/c/by-phone/+33639989999").content.decode()
