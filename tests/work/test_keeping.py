"""A value that goes before its row is blanked everywhere at a sweep, and does not come back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
import yaml
from tests.kept import laid_once
from tests.world import COLUMNS, ORDERS, PEOPLE, World, person

from filrouge.base.errors import UsageError
from filrouge.store.live import Live
from filrouge.store.models import AuditEntry
from filrouge.store.queries import register
from filrouge.work import access, keeping, live, retention, sources

pytestmark = pytest.mark.lake

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
ADA = person("1", "Ada", "Byron", mail="ada@example.com", optin="yes") | {"born": "10/12/1985", "seen": "05/03/2025"}
GUS = person("2", "Gus", "Eiffel", mail="gus@example.com", optin="no") | {"born": "15/12/1982", "seen": "05/10/2026"}
KEPT = {"born": {"purpose": "profiling", "retention": "1 year"}}


@pytest.fixture
@laid_once
def group(world: World) -> World:
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        world.people(ADA, GUS, kept=KEPT)
        world.resolve()
    return world


def born(group: World, table: str = "person_records") -> dict[str, Any]:
    rows = group.rows(f"SELECT source_id, birth_date FROM {table} ORDER BY 1")
    return {row["source_id"]: str(row["birth_date"]) if row["birth_date"] else None for row in rows}


def received(group: World) -> dict[str, Any]:
    rows = group.rows("SELECT source_id, raw FROM source_records")
    return {row["source_id"]: json.loads(row["raw"]).get("born") for row in rows}


def change(group: World, spec: dict[str, Any], **changes: Any) -> None:
    data = {**spec, **changes}
    path = group.folder / f"{data['source']}.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    sources.add(path, by="test")


def test_a_value_goes_before_its_row_everywhere_and_the_rest_stays(group: World) -> None:
    key = group.find("Ada")[0].id
    assert "1985-12-10" in str(Live().document(key))
    planned = retention.plan(access.OWNER, at=NOW)
    assert planned == {"values": 1}
    assert born(group)["1"] == "1985-12-10", "a plan touches nothing"
    assert retention.sweep(by="test", at=NOW) == planned
    assert born(group) == {"1": None, "2": "1982-12-15"}
    assert received(group) == {"1": None, "2": "15/12/1982"}
    assert group.rows("SELECT * FROM golden_values WHERE value = '1985-12-10'") == []
    assert len(group.rows("SELECT * FROM golden_values WHERE attribute = 'birth_date'")) == 1
    assert "1985-12-10" not in str(Live().document(key))
    assert [hit.name for hit in group.find("ada@example.com")] == ["Ada Byron"]
    assert AuditEntry.objects.get(action="retention.sweep").details["destroyed"] == {"values": 1}
    assert retention.plan(access.OWNER, at=NOW) == {}


def test_the_copies_after_it_are_those_of_a_rebuild(group: World) -> None:
    retention.sweep(by="test", at=NOW)
    key = group.find("Ada")[0].id
    after = Live().document(key)
    live.rebuild()
    assert Live().document(key) == after
    group.resolve()
    assert "1985-12-10" not in str(Live().document(key))


def test_an_import_brings_no_value_back_and_says_the_row_is_as_it_was(group: World) -> None:
    retention.sweep(by="test", at=NOW)
    with time_machine.travel(NOW, tick=True):
        run = sources.run("crm_people", by="test")
        assert (run.read, run.new, run.changed, run.unchanged) == (2, 0, 0, 2)
        changed = group.people({**ADA, "town": "Dijon"}, GUS, kept=KEPT)
        assert (changed.changed, changed.unchanged) == (1, 1)
    assert born(group) == {"1": None, "2": "1982-12-15"}
    assert received(group) == {"1": None, "2": "15/12/1982"}
    assert group.rows("SELECT city FROM person_records WHERE source_id = '1'") == [{"city": "Dijon"}]
    with time_machine.travel(NOW, tick=True):
        assert sources.run("crm_people", by="test").unchanged == 2
        back = group.people({**ADA, "seen": "01/11/2026"}, GUS, kept=KEPT)
    assert back.changed == 1
    assert born(group)["1"] == "1985-12-10", "the row is of today: its values begin anew"


def test_an_undo_brings_no_value_back(group: World) -> None:
    with time_machine.travel(NOW, tick=True):
        run = group.people({**ADA, "town": "Dijon"}, GUS, kept=KEPT)
    assert retention.sweep(by="test", at=NOW + timedelta(hours=1))["values"] == 2, "both versions"
    sources.undo(str(run.id), by="test")
    assert born(group)["1"] is None
    assert received(group)["1"] is None
    assert group.rows("SELECT city FROM person_records WHERE source_id = '1'") != [{"city": "Dijon"}]


def test_to_say_it_later_makes_no_row_changed(world: World) -> None:
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        world.people(ADA, GUS)
        world.resolve()
    change(world, PEOPLE, kept=KEPT)
    with time_machine.travel(NOW, tick=True):
        assert sources.run("crm_people", by="test").unchanged == 2
    assert retention.sweep(by="test", at=NOW) == {"values": 1}
    assert born(world) == {"1": None, "2": "1982-12-15"}


def test_a_column_that_nothing_reads_goes_from_the_row_as_received_however_it_is_written(world: World) -> None:
    world.write("crm.csv", (*COLUMNS, "Né à"), [{**ADA, "Né à": "Londres"}, {**GUS, "Né à": "Dijon"}])
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        sources.run(world.define({**PEOPLE, "kept": {"ne a": {"retention": "6 months"}}}), by="test")
        world.resolve()
    assert retention.sweep(by="test", at=NOW) == {"values": 1}
    raws = [row["raw"] for row in world.rows("SELECT raw FROM source_records")]
    assert sum("Londres" in raw for raw in raws) == 0
    assert sum("Dijon" in raw for raw in raws) == 1
    assert retention.plan(access.OWNER, at=NOW) == {}


def test_values_of_what_people_did_go_too(world: World) -> None:
    interactions = {
        **ORDERS, "source": "desk", "place": "desk.csv", "reads": "interactions", "kept": {"said": {"retention": "30 days"}},
        "map": {
            "source_id": "number", "person_ref": {"column": "customer", "of": "shop_people"}, "at": "day", "text": "said",
            "kind": {"const": "call"},
        },
    }  # fmt: skip
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        world.shop({**ADA, "id": "9", "seen": "01/11/2026"})
        rows = [
            {"number": "T-1", "customer": "9", "day": "01/09/2026", "said": "my leg hurts"},
            {"number": "T-2", "customer": "9", "day": "20/10/2026", "said": "all is well"},
        ]
        world.write("desk.csv", ("number", "customer", "day", "said"), rows)
        sources.run(world.define(interactions), by="test")
        world.resolve()
    key = world.find("Ada")[0].id
    assert retention.sweep(by="test", at=NOW) == {"values": 1}
    assert world.rows("SELECT source_id, text FROM interactions ORDER BY 1") == [
        {"source_id": "T-1", "text": None}, {"source_id": "T-2", "text": "all is well"},
    ]  # fmt: skip
    assert "my leg" not in str(world.rows("SELECT raw FROM source_records"))
    assert "my leg" not in str(Live().document(key))


def test_rejected_rows_lose_their_text_with_it(world: World) -> None:
    with time_machine.travel(NOW - timedelta(days=20), tick=True):
        world.people(GUS, person("", "No", "Number") | {"born": "01/02/1990"}, kept={"born": {"retention": "10 days"}})
    assert retention.sweep(by="test", at=NOW)["values"] == 2
    assert "1990" not in str(world.rows("SELECT raw FROM rejects"))
    assert len(world.rows("SELECT raw FROM rejects")) == 1


def test_a_sweep_cut_short_is_finished_by_the_next(group: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ConnectionError

    key = group.find("Ada")[0].id
    monkeypatch.setattr(live, "refresh", broken)
    with pytest.raises(ConnectionError):
        retention.sweep(by="test", at=NOW)
    monkeypatch.undo()
    assert "1985-12-10" in str(Live().document(key))
    assert retention.sweep(by="test", at=NOW) == {"values": 1}
    assert "1985-12-10" not in str(Live().document(key))
    assert received(group)["1"] is None


def test_nothing_is_read_where_nothing_is_asked(world: World, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    world.people(ADA, GUS)
    monkeypatch.setattr(keeping, "_received", None)  # would raise
    retention.plan(access.OWNER, at=NOW)


def test_what_was_received_whole_goes_whole(world: World) -> None:
    rows = [{**ADA, "born": "1985-12-10", "note": "secret"}, {**GUS, "born": "1982-12-15", "note": "other"}]
    (world.folder / "crm.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    mapping = {**PEOPLE["map"], "birth_date": {"column": "born", "format": "%Y-%m-%d"}}
    spec = {
        **PEOPLE, "kind": "ndjson", "place": "crm.ndjson", "map": mapping, "kept": KEPT,
        "format": {"date": "%d/%m/%Y", "zone": "Europe/Paris"},
    }  # fmt: skip
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        sources.run(world.define(spec), by="test")
        world.resolve()
    assert retention.sweep(by="test", at=NOW) == {"values": 1}
    assert "secret" not in str(world.rows("SELECT raw FROM source_records"))
    assert "other" in str(world.rows("SELECT raw FROM source_records"))
    assert born(world) == {"1": None, "2": "1982-12-15"}
    with time_machine.travel(NOW, tick=True):
        assert sources.run("crm_people", by="test").unchanged == 2
    rows[0]["town"] = "Dijon"
    (world.folder / "crm.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with time_machine.travel(NOW, tick=True):
        assert sources.run("crm_people", by="test").changed == 1
    assert born(world) == {"1": None, "2": "1982-12-15"}
    assert "secret" not in str(world.rows("SELECT raw FROM source_records"))
    assert retention.plan(access.OWNER, at=NOW) == {}


def test_what_runs_keeps_its_values(world: World) -> None:
    contracts = {
        **ORDERS, "source": "billing", "place": "contracts.csv", "reads": "contracts",
        "kept": {"offer": {"retention": "1 year"}, "memo": {"retention": "30 days"}},
        "map": {
            "source_id": "number", "payer_ref": {"column": "customer", "of": "shop_people"}, "started_at": "start",
            "ended_at": "end", "offer": "offer",
        },
    }  # fmt: skip
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        world.shop({**ADA, "id": "9", "seen": "01/11/2026"})
        rows = [
            {"number": "C-1", "customer": "9", "start": "01/01/2019", "end": "", "offer": "gold", "memo": "runs"},
            {"number": "C-2", "customer": "9", "start": "01/01/2019", "end": "01/01/2025", "offer": "blue", "memo": "is over"},
        ]  # fmt: skip
        world.write("contracts.csv", tuple(rows[0]), rows)
        sources.run(world.define(contracts), by="test")
        world.resolve()
    assert retention.sweep(by="test", at=NOW) == {"values": 2}
    assert world.rows("SELECT source_id, offer FROM contracts ORDER BY 1") == [
        {"source_id": "C-1", "offer": "gold"}, {"source_id": "C-2", "offer": None},
    ]  # fmt: skip
    raws = str(world.rows("SELECT raw FROM source_records"))
    assert ("runs" in raws, "is over" in raws, "blue" in raws) == (True, False, False)


def test_two_columns_of_two_retentions_go_each_on_its_day_and_many_rows_together(world: World) -> None:
    many = [
        person(str(n), "Ada", f"Byron{n}", mail=f"ada{n}@example.com") | {"born": "10/12/1985", "seen": "05/03/2026"}
        for n in range(1, 3_001)
    ]  # more than are named one by one
    kept = {"born": {"retention": "90 days"}, "town": {"retention": "1 year"}}
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        world.people(*({**one, "town": "Lyon"} for one in many), {**GUS, "id": "9999", "town": "Dijon"}, kept=kept)
    assert retention.sweep(by="test", at=NOW) == {"values": 3_000}
    assert retention.sweep(by="test", at=NOW + timedelta(days=200)) == {"values": 3_001}, "and Gus's birth date"
    left = world.rows("SELECT count(birth_date) AS born, count(city) AS towns, count(*) AS n FROM person_records")
    assert left == [{"born": 0, "towns": 1, "n": 3_001}]


def untold(name: str) -> dict[str, Any]:
    """Return a definition that reads what KEPT holds apart no more."""
    mapping = {target: cell for target, cell in PEOPLE["map"].items() if target != "birth_date"}
    if name == "dropped":
        return PEOPLE | {"map": mapping, "kept": KEPT}
    if name == "moved":
        return PEOPLE | {"map": mapping | {"title": {"column": "born"}}, "kept": KEPT}
    return PEOPLE | {"map": mapping, "never_kept": ["born"]}


@pytest.mark.parametrize("name", ["dropped", "moved", "never kept"])
def test_values_go_on_their_day_though_their_column_is_read_otherwise_since(name: str, group: World) -> None:
    change(group, untold(name))
    told = [apart for feed in register.register(access.OWNER).held for apart in getattr(feed, "apart", ())]
    assert ("born", ("birth_date",), 365) in [(one.column, one.columns, one.days) for one in told]
    assert retention.sweep(by="test", at=NOW)["values"] >= 1
    assert born(group) == {"1": None, "2": "1982-12-15"}
    assert received(group) == {"1": None, "2": "15/12/1982"}
    assert group.rows("SELECT * FROM golden_values WHERE value = '1985-12-10'") == []
    assert retention.plan(access.OWNER, at=NOW) == {}


def test_what_another_column_says_since_stays_as_long_as_its_row(group: World) -> None:
    mapping = PEOPLE["map"] | {"birth_date": {"column": "birth", "format": "%d/%m/%Y"}}
    columns = (*COLUMNS, "birth")
    with time_machine.travel(NOW, tick=True):
        change(group, PEOPLE | {"map": mapping, "kept": KEPT})
        group.write("crm.csv", columns, [{**ADA, "birth": "11/12/1985"}, {**GUS, "birth": "15/12/1982"}])
        made = sources.run("crm_people", by="test")
    assert made.state == "committed"
    assert retention.sweep(by="test", at=NOW + timedelta(hours=1))
    assert born(group) == {"1": "1985-12-11", "2": "1982-12-15"}
    assert received(group) == {"1": None, "2": "15/12/1982"}


def test_a_retention_that_somebody_took_away_is_no_more(group: World) -> None:
    change(group, PEOPLE)
    assert retention.plan(access.OWNER, at=NOW) == {}


def test_a_column_said_anew_is_held_apart_under_its_new_name(group: World) -> None:
    from filrouge.domain.sources import SourceSpec
    from filrouge.domain.sources.reshaping import Choice, Way, reshaped

    spec = SourceSpec.parse(PEOPLE | {"kept": KEPT})
    data = reshaped(spec, Choice({"born": Way(("Titre",), ("title",))}))
    assert data["kept"] == {"born": KEPT["born"], "Titre": KEPT["born"]}


def test_a_definition_tried_and_taken_back_leaves_earlier_values_alone(world: World) -> None:
    with time_machine.travel(NOW - timedelta(days=2), tick=True):
        world.people(ADA, GUS)
        world.resolve()
    other = {"column": "naissance", "format": "%d/%m/%Y"}
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        change(world, PEOPLE, map={**PEOPLE["map"], "birth_date": other}, kept={"naissance": {"retention": "1 year"}})
        change(world, PEOPLE)
    assert retention.sweep(by="test", at=NOW) == {}
    assert born(world)["1"] == "1985-12-10"


def test_a_retention_made_longer_once_the_column_is_read_again_is_the_one_that_holds(group: World) -> None:
    other = {"column": "naissance", "format": "%d/%m/%Y"}
    change(group, PEOPLE, map={**PEOPLE["map"], "birth_date": other})
    change(group, PEOPLE, kept=KEPT)
    change(group, PEOPLE, kept={"born": {"retention": "3 years"}})
    assert retention.sweep(by="test", at=NOW) == {}
    assert born(group)["1"] == "1985-12-10"


def test_a_source_that_holds_values_apart_is_not_made_to_read_rows_of_another_kind(group: World) -> None:
    with pytest.raises(UsageError, match="less long than their rows"):
        change(group, ORDERS, source="crm_people")
