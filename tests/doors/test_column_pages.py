"""What the columns page of a file offers: what each row is, what is computed or never kept, what all rows tell."""

# ruff: noqa: F401, F811 - the fixtures of another module, by their names
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.doors.test_place_pages import enter, home, world
from tests.work.test_drafts import TEXT, worked
from tests.world import World

from filrouge.store.models import SourceDraft
from filrouge.work import draft_files

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "live", "audit"]),
    pytest.mark.lake,
]


def upload(client: Any, text: str = TEXT, name: str = "salon.csv") -> str:
    from django.core.files.uploadedfile import SimpleUploadedFile

    page = client.get("/sources/new").content.decode()
    slip = page.partition('name="slip" value="')[2].partition('"')[0]
    file = SimpleUploadedFile(name, text.encode("cp1252"))
    answer = client.post("/sources/new", {"brand": "red", "file": file, "slip": slip})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def fields(page: str) -> dict[str, str]:
    """Return what the form of the columns would send as it stands."""
    form = page[page.index('<form id="columns"') : page.index("</form>", page.index('<form id="columns"'))]
    found = {}
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else ""
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        if name and (" checked" in tag or 'type="text"' in tag):
            value = re.search(r'value="([^"]*)"', tag)
            found[name[1]] = value[1] if value else ""
    return found


@pytest.fixture
def engineer(client: Any, world: World) -> Any:
    return enter(client, world, "engineer", "en", entities=("north",))


def test_what_is_computed_of_columns_is_kept_tried_and_shown_again(engineer: Any, world: World, home: Path) -> None:
    to = upload(engineer)
    sent = fields(engineer.get(f"{to}?step=columns").content.decode())
    sent |= {"e:0:says": "account_ref", "e:0:expr": 'join("-", upper({Nom}), {N° fiche})', "do": "try"}
    assert engineer.post(f"{to}/say", sent).status_code == 302
    worked()
    draft = SourceDraft.objects.get()
    assert draft.spec["map"]["account_ref"] == {"expr": 'join("-", upper({Nom}), {N° fiche})'}
    assert (draft.tried["new"], draft.tried["lost"]) == (15, 0)
    page = engineer.get(f"{to}?step=columns").content.decode()
    assert fields(page)["e:0:expr"] == "join(&quot;-&quot;, upper({Nom}), {N° fiche})"
    assert fields(page)["e:1:expr"] == ""
    engineer.post(f"{to}/say", sent | {"e:0:expr": "", "do": "keep"})
    assert "account_ref" not in SourceDraft.objects.get().spec["map"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("__import__('os')", "the functions are"),
        ("upper({Nom}", "check its brackets"),
        ("upper({Nom, maiden})", "the file has no column Nom, maiden"),
        ("upper({Né le})", "the column Né le is never kept"),
    ],
)
def test_what_cannot_be_computed_is_told_and_the_rest_is_kept(
    engineer: Any,
    world: World,
    home: Path,
    text: str,
    told: str,
) -> None:
    to = upload(engineer)
    sent = fields(engineer.get(f"{to}?step=columns").content.decode())
    sent |= {"c:4:says": "never_kept", "e:0:says": "account_ref", "e:0:expr": text, "do": "try"}
    page = engineer.post(f"{to}/say", sent, follow=True).content.decode()
    assert told in page
    spec = SourceDraft.objects.get().spec
    assert spec["never_kept"] == ["Né le"]
    assert "account_ref" not in spec["map"]


def test_each_row_may_be_something_else_and_the_page_says_what_is_missing(
    engineer: Any,
    world: World,
    home: Path,
) -> None:
    to = upload(engineer)
    page = engineer.get(f"{to}?step=columns").content.decode()
    slip = page.partition('name="slip" value="')[2].partition('"')[0]
    page = engineer.post(f"{to}/rows", {"reads": "orders", "slip": slip}, follow=True).content.decode()
    assert "Bring the file of the customers first" in page
    assert 'value="ordered_at"' in page
    assert 'value="email"' not in page
    assert SourceDraft.objects.get().spec["reads"] == "orders"


def test_what_all_rows_tell_is_shown_once_counted_masked_for_who_sees_it_masked(
    engineer: Any,
    world: World,
    home: Path,
) -> None:
    to = upload(engineer, TEXT + "16;Zoé;Ruiz;not an address;04/05/1990;oui\n")
    page = engineer.get(f"{to}?step=columns").content.decode()
    assert "All of the rows are being counted" in page
    worked()
    page = engineer.get(f"{to}?step=columns").content.decode()
    assert "Counted on all of the rows: 16" in page
    assert "1 row: no e-mail address" in page
    assert "Seems to be: e-mail" in page
    assert "Held for: customer service" in page
    assert "Dupré" not in page


