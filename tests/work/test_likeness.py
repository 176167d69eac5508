"""A file with the columns of one already read says what they said there."""

from __future__ import annotations

from typing import Any

import pytest
from tests.work.test_drafts import TEXT, brought, imported, told, worked
from tests.world import World

from filrouge.base import clock
from filrouge.base.errors import Conflict, SourceError, UsageError
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.columns import Said
from filrouge.store.models import Run, Source, SourceDraft
from filrouge.work import draft_files, draft_jobs, draft_rows, drafts, likeness, sources

pytestmark = pytest.mark.lake

MORE = TEXT.replace("@example.com", "@example.org").replace("Export du 12/11/2026", "Export du 13/11/2026")


@pytest.fixture
def remy(world: World) -> Any:
    return world.user("engineer", entities=("north",))


def rows(draft: Any) -> list[Said]:
    """Return columns whose consents are told value by value, and one of which is left out."""
    return [
        {"Accord": Said("Accord", "consent:marketing:email", states={"oui": "granted", "non": "denied"}),
         "Né le": Said("Né le")}.get(one.column, one)
        for one in told(draft)
    ]  # fmt: skip


def first(remy: Any) -> Any:
    draft = brought(remy)
    return imported(remy, drafts.say(remy, str(draft.pk), rows(draft)))


def test_what_was_said_of_the_same_columns_is_proposed_consents_included(world: World, remy: Any) -> None:
    before = first(remy)
    again = brought(remy, MORE, name="salon d'hiver.csv")
    assert draft_files.like(again) == before.spec["source"]
    assert again.spec["source"] != before.spec["source"]
    assert told(again) == rows(again)
    assert {one.says for one in told(again)} >= {"consent:marketing:email", "email"}


def test_a_file_with_other_columns_is_guessed(world: World, remy: Any) -> None:
    first(remy)
    again = brought(remy, MORE.replace("N° fiche", "Numéro"), name="salon d'hiver.csv")
    assert draft_files.like(again) == ""
    assert {one.column: one.says for one in told(again)}["Né le"] == "birth_date"


def test_the_sources_of_others_are_not_looked_at(world: World, remy: Any) -> None:
    first(remy)
    far = world.user("engineer", entities=("south",))
    again = drafts.bring(far, "salon.csv", [MORE.encode("cp1252")], brand="blue")[0]
    assert draft_files.like(again) == ""
    both = world.user("engineer", entities=("north", "south"))
    other = drafts.bring(both, "salon2.csv", [MORE.replace("Paul", "Pol").encode("cp1252")], brand="blue")[0]
    assert draft_files.like(other) != ""
    assert (other.spec["entity"], other.spec["brand"]) == ("south", "blue")


def newer(remy: Any, before: Any, text: str, name: str = "salon.csv") -> Any:
    return drafts.bring(remy, name, [text.encode("cp1252")], brand="red", source=before.spec["source"])[0]


def test_a_newer_file_read_otherwise_says_what_the_one_before_said(world: World, remy: Any) -> None:
    before = first(remy)
    again = newer(remy, before, MORE)
    wanted = told(again)
    assert wanted == rows(again)
    drafts.read_as(remy, str(again.pk), again.spec["format"] | {"encoding": "cp1252"})
    again.refresh_from_db()
    assert told(again) == wanted, "its definition is not guessed again"
    with pytest.raises(UsageError, match="what they were"):
        draft_rows.become(remy, str(again.pk), "orders")


def test_a_file_read_in_another_encoding_is_known_again_by_its_columns(world: World, remy: Any) -> None:
    first(remy)
    again = brought(remy, MORE, name="salon d'hiver.csv")
    form = again.spec["format"]
    drafts.read_as(remy, str(again.pk), {**form, "encoding": "mac_roman"})
    again.refresh_from_db()
    assert draft_files.like(again) == "", "its names read otherwise"
    drafts.read_as(remy, str(again.pk), form)
    again.refresh_from_db()
    assert draft_files.like(again) != ""
    assert told(again) == rows(again)


