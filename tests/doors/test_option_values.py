"""The values of a column that is chosen from a set are told one by one on the columns page; none is lost on the way."""

# ruff: noqa: F401, F811 - the fixtures of another module, by their names
from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from tests.doors.test_column_pages import engineer, fields, upload
from tests.doors.test_place_pages import enter, home, world
from tests.work.test_drafts import worked
from tests.world import World

from filrouge.store.models import SourceDraft

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "live", "audit"]),
    pytest.mark.lake,
]

STRANGE = 'X;3 "l\'été"'
LONG = "très " * 50 + "longue"
SEXES = ["Féminin", "Homme", "Féminin", '"X;3 ""l\'été"""', LONG, "", "Féminin ", "?"]
TEXT = "N° fiche;Prénom;Nom;Courriel;Sexe;Pays;Décédé\n" + "".join(
    f"{n};Paul{n};Durand{n};paul{n}@example.com;{SEXES[n % len(SEXES)]};{'Belgique' if n % 2 else 'FR'};"
    f"{'O' if n == 3 else 'non'}\n"
    for n in range(24)
)  # fmt: skip


def values_of(page: str, column: str) -> dict[str, tuple[str, str]]:
    """Return the values of a column as the page shows them: the name of the field, and what is chosen."""
    row = page[page.index(f'<span class="mono">{column}</span>') :]
    row = row[: row.index("</tr>")]
    found = {}
    for name, label, rest in re.findall(r'<label for="([^"]+:v:\d+)">(.*?)</label>(.*?)</div>', row, re.DOTALL):
        shown = html.unescape(re.search(r'<span class="mono">(.*?)</span>', label, re.DOTALL)[1])  # type: ignore[index]
        chosen = re.search(r'value="([^"]*)" selected', rest) or re.search(r'<input[^>]* value="([^"]*)"', rest)
        found[shown] = (name, html.unescape(chosen[1]) if chosen else "")
    return found


def begun(client: Any) -> tuple[str, str]:
    """Bring the file, and say what its column Sexe says; return where it is, and its page."""
    to = upload(client, TEXT)
    page = client.get(f"{to}?step=columns").content.decode()
    assert client.post(f"{to}/say", sent(page) | {"c:4:says": "sex", "do": "keep"}).status_code == 302
    return to, client.get(f"{to}?step=columns").content.decode()


def sent(page: str) -> dict[str, str]:
    """Return what the form would send as it stands, with what it bears out of sight."""
    hidden = re.findall(r'<input type="hidden" name="(c:\d+:coded)" value="([^"]*)"', page)
    return {**fields(page), **dict(hidden)}


def test_each_value_is_shown_with_what_it_seems_to_be_and_its_rows(engineer: Any, world: World, home: Path) -> None:
    to, _page = begun(engineer)
    draft = SourceDraft.objects.get()
    assert draft.spec["map"]["sex"]["values"] == {"Féminin": "f", "Homme": "m", "?": None}
    assert draft.spec["map"]["country"] == {
        "column": "Pays", "values": {"Belgique": "BE"}, "other": "keep",
    }  # fmt: skip
    worked()
    page = engineer.get(f"{to}?step=columns").content.decode()
    shown = values_of(page, "Sexe")
    assert {value: chosen for value, (_, chosen) in shown.items()} == {
        "Féminin": "c:f", "Homme": "c:m", "?": "-", "X•••": "", "t•••": "",
    }  # fmt: skip
    assert "a usual word for it" in page
    assert "stands for nothing" in page
    assert "left empty, with a warning" in page
    assert "6 rows lack it until these values are said." in page
    assert {value: chosen for value, (_, chosen) in values_of(page, "Pays").items()} == {"Belgique": "BE", "FR": ""}
    assert "understood as it stands" in page
    assert '<option value="BE">Belgium</option>' in page


def test_what_is_said_of_a_value_is_kept_and_read_whatever_its_letters(
    engineer: Any, world: World, home: Path
) -> None:  # fmt: skip
    to, page = begun(engineer)
    shown = values_of(page, "Sexe")
    form = sent(page) | {
        shown["X•••"][0]: "-", shown["t•••"][0]: "c:m", shown["?"][0]: "",
        values_of(page, "Pays")["FR"][0]: "france", "do": "keep",
    }  # fmt: skip
    assert engineer.post(f"{to}/say", form).status_code == 302
    kept = SourceDraft.objects.get().spec["map"]
    assert kept["sex"]["values"] == {"Féminin": "f", "Homme": "m", STRANGE: None, LONG.strip(): "m"}
    assert kept["country"]["values"] == {"Belgique": "BE", "FR": "FR"}
    engineer.post(f"{to}/say", sent(engineer.get(f"{to}?step=columns").content.decode()) | {"do": "try"})
    assert SourceDraft.objects.get().spec["map"] == kept, "the form as it stands says what it said"
    worked()
    draft = SourceDraft.objects.get()
    assert (draft.tried["new"], draft.tried["rejected"], draft.tried["warned"]) == (24, 0, 3)


def test_a_code_that_is_none_is_told_and_the_rest_is_kept(engineer: Any, world: World, home: Path) -> None:
    to, page = begun(engineer)
    form = sent(page) | {
        values_of(page, "Pays")["FR"][0]: "Atlantide", values_of(page, "Sexe")["?"][0]: "c:m", "do": "keep",
    }  # fmt: skip
    answer = engineer.post(f"{to}/say", form, follow=True).content.decode()
    assert "Nothing is called Atlantide among: country." in html.unescape(answer)
    kept = SourceDraft.objects.get().spec["map"]
    assert kept["sex"]["values"]["?"] == "m"
    assert kept["country"]["values"] == {"Belgique": "BE"}


