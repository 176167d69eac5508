"""Files left by SFTP: on a real OpenSSH server, under their name at once, and on no other server than the one meant."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paramiko
import pyarrow as pa
import pytest

from filrouge.base.errors import DefinitionError, DestinationError
from filrouge.connect.destinations import Lot, Parcel, Reach, destination, sftp
from filrouge.domain.pushes import DestinationSpec

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
PARCEL = Parcel(
    "news", "0190a000-0000-7000-8000-000000abcdef", datetime(2026, 11, 26, 10, tzinfo=UTC), ("id",), whole=True
)
LOT = Lot(1, 1, lambda: iter([pa.table({"action": ["add"], "key": ["b"], "id": ["b"]})]))


@dataclass
class Server:
    port: int
    key: str
    secret: str
    folder: Path

    def spec(self, **changes: Any) -> DestinationSpec:
        said = {
            "kind": "sftp", "place": f"sftp://127.0.0.1:{self.port}{self.folder}", "user": getpass.getuser(),
            "secret": "k", "host_key": self.key, "allow_private": True,
        }  # fmt: skip
        return DestinationSpec.parse(said | changes, what="desk")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An OpenSSH server for this account, which knows one key of it."""
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("no OpenSSH on this machine: apt install openssh-server openssh-client")
    here = tmp_path_factory.mktemp("ssh")
    for name in ("host", "mine"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", here / name], check=True)
    shutil.copy(here / "mine.pub", here / "known")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (here / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {here}/host\nAuthorizedKeysFile {here}/known\nStrictModes no\n"
        f"PidFile {here}/pid\nUsePAM no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    daemon = subprocess.Popen([SSHD, "-D", "-e", "-f", here / "config"], stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    own = ["ssh", "-F", "none", "-i", here / "mine", "-p", str(port), "-o", "StrictHostKeyChecking=no"]
    own += ["-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "127.0.0.1", "true"]
    if subprocess.run(own, check=False, capture_output=True).returncode:
        daemon.terminate()
        daemon.wait(10)
        pytest.skip("this account may not sign in by SSH on this machine, not even with OpenSSH's own client")
    told = subprocess.run(["ssh-keygen", "-lf", here / "host.pub"], check=True, capture_output=True, text=True).stdout
    folder = here / "drop"
    folder.mkdir()
    yield Server(port, told.split()[1], (here / "mine").read_text(), folder)
    daemon.terminate()
    daemon.wait(10)


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


class Stranger(paramiko.ServerInterface):
    """A server that lets anybody in, up to where it behaves ``odd``."""

    def __init__(self, odd: str, over: threading.Event) -> None:
        self.odd, self.over = odd, over

    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_PARTIALLY_SUCCESSFUL if self.odd == "asks more" else paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self.odd == "opens nothing":
            self.over.wait(10)
        return paramiko.OPEN_SUCCEEDED

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        if self.odd == "begins nothing":
            self.over.wait(10)
        if self.odd == "babbles":
            channel.sendall(b"\x00\x00\x00\x05\x02welcome to ftp\r\n" * 3)
        return self.odd != "has no sftp"


@pytest.fixture
def stranger() -> Iterator[Callable[[str], Server]]:
    """Return what starts such a server."""
    over, ends, key = threading.Event(), [], paramiko.ECDSAKey.generate()

    def start(odd: str) -> Server:
        listening = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            with suppress(OSError, paramiko.SSHException):
                transport = paramiko.Transport(listening.accept()[0])
                ends.append(transport)
                transport.add_server_key(key)
                transport.start_server(server=Stranger(odd, over))

        threading.Thread(target=run, daemon=True).start()
        ends.append(listening)
        return Server(listening.getsockname()[1], sftp.fingerprint(key), "a password", Path("/drop"))

    yield start
    over.set()
    for end in ends:
        end.close()


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
    monkeypatch.setattr(sftp, "PATIENCE", 1)
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
                sftp._key("\n".join((first, *some, last)), spec)


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
