"""Files left by SFTP: on a real OpenSSH server, under their name at once, and on no other server than the one meant."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.unit.connect.servers import Server

from filrouge.base.errors import DefinitionError, DestinationError
from filrouge.connect import ssh
from filrouge.connect.destinations import Lot, Parcel, Reach, destination
from filrouge.domain.pushes import DestinationSpec

PARCEL = Parcel(
    "news", "0190a000-0000-7000-8000-000000abcdef", datetime(2026, 11, 26, 10, tzinfo=UTC), ("id",), whole=True
)
LOT = Lot(1, 1, lambda: iter([pa.table({"action": ["add"], "key": ["b"], "id": ["b"]})]))


def reach(server: Server, tmp_path: Path, **changes: Any) -> Reach:
    return Reach((), changes.get("secret", server.secret), (), tmp_path)


def refused(server: Server, tmp_path: Path, spec: DestinationSpec, **changes: Any) -> str:
    with pytest.raises(DestinationError) as told:
        destination("sftp").check(spec, reach(server, tmp_path, **changes))
    return str(told.value)


def test_a_list_is_there_whole_under_its_name_and_takes_the_place_of_the_last(server: Server, tmp_path: Path) -> None:
    destination("sftp").check(server.spec(), reach(server, tmp_path))
    assert list(server.folder.iterdir()) == []
    for _ in range(2):  # given twice, it has the effect of one
        with destination("sftp").open(server.spec(), reach(server, tmp_path), PARCEL) as line:
            assert not line.send(LOT).refused
    (file,) = server.folder.iterdir()
    assert (file.name, file.read_text("utf-8-sig")) == ("news.csv", '"id"\n"b"\n')
    assert destination("sftp").describe(server.spec(), reach(server, tmp_path)).where.startswith("127.0.0.1:/")


def test_a_server_that_shows_another_key_is_given_nothing_not_even_the_secret(server: Server, tmp_path: Path) -> None:
    other = "SHA256:" + "A" * 43
    assert "another one than the definition names" in refused(server, tmp_path, server.spec(host_key=other))
    told = refused(server, tmp_path, server.spec(host_key=""), secret="hunter2")
    assert server.key in told  # it is confirmed by somebody, then written
    assert "hunter2" not in told


def test_what_is_wrong_is_a_sentence(server: Server, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", tmp_path / "other"], check=True)
    stranger = (tmp_path / "other").read_text()
    assert "refuses the secret k" in refused(server, tmp_path, server.spec(), secret=stranger)
    assert "refuses the secret k" in refused(server, tmp_path, server.spec(), secret="a password")
    broken = stranger[:60] + "\n-----END OPENSSH PRIVATE KEY-----\n"
    assert "no private key" in refused(server, tmp_path, server.spec(), secret=broken)
    nowhere = server.spec(place=f"sftp://127.0.0.1:{server.port}{server.folder}/nowhere")
    assert "has no folder" in refused(server, tmp_path, nowhere)
    assert "private" in refused(server, tmp_path, server.spec(allow_private=False))


def test_a_server_that_is_away_is_asked_again_later(server: Server, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DestinationError) as told:
        destination("sftp").check(server.spec(place=f"sftp://127.0.0.1:{port}/x"), reach(server, tmp_path))
    assert told.value.retryable
    assert "nobody answers at the address" in str(told.value)
    assert not told.value.arrived


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ("opens nothing", "does not take the file"), ("begins nothing", "does not take the file"),
        ("says nothing", "does not take the file"), ("babbles", "does not take the file"),
        ("has no sftp", "opens no SFTP to the account"), ("asks more", "asks for more than the secret k"),
    ],
)  # fmt: skip
def test_a_server_that_behaves_oddly_is_told_of_and_waited_for_no_longer(
    stranger: Callable[[str], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str, said: str
) -> None:
    monkeypatch.setattr(ssh, "PATIENCE", 1)
    server, began = stranger(odd), time.monotonic()
    assert said in refused(server, tmp_path, server.spec())
    assert time.monotonic() - began < 5


def test_a_broken_key_is_told_wherever_it_is_broken(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    first, *body, last = (tmp_path / "key").read_text().splitlines()
    spec = Server(22, "", "", Path("/drop")).spec()
    for kept in range(len(body)):
        for some in (body[:kept], body[kept + 1 :], [*body[:kept], body[kept][::-1], *body[kept + 1 :]]):
            with pytest.raises(DestinationError, match="no private key"):
                ssh._key("\n".join((first, *some, last)), spec)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"place": "sftp://host/x/%2e%2e/y"}, "place: a folder is named without .."),
        ({"place": "sftp://host/x%0Ay"}, "place: a name cannot hold this character"),
        ({"place": "sftp://host/lists#2"}, "place: write ? as %3F and # as %23"),
        ({"place": "ftp://host/x"}, "place: write sftp://host/path"),
        ({"place": "sftp://ada@host/x"}, "place: write the account as `user`"),
        ({"place": "sftp://host/x/../y"}, "place: a folder is named without .."),
        ({"user": ""}, "user: say whose account it is"),
        ({"secret": None}, "secret: name the one that holds the password"),
        ({"host_key": "MD5:aa"}, "host_key"),
    ],
)
def test_a_definition_that_cannot_work_is_not_kept(changes: dict[str, Any], fault: str) -> None:
    server = Server(22, "SHA256:" + "A" * 43, "", Path("/drop"))
    with pytest.raises(DefinitionError) as told:
        server.spec(**changes)
    assert any(fault in str(one) for one in told.value.faults)
