"""A file brought over people who are there already, merging some, then undone: everything of them is as it was."""

from __future__ import annotations

from typing import Any

import pytest
from tests import state
from tests.kept import laid_once
from tests.world import ORDERS, World, person

from filrouge.domain.privacy.caller import OWNER
from filrouge.domain.sources import SourceSpec, columns
from filrouge.domain.sources.columns import Said
from filrouge.store.models import Run
from filrouge.work import draft_files, drafts, identity, jobs, segments, sources, worker

pytestmark = pytest.mark.lake

HEAD = "N° fiche;Prénom;Nom;Courriel;Téléphone;Né le;Adresse;CP;Ville;Vu le;Accord\n"
# Élodie's line ties two people whom nothing tied; Awa's says more lately what the group knows of her; one is refused.
FAIR = (
    HEAD
    + '1;Élodie;Dupré;elodie@example.com;06 39 98 00 07;03/04/1980;"12 rue du Port ; bât. B";29200;Brest;01/10/2026;oui\n'
    + "2;Awa;Diop-Sarr;awa@example.com;06 39 98 00 08;21/12/1971;3 quai Sud;13002;Marseille;02/10/2026;non\n"
    + "3;Yvon;Kergoat;yvon@example.com;06 39 98 00 09;31/02/1990;;29000;Quimper;03/10/2026;oui\n"
    + "4;Sans;Suite\n"
)
AGAIN = FAIR.replace("Diop-Sarr", "Sarr").replace("3 quai Sud", "4 quai Nord") + (
    "9;Léa;Petit;lea@example.com;06 39 98 00 10;01/02/1999;;75011;Paris;04/10/2026;oui\n"
)
TOWN = HEAD + (
    "1;Awa;Diop;awa@example.com;06 39 98 00 08;21/12/1971;5 cours Est;13002;Marseille;20/10/2026;oui\n"
    "2;Yvon;Kergoat;yvon@example.com;06 39 98 00 09;01/02/1990;1 place Haute;29000;Quimper;20/10/2026;oui\n"
)
IN_BREST = {"rules": [{"on": "person", "field": "city", "op": "is", "value": "Brest"}]}


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(
        person("1", "Élodie", "Dupré", mail="elodie@example.com", zip="29200", town="Brest", optin="no"),
        person("2", "Awa", "Diop", mail="awa@example.com", born="21/12/1971", town="Lyon", zip="69001", optin="yes"),
        *(person(str(n), f"Paul{n}", f"Durand{n}", mail=f"paul{n}@example.com", town="Brest") for n in range(10, 30)),
    )
    world.shop(
        person("7", "Élodie", "Dupré", phone="06 39 98 00 07", born="03/04/1980"),
        person("8", "Awa", "Diop", mail="awa@example.com", phone="06 39 98 00 08"),
    )
    world.orders(
        {"number": "A", "customer": "7", "day": "01/06/2026", "total": "10,00"},
        {"number": "B", "customer": "8", "day": "02/06/2026", "total": "12,50"},
    )
    segments.keep(OWNER, "brest", entity="north", brand="red", spec=IN_BREST)
    settled()
    return world


@pytest.fixture
def remy(group: World) -> Any:
    return group.user("engineer", entities=("north",))


def settled() -> None:
    """Let who is who be settled, and the segments be built."""
    worked()
    identity.resolve(by="test")
    segments.build(by="test")


def worked() -> None:
    while job := jobs.claim("test"):
        jobs.work(job, worker.VERBS)
        job.refresh_from_db()
        assert job.problem == ""


def imported(remy: Any, text: str, name: str, **given: Any) -> Run:
    """Bring a file, say of its last columns that they hold when a row was written and consents, try it, import it."""
    draft, _ = drafts.bring(remy, name, [text.encode("cp1252")], brand="red", **given)
    said = columns.said(SourceSpec.parse(draft.spec), [one.name for one in draft_files.seen(draft)])
    agreed = Said("Accord", "consent:marketing:email", states={"oui": "granted", "non": "denied"})
    seen = Said("Vu le", "updated_at", form="%d/%m/%Y")
    drafts.say(remy, str(draft.pk), [*(one for one in said if one.column not in ("Accord", "Vu le")), seen, agreed])
    drafts.try_out(remy, str(draft.pk))
    worked()
    drafts.go(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert draft.run is not None
    return draft.run


def taken_back(run: Run, remy: Any) -> None:
    sources.undo(str(run.pk), by=remy.by)
    worked()


def test_a_file_that_merged_people_leaves_nothing_once_it_is_undone(group: World, remy: Any) -> None:
    before, ids = state.parts(), {hit.id for hit in group.find("Dupré")}
    assert len(ids) == 2
    run = imported(remy, FAIR, "Salon.csv")
    settled()
    assert (run.read, run.new, run.rejected, run.lost) == (4, 3, 1, 0)
    assert len(group.find("Dupré")) == 1, "two people were one"
    assert group.find("Kergoat")
    during = state.parts()
    changed = {name for name in before if before[name] != during[name]}
    assert changed >= {
        "source_records", "person_records", "consents", "rejects", "who", "people", "golden_values", "memberships",
        "pages", "moments", "keys", "names", "words",
    }  # fmt: skip
    taken_back(run, remy)
    settled()
    after = state.parts()
    assert state.differing(before, after) == {}
    assert {hit.id for hit in group.find("Dupré")} == ids, "the ids themselves come back"


def test_a_newer_file_undone_leaves_what_the_file_before_it_said(group: World, remy: Any) -> None:
    first = imported(remy, FAIR, "Salon.csv")
    settled()
    before = state.parts()
    again = imported(remy, AGAIN, "Salon 2.csv", source=first.source_name)
    settled()
    assert (again.new, again.changed, again.unchanged) == (1, 1, 2)
    assert state.parts() != before
    taken_back(again, remy)
    settled()
    after = state.parts()
    assert state.differing(before, after) == {}


def test_what_came_after_it_stays_as_if_it_had_never_been(group: World, remy: Any) -> None:
    bare = state.digest()
    alone = imported(remy, TOWN, "Mairie.csv")
    settled()
    wanted = state.parts()
    taken_back(alone, remy)
    settled()
    assert state.digest() == bare

    fair = imported(remy, FAIR, "Salon.csv")
    settled()
    town = imported(remy, TOWN, "Mairie.csv", source=alone.source_name)
    settled()
    taken_back(fair, remy)
    settled()
    after = state.parts()
    town.refresh_from_db()
    assert (town.state, town.new) == ("committed", 2)
    assert state.differing(wanted, after) == {}


def test_orders_of_people_who_were_taken_back_are_not_of_people_known(world: World) -> None:
    shop = world.shop(person("7", "Élodie", "Dupré", mail="elodie@example.com"))
    world.resolve()
    name = world.define(ORDERS)
    world.write(
        "orders.csv", ("number", "customer", "day", "total"), [{"number": "A", "customer": "7", "day": "01/06/2026"}]
    )
    assert sources.dry_run(name)["matched"] == 1
    sources.undo(str(shop.pk), by="test")
    world.resolve()
    assert sources.dry_run(name)["matched"] == 0
