"""A schedule is told in the zone of its system, and changes of the clock neither double nor lose a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from filrouge.base.errors import DefinitionError
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.schedule import lateness, next_at, next_run

SPEC = {
    "source": "crm", "kind": "csv", "place": "crm.csv", "entity": "north", "brand": "red", "reads": "person_records",
    "key": ["id"], "map": {"source_id": "id"},
}  # fmt: skip


def moments(every: str, zone: str, start: str, count: int) -> list[str]:
    found, at = [], datetime.fromisoformat(start)
    for _ in range(count):
        at = next_at(every, zone, at)  # type: ignore[assignment]
        assert at is not None
        found.append(at.strftime("%d %H:%M"))
    return found


def test_six_in_paris_is_five_in_utc_in_winter_and_four_in_summer() -> None:
    assert moments("0 6 * * *", "Europe/Paris", "2026-03-27T12:00+00:00", 3) == ["28 05:00", "29 04:00", "30 04:00"]


def test_what_falls_in_the_hour_that_spring_skips_comes_right_after_it() -> None:
    assert moments("30 2 * * *", "Europe/Paris", "2026-03-28T12:00+00:00", 2) == ["29 01:00", "30 00:30"]


def test_a_daily_time_in_the_hour_that_autumn_repeats_comes_once() -> None:
    assert moments("30 2 * * *", "Europe/Paris", "2026-10-24T12:00+00:00", 2) == ["25 00:30", "26 01:30"]


def test_an_hourly_schedule_runs_through_both_repeated_hours() -> None:
    assert moments("0 * * * *", "Europe/Paris", "2026-10-24T23:30+00:00", 3) == ["25 00:00", "25 01:00", "25 02:00"]


def test_a_source_without_a_schedule_has_no_next_run() -> None:
    assert next_run(SourceSpec.parse(SPEC), after=datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("expect", "told"), [({"every": "61 * * * *"}, "no schedule"), ({"fresh_within": "soon"}, "no duration")]
)
def test_a_schedule_or_a_duration_that_means_nothing_is_a_fault_of_the_definition(
    expect: dict[str, str], told: str
) -> None:
    with pytest.raises(DefinitionError, match=told):
        SourceSpec.parse({**SPEC, "expect": expect})


def test_late_is_older_than_its_owner_expects() -> None:
    spec = SourceSpec.parse({**SPEC, "expect": {"fresh_within": "26h"}})
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert lateness(spec, as_of=now - timedelta(hours=25), at=now) is None
    assert lateness(spec, as_of=now - timedelta(hours=29), at=now) == timedelta(hours=3)
    assert lateness(spec, as_of=None, at=now) is None
