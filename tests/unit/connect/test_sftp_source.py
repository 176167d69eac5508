"""Files fetched by SFTP: from a real OpenSSH server, whole, and from no other server than the one meant."""

from __future__ import annotations

import gzip
import os
import resource
import socket
import subprocess
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from typing import Any

import paramiko
import pytest
from tests.unit.connect.places import read, rows, spec
from tests.unit.connect.servers import Server

from filrouge.base.errors import DefinitionError, SourceError
from filrouge.connect import Reach, connector, sftp, ssh
from filrouge.connect.paths import written
from filrouge.domain.sources import SourceSpec

PLAIN = "id,nom,ville,vu_le\n{},,,\n"


@pytest.fixture
def drop(server: Server) -> Iterator[Path]:
    """The folder of the server, empty."""
    yield server.folder
    for path in server.folder.iterdir():
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def at(server: Server, name: str, kind: str = "csv", **changes: Any) -> SourceSpec:
    account = server.account
    account["place"] += f"/{name}"
    return spec(kind, **account | changes)


def reach(server: Server, tmp_path: Path) -> Reach:
    return Reach(Path("/nowhere"), server.secret, (), tmp_path)


def refused(server: Server, source: SourceSpec, tmp_path: Path, secret: str | None = None) -> SourceError:
    with pytest.raises(SourceError) as told:
        read(source, Reach(Path("/nowhere"), secret or server.secret, (), tmp_path))
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []
    return told.value


def test_files_left_on_a_server_are_read_as_if_they_stood_here(server: Server, drop: Path, tmp_path: Path) -> None:
    (drop / "a.csv").write_text(PLAIN.format(1))
    (drop / "b.csv.gz").write_bytes(gzip.compress(PLAIN.format(2).encode()))
    (drop / "c.csv").symlink_to(drop / "a.csv")  # the same file: once
    (drop / "d.csv").mkdir()
    (drop / ".e.csv").write_text(PLAIN.format(5))
    (drop / "f.txt").write_text("no")
    os.utime(drop / "a.csv", (5_000, 5_000))
    os.utime(drop / "b.csv.gz", (7_000, 7_000))
    source = at(server, "*.csv*")
    connector("csv").check(source, reach(server, tmp_path))
    assert connector("csv").count(source, reach(server, tmp_path)) == 2
    chunks = read(source, reach(server, tmp_path))
    assert rows(chunks, "id") == [(2, "1"), (2, "2")]
    assert [chunk.rows["_place"][0].as_py() for chunk in chunks] == ["a.csv", "b.csv.gz"]
    assert written(source, reach(server, tmp_path)).timestamp() == 7_000
    assert list(tmp_path.iterdir()) == [], "nothing that was fetched stays"


