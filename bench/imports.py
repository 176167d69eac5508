"""How fast a CSV of 1,000,000 rows x 20 columns goes the road of a file that somebody brings, and back.

``import``: the file is brought, profiled over all its rows, tried (who is who apart), imported to the lake, and the run
is undone; its screens are asked for meanwhile. Plain DuckDB turning the same file into Parquet in the same run is the
yardstick. The import also types, checks, compares with what is known, keeps the rows as received, their consents and
their rejects, and commits; DuckDB does none of it. Targets: profile at most 20 seconds, trial and import each at least
0.1 of DuckDB's speed, less than 1 GB of memory, screens p95 under 300 ms, undo at most 60 seconds.

``again``: a source is imported a second time, its file unchanged. ``profile``: the profile alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.figures import Peak, Watch, keep, percentiles

COLUMNS = (
    "id", "civilite", "prenom", "nom", "ne_le", "email", "telephone", "carte", "adresse", "cp", "ville", "pays",
    "langue", "societe", "cree_le", "vu_le", "optin", "canal", "montant", "note",
)  # fmt: skip
SCREENS = 100  # how often each screen is asked for
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
        load = os.getloadavg()[0]
        plain = [_duckdb(path, folder / "plain.parquet") for _ in range(2)]
        road = Road(folder, path)
        for step in (road.bring, road.profile, road.trial, road.imported, road.undone):
            step()
        plain += [_duckdb(path, folder / "plain.parquet") for _ in range(2)]  # the machine may have changed its pace
        yardstick = median(seconds for seconds, _ in plain)
        yardstick_cpu = median(cpu for _, cpu in plain)
        took = {name: watch.seconds for name, watch in road.watches.items()}
        keep(
            "import",
            rows=given.rows,
            columns=len(COLUMNS),
            megabytes=round(path.stat().st_size / 1e6, 1),
            state="one process that lasts, as the worker; empty lake; identity apart; screens by a test client, warm",
            load_before=round(load, 1),
            duckdb_seconds=round(yardstick, 2),
            duckdb_cpu_seconds=round(yardstick_cpu, 2),
            bring_seconds=took["bring"],
            profile_seconds=took["profile"],
            trial_seconds=took["trial"],
            trial_ratio=round(yardstick / took["trial"], 3),
            trial_steps=road.watches["trial"].steps,
            import_seconds=took["import"],
            import_ratio=round(yardstick / took["import"], 3),
            import_steps=road.watches["import"].steps,
            undo_seconds=took["undo"],
            cpu_seconds={name: watch.cpu for name, watch in road.watches.items()},
            cpu_ratio={name: round(yardstick_cpu / road.watches[name].cpu, 3) for name in ("trial", "import")},
            peak_mb=road.peaks,
            screens_ms=road.screens,
            counts=road.counts,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def again(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``again``: a source read once more, its file unchanged."""
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-"))
    try:
        path = write(folder / "people.csv", given.rows)
        plain = [_duckdb(path, folder / "plain.parquet") for _ in range(2)]
        with Peak() as peak:
            first, second = _filrouge(folder)
        plain += [_duckdb(path, folder / "plain.parquet") for _ in range(2)]
        yardstick = median(seconds for seconds, _ in plain)
        keep(
            "again",
            rows=given.rows,
            columns=len(COLUMNS),
            megabytes=round(path.stat().st_size / 1e6, 1),
            state="warm process, empty lake; again: the same file, unchanged",
            duckdb_seconds=round(yardstick, 2),
            first_seconds=first.seconds,
            first_ratio=round(yardstick / first.seconds, 3),
            seconds=second.seconds,
            steps=second.steps,
            ratio=round(yardstick / second.seconds, 3),
            peak_mb=peak.mb,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Road:
    """A file on its way from whoever brings it to the lake, and back: each step watched, its screens asked for."""

    def __init__(self, folder: Path, path: Path) -> None:
        _home(folder)
        from django.contrib.auth import get_user_model
        from django.core.management import call_command
        from django.test import Client

        from filrouge.base import heap
        from filrouge.work import access, groups

        heap.lasts()  # as the worker does
        call_command("collectstatic", interactive=False, verbosity=0)
        groups.add_entity("north", "North", by="bench")
        groups.add_brand("red", "Red", "north", by="bench")
        groups.add_user("remy@example.com", "Rémy", role="engineer", by="bench", entities=("north",))
        user = get_user_model().objects.get(email="remy@example.com")
        self.asking = access.caller(user)
        self.client = Client(headers={"host": "localhost"})
        self.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.path, self.key, self.run = path, "", ""
        self.watches: dict[str, Watch] = {}
        self.peaks: dict[str, float] = {}
        self.screens: dict[str, dict[str, float]] = {}
        self.counts: dict[str, int] = {}

    def bring(self) -> None:
        """Bring the file, and say of its consents what they are."""
        from filrouge.domain.sources import SourceSpec, columns
        from filrouge.domain.sources.columns import Said
        from filrouge.work import draft_files, drafts

        with self._watched("bring"), self.path.open("rb") as stream:
            chunks = iter(lambda: stream.read(1 << 20), b"")
            draft, _ = drafts.bring(self.asking, self.path.name, chunks, brand="red")
        self.key = str(draft.pk)
        said = columns.said(SourceSpec.parse(draft.spec), [one.name for one in draft_files.seen(draft)])
        agreed = Said("optin", "consent:marketing:email", states={"O": "granted", "N": "denied"})
        drafts.say(self.asking, self.key, [agreed if one.column == "optin" else one for one in said])

    def profile(self) -> None:
        """Count every row, column by column."""
        from filrouge.work import draft_jobs

        with self._watched("profile") as watch:
            draft_jobs.profile(self.key, progress=lambda step, *_: watch.step(step))
        self._asked("columns", f"/sources/drafts/{self.key}?step=columns")

    def trial(self) -> None:
        """Count what an import would do; who is who is foreseen elsewhere."""
        from filrouge.store.models import Job, SourceDraft
        from filrouge.work import draft_files, draft_jobs, faulty, sources
        from filrouge.work.imports import Prepared

        draft = SourceDraft.objects.get(pk=self.key)
        mine, folder = SourceDraft.objects.filter(pk=self.key), draft_files.folder(draft)

        def look(staged: Path, prepared: Prepared) -> None:
            (folder / draft_files.REJECTS).write_text(json.dumps(sources.first_rejects(staged)))
            faulty.lay(folder, staged, prepared.mending, [one.name for one in draft_files.seen(draft)])
            counts = prepared.counts.plain() | draft_jobs.told_of(prepared)
            mine.update(tried=counts, tried_of=draft_files.digest(draft), trouble={})

        with self._watched("trial") as watch:
            self.counts = sources.try_out(draft.spec, progress=lambda step, *_: watch.step(step), look=look)
        Job.objects.all().delete()  # what was asked of a worker is done here
        self._asked("trial", f"/sources/drafts/{self.key}")

    def imported(self) -> None:
        """Import it to the lake."""
        from filrouge.store.models import SourceDraft
        from filrouge.work import draft_jobs, drafts

        drafts.go(self.asking, self.key)
        with self._watched("import") as watch:
            draft_jobs.carry_out(self.key, by="bench", progress=lambda step, *_: watch.step(step))
        self.run = str(SourceDraft.objects.get(pk=self.key).run_id)
        self._asked("run", f"/runs/{self.run}")

    def undone(self) -> None:
        """Take the run back."""
        from filrouge.work import sources

        with self._watched("undo"):
            sources.undo(self.run, by="bench")
        self._asked("run undone", f"/runs/{self.run}")

    @contextmanager
    def _watched(self, name: str) -> Iterator[Watch]:
        watch = self.watches[name] = Watch()
        with Peak() as peak:
            yield watch
            watch.stop()
        self.peaks[name] = peak.mb

    def _asked(self, name: str, address: str) -> None:
        """Ask for a screen, and keep how long it took."""
        seconds = []
        for _ in range(SCREENS + 10):
            began = time.perf_counter()
            answer = self.client.get(address)
            seconds.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(f"The screen {name} answered {answer.status_code}.")
        self.screens[name] = percentiles(seconds[10:])


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
            day = "31/02" if at % 1000 == 7 else f"{dice.randint(1, 28):02}/{dice.randint(1, 12):02}"
            out.writerow((
                at, dice.choice(("M.", "Mme")), dice.choice(given), dice.choice(family), f"{day}/{1940 + at % 65}",
                f"client{at}@example.com", f"06 39 98 {at % 100:02} {at // 100 % 100:02}", f"C{at:09}",
                f"{at % 200} rue de l’Église", code, city, "FR", "fr", "", f"{day}/2019", f"{day}/2026",
                "ON"[at % 2], dice.choice(("web", "caisse")), f"{at % 977},{at % 90 + 10}", "",
            ))  # fmt: skip
    return path


def _duckdb(path: Path, to: Path) -> tuple[float, float]:
    """Turn the file into Parquet, in a process of its own: what it holds is no memory of ours."""
    code = (
        "import sys, time, duckdb\n"
        "began, busy = time.perf_counter(), time.process_time()\n"
        "with duckdb.connect() as con:\n"
        "    con.execute('SET enable_progress_bar = false')\n"
        "    con.execute(f\"COPY (SELECT * FROM read_csv('{sys.argv[1]}')) TO '{sys.argv[2]}' (FORMAT parquet)\")\n"
        "print(time.perf_counter() - began, time.process_time() - busy)"
    )
    done = subprocess.run([sys.executable, "-c", code, path, to], check=True, capture_output=True, text=True)
    seconds, cpu = map(float, done.stdout.split())
    return seconds, cpu


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
