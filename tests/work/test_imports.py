"""A run: every row accounted for, whole or absent, undone exactly."""

from __future__ import annotations

import json

import pytest
from tests.unit.connect.places import Answer, Web
from tests.world import COLUMNS, PEOPLE, World, person

from filrouge.base.errors import Conflict, SourceError
from filrouge.store.lake import Lake
from filrouge.store.models import Run
from filrouge.work import runs, sources

ADA = person("1", "Ada", "Byron", mail="ada@example.com", optin="yes")
GUS = person("2", "Gus", "Eiffel", mail="gus@example.com", optin="no")


def counts(run: Run) -> dict[str, int]:
    return {
        name: getattr(run, name)
        for name in ("read", "new", "changed", "unchanged", "rejected", "lost")
        if getattr(run, name)
    }


def test_every_row_is_new_changed_unchanged_or_rejected(world: World) -> None:
    bad = person("", "No", "Number")
    first = world.people(ADA, GUS, GUS, bad)
    assert counts(first) == {"read": 4, "new": 2, "unchanged": 1, "rejected": 1}
    second = world.people({**ADA, "town": "Londres"}, GUS, person("3", "Zoé", "Martin"))
    assert counts(second) == {"read": 3, "new": 1, "changed": 1, "unchanged": 1}


def test_running_again_changes_nothing(world: World) -> None:
    world.people(ADA, GUS)
    before = world.state()
    again = sources.run("crm_people", by="test")
    assert counts(again) == {"read": 2, "unchanged": 2}
    assert world.state() == before


def test_a_key_with_two_versions_in_one_file_settles_on_the_last(world: World) -> None:
    older, newer = {**ADA, "town": "Paris"}, {**ADA, "town": "Londres"}
    assert counts(world.people(older, newer)) == {"read": 2, "new": 1, "changed": 1}
    assert counts(sources.run("crm_people", by="test")) == {"read": 2, "unchanged": 2}
    assert [row["city"] for row in world.rows("SELECT city FROM person_records")] == ["Londres"]


def test_a_dry_run_counts_and_writes_nothing(world: World) -> None:
    name = world.people(ADA, GUS, run=False)
    assert sources.dry_run(name) == {
        "read": 2, "new": 2, "changed": 0, "unchanged": 0, "rejected": 0, "matched": 0, "vanished": 0, "lost": 0,
    }  # fmt: skip
    assert world.rows("SELECT * FROM person_records") == []
    assert not Run.objects.exists()


def test_rows_that_left_the_source_are_counted_and_kept(world: World) -> None:
    world.people(ADA, GUS)
    run = world.people(ADA)
    assert run.vanished == 1
    assert len(world.rows("SELECT * FROM person_records")) == 2


def test_history_is_kept_and_can_be_asked_for(world: World) -> None:
    first = world.people({**ADA, "town": "Paris"})
    world.people({**ADA, "town": "Londres"})
    from filrouge.work import access
    from filrouge.work import sql as door

    first.refresh_from_db()
    then = door.run(access.OWNER, "SELECT city FROM person_records", as_of=first.finished_at).to_pylist()
    assert then == [{"city": "Paris"}]
    assert world.rows("SELECT city FROM person_records") == [{"city": "Londres"}]


def test_a_reject_says_row_column_and_reason(world: World) -> None:
    run = world.people(
        ADA, person("2", "Gus", "Eiffel", seen="32/13/2026"), person("3", "Zoé", "Martin", born="31/02/1980")
    )
    assert counts(run) == {"read": 3, "new": 2, "rejected": 1}
    told = world.rows('SELECT place, row, "column", code, warning FROM rejects ORDER BY row')
    assert told == [
        {"place": "crm.csv", "row": 3, "column": "updated_at", "code": "not_a_date", "warning": False},
        {"place": "crm.csv", "row": 4, "column": "birth_date", "code": "not_a_date", "warning": True},
    ]


def test_a_row_with_too_few_fields_is_rejected_alone(world: World) -> None:
    name = world.people(ADA, GUS, run=False)
    path = world.folder / "crm.csv"
    path.write_text(path.read_text() + "3;Zoé;Martin\n", encoding="utf-8")
    assert counts(sources.run(name, by="test")) == {"read": 3, "new": 2, "rejected": 1}
    assert world.rows("SELECT row, code FROM rejects") == [{"row": 4, "code": "too_few_fields"}]


def test_a_date_of_2999_is_not_believed(world: World) -> None:
    run = world.people({**ADA, "seen": "01/01/2999"})
    assert counts(run) == {"read": 1, "rejected": 1}
    assert world.rows("SELECT code FROM rejects") == [{"code": "date_out_of_range"}]


