"""A file that is not imported after all leaves the source as it was; what is cut short can be done again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from tests.work.test_drafts import TEXT, brought, imported, worked
from tests.world import World

from filrouge.base import clock
from filrouge.base.errors import Conflict, FilrougeError, SourceError
from filrouge.store.models import Job, Source, SourceDraft
from filrouge.work import draft_files, drafts, holding, retention, sources

NEWER = TEXT.replace("Né le", "Naissance").replace("Diop", "Diop-Sarr")


@pytest.fixture
def remy(world: World) -> Any:
    return world.user("engineer", entities=("north",))


def newer(remy: Any, name: str, **kept: Any) -> SourceDraft:
    """Bring a newer file whose births stand under another name, and try it."""
    draft = brought(remy, NEWER, "b.csv", source=name)
    cell = {"column": "Naissance", "format": "%d/%m/%Y"}
    drafts.keep(draft, {**draft.spec, "map": {**draft.spec["map"], "birth_date": cell}, **kept})
    drafts.try_out(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    return draft


def falling(monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> None:
    """Let imports fall one after the other, each by its error."""
    left = [*errors]

    def falls(*_: Any, **__: Any) -> Any:
        raise left.pop(0)

    monkeypatch.setattr(sources, "run", falls)


def test_a_newer_file_that_fails_leaves_the_source_and_its_values_as_they_were(
    world: World, remy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(datetime(2025, 1, 5, tzinfo=UTC), tick=True):
        first = imported(remy)
    was = Source.objects.get(name=first.spec["source"])
    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=True):
        draft = newer(remy, was.name, kept={"Naissance": {"retention": "1 year"}})
        falling(monkeypatch, Conflict("The lake is busy."), SourceError("The file could not be read."))
        drafts.go(remy, str(draft.pk))
        worked()
        Job.objects.filter(state="waiting").update(run_at=clock.now())
        worked()
    now = Source.objects.get(name=was.name)
    assert (now.spec, now.folder, now.left_behind) == (was.spec, was.folder, was.left_behind)
    draft.refresh_from_db()
    assert draft.state == SourceDraft.State.OPEN
    retention.sweep(by="test", at=datetime(2026, 11, 20, tzinfo=UTC))
    assert len(world.rows("SELECT 1 FROM person_records WHERE birth_date IS NOT NULL")) == 14


def test_a_newer_file_that_is_given_up_leaves_the_source_as_it_was(world: World, remy: Any) -> None:
    first = imported(remy)
    was = Source.objects.get(name=first.spec["source"])
    draft = newer(remy, was.name, rules=[{"check": "required", "column": "birth_date", "does": "stop"}])
    drafts.go(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert draft.run is not None
    assert draft.run.state == "held"
    assert Source.objects.get(name=was.name).spec != was.spec
    holding.give_up(remy, str(draft.run_id))
    assert Source.objects.get(name=was.name).spec == was.spec
    draft.refresh_from_db()
    assert draft.state == SourceDraft.State.OPEN


def test_a_first_file_that_fails_and_is_dropped_leaves_no_source(
    world: World, remy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = brought(remy)
    drafts.try_out(remy, str(draft.pk))
    worked()
    falling(monkeypatch, OSError(28, "No space left on device"))
    drafts.go(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert draft.state == SourceDraft.State.OPEN, "whatever stopped it, it can be tried again"
    assert "OSError" in str(draft.trouble)
    drafts.drop(remy, str(draft.pk))
    assert not Source.objects.filter(name=draft.spec["source"]).exists()


def test_what_a_full_disk_cuts_short_is_written_again(world: World, remy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = brought(remy)
    stood = draft_files.seen(draft)
    with monkeypatch.context() as patch:

        def full(*_: Any, **__: Any) -> int:
            raise OSError(28, "No space left on device")

        patch.setattr("pathlib.Path.write_text", full)
        with pytest.raises((OSError, FilrougeError)):
            drafts.read_as(remy, str(draft.pk), {"encoding": "cp1252", "delimiter": ";", "header_row": 3})
    assert draft_files.seen(draft) == stood
    (draft_files.folder(draft) / draft_files.SEEN).write_text("")  # by a version that wrote in place
    again, known = drafts.bring(remy, "Salon.csv", [TEXT.encode("cp1252")], brand="red")
    assert (known, again.pk == draft.pk) == (False, False)


def test_a_file_dropped_while_it_is_tried_is_no_fault(world: World, remy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = brought(remy)
    worked()
    drafts.try_out(remy, str(draft.pk))
    real = sources.first_rejects

    def dropping(staged: Any) -> Any:
        drafts.drop(remy, str(draft.pk))
        return real(staged)

    monkeypatch.setattr(sources, "first_rejects", dropping)
    worked()
    assert {job.state for job in Job.objects.filter(kind="draft_trial")} == {"done"}
    assert not draft_files.folder(draft).exists()
