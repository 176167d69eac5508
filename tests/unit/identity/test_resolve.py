"""Records become people: the same content, the same people; what a person decided holds."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pyarrow as pa
import pytest
from tests.unit.identity.conftest import AT, crowd, people_table

from filrouge.domain.identity import HumanDecision, IdentitySpec, Resolution, explain, resolve, state_hash
from filrouge.domain.identity.model import load
from filrouge.domain.identity.spec import Training

RULES = IdentitySpec(model=False)
QUICK = IdentitySpec(training=Training(u_pairs=4e4, em_pairs=4e4, min_pairs=30_000))


def who(resolution: Resolution) -> dict[int, str]:
    table = resolution.assignment
    return dict(zip(table.column("record_key").to_pylist(), table.column("person").to_pylist(), strict=True))


def together(table: pa.Table, spec: IdentitySpec = RULES, **more: object) -> list[set[int]]:
    """Return the groups of row numbers that are one person, alone ones left out."""
    found = who(resolve(None, table, at=AT, spec=spec, **more))  # type: ignore[arg-type]
    groups: dict[str, set[int]] = {}
    for number, key in enumerate(table.column("record_key").to_pylist()):
        groups.setdefault(found[key], set()).add(number)
    return sorted((g for g in groups.values() if len(g) > 1), key=min)


@pytest.fixture(scope="module")
def world() -> tuple[pa.Table, dict[int, int], Resolution]:
    table, truth = crowd(150)
    return table, truth, resolve(None, table, at=AT, spec=QUICK)


def test_every_record_has_one_person_and_a_reason(world: tuple[pa.Table, dict[int, int], Resolution]) -> None:
    table, _, found = world
    assert found.assignment.column("record_key").to_pylist() == sorted(table.column("record_key").to_pylist())
    assert set(found.assignment.column("decision").to_pylist()) <= {"rule", "model", "human"}
    assert found.counts["people"] == len(set(who(found).values()))
    assert found.model["healthy"]


def test_the_people_found_are_the_true_ones(world: tuple[pa.Table, dict[int, int], Resolution]) -> None:
    _, truth, found = world
    mine = who(found)
    keys = sorted(truth)
    pairs = [(a, b) for i, a in enumerate(keys) for b in keys[i + 1 :]]
    hit = sum(mine[a] == mine[b] and truth[a] == truth[b] for a, b in pairs)
    assert hit / sum(mine[a] == mine[b] for a, b in pairs) > 0.97
    assert hit / sum(truth[a] == truth[b] for a, b in pairs) > 0.9


def test_running_again_in_any_order_changes_nothing(world: tuple[pa.Table, dict[int, int], Resolution]) -> None:
    table, _, found = world
    rows = list(range(table.num_rows))
    random.Random(5).shuffle(rows)
    known = found.assignment.select(["record_key", "person"])
    again = resolve(None, table.take(rows), previous=known, at=AT + timedelta(days=1), spec=QUICK)
    assert again.changed.num_rows == 0
    assert again.model["version"] == found.model["version"]
    assert again.assignment.equals(found.assignment)


def test_ids_depend_on_content_and_time_alone(world: tuple[pa.Table, dict[int, int], Resolution]) -> None:
    table, _, found = world
    assert who(resolve(None, table, at=AT, spec=QUICK)) == who(found)
    assert all(person[14] == "7" for person in who(found).values())


def test_the_pairs_told_lead_from_any_record_of_a_person_to_any_other(
    world: tuple[pa.Table, dict[int, int], Resolution],
) -> None:
    groups: dict[str, list[dict[str, object]]] = {}
    for row in world[2].assignment.to_pylist():
        groups.setdefault(row["person"], []).append(row)
    for rows in groups.values():
        for row in rows[1:]:
            told = explain(rows, rows[0]["record_key"], row["record_key"])  # type: ignore[arg-type]
            assert told.code == "same_person"
            assert told.steps[0].left == rows[0]["record_key"]
            assert told.steps[-1].right == row["record_key"]
            assert all(step.kinds or step.decision == "human" for step in told.steps)


def test_a_merge_by_hand_undone_gives_back_the_state_and_the_ids(
    world: tuple[pa.Table, dict[int, int], Resolution],
) -> None:
    table, truth, found = world
    before = who(found)
    left = min(truth)
    right = next(k for k in sorted(truth) if before[k] != before[left])
    known = found.assignment.select(["record_key", "person"])
    joined = HumanDecision(left=left, right=right, kind="must_link", by="advisor")
    merged = resolve(None, table, previous=known, decisions=[joined], at=AT, spec=QUICK)
    assert who(merged)[left] == who(merged)[right]
    assert (merged.counts["merges"], len(merged.redirects)) == (1, 1)
    told = {row["record_key"]: row for row in merged.assignment.to_pylist()}
    assert (told[left]["decision"], told[left]["rule"]) == ("human", "advisor")
    former = {key: [person] for key, person in before.items()}
    undone = resolve(None, table, previous=merged.assignment, former=former, at=AT, spec=QUICK)
    assert state_hash(who(undone)) == state_hash(before)
    assert who(undone) == before


def test_twins_stay_two() -> None:
    twin = {"family_name": "Martin", "birth_date": "2001-05-06", "phone": "0639980001", "postcode": "75011",
            "address_line": "3 rue des Lilas", "email": "famille.martin@example.org"}  # fmt: skip
    table = people_table(
        twin | {"given_name": "Julie"}, twin | {"given_name": "Lucie"}, twin | {"given_name": "Julie", "source": "shop"}
    )
    assert together(table) == [{0, 2}]


def test_a_family_mailbox_joins_nobody_by_itself() -> None:
    home = {"email": "famille.petit@example.org", "family_name": "Petit"}
    names = ["Jean", "Anne", "Luc", "Emma"]
    assert (
        together(people_table(*(home | {"given_name": n} for n in names), {"email": "famille.petit@example.org"})) == []
    )


def test_a_switchboard_joins_nobody() -> None:
    rows = [{"phone": "0199000000", "given_name": f"{a}an", "family_name": f"{a}ier"} for a in "BCDFGHJKLM"]
    assert together(people_table(*rows, {"phone": "0199000000"})) == []


def test_the_mailbox_of_a_role_joins_nobody() -> None:
    rows = [{"email": "contact@example.com", "given_name": n, "family_name": "Roux"} for n in ("Jean", "Jean")]
    assert together(people_table(*rows)) == []


def test_a_bare_address_joins_the_one_person_who_bears_it() -> None:
    table = people_table(
        {"email": "jean.roux@example.org", "given_name": "Jean", "family_name": "Roux"},
        {"email": "JEAN.ROUX@example.org", "source": "mail"},
        {"email": "jean.roux@example.org", "given_name": "Jaen", "family_name": "Roux", "source": "desk"},
    )
    assert together(table) == [{0, 1, 2}]


def test_a_name_changed_by_marriage_does_not_hide_who_it_is() -> None:
    table = people_table(
        {"given_name": "Anne", "family_name": "Durand", "email": "anne@example.org", "birth_date": "1980-02-03"},
        {"given_name": "Anne", "family_name": "Leroy", "email": "anne@example.org", "birth_date": "1980-02-03",
         "source": "shop"},
        {"given_name": "Anne", "family_name": "Leroy", "birth_name": "Durand", "phone": "0639980002", "source": "desk"},
    )  # fmt: skip
    assert {0, 1} <= together(table)[0]


def test_other_birth_dates_keep_homonyms_apart() -> None:
    both = {"given_name": "Jean", "family_name": "Martin", "phone": "0639980003"}
    table = people_table(both | {"birth_date": "1950-01-02"}, both | {"birth_date": "1983-11-20", "source": "shop"})
    assert together(table) == []


def test_what_a_person_set_apart_stays_apart_through_every_run() -> None:
    same = {"given_name": "Jean", "family_name": "Roux", "email": "jean.roux@example.org"}
    table = people_table(same, same | {"source": "shop"}, same | {"source": "desk"})
    left, right = table.column("record_key").to_pylist()[:2]
    apart = HumanDecision(left=left, right=right, kind="cannot_link", by="advisor")
    found = who(resolve(None, table, at=AT, spec=RULES, decisions=[apart]))
    assert found[left] != found[right]


def test_a_table_too_small_to_learn_from_says_so_and_the_rules_hold() -> None:
    same = {"given_name": "Jean", "family_name": "Roux", "email": "jean.roux@example.org"}
    found = resolve(None, people_table(same, same | {"source": "shop"}), at=AT)
    assert not found.model["healthy"]
    assert found.model["notes"][-1]["code"] == "too_few_records"
    assert found.counts["people"] == 1


def test_nobody_at_all_is_no_fault() -> None:
    found = resolve(None, people_table(), at=AT)
    assert found.counts == {"records": 0, "people": 0, "merges": 0, "splits": 0, "new_people": 0, "reviews": 0}


def test_one_name_on_every_row_makes_no_monster() -> None:
    rows = [{"given_name": "Jean", "family_name": "Martin", "source_id": str(n)} for n in range(400)]
    found = resolve(None, people_table(*rows), at=AT, spec=QUICK)
    assert found.counts["people"] > 300


def test_a_large_table_teaches_through_a_sample_of_whole_people() -> None:
    table, truth = crowd(250)
    training = Training(u_pairs=4e4, em_pairs=4e4, min_pairs=30_000, sample_above=300, sample=450, min_records=50)
    found = resolve(None, table, at=AT, spec=IdentitySpec(training=training))
    assert found.model["healthy"]
    mine = who(found)
    groups: dict[str, set[int]] = {}
    for key, person in mine.items():
        groups.setdefault(person, set()).add(truth[key])
    assert sum(len(g) > 1 for g in groups.values()) / len(groups) < 0.02
    assert len(groups) < 1.15 * 250


def test_a_model_written_and_read_again_is_the_same(world: tuple[pa.Table, dict[int, int], Resolution]) -> None:
    saved = json.loads(json.dumps(dict(world[2].model)))
    again = load(saved)
    assert again.version == saved["version"]
    assert again.dump()["comparisons"] == saved["comparisons"]
