"""A search is narrowed by what its caller may know, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import UsageError
from filrouge.domain.profiles.filters import Filters
from filrouge.store.live import Live
from filrouge.store.models import Job
from filrouge.store.queries import search
from filrouge.work import access, worker

CONTRACTS: dict[str, Any] = {
    "source": "billing_contracts", "kind": "csv", "place": "contracts.csv", "entity": "north", "brand": "red",
    "reads": "contracts", "format": {"delimiter": ";", "date": "%d/%m/%Y", "zone": "Europe/Paris"}, "key": ["number"],
    "map": {"source_id": "number", "payer_ref": {"column": "payer", "of": "crm_people"},
            "reader_ref": {"column": "reader", "of": "crm_people"}, "offer": "offer", "started_at": "start",
            "ended_at": "end"},
}  # fmt: skip


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(
        person("1", "Ada", "Martin", mail="ada@example.org", town="Saint-Étienne", zip="42 000"),
        person("2", "Bob", "Martin", mail="bob@example.org", town="SAINT ETIENNE CEDEX 2", zip="42100"),
        person("3", "Cléo", "Petit", mail="cleo@example.org", town="Nantes", zip="44000"),
    )
    world.shop(person("7", "Cléo", "Petit", mail="cleo@example.org", town="Saint-Étienne", zip="42000"),
               person("8", "Dan", "Legrand", mail="dan@example.org", town="Nantes"))  # fmt: skip
    world.write("contracts.csv", ("number", "payer", "reader", "offer", "start", "end"), [
        {"number": "C1", "payer": "1", "reader": "2", "offer": "Paper", "start": "01/01/2026"},
        {"number": "C2", "payer": "3", "reader": "3", "offer": "Paper", "start": "01/01/2025", "end": "01/02/2026"},
        {"number": "C3", "payer": "1", "reader": "1", "offer": "Web", "start": "01/01/2025", "end": "01/02/2026"},
    ])  # fmt: skip
    from filrouge.work import sources

    sources.run(world.define(CONTRACTS), by="test")
    world.resolve()
    return world


def names(asking: Any, text: str = "", **filters: str) -> list[str]:
    found = search.find(text, Filters(**filters), asking, at=clock.now())
    assert found.total == len(found.hits)
    numbers = search.matching(text, Filters(**filters), asking.perimeter, most=100)
    assert len(numbers) == len(found.hits)
    return [hit.name for hit in found.hits]


def test_each_filter_narrows_with_words_or_without(group: World) -> None:
    owner = access.OWNER
    assert names(owner, place="saint etienne") == ["Ada Martin", "Bob Martin", "Cléo Petit"]
    assert names(owner, place="42000") == ["Ada Martin", "Cléo Petit"]
    assert names(owner, system="shop") == ["Cléo Petit", "Dan Legrand"]
    assert names(owner, brand="red") == ["Ada Martin", "Bob Martin", "Cléo Petit"]
    assert names(owner, subscription="running") == ["Ada Martin", "Bob Martin"]
    assert names(owner, subscription="ended") == ["Cléo Petit"]
    assert names(owner, complaint="open") == []
    assert names(owner, "martin", place="42000") == ["Ada Martin"]
    assert names(owner, "cleo@example.org", subscription="running") == []
    assert names(owner, place="saint etienne", subscription="running", system="crm") == ["Ada Martin", "Bob Martin"]


def test_with_a_brand_every_filter_speaks_of_what_that_brand_knows(group: World) -> None:
    assert names(access.OWNER, brand="red", place="saint etienne") == ["Ada Martin", "Bob Martin"]
    assert names(access.OWNER, brand="blue", place="saint etienne") == ["Cléo Petit"]
    assert names(access.OWNER, brand="blue", subscription="running") == []


def test_a_filter_answers_by_agreement_and_tells_a_stranger_nothing(group: World) -> None:
    colleague, stranger = group.user("advisor", entities=["south"]), group.user("advisor", entities=["west"])
    assert names(colleague, subscription="running") == ["Ada Martin", "Bob Martin"]
    marketer = group.user("marketer", entities=["south"])  # no agreement for marketing
    for asked in ({"brand": "red"}, {"place": "nantes"}, {"system": "crm"}, {"subscription": "running"}):
        assert names(stranger, **asked) == []
        assert "Ada Martin" not in names(marketer, **asked)
    assert names(marketer, place="nantes") == ["Dan Legrand"]


def test_what_has_ended_is_judged_by_what_the_viewer_sees(group: World) -> None:
    assert names(group.user("finance", entities=["north"]), subscription="ended") == ["Cléo Petit"]


def test_a_role_without_addresses_asks_by_city_and_not_by_postcode(group: World) -> None:
    marketer = group.user("marketer", entities=["north"])
    assert names(marketer, place="Nantes") == ["Cléo Petit"]
    with pytest.raises(UsageError, match="postcodes"):
        search.find("", Filters(place="44000"), marketer, at=clock.now())


def test_a_value_that_a_filter_cannot_have_is_told() -> None:
    for wrong in ({"subscription": "maybe"}, {"complaint": "closed"}):
        with pytest.raises(UsageError):
            Filters.of(wrong)


def test_pages_follow_each_other_without_a_gap(group: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for most_sorted in (500, 0):
        monkeypatch.setattr(search, "SORTED", most_sorted)
        seen, after = [], ""
        for _ in range(9):
            page = search.find("", Filters(place="saint etienne"), access.OWNER, limit=1, after=after, at=clock.now())
            seen += [hit.name for hit in page.hits]
            after = page.next
            if not after:
                break
        assert sorted(seen) == ["Ada Martin", "Bob Martin", "Cléo Petit"]


def test_a_filter_word_is_no_number_to_search_by(group: World) -> None:
    assert [hit.name for hit in group.find("42000")] == []


def test_copies_of_an_older_shape_are_built_anew_by_the_worker(group: World) -> None:
    Live().set_meta("version", "0")
    assert names(access.OWNER, brand="red") == []
    worker.schedule()
    job = Job.objects.get(kind="live")
    worker.VERBS[job.kind](job)
    assert len(names(access.OWNER, brand="red")) == 3
