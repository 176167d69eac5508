"""The grid of a dry run's faulty rows, through the screens: what is wrong is seen, corrected, left out, taken back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.doors.test_place_pages import enter, home
from tests.work.test_correcting import WRONG, grid, prepared, tried
from tests.work.test_drafts import REACHED, brought, worked
from tests.world import World

from filrouge.store.models import SourceDraft, User
from filrouge.work import access, correcting, draft_files, draft_jobs, drafts

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "live", "audit"])
__all__ = ["home"]


@pytest.fixture
def world(home: Path, tmp_path: Path, transactional_db: None) -> World:
    return World(tmp_path / "systems")


def inside(client: Any, world: World, role: str, language: str = "en", **given: Any) -> tuple[Any, Any]:
    """Sign somebody in; return their browser and who they are."""
    entered = enter(client, world, role, language, **given)
    return entered, access.caller(User.objects.latest("pk"))


def form(page: str) -> dict[str, str]:
    """Return what the form of a page sends when nothing is typed in it; a box that is not ticked sends nothing."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", page.partition('class="faulty"')[2]):
        name, value = (re.search(rf' {what}="([^"]*)"', tag) for what in ("name", "value"))
        if name and name[1].startswith("r:") and 'type="checkbox"' not in tag:
            found[name[1]] = unescaped(value[1] if value else "")
    return found


def unescaped(text: str) -> str:
    from html import unescape

    return unescape(text)


def field(page: str, row: int, column: str) -> str:
    """Return the name of the input of a column of the row that stands at ``row`` of the file."""
    (number,) = re.findall(rf'name="r:(\d+):at" value="{row}:', page)
    (at,) = re.findall(rf'<label for="r{number}c(\d+)"[^>]*>{re.escape(column)}</label>', page)
    return f"r:{number}:c:{at}"


def test_a_row_is_corrected_on_the_page_and_the_counts_move(world: World, client: Any) -> None:
    browser, asking = inside(client, world, "administrator")
    draft = prepared(asking)
    path = f"/sources/drafts/{draft.pk}"
    page = browser.get(f"{path}?step=trial").content.decode()
    figures = re.findall(r'<dd class="figures">(\d+)</dd>', page)
    assert figures == ["17", "14", "1", "2"], "read = ready + with warnings + rejected"
    assert "not a date" in page
    assert "40;Zoé;Ruiz" in page
    assert 'value="31/02/1990"' in page
    sent = form(page) | {field(page, 5, "Né le"): "28/02/1990"}
    done = browser.post(f"{path}/correct", sent)
    assert done.status_code == 302
    worked()
    page = browser.get(done["Location"]).content.decode()
    assert re.findall(r'<dd class="figures">(\d+)</dd>', page) == ["17", "15", "0", "2"]
    assert "31/02/1990" not in page
    listed = browser.get(f"{path}?step=trial&show=corrected").content.decode()
    assert "28/02/1990" in listed
    browser.post(f"{path}/take-back", {"back": re.findall(r'name="back" value="([^"]+)"', listed)})
    worked()
    page = browser.get(f"{path}?step=trial").content.decode()
    assert 'value="31/02/1990"' in page


def test_a_row_is_left_out_and_the_run_says_so(world: World, client: Any) -> None:
    browser, asking = inside(client, world, "administrator")
    draft = prepared(asking)
    path = f"/sources/drafts/{draft.pk}"
    page = browser.get(f"{path}?step=trial").content.decode()
    sent = form(page) | {field(page, 19, "Nom").partition(":c:")[0] + ":out": "yes"}
    sent |= {field(page, 5, "Né le"): "28/02/1990"}
    browser.post(f"{path}/correct", sent)
    worked()
    page = browser.get(f"{path}?step=trial").content.decode()
    assert re.findall(r'<dd class="figures">(\d+)</dd>', page) == ["17", "15", "0", "1", "1"]
    assert "read = ready + with warnings + rejected + left out" in page
    browser.post(f"{path}/import")
    worked()
    draft.refresh_from_db()
    run = browser.get(f"/runs/{draft.run_id}").content.decode()
    assert "1 was left out by hand" in run
    assert re.search(r"1 was corrected by [^<]+ before the import", run)
    assert "left out by hand" in run


