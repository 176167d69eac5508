"""What others wrote and we stand on: free licences only, no address of a download in a lock."""

from __future__ import annotations

import importlib.metadata as metadata
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
FREE = re.compile(
    r"0BSD|MIT(-0| License)?|Apache.*|BSD.*|ISC.*|MPL.*|Mozilla Public License.*|PSF.*|Unlicense"
    r"|The Unlicense.*|Zlib|CC0.*|OFL.*|HPND",
    re.IGNORECASE,
)
# Packages whose metadata say too little or too much, with what their licence file says.
READ = {
    "pgserver": "Apache-2.0",
    "qrcode": "BSD-3-Clause",  # "other" is the trade mark of QR Code
}
IMPORTED = {"psycopg", "psycopg-binary", "paramiko"}  # LGPL, used as a library and never changed


def locked() -> dict[str, Requirement]:
    found = {}
    for lock in LOCKS:
        for line in lock.read_text(encoding="utf-8").splitlines():
            if re.match(r"[a-z0-9]", line):
                requirement = Requirement(line.removesuffix("\\").strip())
                found[requirement.name] = requirement
    return found


def licences(name: str) -> list[str]:
    if name in READ:
        return [READ[name]]
    told = metadata.metadata(name)
    if expression := told.get("License-Expression"):
        return [part.strip("() ") for part in re.split(r" AND | OR |/", expression)]
    named = [
        line.rpartition("::")[2].strip() for line in told.get_all("Classifier") or [] if line.startswith("License")
    ]
    named = [name for name in named if name != "OSI Approved"]
    return named or [(told.get("License") or "unknown").splitlines()[0]]


def installed() -> list[str]:
    here = [
        name for name, requirement in locked().items() if requirement.marker is None or requirement.marker.evaluate()
    ]
    held = {dist.metadata["Name"].lower().replace("_", "-").replace(".", "-") for dist in metadata.distributions()}
    return sorted(name for name in here if name.lower().replace("_", "-").replace(".", "-") in held)


def test_the_locks_are_read() -> None:
    assert len(installed()) > 90


@pytest.mark.parametrize("name", installed())
def test_a_locked_package_is_free(name: str) -> None:
    told = licences(name)
    if name in IMPORTED:
        assert all("LGPL" in licence or "Lesser" in licence for licence in told)
        return
    assert [licence for licence in told if not FREE.fullmatch(licence)] == []


@pytest.mark.parametrize(
    "word", ["GPL-3.0-only", "GNU Affero General Public License v3", "BUSL-1.1", "SSPL-1.0", "unknown"]
)
def test_what_is_not_free_would_be_found(word: str) -> None:
    assert not FREE.fullmatch(word)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_by_hash_and_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"[a-z]+://|--index-url|--find-links| @ ", text)
    pinned = re.findall(r"^[a-z0-9][^\s=]*==\S+", text, re.MULTILINE)
    hashed = re.findall(r"^[a-z0-9][^\n]*\\\n\s+--hash=sha256:", text, re.MULTILINE)
    assert len(pinned) == len(hashed) > 0


def test_the_lock_of_node_names_no_address() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert "://" not in re.sub(r'"(url|funding)":[^\n]*', "", text)
