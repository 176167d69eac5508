"""Connectors that packages bring: found by their entry point, held to the promises of our own, told when they fail."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.connect.places import spec
from tests.unit.connect.servers import openssh
from tests.world import COLUMNS, PEOPLE, World

from filrouge.base import settings
from filrouge.base.errors import DefinitionError, SourceError, UsageError
from filrouge.connect import conformance, connector
from filrouge.store.models import Run
from filrouge.work import secrets, sources

pytestmark = pytest.mark.lake

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/write-a-connector.md"
Bring = Callable[..., None]


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """Return what installs a package of one module, for the test."""
    made: list[str] = []

    def installed(package: str, code: str, **entries: str) -> None:
        place = tmp_path / "packages" / package
        about = place / f"{package}-1.0.dist-info"
        about.mkdir(parents=True)
        (place / f"{package}.py").write_text(code, encoding="utf-8")
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in entries.items()]
        (about / "entry_points.txt").write_text("\n".join(["[filrouge.connectors]", *lines, ""]))
        monkeypatch.syspath_prepend(str(place))
        importlib.invalidate_caches()
        made.append(package)

    yield installed
    for package in made:
        sys.modules.pop(package, None)


@pytest.fixture
def page(bring: Bring) -> str:
    """Install the connector of the page; return its definition."""
    entry = re.search(r'\[project\.entry-points\."filrouge\.connectors"\]\n(\w+) = "(\S+)"', blocks("toml")[0])
    assert entry is not None
    bring("filrouge_xml", blocks("python")[0], **{entry[1]: entry[2]})
    return blocks("yaml")[0]


def test_the_connector_of_the_page_is_about_fifty_lines() -> None:
    assert len([line for line in blocks("python")[0].splitlines() if line.strip()]) <= 55


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("promise", conformance.PROMISES, ids=conformance.named)
def test_the_connector_of_the_page_keeps_its_promises(promise: conformance.Promise, tmp_path: Path) -> None:
    held: dict[str, Any] = {}
    exec(compile(blocks("python")[1], PAGE.name, "exec"), held)
    folder = tmp_path / "place"
    folder.mkdir()
    held["test_it_keeps_its_promises"](promise, folder)


def test_a_source_of_that_kind_is_kept_read_and_told_of_like_any_other(world: World, page: str) -> None:
    (world.folder / "titres").mkdir()
    file = world.folder / "titres/a.xml"
    file.write_text("<tout><abonne><id>1</id><nom>Byron</nom><ville>Londres</ville></abonne></tout>", encoding="utf-8")
    definition = yaml.safe_load(page)
    world.define(definition)
    assert sources.check("titres_people") == {"source": "titres_people", "rows": 1}
    run = sources.run("titres_people", by="test")
    assert (run.read, run.new, run.lost) == (1, 1, 0)
    assert world.rows("SELECT family_name, city FROM person_records") == [{"family_name": "Byron", "city": "Londres"}]
    assert sources.run("titres_people", by="test").unchanged == 1
    file.write_text("<tout><abonne><id>1</id>", encoding="utf-8")
    with pytest.raises(SourceError, match=r"a\.xml is no XML, or cut, after row 0"):
        sources.run("titres_people", by="test")
    for options, fault in (({}, "options.row"), ({"row": "x", "color": "y"}, "options.color")):
        with pytest.raises(DefinitionError) as told:
            world.define({**definition, "options": options})
        assert any(fault in one for one in told.value.faults)


def test_a_source_whose_package_was_taken_out_fails_in_a_sentence(
    world: World, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.define(yaml.safe_load(page))
    monkeypatch.setattr("filrouge.base.plugins.entry_points", lambda **_: [])
    with pytest.raises(UsageError, match="No connector reads sources of kind xml"):
        sources.run("titres_people", by="test")
    run = Run.objects.get()
    assert (run.state, "xml" in run.problem) == ("failed", True)


def test_a_drop_on_a_server_is_imported_as_of_when_it_was_written(world: World, tmp_path_factory: Any) -> None:
    with openssh(tmp_path_factory.mktemp("ssh")) as server:
        secrets.keep("k", server.secret, by="test")
        for name, content in (("a.csv", "1"), ("b.csv", "2"), ("b.csv.done", "")):
            (server.folder / name).write_text(f"{';'.join(COLUMNS)}\n{content}{';' * 11}\n")
            os.utime(server.folder / name, (1_700_000_000,) * 2)
        account = server.account
        account["place"] += "/*.csv"
        name = world.define(PEOPLE, **account, arrives={"done": "{name}.done"})
        assert sources.check(name) == {"source": name, "rows": 1}
        run = sources.run(name, by="test")
        assert (run.read, run.new) == (1, 1)
        assert run.as_of is not None
        assert run.as_of.timestamp() == 1_700_000_000
        (server.folder / "b.csv.done").unlink()
        with pytest.raises(SourceError, match="is whole yet"):
            sources.run(name, by="test")
        secrets.keep("k", "a password", by="test")
        with pytest.raises(SourceError, match="refuses the secret k"):
            sources.run(name, by="test")
    assert world.rows("SELECT source_id FROM person_records") == [{"source_id": "2"}]
    kept = [path for path in (settings.get().home / "staging").rglob("*") if path.is_file()]
    assert kept == [], "nothing that was fetched stays"


def test_options_of_a_kind_that_takes_none_are_told(world: World) -> None:
    with pytest.raises(DefinitionError) as told:
        world.people(run=False, options={"row": "x"})
    assert told.value.faults == ("options.row: Extra inputs are not permitted",)


def test_a_kind_that_nobody_brings_is_told_with_those_there_are(world: World, page: str) -> None:
    with pytest.raises(UsageError, match="No connector reads sources of kind exel") as told:
        world.define(yaml.safe_load(page), kind="exel", options={})
    assert "csv, excel, ndjson, rest, sql, xml" in told.value.hint


def test_a_package_that_breaks_as_it_is_loaded_is_told_by_its_name(bring: Bring) -> None:
    bring("broken_one", "import json\nraise RuntimeError('secret of somebody')", odd="broken_one:Odd")
    bring("empty_one", "", odd2="empty_one:Nothing")
    for kind, package in (("odd", "broken_one"), ("odd2", "empty_one")):
        with pytest.raises(UsageError, match=f"The package {package}, which brings {kind}, cannot be loaded") as told:
            connector(kind)
        assert "somebody" not in str(told.value)


def test_a_kind_that_two_packages_bring_is_read_by_neither(bring: Bring) -> None:
    for package in ("one_of_two", "two_of_two"):
        bring(package, "class Odd: ...", odd=f"{package}:Odd")
    with pytest.raises(UsageError, match="odd is brought by several packages: one_of_two, two_of_two"):
        connector("odd")


def test_no_package_takes_the_place_of_what_is_built_in(bring: Bring) -> None:
    bring("false_one", "class CSV: ...", csv="false_one:CSV")
    assert type(connector("csv")).__module__ == "filrouge.connect.csv"


@pytest.mark.parametrize("kind", ["", "CSV", "a b", "x" * 21, "../x"])
def test_what_is_no_name_of_a_kind_is_told_with_the_definition(kind: str) -> None:
    with pytest.raises(DefinitionError) as told:
        spec(kind, "x")
    assert any(fault.startswith("kind:") for fault in told.value.faults)
