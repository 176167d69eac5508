"""A source that changes its shape: its run waits, says what changed, is read anew once a person agreed, leaves no trace."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import hypothesis
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from tests.world import COLUMNS, PEOPLE, World, person

from filrouge.base.errors import Conflict, NotFound, Refused, SourceError, UsageError
from filrouge.domain.sources.reshaping import Choice, Way
from filrouge.store.models import AuditEntry, Run, Source
from filrouge.store.queries import sources as found
from filrouge.work import access, erasures, holding, jobs, reshaping, runs, sources, worker

pytestmark = pytest.mark.lake

NAMES = ("Ada", "Gus", "Zoé", "Marie", "Paul", "Jean", "Léa", "Louis", "Anne", "Luc", "Rose", "Hugo")
FAMILIES = (
    "Byron",
    "Eiffel",
    "Martin",
    "Curie",
    "Durand",
    "Petit",
    "Moreau",
    "Garcia",
    "Roux",
    "Blanc",
    "Noir",
    "Henry",
)
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
    seen = reshaping.of(asking, str(made.pk))
    counts, done = reshaping.accept_now(asking, str(made.pk), choice or seen.choice)
    assert done is not None
    assert {name: counts[name] for name in ("new", "changed", "unchanged", "rejected")} == {
        name: getattr(done, name) for name in ("new", "changed", "unchanged", "rejected")
    }, "what was tried is what is done"
    return done


def test_the_mapping_proposed_is_tried_accepted_and_the_run_is_as_if_nothing_had_been_renamed(world: World) -> None:
    world.people(*rows())
    made = again(world, *renamed(rows(42), mail="Courriel", family="Nom de famille", town="Commune"))
    seen = reshaping.of(access.OWNER, str(made.pk))
    assert {one.column: one.way.to for one in seen.proposed} == {
        "mail": ("Courriel",), "family": ("Nom de famille",), "town": ("Commune",),
    }  # fmt: skip
    assert all(one.sure > 0.7 and one.because for one in seen.proposed)
    done = accepted(access.OWNER, made)
    assert (done.state, done.read, done.new, done.rejected, done.lost) == ("committed", 42, 2, 0, 0)
    assert world.rows("SELECT email, family_name, city FROM person_records WHERE email = 'one41@example.com'") == [
        {"email": "one41@example.com", "family_name": FAMILIES[41 * 7 % 12], "city": CITIES[41 % 3]}
    ]
    assert again(world, *renamed(rows(43), mail="Courriel", family="Nom de famille", town="Commune")).new == 1
    line = AuditEntry.objects.get(action="source.reshape")
    assert line.by == access.OWNER.by
    assert "family → Nom de famille" in line.details["columns"]
    assert AuditEntry.objects.filter(action="import.let_in", subject=str(made.pk)).count() == 1


def test_a_column_that_is_gone_is_told_and_read_no_more_only_when_a_person_says_so(world: World) -> None:
    world.people(*rows())
    columns = tuple(name for name in COLUMNS if name != "phone")
    made = again(world, [{k: v for k, v in row.items() if k != "phone"} for row in rows()], columns)
    assert codes(made) == [("shape_gone", "phone")]
    seen = reshaping.of(access.OWNER, str(made.pk))
    assert (seen.undecided, seen.choice.columns) == (("phone",), {})
    with pytest.raises(UsageError, match="phone"):
        reshaping.choose(access.OWNER, str(made.pk), seen.choice)
    with pytest.raises(Conflict, match="phone"):
        holding.ask(access.OWNER, str(made.pk), because="never mind")
    done = accepted(access.OWNER, made, Choice({"phone": Way()}))
    assert (done.state, done.changed) == ("committed", 40)
    assert "phone" not in Source.objects.get(name="crm_people").spec["map"]


def test_what_names_the_rows_is_not_given_up(world: World) -> None:
    world.people(*rows())
    made = again(world, *renamed(rows(), id="zz"))
    with pytest.raises(UsageError, match="without its column id"):
        reshaping.choose(access.OWNER, str(made.pk), Choice({"id": Way()}))
    done = accepted(access.OWNER, made, Choice({"id": Way(("zz",))}))
    assert (done.new, done.changed) == (0, 40)


def test_a_whole_name_that_was_split_is_read_from_both_halves(world: World) -> None:
    mapping = {name: cell for name, cell in PEOPLE["map"].items() if name not in ("given_name", "family_name")}
    spec = {**PEOPLE, "map": {**mapping, "full_name": "Nom complet"}}
    columns = ("id", "Nom complet", *COLUMNS[3:])
    world.write("crm.csv", columns, [
        {**{k: v for k, v in row.items() if k not in ("given", "family")}, "Nom complet": f"{row['given']} {row['family']}"}
        for row in rows()
    ])  # fmt: skip
    world.define(spec)
    sources.run("crm_people", by="test")
    made = again(world, *renamed(rows(), given="Prénom", family="Nom"))
    assert codes(made) == [("shape_gone", "Nom complet"), ("shape_added", "Prénom, Nom")]
    seen = reshaping.of(access.OWNER, str(made.pk))
    assert seen.choice.columns == {"Nom complet": Way(("Prénom", "Nom"), ("given_name", "family_name"))}
    done = accepted(access.OWNER, made)
    assert (done.changed, done.rejected) == (40, 0)
    assert world.rows("SELECT given_name, family_name, full_name FROM person_records WHERE source_id = '3'") == [
        {"given_name": "Marie", "family_name": FAMILIES[21 % 12], "full_name": None}
    ]


def test_two_halves_that_were_joined_are_read_as_a_whole_name(world: World) -> None:
    world.people(*rows())
    columns = ("id", "Nom complet", *COLUMNS[3:])
    made = again(world, [
        {**{k: v for k, v in row.items() if k not in ("given", "family")}, "Nom complet": f"{row['given']} {row['family']}"}
        for row in rows()
    ], columns)  # fmt: skip
    seen = reshaping.of(access.OWNER, str(made.pk))
    assert seen.choice.columns == {"given": Way(("Nom complet",), ("full_name",)), "family": Way()}
    accepted(access.OWNER, made)
    assert world.rows("SELECT full_name FROM person_records WHERE source_id = '0'") == [{"full_name": "Ada Byron"}]


def test_dates_written_otherwise_wait_and_are_read_by_the_way_that_their_values_tell(world: World) -> None:
    world.people(*rows())
    before = world.state()
    held = [{**row, "born": "-".join(reversed(row["born"].split("/")))} for row in rows()]
    for row in held:
        row["born"] = row["born"].replace("-", ".")
    made = again(world, held, COLUMNS)
    assert codes(made) == [("shape_date", "born")], made.findings
    assert world.state() == before


def test_day_and_month_that_changed_places_are_seen_and_put_right(world: World) -> None:
    world.people(*rows())
    held = [{**row, "born": "/".join((row["born"][3:5], row["born"][:2], row["born"][6:]))} for row in rows()]
    made = again(world, held, COLUMNS)
    assert codes(made) == [("shape_date", "born")]
    seen = reshaping.of(access.OWNER, str(made.pk))
    assert seen.choice.dates == {"born": "%m/%d/%Y"}
    done = accepted(access.OWNER, made)
    assert (done.state, done.warned) == ("committed", 0)
    born = world.rows("SELECT birth_date FROM person_records WHERE source_id = '20'")[0]["birth_date"]
    assert f"{born:%d/%m/%Y}" == rows()[20]["born"]


def test_iso_dates_are_read_whatever_was_said_so_nothing_waits(world: World) -> None:
    world.people(*rows())
    held = [{**row, "born": "-".join(reversed(row["born"].split("/")))} for row in rows()]
    assert again(world, held, COLUMNS).state == "committed"


def test_a_new_value_of_a_consent_waits_and_means_what_a_person_says(world: World) -> None:
    world.people(*rows())
    held = [{**row, "optin": {"yes": "YES", "no": "maybe"}[row["optin"]]} for row in rows()]
    made = again(world, held, COLUMNS)
    assert codes(made) == [("shape_values", "optin")]
    assert "maybe" not in str(made.shape) + str(made.findings), "no value is kept in clear"
    seen = reshaping.of(access.OWNER, str(made.pk))
    assert {one.value: (one.rows, one.like) for one in seen.fresh["optin"]} == {
        "YES": (20, "granted"),
        "maybe": (20, ""),
    }
    assert seen.choice.values == {"optin": {"YES": "granted"}}, "what it means is guessed of no consent"
    done = accepted(access.OWNER, made, Choice(values={"optin": {"YES": "granted", "maybe": "denied"}}))
    assert done.state == "committed"
    assert {row["state"]: row["n"] for row in world.rows("SELECT state, count(*) n FROM consents GROUP BY 1")} == {
        "granted": 20, "denied": 20,
    }  # fmt: skip


def test_a_new_value_of_what_is_chosen_from_a_set_waits_and_a_usual_word_of_it_is_proposed(world: World) -> None:
    chosen = {name: cell for name, cell in PEOPLE["map"].items() if name != "loyalty_id"}
    chosen["sex"] = {"column": "card", "values": {"H": "m"}}
    world.people(*rows(card="H"), map=chosen)
    held = [{**row, "card": ("H", "Féminin", "?", "Zz")[n % 4]} for n, row in enumerate(rows())]
    made = again(world, held, COLUMNS)
    assert (made.state, codes(made)) == ("held", [("shape_values", "card")])
    seen = reshaping.of(access.OWNER, str(made.pk))
    assert {one.value: (one.rows, one.like) for one in seen.fresh["card"]} == {
        "Féminin": (10, "f"), "?": (10, ""), "Zz": (10, ""),
    }  # fmt: skip
    assert (seen.meanings("card"), seen.kind("card")) == (("m", "f"), "sex")
    assert seen.choice.values == {"card": {"Féminin": "f"}}
    assert accepted(access.OWNER, made, seen.choice).state == "committed"
    assert Source.objects.get(name="crm_people").spec["map"]["sex"]["values"] == {"H": "m", "Féminin": "f"}
    told = world.rows("SELECT sex, count(*) n FROM person_records WHERE superseded_at IS NULL GROUP BY 1")
    assert {row["sex"]: row["n"] for row in told} == {"m": 10, "f": 10, None: 20}


def test_a_new_brand_waits_and_its_rows_are_of_the_entity_of_the_brand_that_is_chosen(world: World) -> None:
    mapped = {name: cell for name, cell in PEOPLE["map"].items() if name != "loyalty_id"}
    whose = {"entity": {"column": "card", "values": {"R": "north", "B": "south"}},
             "brand": {"column": "card", "values": {"R": "red", "B": "blue"}}}  # fmt: skip
    held = [{**row, "card": ("R", "B")[n % 2]} for n, row in enumerate(rows())]
    world.people(*held, map=mapped, **whose)
    made = again(world, [{**row, "card": ("R", "Green", "B", "G?")[n % 4]} for n, row in enumerate(held)], COLUMNS)
    assert (made.state, codes(made)) == ("held", [("shape_values", "card")])
    seen = reshaping.of(access.OWNER, str(made.pk))
    assert ({*seen.meanings("card")}, seen.kind("card")) == ({"red", "blue"}, "brand"), "of the entities that it told"
    both = world.user("engineer", entities=("north", "south"))
    with pytest.raises(UsageError, match="green"):
        reshaping.choose(both, str(made.pk), Choice(values={"card": {"Green": "green"}}))
    choice = Choice(values={"card": {"Green": "green", "G?": "blue"}})
    assert accepted(access.OWNER, made, choice).state == "committed"
    told = world.rows("SELECT entity, brand, count(*) n FROM person_records WHERE superseded_at IS NULL GROUP BY 1, 2")
    assert {(row["entity"], row["brand"]): row["n"] for row in told} == {
        ("north", "red"): 10, ("west", "green"): 10, ("south", "blue"): 20,
    }  # fmt: skip


def test_let_in_as_it_is_new_values_say_nothing(world: World) -> None:
    world.people(*rows())
    made = again(world, [{**row, "optin": "maybe"} for row in rows()], COLUMNS)
    done = holding.let_in(access.OWNER, str(made.pk), because="nobody answered yet")
    assert (done.state, done.read, done.lost) == ("committed", 40, 0)
    assert again(world, [{**row, "optin": "maybe"} for row in rows(41)], COLUMNS).state == "committed"


@pytest.mark.parametrize("count", [1, 2])
def test_a_value_that_hardly_any_row_holds_makes_no_run_wait(count: int, world: World) -> None:
    world.people(*rows())
    held = [{**row, "optin": "typo"} if n < count else row for n, row in enumerate(rows())]
    assert again(world, held, COLUMNS).state == "committed"


def test_nothing_waits_when_columns_are_in_another_order_or_the_file_grew(world: World) -> None:
    world.people(*rows())
    made = again(world, rows(), tuple(reversed(COLUMNS)))
    assert (made.state, made.verdict, made.findings) == ("committed", "right", [])
    made = again(world, rows(45), COLUMNS)
    assert (made.state, made.new, made.findings) == ("committed", 5, [])


def test_a_column_that_came_or_one_that_nothing_reads_is_only_told(world: World) -> None:
    world.write("crm.csv", (*COLUMNS, "note"), [{**row, "note": "x"} for row in rows()])
    world.define(PEOPLE)
    sources.run("crm_people", by="test")
    made = again(world, [{**row, "stars": "5"} for row in rows()], (*COLUMNS, "stars"))
    assert (made.state, made.verdict) == ("committed", "right")
    assert codes(made) == [("shape_added", "stars"), ("shape_left", "note")]


def test_a_file_that_shares_no_column_fails_as_before(world: World) -> None:
    world.people(*rows())
    with pytest.raises(SourceError, match="None of the columns"):
        again(world, [{"Ada": "Gus", "Byron": "Eiffel"}], ("Ada", "Byron"))
    assert Run.objects.filter(state="held").count() == 0


def test_the_first_run_of_a_source_has_nothing_to_be_compared_with(world: World) -> None:
    world.write("crm.csv", COLUMNS[:-1], [{k: v for k, v in row.items() if k != "optin"} for row in rows()])
    world.define(PEOPLE)
    with pytest.raises(SourceError, match="optin"):
        sources.run("crm_people", by="test")


def test_given_up_nothing_of_it_is_kept_and_the_source_is_as_it_was(world: World) -> None:
    world.people(*rows())
    before = world.state()
    made = again(world, *renamed(rows(), mail="Courriel"))
    holding.give_up(access.OWNER, str(made.pk))
    made.refresh_from_db()
    assert (made.state, runs.staging(made).exists(), world.state() == before) == ("given_up", False, True)
    assert again(world, rows(), COLUMNS).unchanged == 40


def test_what_was_tried_and_then_changed_is_not_accepted(world: World) -> None:
    world.people(*rows())
    made = again(world, *renamed(rows(), mail="Courriel", town="Commune"))
    seen = reshaping.of(access.OWNER, str(made.pk))
    with pytest.raises(Conflict, match="not tried"):
        reshaping.accept(access.OWNER, str(made.pk))
    reshaping.choose(access.OWNER, str(made.pk), seen.choice)
    worked()
    assert reshaping.of(access.OWNER, str(made.pk)).tried["rejected"] == 0
    swapped = Choice({"mail": Way(("Commune",)), "town": Way(("Courriel",))})
    reshaping.choose(access.OWNER, str(made.pk), swapped)
    with pytest.raises(Conflict, match="not tried"):
        reshaping.accept(access.OWNER, str(made.pk))
    worked()
    reshaping.choose(access.OWNER, str(made.pk), seen.choice)
    worked()
    reshaping.accept(access.OWNER, str(made.pk))
    worked()
    made.refresh_from_db()
    assert (made.state, made.decided_by) == ("committed", access.OWNER.by)


def test_an_engineer_of_the_brand_decides_a_colleague_and_a_stranger_do_not(world: World) -> None:
    world.people(*rows())
    made = again(world, *renamed(rows(), mail="Courriel"))
    key = str(made.pk)
    with pytest.raises(Refused):
        reshaping.of(world.user("analyst", entities=("north",)), key)
    with pytest.raises(NotFound):
        reshaping.of(world.user("engineer", entities=("south",)), key)
    remy = world.user("engineer", entities=("north",))
    assert accepted(remy, made).decided_by == remy.by
    assert AuditEntry.objects.get(action="source.reshape").by == remy.by


def test_what_earlier_runs_rejected_is_still_told_by_the_columns_of_their_time(world: World) -> None:
    bad = [*rows(), {**person("90", "Ada", "Byron"), "born": "31/02/1990"}]
    first = world.people(*bad)
    made = again(world, *renamed(bad, born="Naissance"))
    done = accepted(access.OWNER, made)
    old, new = found.rejects(first, access.OWNER), found.rejects(done, access.OWNER)
    assert [(row.source_column, row.value) for row in old] == [("born", "31/02/1990")]
    assert [(row.source_column, row.value) for row in new] == [("Naissance", "31/02/1990")]
    assert (first.shape["by"]["map"]["birth_date"], "born" in [one["name"] for one in first.shape["columns"]]) == (
        {"column": "born"}, True,
    )  # fmt: skip


def test_a_shape_holds_no_value_in_clear(world: World) -> None:
    made = world.people(*rows())
    told = str(made.shape)
    for value in ("Byron", "Lyon", "example.com", "69003", "Lilas"):
        assert value not in told, value


@given(
    lost=st.sets(st.sampled_from(COLUMNS), min_size=1, max_size=4), order=st.randoms(use_true_random=False),
    born=st.sampled_from(("keep", "otherwise")),
)  # fmt: skip
@hypothesis.settings(max_examples=12, suppress_health_check=list(hypothesis.HealthCheck))
def test_whatever_changed_a_run_that_waits_leaves_no_trace(world: World, lost: set[str], order: Any, born: str) -> None:
    if not Source.objects.filter(name="crm_people").exists():
        world.people(*rows(20))
    before, kept = world.state(), set(AuditEntry.objects.values_list("action", flat=True))
    names = {name: f"{name} {order.randrange(9)}" for name in lost}
    held, columns = renamed(rows(20), **names)
    if born == "otherwise":
        held = [{k: v.replace("/", ".") if k.startswith("born") else v for k, v in row.items()} for row in held]
    columns = tuple(order.sample(columns, len(columns)))
    made = again(world, held, columns)
    assert made.state == "held"
    assert world.state() == before
    assert world.rows("SELECT count(*) n FROM rejects")[0]["n"] == 0
    holding.give_up(access.OWNER, str(made.pk))
    assert not runs.staging(made).exists()
    assert world.state() == before
    assert set(AuditEntry.objects.values_list("action", flat=True)) - kept <= {"import.hold", "import.give_up"}


def worked() -> None:
    """Let the worker do what waits, as both of its threads would."""
    while job := jobs.claim("test"):
        jobs.work(job, worker.VERBS)


def as_objects(world: World, held: Sequence[dict[str, Any]]) -> None:
    text = "\n".join(json.dumps(row) for row in held)
    (world.folder / "crm.ndjson").write_text(text + "\n", encoding="utf-8")


def test_objects_whose_fields_bear_other_names_wait_and_are_read_again_from_what_was_received(world: World) -> None:
    as_objects(world, [{**row, "contact": {"mail": row["mail"]}} for row in rows()])
    mapping = {**PEOPLE["map"], "email": "contact.mail"}
    world.define({**PEOPLE, "kind": "ndjson", "place": "crm.ndjson", "map": mapping})
    assert sources.run("crm_people", by="test").new == 40
    before = world.state()
    as_objects(world, [{**row, "contact": {"courriel": row["mail"]}} for row in rows(41)])
    made = sources.run("crm_people", by="test")
    assert (made.state, world.state() == before) == ("held", True)
    assert codes(made) == [("shape_empty", "contact.mail"), ("shape_added", "contact.courriel")]
    seen = reshaping.of(access.OWNER, str(made.pk))
    assert seen.choice.columns == {"contact.mail": Way(("contact.courriel",))}
    done = accepted(access.OWNER, made)
    assert (done.state, done.new, done.lost) == ("committed", 1, 0)
    assert world.rows("SELECT count(*) n FROM person_records WHERE email LIKE 'one%'") == [{"n": 41}]
    as_objects(
        world,
        [{**row, "contact": {"courriel": row["mail"]}, "rare": None if n else "x"} for n, row in enumerate(rows(41))],
    )
    assert (again_read := sources.run("crm_people", by="test")).state == "committed"
    assert again_read.findings == []


def test_objects_whose_key_bears_another_name_wait_and_stay_the_same_rows(world: World) -> None:
    as_objects(world, rows())
    world.define({**PEOPLE, "kind": "ndjson", "place": "crm.ndjson"})
    assert sources.run("crm_people", by="test").new == 40
    as_objects(world, [{("uid" if name == "id" else name): value for name, value in row.items()} for row in rows(41)])
    made = sources.run("crm_people", by="test")
    assert (made.state, codes(made)) == ("held", [("shape_gone", "id"), ("shape_added", "uid")])
    assert reshaping.of(access.OWNER, str(made.pk)).choice.columns == {"id": Way(("uid",))}
    done = accepted(access.OWNER, made)
    assert (done.state, done.new, done.changed, done.rejected) == ("committed", 1, 40, 0)


def test_a_column_that_is_empty_by_now_waits_and_may_be_let_in_as_it_is(world: World) -> None:
    world.people(*rows())
    made = again(world, [{**row, "phone": ""} for row in rows()], COLUMNS)
    assert codes(made) == [("shape_empty", "phone")]
    assert holding.let_in(access.OWNER, str(made.pk), because="they keep no telephones").state == "committed"
    assert again(world, [{**row, "phone": ""} for row in rows(41)], COLUMNS).state == "committed"


def test_what_an_erasure_cannot_look_through_since_columns_are_lacking_is_given_up(world: World) -> None:
    world.people(*rows())
    made = again(world, *renamed(rows(), id="zz"))
    holding.forget_erased()
    made.refresh_from_db()
    assert (made.state, runs.staging(made).exists()) == ("given_up", False)


def test_whoever_is_erased_while_it_waits_stays_out_once_it_is_read_anew(world: World) -> None:
    world.people(*rows())
    world.resolve()
    held = [{**row, "born": "/".join((row["born"][3:5], row["born"][:2], row["born"][6:]))} for row in rows()]
    made = again(world, held, COLUMNS)
    asked = erasures.request(access.OWNER, world.find("one7@example.com")[0].id, reason="asked by letter")
    erasures.carry_out(str(asked.id))
    assert "one7@example.com" not in pq.read_table(runs.received(made) / "raw-0.parquet")["mail"].to_pylist()
    assert accepted(access.OWNER, made).read == 39
    assert world.find("one7@example.com") == []


def test_what_a_restored_backup_left_behind_is_not_read_as_nothing(world: World) -> None:
    world.people(*rows())
    made = again(world, *renamed(rows(), mail="Courriel"))
    shutil.rmtree(runs.staging(made))
    with pytest.raises(Conflict, match="not here any more"):
        reshaping.of(access.OWNER, str(made.pk))
    assert "Courriel" not in str(Source.objects.get(name="crm_people").spec)


def test_a_table_read_by_its_cursor_waits_and_goes_on_from_where_it_was(world: World) -> None:
    path = world.folder / "crm.db"
    with closing(sqlite3.connect(path)) as con, con:
        con.execute("CREATE TABLE people (id TEXT, given TEXT, family TEXT, mail TEXT, seen TEXT)")
        con.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", [
            (row["id"], row["given"], row["family"], row["mail"], f"2026-07-05 10:{n:02}:00") for n, row in enumerate(rows(30))
        ])  # fmt: skip
    mapping = {"source_id": "id", "given_name": "given", "family_name": "family", "email": "mail", "updated_at": "seen"}
    world.define({
        **PEOPLE, "kind": "sql", "place": "sqlite:///crm.db", "map": mapping, "cursor": "seen",
        "format": {"table": "people", "zone": "Europe/Paris"},
    })  # fmt: skip
    assert sources.run("crm_people", by="test").new == 30
    with closing(sqlite3.connect(path)) as con, con:
        con.execute("ALTER TABLE people RENAME COLUMN mail TO e_mail")
        con.execute("INSERT INTO people VALUES ('90', 'Ada', 'Byron', 'new@example.com', '2026-07-06 10:00:00')")
    made = sources.run("crm_people", by="test")
    assert (made.state, made.figures) == ("held", {"received": 2, "in_part": True})
    done = accepted(access.OWNER, made)
    assert (done.state, done.new, done.findings) == ("committed", 1, [])
    assert Source.objects.get(name="crm_people").cursor == done.next_cursor != ""


def test_a_sheet_whose_column_bears_another_name_waits_and_is_read_anew(world: World) -> None:
    def write(name: str) -> None:
        with xlsxwriter.Workbook(str(world.folder / "crm.xlsx")) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["id", "given", "family", name])
            for at, row in enumerate(rows(30), start=1):
                sheet.write_row(at, 0, [row["id"], row["given"], row["family"], row["mail"]])

    write("mail")
    mapping = {"source_id": "id", "given_name": "given", "family_name": "family", "email": "mail"}
    world.define({**PEOPLE, "kind": "excel", "place": "crm.xlsx", "map": mapping, "format": {}})
    assert sources.run("crm_people", by="test").new == 30
    write("Courriel")
    made = sources.run("crm_people", by="test")
    assert codes(made) == [("shape_gone", "mail"), ("shape_added", "Courriel")]
    assert accepted(access.OWNER, made).changed == 30


WITH_IBAN = (*COLUMNS, "IBAN")
IBANS = [f"FR76 3000 6000 0112 3456 78{n:02} 189" for n in range(40)]


def banked(name: str = "IBAN") -> list[dict[str, str]]:
    return [{**row, name: iban} for row, iban in zip(rows(), IBANS, strict=True)]


def account(n: int) -> str:
    """Return an account number whose check digits are right."""
    body = f"300060000112345678{n:05}"
    return f"FR{98 - int(body + '152700') % 97:02}{body}"


def held_texts(made: Run) -> str:
    """Return whatever the files of a run that waits hold."""
    files = sorted(runs.received(made).glob("raw-*.parquet"))
    return " ".join(str(pq.read_table(path).to_pylist()) for path in files)


@pytest.mark.parametrize("name", ["IBAN client", "coordonnees", "x17"])
def test_a_column_never_kept_that_bears_another_name_makes_the_run_wait_and_is_not_kept_meanwhile(
    name: str, world: World
) -> None:
    world.define(PEOPLE | {"never_kept": ["IBAN"]})
    assert again(world, banked(), WITH_IBAN).state == "committed"
    before = world.state()
    made = again(world, banked(name), (*COLUMNS, name))
    assert (made.state, codes(made)) == ("held", [("shape_unkept", "IBAN"), ("shape_added", name)])
    assert "FR76" not in held_texts(made)
    assert world.state() == before
    with pytest.raises(Conflict, match="never kept"):
        holding.let_in(access.OWNER, str(made.pk), because="as usual")
    found = reshaping.of(access.OWNER, str(made.pk))
    assert found.choice.columns == {"IBAN": Way((name,))}
    _counts, done = reshaping.accept_now(access.OWNER, str(made.pk), found.choice)
    assert done is not None
    assert (done.state, done.changed, done.unchanged) == ("committed", 0, 40)
    assert Source.objects.get(name="crm_people").spec["never_kept"] == ["IBAN", name]
    assert again(world, banked("another name"), (*COLUMNS, "another name")).state == "held", "it is still watched"


def test_a_column_never_kept_is_found_beside_one_that_is_read_and_bears_another_name_too(world: World) -> None:
    world.define(PEOPLE | {"never_kept": ["IBAN"]})
    again(world, banked(), WITH_IBAN)
    told, columns = renamed(banked("Compte"), mail="Courriel")
    made = again(world, told, (*columns, "Compte"))
    found = reshaping.of(access.OWNER, str(made.pk))
    assert found.choice.columns == {"mail": Way(("Courriel",)), "IBAN": Way(("Compte",))}
    assert "FR76" not in held_texts(made)
    assert "one1@example.com" in held_texts(made), "what is to be read is held until somebody decides"


def test_what_is_new_beside_a_column_never_kept_that_is_gone_may_be_kept_once_a_person_says_so(world: World) -> None:
    world.define(PEOPLE | {"never_kept": ["IBAN"]})
    again(world, banked(), WITH_IBAN)
    told = [{**row, "ville": "Lyon"} for row in rows()]
    made = again(world, told, (*COLUMNS, "ville"))
    assert made.state == "held"
    _counts, done = reshaping.accept_now(access.OWNER, str(made.pk), Choice({"IBAN": Way()}))
    assert done is not None
    assert again(world, told, (*COLUMNS, "ville")).state == "committed"
    assert again(world, banked(), WITH_IBAN).state == "committed"
    assert "FR76" not in str(world.state()), "under its old name it is never kept still"


def test_a_column_never_kept_that_goes_while_none_comes_makes_no_run_wait(world: World) -> None:
    world.define(PEOPLE | {"never_kept": ["IBAN"]})
    again(world, banked(), WITH_IBAN)
    assert again(world, rows(), COLUMNS).state == "committed"


def test_a_column_never_kept_that_comes_back_two_runs_later_makes_that_run_wait(world: World) -> None:
    world.define(PEOPLE | {"never_kept": ["IBAN"]})
    again(world, banked(), WITH_IBAN)
    again(world, rows(), COLUMNS)
    assert again(world, rows(41), COLUMNS).state == "committed"
    made = again(world, banked("coordonnees"), (*COLUMNS, "coordonnees"))
    assert (made.state, codes(made)) == ("held", [("shape_unkept", "IBAN"), ("shape_added", "coordonnees")])
    assert "FR76" not in held_texts(made)
    assert reshaping.accept_now(access.OWNER, str(made.pk), Choice({"IBAN": Way()}))[1]
    assert again(world, [{**row, "ville": "Lyon"} for row in rows()], (*COLUMNS, "ville")).state == "committed", (
        "what somebody answered is not asked again"
    )


def test_a_column_never_kept_that_bears_another_name_in_one_of_several_files_makes_the_run_wait(world: World) -> None:
    world.define(PEOPLE | {"never_kept": ["IBAN"], "place": "crm*.csv"})
    held = banked()
    world.write("crm1.csv", WITH_IBAN, held[:20])
    world.write("crm2.csv", WITH_IBAN, held[20:])
    assert sources.run("crm_people", by="test").state == "committed"
    world.write("crm2.csv", (*COLUMNS, "coordonnees"), banked("coordonnees")[20:])
    made = sources.run("crm_people", by="test")
    assert (made.state, codes(made)) == ("held", [("shape_unkept", "IBAN"), ("shape_added", "coordonnees")])
    assert "FR76" not in held_texts(made)
    done = accepted(access.OWNER, made)
    assert Source.objects.get(name="crm_people").spec["never_kept"] == ["IBAN", "coordonnees"]
    assert done.unchanged == 40
    assert sources.run("crm_people", by="test").state == "committed", "it is known by both names"


def test_a_column_never_kept_whose_values_are_in_one_that_was_empty_makes_the_run_wait(world: World) -> None:
    world.define(PEOPLE | {"never_kept": ["IBAN"]})
    again(world, banked(), (*WITH_IBAN, "libre"))
    made = again(world, banked("libre"), (*WITH_IBAN[:-1], "libre"))
    assert (made.state, codes(made)) == ("held", [("shape_unkept", "IBAN"), ("shape_added", "libre")])
    assert "FR76" not in held_texts(made)
    assert reshaping.of(access.OWNER, str(made.pk)).choice.columns == {"IBAN": Way(("libre",))}


def test_of_two_new_columns_the_one_that_holds_accounts_is_proposed_for_one_never_kept(world: World) -> None:
    world.define(PEOPLE | {"never_kept": ["secret"]})
    again(world, banked("secret"), (*COLUMNS, "secret"))
    told = [{**row, "ville": "Lyon", "x17": account(n)} for n, row in enumerate(rows())]
    made = again(world, told, (*COLUMNS, "ville", "x17"))
    assert reshaping.of(access.OWNER, str(made.pk)).choice.columns == {"secret": Way(("x17",))}


def several(world: World, **files: tuple[Sequence[str], Sequence[dict[str, str]]]) -> Run:
    """Let the system leave these files and no other, and read them."""
    for path in world.folder.glob("crm*.csv"):
        path.unlink()
    for name, (columns, held) in files.items():
        world.write(f"{name}.csv", columns, held)
    return sources.run("crm_people", by="test")


def test_a_column_never_kept_that_only_some_files_ever_had_makes_no_run_wait_for_a_usual_new_one(world: World) -> None:
    world.define(PEOPLE | {"never_kept": ["IBAN"], "place": "crm*.csv"})
    with_it, without = banked()[:20], rows()[20:]
    several(world, crm1=(WITH_IBAN, with_it), crm2=(COLUMNS, without))
    several(world, crm1=(WITH_IBAN, with_it))
    news = [{**row, "newsletter": "oui"} for row in with_it], [{**row, "newsletter": "oui"} for row in without]
    made = several(world, crm1=((*WITH_IBAN, "newsletter"), news[0]), crm2=((*COLUMNS, "newsletter"), news[1]))
    assert made.state == "committed"


def test_a_column_never_kept_that_some_files_had_is_seen_under_a_name_that_is_like_it(world: World) -> None:
    world.define(PEOPLE | {"never_kept": ["IBAN"], "place": "crm*.csv"})
    several(world, crm1=(WITH_IBAN, banked()[:10]), crm2=(COLUMNS, rows()[10:20]), crm3=(WITH_IBAN, banked()[20:]))
    renamed_in = ((*COLUMNS, "iban_client"), banked("iban_client")[20:])
    made = several(world, crm1=(WITH_IBAN, banked()[:10]), crm2=(COLUMNS, rows()[10:20]), crm3=renamed_in)
    assert (made.state, codes(made)) == ("held", [("shape_unkept", "IBAN"), ("shape_added", "iban_client")])
