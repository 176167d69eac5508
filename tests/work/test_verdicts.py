"""Who is who, decided by people: kept at once, settled by the worker, undone exactly, and by those who act for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.domain.identity import state_hash
from filrouge.store.models import AuditEntry, Job, Verdict
from filrouge.store.queries import identity as reads
from filrouge.store.queries import verdicts as decided
from filrouge.work import access, identity, jobs, verdicts, worker

ADA = person("1", "Ada", "Byron", mail="ada@example.com")
ADA_SHOP = person("7", "Ada", "Byron", mail="ada@example.com", phone="06 39 98 00 01")
BOB = person("2", "Bob", "Martin", mail="bob@example.com")


def ids(world: World) -> dict[int, str]:
    rows = world.rows(
        "SELECT record_key, arg_max(person, decided_at) AS person FROM links WHERE undone_at IS NULL GROUP BY 1"
    )
    return {row["record_key"]: row["person"] for row in rows}


def settle() -> None:
    """Let the worker do what waits in the queue."""
    while job := jobs.claim("test"):
        jobs.work(job, worker.VERBS)
        job.refresh_from_db()
        assert job.problem == ""


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(ADA, BOB)
    world.shop(ADA_SHOP)
    world.resolve()
    return world


def key_of(group: World, source: str, source_id: str) -> int:
    rows = group.rows(f"SELECT record_key FROM person_records WHERE source = '{source}' AND source_id = '{source_id}'")
    return int(rows[0]["record_key"])


def test_a_merge_is_kept_at_once_and_settled_by_the_worker(group: World) -> None:
    asking = group.user("advisor", entities=["north"])
    ada, bob = group.find("Ada")[0].id, group.find("Bob")[0].id
    keys = [record.key for record in access.person(asking, bob).view.records]
    gesture = verdicts.merge(asking, ada, bob, reason="she married")
    assert len(set(ids(group).values())) == 2, "nothing is settled in the request"
    assert decided.settling(keys) == decided.Settling("waiting", 0, None)
    assert [
        entry.action for entry in AuditEntry.objects.filter(subject_kind="person", action__startswith="identity.")
    ] == ["identity.must_link"]
    settle()
    assert len(set(ids(group).values())) == 1
    assert decided.settling(keys) is None
    told = decided.about(keys, asking)
    assert [(one.gesture, one.settled, one.undoable, one.reason) for one in told] == [
        (gesture, True, True, "she married")
    ]
    assert access.person(asking, ada).view.id == access.person(asking, bob).view.id, "both ids lead to the one person"


def test_it_is_settled_when_the_pages_show_it_and_not_before(group: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, key = group.find("Ada")[0].id, key_of(group, "shop_people", "7")
    verdicts.split(group.user("advisor"), ada, [key])
    seen = []
    real = identity._follow

    def follow(*args: Any, **kwargs: Any) -> None:
        seen.append(decided.settling([key]))
        real(*args, **kwargs)

    monkeypatch.setattr(identity, "_follow", follow)
    settle()
    assert [one.state if one else None for one in seen] == ["running"], "the lake knows, the pages do not yet"
    assert decided.settling([key]) is None


@pytest.mark.parametrize("gesture", ["merge", "split"])
def test_a_gesture_taken_back_leaves_the_same_state(gesture: str, group: World) -> None:
    asking = group.user("privacy")
    before = ids(group)
    ada = group.find("Ada")[0].id
    if gesture == "merge":
        made = verdicts.merge(asking, group.find("Bob")[0].id, ada)
    else:
        made = verdicts.split(asking, ada, [key_of(group, "shop_people", "7")])
    settle()
    assert state_hash(ids(group)) != state_hash(before)
    verdicts.undo(asking, made)
    settle()
    assert state_hash(ids(group)) == state_hash(before)
    assert ids(group) == before, "the ids themselves come back"
    assert [one.undone_by for one in decided.about(list(before), asking)] == [asking.by]


def test_a_decision_made_while_identity_is_being_settled_is_settled_next(group: World) -> None:
    asking = group.user("advisor")
    ada = group.find("Ada")[0].id
    verdicts.split(asking, ada, [key_of(group, "shop_people", "7")])
    running = jobs.claim("slow worker")
    assert running is not None and running.kind == "identity"
    identity.resolve(by="test")  # it has read the verdicts of its time
    late = verdicts.merge(asking, ada, group.find("Bob")[0].id)
    jobs.work(running, {"identity": lambda job, **_: None})
    assert decided.settling([Verdict.objects.get(gesture=late).left]) is not None
    assert Job.objects.get(kind="identity").state == "waiting", "it is put back for what it could not know"
    settle()
    assert len(set(ids(group).values())) == 2


def test_identity_busy_elsewhere_is_tried_again_and_not_given_up(group: World) -> None:
    from filrouge.work import runs

    verdicts.split(group.user("advisor"), group.find("Ada")[0].id, [key_of(group, "shop_people", "7")])
    with runs.running("identity", by="another machine") as busy:
        job = jobs.claim("test")
        assert job is not None
        jobs.work(job, worker.VERBS)
        job.refresh_from_db()
        assert (job.state, job.finished_at is not None) == ("waiting", True)
        busy.state = "failed"
        busy.save()


def test_a_colleague_of_another_entity_sees_the_records_and_may_not_decide_of_them(group: World) -> None:
    colleague = group.user("advisor", entities=["south"])
    ada, mine, theirs = group.find("Ada")[0].id, key_of(group, "shop_people", "7"), key_of(group, "crm_people", "1")
    assert len(access.person(colleague, ada).view.records) == 2, "customer service is shared"
    with pytest.raises(Refused):
        verdicts.split(colleague, ada, [theirs])
    with pytest.raises(Refused):
        verdicts.merge(colleague, ada, group.find("Bob")[0].id)
    made = verdicts.split(group.user("advisor", entities=["north"]), ada, [theirs])
    with pytest.raises(NotFound):
        verdicts.undo(colleague, made)
    assert not decided.about([mine], colleague)[0].undoable
    assert verdicts.plan_split(colleague, ada, [mine]).staying[0].key == theirs


def test_a_stranger_and_other_roles_decide_nothing(group: World) -> None:
    ada, key = group.find("Ada")[0].id, key_of(group, "shop_people", "7")
    stranger = group.user("advisor", entities=["west"])
    with pytest.raises(NotFound):
        verdicts.split(stranger, ada, [key])
    made = verdicts.split(group.user("privacy"), ada, [key])
    with pytest.raises(NotFound):
        verdicts.undo(stranger, made)
    assert decided.about([key], stranger) == []
    assert reads.history(ada, stranger) == ()
    for role in ("engineer", "marketer", "analyst", "sales", "finance"):
        with pytest.raises(Refused):
            verdicts.split(group.user(role), ada, [key])


def test_an_advisor_of_one_entity_who_is_engineer_of_another_decides_for_the_first_only(group: World) -> None:
    from filrouge.domain.privacy.perimeter import Grant
    from filrouge.store.queries import group as grants

    asking = group.user("advisor", entities=["south"])
    both = grants.perimeter_of([Grant("advisor", "south"), Grant("engineer", "north")], at=identity.clock.now())
    asking = type(asking)(by=asking.by, perimeter=both)
    with pytest.raises(Refused):
        verdicts.split(asking, group.find("Ada")[0].id, [key_of(group, "crm_people", "1")])


def test_what_one_may_not_see_is_not_told_by_a_split(world: World) -> None:
    world.people(ADA, BOB)
    world.people(ADA, source="west_people", place="west.csv", entity="west", brand="green")
    world.resolve()
    asking = world.user("advisor", entities=["north"])
    ada = world.find("Ada")[0].id
    with pytest.raises(UsageError):  # the only record that they see: as if there were no other
        verdicts.plan_split(asking, ada, [key_of(world, "crm_people", "1")])
    verdicts.split(world.user("privacy"), ada, [key_of(world, "crm_people", "1")])
    settle()
    assert decided.about([key_of(world, "crm_people", "1")], asking) == [], "the other side is not theirs to know"
    assert [chapter.code for chapter in reads.history(world.find("Ada", asking)[0].id, asking)] in (
        ["born"],
        ["born", "left"],
    )


def test_people_held_apart_are_not_merged_before_that_is_taken_back(group: World) -> None:
    asking = group.user("advisor")
    ada = group.find("Ada")[0].id
    verdicts.split(asking, ada, [key_of(group, "shop_people", "7")])
    settle()
    again = next(hit.id for hit in group.find("Ada") if hit.id != ada)
    with pytest.raises(Conflict):
        verdicts.merge(asking, ada, again)


def test_of_two_decisions_on_the_same_records_the_last_one_counts_and_undoing_it_gives_back_the_first(
    group: World,
) -> None:
    asking = group.user("advisor")
    before = ids(group)
    ada, bob = group.find("Ada")[0].id, group.find("Bob")[0].id
    verdicts.merge(asking, ada, bob)
    settle()
    joined = ids(group)
    parted = verdicts.split(asking, ada, [key_of(group, "crm_people", "2")])
    settle()
    assert ids(group) == before
    verdicts.undo(asking, parted)
    settle()
    assert ids(group) == joined


def test_a_merge_said_again_below_a_split_is_refused_and_not_taken_for_the_first(group: World) -> None:
    asking = group.user("advisor")
    ada, bob = group.find("Ada")[0].id, group.find("Bob")[0].id
    verdicts.merge(asking, ada, bob)
    settle()
    verdicts.split(asking, ada, [key_of(group, "crm_people", "2")])
    settle()
    with pytest.raises(Conflict):
        verdicts.merge(asking, group.find("Ada")[0].id, group.find("Bob")[0].id)


def test_a_merge_is_taken_back_although_a_wrong_record_was_split_off_meanwhile(group: World) -> None:
    asking, before = group.user("advisor"), ids(group)
    ada, bob = group.find("Ada")[0].id, group.find("Bob")[0].id
    merged = verdicts.merge(asking, ada, bob)
    settle()
    wrong = key_of(group, "shop_people", "7")
    verdicts.split(asking, ada, [wrong])
    settle()
    verdicts.undo(asking, merged)
    settle()
    for whole in (False, True):
        if whole:
            identity.resolve(by="test", whole=True)
        found = ids(group)
        assert found.pop(wrong) not in before.values()
        assert found == {key: person for key, person in before.items() if key != wrong}


@pytest.mark.lake
def test_those_who_stay_keep_the_id_and_each_other_whoever_leaves(world: World) -> None:
    line = "06 39 98 00 01"
    world.people(
        person("1", "Ada", "Byron", mail="ada@example.com"),
        person("2", "Ada", "Byron", mail="ada@example.com", phone=line),
        person("3", "Ada", "Byron", phone=line),
    )
    world.resolve()
    (ada,) = {*ids(world).values()}
    asking = world.user("advisor")
    one, bridge, three = (key_of(world, "crm_people", number) for number in "123")
    for going in ([bridge], [one], [three], [one, bridge], [bridge, three]):
        gesture = verdicts.split(asking, ada, going)
        settle()
        for whole in (False, True):
            if whole:
                identity.resolve(by="test", whole=True)
            found = ids(world)
            staying = [key for key in (one, bridge, three) if key not in going]
            assert {found[key] for key in staying} == {ada}
            assert ada not in {found[key] for key in going}
            assert {hit.id for hit in world.find("Ada")} == {*found.values()}, "each has a page"
        verdicts.undo(asking, gesture)
        settle()
        assert {*ids(world).values()} == {ada}


@pytest.mark.lake
def test_one_wrong_record_leaves_two_people_merged_by_hand_and_they_stay_one(world: World) -> None:
    world.people(
        person("1", "Ada", "Byron", mail="ada@example.com"), person("2", "Ada", "Byron", mail="ada@example.com"),
        person("3", "Bob", "Stone", mail="bob@example.com"), person("4", "Bob", "Stone", mail="bob@example.com"),
    )  # fmt: skip
    world.resolve()
    asking, before = world.user("advisor"), ids(world)
    merged = verdicts.merge(asking, world.find("Ada")[0].id, world.find("Bob")[0].id)
    settle()
    (both,) = {*ids(world).values()}
    for number in "1234":  # also the very records that the merge was said of
        wrong = key_of(world, "crm_people", number)
        parted = verdicts.split(asking, both, [wrong])
        settle()
        found = ids(world)
        assert found.pop(wrong) != both
        assert {*found.values()} == {both}
        verdicts.undo(asking, parted)
        settle()
        assert {*ids(world).values()} == {both}
    verdicts.undo(asking, merged)
    settle()
    assert ids(world) == before


def test_the_life_of_an_id_is_told(group: World) -> None:
    asking = group.user("privacy")
    ada, bob = group.find("Ada")[0].id, group.find("Bob")[0].id
    gesture = verdicts.merge(asking, ada, bob)
    settle()
    verdicts.undo(asking, gesture)
    settle()
    keeper = access.person(asking, ada).view.id
    lost = bob if reads.history(bob, asking)[1].code == "merged" else ada
    kept = ada if lost == bob else bob
    assert keeper == ada
    assert [chapter.code for chapter in reads.history(kept, asking)] == ["born", "joined", "left"]
    assert [(chapter.code, chapter.other) for chapter in reads.history(lost, asking)] == [
        ("born", ""),
        ("merged", kept),
        ("revived", kept),
    ]
    assert [chapter.decision for chapter in reads.history(kept, asking)] == ["rule", "human", "undone"]
    assert [chapter.decision for chapter in reads.history(lost, asking)] == ["rule", "human", "undone"]
    whole = reads.history(kept, asking)
    assert reads.history(kept, asking, as_of=whole[1].at) == whole[:2], "what came later is left out"
    assert reads.history(kept, asking, as_of=whole[0].at - timedelta(days=1)) == ()


def test_why_names_the_chain_or_what_two_people_share(group: World) -> None:
    ada, bob = group.find("Ada")[0].id, group.find("Bob")[0].id
    one = reads.why(str(key_of(group, "crm_people", "1")), str(key_of(group, "shop_people", "7")))
    assert one.explanation.code == "same_person"
    assert [set(step.kinds) for step in one.explanation.steps] == [{"email", "name"}]
    two = reads.why(ada, bob)
    assert (two.explanation.code, two.shared, two.verdict) == ("two_people", (), False)
    verdicts.split(access.OWNER, ada, [key_of(group, "shop_people", "7")])
    settle()
    apart = reads.why(str(key_of(group, "crm_people", "1")), str(key_of(group, "shop_people", "7")))
    assert apart.verdict and "email ada@example.com" in apart.shared
    with pytest.raises(NotFound):
        reads.why(ada, "12345")
    with pytest.raises(UsageError):
        reads.why(ada, ada)


def test_the_same_merge_said_twice_is_one_gesture_that_one_undoing_takes_back(group: World) -> None:
    asking = group.user("advisor", entities=["north"])
    ada, bob = group.find("Ada")[0].id, group.find("Bob")[0].id
    first = verdicts.merge(asking, ada, bob)
    assert verdicts.merge(asking, bob, ada) == first, "whoever says it second says nothing new"
    settle()
    verdicts.undo(asking, first)
    settle()
    assert len(set(ids(group).values())) == 2


def test_a_split_of_records_that_are_not_of_this_person_says_so(group: World) -> None:
    asking = group.user("advisor", entities=["north"])
    ada, bob = group.find("Ada")[0].id, group.find("Bob")[0].id
    theirs = [record.key for record in access.person(asking, bob).view.records]
    with pytest.raises(UsageError, match="not of this person"):
        verdicts.split(asking, ada, theirs)


def test_an_undone_merge_leaves_a_record_to_one_person_at_the_narrow_door_too(group: World) -> None:
    from filrouge.work import sql

    asking = group.user("advisor", entities=["north"])
    ada, bob = group.find("Ada")[0].id, group.find("Bob")[0].id
    query = "SELECT person_id, brands, first_seen FROM people ORDER BY 1"
    analyst = group.user("analyst", entities=["north"])
    before = sql.run(analyst, query)
    verdicts.undo(asking, (verdicts.merge(asking, ada, bob), settle())[0])
    settle()
    assert sql.run(analyst, query) == before