def test_a_source_whose_run_waits_keeps_its_definition_and_its_next_file_waits(world: World, remy: Any) -> None:
    before = first(remy)
    again = newer(remy, before, MORE)
    drafts.say(remy, str(again.pk), [Said("Accord") if one.column == "Accord" else one for one in told(again)])
    drafts.try_out(remy, str(again.pk))
    worked()
    source = Source.objects.get(name=before.spec["source"])
    waits = {"kind": "import", "state": Run.State.HELD, "started_at": clock.now(), "by": "test"}
    held = Run.objects.create(source=source, source_name=source.name, **waits)
    with pytest.raises(UsageError, match="waits for a person"):
        drafts.go(remy, str(again.pk))
    SourceDraft.objects.filter(pk=again.pk).update(state="asked")
    with pytest.raises(UsageError, match="waits for a person"):
        draft_jobs.carry_out(str(again.pk), by=remy.by)
    again.refresh_from_db()
    assert (again.state, bool(again.trouble)) == ("open", True)
    assert Source.objects.get(pk=source.pk).spec == source.spec
    held.delete()


def test_a_run_that_fails_leaves_the_definition_that_was_there(
    world: World, remy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = first(remy)
    again = newer(remy, before, MORE)
    drafts.say(remy, str(again.pk), [Said("Accord") if one.column == "Accord" else one for one in told(again)])
    drafts.try_out(remy, str(again.pk))
    worked()
    drafts.go(remy, str(again.pk))
    source = Source.objects.get(name=before.spec["source"])

    def fails(*_: Any, **__: Any) -> Any:
        raise SourceError("The disk is full.")

    monkeypatch.setattr(sources, "run", fails)
    with pytest.raises(SourceError):
        draft_jobs.carry_out(str(again.pk), by=remy.by)
    kept = Source.objects.get(pk=source.pk)
    assert (kept.spec, kept.folder) == (source.spec, source.folder)


def test_the_same_file_after_its_import_is_one_until_it_is_undone(world: World, remy: Any) -> None:
    before = first(remy)
    again, same = drafts.bring(remy, "other name.csv", [TEXT.encode("cp1252")], brand="red")
    assert same
    assert (again.pk, again.state) == (before.pk, "done")
    assert before.run is not None
    sources.undo(str(before.run_id), by=remy.by)
    assert not drafts.bring(remy, "other name.csv", [TEXT.encode("cp1252")], brand="red")[1]


def test_what_changed_in_another_tab_is_not_imported_as_it_was_tried(world: World, remy: Any) -> None:
    draft = brought(remy)
    drafts.try_out(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    stale = drafts.open_one(remy, str(draft.pk))
    drafts.go(remy, str(draft.pk))
    with pytest.raises(Conflict):
        drafts.keep(stale, stale.spec | {"rank": 3})
    assert "rank" not in SourceDraft.objects.get(pk=draft.pk).spec


TICKETS: dict[str, Any] = {
    "source": "tickets", "kind": "csv", "place": "tickets.csv", "entity": "north", "brand": "red", "reads": "orders",
    "key": ["Nr"], "required": ["customer_ref", "ordered_at"], "never_kept": ["IBAN"],
    "map": {"source_id": "Nr", "customer_ref": {"column": "Client", "of": "crm"}, "ordered_at": "Date", "total": "TTC"},
    "rules": [{"check": "required", "column": "customer_ref"}, {"check": "reference", "column": "customer_ref",
              "of": "crm"}, {"check": "required", "column": "total"}],
}  # fmt: skip


@pytest.mark.parametrize("entity", ["north", "south"])
@pytest.mark.parametrize(("kind", "never"), [("csv", ("IBAN",)), ("ndjson", ())])
def test_what_is_taken_is_a_definition_in_another_entity_and_in_a_file_of_objects(
    entity: str, kind: str, never: tuple[str, ...]
) -> None:
    data = {name: value for name, value in TICKETS.items() if name in ("reads", "brand")}
    data |= {"source": "more", "kind": kind, "place": "more", "entity": entity, "format": {}, "key": [], "map": {}}
    made = likeness.taken(data, Source(name="tickets", entity="north", brand="red", spec=TICKETS))
    spec = SourceSpec.parse(made, what="more")
    assert spec.never_kept == never
    there = entity == "north"
    assert ("customer_ref" in spec.map, spec.required) == (there, ("customer_ref", "ordered_at")[not there :])
    theirs = ["required_customer_ref", "reference_customer_ref"] if there else []
    assert [rule.called for rule in spec.rules] == [*theirs, "required_total"]


def test_a_look_alike_proposes_the_columns_held_apart() -> None:
    tickets = {**TICKETS, "kept": {"Note": {"purpose": "profiling", "retention": "6 months"}}}
    data = {"reads": "orders", "brand": "red", "source": "more", "kind": "csv", "place": "more", "entity": "north"}
    made = likeness.taken({**data, "format": {}}, Source(name="tickets", entity="north", brand="red", spec=tickets))
    assert SourceSpec.parse(made, what="more").dump()["kept"] == tickets["kept"]
