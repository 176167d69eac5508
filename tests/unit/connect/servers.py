"""Servers of SFTP for tests: OpenSSH itself, and strangers that behave oddly."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
import pytest
from paramiko import common

from filrouge.connect import ssh
from filrouge.domain.pushes import DestinationSpec

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")


@dataclass
class Server:
    port: int
    key: str
    secret: str
    folder: Path

    @property
    def account(self) -> dict[str, Any]:
        """The part of a definition that says how this server is reached."""
        return {
            "place": f"sftp://127.0.0.1:{self.port}{self.folder}", "user": getpass.getuser(), "secret": "k",
            "host_key": self.key, "allow_private": True,
        }  # fmt: skip

    def spec(self, **changes: Any) -> DestinationSpec:
        return DestinationSpec.parse({"kind": "sftp"} | self.account | changes, what="desk")


@contextmanager
def openssh(here: Path) -> Iterator[Server]:
    """Run an OpenSSH server for this account, which knows one key of it; skip the test where none can."""
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("no OpenSSH on this machine: apt install openssh-server openssh-client")
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
    own: list[str | Path] = [
        "ssh",
        "-F",
        "none",
        "-i",
        here / "mine",
        "-p",
        str(port),
        "-o",
        "StrictHostKeyChecking=no",
    ]
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


class Stranger(paramiko.ServerInterface):
    """A server that lets anybody in, up to where it behaves ``odd``."""

    def __init__(self, odd: str, over: threading.Event) -> None:
        self.odd, self.over = odd, over

    def check_auth_password(self, username: str, password: str) -> int:
        return common.AUTH_PARTIALLY_SUCCESSFUL if self.odd == "asks more" else common.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self.odd == "opens nothing":
            self.over.wait(10)
        return common.OPEN_SUCCEEDED

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        if self.odd == "begins nothing":
            self.over.wait(10)
        if self.odd == "babbles":
            channel.sendall(b"\x00\x00\x00\x05\x02welcome to ftp\r\n" * 3)
        return self.odd != "has no sftp"


@contextmanager
def strangers() -> Iterator[Callable[[str], Server]]:
    """Give what starts such a server."""
    over, key = threading.Event(), paramiko.ECDSAKey.generate()
    ends: list[paramiko.Transport | socket.socket] = []

    def start(odd: str) -> Server:
        listening = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            with suppress(OSError, EOFError, paramiko.SSHException):  # the caller may leave before it has begun
                transport = paramiko.Transport(listening.accept()[0])
                ends.append(transport)
                transport.add_server_key(key)
                transport.start_server(server=Stranger(odd, over))

        threading.Thread(target=run, daemon=True).start()
        ends.append(listening)
        return Server(listening.getsockname()[1], ssh.fingerprint(key), "a password", Path("/drop"))

    yield start
    over.set()
    for end in ends:
        end.close()
