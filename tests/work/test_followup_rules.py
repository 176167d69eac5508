"""Follow-ups made by rules: once for a cause, held back by consents and promises, owned, told, switched off."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
import yaml
from tests.kept import laid_once
from tests.world import World, person
from typer.testing import CliRunner

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.cli import app, gather
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.models import AuditEntry, FollowUp, FollowUpRule
from filrouge.store.queries import followup_rules as reads
from filrouge.work import consents, followup_rules, followups, promises, segments

ADA = person("1", "Ada", "Lovelace", mail="ada@example.com", town="Lyon", phone="+33612345678")
EVA = person("3", "Eva", "Curie", mail="eva@example.com", town="Lyon", phone="+33612345679")
IN_LYON = {"rules": [{"on": "person", "field": "city", "op": "is", "value": "Lyon"}]}
RULE = {"when": "segment", "segment": "lyon", "subject": "Inviter au salon", "owner": "queue", "owner_name": "Salons"}
NORTH = {"entity": "north", "title": "Invitations"}


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(ADA, EVA)
    world.resolve()
    segments.keep(OWNER, "lyon", spec=IN_LYON, title="Lyon", entity="north", brand="red")
    segments.build(["lyon"], by="test")
    return world


def typed(*words: str, code: int = 0) -> str:
    """Return what a command prints: its data, else what it says."""
    if not app.registered_groups:
        gather()
    done = CliRunner().invoke(app, list(words))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout or done.stderr


def id_of(group: World, name: str) -> str:
    return str(group.find(name)[0].id)


def test_a_rule_is_tried_worked_once_for_each_cause_and_leaves_its_line(group: World) -> None:
    tried = followup_rules.attempt(OWNER, RULE, entity="north")
    assert (tried.found, len(tried.due), tried.held) == (2, 2, {})
    assert not FollowUp.objects.exists()
    row = followup_rules.keep(OWNER, RULE, **NORTH)
    assert followup_rules.run(by="test") == 2
    assert followup_rules.run(by="test") == 0, "the same cause is never worked twice"
    made = FollowUp.objects.order_by("person")
    assert {(one.owner, one.subject, one.by, one.entity) for one in made} == {
        ("Salons", "Inviter au salon", f"rule {row.name}", "north")
    }
    assert AuditEntry.objects.filter(action="rule.work").get().details == {"count": 2, "entity": "north"}
    FollowUp.objects.update(state="done")
    assert followup_rules.run(by="test") == 0, "nor when it was done"
    assert followup_rules.attempt(OWNER, RULE, entity="north", name=row.name).known == 2


def test_who_may_not_be_reached_or_was_promised_not_to_be_is_left_out(group: World) -> None:
    said = RULE | {"purpose": "marketing", "kind": "email"}
    consents.record(OWNER, id_of(group, "ada"), purpose="marketing", channel="email", state="objected", entity="north")
    tried = followup_rules.attempt(OWNER, said, entity="north")
    assert tried.held["objected"] == 1
    due = clock.now() + timedelta(days=9)
    promises.make(OWNER, id_of(group, "eva"), "Pas d’appel avant Noël", due, bars="calls", entity="north")
    tried = followup_rules.attempt(OWNER, RULE, entity="north")
    assert ([one.person for one in tried.due], tried.held) == ([id_of(group, "ada")], {"promised": 1})


def test_only_so_many_are_made_at_once_and_the_rest_waits(group: World) -> None:
    followup_rules.keep(OWNER, RULE | {"most": 1}, **NORTH)
    assert followup_rules.attempt(OWNER, RULE | {"most": 1}, entity="north").later == 1
    assert [followup_rules.run(by="test") for _ in range(3)] == [1, 1, 0]


def test_a_rule_that_is_off_makes_nothing_and_one_deleted_leaves_what_it_made(group: World) -> None:
    row = followup_rules.keep(OWNER, RULE, **NORTH)
    followup_rules.switch(OWNER, row.name, on=False)
    assert followup_rules.run(by="test") == 0
    followup_rules.switch(OWNER, row.name, on=True)
    assert followup_rules.run(by="test") == 2
    followup_rules.remove(OWNER, row.name)
    assert (FollowUpRule.objects.count(), FollowUp.objects.count()) == (0, 2)


def test_the_follow_up_goes_to_whoever_worked_for_them_last(group: World) -> None:
    from filrouge.work import followups

    with time_machine.travel(clock.now() - timedelta(days=30)):
        followups.add(
            OWNER, id_of(group, "ada"), "Rappeler", clock.now() + timedelta(days=1), owner="nadia@example.com"
        )
    elsewhere = {"entity": "south", "owner": "paul@example.com"}  # another entity's people are none of its own
    followups.add(OWNER, id_of(group, "ada"), "Relancer", clock.now() + timedelta(days=1), **elsewhere)
    followup_rules.keep(OWNER, RULE | {"owner": "person"}, **NORTH)
    followup_rules.run(by="test")
    owners = {one.person: one.owner for one in FollowUp.objects.exclude(rule="")}
    assert FollowUp.objects.filter(entity="south").count() == 1
    assert owners == {id_of(group, "ada"): "nadia@example.com", id_of(group, "eva"): "Salons"}


def test_a_rule_whose_segment_is_gone_keeps_why_and_the_others_go_on(group: World) -> None:
    followup_rules.keep(OWNER, RULE, **NORTH)
    bad = followup_rules.keep(OWNER, RULE, entity="north", title="Autre")
    FollowUpRule.objects.filter(pk=bad.pk).update(spec={"when": "segment"})
    assert followup_rules.run(by="test") == 2
    bad.refresh_from_db()
    assert bad.trouble["template"].startswith("The definition")


def test_a_rule_on_what_is_not_there_is_refused(group: World) -> None:
    for said in (RULE | {"segment": "gone"}, RULE | {"owner": "user", "owner_name": "nobody@example.com"}):
        with pytest.raises(UsageError):
            followup_rules.keep(OWNER, said, **NORTH)


def test_a_segment_that_a_rule_follows_stays(group: World) -> None:
    row = followup_rules.keep(OWNER, RULE, **NORTH)
    for taken_away in (segments.remove, segments.archive):
        with pytest.raises(Conflict, match=f"Change these first: {row.name}"):
            taken_away(OWNER, "lyon")
    followup_rules.remove(OWNER, row.name)
    segments.remove(OWNER, "lyon")


def test_an_owner_a_colleague_and_a_stranger(group: World) -> None:
    owner, colleague = group.user("sales", entities=("north",)), group.user("advisor", entities=("north",))
    stranger, capped = (
        group.user("sales", entities=("south",)),
        group.user("sales", entities=("north",), brands=("red",)),
    )
    row = followup_rules.keep(owner, RULE, **NORTH)
    assert [one.name for one in reads.rules(colleague)] == [row.name]
    assert reads.rules(stranger) == []
    with pytest.raises(Refused):
        followup_rules.switch(colleague, row.name, on=False)
    with pytest.raises(NotFound):
        followup_rules.switch(stranger, row.name, on=False)
    with pytest.raises(Refused):
        followup_rules.keep(stranger, RULE, **NORTH)
    with pytest.raises(Refused):
        followup_rules.keep(capped, RULE, **NORTH)
    with pytest.raises(NotFound):
        followup_rules.keep(stranger, RULE, entity="south", title="x", name=row.name)


def test_the_command_line_keeps_tries_works_and_deletes_a_rule(group: World, tmp_path: Path) -> None:
    file = tmp_path / "lyon.yaml"
    file.write_text(yaml.safe_dump({"entity": "north", "brand": "red", "title": "Lyon", "spec": RULE}))
    assert "2 would be made now" in typed("rule", "try", str(file))
    assert typed("rule", "save", str(file)).startswith("The rule lyon is kept")
    assert "2 follow-ups made" in typed("rule", "run", "lyon")
    lines = json.loads(typed("followup", "list", "all", "--json"))
    assert {(line["rule"], line["who"]) for line in lines} == {("lyon", "Ada Lovelace"), ("lyon", "Eva Curie")}
    line = lines[0]
    assert "done" in typed("followup", "done", line["id"], "--outcome", "said yes")
    assert "0 follow-ups made" in typed("rule", "run", "lyon"), "the same cause is never worked twice"
    file.write_text(typed("rule", "show", "lyon"))
    assert typed("rule", "save", str(file)).startswith("The rule lyon is kept"), "what is printed is read back"
    assert "is off" in typed("rule", "off", "lyon")
    assert "Nothing is deleted" in typed("rule", "delete", "lyon", code=1)
    assert "is deleted" in typed("rule", "delete", "lyon", "--yes")
    assert "There is no rule yet" in typed("rule", "list")
    with pytest.raises(UsageError, match="no such list"):
        typed("followup", "list", "mine")
    file.write_text("entity: north\n")
    with pytest.raises(UsageError, match=r"lyon\.yaml defines no rule"):
        typed("rule", "save", str(file))


def test_the_command_line_says_what_to_say_and_keeps_the_answer(group: World) -> None:
    ada = group.find("Ada")[0].id
    followups.add(OWNER, ada, "Invite her", clock.now() + timedelta(hours=1), kind="call")
    told = json.loads(typed("person", "actions", ada, "--json"))
    first = told["actions"][0]
    assert "is kept" in typed(
        "person", "answer", ada, first["action"], first["cause"], "refused", "--reason", "no time"
    )
    (kept,) = json.loads(typed("person", "actions", ada, "--json"))["answered"]
    assert (kept["action"], kept["said"], kept["reason"]) == (first["action"], "refused", "no time")


def test_what_is_typed_wrongly_is_told_in_a_sentence(group: World, tmp_path: Path) -> None:
    file = tmp_path / "lyon.yaml"
    for noun in ("rule", "segment"):
        file.write_text(yaml.safe_dump({"entity": "north", "name": ["a"], "spec": RULE}))
        with pytest.raises(UsageError, match="name is more than a word"):
            typed(noun, "save", str(file))
    file.write_text(yaml.safe_dump({"entity": 5, "brand": None, "spec": IN_LYON}))
    with pytest.raises(UsageError, match="No entity is called 5"):
        typed("segment", "count", str(file))
    with pytest.raises(NotFound, match="no such follow-up"):
        typed("followup", "done", "x")
    for words in (["--run", "x"], ["--limit", "-1"], ["--limit", "9" * 20]):
        typed("push", "rows", "news", *words, code=2)


def test_what_somebody_is_called_is_printed_as_it_is(group: World) -> None:
    ada = group.find("Ada")[0].id
    followups.add(OWNER, ada, "Send [/her] a [red]card", clock.now() + timedelta(hours=1), kind="call")
    assert "[/her]" in typed("followup", "list", "all")
