"""Packed files are read as what they hold; what is locked, damaged or made to fill a disk is a sentence."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import xlsxwriter
from tests.unit.connect.places import read, rows, spec

from filrouge.base.errors import SourceError, UsageError
from filrouge.connect import Reach, connector
from filrouge.connect.guess import conventions
from filrouge.domain.sources import SourceSpec

PLAIN = "id,nom,ville,vu_le\n1,Ada,Londres,2026-01-02\n2,Müller,,2026-02-03\n".encode()
FOUND = [(2, "1", "Ada", "Londres", "2026-01-02"), (3, "2", "Müller", None, "2026-02-03")]


def workbook() -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("Personnes")
        for at, line in enumerate(PLAIN.decode().splitlines()):
            sheet.write_row(at, 0, line.split(","))
    return stream.getvalue()


def lines() -> bytes:
    return b"".join(
        json.dumps({"id": str(at), "nom": name, "ville": town, "vu_le": seen}).encode() + b"\n"
        for _, at, name, town, seen in FOUND
    )


def zipped(path: Path, members: dict[str, bytes], **how: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def refused(source: SourceSpec, folder: Path) -> SourceError:
    for ask in (connector(source.kind).count, lambda *of: read(*of)):
        with pytest.raises(SourceError) as told:
            ask(source, Reach(folder))
        assert "\n" not in str(told.value)
        assert "nothing was imported" in told.value.hint
    return told.value


@pytest.mark.parametrize("pack", [gzip.compress, zstd], ids=["gz", "zst"])
@pytest.mark.parametrize(
    ("kind", "name", "content", "first"),
    [("csv", "people.csv", PLAIN, 2), ("ndjson", "people.ndjson", lines(), 1), ("excel", "people.xlsx", workbook(), 2)],
)
def test_a_packed_file_is_read_as_what_it_holds(
    tmp_path: Path, pack: Callable[[bytes], bytes], kind: str, name: str, content: bytes, first: int
) -> None:
    packed = tmp_path / f"{name}.{'gz' if pack is gzip.compress else 'zst'}"
    packed.write_bytes(pack(content))
    source = spec(kind, packed.name)
    connector(kind).check(source, Reach(tmp_path))
    chunks = read(source, Reach(tmp_path, scratch=tmp_path))
    assert rows(chunks) == [(row[0] - 2 + first, *row[1:]) for row in FOUND]
    assert chunks[0].rows["_place"][0].as_py().startswith(packed.name)
    assert os.listdir(tmp_path) == [packed.name], "nothing that was unpacked stays"
    assert connector(kind).discover(source, Reach(tmp_path))[0].name.startswith(packed.name)
    assert conventions(packed)[0] == kind


def test_two_packed_pieces_one_behind_the_other_are_one_file(tmp_path: Path) -> None:
    middle = len(PLAIN) // 2
    for name, pack in (("a.csv.gz", gzip.compress), ("b.csv.zst", zstd)):
        (tmp_path / name).write_bytes(pack(PLAIN[:middle]) + pack(PLAIN[middle:]))
        assert rows(read(spec("csv", name), Reach(tmp_path))) == FOUND


def test_the_members_of_an_archive_are_read_by_name_wherever_they_say_they_stand(tmp_path: Path) -> None:
    other = PLAIN.replace(b"Ada", b"Zoe")
    zipped(tmp_path / "x.zip", {"../../etc/b.csv": other, "/root/a.csv": PLAIN, "__MACOSX/._a.csv": b"x", "d/": b""})
    chunks = read(spec("csv", "x.zip"), Reach(tmp_path))
    assert [found[1] for found in rows(chunks, "nom")] == ["Ada", "Müller", "Zoe", "Müller"]
    assert [chunk.rows["_place"][0].as_py() for chunk in chunks] == ["x.zip · a.csv", "x.zip · b.csv"]
    assert os.listdir(tmp_path) == ["x.zip"]
    zipped(tmp_path / "y.zip", {"lisez.txt": b"read me", "people_1.csv": PLAIN, "orders.csv": b"n\n"})
    chosen = spec("csv", "y.zip", format={"members": "people_*.csv"})
    assert rows(read(chosen, Reach(tmp_path))) == FOUND
    assert "holds files of several kinds: lisez.txt, orders.csv" in str(refused(spec("csv", "y.zip"), tmp_path))
    missing = spec("csv", "y.zip", format={"members": "nobody*"})
    assert "holds no file called nobody*: it holds lisez.txt" in str(refused(missing, tmp_path))


def test_workbooks_in_an_archive_are_laid_down_only_while_they_are_read(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    zipped(tmp_path / "x.zip", {"a.xlsx": workbook()})
    source = spec("excel", "x.zip", format={"sheet": "Personnes"})
    assert rows(read(source, Reach(tmp_path, scratch=scratch))) == FOUND
    assert list(scratch.iterdir()) == []
    assert conventions(tmp_path / "x.zip") == ("excel", {"sheet": "Personnes", "header_row": 1})


def test_an_archive_inside_an_archive_is_not_unpacked(tmp_path: Path) -> None:
    zipped(tmp_path / "x.zip", {"a.zip": zipped(tmp_path / "in.zip", {"a.csv": PLAIN}).read_bytes()})
    assert "holds another archive, a.zip" in str(refused(spec("csv", "x.zip"), tmp_path))
    for inside in (gzip.compress(PLAIN), zstd(PLAIN), (tmp_path / "in.zip").read_bytes()):
        zipped(tmp_path / "y.zip", {"a.csv": inside})  # under another name
        assert "an archive or a document" in str(refused(spec("csv", "y.zip"), tmp_path))
        (tmp_path / "z.csv.gz").write_bytes(gzip.compress(inside))
        assert "an archive or a document" in str(refused(spec("csv", "z.csv.gz"), tmp_path))


def test_a_locked_archive_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.csv": PLAIN})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x03\x04") + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "locked by a password" in str(refused(spec("csv", "x.zip"), tmp_path))


@pytest.mark.parametrize("kind", ["csv", "ndjson", "excel"])
@pytest.mark.parametrize("packed", ["gz", "zst", "zip"])
def test_a_cut_or_damaged_file_is_told_and_worth_bringing_again(tmp_path: Path, kind: str, packed: str) -> None:
    content = {"csv": PLAIN + b"3,x,y,z\n" * 50_000, "ndjson": lines() * 20_000, "excel": workbook() * 20}[kind]
    whole = {"gz": gzip.compress(content), "zst": zstd(content), "zip": b""}[packed]
    inner = f"a.{'xlsx' if kind == 'excel' else kind}"
    if packed == "zip":
        whole = zipped(tmp_path / "whole.zip", {inner: content}).read_bytes()
    name = "x.zip" if packed == "zip" else f"{inner}.{packed}"
    middle = len(whole) // 2
    damaged = whole[:middle] + bytes(8) + whole[middle + 8 :]
    cut = (whole[:middle], whole[:3], b"not packed at all")
    for broken in cut if packed == "zst" else (*cut, damaged):  # zstd bears a sum only where its writer wanted one
        (tmp_path / name).write_bytes(broken)
        told = refused(spec(kind, name), tmp_path)
        assert "is cut or damaged" in str(told)
        assert told.retryable


def test_a_way_of_packing_that_is_not_read_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.csv": PLAIN})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x03\x04") + 8] = 97
    content[content.index(b"PK\x01\x02") + 10] = 97
    path.write_bytes(content)
    assert "packed in a way that is not read" in str(refused(spec("csv", "x.zip"), tmp_path))


@pytest.mark.parametrize("packed", ["gz", "zst", "zip"])
def test_a_file_made_to_fill_a_disk_is_given_up_early(tmp_path: Path, packed: str) -> None:
    size = 300 << 20
    path = tmp_path / (f"x.csv.{packed}" if packed != "zip" else "x.zip")
    block = b"id,nom,ville,vu_le\n" + b",,,\n" * (1 << 18)
    if packed == "gz":
        with gzip.open(path, "wb", 9) as stream:
            for _ in range(size // len(block)):
                stream.write(block)
    elif packed == "zst":
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            for _ in range(size // len(block)):
                stream.write(block)
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as stream:
            for _ in range(size // len(block)):
                stream.write(block)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = str(refused(spec("csv", path.name), tmp_path))
    assert "it is given up" in told
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 250 << 10  # KiB, of 300 MiB


def test_an_archive_of_many_files_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    plain = zipfile.ZipFile.__init__
    zipped(tmp_path / "x.zip", {f"{number:03}.csv": PLAIN for number in range(200)})

    def counted(*of: Any, **how: Any) -> None:
        opened.append(of)
        plain(*of, **how)

    monkeypatch.setattr(zipfile.ZipFile, "__init__", counted)
    assert len(rows(read(spec("csv", "x.zip"), Reach(tmp_path)))) == 400
    assert len(opened) == 1


def test_an_archive_of_too_many_files_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.packed.MOST_MEMBERS", 3)
    zipped(tmp_path / "x.zip", {f"{number}.csv": PLAIN for number in range(4)})
    assert "holds 4 files, more than 3" in str(refused(spec("csv", "x.zip"), tmp_path))


def test_an_archive_of_what_is_not_read_cannot_be_guessed(tmp_path: Path) -> None:
    zipped(tmp_path / "x.zip", {"a.pdf": b"%PDF"})
    with pytest.raises(UsageError, match=r"named \.pdf"):
        conventions(tmp_path / "x.zip")
