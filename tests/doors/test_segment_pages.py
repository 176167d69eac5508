"""Segments on the console: written line by line, also without scripts; who writes, who reads, who knows of nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from filrouge.base import settings
from filrouge.store.models import Job, Segment

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
Enter = Callable[[str], Any]
DRAFT = {
    "all": "all", "k:0": "contacts", "p:0:measure": "did_not", "p:0:window": "within_days", "p:0:days": "14",
    "k:1": "brands", "p:1:op": "any", "p:1:brands": ["horizon", "cargo"],
}  # fmt: skip
ABOUT = {"title": "Lecteurs à rappeler", "entity": "groupe", "brand": "", "purpose": "marketing", "channel": "email"}


@pytest.fixture(autouse=True)
def people(world: Any, tmp_path: Path) -> Iterator[Any]:
    before = settings.get()
    settings.use(FILROUGE_HOME=str(tmp_path), FILROUGE_LAKE=str(tmp_path / "lake"))
    world.user("ines", "marketer", entities=("groupe",))  # owner
    world.user("nadia", "sales", entities=("groupe",))  # colleague: reads
    world.user("bastien", "marketer", entities=("boutique",))  # stranger
    world.user("paul", "finance", entities=("groupe",))
    yield world
    settings.use(FILROUGE_HOME=str(before.home), FILROUGE_LAKE=str(before.lake))


def kept(client: Any, **more: Any) -> Any:
    return client.post("/segments/new", DRAFT | ABOUT | {"kind": "dynamic", "do": "save"} | more)


def test_a_segment_is_written_from_an_empty_page_without_scripts(signed_in: Enter) -> None:
    client = signed_in("ines")
    assert "Écrire le premier" in client.get("/segments").content.decode()
    page = client.get("/segments/new").content.decode()
    assert "Aucune ligne encore" in page
    page = client.post("/segments/new", {"all": "all", "add-": "contacts", "do": "add:"}).content.decode()
    assert 'name="k:0" value="contacts"' in page
    assert 'name="p:0:measure"' in page
    page = client.post("/segments/new", DRAFT | {"do": "refresh"}).content.decode()
    assert 'name="p:0:days" aria-label="Jours" value="14"' in page, "the controls follow what was chosen"
    page = client.post("/segments/new", DRAFT | ABOUT | {"do": "count"}).content.decode()
    assert "compté en" in page
    answer = kept(client)
    assert (answer.status_code, answer["Location"]) == (302, "/segments/lecteurs-a-rappeler")
    row = Segment.objects.get()
    assert row.spec["rules"] == [
        {"on": "contacts", "op": "exactly", "value": 0, "within_days": 14},
        {"on": "brands", "brands": ["horizon", "cargo"]},
    ]
    assert (row.by, row.channel, row.version) == ("ines@example.com", "email", 1)
    assert Job.objects.filter(kind="segments", every_s=None).count() == 1, "it is being built"
    page = client.get(answer["Location"]).content.decode()
    assert "Une sollicitation n’a pas eu lieu dans les derniers 14 jours" in page
    assert "Connues chez au moins une parmi Horizon" in page


def test_a_segment_of_500_rules_is_written_on_the_page_too(signed_in: Enter) -> None:
    typed = {"all": "any"}
    for n in range(499):
        typed |= {f"k:{n}": "person", f"p:{n}:field": "city", f"p:{n}:op": "is", f"p:{n}:value": f"town {n}"}
    page = signed_in("ines").post("/segments/new", typed | ABOUT | {"do": "add:", "add-": "person"})
    assert page.status_code == 200
    assert 'name="p:499:value"' in page.content.decode()


def test_the_same_form_sent_twice_keeps_one_segment(signed_in: Enter) -> None:
    client = signed_in("ines")
    for _ in range(2):
        assert kept(client, slip="s" * 24).status_code == 302
    assert Segment.objects.count() == 1
    assert kept(client, slip="t" * 24)["Location"] == "/segments/lecteurs-a-rappeler-2"


def test_a_change_is_the_next_version_and_keeps_what_the_form_cannot_say(signed_in: Enter) -> None:
    from filrouge.work import access, segments

    client = signed_in("ines")
    spec = {"rules": [{"on": "events", "measure": "distinct", "of": "topic", "op": "at_least", "value": 3}]}
    segments.keep(access.OWNER, "readers", spec=spec, entity="groupe", title="Readers")
    page = client.get("/segments/readers/edit").content.decode()
    assert 'value="raw"' in page
    raw = {"k:0": "raw", "p:0:rule": '{"on":"events","measure":"distinct","of":"topic","op":"at_least","value":3}'}
    added = raw | {"k:1": "brands", "p:1:op": "none", "p:1:brands": ["cargo"], "all": "all"}
    assert client.post("/segments/readers/edit", added | ABOUT | {"kind": "dynamic", "do": "save"}).status_code == 302
    row = Segment.objects.get()
    assert (row.version, len(row.spec["rules"])) == (2, 2)
    assert (row.spec["rules"][0]["measure"], row.spec["rules"][0]["of"]) == ("distinct", "topic")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"p:0:days": "0"}, "de 1 à 36 500"),
        ({"p:0:days": "soon"}, "de 1 à 36 500"),
        ({"p:1:brands": []}, "Cochez au moins une marque"),
        ({"p:1:brands": ["gone"]}, "Cochez au moins une marque"),
        ({"title": " "}, "a besoin d’un titre"),
        ({"entity": "boutique"}, "Vous n’agissez pas pour"),
        ({"k:0": "group"}, "Ce groupe est vide"),
        ({"k:0": "", "k:1": ""}, "Ce groupe est vide"),
    ],
)
def test_what_is_wrong_is_told_beside_the_line_and_nothing_is_kept(
    said: dict[str, Any], fault: str, signed_in: Enter
) -> None:
    answer = kept(signed_in("ines"), **said)
    assert answer.status_code == 422
    assert fault in answer.content.decode()
    assert Segment.objects.count() == 0


def test_rules_about_nothing_and_strings_of_every_kind_never_break_the_page(signed_in: Enter) -> None:
    client = signed_in("ines")
    for text in ("' OR 1=1 --", "<script>alert(1)</script>", "\u202e\ufeff", "🙂" * 200, "%s{0}", "a\x00b"):
        draft = {"k:0": "person", "p:0:field": "city", "p:0:op": "is", "p:0:value": text, "all": "all"}
        page = client.post("/segments/new", draft | ABOUT | {"do": "count"})
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.content.decode()
    assert kept(client, **{"k:7": "person", "k:x": "brands", "k:0.0.0.0.0": "brands"}).status_code == 422


@pytest.mark.parametrize(
    ("who", "reads", "writes", "nav"),
    [("nadia", 200, 403, True), ("bastien", 404, 404, True), ("paul", 403, 403, False)],
)
def test_others_read_as_far_as_their_role_goes_and_never_write(
    who: str, reads: int, writes: int, nav: bool, signed_in: Enter
) -> None:
    kept(signed_in("ines"))
    client, here = signed_in(who), "/segments/lecteurs-a-rappeler"
    assert client.get(here).status_code == reads
    assert client.get(f"{here}/count").status_code == reads
    assert client.get(f"{here}/edit").status_code == writes
    assert client.post(f"{here}/build").status_code == writes
    assert client.post(f"{here}/remove").status_code == writes
    assert Segment.objects.count() == 1
    assert ('href="/segments"' in client.get("/").content.decode()) is nav
    if reads == 200:
        page = client.get(here).content.decode()
        assert "Modifier" not in page
        assert "Supprimer ce segment" not in page


def test_a_segment_on_which_another_rests_is_not_deleted_and_says_so(signed_in: Enter) -> None:
    client = signed_in("ines")
    kept(client)
    rests = {"k:0": "segment", "p:0:op": "in", "p:0:segment": "lecteurs-a-rappeler", "all": "all", "title": "Autres"}
    client.post("/segments/new", ABOUT | rests | {"kind": "dynamic", "do": "save"})
    page = client.get("/segments/lecteurs-a-rappeler").content.decode()
    assert "Il ne peut pas partir tant que ceux-ci reposent sur lui" in page
    assert "Supprimer ce segment" not in page
    client.post("/segments/lecteurs-a-rappeler/remove")
    assert Segment.objects.count() == 2
    assert client.post("/segments/autres/remove").status_code == 302
    assert Segment.objects.count() == 1
    assert client.get("/segments/lecteurs-a-rappeler?with=nothing").status_code == 200
