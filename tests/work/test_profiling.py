"""A file is profiled before it is read: whatever it holds, a profile or a sentence; values as the role may see them."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml
from tests.world import World
from typer.testing import CliRunner

from filrouge import sample
from filrouge.base import settings
from filrouge.base.errors import FilrougeError, Refused, SourceError, UsageError
from filrouge.connect import Reach, connector
from filrouge.domain.sources import SourceSpec
from filrouge.work import access, groups, profiling

pytestmark = pytest.mark.lake

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the public sets are not on this machine")
HOSTILE = {
    "nul.csv": b"a;b\n1;x\0y\n2;z\n",
    "only-nul.csv": b"\0" * 5000,
    "page.csv": b"<!DOCTYPE html><html><body>a,b</body></html>",
    "noise.csv": bytes(range(256)) * 400,
    "long-cell.csv": b'a,b\n1,"' + b"x" * 10_000_000 + b'"\n2,y\n',
    "long-bare-cell.csv": b"a,b\n1," + b"x" * 10_000_000 + b"\n2,y\n",
    "long-cell.ndjson": b'{"a":1,"b":"' + b"x" * 10_000_000 + b'"}\n{"a":2}\n',
    "too-long.ndjson": b'{"b":"' + b"x" * 20_000_000 + b'"}\n{"a":2}\n',
    "deep.ndjson": b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n",
    "empty.csv": b"", "empty.ndjson": b"", "empty.xlsx": b"", "empty.parquet": b"",
    "blank.csv": b"\n\n\n", "header.csv": b"Nom,Ville\n", "quote.csv": b'a,b\n"1,2\n3,4\n',
    "wide.csv": (",".join(f"c{n}" for n in range(3000)) + "\n" + ",".join("1" * 3000) + "\n").encode(),
    "paths.ndjson": b"".join(b'{"k%d":1}\n' % n for n in range(1200)),
    "archive.csv": b"PK\x03\x04" + bytes(3000), "book.xlsx": b"no workbook", "x.parquet": b"PAR1", "x.pdf": b"%PDF",
}  # fmt: skip


@pytest.fixture
def people(world: World) -> Path:
    rows = [["Num_Client", "Nom", "Prénom", "Né(e) le", "Courriel", "Notes"]]
    rows += [[f"C{n:04}", "Martin", "Zoé", f"{n % 28 + 1:02}/03/19{n % 40 + 50}", f"zoe{n}@example.com", "elle aime le thé noir"] for n in range(60)]  # fmt: skip
    path = world.folder / "clients.csv"
    path.write_bytes("\n".join(";".join(row) for row in rows).encode("cp1252"))
    return path


def test_a_file_is_profiled_and_nothing_is_kept(world: World, people: Path) -> None:
    found = profiling.profile(access.OWNER, people)
    assert (found.rows, found.key) == (60, ("Num_Client",))
    assert [column.meaning for column in found.columns] == [
        "identifier", "family_name", "given_name", "birth_date", "email", "text",
    ]  # fmt: skip
    told = {one.what: one.value for one in found.conventions}
    assert told == {"encoding": "cp1252", "delimiter": ";", "quote": '"', "header_row": "1", "date_order": "day_first"}
    assert not list((settings.get().home / "scratch").glob("profile-*")), "what was staged is taken away"


def test_what_is_said_is_not_guessed(world: World, people: Path) -> None:
    found = profiling.profile(access.OWNER, people, form={"encoding": "latin-1"}, date_order="month_first")
    told = {one.what: (one.value, one.given) for one in found.conventions}
    assert told["encoding"] == ("latin-1", True)
    assert told["date_order"] == ("month_first", True)
    with pytest.raises(UsageError, match="No encoding"):
        profiling.profile(access.OWNER, people, form={"encoding": "klingon"})
    with pytest.raises(UsageError, match="one character"):
        profiling.profile(access.OWNER, people, form={"delimiter": "||"})


def test_the_role_decides_what_is_shown(world: World, people: Path) -> None:
    engineer = profiling.profile(world.user("engineer", entities=["north"]), people)
    assert (engineer.column("Courriel").sight, engineer.column("Notes").sight) == ("mask", "hide")
    assert "zoe1@example.com" not in json.dumps(engineer.plain())
    assert "thé noir" not in json.dumps(engineer.plain(), ensure_ascii=False)
    with pytest.raises(Refused):
        profiling.profile(world.user("advisor", entities=["north"]), people)


def test_rows_that_are_none_are_counted_and_the_others_profiled(world: World) -> None:
    path = world.folder / "a.csv"
    path.write_bytes(
        b"Nom;Ville\n" + "Élodie;Orléans\n".encode() * 100 + "Zoé;Nîmes\n".encode("cp1252") * 2
        + b"Ada\nEva;Lyon;Rouge\n"
    )  # fmt: skip
    found = profiling.profile(access.OWNER, path)
    assert {fault.code: fault.rows for fault in found.faults} == {
        "wrong_bytes": 2, "too_few_fields": 1, "too_many_fields": 1,
    }  # fmt: skip
    assert found.column("Ville").top[0].value == "Orléans"
    assert not found.conventions[0].sure


def test_objects_and_tables_of_columns_are_profiled_too(world: World) -> None:
    lines = world.folder / "a.ndjson"
    lines.write_text('{"id": 1, "p": {"email": "a@example.com"}}\n{"id": 2, "late": "x"}\nnot json\n', encoding="utf-8")
    found = profiling.profile(access.OWNER, lines)
    assert [column.name for column in found.columns] == ["id", "p.email", "late"]
    assert found.column("p.email").meaning == "email"
    assert [fault.code for fault in found.faults] == ["not_json"]
    table = world.folder / "a.parquet"
    pl.DataFrame({"email": ["a@example.com", None], "n": [1, 2], "list": [[1], [2, 3]]}).write_parquet(table)
    found = profiling.profile(access.OWNER, table)
    assert [column.type for column in found.columns] == ["text", "whole", "text"]
    assert found.column("email").filled == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gives_a_profile_or_a_sentence(world: World, name: str) -> None:
    path = world.folder / name
    path.write_bytes(HOSTILE[name])
    try:
        json.dumps(profiling.profile(access.OWNER, path).plain())
    except FilrougeError as error:
        told = str(error)  # the template takes its parameters
        assert told
    assert not list((settings.get().home / "scratch").glob("profile-*"))


@shared
def test_every_bad_input_gives_a_profile_or_a_sentence(world: World) -> None:
    outcomes = set()
    for number, path in enumerate(sorted(path for path in (SHARED / "bad-input").rglob("*") if path.is_file())):
        for ending in (path.suffix or ".csv", *((".csv", ".ndjson") if number % 4 == 0 else ())):
            copy = world.folder / f"{number}{ending}"
            shutil.copy(path, copy)
            try:
                profiling.profile(access.OWNER, copy)
                outcomes.add("profile")
            except FilrougeError as error:
                outcomes.add(type(error).__name__)
            copy.unlink()
    assert outcomes == {"profile", "SourceError", "UsageError"}


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def command(world: World) -> CliRunner:
    from filrouge.cli import gather

    gather()
    return CliRunner()


def test_the_command_says_it_within_a_hundred_columns(command: CliRunner, people: Path) -> None:
    from filrouge.cli import app

    told = command.invoke(app, ["source", "profile", str(people)])
    assert told.exit_code == 0, told.output
    assert max(map(len, told.stdout.splitlines())) <= 100
    for words in ("cp1252", "semicolon", "day first", "birth date", "a row is named by Num_Client"):
        assert words in told.stdout
    assert "role administrator" in told.stderr
    plain = json.loads(command.invoke(app, ["source", "profile", str(people), "--json"]).stdout)
    assert (plain["rows"], plain["seen_as"], plain["columns"][4]["meaning"]) == (60, ["administrator"], "email")


def test_a_key_masks_in_the_command(command: CliRunner, people: Path) -> None:
    from filrouge.cli import app

    key = groups.make_key(access.OWNER, "k", role="engineer", scopes=["sources:read"], entities=["north"], brands=[])[1]
    told = command.invoke(app, ["source", "profile", str(people), "--key", key])
    assert "zoe1@" not in told.stdout
    assert "role engineer" in told.stderr
    assert "masked" in told.stderr


def test_every_fault_has_words() -> None:
    import ast

    from filrouge.cli import profile
    from filrouge.domain.sources import meaning
    from filrouge.domain.sources import profiling as domain

    tree = ast.parse(Path(domain.__file__).read_text(encoding="utf-8"))
    codes = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "Fault"
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(codes) > 12
    assert codes <= set(profile.FAULTS)
    assert set(profile.MEANINGS) <= set(meaning.MEANINGS)


# --- how often the meaning is right -----------------------------------------------------------------------------------

RIGHT = {
    "first_name": "given_name", "given_name": "given_name", "surname": "family_name", "dob": "birth_date",
    "date_of_birth": "birth_date", "city": "city", "suburb": "city", "email": "email", "phone": "phone",
    "unique_id": "identifier", "rec_id": "identifier", "cluster": "identifier", "street_number": "house",
    "address_1": "address_line", "address": "address_line", "address_2": "address_more", "postcode": "postcode",
    "state": "state", "soc_sec_id": "national_id", "source_system": "source", "full_name": "full_name",
    "first_and_surname": "full_name", "birth_place": "birth_place", "postcode_fake": "postcode", "gender": "sex",
    "occupation": "job",
}  # fmt: skip


@shared
def test_what_columns_of_public_sets_mean_is_found(world: World) -> None:
    wrong = [
        (path.name, column.name, column.meaning)
        for path in sorted((SHARED / "identity").iterdir())
        for column in profiling.profile(access.OWNER, path).columns
        if column.meaning != RIGHT[column.name]
    ]
    assert wrong == []


# canonical column -> what its column of the source may be found to mean
CANONICAL = {
    "title": {"title", "label", "text"}, "language": {"language"}, "company_ref": {"identifier", "company"},
    "offer": {"label"}, "term": {"number"}, "subject": {"text", "label"}, "label": {"label"}, "name": {"company", "label"},
    "text": {"text"}, "promised": {"text"}, "city": {"city"}, "country": {"country"}, "email": {"email"},
    "phone": {"phone"}, "given_name": {"given_name"}, "family_name": {"family_name"}, "birth_name": {"birth_name"},
    "full_name": {"full_name"}, "birth_date": {"birth_date"}, "address_line": {"address_line"},
    "postcode": {"postcode"}, "loyalty_id": {"loyalty_id"}, "registration_id": {"registration_id"}, "domain": {"url"},
    "link": {"url"}, "url": {"url"}, "currency": {"currency"}, "quantity": {"number"}, "size": {"number"},
    "duration_s": {"number"}, "amount": {"amount"}, "price": {"amount"}, "total": {"amount"},
    "discount": {"amount", "number"}, "deceased": {"yes_no"}, "role": {"job"}, "campaign": {"label"}, "topic": {"label"},
}  # fmt: skip
DATES = {"at", "from", "until", "promised_for"}


def _truth(spec: SourceSpec) -> dict[str, set[str]]:
    """Return what each column of the source may be found to mean; nothing of those that make several things."""
    found: dict[str, set[str]] = {}
    for name, cell in spec.map.items():
        if cell.column is None:
            continue
        if name in DATES or name.endswith("_at"):
            meanings = {"date"}
        elif name == "source_id" or name.endswith(("_ref", "_id", "code", "sku")):
            meanings = CANONICAL.get(name, {"identifier"})
        elif name in CANONICAL:
            meanings = CANONICAL[name]
        else:
            meanings = {"category", "source", "label"}
        found[cell.column] = found.get(cell.column, set()) | meanings
    for consent in spec.consents:
        found.setdefault(consent.state.reads()[0], {"consent"})
    if spec.brand.column:
        found[spec.brand.column] = {"brand"}
    return found


def test_what_columns_of_the_sample_mean_is_found_nineteen_times_in_twenty(world: World) -> None:
    folder = world.folder / "group"
    built = sample.build(folder, people=600, today=date(2026, 11, 20))
    for brand in ("horizon", "le-cargo", "la-halle", "salons-horizon"):
        groups.add_brand(brand, brand.replace("-", " ").title(), "north", by="test")
    right, wrong = 0, []
    for path in built.sources:
        spec = SourceSpec.parse(yaml.safe_load(path.read_text(encoding="utf-8")))
        truth = _truth(spec)
        place = _copied(spec, folder / "sources", world.folder / f"{spec.source}.csv")
        if place is None:
            continue
        for column in profiling.profile(access.OWNER, place).columns:
            if column.name in truth and column.filled:
                right += column.meaning in truth[column.name]
                if column.meaning not in truth[column.name]:
                    wrong.append((spec.source, column.name, column.meaning))
    assert right > 150
    assert right / (right + len(wrong)) >= 0.95, wrong


def _copied(spec: SourceSpec, folder: Path, to: Path) -> Path | None:
    """Write what the source gives as a CSV; nothing of those that a server answers."""
    if spec.kind == "rest":
        return None
    chunk = next(iter(connector(spec.kind).read(spec, Reach(folder))))
    names = [name for name in chunk.rows.column_names if not name.startswith("_")]
    with to.open("w", newline="", encoding="utf-8") as stream:
        out = csv.DictWriter(stream, names, delimiter=";", extrasaction="ignore")
        out.writeheader()
        out.writerows(chunk.rows.select(names).to_pylist())
    return to


def test_a_file_that_is_not_there_is_told(world: World) -> None:
    with pytest.raises(UsageError, match="no file"):
        profiling.profile(access.OWNER, world.folder / "absent.csv")
    (world.folder / "h.csv").write_text("Nom;Ville\n", encoding="utf-8")
    with pytest.raises(SourceError, match="holds no row"):
        profiling.profile(access.OWNER, world.folder / "h.csv")