def test_who_acts_for_another_brand_sees_none_of_it(engineer: Any, client: Any, world: World, home: Path) -> None:
    to = upload(engineer)
    far = enter(client, world, "engineer", "en", entities=("south",))
    assert far.get(f"{to}?step=columns").status_code == 404
    assert far.post(f"{to}/rows", {"reads": "orders"}).status_code == 404
    assert SourceDraft.objects.get().spec["reads"] == "person_records"


def test_a_purpose_and_a_retention_are_said_of_a_column_and_a_longer_one_is_refused(
    engineer: Any,
    world: World,
    home: Path,
) -> None:
    to = upload(engineer)
    page = engineer.get(f"{to}?step=columns").content.decode()
    assert "Held for: customer service, 3 years" in page
    sent = fields(page) | {"c:4:purpose": "profiling", "c:4:for": "1", "c:4:unit": "years", "do": "keep"}
    assert engineer.post(f"{to}/say", sent).status_code == 302
    assert SourceDraft.objects.get().spec["kept"] == {"Né le": {"purpose": "profiling", "retention": "1 year"}}
    page = engineer.get(f"{to}?step=columns").content.decode()
    assert "Held for: profiling, 1 year from its date" in page
    found = fields(page)
    assert (found["c:4:purpose"], found["c:4:for"], found["c:4:unit"]) == ("profiling", "1", "years")
    told = engineer.post(f"{to}/say", found | {"c:4:for": "4", "do": "try"}, follow=True).content.decode()
    assert "a value cannot be kept longer than its row" in told
    assert SourceDraft.objects.get().spec["kept"]["Né le"]["retention"] == "1 year", "as it stood"
    told = engineer.post(f"{to}/say", found | {"c:4:for": "soon", "do": "keep"}, follow=True).content.decode()
    assert "a retention is a number of days, months or years" in told
    engineer.post(f"{to}/say", found | {"c:4:for": "", "c:4:purpose": "", "do": "keep"})
    assert "kept" not in SourceDraft.objects.get().spec


def test_a_colleague_of_the_entity_may_say_it_and_a_stranger_finds_nothing(
    client: Any,
    world: World,
    home: Path,
) -> None:
    to = upload(enter(client, world, "engineer", "en", entities=("north",)))
    sent = fields(client.get(f"{to}?step=columns").content.decode()) | {"c:4:for": "6", "do": "keep"}
    enter(client, world, "engineer", "en", entities=("south",))
    assert client.post(f"{to}/say", sent).status_code == 404
    assert "kept" not in SourceDraft.objects.get().spec
    enter(client, world, "executive", "en", entities=("north",))
    assert client.post(f"{to}/say", sent).status_code in (403, 404)
    assert "kept" not in SourceDraft.objects.get().spec


def test_what_stands_around_text_is_found_shown_and_corrected(engineer: Any, world: World, home: Path) -> None:
    text = "N° fiche;Prénom;Nom;Courriel\n" + "".join(
        f"{n};'Paul';'Durand;{n}';'p{n}@example.com'\n" for n in range(12)
    )
    to = upload(engineer, text)
    page = engineer.get(f"{to}?step=columns").content.decode()
    assert "single quotes" in page.partition('class="as-read"')[2].partition("</summary>")[0]
    assert draft_files.seen(SourceDraft.objects.get())[2].examples[0].startswith("Durand;")

    form = {"encoding": "cp1252", "delimiter": ";", "header_row": "1", "decimal": "."}
    assert engineer.post(f"{to}/read-as", form | {"quote": "single"}).status_code == 302
    assert draft_files.seen(SourceDraft.objects.get())[2].examples[0].startswith("Durand;"), "as it was found"
    assert engineer.post(f"{to}/read-as", form | {"quote": "none", "delimiter": ","}).status_code == 302
    assert SourceDraft.objects.get().spec["format"]["quote"] == ""
    from tests.doors.test_drafts_api import api, post

    key = str(SourceDraft.objects.get().pk)
    assert post(api("north"), f"{key}/format", {"quote": "single", "delimiter": ";"}).status_code == 200
    assert draft_files.seen(SourceDraft.objects.get())[2].examples[0].startswith("Durand;")