def test_what_is_proposed_is_taken_in_one_press_and_what_others_become_is_chosen(
    engineer: Any, world: World, home: Path
) -> None:  # fmt: skip
    to, page = begun(engineer)
    shown = values_of(page, "Sexe")
    number = shown["Homme"][0].split(":")[1]
    engineer.post(
        f"{to}/say", sent(page) | {shown["Homme"][0]: "", shown["Féminin"][0]: "", shown["?"][0]: "", "do": "keep"}
    )
    assert "values" not in SourceDraft.objects.get().spec["map"]["sex"]
    page = engineer.get(f"{to}?step=columns").content.decode()
    assert "kept as it is written; seems to be: woman" in page
    engineer.post(f"{to}/say", sent(page) | {"do": f"take:{number}"})
    kept = SourceDraft.objects.get().spec["map"]["sex"]
    assert kept["values"] == {"Féminin": "f", "Homme": "m", "?": None}
    page = engineer.get(f"{to}?step=columns").content.decode()
    engineer.post(f"{to}/say", sent(page) | {f"c:{number}:other": "null", "do": "keep"})
    assert SourceDraft.objects.get().spec["map"]["sex"]["other"] == "null"


def test_a_column_told_otherwise_has_its_values_guessed_anew(engineer: Any, world: World, home: Path) -> None:
    to, page = begun(engineer)
    number = values_of(page, "Sexe")["Homme"][0].split(":")[1]
    engineer.post(f"{to}/say", sent(page) | {f"c:{number}:says": "title", "do": "keep"})
    kept = SourceDraft.objects.get().spec["map"]
    assert "sex" not in kept
    assert kept["title"] == {"column": "Sexe", "values": {"?": None}, "other": "keep"}


def test_a_role_that_sees_values_masked_reads_only_usual_words(client: Any, world: World, home: Path) -> None:
    _to, page = begun(enter(client, world, "engineer", "en", entities=("north",)))
    shown = values_of(page, "Sexe")
    assert set(shown) == {"Féminin", "Homme", "?", "X•••", "t•••"}
    assert STRANGE not in html.unescape(page)


def test_a_stranger_says_nothing_of_the_values_of_others(engineer: Any, client: Any, world: World, home: Path) -> None:
    from django.test import Client

    to, page = begun(engineer)
    before = SourceDraft.objects.get().spec
    form = sent(page) | {values_of(page, "Sexe")["Homme"][0]: "c:f", "do": "keep"}
    for role, entities in (("engineer", ("south",)), ("advisor", ("north",))):
        other = enter(Client(), world, role, "en", entities=entities)
        assert other.post(f"{to}/say", form).status_code in (403, 404)
    assert SourceDraft.objects.get().spec == before


def test_what_was_said_of_values_is_proposed_for_a_look_alike(engineer: Any, world: World, home: Path) -> None:
    to, page = begun(engineer)
    shown = values_of(page, "Sexe")
    engineer.post(f"{to}/say", sent(page) | {shown["X•••"][0]: "c:f", shown["Homme"][0]: "-", "do": "try"})
    worked()
    said = SourceDraft.objects.get().spec["map"]["sex"]
    assert engineer.post(f"{to}/import").status_code == 302
    worked()
    assert SourceDraft.objects.get().state == "done"
    upload(engineer, TEXT.replace("Durand", "Martin"), "autre.csv")
    like = SourceDraft.objects.get(state="open").spec["map"]["sex"]
    assert like == said
    assert (like["values"]["Homme"], like["values"][STRANGE]) == (None, "f")


def test_a_role_that_sees_values_masked_reads_none_back_by_saying_what_it_is(
    client: Any, world: World, home: Path
) -> None:
    from tests.doors.test_drafts_api import api

    payers, places = ("ann@example.com", "bob@example.com"), ("zed@example.com", "FR")
    text = "N° fiche;Prénom;Nom;Payeur;Sexe;Pays\n" + "".join(
        f"{n};Paul{n};Durand{n};{payers[n % 2]};Homme;{places[n % 2]}\n" for n in range(24)
    )
    browser = enter(client, world, "engineer", "en", entities=("north",))
    to = upload(browser, text)

    def say(**chosen: str) -> str:
        form = sent(browser.get(f"{to}?step=columns").content.decode())
        sending = form | {name.replace("_", ":"): value for name, value in chosen.items()} | {"do": "keep"}
        return str(browser.post(f"{to}/say", sending, follow=True).content.decode())

    say(c_3_says="title", c_5_says="country")
    page = browser.get(f"{to}?step=columns").content.decode()
    say(**{name.replace(":", "_"): "c:mr" for name in re.findall(r'name="(c:3:v:\d+)"', page)})
    draft = SourceDraft.objects.get()
    assert set(draft.spec["map"]["title"]["values"]) == {"ann@example.com", "bob@example.com"}, "it is kept"
    key = api("north")
    stands = key.get(f"/api/v1/drafts/{draft.pk}/definition").json()
    assert "@example.com" not in str(stands)
    answer = key.put(f"/api/v1/drafts/{draft.pk}/definition", stands, content_type="application/json")
    assert answer.status_code == 200
    draft.refresh_from_db()
    assert set(draft.spec["map"]["title"]["values"]) == {"ann@example.com", "bob@example.com"}, "and stays so"
    page = browser.get(f"{to}?step=columns").content.decode()
    masked = next(name for value, (name, *_) in values_of(page, "Pays").items() if "•" in value)
    for guess in ("zoe@example.com", "zed@example.com"):
        assert "Nothing is called" in say(**{masked.replace(":", "_"): guess}), "a guess that is right is told nothing"
