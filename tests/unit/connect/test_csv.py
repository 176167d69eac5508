"""Text files as systems really leave them: odd encodings, titles, cut rows, web pages, changes half-way."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.unit.connect.places import faults, read, rows, spec

from filrouge.base.errors import SourceError
from filrouge.connect import Reach, connector
from filrouge.connect.text import BLOCK

HEAD = b"id;nom;ville;vu_le\n"


def semicolons(**format: Any) -> Any:
    return spec("csv", "people*.csv", format={"delimiter": ";", **format})


def lay(folder: Path, content: bytes, name: str = "people.csv") -> Reach:
    (folder / name).write_bytes(content)
    return Reach(folder)


def refused(content: bytes, folder: Path, **format: Any) -> SourceError:
    """Return what is said of ``content``."""
    reach = lay(folder, content)
    source = semicolons(**format)
    with pytest.raises(SourceError) as told:
        read(source, reach)
    assert "nothing was imported" in told.value.hint or "Nothing was imported" in told.value.hint
    return told.value


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("utf-8", "é œ € \u00a0x".encode()),
        ("utf-8", b"\xef\xbb\xbf"),
        ("cp1252", "é œ € \u00a0x".encode("cp1252")),
        ("latin-1", b"\x80\xe9"),
        ("utf-16", "é œ €".encode("utf-16")),
    ],
)
def test_text_comes_out_as_it_was_written(tmp_path: Path, encoding: str, content: bytes) -> None:
    if content == b"\xef\xbb\xbf":  # the mark of UTF-8 belongs to no column name
        content, expected = content + HEAD + "1;é;;".encode(), "é"
    else:
        expected = content.decode(encoding)
        content = (HEAD.decode() + f"1;{expected};;\n").encode(encoding)
    reach = lay(tmp_path, content)
    assert rows(read(semicolons(encoding=encoding), reach), "nom") == [(2, expected)]


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    content = (
        b'Export du 1er mai\r\n\r\nid;nom;ville;vu_le\r\n1;a;;\r\n\r\n2;"b\r\nb";;\r\n3;c\r\n;;;\r\n'
        b"4;d;;\r\n5;e;;;;\r\n6;f;;"
    )
    chunks = read(semicolons(header_row=3), lay(tmp_path, content))
    assert rows(chunks, "id") == [(4, "1"), (6, "2"), (9, "4"), (11, "6")]
    assert faults(chunks) == [(7, "too_few_fields"), (10, "too_many_fields")]


def test_numbers_stay_right_over_many_small_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.csv.BLOCK", 40)
    monkeypatch.setattr("filrouge.connect.text.BLOCK", 50)
    lines = [b"%d;x;;" % at if at % 7 else b"cut" if at % 2 else b"" for at in range(2, 100)]
    chunks = read(semicolons(), lay(tmp_path, HEAD + b"\n".join(lines)))
    assert rows(chunks, "id") == [(at, str(at)) for at in range(2, 100) if at % 7]
    assert [row for row, _ in faults(chunks)] == [at for at in range(2, 100) if not at % 7 and at % 2]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_is_read(tmp_path: Path, end: bytes) -> None:
    reach = lay(tmp_path, end.join([HEAD.strip(), b"1;a;;", b"2;b;;"]))
    assert rows(read(semicolons(), reach), "id", "nom") == [(2, "1", "a"), (3, "2", "b")]


def test_bytes_that_do_not_fit_reject_their_row_alone(tmp_path: Path) -> None:
    chunks = read(semicolons(), lay(tmp_path, HEAD + "1;é;;\n2;".encode() + b"\xe9t\xe9;;\n3;nul\0;;\n4;d;;"))
    assert rows(chunks, "nom") == [(2, "é"), (5, "d")]
    assert faults(chunks) == [(3, "wrong_bytes"), (4, "wrong_bytes")]
    assert [fault.raw for chunk in chunks for fault in chunk.faults] == ["2;\ufffdt\ufffd;;", "3;nul\ufffd;;"]


def test_a_character_cut_by_the_end_of_a_block_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for size in range(30, 40):
        monkeypatch.setattr("filrouge.connect.text.BLOCK", size)
        chunks = read(semicolons(), lay(tmp_path, HEAD + "1;ééé€€€🙂🙂;;\n".encode() * 20))
        assert {name for _, name in rows(chunks, "nom")} == {"ééé€€€🙂🙂"}, size


def test_a_file_in_another_encoding_is_refused_whole(tmp_path: Path) -> None:
    told = refused(HEAD + b"1;\xe9t\xe9;;\n" * 50, tmp_path)
    assert "byte 21 does not fit" in str(told)
    assert "50 rows" in str(told)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "None of the columns"),
        (b"<!DOCTYPE html><html><body>Connexion</body></html>", "web page"),
        (b"\n <html><head>", "web page"),
        (b"PK\x03\x04aaaa", "workbook"),
        ("id;nom;ville;vu_le".encode("utf-16-le"), "many of its bytes are empty"),
        ("id;nom;ville;vu_le".encode("utf-16"), "utf-16"),
        (b"1;Lovelace;Londres;2026-01-01\n", "None of the columns"),
        (b"id,nom,ville,vu_le\n1,a,b,c\n", "None of the columns"),
        (b"id;nom;ville\n1;Lovelace;Londres\n", "vu_le is not in people.csv"),
        (b"\xe9d;nom\n", "not written in utf-8"),
        (HEAD + b'1;"Lovelace;Londres;\n' + b"2;Eiffel;Paris;\n" * 400_000, "a quote opens and is not closed"),
        (HEAD + b'1;Lovelace;Londres;2026\n2;Eiffel;Paris;"2026\n3;c;d;e\n', "after row 2, a quote opens"),
        (HEAD + b'1;Lovelace;"Londres;2026\n3;c;d;e\n', "after row 1, a quote opens"),
        (b"x" * 3_000_000, "a line of more than a million bytes"),
    ],
)
def test_what_is_no_such_file_is_told_in_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    told = str(refused(content, tmp_path))
    assert said in told
    assert "\n" not in told
    assert "Lovelace" not in told


@pytest.mark.parametrize("format", [{"delimiter": ";;"}, {"delimiter": "§"}, {"quote": "''"}])
def test_a_delimiter_of_several_characters_is_told(tmp_path: Path, format: dict[str, str]) -> None:
    with pytest.raises(SourceError, match="one plain character"):
        read(semicolons(**format), lay(tmp_path, HEAD))


def test_without_quotes_a_quote_is_a_character(tmp_path: Path) -> None:
    chunks = read(semicolons(quote=""), lay(tmp_path, HEAD + b'1;5" disque;"x;\n'))
    assert rows(chunks, "nom", "ville") == [(2, '5" disque', '"x')]


def test_a_file_written_while_it_is_read_is_given_up(tmp_path: Path) -> None:
    reach = lay(tmp_path, HEAD + b"1;a;;\n" * 1_000_000)
    reading = connector("csv").read(semicolons(), reach)
    next(reading)
    with (tmp_path / "people.csv").open("ab") as stream:
        stream.write(b"2;b;;\n")
    with pytest.raises(SourceError, match="changed while it was read") as told:
        list(reading)
    assert told.value.retryable


def test_a_file_that_is_cut_half_way_is_given_up(tmp_path: Path) -> None:
    reach = lay(tmp_path, HEAD + b"1;a;;\n" * 2_000_000)
    reading = connector("csv").read(semicolons(), reach)
    next(reading)
    os.truncate(tmp_path / "people.csv", 100)
    with pytest.raises(SourceError):
        list(reading)


@pytest.mark.skipif(os.geteuid() != 0, reason="only the super-user can become somebody without rights")
@pytest.mark.parametrize("kind", ["csv", "excel", "ndjson", "sql"])
def test_a_file_that_may_not_be_read_is_told(kind: str) -> None:
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    (folder / "people").write_bytes(HEAD)
    (folder / "people").chmod(0)
    place = f"sqlite:///{folder}/people" if kind == "sql" else "people"
    source = spec(kind, place, format={"table": "people"} if kind == "sql" else {})
    os.seteuid(65534)
    try:
        with pytest.raises(SourceError, match="may not be read"):
            read(source, Reach(folder))
    finally:
        os.seteuid(0)
        shutil.rmtree(folder)


def test_files_of_one_pattern_are_read_in_order_of_their_names(tmp_path: Path) -> None:
    lay(tmp_path, HEAD + b"2;b;;\n", "people-2.csv")
    lay(tmp_path, b"nom;id;vu_le;ville;plus\na;1;;;\n", "people-1.csv")
    chunks = read(semicolons(), Reach(tmp_path))
    assert rows(chunks, "_place", "id", "nom") == [(2, "people-1.csv", "1", "a"), (2, "people-2.csv", "2", "b")]


def test_memory_stays_within_some_blocks(tmp_path: Path) -> None:
    import pyarrow as pa

    reach = lay(tmp_path, HEAD + b"1;abcdefghijklmnopqrstuvwxyz;Paris;2026-01-01\n" * 1_500_000)
    before = pa.total_allocated_bytes()
    most = max(pa.total_allocated_bytes() - before for _ in connector("csv").read(semicolons(), reach))
    assert most < 64 << 20


def test_the_public_suite_of_difficult_files_reads_as_it_says(bad_input: Path) -> None:
    for path in sorted((bad_input / "csv-spectrum/csvs").glob("*.csv")):
        expected = json.loads((bad_input / "csv-spectrum/json" / f"{path.stem}.json").read_text())
        names = list(expected[0])
        source = spec("csv", str(path), key=[names[0]], map={"source_id": names[0]})
        found = [dict(zip(names, row[1:], strict=True)) for row in rows(read(source, Reach(bad_input)), *names)]
        assert found == [{name: value or None for name, value in row.items()} for row in expected], path.name


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_no_row_is_lost_wherever_a_block_ends(encoding: str, tmp_path: Path) -> None:
    """A letter of two bytes across the end of a block once left a block of one byte, in which no line ends."""
    line = b"7;Eleonore Menage;Saint-Etienne;2026-01-01\n"
    before = BLOCK - len(HEAD) - 1  # the letter begins on the last byte of the first block
    count, left = divmod(before - 3, len(line))
    content = HEAD + line * count + b"1;" + b"x" * (left + 1) + "\u00e9;;\n".encode(encoding)
    assert content[BLOCK - 1 : BLOCK] in (b"\xc3", b"\xe9")
    more = (12 << 20) // len(line)
    reach = lay(tmp_path, content + line * more)
    chunks = list(connector("csv").read(semicolons(encoding=encoding), reach))
    assert sum(chunk.rows.num_rows for chunk in chunks) == count + 1 + more
    assert not any(chunk.faults for chunk in chunks)