@pytest.mark.parametrize("break_it", ["gone", "column"])
def test_a_source_that_fails_leaves_nothing_and_says_what_to_do(world: World, break_it: str) -> None:
    name = world.people(ADA, run=False)
    path = world.folder / "crm.csv"
    if break_it == "gone":
        path.unlink()
    else:
        path.write_text(path.read_text().replace("mail", "courriel"), encoding="utf-8")
    with pytest.raises(SourceError, match=r"mail|No file"):
        sources.run(name, by="test")
    run = Run.objects.get()
    assert (run.state, bool(run.problem), bool(run.problem_hint)) == ("failed", True, True)
    assert world.rows("SELECT * FROM source_records") == []


def test_a_service_that_fails_half_way_leaves_the_run_absent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.asking.time.sleep", lambda _: None)

    def answer(_: str, query: dict[str, str], __: dict[str, str]) -> Answer:
        full = {"data": [{**ADA, "id": str(number)} for number in range(30)]}
        return (200, {}, json.dumps(full).encode()) if query["skip"] == "0" else (500, {}, b"")

    web = Web(answer)
    form = {"items": "data", "offset": "skip", "date": "%d/%m/%Y"}
    name = world.define(PEOPLE, kind="rest", place=f"{web.url}/people", allow_private=True, format=form)
    with pytest.raises(SourceError, match="500, 5 times"):
        sources.run(name, by="test")
    web.close()
    run = Run.objects.get()
    assert (run.state, "500" in run.problem, "Nothing was imported" in run.problem_hint) == ("failed", True, True)
    assert world.rows("SELECT * FROM source_records") == []


def test_a_crash_while_storing_is_taken_up_again_and_counted_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.people(ADA)
    world.write("crm.csv", COLUMNS, [{**ADA, "town": "Londres"}, GUS])
    real, calls = Lake.append, []

    def fails(self: Lake, name: str, *args: object, **kwargs: object) -> None:
        calls.append(name)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        real(self, name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Lake, "append", fails)
    with pytest.raises(RuntimeError):
        sources.run("crm_people", by="test")
    staged = Run.objects.get(state="staged")
    assert [row["city"] for row in world.rows("SELECT city FROM person_records")] == [None], "nothing of it shows yet"
    monkeypatch.setattr(Lake, "append", real)
    assert runs.recover() == 1
    staged.refresh_from_db()
    assert staged.state == "committed"
    assert sorted(row["city"] or "" for row in world.rows("SELECT city FROM person_records")) == ["", "Londres"]
    assert len(world.rows("SELECT * FROM source_records")) == 2
    assert counts(sources.run("crm_people", by="test")) == {"read": 2, "unchanged": 2}


def test_a_crash_in_the_middle_of_an_undo_is_taken_up_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.people({**ADA, "town": "Paris"}, GUS)
    before = world.state()
    run = world.people({**ADA, "town": "Londres"}, GUS, person("3", "Zoé", "Martin"))
    real, calls = Lake.undo, []

    def fails(self: Lake, name: str, **kwargs: str) -> None:
        calls.append(name)
        if name == "source_records":
            raise RuntimeError("power cut")
        real(self, name, **kwargs)

    monkeypatch.setattr(Lake, "undo", fails)
    with pytest.raises(RuntimeError):
        sources.undo(str(run.id), by="test")
    assert world.state() != before
    monkeypatch.setattr(Lake, "undo", real)
    assert runs.recover() == 1
    assert world.state() == before
    assert runs.recover() == 0


def test_undo_restores_what_was_before_to_the_last_value(world: World) -> None:
    world.people({**ADA, "town": "Paris"}, GUS)
    before = world.state()
    run = world.people({**ADA, "town": "Londres", "optin": "no"}, GUS, person("3", "Zoé", "Martin"))
    assert world.state() != before
    sources.undo(str(run.id), by="test")
    assert world.state() == before


def test_only_the_last_run_can_be_undone(world: World) -> None:
    first = world.people(ADA)
    world.people(ADA, GUS)
    with pytest.raises(Conflict, match="later"):
        sources.undo(str(first.id), by="test")


def test_two_runs_of_one_source_at_once_are_refused(world: World) -> None:
    name = world.people(ADA, run=False)
    from filrouge.store.models import Source

    with runs.running("import", by="test", source=Source.objects.get(name=name)), pytest.raises(Conflict):
        sources.run(name, by="test")
