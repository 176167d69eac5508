"""Files that break other tools, brought as anybody's: each ends as a sentence or as counts, and no row is lost."""

from __future__ import annotations

import io
import resource
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.work.test_drafts import told
from tests.world import World

from filrouge.base.errors import FilrougeError
from filrouge.domain.sources.columns import Said
from filrouge.store.models import Job
from filrouge.work import draft_jobs, drafts, foreseeing

MOST = 400  # MB by which all of a suite may raise the memory of the process
AS = {".json": ".ndjson", ".mjs": ".txt", ".xml": ".txt", ".md": ".txt", "": ".txt"}


@pytest.fixture
def remy(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An engineer, whose dry runs leave apart who is who: it is the rows that are looked at here."""

    class Nobody:
        def plain(self) -> dict[str, Any]:
            return {}

    monkeypatch.setattr(foreseeing, "foresee", lambda staged: Nobody())
    return world.user("engineer", entities=("north",))


@pytest.fixture
def bounded() -> Iterator[None]:
    """The memory of the process rises by so much at most."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST


def ended(remy: Any, name: str, content: bytes) -> str:
    """Bring a file and try it; return how it ended: at which step with a sentence, or counted."""
    try:
        draft, _ = drafts.bring(remy, name, [content[:100], content[100:]], brand="red")
    except FilrougeError as error:
        in_words(error, name)
        return "not brought"
    try:
        first, *rest = told(draft)
        drafts.say(
            remy, str(draft.pk), [Said(first.column, "family_name", key=True), *(Said(one.column) for one in rest)]
        )
        draft_jobs.trial(str(draft.pk))
    except FilrougeError as error:
        in_words(error, name)
        return "not tried"
    draft.refresh_from_db()
    counts = draft.tried
    assert counts["lost"] == 0, name
    assert counts["read"] == sum(counts[one] for one in ("new", "changed", "unchanged", "rejected")), name
    drafts.drop(remy, str(draft.pk))
    Job.objects.all().delete()
    return "counted"


def in_words(error: FilrougeError, name: str) -> None:
    assert error.message.endswith((".", "?", "!")), name
    assert error.hint, name


@pytest.mark.slow
@pytest.mark.lake
@pytest.mark.parametrize("suite", ["JSONTestSuite", "blns", "csv-spectrum", "dompurify", "isemail"])
def test_every_file_of_the_public_suites(world: World, remy: Any, bounded: None, shared_data: Path, suite: str) -> None:
    files = sorted(path for path in (shared_data / "bad-input" / suite).rglob("*") if path.is_file())
    assert files
    ends = Counter(
        ended(remy, f"{path.stem}{AS.get(path.suffix, path.suffix)}", path.read_bytes())
        for path in files
        if path.stat().st_size
    )
    assert sum(ends.values()) == len([path for path in files if path.stat().st_size])
    assert suite == "JSONTestSuite" or ends["counted"], ends  # of those few are an object a line


def bomb() -> bytes:
    """A workbook of some kilobytes whose sheet would unpack to two gigabytes."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as stream,
    ):
        for _ in range(2_000):
            stream.write(b"0" * (1 << 20))
    return out.getvalue()


HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1><p>Sorry; try again, later</p></body></html>\n"
MADE = {
    "html.csv": (HTML, "not brought"),
    "nul.csv": (b"nom;ville\nAda\x00;Lyon\nBob;Nice\nEve;Brest\n", "counted"),
    "mixed.csv": ("nom;ville\nÉlodie;Sète\n".encode() + "Noël;Orléans\n".encode("cp1252"), "counted"),
    "ragged.csv": (b"nom;ville\nAda;Lyon;69;x\nBob\n\n;\nEve;Brest\n", "counted"),
    "twice.csv": (b"nom;nom;ville\nAda;Byron;Lyon\nBob;Martin;Nice\n", ""),
    "long.csv": (b"nom;ville\nAda;" + b"x" * (10 << 20) + b"\nBob;Lyon\n", "not brought"),
    "quote.csv": (b'nom;ville\n"Ada;Lyon\nBob;Nice\n', "not brought"),
    "random.csv": (bytes(range(256)) * 40, ""),
    "random.xlsx": (bytes(range(256)) * 40, "not brought"),
    "half.gz": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03K", "not brought"),
    "names.csv": (b"nom;ville\n", ""),
}


@pytest.mark.parametrize("name", MADE)
def test_every_file_that_was_made_to_break(world: World, remy: Any, bounded: None, name: str) -> None:
    content, wanted = MADE[name]
    end = ended(remy, name, content)
    assert end in ((wanted,) if wanted else ("not brought", "not tried", "counted"))


@pytest.mark.slow
@pytest.mark.lake
def test_a_workbook_that_is_a_bomb_is_a_sentence(world: World, remy: Any, bounded: None) -> None:
    assert ended(remy, "bomb.xlsx", bomb()) == "not brought"
