"""Builds the sample: one pass over the households, each life told to eight systems, then nothing kept in memory."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path

from filrouge.base import clock, settings
from filrouge.base.errors import StorageError, UsageError
from filrouge.sample import life as lives
from filrouge.sample.billing import Billing
from filrouge.sample.calls import Calls
from filrouge.sample.catalogue import campaigns, shows
from filrouge.sample.companies import Companies
from filrouge.sample.crm import Crm
from filrouge.sample.desk import Desk
from filrouge.sample.dice import Calendar, Dice
from filrouge.sample.emailing import Emailing
from filrouge.sample.events import Events
from filrouge.sample.hero import tell
from filrouge.sample.people import HERO, households
from filrouge.sample.purchases import shop
from filrouge.sample.reach import Numbers
from filrouge.sample.shop import Shop
from filrouge.sample.subscriptions import subscribe
from filrouge.sample.talks import talk
from filrouge.sample.web import Web
from filrouge.sample.world import System, Truth, World

Progress = Callable[[str, int, int | None], None]

SYSTEMS: dict[str, Callable[[World], System]] = {
    "crm": Crm, "billing": Billing, "shop": Shop, "events": Events, "desk": Desk, "emailing": Emailing, "web": Web,
    "calls": Calls,
}  # fmt: skip
MARK = "SAMPLE.md"
MOST = 1_000_000
_STEP = 500


@dataclass(frozen=True)
class Sample:
    """A sample that stands on disk: where, how large, and the rows of each system."""

    folder: Path
    people: int
    seed: int
    today: date
    desk_port: int
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def sources(self) -> list[Path]:
        """The source definitions, in the order in which to add them."""
        return sorted((self.folder / "sources").glob("*.yaml"))


def build(
    folder: Path | None = None,
    *,
    people: int = 20_000,
    seed: int = 7,
    desk_port: int = 8765,
    today: date | None = None,
    progress: Progress | None = None,
) -> Sample:
    """Write the sample group under ``folder``, replacing an older sample there, and return what was written.

    Raises UsageError when ``folder`` holds something else than a sample, StorageError when the disk refuses.
    """
    folder = folder or settings.get().sample
    today = today or clock.now().date()
    if not 1 <= people <= MOST:
        raise UsageError("A sample holds from 1 to {most} people.", hint="Choose a number between.", most=MOST)
    try:
        remove(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text(_mark(people, seed, today), encoding="utf-8")
        rows = _write(folder, people, seed, today, progress)
        _define(folder, desk_port)
    except OSError as error:
        raise StorageError(
            "The sample cannot be written in {folder}: {why}.",
            hint="Free some space or choose another folder with FILROUGE_SAMPLE.",
            folder=str(folder),
            why=error.strerror or type(error).__name__,
        ) from error
    return Sample(folder, people, seed, today, desk_port, rows)


def remove(folder: Path | None = None) -> bool:
    """Delete the sample in ``folder`` and return whether there was one; anything else is left alone (UsageError)."""
    folder = folder or settings.get().sample
    if not folder.exists() or not any(folder.iterdir()):
        return False
    if not (folder / MARK).is_file():
        raise UsageError(
            "{folder} holds files that are not a sample.", hint="Choose an empty folder.", folder=str(folder)
        )
    shutil.rmtree(folder)
    return True


def _write(folder: Path, people: int, seed: int, today: date, progress: Progress | None) -> dict[str, int]:
    calendar, truth = Calendar(today), Truth(folder / "truth.parquet")
    companies = Companies(seed, people // 45, Numbers(people))
    world = World(folder, people, seed, calendar, companies, campaigns(calendar), shows(calendar), truth)
    systems = {name: make(world) for name, make in SYSTEMS.items()}
    done = told = 0
    for house in households(people, seed, today.year, companies):
        dice = Dice(seed, 4, house.number)
        home = lives.begin(house, dice)
        subscribe(home, dice, world.campaigns)
        for life in home:
            shop(life, dice, calendar)
            lives.visit_shows(life, dice, world.shows)
            lives.settle(life, dice)
            talk(life, dice)
            if life.person.number == HERO:
                tell(life, calendar, world.shows, dice)
            for system in systems.values():
                system.write(life, dice)
        done += len(home)
        if progress is not None and done - told >= _STEP:
            told = done
            progress("people", done, people)
    for number, system in enumerate(systems.values()):
        if progress is not None:
            progress("systems", number, len(systems))
        system.close()
    truth.close()
    if progress is not None:
        progress("people", people, people)
        progress("systems", len(systems), len(systems))
    return {name: system.rows for name, system in systems.items()}


def _define(folder: Path, desk_port: int) -> None:
    """Write the source definitions, with the port of the desk in them."""
    target = folder / "sources"
    target.mkdir(exist_ok=True)
    templates = resources.files("filrouge.sample").joinpath("sources").iterdir()
    for template in sorted(templates, key=lambda item: item.name):
        if template.name.endswith(".yaml"):
            text = template.read_text(encoding="utf-8").replace("{port}", str(desk_port))
            (target / template.name).write_text(text, encoding="utf-8")


def _mark(people: int, seed: int, today: date) -> str:
    return f"""# Sample data

Everything in this folder was invented by a program: {people} people, seed {seed}, as of {today.isoformat()}.
Nobody here exists. Mail addresses are under example.com, example.org and example.net; telephone numbers come from the
ranges kept for fiction or allocated to nobody; company numbers fail their own check digit.

- `crm/`, `billing.db`, `shop.db`, `events/`, `desk/`, `emailing/`, `web/`, `callcentre/`: the eight systems
- `sources/`: how Filrouge reads them, one definition per file
- `truth.parquet`: who each record truly is; the product never reads it

To remove it all, delete this folder.
"""
