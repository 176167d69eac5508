"""How a source is watched is said on its page: schedule, volume, freshness, owners, rules; by whoever may run it."""

# ruff: noqa: F401, F811 - the fixtures of another module, by their names
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.doors.test_place_pages import enter, home, world
from tests.world import World, person

from filrouge.store.models import AuditEntry, Source
from filrouge.work import watching

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "live", "audit"])
PATH = "/sources/crm_people/watch"


@pytest.fixture
def engineer(client: Any, world: World) -> Any:
    world.people(person("1", "Ada", "Byron", zip="75001"))
    return enter(client, world, "engineer", "en", entities=("north",))


def post(client: Any, path: str = PATH, **fields: Any) -> Any:
    page = client.get(PATH).content.decode()
    slip = page.partition('name="slip" value="')[2].partition('"')[0]
    of = watching.state(Source.objects.get(name="crm_people"))
    return client.post(path, {"slip": slip, "of": of, **fields})


def test_schedule_volume_freshness_and_owners_are_kept_with_who_said_so(engineer: Any, home: Path) -> None:
    fields = {
        "every": "0 6 * * 1-5", "cron": "", "late": "2", "unit": "d", "rows_min": "1 000", "rows_max": "",
        "rejects": "5", "waits": "yes", "business": "ines@example.com", "technical": "",
    }  # fmt: skip
    assert post(engineer, **fields).status_code == 302
    source = Source.objects.get(name="crm_people")
    expect = source.spec["expect"]
    assert (expect["every"], expect["fresh_within"], expect["rows"]["min"]) == ("0 6 * * 1-5", "2d", 1000)
    assert (expect["rejects_below"], expect["doubtful"]) == (0.05, "wait")
    assert source.spec["owner"] == {"business": "ines@example.com"}
    assert source.due_at is not None
    page = engineer.get(PATH).content.decode()
    assert 'value="0 6 * * 1-5" selected' in page
    assert 'value="1000"' in page
    post(engineer, **fields | {"every": "", "rejects": "20"})
    assert Source.objects.get(name="crm_people").due_at is None
    line = AuditEntry.objects.filter(action="source.change").latest("pk")
    assert line.by.startswith("engineer")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"every": "cron", "cron": "never"}, "never is no schedule"),
        ({"rows_min": "many"}, "written with digits alone"),
        ({"rejects": "200"}, "from 0 to 100"),
        ({"check": "range", "columns": "given_name", "min": "3"}, "A bound is a number"),
        ({"check": "range", "columns": "birth_date", "min": "soon"}, "A bound is a number"),
        ({"check": "pattern", "columns": "postcode", "like": "(a+)+"}, "not one that is read"),
        ({"check": "unique"}, "not whole"),
        ({"check": "freshness", "within": "soon"}, "how old the latest row"),
        ({"check": "nothing"}, "not whole"),
    ],
)
def test_what_cannot_be_is_told_where_it_is_said_and_nothing_changes(
    engineer: Any,
    home: Path,
    fields: dict[str, str],
    told: str,
) -> None:
    before = Source.objects.get(name="crm_people").spec
    answer = post(engineer, **fields)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert Source.objects.get(name="crm_people").spec == before


def test_a_rule_is_added_judges_the_next_run_and_is_removed(engineer: Any, world: World, home: Path) -> None:
    form = engineer.get(f"{PATH}?check=pattern").content.decode()
    assert 'value="postcode"' in form
    assert 'value="birth_date"' not in form, "a pattern is of text"
    fields = {
        "check": "pattern",
        "columns": "postcode",
        "like": r"\d{5}",
        "does": "reject",
        "owner": "ines@example.com",
    }
    assert post(engineer, **fields).status_code == 302
    assert Source.objects.get(name="crm_people").spec["rules"] == [
        {"check": "pattern", "columns": ["postcode"], "like": r"\d{5}", "does": "reject", "owner": "ines@example.com"}
    ]
    assert "stands already" in post(engineer, **fields).content.decode()
    page = engineer.get(PATH).content.decode()
    assert r"Postcode is written as \d{5}" in page
    assert post(engineer, f"{PATH}/remove-rule", rule="pattern_postcode").status_code == 302
    assert not Source.objects.get(name="crm_people").spec.get("rules")


def test_a_definition_changed_meanwhile_is_not_written_over(engineer: Any, home: Path) -> None:
    answer = post(engineer, of="another", every="0 6 * * *")
    assert "changed meanwhile" in answer.content.decode()
    assert not Source.objects.get(name="crm_people").spec.get("expect", {}).get("every")


def test_a_stranger_and_a_reader_change_nothing(engineer: Any, client: Any, world: World, home: Path) -> None:
    far = enter(client, world, "engineer", "en", entities=("south",))
    assert far.get(PATH).status_code == 404
    assert far.post(PATH, {"every": ""}).status_code in (403, 404)
    reader = enter(client, world, "analyst", "en", entities=("north",))
    assert reader.get(PATH).status_code == 403
    assert "source-watch" not in reader.get("/sources/crm_people").content.decode()


def test_what_was_typed_stands_beside_its_fault_and_minutes_stay(engineer: Any, home: Path) -> None:
    fields = {"every": "cron", "cron": "never", "late": "30", "unit": "m", "rejects": "2,5", "waits": "no"}
    page = post(engineer, **fields).content.decode()
    assert 'value="never"' in page
    assert 'value="2,5"' in page
    assert 'value="no" checked' in page
    assert 'value="m" selected' in page
    post(engineer, **fields | {"every": "*/5 * * * *", "cron": "*/5 * * * *"} | {"every": "cron"})
    assert Source.objects.get(name="crm_people").spec["expect"]["fresh_within"] == "30m"
    page = engineer.get(PATH).content.decode()
    assert 'value="m" selected' in page
    assert 'value="cron" selected' in page
