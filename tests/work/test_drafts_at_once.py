"""A file that two workers, or two people, have in hand at once is imported once, by what was said of it, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.work.test_at_once import at_once
from tests.work.test_draft_failures import NEWER
from tests.work.test_drafts import TEXT, brought, worked
from tests.world import World

from filrouge.base import clock
from filrouge.base.errors import SourceError
from filrouge.domain.sources import SourceSpec
from filrouge.store.models import Job, Run, Source, SourceDraft
from filrouge.work import draft_files, draft_jobs, drafts, foreseeing, holding, jobs, profiling, sources, worker

STOPS = [{"check": "required", "column": "birth_date", "does": "stop"}]


@pytest.fixture
def remy(world: World) -> Any:
    return world.user("engineer", entities=("north",))


def tried(draft: SourceDraft) -> SourceDraft:
    """Return a draft as one whose dry run found rows to import."""
    counts = {"new": 1, "changed": 0}
    SourceDraft.objects.filter(pk=draft.pk).update(tried=counts, tried_of=draft_files.digest(draft))
    Job.objects.all().delete()
    return SourceDraft.objects.get(pk=draft.pk)


def done(asking: Any, draft: SourceDraft) -> SourceDraft:
    drafts.go(asking, str(draft.pk))
    first()
    draft.refresh_from_db()
    return draft


def newer(remy: Any, name: str, **kept: Any) -> SourceDraft:
    """Bring a newer file whose births stand under another name."""
    draft = brought(remy, NEWER, "b.csv", source=name)
    cell = {"column": "Naissance", "format": "%d/%m/%Y"}
    return tried(drafts.keep(draft, {**draft.spec, "map": {**draft.spec["map"], "birth_date": cell}, **kept}))


@pytest.fixture
def stood(world: World, remy: Any) -> Source:
    """A source as the file that it was brought with left it."""
    return Source.objects.get(name=done(remy, tried(brought(remy))).spec["source"])


def first(key: str = "") -> None:
    """Let a worker do the job that waits longest, or another, and nothing else."""
    job = jobs.claim("first") if not key else Job.objects.filter(key=key, state="waiting").first()
    assert job is not None
    assert not key or jobs.take(job, "first")
    jobs.work(job, worker.VERBS)


def second(key: str) -> None:
    """Let another worker take a job whose holder fell silent, and do it meanwhile."""
    Job.objects.filter(key=key, state="running").update(lease_until=clock.now() - timedelta(seconds=1))

    def works() -> None:
        job = Job.objects.filter(key=key, state__in=("waiting", "running")).first()
        if job is not None and jobs.take(job, "second"):
            jobs.work(job, worker.VERBS)

    at_once(works)


def first_of(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, before: Callable[[], Any]) -> None:
    """Have something happen once, before a function is called for the first time."""
    real, done = getattr(where, name), threading.Event()

    def called(*given: Any, **named: Any) -> Any:
        if not done.is_set():
            done.set()
            before()
        return real(*given, **named)

    monkeypatch.setattr(where, name, called)


def later() -> None:
    """Let what came back to the queue be due."""
    Job.objects.filter(state="waiting").update(run_at=clock.now())
    worked()


def test_an_import_whose_holder_fell_silent_is_done_once(
    world: World, remy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = tried(brought(remy))
    first_of(monkeypatch, sources, "prepare", lambda: second(f"bring {draft.pk}"))
    done(remy, draft)
    later()
    draft.refresh_from_db()
    assert [run.new for run in Run.objects.filter(kind="import")] == [15]
    assert (draft.state, draft.trouble, draft.run and draft.run.state) == ("done", {}, "committed")
    assert {job.state for job in Job.objects.filter(kind="draft_import")} == {"done"}
    assert not draft_files.folder(draft).exists()


def test_a_worker_that_fails_late_takes_nothing_from_the_one_that_followed(
    world: World, remy: Any, stood: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = newer(remy, stood.name)
    real, calls = sources.run, []

    def falls_first(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            second(f"bring {draft.pk}")
            raise SourceError("The file could not be read.")
        return real(*given, **named)

    monkeypatch.setattr(sources, "run", falls_first)
    done(remy, draft)
    later()
    draft.refresh_from_db()
    now = Source.objects.get(name=stood.name)
    whole = draft.run is not None and draft.run.state == "committed"
    assert draft.state == ("done" if whole else "open")
    assert now.spec == (SourceSpec.parse(draft.spec).dump() if whole else stood.spec)
    assert whole or draft_files.path_of(draft).is_file()


def test_two_newer_files_of_a_source_asked_for_at_once_are_read_each_by_its_own_definition(
    world: World, remy: Any, stood: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = newer(remy, stood.name, rules=STOPS)
    other = tried(brought(remy, TEXT.replace("Diop", "Sarr"), source=stood.name))
    drafts.go(remy, str(other.pk))
    Job.objects.update(run_at=clock.now() + timedelta(minutes=1))

    def meanwhile() -> None:
        Job.objects.filter(key=f"bring {other.pk}").update(run_at=clock.now())
        second(f"bring {other.pk}")

    first_of(monkeypatch, sources, "prepare", meanwhile)
    done(remy, one)
    assert one.run is not None
    assert one.run.state == "held"
    assert Source.objects.get(name=stood.name).spec == SourceSpec.parse(one.spec).dump(), "it is let in as it was read"
    later()
    other.refresh_from_db()
    assert (other.state, bool(other.trouble)) == ("open", True), "the one before is to be decided of first"
    holding.give_up(remy, str(one.run_id))
    assert Source.objects.get(name=stood.name).spec == stood.spec


def test_an_import_that_finds_its_source_busy_leaves_its_definition_alone(
    world: World, remy: Any, stood: Source
) -> None:
    draft = newer(remy, stood.name)
    busy = Run.objects.create(kind="import", source=stood, source_name=stood.name, by="test", started_at=clock.now())
    assert done(remy, draft).state == "asked"
    assert Source.objects.get(name=stood.name).spec == stood.spec
    busy.delete()
    later()
    draft.refresh_from_db()
    assert draft.state == "done"


def test_two_files_of_one_name_imported_at_once_are_two_sources(
    world: World, remy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = world.user("engineer", entities=("south",))
    mine = tried(brought(remy))
    text = TEXT.replace("Awa", "Ada").encode("cp1252")
    theirs = tried(drafts.bring(sam, mine.name, [text], brand="blue")[0])
    drafts.go(remy, str(mine.pk))
    drafts.go(sam, str(theirs.pk))
    first_of(monkeypatch, draft_jobs, "may_run", lambda: second(f"bring {theirs.pk}"))
    first(f"bring {mine.pk}")
    later()
    found = {one.entity: one.name for one in Source.objects.exclude(kind="filrouge")}
    assert set(found) == {"north", "south"}
    for draft in (mine, theirs):
        draft.refresh_from_db()
        assert draft.run is not None
        assert (draft.run.new, draft.run.source_name) == (15, found[draft.entity])


@pytest.mark.parametrize(("where", "name"), [(foreseeing, "foresee"), (sources, "prepare")])
def test_a_dry_run_that_ends_late_is_never_taken_for_that_of_what_was_said_since(
    world: World, remy: Any, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    draft = tried(brought(remy))
    drafts.try_out(remy, str(draft.pk))

    def changes() -> None:
        kept = drafts.open_one(remy, str(draft.pk))
        cells = {name: cell for name, cell in kept.spec["map"].items() if name != "birth_date"}
        drafts.keep(kept, {**kept.spec, "map": cells})
        drafts.try_out(remy, str(draft.pk))
        second(f"trial {draft.pk}")

    first_of(monkeypatch, where, name, changes)
    first(f"trial {draft.pk}")
    draft.refresh_from_db()
    told = (draft_files.tried(draft), draft.tried.get("warned"), draft_files.rejects(draft))
    assert told == (True, 0, []), "no date is read any more"


def test_a_profile_that_ends_late_is_not_that_of_a_file_read_otherwise_since(
    world: World, remy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = brought(remy)
    other = {"encoding": "cp1252", "delimiter": ",", "header_row": 3}

    def read() -> None:
        drafts.read_as(remy, str(draft.pk), other)
        second(f"profile {draft.pk}")

    first_of(monkeypatch, profiling, "profiled", read)
    first(f"profile {draft.pk}")
    made = draft_files.profile_of(draft, remy.perimeter)
    assert made is not None
    assert [one.name for one in made.columns] == ["N° fiche;Prénom;Nom;Courriel;Né le;Accord"]


def test_one_file_sent_twice_at_once_is_one(world: World, remy: Any) -> None:
    other, ready = world.user("engineer", entities=("north",), brands=("red",)), threading.Barrier(2, timeout=5)

    def sends(asking: Any) -> None:
        def pieces() -> Any:
            yield TEXT.encode("cp1252")
            ready.wait()

        drafts.bring(asking, "a.csv", pieces(), brand="red")

    at_once(lambda: sends(remy), lambda: sends(other))
    (draft,) = SourceDraft.objects.all()
    assert [path.name for path in draft_files.folder(draft).parent.iterdir()] == [str(draft.pk)]
