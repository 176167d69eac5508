"""The call centre: one CSV a month, names as the agent heard them, what was promised and for when."""

from __future__ import annotations

from filrouge.sample import faults
from filrouge.sample.catalogue import CARGO, HALLE, HORIZON, SALONS
from filrouge.sample.dice import CLOCK, Dice
from filrouge.sample.life import Call, Life
from filrouge.sample.paper import Sheet
from filrouge.sample.people import HERO
from filrouge.sample.world import World

_HEADER = (
    "id_appel;date_heure;ligne;sens;numero;nom_appelant;duree_s;qualification;commentaire;promesse;promesse_pour;"
    "promesse_etat;agent"
)
_LINES = {HORIZON: "HORIZON", CARGO: "CARGO", HALLE: "HALLE", SALONS: "SALONS"}
_AGENTS = ("agent12", "agent17", "agent23", "agent31", "agent08")


class Calls:
    """Writes ``callcentre/appels_AAAA-MM.csv``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._sheets: dict[str, Sheet] = {}
        self._known: set[int] = set()

    @property
    def rows(self) -> int:
        return sum(sheet.rows for sheet in self._sheets.values())

    def write(self, life: Life, dice: Dice) -> None:
        """Write the calls of one person, who mostly rings from their own telephone."""
        if not life.talks:
            return
        person = life.person
        phone = person.landline if person.landline and dice.chance(0.18) else person.phone
        if person.company is not None and dice.chance(0.05):
            phone = self.world.companies[person.company].phone
        heard = self._heard(life, dice)
        for rank, call in enumerate(life.talks):
            name = heard if dice.chance(0.8) else self._heard(life, dice)
            self._call(call, f"{person.number:07}{rank}", phone, name, person.number, dice)

    def close(self) -> None:
        for sheet in self._sheets.values():
            sheet.close()

    @staticmethod
    def _heard(life: Life, dice: Dice) -> str:
        if life.person.number == HERO:
            return f"{life.person.given} {life.person.family}"
        rate = 0.4 if life.person.everywhere else 1.3
        given, family = faults.given(dice, life.person, rate), faults.family(dice, life.person, rate)
        throw = dice.random() + (0.1 if life.person.everywhere else 0)
        if throw < 0.12:
            return f"{life.person.title} {family}"
        if throw < 0.4:
            return f"{family} {given}"
        return f"{given} {family}"

    def _call(self, call: Call, number: str, phone: str, name: str, person: int, dice: Dice) -> None:
        calendar = self.world.calendar
        hidden = dice.chance(0.02)
        written = "anonyme" if hidden else f"+33{phone[1:]}"
        due = calendar.iso(call.ago - call.due) if call.promise else ""
        if call.promise and person % 1_201 == 300:
            due = "bientôt"
        state = ("TENUE" if call.kept else "EN COURS") if call.promise else ""
        row = [
            number, f"{calendar.iso(call.ago)} {CLOCK[call.second]}", _LINES[call.brand],
            "E" if call.incoming else "S", written,
            name, call.seconds, call.disposition, call.note, call.promise, due, state, dice.pick(_AGENTS),
        ]  # fmt: skip
        sheet = self._sheet(calendar.iso(call.ago)[:7])
        if person % 1_501 == 700:
            sheet.add(row[:4])
        sheet.add(row)
        key = f"{written}|{name}"
        if hash(key) not in self._known:
            self._known.add(hash(key))
            self.world.truth.add("calls_people", key, person)

    def _sheet(self, month: str) -> Sheet:
        sheet = self._sheets.get(month)
        if sheet is None:
            path = self.world.folder / "callcentre" / f"appels_{month}.csv"
            sheet = self._sheets[month] = Sheet(path, _HEADER)
        return sheet
