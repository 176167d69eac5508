"""How fast a CSV of 1,000,000 rows x 20 columns reaches the lake, against plain DuckDB turning it into Parquet.

Both read the same file in the same run. The import also types, checks, compares with what is known, keeps the rows as
received, their consents and their rejects, and commits; DuckDB does none of it. Target: at least 0.1 of its speed.
A second import of the unchanged file is measured beside it.

The profile of the same file is a figure of its own. Targets: at most 20 seconds, less than 1 GB of memory.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import duckdb

from bench.figures import Peak, Watch, keep

COLUMNS = (
    "id", "civilite", "prenom", "nom", "ne_le", "email", "telephone", "carte", "adresse", "cp", "ville", "pays",
    "langue", "societe", "cree_le", "vu_le", "optin", "canal", "montant", "note",
)  # fmt: skip
SOURCE = """
source: crm_people
kind: csv
place: people.csv
entity: north
brand: red
reads: person_records
format: {delimiter: ";", decimal: ",", date: "%d/%m/%Y", zone: Europe/Paris}
key: [id]
map:
  source_id: id
  title: civilite
  given_name: prenom
  family_name: nom
  birth_date: ne_le
  email: email
  phone: telephone
  loyalty_id: carte
  address_line: adresse
  postcode: cp
  city: ville
  country: pays
  language: langue
  link: {template: "https://crm.example.com/{id}"}
  created_at: cree_le
  updated_at: vu_le
  consents:
    - {purpose: marketing, channel: email, state: {column: optin, values: {O: granted, N: denied}}, at: vu_le}
"""


def run(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``import``."""
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-"))
    try:
        path = write(folder / "people.csv", given.rows)
        plain = [_duckdb(path, folder / "plain.parquet") for _ in range(2)]
        with Peak() as peak:
            first, again = _filrouge(folder)
        plain += [_duckdb(path, folder / "plain.parquet") for _ in range(2)]  # the machine may have changed its pace
        yardstick = median(seconds for seconds, _ in plain)
        yardstick_cpu = median(cpu for _, cpu in plain)
        keep(
            "import",
            rows=given.rows,
            columns=len(COLUMNS),
            megabytes=round(path.stat().st_size / 1e6, 1),
            state="warm process, empty lake; again: the same file, unchanged",
            duckdb_seconds=round(yardstick, 2),
            seconds=first.seconds,
            steps=first.steps,
            ratio=round(yardstick / first.seconds, 3),
            duckdb_cpu_seconds=round(yardstick_cpu, 2),
            cpu_seconds=first.cpu,
            cpu_ratio=round(yardstick_cpu / first.cpu, 3),
            again_seconds=again.seconds,
            again_ratio=round(yardstick / again.seconds, 3),
            peak_mb=peak.mb,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def profile(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``profile``: what each column of the same file holds, over all its rows."""
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-"))
    try:
        path = write(folder / "people.csv", given.rows)
        _home(folder)
        from filrouge.work import access, profiling

        profiling.profile(access.OWNER, write(folder / "few.csv", 10))
        plain = [_duckdb(path, folder / "plain.parquet") for _ in range(2)]
        watch = Watch()
        with Peak() as peak:
            found = profiling.profile(access.OWNER, path, progress=lambda step, *_: watch.step(step))
        watch.stop()
        plain += [_duckdb(path, folder / "plain.parquet") for _ in range(2)]
        yardstick = median(seconds for seconds, _ in plain)
        yardstick_cpu = median(cpu for _, cpu in plain)
        keep(
            "profile",
            rows=found.rows,
            columns=len(found.columns),
            megabytes=round(path.stat().st_size / 1e6, 1),
            state="warm process",
            duckdb_seconds=round(yardstick, 2),
            seconds=watch.seconds,
            steps=watch.steps,
            ratio=round(yardstick / watch.seconds, 3),
            duckdb_cpu_seconds=round(yardstick_cpu, 2),
            cpu_seconds=watch.cpu,
            cpu_ratio=round(yardstick_cpu / watch.cpu, 3),
            peak_mb=peak.mb,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(path: Path, rows: int) -> Path:
    """Write ``rows`` invented people."""
    dice = random.Random(7)
    given = ["Camille", "Zoé", "Éric", "Noël", "Anaïs", "Hugo", "Inès", "Jean-Luc"]
    family = ["Martin", "Lefèvre", "Dupont-Aigre", "Müller", "N’Guessan", "Petit", "Le Goff"]
    cities = [("75011", "Paris"), ("42000", "Saint-Étienne"), ("29200", "Brest"), ("06000", "Nice")]
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream, delimiter=";")
        out.writerow(COLUMNS)
        for at in range(rows):
            code, city = dice.choice(cities)
            day = f"{dice.randint(1, 28):02}/{dice.randint(1, 12):02}"
            out.writerow((
                at, dice.choice(("M.", "Mme")), dice.choice(given), dice.choice(family), f"{day}/{1940 + at % 65}",
                f"client{at}@example.com", f"06 39 98 {at % 100:02} {at // 100 % 100:02}", f"C{at:09}",
                f"{at % 200} rue de l’Église", code, city, "FR", "fr", "", f"{day}/2019", f"{day}/2026",
                "ON"[at % 2], dice.choice(("web", "caisse")), f"{at % 977},{at % 90 + 10}", "",
            ))  # fmt: skip
    return path


def _duckdb(path: Path, to: Path) -> tuple[float, float]:
    began, busy = time.perf_counter(), time.process_time()
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT * FROM read_csv('{path}')) TO '{to}' (FORMAT parquet)")
    return time.perf_counter() - began, time.process_time() - busy


def _home(folder: Path) -> None:
    from filrouge.base import settings

    settings.use(FILROUGE_HOME=str(folder / "home"), FILROUGE_LAKE=str(folder / "home/lake"))
    settings.use(DATABASE_URL=f"sqlite:///{folder}/home/filrouge.db")
    from filrouge.work.ready import ready

    ready()
    from filrouge.work import installation

    installation.ready()


def _filrouge(folder: Path) -> tuple[Watch, Watch]:
    _home(folder)
    from filrouge.work import groups, sources

    groups.add_entity("north", "North", by="bench")
    groups.add_brand("red", "Red", "north", by="bench")
    for name, place in (("warm_up", "few.csv"), ("crm_people", "people.csv")):
        text = SOURCE.replace("crm_people", name).replace("people.csv", place)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        sources.add(folder / f"{name}.yaml", by="bench")
    write(folder / "few.csv", 10)
    sources.run("warm_up", by="bench")
    watches = []
    for _ in range(2):
        watch = Watch()
        sources.run("crm_people", by="bench", progress=lambda step, *_: watch.step(step))  # noqa: B023
        watch.stop()
        watches.append(watch)
    return watches[0], watches[1]
