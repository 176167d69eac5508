"""Models of identity are kept; one that is set is used as it is, until models are learned again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.kept import laid_once
from tests.work.test_settling import crowd, few, settled
from tests.world import World
from typer.testing import CliRunner

from filrouge.base.errors import DefinitionError, NotFound
from filrouge.cli.identity import app
from filrouge.domain.identity import IdentitySpec, ModelSpec
from filrouge.store.models import AuditEntry, IdentityModel, IdentityQuality, Run
from filrouge.work import deriving, identity, identity_models, memory

pytestmark = pytest.mark.lake

REAL = deriving.spec


@pytest.fixture
def trained_on_few(monkeypatch: pytest.MonkeyPatch) -> None:
    def small() -> IdentitySpec:
        return REAL().model_copy(update={"training": few().training})

    monkeypatch.setattr(deriving, "spec", small)


@pytest.fixture
@laid_once
def group(world: World, trained_on_few: None) -> World:
    world.people(*crowd())
    world.resolve()
    return world


def test_a_model_learned_is_kept_and_used_again_by_its_version(group: World) -> None:
    kept = IdentityModel.objects.get()
    assert (kept.origin, kept.in_use) == ("learned", False)
    assert kept.version == IdentityQuality.objects.get().model
    identity.resolve(by="test", whole=True)
    assert IdentityModel.objects.count() == 1, "the same records teach the same"
    identity_models.use(kept.version, by="ada", reason="steady")
    row = IdentityModel.objects.get()
    assert (row.in_use, row.by, row.reason) == (True, "ada", "steady")
    assert AuditEntry.objects.filter(action="identity.model", subject=kept.version).count() == 1
    identity.resolve(by="test")
    assert settled() == len(group.rows("SELECT record_key FROM person_records")), "the whole, with the model chosen"
    assert Run.objects.filter(kind="identity").order_by("-started_at")[0].figures["model"] == kept.version
    assert memory.recall(deriving.spec()) is not None
    identity.resolve(by="test")
    assert settled() == 0
    assert identity_models.learn(by="ada")
    assert not identity_models.learn(by="ada")
    assert memory.recall(deriving.spec()) is None, "what comes next is settled with a model learned anew"


def test_a_model_is_printed_changed_and_set_from_a_terminal(group: World, tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["model", "show"])
    said: dict[str, Any] = yaml.safe_load(shown.stdout)
    said["thresholds"] = {"link": 60.0}
    file = tmp_path / "strict.yaml"
    file.write_text(yaml.safe_dump(said))
    before = len(group.rows("SELECT person_id FROM people WHERE merged_into IS NULL"))
    assert CliRunner().invoke(app, ["model", "use", str(file)]).exit_code == 0
    identity.resolve(by="test")
    assert len(group.rows("SELECT person_id FROM people WHERE merged_into IS NULL")) > before
    assert IdentityModel.objects.get(in_use=True).origin == "hand"
    listed = CliRunner().invoke(app, ["model", "list"]).stdout
    assert "hand" in listed
    assert "used as it is" in listed
    assert IdentityQuality.objects.first().learned["notes"] == [{"code": "set_by_hand"}]  # type: ignore[union-attr]
    assert CliRunner().invoke(app, ["model", "learn"]).exit_code == 0
    identity.resolve(by="test")
    assert len(group.rows("SELECT person_id FROM people WHERE merged_into IS NULL")) == before


def test_a_faulty_file_or_an_unknown_version_changes_nothing(group: World, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    for text in ("comparisons: [", "comparisons: {shoe: {same: {m: 0.9, u: 0.1}}}", "other: 1", ""):
        file.write_text(text)
        told = CliRunner().invoke(app, ["model", "use", str(file)])
        assert told.exit_code != 0
        assert isinstance(told.exception, SystemExit) or hasattr(told.exception, "hint")
    assert CliRunner().invoke(app, ["model", "use", str(tmp_path / "none.yaml")]).exit_code != 0
    with pytest.raises(NotFound):
        identity_models.use("m00000000", by="ada")
    odd = ModelSpec.parse({"comparisons": {"shoe": {}}})
    with pytest.raises(DefinitionError):
        identity_models.use(odd, by="ada")
    assert not IdentityModel.objects.filter(in_use=True).exists()


def test_a_source_that_holds_each_person_once_says_so_in_its_definition(group: World) -> None:
    before = len(group.rows("SELECT person_id FROM people WHERE merged_into IS NULL"))
    group.people(*crowd(), one_each=True)
    assert deriving.spec().one_each
    identity.resolve(by="test")
    assert len(group.rows("SELECT person_id FROM people WHERE merged_into IS NULL")) > before
    assert settled() == len(crowd()), "who is who may change for everybody: the whole is settled"