def test_a_file_on_a_server_waits_for_its_marker(server: Server, drop: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (drop / f"{name}.csv").write_text(PLAIN.format(name))
    source = at(server, "*.csv", arrives={"done": "{stem}.done"})
    assert "none has its {stem}.done beside it" in str(refused(server, source, tmp_path))
    (drop / "b.done").touch()
    assert rows(read(source, reach(server, tmp_path)), "id") == [(2, "b")]


def test_a_file_that_grows_on_a_server_waits(
    server: Server, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (drop / "a.csv").write_text(PLAIN.format(1))
    more = iter(["2,,,\n"])

    def grows(_: float) -> None:
        with (drop / "a.csv").open("a") as stream:
            stream.write(next(more, ""))

    monkeypatch.setattr("filrouge.connect.paths.time.sleep", grows)
    found = read(at(server, "a.csv", arrives={"settle": "5s"}), reach(server, tmp_path))
    assert [row[1] for row in rows(found, "id")] == ["1", "2"]


def test_a_server_that_shows_another_key_is_told_nothing(server: Server, drop: Path, tmp_path: Path) -> None:
    other = at(server, "a.csv", host_key="SHA256:" + "A" * 43)
    assert "another one than the definition names" in str(refused(server, other, tmp_path, "hunter2"))
    told = str(refused(server, at(server, "a.csv", host_key=""), tmp_path, "hunter2"))
    assert server.key in told
    assert "hunter2" not in told


def test_what_is_wrong_with_a_server_is_a_sentence(server: Server, drop: Path, tmp_path: Path) -> None:
    assert "No file is at sftp://127.0.0.1" in str(refused(server, at(server, "nothing*.csv"), tmp_path))
    assert "The server of 127.0.0.1 has no" in str(refused(server, at(server, "nowhere/x.csv"), tmp_path))
    assert "refuses the secret k" in str(refused(server, at(server, "a.csv"), tmp_path, "a password"))
    assert "is private" in str(refused(server, at(server, "a.csv", allow_private=False), tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    away = refused(server, at(server, "a.csv", place=f"sftp://127.0.0.1:{port}/x.csv"), tmp_path)
    assert "nobody answers at the address" in str(away)
    assert away.retryable


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is shut to root")
def test_a_file_that_may_not_be_read_is_told(server: Server, drop: Path, tmp_path: Path) -> None:
    (drop / "a.csv").write_text(PLAIN.format(1))
    (drop / "a.csv").chmod(0)
    assert "may not read a.csv" in str(refused(server, at(server, "a.csv"), tmp_path))


def test_a_line_that_breaks_half_way_leaves_nothing(
    server: Server, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (drop / f"{name}.csv").write_text(PLAIN.format(name))
    (drop / "b.csv").write_text("id,nom,ville,vu_le\n" + "1,x,y,\n" * 1_000_000)
    asked: list[str] = []
    plain = paramiko.SFTPClient.getfo

    def breaks(self: Any, where: str, *args: Any, **how: Any) -> Any:
        asked.append(where)
        if where.endswith("b.csv"):
            self.get_channel().get_transport().close()
        return plain(self, where, *args, **how)

    monkeypatch.setattr(paramiko.SFTPClient, "getfo", breaks)
    told = refused(server, at(server, "*.csv"), tmp_path)
    assert "does not give its files: the connection broke" in str(told)
    assert told.retryable
    assert len(asked) == 2


@pytest.mark.parametrize("odd", ["begins nothing", "babbles", "says nothing"])
def test_a_server_that_behaves_oddly_is_waited_for_no_longer(
    stranger: Callable[[str], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    monkeypatch.setattr(ssh, "PATIENCE", 1)
    server = stranger(odd)
    assert "does not give its files" in str(refused(server, at(server, "*.csv"), tmp_path))


def test_a_name_that_leads_elsewhere_is_no_file(
    server: Server, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (drop / "a.csv").write_text(PLAIN.format(1))
    plain = paramiko.SFTPClient.listdir_iter

    def lies(self: Any, *args: Any, **how: Any) -> Any:
        for one in plain(self, *args, **how):
            yield one
            for name in ("../x.csv", "/etc/x.csv", "..", "a\0.csv"):
                other = copy(one)
                other.filename = name
                yield other

    monkeypatch.setattr(paramiko.SFTPClient, "listdir_iter", lies)
    assert rows(read(at(server, "*.csv"), reach(server, tmp_path)), "id") == [(2, "1")]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"user": ""}, "user: say whose account it is"),
        ({"secret": None}, "secret: name the one that holds the password"),
        ({"place": "sftp://ada:x@host/a.csv"}, "place: keep the password as a secret"),
        ({"place": "sftp://host/a/../b.csv"}, "named without .."),
        ({"place": "sftp://host/drop/"}, "place: name the files too"),
        ({"place": "sftp:///a.csv"}, "place: write sftp://host/path"),
        ({"kind": "rest", "place": "https://x.example/a"}, "host_key: only a source read by SFTP takes it"),
        ({"place": "a.csv", "host_key": ""}, "user: only a source read by REST or SFTP takes it"),
    ],
)
def test_a_server_that_cannot_be_reached_so_is_told_with_the_definition(changes: dict[str, Any], fault: str) -> None:
    key = "SHA256:" + "A" * 43
    plain = {"kind": "csv", "place": "sftp://host/a.csv", "user": "ada", "secret": "k", "host_key": key} | changes
    with pytest.raises(DefinitionError) as told:
        spec(**plain)
    assert any(fault in one for one in told.value.faults)


def test_a_large_file_is_laid_on_the_disk_and_not_in_memory(server: Server, drop: Path, tmp_path: Path) -> None:
    with (drop / "a.csv").open("wb") as stream:
        for _ in range(100):
            stream.write(b"x" * (1 << 20))
    with sftp.opened(at(server, "a.csv"), reach(server, tmp_path)) as away:
        (file,) = away.look()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert away.fetch(file, tmp_path).stat().st_size == 100 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10  # KiB


def test_no_password_of_an_account_is_told(server: Server, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", tmp_path / "other"], check=True)
    key = (tmp_path / "other").read_text()
    for path in tmp_path.iterdir():
        path.unlink()
    told = refused(server, at(server, "a.csv"), tmp_path, key)
    assert key.splitlines()[1] not in f"{told} {told.plain()}"
