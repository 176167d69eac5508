"""The review queue: worthiest first, decided once and for ever, taken back, only by those who act for both records."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.kept import laid_once
from tests.unit.identity.conftest import crowd
from tests.work.test_verdicts import settle
from tests.world import World, person
from typer.testing import CliRunner

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.cli import identity as command
from filrouge.domain.identity.clerical import Stratum
from filrouge.store.models import Assessment, AuditEntry, Job, Review, Run, Verdict
from filrouge.store.queries import reviews as found
from filrouge.store.queries import verdicts as decided
from filrouge.work import access, queueing, reviews, verdicts

ADA = person("1", "Ada", "Byron", mail="ada@example.com")
BOB = person("2", "Bob", "Martin", mail="bob@example.com")
CLEO = person("3", "Cleo", "Roux", mail="cleo@example.com")
ADA_SHOP = person("7", "Adda", "Byron", mail="adda@example.org")
TOLD = "start random -9.4;given typo 4.1;family same 6.3;email different -3.5"
Ask = Callable[..., Review]


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(ADA, BOB, CLEO)
    world.shop(ADA_SHOP)
    world.resolve()
    return world


def keys(group: World) -> dict[str, tuple[int, str, str, str]]:
    """Return what stands under each given name: record, person, entity, brand."""
    rows = group.rows(
        """SELECT r.given_name, r.record_key, l.person, r.entity, r.brand FROM person_records r JOIN (
            SELECT record_key, arg_max(person, decided_at) AS person FROM links WHERE undone_at IS NULL GROUP BY 1
        ) l USING (record_key)"""
    )
    return {row["given_name"]: (row["record_key"], row["person"], row["entity"], row["brand"]) for row in rows}


@pytest.fixture
def ask(group: World) -> Ask:
    """Return a function that puts pairs in the queue, as a resolution does, and returns the first."""

    def asked(*pairs: tuple[str, str], **values: Any) -> Review:
        known = keys(group)
        rows = []
        for one, other in pairs:
            left, right = sorted((known[one], known[other]))
            rows.append(
                {
                    "left": left[0], "right": right[0], "left_person": left[1], "right_person": right[1],
                    "left_records": 1, "right_records": 1, "score": -1.0, "kind": "ambiguous", "rule": "", "kinds": "",
                    "told": TOLD, "stratum": "", "left_entity": left[2], "left_brand": left[3],
                    "right_entity": right[2], "right_brand": right[3],
                }
                | values
            )  # fmt: skip
        queueing.refresh(
            Run.objects.create(kind="identity", state="committed", by="test", started_at=clock.now()),
            queueing.Located(rows),
        )
        left, right = sorted(known[name][0] for name in pairs[0])
        return Review.objects.get(left=left, right=right, second_of=None)

    return asked


def test_a_pair_said_to_be_one_person_is_joined_for_ever_and_never_asked_again(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Adda"))
    asking = group.user("advisor", entities=["north", "south"])
    assert reviews.following(asking) == row
    told = reviews.decide(asking, row.pk, "same")
    assert (told.state, told.decision, told.decided_by) == ("decided", "same", asking.by)
    verdict = Verdict.objects.get(gesture=told.gesture)
    assert (verdict.kind, verdict.by) == ("must_link", asking.by)
    assert Job.objects.filter(kind="identity", state="waiting").count() == 1
    settle()
    assert len({one[1] for one in keys(group).values()}) == 3
    assert reviews.following(asking) is None
    ask(("Ada", "Adda"), ("Ada", "Bob"))
    assert [one.state for one in Review.objects.filter(left=row.left, right=row.right)] == ["decided"]
    assert found.counts(asking)["all"] == 1, "Bob's pair alone"


def test_a_pair_said_to_be_two_people_stays_apart(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Adda"))
    reviews.decide(group.user("privacy"), row.pk, "different")
    assert Verdict.objects.get().kind == "cannot_link"
    settle()
    assert len({one[1] for one in keys(group).values()}) == 4


def test_each_act_leaves_its_line_without_a_name(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Adda"))
    asking = group.user("advisor", entities=["north", "south"])
    AuditEntry.objects.all().delete()
    reviews.later(asking, row.pk)
    reviews.assign(asking, row.pk, asking.by)
    reviews.decide(asking, row.pk, "same")
    reviews.undo(asking, row.pk)
    lines = AuditEntry.objects.exclude(action="person.open").order_by("id")
    assert [line.action for line in lines] == ["review.later", "review.assign", "identity.must_link", "identity.undo"]
    assert not any("ada" in str(line.details).lower() or "byron" in str(line.details).lower() for line in lines)


def test_what_is_taken_back_waits_again_and_is_not_settled(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Adda"))
    asking = group.user("advisor", entities=["north", "south"])
    reviews.decide(asking, row.pk, "same")
    settle()
    row = reviews.undo(asking, row.pk)
    assert (row.state, row.decision, row.gesture) == ("open", "", "")
    assert not Verdict.objects.filter(undone_at=None).exists()
    settle()
    assert len({one[1] for one in keys(group).values()}) == 4
    waiting = ask(("Ada", "Adda"))
    with pytest.raises(Conflict):
        reviews.undo(asking, waiting.pk)


def test_a_verdict_taken_back_on_the_page_of_the_records_has_the_pair_wait_again(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Adda"))
    asking = group.user("advisor", entities=["north", "south"])
    told = reviews.decide(asking, row.pk, "different")
    verdicts.undo(asking, told.gesture)
    assert ask(("Ada", "Adda")).state == "open"


def test_whoever_decides_second_is_told_and_changes_nothing(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Adda"))
    first, second = group.user("privacy"), group.user("advisor", entities=["north", "south"])
    reviews.decide(first, row.pk, "same")
    with pytest.raises(Conflict) as told:
        reviews.decide(second, row.pk, "different")
    assert told.value.params["by"] == first.name, "colleagues are told by name"
    assert [verdict.kind for verdict in Verdict.objects.all()] == ["must_link"]


def test_a_decision_that_contradicts_an_earlier_one_leaves_the_pair_waiting(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Adda"))
    officer = group.user("privacy")
    known = keys(group)
    verdicts.different(
        {known["Ada"][0]: known["Ada"][2:]}, {known["Adda"][0]: known["Adda"][2:]}, by="x", reason="", subject=""
    )
    with pytest.raises(Conflict):
        reviews.decide(officer, row.pk, "same")
    row.refresh_from_db()
    assert (row.state, row.decided_by) == ("open", "")


def test_a_pair_of_two_entities_is_for_whoever_acts_for_both(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Adda"), ("Ada", "Bob"))
    owner = group.user("advisor", entities=["north", "south"])
    colleague, stranger = group.user("advisor", entities=["north"]), group.user("advisor", entities=["west"])
    assert {one.pk for one in found.page(owner, found.Asked())} == set(Review.objects.values_list("pk", flat=True))
    assert [one.left_entity + one.right_entity for one in found.page(colleague, found.Asked())] == ["northnorth"]
    assert found.page(stranger, found.Asked()) == []
    assert [found.waiting(one) for one in (owner, colleague, stranger)] == [2, 1, 0]
    for who in (colleague, stranger):
        for act in (
            lambda who: reviews.look(who, row.pk),
            lambda who: reviews.decide(who, row.pk, "same"),
            lambda who: reviews.later(who, row.pk),
            lambda who: reviews.assign(who, row.pk, ""),
            lambda who: reviews.undo(who, row.pk),
        ):
            with pytest.raises(NotFound):
                act(who)
    for role in ("engineer", "sales", "marketer", "analyst", "executive"):
        other = group.user(role)
        with pytest.raises(Refused):
            reviews.decide(other, row.pk, "same")
        assert found.waiting(other) == 0
    assert not Verdict.objects.exists()


def test_an_advisor_capped_to_a_brand_decides_of_that_brand_alone(group: World, ask: Ask) -> None:
    ask(("Ada", "Adda"), ("Ada", "Bob"))
    assert len(found.page(group.user("advisor", entities=["north"], brands=["red"]), found.Asked())) == 1
    assert found.page(group.user("advisor", entities=["north"], brands=["blue"]), found.Asked()) == []


def test_both_records_are_seen_with_their_own_values_only(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Adda"))
    pair = reviews.look(group.user("privacy"), row.pk)
    told = {side.values["given_name"].value: side.values["email"].value for side in (pair.left, pair.right)}
    assert told == {"Ada": "ada@example.com", "Adda": "adda@example.org"}
    assert AuditEntry.objects.filter(action="person.open").count() == 2


def test_what_is_put_off_comes_after_all_others_and_what_is_another_s_is_not_offered(group: World, ask: Ask) -> None:
    ask(("Ada", "Bob"), ("Ada", "Cleo"), ("Bob", "Cleo"))
    asking = group.user("advisor", entities=["north"])
    first = reviews.following(asking)
    assert first is not None
    reviews.later(asking, first.pk)
    order = [one.pk for one in found.page(asking, found.Asked())]
    assert order[-1] == first.pk
    other = group.user("privacy")
    reviews.assign(asking, order[0], other.by)
    offered = reviews.following(asking)
    assert offered is not None
    assert offered.pk == order[1]
    assert [one.pk for one in found.page(other, found.Asked(mine=True))] == [order[0]]
    with pytest.raises(UsageError):
        reviews.assign(asking, order[0], group.user("engineer").by)


def test_the_queue_keeps_what_is_still_doubtful_and_drops_what_is_settled(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Bob"), ("Ada", "Cleo"))
    reviews.assign(group.user("privacy"), row.pk, "privacy@example.com")
    again = ask(("Ada", "Bob"), ("Bob", "Cleo"), score=-2.0)
    assert (again.pk, again.score, again.assigned is not None) == (row.pk, -2.0, True)
    assert Review.objects.count() == 2, "the pair of Ada and Cleo is settled"


def test_a_pair_of_the_sample_may_be_shown_again_to_somebody_else(
    group: World, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "TWICE", 1)
    row = ask(("Ada", "Bob"), kind="sample", stratum="near")
    first, second = group.user("privacy"), group.user("advisor", entities=["north"])
    reviews.decide(first, row.pk, "same")
    assert reviews.following(first) is None, "nobody is asked twice"
    again = reviews.following(second)
    assert again is not None
    assert (again.kind, again.stratum, again.left, again.right) == ("sample", "near", row.left, row.right)
    reviews.decide(second, again.pk, "different")
    assert [verdict.kind for verdict in Verdict.objects.all()] == ["must_link"], "a second look decides nothing"
    settle()
    told = Assessment.objects.first()
    assert told is not None
    assert (told.twice, told.agreed) == (1, 0)
    reviews.undo(second, again.pk)
    assert Verdict.objects.filter(undone_at=None).exists()


def test_a_run_keeps_how_good_its_links_are_as_far_as_its_sample_was_reviewed(group: World, ask: Ask) -> None:
    officer = group.user("privacy")
    for names, said in ((("Ada", "Bob"), "same"), (("Ada", "Cleo"), "same"), (("Bob", "Cleo"), "different")):
        row = ask(names, kind="sample", stratum="thin", score=1.0)
        reviews.decide(officer, row.pk, said) if said == "different" else verdicts_same(officer, row)
    rows = [
        {"left": one.left, "right": one.right, "stratum": "thin", "kind": "sample", "told": "", "score": 1.0,
         "left_person": one.left_person, "right_person": one.right_person, "left_records": 1, "right_records": 1,
         "rule": "", "kinds": "", "left_entity": "north", "left_brand": "red", "right_entity": "north", "right_brand": "red"}
        for one in Review.objects.filter(second_of=None)  # one of them may be shown again
    ]  # fmt: skip
    run = Run.objects.create(kind="identity", state="committed", by="test", started_at=clock.now())
    queueing.refresh(run, queueing.Located(rows, (Stratum("thin", 0.0, 5.0, 3), Stratum("far", -10, -5, 0))))
    told = run.assessment
    assert told.precision == pytest.approx(2 / 3)
    assert (told.precision_low, told.precision_high) == (pytest.approx(2 / 3), pytest.approx(2 / 3)), "all were decided"
    assert told.recall == 1.0


def verdicts_same(officer: Any, row: Review) -> None:
    """Write the verdict alone: three people of whom two pairs are one and the third is not contradict each other."""
    gesture = "01900000-0000-7000-8000-" + f"{row.pk.int % 10**12:012d}"
    Verdict.objects.create(
        kind="must_link", left=row.left, right=row.right, by=officer.by, gesture=gesture,
        left_entity="north", left_brand="red", right_entity="north", right_brand="red",
    )  # fmt: skip
    Review.objects.filter(pk=row.pk).update(state="decided", decision="same", gesture=gesture)


def test_an_erasure_takes_the_pairs_of_the_person_with_it(group: World, ask: Ask) -> None:
    from filrouge.work import erasures

    ask(("Ada", "Adda"), ("Bob", "Cleo"))
    ada = next(hit.id for hit in group.find("Ada") if hit.name.startswith("Ada "))
    erasures.carry_out(str(erasures.request(access.OWNER, ada, reason="she wrote to us").id))
    assert [(one.left_entity, one.right_entity) for one in Review.objects.all()] == [("north", "north")]


def test_a_resolution_fills_the_queue_and_its_decisions_hold(world: World) -> None:
    table, _ = crowd(110)
    rows = table.to_pylist()
    columns = {"id": "source_id", "given": "given_name", "family": "family_name", "born": "birth_date", "mail": "email",
               "phone": "phone", "street": "address_line", "zip": "postcode"}  # fmt: skip
    lines = []
    for number, row in enumerate(rows):
        line = {name: row[column] or "" for name, column in columns.items()} | {"id": str(number), "seen": "05/07/2026"}
        if line["born"]:
            year, month, day = line["born"].split("-")
            line["born"] = f"{day}/{month}/{year}"
        lines.append(line)
    world.people(*lines)
    outcome = world.resolve()
    waiting = list(Review.objects.all())
    assert waiting
    assert {row.kind for row in waiting} > {"sample"}
    assert all(row.left < row.right and row.told.startswith("start random") for row in waiting)
    assert all((row.left_entity, row.left_brand) == ("north", "red") for row in waiting)
    kept = Assessment.objects.get(run=outcome.run)
    assert sum(one["size"] for one in kept.strata) >= len([row for row in waiting if row.stratum])
    assert (kept.precision, kept.waiting) == (None, len(waiting))
    asking = world.user("advisor", entities=["north"])
    row = reviews.following(asking)
    assert row is not None
    apart = row.left_person != row.right_person
    assert row.kind == ("ambiguous" if apart else "bridge")
    reviews.decide(asking, row.pk, "same" if apart else "different")
    settle()
    links = {row["record_key"]: row["person"] for row in world.rows(
        "SELECT record_key, arg_max(person, decided_at) AS person FROM links WHERE undone_at IS NULL GROUP BY 1"
    )}  # fmt: skip
    assert (links[row.left] == links[row.right]) is apart
    assert decided.about([row.left], asking)[0].settled
    assert Review.objects.get(left=row.left, right=row.right, second_of=None).state == "decided"


def test_the_owner_of_the_machine_lists_decides_and_takes_back_from_a_terminal(group: World, ask: Ask) -> None:
    row = ask(("Ada", "Adda"))
    run = CliRunner().invoke
    assert str(row.pk) in run(command.app, ["review", "list"]).stdout
    listed = json.loads(run(command.app, ["review", "list", "--json", "--kind", "ambiguous"]).stdout)
    assert [(one["id"], one["records"]) for one in listed] == [(str(row.pk), [str(row.left), str(row.right)])]
    assert json.loads(run(command.app, ["review", "list", "--json", "--kind", "bridge"]).stdout) == []
    assert run(command.app, ["review", "decide", str(row.pk), "same", "--reason", "she said so"]).exit_code == 0
    assert Verdict.objects.get().reason == "she said so"
    told = run(command.app, ["review", "decide", str(row.pk), "same"])
    assert isinstance(told.exception, Conflict)
    settle()
    said = run(command.app, ["why", str(row.left), str(row.right)]).stdout
    assert "Somebody who knows said so." in said
    assert run(command.app, ["review", "undo", str(row.pk)]).exit_code == 0
    assert isinstance(run(command.app, ["review", "undo", "not-a-number"]).exception, NotFound)
    row.refresh_from_db()
    assert row.state == "open"
