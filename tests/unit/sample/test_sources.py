"""Every definition of a source that the sample brings fits the grammar, the group and the systems that it wrote."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from filrouge import sample
from filrouge.connect import Reach, connector
from filrouge.domain.sources import SourceSpec
from filrouge.sample import desk
from filrouge.tables import TABLES

SYSTEMS = {"crm", "billing", "shop", "events", "desk", "emailing", "web", "calls"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> sample.Sample:
    folder = tmp_path_factory.mktemp("group")
    sample.build(folder, people=300, today=date(2026, 11, 20))
    server = desk.start(folder, 0)
    server.close()
    return sample.build(folder, people=300, today=date(2026, 11, 20), desk_port=server.port)


@pytest.fixture(scope="module")
def specs(built: sample.Sample) -> dict[str, SourceSpec]:
    parsed = (SourceSpec.parse(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in built.sources)
    return {spec.source: spec for spec in parsed}


def test_each_definition_parses_and_bears_the_name_of_its_file(built: sample.Sample) -> None:
    for path in built.sources:
        assert SourceSpec.parse(yaml.safe_load(path.read_text(encoding="utf-8"))).source == path.stem


def test_all_eight_systems_are_defined_with_titles_and_owners(specs: dict[str, SourceSpec]) -> None:
    assert {spec.system for spec in specs.values()} == SYSTEMS
    for spec in specs.values():
        assert set(spec.title) == {"fr", "en"}
        assert spec.owner.business.endswith("@example.com")
        assert spec.owner.technical.endswith("@example.com")
        assert spec.expect.every


def test_entities_and_brands_are_those_of_the_group(specs: dict[str, SourceSpec]) -> None:
    entities = {entity.id for entity in sample.GROUP.entities}
    brands = {brand.id for brand in sample.GROUP.brands}
    for spec in specs.values():
        assert ({spec.entity.const} - {None} or set((spec.entity.values or {}).values())) <= entities
        assert ({spec.brand.const} - {None} or set((spec.brand.values or {}).values())) <= brands


def test_references_name_sources_that_exist_and_hold_the_right_thing(specs: dict[str, SourceSpec]) -> None:
    for spec in specs.values():
        for name, cell in spec.map.items():
            if cell.of:
                assert specs[cell.of].reads == TABLES[spec.reads].column(name).ref, (spec.source, name)


def test_a_connector_reads_what_each_definition_names(built: sample.Sample, specs: dict[str, SourceSpec]) -> None:
    reach = Reach(built.folder / "sources")
    server = desk.start(built.folder, built.desk_port)
    try:
        for spec in specs.values():
            reader = connector(spec.kind)
            reader.check(spec, reach)
            rows = sum(chunk.rows.num_rows for chunk in reader.read(spec, reach))
            assert rows > 0, spec.source
    finally:
        server.close()


def test_the_group_shares_service_everywhere_and_marketing_between_two() -> None:
    group = sample.GROUP
    ids = {entity.id for entity in group.entities}
    shared = {(each.giver, each.receiver) for each in group.agreements if each.purpose == "service"}
    assert shared == {(giver, receiver) for giver in ids for receiver in ids if giver != receiver}
    marketing = {(each.giver, each.receiver) for each in group.agreements if each.purpose == "marketing"}
    assert marketing == {("groupe-horizon", "le-cargo-sas"), ("le-cargo-sas", "groupe-horizon")}
    assert {account.role for account in group.accounts} == {
        "advisor", "sales", "marketer", "finance", "privacy", "engineer", "executive", "analyst", "administrator",
    }  # fmt: skip
    assert all(account.email.endswith("@example.com") for account in group.accounts)
    assert {brand.entity for brand in group.brands} == ids


def test_definitions_are_written_with_the_port_of_the_desk(tmp_path: Path) -> None:
    built = sample.build(tmp_path, people=20, today=date(2026, 11, 20), desk_port=9321)
    text = (built.folder / "sources" / "desk_tickets.yaml").read_text(encoding="utf-8")
    assert "http://127.0.0.1:9321/api/tickets" in text
    assert "{port}" not in "".join(path.read_text(encoding="utf-8") for path in built.sources)
