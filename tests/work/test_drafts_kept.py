"""What a file that is being prepared, or waits for a person, may not do: limit what is in place, be lost, be left behind."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from tests.work.test_drafts import brought
from tests.work.test_drafts_at_once import STOPS, done, newer, tried
from tests.world import World

from filrouge.base import clock, settings
from filrouge.store.models import Source, SourceDraft
from filrouge.work import draft_files, draft_jobs, drafts, faulty, holding, retention, sources

AT = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = {"Naissance": {"retention": "1 year"}}
BORN = "SELECT 1 FROM person_records WHERE birth_date IS NOT NULL AND superseded_at IS NULL"


@pytest.fixture
def remy(world: World) -> Any:
    return world.user("engineer", entities=("north",))


@pytest.fixture
def stood(world: World, remy: Any) -> Source:
    """A source whose rows came long ago; nothing of it goes before its row."""
    with time_machine.travel(datetime(2025, 1, 5, tzinfo=UTC), tick=True):
        return Source.objects.get(name=done(remy, tried(brought(remy))).spec["source"])


def as_it_stands(name: str) -> tuple[Any, ...]:
    now = Source.objects.get(name=name)
    return now.spec, now.folder, now.left_behind


def test_what_waits_for_a_person_limits_nothing_until_it_is_let_in_and_nothing_once_undone(
    world: World, remy: Any, stood: Source
) -> None:
    before = as_it_stands(stood.name)
    with time_machine.travel(AT, tick=True):
        draft = done(remy, newer(remy, stood.name, rules=STOPS, kept=YEAR))
        assert draft.run is not None
        assert draft.run.state == "held"
        retention.sweep(by="test")
        assert len(world.rows(BORN)) == 14, "nobody decided of these limits yet"
        holding.let_in(remy, str(draft.run_id), because="births are rare")
    assert (draft_files.folder(draft).exists(), as_it_stands(stood.name)[0]["kept"]) == (False, YEAR)
    sources.undo(str(draft.run_id), by=remy.by)
    draft.refresh_from_db()
    assert draft.run is not None
    assert (draft.state, draft.run.state, as_it_stands(stood.name)) == ("done", "undone", before)
    assert len(world.rows(BORN)) == 14


def test_a_file_given_up_then_imported_then_undone_leaves_the_limits_of_before(
    world: World, remy: Any, stood: Source
) -> None:
    limited = {**stood.spec, "kept": {"Né le": {"retention": "3 years"}}}
    sources.define(limited, folder=draft_files.path_of(SourceDraft.objects.get()).parent, by="test")
    before = as_it_stands(stood.name)
    draft = done(remy, newer(remy, stood.name, rules=STOPS, kept={}))
    assert [one["column"] for one in as_it_stands(stood.name)[2]] == ["Né le"], "what it left behind still goes"
    holding.give_up(remy, str(draft.run_id))
    assert as_it_stands(stood.name) == before
    draft.refresh_from_db()
    draft = done(remy, tried(drafts.keep(draft, {**draft.spec, "rules": []})))
    assert draft.run is not None
    assert (draft.run.state, [one["column"] for one in as_it_stands(stood.name)[2]]) == ("committed", ["Né le"])
    sources.undo(str(draft.run_id), by=remy.by)
    assert as_it_stands(stood.name) == before


def test_what_is_being_imported_or_waits_is_not_swept_however_old(world: World, remy: Any, stood: Source) -> None:
    before = as_it_stands(stood.name)
    draft_jobs.sweep()
    draft = done(remy, newer(remy, stood.name, rules=STOPS))
    for state in ("asked", "done"):
        old = clock.now() - draft_jobs.KEPT - timedelta(days=1)
        SourceDraft.objects.filter(pk=draft.pk).update(state=state, edited_at=old)
        assert draft_jobs.sweep() == 0
    holding.give_up(remy, str(draft.run_id))
    assert draft_files.path_of(draft).is_file(), "it is corrected and tried anew"
    assert as_it_stands(stood.name) == before


def test_what_nobody_has_a_draft_of_goes_from_the_disk(world: World, remy: Any) -> None:
    draft, root = brought(remy), settings.get().home / "brought"
    for name, days in (("cut-short", 2), ("coming", 0)):
        (root / name).mkdir()
        (root / name / "a.csv").write_text("Awa;Diop\n")
        at = (clock.now() - timedelta(days=days)).timestamp()
        os.utime(root / name, (at, at))
    draft_jobs.sweep()
    assert {path.name for path in root.iterdir()} == {str(draft.pk), "coming"}


def test_a_disk_that_fills_up_leaves_no_part_of_faulty_rows_behind(
    world: World, remy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, real = brought(remy), faulty.pq.write_table

    def full(rows: Any, where: Any, **given: Any) -> None:
        real(rows, where, **given)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(faulty.pq, "write_table", full)
    with pytest.raises(OSError, match="No space"):
        draft_jobs.trial(str(draft.pk))
    draft.refresh_from_db()
    assert not draft.tried
    assert not [path for path in draft_files.folder(draft).iterdir() if path.suffix == ".part"]
    assert list((settings.get().home / "staging").iterdir()) == []
