"""What changed is settled with whomever it touches, into the lake and onto the pages, as the whole would settle it."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.domain import identity as domain
from filrouge.domain.identity import IdentitySpec
from filrouge.domain.identity.spec import Survivorship, Training
from filrouge.store.models import Run, Source
from filrouge.work import deriving, erasures, identity, memory, worker
from filrouge.work.jobs import claim, work

pytestmark = pytest.mark.lake

GIVEN = ("Ada", "Bob", "Cleo", "Dan", "Eve", "Fay", "Guy", "Hal", "Ida", "Jon", "Kim", "Lou")
FAMILY = ("Martin", "Petit", "Durand", "Moreau", "Simon", "Roux", "Girard", "Bonnet", "Garnier", "Faure")


def few() -> IdentitySpec:
    """The rules of the house, with so few pairs allowed that they are chosen, as they are among many."""
    ranked = dict(Source.objects.filter(reads="person_records").values_list("name", "rank"))
    training = Training(min_records=50, u_pairs=4e4, em_pairs=4e4, min_pairs=3_000)
    return IdentitySpec(training=training, survivorship=Survivorship(source_rank=ranked))


def crowd() -> list[dict[str, Any]]:
    """Return eighty people, every third of them twice."""
    dice, rows = random.Random(3), []
    for number in range(80):
        given, family = dice.choice(GIVEN), dice.choice(FAMILY)
        mail = f"{given}.{family}{number}@example.org".lower()
        phone = f"06 39 98 {number:02d} {dice.randrange(100):02d}"
        rows.append(person(str(number), given, family, mail=mail, phone=phone, town=dice.choice(("Nantes", "Lyon"))))
        if number % 3 == 0:
            rows.append(person(f"9{number}", given, family, mail=mail, town="Nantes"))
    return rows


@pytest.fixture
def trained_on_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deriving, "spec", few)


@pytest.fixture
@laid_once
def group(world: World, trained_on_few: None) -> World:
    world.people(*crowd())
    world.resolve()
    assert memory.recall(few()) is not None
    return world


def standing(group: World) -> tuple[Any, Any, Any]:
    """Return who each record is of, the people, and every value: what the lake holds of identity, without its runs."""
    who = group.rows(
        "SELECT record_key, arg_max(person, (decided_at, run_id)) AS person FROM links WHERE undone_at IS NULL GROUP BY 1 ORDER BY 1"
    )
    people = group.rows("SELECT person_id, brands, household, merged_into FROM people ORDER BY 1")
    values = group.rows("SELECT person, attribute, value, rank, reason, record_key FROM golden_values ORDER BY ALL")
    return who, people, values


def households(group: World) -> dict[str, str]:
    """Return who lives in which household, as the lake holds it."""
    rows = group.rows("SELECT person_id, household FROM people WHERE household IS NOT NULL")
    return {str(row["person_id"]): str(row["household"]) for row in rows}


def whole(group: World) -> dict[str, str]:
    """Return who lives in which household, as all of the records tell it for the people as they are."""
    who, _, _ = standing(group)
    links = pa.table({name: [row[name] for row in who] for name in ("record_key", "person")})
    before = households(group)
    known = pa.table({"person": list(before), "household": list(before.values())})
    records = group.rows("SELECT * FROM person_records")
    columns = (
        "record_key",
        "family_name",
        "birth_name",
        "email",
        "phone",
        "address_line",
        "postcode",
        "city",
        "updated_at",
    )
    told = pa.table({name: [row[name] for row in records] for name in columns})
    found = domain.households(None, told, links, previous=known)
    return dict(zip(found["person"].to_pylist(), found["household"].to_pylist(), strict=True))


def settled() -> int:
    return int(Run.objects.filter(kind="identity", state="committed").order_by("-started_at")[0].figures["settled"])


def test_a_verdict_touches_its_people_alone_and_the_whole_agrees(group: World) -> None:
    before = standing(group)
    left, right = (group.find(name)[0].id for name in ("ida", "bob"))
    gesture = identity.merge(left, right, by="test")
    assert 0 < settled() < 20
    after = standing(group)
    assert after != before
    identity.resolve(by="test", whole=True)
    assert standing(group) == after
    identity.undo(gesture, by="test")
    assert settled() < 20
    assert standing(group) == before


def test_an_import_is_settled_by_what_it_brings_and_found_at_once(group: World) -> None:
    rows = crowd()
    changed = {**rows[0], "mail": "brand.new@example.org"}
    group.people(changed, *rows[1:], person("700", "Zoe", "Nouvelle", mail="zoe@example.org"))
    outcome = identity.resolve(by="test")
    assert 0 < settled() < 20
    assert outcome.counts["records"] == len(rows) + 1
    assert [hit.name for hit in group.find("zoe@example.org")] == ["Zoe Nouvelle"]
    assert len(group.find("brand.new@example.org")) == 1
    after = standing(group)
    identity.resolve(by="test", whole=True)
    assert standing(group) == after


@pytest.mark.parametrize("seed", [1, 2])
def test_households_follow_those_who_move_marry_or_share_a_phone_as_the_whole_would_tell_them(
    group: World, seed: int
) -> None:
    dice = random.Random(seed)
    homes = [{"street": f"{n} rue des Lilas", "zip": "44000", "town": "Nantes"} for n in range(18)]
    phones = [f"02 40 31 17 {n:02d}" for n in range(2)]  # borne by about as many as make a switchboard's
    rows = [row | (dice.choice(homes) if dice.random() < 0.8 else {}) for row in crowd()]
    rows = [row | ({"phone": dice.choice(phones)} if dice.random() < 0.2 else {}) for row in rows]
    group.people(*rows)
    identity.resolve(by="test", whole=True)
    assert sum(row["household"] is not None for row in standing(group)[1]) > 10
    alone = 0
    for change in range(4):
        for _ in range(dice.randrange(1, 4)):
            place = dice.randrange(len(rows))
            told = dice.choice([dice.choice(homes), {"phone": dice.choice(phones)}, {"family": dice.choice(FAMILY)}])
            rows[place] = rows[place] | told
        rows.append(person(f"80{change}", "Zoe", dice.choice(FAMILY), mail=f"z{change}@example.org", **homes[change]))
        group.people(*rows)
        left, right = dice.sample([str(row["person_id"]) for row in standing(group)[1] if not row["merged_into"]], 2)
        gesture = identity.merge(left, right, by="test")
        alone += settled() < len(rows)
        assert households(group) == whole(group)
        identity.undo(gesture, by="test")
        assert households(group) == whole(group)
    assert alone, "a few are settled alone"


def test_nothing_to_settle_changes_nothing(group: World) -> None:
    before = standing(group)
    identity.resolve(by="test")
    assert settled() == 0
    assert standing(group) == before


def test_an_undone_import_or_an_erasure_has_the_whole_settled(group: World) -> None:
    from filrouge.work import sources

    run = group.people(*crowd(), person("700", "Zoe", "Nouvelle", mail="zoe@example.org"))
    identity.resolve(by="test")
    sources.undo(str(run.id), by="test")
    before = len(group.rows("SELECT record_key FROM person_records"))
    identity.resolve(by="test")
    assert settled() == before
    assert group.find("zoe@example.org") == []
    officer = group.user("privacy")
    erasures.request(officer, group.find("ida")[0].id)
    while job := claim("test"):
        work(job, worker.VERBS)
    assert not memory.place().exists() or memory.recall(few()) is not None


def test_the_whole_is_settled_once_a_day_when_it_was_not(group: World) -> None:
    left, right = (group.find(name)[0].id for name in ("ida", "bob"))
    identity.merge(left, right, by="test")
    runs = Run.objects.filter(kind="identity").count()
    worker.VERBS["identity_whole"](claim_nothing())
    assert Run.objects.filter(kind="identity").count() == runs + 1
    assert settled() == len(group.rows("SELECT record_key FROM person_records"))
    worker.VERBS["identity_whole"](claim_nothing())
    assert Run.objects.filter(kind="identity").count() == runs + 1, "it stands"


def claim_nothing() -> Any:
    from filrouge.store.models import Job

    return Job.objects.create(kind="identity_whole", by="schedule")