def test_a_role_that_sees_cells_masked_corrects_the_wrong_ones_alone(world: World, client: Any) -> None:
    browser, asking = inside(client, world, "engineer", entities=("north",))
    draft = prepared(asking)
    path = f"/sources/drafts/{draft.pk}"
    page = browser.get(f"{path}?step=trial").content.decode()
    assert "Your role sees what the cells hold masked" in page
    assert "jean@example.com" not in page
    assert "40;Zoé;Ruiz" not in page
    assert 'value="31/02/1990"' in page, "what is wrong is seen, as in the list of rejects"
    sent = form(page)
    assert [name for name in sent if ":c:" in name] == [field(page, 20, "N° fiche"), field(page, 5, "Né le")]
    (number,) = re.findall(r'name="r:(\d+):at" value="5:', page)
    names = list(grid(draft)["2"].cells)
    forged = sent | {f"r:{number}:c:{names.index('Courriel')}": "mine@example.com"}
    browser.post(f"{path}/correct", forged)
    assert correcting.corrections(draft) == [], "a cell that is not seen is not written in"
    browser.post(f"{path}/correct", sent | {field(page, 5, "Né le"): "28/02/1990"})
    ((mend, applies),) = correcting.corrections(draft)
    assert (dict(mend.cells), mend.by, applies) == ({"Né le": "28/02/1990"}, asking.by, True)


def test_the_first_rows_are_shown_as_they_would_be_read(world: World, client: Any) -> None:
    browser, asking = inside(client, world, "administrator", "fr")
    draft = prepared(asking)
    page = browser.get(f"/sources/drafts/{draft.pk}?step=trial").content.decode()
    told = re.sub(r"<[^>]+>", " ", page.partition('class="mapping"')[2].partition("</details>")[0])
    assert "Les premières lignes" in told
    assert "3 avril 1980" in told
    assert "elodie@example.com" in told
    assert re.findall(r"ligne (\d+)", told) == ["4", "5", "6"]


def test_the_first_rows_are_masked_for_a_role_that_sees_contact_values_so(world: World, client: Any) -> None:
    browser, asking = inside(client, world, "engineer", entities=("north",))
    draft = prepared(asking)
    page = browser.get(f"/sources/drafts/{draft.pk}?step=trial").content.decode()
    told = page.partition('class="mapping"')[2].partition("</details>")[0]
    assert "e•••@e•••" in told
    for hidden in ("elodie", "Élodie", "Dupré", "1980"):
        assert hidden not in told, hidden
    draft_jobs.forget_derived(["north"])
    assert not (draft_files.folder(draft) / "taken.json").exists()


def test_a_cell_is_text_whatever_it_holds(world: World, client: Any) -> None:
    browser, asking = inside(client, world, "administrator")
    nasty = '<script>alert(1)</script>"'
    text = (
        WRONG.replace("31/02/1990", "28/02/1990")
        + f'50;=HYPERLINK("x");"{nasty.replace(chr(34), chr(34) * 2)}";a@example.com;99/99/1990;oui\n'
    )
    draft = prepared(asking, text)
    path = f"/sources/drafts/{draft.pk}"
    page = browser.get(f"{path}?step=trial").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    sent = form(page)
    assert sent[field(page, 21, "Nom")] == nasty
    browser.post(f"{path}/correct", sent)
    assert correcting.corrections(draft) == [], "sent back as it was, nothing is corrected"
    formula = sent | {field(page, 21, "Né le"): "01/02/1990", field(page, 21, "Nom"): "=1+1"}
    browser.post(f"{path}/correct", formula)
    worked()
    listed = browser.get(f"{path}?step=trial&show=corrected").content.decode()
    assert "=1+1" in listed
    browser.post(f"{path}/import")
    worked()
    (row,) = world.rows("SELECT family_name FROM person_records WHERE source_id = '50'")
    assert row["family_name"] == "=1+1", "what was typed is what is imported"


def test_owner_colleague_and_stranger(world: World, client: Any) -> None:
    browser, owner = inside(client, world, "engineer", entities=("north",))
    draft = prepared(owner)
    path = f"/sources/drafts/{draft.pk}"
    page = browser.get(f"{path}?step=trial").content.decode()
    sent = form(page) | {field(page, 5, "Né le"): "28/02/1990"}
    for role, given in (("engineer", {"entities": ("south",)}), ("analyst", {"entities": ("north",)})):
        stranger, _ = inside(client, world, role, **given)
        assert stranger.post(f"{path}/correct", sent).status_code in (403, 404)
        assert stranger.post(f"{path}/take-back", {"back": "5:x"}).status_code in (403, 404)
    assert SourceDraft.objects.get(pk=draft.pk).mended == 0
    colleague, asking = inside(client, world, "engineer", entities=("north",), brands=("red",))
    assert colleague.post(f"{path}/correct", sent).status_code == 302
    ((mend, _applies),) = correcting.corrections(draft)
    assert mend.by == asking.by
    client.logout()
    assert client.post(f"{path}/correct", sent).status_code == 302
    assert SourceDraft.objects.get(pk=draft.pk).mended == 1


