"""A column that tells the brand of each row is said on the page of the columns, value by value, by whom it may be."""

# ruff: noqa: F401, F811 - the fixtures of another module, by their names
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.doors.test_column_pages import upload
from tests.doors.test_option_values import sent, values_of
from tests.doors.test_place_pages import enter, home, world
from tests.work.test_drafts import worked
from tests.world import World

from filrouge.store.models import SourceDraft

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "live", "audit"]),
    pytest.mark.lake,
]

CODES = ("RED", "B2", "B7")
TEXT = "N° fiche;Prénom;Nom;Courriel;Enseigne\n" + "".join(
    f"{n};Paul{n};Durand{n};paul{n}@example.com;{CODES[n % 3]}\n" for n in range(24)
)


def test_each_value_is_given_its_brand_and_a_brand_of_somebody_else_is_no_choice(
    client: Any, world: World, home: Path
) -> None:
    browser = enter(client, world, "engineer", "en", entities=("north", "south"))
    to = upload(browser, TEXT)
    worked()
    page = browser.get(f"{to}?step=columns").content.decode()
    assert browser.post(f"{to}/say", sent(page) | {"c:4:says": "brand", "do": "keep"}).status_code == 302
    page = browser.get(f"{to}?step=columns").content.decode()
    shown = values_of(page, "Enseigne")
    assert {value: chosen for value, (_, chosen) in shown.items()} == {"RED": "c:red", "B2": "", "B7": ""}, (
        "codes of a column that tells of nobody are read by every role"
    )
    chosen = {shown["B2"][0]: "c:blue", shown["B7"][0]: "c:blue", "do": "keep"}
    assert browser.post(f"{to}/say", sent(page) | chosen).status_code == 302
    draft = SourceDraft.objects.get()
    assert draft.spec["brand"]["values"] == {"RED": "red", "B2": "blue", "B7": "blue"}
    assert draft.spec["entity"]["values"] == {"RED": "north", "B2": "south", "B7": "south"}
    worked()
    assert browser.post(f"{to}/trial").status_code == 302
    worked()
    trial = browser.get(f"{to}?step=trial").content.decode()
    first = trial[trial.index("Enseigne") :]
    assert first.index("Red") < first.index("Blue"), "the first rows say of which brand they would be"
    forged = sent(browser.get(f"{to}?step=columns").content.decode()) | {shown["B7"][0]: "c:green", "do": "keep"}
    browser.post(f"{to}/say", forged)
    draft.refresh_from_db()
    assert draft.spec["brand"]["values"]["B7"] != "green"


def test_who_acts_for_one_brand_is_not_offered_it(client: Any, world: World, home: Path) -> None:
    browser = enter(client, world, "engineer", "en", entities=("north",), brands=("red",))
    to = upload(browser, TEXT)
    page = browser.get(f"{to}?step=columns").content.decode()
    assert '<option value="brand"' not in page
    browser.post(f"{to}/say", sent(page) | {"c:4:says": "brand", "do": "keep"})
    assert SourceDraft.objects.get().spec["brand"] == "red"
