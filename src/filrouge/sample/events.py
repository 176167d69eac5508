"""The events division: workbooks with titles above the table, merged cells, several sheets, a total below."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from filrouge.sample import faults
from filrouge.sample.catalogue import Show
from filrouge.sample.dice import Dice
from filrouge.sample.life import Life
from filrouge.sample.world import World, euros

_TRADE = (
    "Salon", "Date du salon", "N° inscription", "Inscrit le", "Civilité", "Nom", "Prénom", "Société", "Fonction",
    "Courriel",
    "Téléphone", "Code postal", "Statut", "Accord mail",
)  # fmt: skip
_MUSIC = (
    "Concert",
    "Date",
    "N° billet",
    "Acheté le",
    "Nom complet",
    "Courriel",
    "Téléphone",
    "Places",
    "Montant",
    "Canal",
    "Statut",
)
_COMPANIES = ("Salon", "Stand", "Raison sociale", "SIREN", "Site", "Ville", "Contact", "Mis à jour le")
_HEADER_ROW = 4
_DATES = (1, 3)


class Events:
    """Writes ``events/salons_AAAA.xlsx`` and ``events/concerts_AAAA.xlsx`` at the end, from one spool per show."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows = 0
        self._folder = world.folder / "events"
        self._folder.mkdir(exist_ok=True)
        self._spools = {
            show.code: self._spool(show.code).open("w", encoding="utf-8", newline="") for show in world.shows
        }
        self._writers = {code: csv.writer(stream) for code, stream in self._spools.items()}
        self._companies: dict[str, dict[str, int]] = {}  # of a year: names as typed -> company

    def write(self, life: Life, dice: Dice) -> None:
        """Write the registrations and tickets of one person, as typed at each desk."""
        for rank, show in enumerate(life.shows):
            for again in range(2 if dice.chance(0.04) else 1):
                number = f"{show.code}-{life.person.number:06}{rank}{again}"
                fill = self._badge if show.kind == "salon" else self._ticket
                self._writers[show.code].writerow(fill(life, show, number, dice))
                self.rows += 1

    def close(self) -> None:
        """Write the workbooks, show after show, and drop the spools."""
        for stream in self._spools.values():
            stream.close()
        books: dict[tuple[str, str], list[Show]] = {}
        for show in sorted(self.world.shows, key=lambda each: (-each.ago, each.code)):
            books.setdefault((show.kind, show.code[-4:]), []).append(show)
        for (kind, year), shows in books.items():
            self._book(kind, year, shows)
        for code in self._spools:
            self._spool(code).unlink()

    def _spool(self, code: str) -> Path:
        return self._folder / f"{code}.part"

    def _badge(self, life: Life, show: Show, number: str, dice: Dice) -> list[str]:
        person, calendar = life.person, self.world.calendar
        company = None if person.company is None else self.world.companies[person.company]
        if company is not None:
            name = company.name if dice.chance(0.7) else company.name.rpartition(" ")[0]
            self._companies.setdefault(show.code[-4:], {})[name] = company.number
        else:
            name = ""
        email = faults.mailbox(dice, person, work=0.15 if person.everywhere else 0.7, shared=0.1)
        phone = company.phone if company and dice.chance(0.3) else person.phone if dice.chance(0.7) else ""
        when = max(1, show.ago + dice.between(1, 60))
        status = "Inscrit" if show.ago < 0 else "Venu" if dice.chance(0.7) else "Absent"
        self.world.truth.add("events_people", number, person.number)
        return [
            show.label, calendar.iso(show.ago), number, self._date(when, dice), dice.pick((person.title, "")),
            faults.family(dice, person, 1.2), faults.given(dice, person, 1.2), name, person.job,
            faults.email(dice, email, 1.3), self._number(phone, dice), (company or person.home).postcode, status,
            "x" if dice.chance(0.45) else "",
        ]  # fmt: skip

    def _ticket(self, life: Life, show: Show, number: str, dice: Dice) -> list[str]:
        person, calendar = life.person, self.world.calendar
        seats = dice.pick((1, 2, 2, 2, 3, 4))
        given, family = faults.given(dice, person, 1.2), faults.family(dice, person, 1.2)
        name = f"{family} {given}" if dice.chance(0.3) else f"{given} {family}"
        email = faults.mailbox(dice, person, second=0.25, work=0.05, shared=0.25)
        status = "À venir" if show.ago < 0 else "Scanné" if dice.chance(0.85) else "Non venu"
        if dice.chance(0.03):
            status = "Remboursé"
        self.world.truth.add("events_ticket_people", number, person.number)
        return [
            show.label, calendar.iso(show.ago), number, self._date(max(1, show.ago + dice.between(1, 70)), dice), name,
            faults.email(dice, email, 1.2), self._number(person.phone, dice) if dice.chance(0.55) else "", str(seats),
            euros(seats * show.price), dice.pick(("Site", "Site", "Guichet", "La Halle")), status,
        ]  # fmt: skip

    def _date(self, ago: int, dice: Dice) -> str:
        """Return a date, now and then typed as a text, and seldom as no date at all."""
        throw = dice.random()
        if throw < 0.002:
            return "le jour même"
        return self.world.calendar.french(ago) if throw < 0.06 else self.world.calendar.iso(ago)

    @staticmethod
    def _number(phone: str, dice: Dice) -> str:
        """Return a telephone number; a cell of numbers loses the first zero."""
        return phone[1:] if phone and dice.chance(0.06) else faults.phone(dice, phone)

    def _book(self, kind: str, year: str, shows: list[Show]) -> None:
        trade = kind == "salon"
        name, columns = ("salons", _TRADE) if trade else ("concerts", _MUSIC)
        path = self._folder / f"{name}_{year}.xlsx"
        with xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(self._folder)}) as book:
            midnight = datetime(self.world.calendar.today.year, 1, 1)  # noqa: DTZ001 Excel knows no zone
            book.set_properties({"title": f"Salons Horizon, {name} {year}", "created": midnight})
            bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy"})
            notes = book.add_worksheet("Lisez-moi")
            notes.write(0, 0, "Fichier partagé de l'équipe : ne pas déplacer les colonnes, merci.")
            notes.write(1, 0, "Les inscrits sur place sont ajoutés à la main le lendemain.")
            main = book.add_worksheet("Inscriptions" if trade else "Billetterie")
            _title(main, f"{'SALONS' if trade else 'CONCERTS'} {year}", columns, bold)
            self._fill(main, shows, day, "inscrits" if trade else "billets")
            if trade:
                self._firms(book.add_worksheet("Sociétés"), year, shows, bold, day)
            else:
                seats = book.add_worksheet("Jauge")
                seats.write_row(0, 0, ("Concert", "Lieu", "Jauge"))
                for row, show in enumerate(shows, start=1):
                    seats.write_row(row, 0, (show.label, show.place, 1200 + 400 * (row % 3)))

    def _fill(self, sheet: Worksheet, shows: list[Show], day: Format, what: str) -> None:
        row, total = _HEADER_ROW, 0
        for show in shows:
            first = row
            for cells in self._spooled(show):
                for column, cell in enumerate(cells):
                    if cell and (column > 1 or row == first):
                        _cell(sheet, row, column, cell, day)
                row += 1
            total += row - first
            if row - first > 1:
                # Rows are written one after the other: cells below the first stay empty, the range is only declared.
                sheet.merge += [[first, 0, row - 1, 0], [first, 1, row - 1, 1]]
        sheet.write_string(row + 1, 0, f"Total : {total} {what}")

    def _spooled(self, show: Show) -> Iterator[list[str]]:
        with self._spool(show.code).open(encoding="utf-8", newline="") as stream:
            yield from csv.reader(stream)

    def _firms(self, sheet: Worksheet, year: str, shows: list[Show], bold: Format, day: Format) -> None:
        """Write the companies of the year as they were typed; exhibitors have a stand, visitors little but a name."""
        _title(sheet, "SOCIÉTÉS", _COMPANIES, bold)
        for place, (name, number) in enumerate(sorted(self._companies.get(year, {}).items())):
            company, show = self.world.companies[number], shows[place % len(shows)]
            exhibits = place % 6 == 0
            cells = (
                show.label, f"{'ABCDE'[place % 5]}{place + 1}" if exhibits else "", name,
                company.siren if exhibits else "",
                company.domain if exhibits or place % 3 else "", company.city,
                f"contact@{company.domain}" if exhibits else "", self.world.calendar.iso(max(1, show.ago + 20)),
            )  # fmt: skip
            for column, cell in enumerate(cells):
                if cell:
                    _cell(sheet, _HEADER_ROW + place, column, cell, day, dates=(7,))


def _title(sheet: Worksheet, title: str, columns: tuple[str, ...], bold: Format) -> None:
    """Write a title merged over the first columns, a line of small print, a blank one, and the names of columns."""
    sheet.write_string(0, 0, f"{title} — Salons Horizon", bold)
    sheet.merge += [[0, 0, 0, len(columns) - 1]]
    sheet.write_string(1, 0, "Document interne. Mis à jour par le pôle accueil.")
    for column, name in enumerate(columns):
        sheet.write_string(_HEADER_ROW - 1, column, name, bold)


def _cell(sheet: Worksheet, row: int, column: int, cell: str, day: Format, dates: tuple[int, ...] = _DATES) -> None:
    if column in dates and cell[4:5] == "-":
        sheet.write_datetime(row, column, datetime.fromisoformat(cell), day)
    else:
        sheet.write_string(row, column, cell)
