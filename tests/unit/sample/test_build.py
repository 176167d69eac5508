"""A sample is the same for the same seed, stays inside invented space, and tells who is who."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sqlite3
from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from filrouge import sample
from filrouge.base.errors import UsageError
from filrouge.sample.reach import is_reserved

PEOPLE = 300
TODAY = date(2026, 11, 20)
ADDRESS = re.compile(r"[\w.'+-]+@([\w.-]+)")
PHONE = re.compile(r"(?<![\w:.-])(?:\+33[ .-]?|0)[1-79](?:[ .-]?\d{2}){4}(?![\w-])")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> sample.Sample:
    return sample.build(tmp_path_factory.mktemp("group"), people=PEOPLE, today=TODAY)


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def table(path: Path, **how: str) -> list[dict[str, str]]:
    with path.open(encoding=how.get("encoding", "utf-8"), newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def texts(folder: Path) -> str:
    """Return every text that the systems hold, workbooks and databases included."""
    found = []
    for path in folder.rglob("*"):
        if path.suffix == ".csv":
            found.append(path.read_text(encoding="cp1252" if path.parent.name == "crm" else "utf-8"))
        elif path.suffix == ".ndjson":
            found.append(path.read_text(encoding="utf-8"))
        elif path.suffix == ".db":
            db = sqlite3.connect(path)
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                found += [" ; ".join(str(cell) for cell in row) for row in db.execute(f"SELECT * FROM {name}")]
            db.close()
        elif path.suffix == ".xlsx":
            found += [" ; ".join(row) for rows in sheets(path).values() for row in rows]
    return "\n".join(found)


def sheets(path: Path) -> dict[str, list[list[str]]]:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(str(path))
    return {
        name: [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]
        for name in book.sheet_names
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(built: sample.Sample, tmp_path: Path) -> None:
    again = sample.build(tmp_path / "again", people=PEOPLE, today=TODAY)
    other = sample.build(tmp_path / "other", people=PEOPLE, today=TODAY, seed=8)
    assert digest(again.folder) == digest(built.folder)
    assert digest(other.folder) != digest(built.folder)
    assert again.rows == built.rows


def test_nobody_can_be_written_to_or_rung_up(built: sample.Sample) -> None:
    everything = texts(built.folder)
    domains = {domain.lower() for domain in ADDRESS.findall(everything)}
    assert domains
    assert all(re.search(r"(^|\.)example\.(com|org|net)$", domain) for domain in domains)
    numbers = {"0" + re.sub(r"\D", "", found)[-9:] for found in PHONE.findall(everything)}
    assert len(numbers) > 200
    assert [number for number in numbers if not is_reserved(number)] == []


def test_the_crm_exports_as_it_always_did(built: sample.Sample) -> None:
    raw = (built.folder / "crm" / "clients.csv").read_bytes()
    assert "Prénom".encode("cp1252") in raw
    clients = table(built.folder / "crm" / "clients.csv", encoding="cp1252")
    assert all(re.fullmatch(r"\d\d/\d\d/\d{4}", row["Date_Maj"]) for row in clients if row["Date_Maj"])
    assert any("," in row["CA_12M"] for row in clients if row["CA_12M"])
    assert {row["OptIn_Mail"] for row in clients} >= {"O", "N", ""}
    known = {row["Num_Societe"] for row in table(built.folder / "crm" / "societes.csv", encoding="cp1252")}
    deals = table(built.folder / "crm" / "opportunites.csv", encoding="cp1252")
    assert {row["Num_Societe"] for row in deals} <= known
    assert table(built.folder / "crm" / "prospects.csv", encoding="cp1252")
    assert {row["Type_Tiers"] for row in table(built.folder / "crm" / "relances.csv", encoding="cp1252")} == {"C", "P"}


def test_billing_bills_payers_for_readers_and_some_payments_fail(built: sample.Sample) -> None:
    db = sqlite3.connect(built.folder / "billing.db")

    def one(query: str) -> int:
        return int(db.execute(query).fetchone()[0])

    assert one("SELECT count(*) FROM abonnement WHERE id_payeur <> id_lecteur") > 0
    assert one("SELECT count(*) FROM abonnement WHERE motif_fin = 'CARTE_EXPIREE'") > 0
    assert one("SELECT count(*) FROM paiement WHERE motif_rejet = 'carte expirée'") > 0
    for column in ("id_payeur", "id_lecteur"):
        assert one(f"SELECT count(*) FROM abonnement WHERE {column} NOT IN (SELECT id_client FROM client)") == 0
    assert one("SELECT count(*) FROM facture WHERE numero_abonnement NOT IN (SELECT numero FROM abonnement)") == 0
    assert one("SELECT count(*) FROM paiement WHERE numero_facture NOT IN (SELECT numero FROM facture)") == 0
    db.close()


def test_the_shop_sells_by_every_channel_and_takes_goods_back(built: sample.Sample) -> None:
    db = sqlite3.connect(built.folder / "shop.db")
    channels = {channel for (channel,) in db.execute("SELECT DISTINCT channel FROM orders")}
    assert channels == {"web", "till", "click_and_collect", "drive", "app"}
    unlike = db.execute(
        "SELECT count(*) FROM orders o WHERE abs(total - (SELECT sum(quantity * unit_price - discount)"
        " FROM order_lines l WHERE l.order_id = o.id)) > 0.001"
    ).fetchone()[0]
    assert unlike == 0
    assert db.execute("SELECT count(*) FROM returns").fetchone()[0] > 0
    db.close()


def test_workbooks_have_titles_above_merged_cells_and_several_sheets(built: sample.Sample) -> None:
    import python_calamine

    names = {path.name for path in (built.folder / "events").iterdir()}
    assert names == {f"{kind}_{year}.xlsx" for kind in ("salons", "concerts") for year in (2024, 2025, 2026)}
    book = python_calamine.CalamineWorkbook.from_path(str(built.folder / "events" / "concerts_2026.xlsx"))
    assert book.sheet_names == ["Lisez-moi", "Billetterie", "Jauge"]
    sheet = book.get_sheet_by_name("Billetterie")
    rows = sheet.to_python(skip_empty_area=False)
    assert rows[3][:3] == ["Concert", "Date", "N° billet"]
    assert rows[0][0] != "Concert"
    assert any(top >= 4 for (top, _), _ in sheet.merged_cell_ranges)


def test_the_web_speaks_segment(built: sample.Sample) -> None:
    kinds = defaultdict(int)
    for path in (built.folder / "web").glob("*.ndjson"):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            kinds[event["type"]] += 1
            assert event["messageId"]
            assert event["anonymousId"]
            assert event["timestamp"] <= event["receivedAt"]
            if event["type"] == "identify":
                assert event["userId"]
                assert event["traits"]["email"]
            if event["type"] == "track":
                assert event["event"]
    assert set(kinds) == {"identify", "page", "track", "screen"}
    assert 8 * PEOPLE < sum(kinds.values()) < 30 * PEOPLE


def test_messages_and_calls_leave_their_traces(built: sample.Sample) -> None:
    sends = {row["message_id"] for row in table(built.folder / "emailing" / "sends.csv")}
    for name in ("opens", "clicks", "bounces", "unsubscribes"):
        rows = table(built.folder / "emailing" / f"{name}.csv")
        assert {row["message_id"] for row in rows} <= sends, name
    calls = [row for path in (built.folder / "callcentre").iterdir() for row in table(path)]
    promised = [row for row in calls if row["promesse"]]
    assert promised
    overdue = [row for row in promised if row["promesse_etat"] == "EN COURS" and row["promesse_pour"] < str(TODAY)]
    assert overdue


def test_whoever_reads_less_and_less_is_who_leaves(tmp_path: Path) -> None:
    built = sample.build(tmp_path, people=3_000, today=TODAY)
    db = sqlite3.connect(built.folder / "billing.db")
    ended = db.execute(
        "SELECT c.ref_compte, a.fin FROM abonnement a JOIN client c ON c.id_client = a.id_lecteur"
        " WHERE a.motif_fin = 'RESIL_CLIENT' AND a.fin > '2026-08-20' AND c.ref_compte IS NOT NULL"
        " AND (SELECT count(*) FROM abonnement b WHERE b.id_lecteur = a.id_lecteur) = 1"
    ).fetchall()
    db.close()
    reads: dict[str, list[str]] = defaultdict(list)
    for path in (built.folder / "web").glob("horizon-*.ndjson"):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["type"] in ("page", "screen") and "userId" in event:
                reads[event["userId"]].append(event["timestamp"][:10])
    early = late = 0
    for account, end in ended:
        last = date.fromisoformat(end)
        for day in reads.get(account, []):
            before = (last - date.fromisoformat(day)).days
            early += 60 <= before < 90
            late += 0 <= before < 30
    assert early > 1.5 * late


def test_everybody_is_somewhere_and_every_record_is_somebody(built: sample.Sample) -> None:
    truth = pq.read_table(built.folder / "truth.parquet").to_pylist()
    keys = [(row["source"], row["source_id"]) for row in truth]
    assert len(keys) == len(set(keys))
    assert {row["person"] for row in truth} == {f"p{number}" for number in range(PEOPLE)}
    ids: dict[str, set[str]] = defaultdict(set)
    for source, source_id in keys:
        ids[source].add(source_id)
    crm = [row for name in ("clients", "clients_complement")
           for row in table(built.folder / "crm" / f"{name}.csv", encoding="cp1252")]  # fmt: skip
    assert {row["Num_Client"] for row in crm} == ids["crm_people"]
    for path, query, source in (
        ("billing.db", "SELECT id_client FROM client", "billing_people"),
        ("shop.db", "SELECT id FROM customers", "shop_people"),
        ("desk/desk.db", "SELECT json_extract(body, '$.id') FROM customers", "desk_people"),
    ):
        db = sqlite3.connect(built.folder / path)
        assert {str(row[0]) for row in db.execute(query)} == ids[source]
        db.close()


def test_some_people_are_in_all_eight_systems_and_camille_is_one(built: sample.Sample) -> None:
    systems = defaultdict(set)
    for row in pq.read_table(built.folder / "truth.parquet").to_pylist():
        systems[row["person"]].add(row["source"].split("_")[0])
    whole = {person for person, known in systems.items() if len(known) == 8}
    assert "p7" in whole
    assert len(whole) >= 4
    assert "camille.rousseau-petit@example.org" in texts(built.folder)


def test_a_folder_that_is_no_sample_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError):
        sample.build(tmp_path, people=10, today=TODAY)
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_sample_goes_in_one_gesture(tmp_path: Path) -> None:
    built = sample.build(tmp_path / "group", people=20, today=TODAY)
    assert "Sample data" in (built.folder / "SAMPLE.md").read_text(encoding="utf-8")
    assert sample.remove(built.folder)
    assert not built.folder.exists()
    assert not sample.remove(built.folder)


def test_progress_counts_people(tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    sample.build(tmp_path, people=1_200, today=TODAY, progress=lambda *step: told.append(step))
    assert told[-1][0] == "systems"
    assert ("people", 1_200, 1_200) in told
    assert [done for name, done, _ in told if name == "people"] == sorted(d for n, d, _ in told if n == "people")
