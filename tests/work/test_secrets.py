"""A secret is sealed, never told, and cannot be taken from under a source."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.world import PEOPLE, World

from filrouge.base.errors import Conflict, NotFound, UsageError
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.models import AuditEntry, Secret
from filrouge.work import audit, pushes, secrets


def test_a_secret_is_sealed_listed_by_name_and_destroyed(world: World) -> None:
    secrets.keep("desk", "token-4141", by="test")
    assert "token-4141" not in Secret.objects.get().sealed
    assert secrets.names() == [("desk", [])]
    secrets.forget("desk", by="test")
    assert not Secret.objects.exists()
    assert not any("4141" in str(line.details) for line in AuditEntry.objects.all())
    with pytest.raises(NotFound):
        secrets.forget("desk", by="test")


def test_a_secret_that_a_source_opens_is_not_destroyed(world: World) -> None:
    secrets.keep("desk", "token", by="test")
    world.define(PEOPLE, secret="desk")
    with pytest.raises(Conflict, match="crm_people"):
        secrets.forget("desk", by="test")


def test_a_secret_goes_nowhere_but_where_those_who_keep_what_it_opens_send_it(world: World) -> None:
    for name in ("desk", "shared", "free"):
        secrets.keep(name, "token", by="test")
    world.define(PEOPLE, secret="desk")
    colleague = world.user("engineer", entities=["north"])
    stranger = world.user("engineer", entities=["south"])
    spec = {"kind": "rest", "place": "https://elsewhere.example/", "secret": "shared"}
    pushes.keep_destination(OWNER, "south-desk", spec=spec, entity="south")
    told = {who.name: secrets.openable(who) for who in (OWNER, colleague, stranger)}
    assert told == {
        OWNER.name: ["desk", "free", "shared"], colleague.name: ["desk", "free"], stranger.name: ["free", "shared"],
    }  # fmt: skip
    with pytest.raises(NotFound, match="No secret is called desk"):
        pushes.keep_destination(stranger, "mine", spec={**spec, "secret": "desk"}, entity="south")
    assert pushes.keep_destination(stranger, "mine", spec={**spec, "secret": "free"}, entity="south")


@pytest.mark.parametrize(("name", "value"), [("", "x"), ("a b", "x"), ("desk", "")])
def test_a_name_or_a_value_that_cannot_be_is_told(world: World, name: str, value: str) -> None:
    with pytest.raises(UsageError):
        secrets.keep(name, value, by="test")


def test_the_command_reads_the_value_from_stdin_and_repeats_it_nowhere(tmp_path: Path) -> None:
    import os

    env = {**os.environ, "FILROUGE_HOME": str(tmp_path / "home"), "DJANGO_SETTINGS_MODULE": "filrouge.site.settings"}
    env = {k: v for k, v in env.items() if k not in ("DATABASE_URL", "FILROUGE_LAKE", "FILROUGE_SECRET_KEY")}
    command = [sys.executable, "-m", "filrouge.cli", "secret"]
    told = subprocess.run(
        [*command, "keep", "desk"], input="token-4141\n", env=env, capture_output=True, text=True, check=True
    )
    assert "token-4141" not in told.stdout + told.stderr
    listed = subprocess.run([*command, "list", "--json"], env=env, capture_output=True, text=True, check=True)
    assert listed.stdout.strip() == '[{"name": "desk", "sources": []}]'


def test_an_exported_chain_can_be_verified_by_whoever_holds_it(world: World, tmp_path: Path) -> None:
    import json

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from filrouge.domain.privacy import chain

    count = audit.export(tmp_path / "audit.jsonl", by="test")
    *lines, end = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert count == len(lines) > 5
    said = dict(end["head"])
    signature = bytes.fromhex(said.pop("signature"))
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(end["public_key"]))
    key.verify(signature, chain.canonical(said).encode())
    found = chain.verify((chain.Line(**line) for line in lines), head=(said["seq"], said["hash"]))
    assert found == (count, [])
    with pytest.raises(UsageError, match="cannot be written"):
        audit.export(tmp_path / "audit.jsonl", by="test")
