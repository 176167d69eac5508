"""A source that changes its shape: its run waits, says what changed, is read anew once a person agreed, leaves no trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.world import COLUMNS, PEOPLE, World, person

from filrouge.base.errors import Conflict, NotFound, Refused, SourceError, UsageError
from filrouge.store.models import AuditEntry, Run, Source
from filrouge.work import access, holding, reshaping, runs, sources

NAMES = ("Ada", "Gus", "Zoé", "Marie", "Paul", "Jean", "Léa", "Louis", "Anne", "Luc", "Rose", "Hugo")
FAMILIES = ("Byron", "Eiffel", "Martin", "Curie", "Durand", "Petit", "Moreau", "Garcia", "Roux", "Blanc", "Noir", "Henry")
CITIES = ("Lyon", "Paris", "Nantes")


def rows(count: int = 40, **changes: Any) -> list[dict[str, str]]:
    """Return people of whom every column is filled."""
    return [
        person(
            str(n), NAMES[n % 12], FAMILIES[n * 7 % 12], born=f"{n % 27 + 1:02}/0{n % 9 + 1}/19{60 + n % 40}",
            mail=f"one{n}@example.com", phone=f"06 11 22 33 {n:02}", street=f"{n + 1} rue des Lilas", zip="69003",
            town=CITIES[n % 3], optin=("yes", "no")[n % 2], **changes,
        )
        for n in range(count)
    ]  # fmt: skip


def again(world: World, held: Sequence[dict[str, str]], columns: Sequence[str]) -> Run:
    """Let the system write its file anew, and read it."""
    world.write(PEOPLE["place"], columns, held)
    return sources.run("crm_people", by="test")


def renamed(held: Sequence[dict[str, str]], **names: str) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """Return rows whose columns bear other names, and all of their names."""
    told = [{names.get(name, name): value for name, value in row.items()} for row in held]
    return told, tuple(names.get(name, name) for name in COLUMNS)


def codes(run: Run) -> list[tuple[str, str]]:
    return [(one["code"], str(one["params"].get("column") or one["params"].get("columns"))) for one in run.findings]


def test_a_column_renamed_makes_the_run_wait_and_leaves_no_trace(world: World) -> None:
    good = world.people(*rows())
    before = world.state()
    made = again(world, *renamed(rows(42), mail="Courriel"))
    assert (made.state, made.read, made.verdict, made.figures) == ("held", 0, "doubtful", {"received": 42})
    assert codes(made) == [("shape_gone", "mail"), ("shape_added", "Courriel")]
    assert made.findings[0]["params"]["since"] == good.started_at.isoformat()
    assert world.state() == before
    assert runs.received(made).exists()


def accepted(asking: Any, made: Run, choice: Any = None) -> Run:
    found = reshaping.of(asking, str(made.pk))
    counts, done = reshaping.accept_now(asking, str(made.pk), choice or found.choice)
    assert done is not None
    assert {name: counts[name] for name in ("new", "changed", "unchanged", "rejected")} == {
        name: getattr(done, name) for name in ("new", "changed", "unchanged", "rejected")
    }, "what was tried is what is done"
    return done


def test_the_mapping_proposed_is_tried_accepted_and_the_run_is_as_if_nothing_had_been_renamed(world: World) -> None:
    world.people(*rows())
    made = again(world, *renamed(rows(42), mail="Courriel", family="Nom de famille", town="Commune"))
    found = reshaping.of(access.OWNER, str(made.pk))
    assert {one.column: one.way.to for one in found.proposed} == {
        "mail": ("Courriel",), "family": ("Nom de famille",), "town": ("Commune",),
    }  # fmt: skip
    assert all(one.sure > 0.7 and one.because for one in found.proposed)
    done = accepted(access.OWNER, made)
    assert (done.state, done.read, done.new, done.rejected, done.lost) == ("committed", 42, 2, 0, 0)
    assert world.rows("SELECT email, family_name, city FROM person_records WHERE email = 'one41@example.com'") == [
        {"email": "one41@example.com", "family_name": FAMILIES[41 * 7 % 12], "city": CITIES[41 % 3]}
    ]
    assert again(world, *renamed(rows(43), mail="Courriel", family="Nom de famille", town="Commune")).new == 1
    line = AuditEntry.objects.get(action="source.reshape")
    assert (line.by, line.details["columns"]["mail"]) == (access.OWNER.by, ["Courriel"])
    assert AuditEntry.objects.filter(action="import.let_in", subject=str(made.pk)).count() == 1
