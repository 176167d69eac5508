"""A person created here is whole at once, keeps their id, merges, obeys who was erased, and is erased like any other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.store.live import Live
from filrouge.store.models import AuditEntry, Run, Source, User
from filrouge.store.queries import people as found
from filrouge.store.queries import sources as reads
from filrouge.work import access, audit, erasures, groups, identity, people, sources

ADA = people.Newcomer("Ada", "Lovelace", "ada@example.org", "06 39 98 00 01", "north", "red")
BOB = person("B", "Bob", "Boole", mail="bob@example.org")


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(BOB)
    world.resolve()
    return world


@pytest.fixture
def advisor(group: World) -> Any:
    return group.user("advisor", entities=["north"])


def test_a_new_person_is_found_at_once_by_name_e_mail_and_phone(group: World, advisor: Any) -> None:
    made = people.create(advisor, ADA)
    for text in ("Ada Lovelace", "ada@example.org", "+33 6 39 98 00 01"):
        assert [hit.id for hit in group.find(text, advisor)] == [made.id]
    page = access.person(advisor, made.id).view
    assert (page.name, page.brands, page.records[0].decision) == ("Ada Lovelace", ("red",), "human")
    assert page.attributes["phone"].best.value == "+33639980001"
    assert len(group.rows("SELECT * FROM source_records WHERE source = 'filrouge'")) == 1


def test_the_id_survives_the_next_settling_of_identities(group: World, advisor: Any) -> None:
    made = people.create(advisor, ADA)
    before = group.rows(
        f"SELECT attribute, value, rank, source FROM golden_values WHERE person = '{made.id}' ORDER BY 1"
    )
    assert {row["attribute"] for row in before} == {"given_name", "family_name", "email", "phone"}
    for full in (False, True):
        identity.resolve(by="test", full=full)
        assert [hit.id for hit in group.find("ada@example.org", advisor)] == [made.id]
        assert (
            group.rows(
                f"SELECT attribute, value, rank, source FROM golden_values WHERE person = '{made.id}' ORDER BY 1"
            )
            == before
        )
    assert len(group.rows(f"SELECT * FROM people WHERE person_id = '{made.id}'")) == 1


def test_who_is_known_elsewhere_by_the_same_e_mail_and_name_becomes_one_and_the_old_id_leads_there(
    group: World, advisor: Any
) -> None:
    known = group.find("bob@example.org")[0].id
    made = people.create(advisor, people.Newcomer("Bob", "Boole", "BOB@example.org", "", "north", "red"))
    assert made.id != known
    group.resolve()
    assert [hit.id for hit in group.find("bob@example.org", advisor)] == [known]
    assert access.person(advisor, made.id).redirected_from == made.id


def test_who_comes_later_by_an_import_joins_the_person_created_here(group: World, advisor: Any) -> None:
    made = people.create(advisor, ADA)
    group.shop(person("S", "Ada", "Lovelace", mail="ada@example.org"))
    group.resolve()
    assert len(access.person(access.OWNER, made.id).view.records) == 2


def test_who_was_erased_is_not_written_down_again(group: World, advisor: Any) -> None:
    bob = group.find("bob@example.org")[0].id
    erasures.carry_out(str(erasures.request(access.OWNER, bob).id))
    with pytest.raises(Refused, match="erased"):
        people.create(advisor, people.Newcomer("Robert", "Boole", "Bob@Example.org", "", "north", "red"))
    assert group.rows("SELECT * FROM person_records WHERE source = 'filrouge'") == []
    assert not Run.objects.filter(kind="person").exists()


def test_a_person_created_here_is_erased_like_any_other(group: World, advisor: Any) -> None:
    made = people.create(advisor, ADA)
    row = erasures.carry_out(str(erasures.request(access.OWNER, made.id).id))
    assert row.report["found_again"] == {}
    assert row.report["destroyed"]["person_records"] == 1
    with pytest.raises(NotFound):
        access.person(access.OWNER, made.id)
    with pytest.raises(Refused):
        people.create(advisor, ADA)


def test_a_repeated_call_with_its_token_creates_nobody_twice(group: World, advisor: Any) -> None:
    first, again = people.create(advisor, ADA, token="t1"), people.create(advisor, ADA, token="t1")
    assert (first.new, again.new, again.id) == (True, False, first.id)
    other = group.user("advisor", entities=["south"])
    theirs = people.create(other, people.Newcomer("Eve", "Else", "eve@example.org", "", "south", "blue"), token="t1")
    assert theirs.new


def test_a_colleague_sees_the_person_by_agreement_and_a_stranger_does_not(group: World, advisor: Any) -> None:
    made = people.create(advisor, ADA)
    assert access.person(group.user("advisor", entities=["south"]), made.id).view.name == "Ada Lovelace"
    stranger = group.user("advisor", entities=["west"])
    with pytest.raises(NotFound):
        access.person(stranger, made.id)
    assert found.alike("Ada Lovelace", "ada@example.org", "", stranger, at=clock.now()) == []


def test_one_writes_down_nobody_for_an_entity_or_brand_that_is_not_ones_own(group: World, advisor: Any) -> None:
    for entity, brand in (("south", "blue"), ("nowhere", "red")):
        with pytest.raises(Refused):
            people.create(advisor, people.Newcomer("Ada", "L", "a@example.org", "", entity, brand))
    capped = group.user("advisor", entities=["north"], brands=["red"])
    with pytest.raises(Refused):
        people.create(capped, people.Newcomer("Ada", "L", "a@example.org", "", "north", "green"))
    marketer = group.user("marketer", entities=["north"])
    with pytest.raises(Refused):
        people.create(marketer, ADA)
    user = User.objects.get(email=marketer.by)
    groups.grant(str(user.id), "advisor", by="test", entities=["south"])
    with pytest.raises(Refused):  # an advisor elsewhere is none here
        people.create(access.caller(user), ADA)


@pytest.mark.parametrize(
    "said", [("", "", "a@example.org", ""), ("Ada", "", "", ""), ("Ada", "", "ada@", ""), ("Ada", "", "", "12"), ("A" * 101, "", "a@example.org", "")]
)  # fmt: skip
def test_too_little_said_is_told_and_nothing_is_kept(said: tuple[str, ...], group: World, advisor: Any) -> None:
    with pytest.raises(UsageError):
        people.create(advisor, people.Newcomer(*said, "north", "red"))
    assert not Source.objects.filter(name="filrouge").exists()


def test_a_crash_before_the_promise_leaves_nothing(group: World, advisor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: Any, **__: Any) -> None:
        raise RuntimeError("power")

    monkeypatch.setattr(people.runs, "commit", fall)
    with pytest.raises(RuntimeError):
        people.create(advisor, ADA)
    assert group.rows("SELECT * FROM person_records WHERE source = 'filrouge'") == []
    assert group.rows("SELECT * FROM links WHERE source = 'filrouge'") == []
    assert group.find("ada@example.org") == []


def test_creating_leaves_one_line_without_a_name(group: World, advisor: Any) -> None:
    made = people.create(advisor, ADA)
    (line,) = AuditEntry.objects.filter(action="person.create")
    assert (line.by, line.subject_kind, line.subject) == (advisor.by, "person", audit.person_word(made.id))
    told = json.dumps(line.details)
    for secret in ("Ada", "Lovelace", "ada@example.org", "639980001"):
        assert secret not in told


def test_what_was_imported_and_waits_for_identities_is_not_forgotten_by_a_creation(group: World, advisor: Any) -> None:
    group.shop(person("S", "Bob", "Boole", mail="bob@example.org"))
    group.resolve()
    bob = group.find("bob@example.org")[0].id
    group.orders({"number": "O1", "customer": "S", "day": "01/03/2026", "total": "10,00"})
    people.create(advisor, ADA)
    group.resolve()
    assert [order["ref"] for order in access.person(access.OWNER, bob).view.orders] == ["O1"]


def test_identities_and_creations_wait_for_each_other(
    group: World, advisor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (people, identity):
        monkeypatch.setattr(module, "PATIENCE", 0.3)
    other = Run.objects.create(kind="identity", by="test", started_at=clock.now())
    with pytest.raises(Conflict):
        people.create(advisor, ADA)
    Run.objects.filter(pk=other.pk).update(kind="person")
    with pytest.raises(Conflict):
        identity.resolve(by="test")
    other.delete()
    assert people.create(advisor, ADA).new


def test_a_name_that_others_bear_stays_as_common_as_it_is(group: World, advisor: Any) -> None:
    group.shop(person("S", "Bob", "Else", mail="else@example.org"))
    identity.resolve(by="test", full=True)
    people.create(advisor, people.Newcomer("Bob", "Third", "third@example.org", "", "north", "red"))
    assert Live().rows("SELECT people FROM tokens WHERE token = 'bob'")[0][0] >= 2


def test_the_built_in_source_is_nobodys_to_run_or_replace(group: World, advisor: Any) -> None:
    people.create(advisor, ADA)
    assert [line.source.name for line in reads.lines(access.OWNER)] == ["crm_people"]
    with pytest.raises(NotFound):
        sources.run("filrouge", by="test")
    with pytest.raises(UsageError):
        group.define({**group_spec(), "source": "filrouge"})


def group_spec() -> dict[str, Any]:
    from tests.world import PEOPLE

    return dict(PEOPLE)