@pytest.mark.parametrize("language", ["fr", "en"])
def test_whoever_comes_second_is_told(world: World, client: Any, language: str) -> None:
    browser, asking = inside(client, world, "administrator", language)
    draft = prepared(asking)
    path = f"/sources/drafts/{draft.pk}"
    page = browser.get(f"{path}?step=trial").content.decode()
    first = form(page) | {field(page, 5, "Né le"): "28/02/1990"}
    second = form(page) | {field(page, 5, "Né le"): "01/03/1990", field(page, 20, "N° fiche"): "77"}
    browser.post(f"{path}/correct", first)
    told = browser.post(f"{path}/correct", second, follow=True).content.decode()
    assert ("Row 5 was corrected by somebody else" if language == "en" else "La ligne 5 a été corrigée") in told
    held = {mend.row: dict(mend.cells) for mend, _ in correcting.corrections(draft)}
    assert held == {5: {"Né le": "28/02/1990"}, 20: {"N° fiche": "77"}}, "what nobody else touched is kept"
    worked()
    draft.refresh_from_db()
    assert draft_files.tried(draft)


def test_an_address_called_a_date_stays_masked_and_is_typed_anew(world: World, client: Any) -> None:
    browser, asking = inside(client, world, "engineer", entities=("north",))
    draft = prepared(asking)
    spec = {
        **draft.spec,
        "map": {**draft.spec["map"], "birth_date": {"column": "Courriel"}, "email": {"column": "Né le"}},
    }
    drafts.keep(draft, spec)
    drafts.try_out(asking, str(draft.pk))
    worked()
    path = f"/sources/drafts/{draft.pk}"
    page = browser.get(f"{path}?step=trial").content.decode()
    assert "@example.com" not in page
    name = field(page, 5, "Courriel")
    assert form(page)[name] == ""
    assert "j•••@e•••" in page
    draft.refresh_from_db()
    browser.post(f"{path}/correct", form(page))
    assert correcting.corrections(draft) == [], "what is left empty is left as it stands"
    browser.post(f"{path}/correct", form(page) | {name: "28/02/1990"})
    ((mend, applies),) = correcting.corrections(draft)
    assert (mend.cells["Courriel"], applies) == ("28/02/1990", True)


def test_an_email_that_is_none_is_corrected_in_the_grid_and_told_as_kept_on_the_run(world: World, client: Any) -> None:
    browser, asking = inside(client, world, "administrator")
    draft = tried(asking, brought(asking, REACHED))
    path = f"/sources/drafts/{draft.pk}"
    page = browser.get(f"{path}?step=trial").content.decode()
    assert re.findall(r'<dd class="figures">(\d+)</dd>', page) == ["24", "22", "2", "0"]
    assert "a wrong e-mail or phone stays as it was received" in page
    assert (page.count("no e-mail address"), page.count("no phone number")) == (2, 1)
    browser.post(f"{path}/correct", form(page) | {field(page, 3, "Courriel"): "jean@example.com"})
    worked()
    page = browser.get(f"{path}?step=trial").content.decode()
    assert re.findall(r'<dd class="figures">(\d+)</dd>', page) == ["24", "23", "1", "0"]
    browser.post(f"{path}/import")
    worked()
    draft.refresh_from_db()
    run = browser.get(f"/runs/{draft.run_id}").content.decode()
    assert "Values kept that reach nobody" in run
    assert "jean.dupont(at)x" in run
    assert "Values left empty" not in run, "nothing was left out"


def test_what_is_no_email_stays_masked_for_a_role_that_sees_contact_values_so(world: World, client: Any) -> None:
    browser, asking = inside(client, world, "engineer", entities=("north",))
    draft = tried(asking, brought(asking, REACHED))
    page = browser.get(f"/sources/drafts/{draft.pk}?step=trial").content.decode()
    assert "no e-mail address" in page
    assert "jean.dupont(at)x" not in page
