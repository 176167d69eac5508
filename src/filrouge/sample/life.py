"""What happened to each person: what they took, read, bought, asked and were told, before any system wrote it down."""

from __future__ import annotations

from dataclasses import dataclass, field

from filrouge.sample.catalogue import CARGO, HALLE, HORIZON, SALONS, Campaign, Offer, Show
from filrouge.sample.dice import Dice
from filrouge.sample.people import HERO, Household, Person


@dataclass(slots=True)
class Invoice:
    """``ago`` days ago, ``cents``; each payment is (ago, outcome, reason)."""

    ago: int
    cents: int
    payments: list[tuple[int, str, str]]
    paid: bool


@dataclass(slots=True)
class Contract:
    """A subscription, who pays and who reads."""

    number: str
    offer: Offer
    payer: Person
    reader: Person
    start: int
    renews: int | None
    end: int | None
    reason: str
    sold_by: str
    found_by: str
    method: str
    campaign: str = ""
    invoices: list[Invoice] = field(default_factory=list)


@dataclass(slots=True)
class Order:
    """A purchase at La Halle; each line is (sku, label, quantity, unit price, discount)."""

    number: str
    ago: int
    second: int
    channel: str
    promotion: str
    lines: list[tuple[str, str, int, int, int]]
    status: str
    returned: tuple[int, int, str] | None = None  # line, days ago, reason

    @property
    def total(self) -> int:
        return sum(quantity * price - discount for _, _, quantity, price, discount in self.lines)


@dataclass(slots=True)
class Ticket:
    """A request to the desk; each message is (from the customer?, days ago, second, text)."""

    brand: str
    theme: str
    complaint: bool
    ago: int
    second: int
    status: str
    messages: list[tuple[bool, int, int, str]]


@dataclass(slots=True)
class Call:
    """A telephone call; ``promise`` is what was promised and in how many days from the call."""

    brand: str
    ago: int
    second: int
    incoming: bool
    seconds: int
    disposition: str
    note: str
    promise: str
    due: int
    kept: bool


@dataclass(slots=True)
class Life:
    """One person's dealings with the group; the flags say which systems came to know of them."""

    person: Person
    crm: str = ""  # client, prospect or nothing
    billing: bool = False
    shop: bool = False
    desk: bool = False
    calls: bool = False
    letters: tuple[str, ...] = ()
    web: tuple[str, ...] = ()
    contracts: list[Contract] = field(default_factory=list)
    reads: list[Contract] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    shows: list[Show] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    talks: list[Call] = field(default_factory=list)
    appetite: float = 0.3  # visits a week
    fades: int | None = None  # days ago when they began to read less
    gone: int | None = None  # days ago when they stopped
    annoyed: bool = False

    @property
    def brands(self) -> list[str]:
        """Brands that this person deals with."""
        known = [contract.offer.brand for contract in (*self.contracts, *self.reads)]
        known += [HALLE] * bool(self.orders) + [SALONS] * bool(self.shows) + list(self.letters)
        return list(dict.fromkeys(known)) or [HORIZON]

    def pace(self, ago: int) -> float:
        """Return visits a week on that day: whoever will leave reads less and less before."""
        if self.gone is not None and ago < self.gone:
            return self.appetite * 0.06
        if self.fades is not None and ago < self.fades:
            last = self.gone or 0
            return self.appetite * max(0.08, (ago - last) / max(1, self.fades - last))
        return self.appetite


def begin(house: Household, dice: Dice) -> list[Life]:
    """Return one life per member of a household, with the systems that will know them."""
    return [_known_by(Life(person), dice) for person in house.members]


def _known_by(life: Life, dice: Dice) -> Life:
    person = life.person
    everywhere = person.everywhere
    if everywhere:
        life.crm = "client"
        life.shop = life.desk = life.calls = True
        life.billing = person.number != HERO  # her contracts are told apart, in hero.py
        life.letters = (HORIZON, HALLE) if dice.chance(0.5) else (HORIZON, CARGO, HALLE)
        life.web = (HORIZON, CARGO) if dice.chance(0.4) else (HORIZON,)
        return life
    if not person.adult:
        life.web = (HORIZON,) if dice.chance(0.4) else ()
        life.letters = (HORIZON,) if dice.chance(0.15) else ()
        return life
    throw = dice.random
    life.billing = throw() < 0.36
    life.shop = throw() < 0.36
    bond = 2 if life.billing else 1 if life.shop else 0
    if throw() < (0.22, 0.4, 0.8)[bond]:
        life.crm = "client"
    elif throw() < 0.10:
        life.crm = "prospect"
    life.desk = throw() < (0.02, 0.13, 0.24)[bond]
    life.calls = throw() < (0.02, 0.09, 0.18)[bond]
    if throw() < (0.3, 0.45, 0.72)[bond]:
        first = dice.pick((HORIZON, HORIZON, CARGO)) if not life.shop or life.billing else HALLE
        others = tuple(brand for brand in (HORIZON, CARGO, HALLE) if brand != first and throw() < 0.22)
        life.letters = (first, *others)
    if throw() < (0.34, 0.42, 0.72)[bond]:
        life.web = (HORIZON, CARGO) if throw() < 0.16 else (HORIZON,) if throw() < 0.7 else (CARGO,)
    if life.shop and throw() < 0.3:
        life.web = (*life.web, HALLE)
    return life


def settle(life: Life, dice: Dice) -> None:
    """Make sure that somebody knows of this person, and give them the habits that their contracts foretell."""
    if not (life.crm or life.billing or life.shop or life.desk or life.calls or life.letters or life.web or life.shows):
        if dice.chance(0.5):
            life.letters = (HORIZON,)
        else:
            life.web = (HORIZON,)
    mine = [contract for contract in (*life.contracts, *life.reads) if contract.reader is life.person]
    life.appetite = (0.75 if mine else 0.26) * (0.35 + 1.3 * dice.random())
    ended = [contract for contract in mine if contract.end is not None]
    if mine and len(ended) == len(mine):
        last = min(ended, key=lambda contract: contract.end or 0)
        life.gone = last.end
        if last.reason == "wanted":
            life.fades = (last.end or 0) + dice.between(60, 110)
    elif mine and dice.chance(0.14):
        life.fades = dice.between(50, 100)  # still here, and reading less: who may leave next
    life.annoyed = HORIZON in life.letters and bool(mine) and dice.chance(0.06)


def visit_shows(life: Life, dice: Dice, shows: tuple[Show, ...]) -> None:
    """Send employed people to trade shows and music lovers to concerts."""
    person = life.person
    if not person.adult:
        return
    fair = 0.34 if person.company is not None else 0.03
    stage = 0.26 if "musique" in person.topics or "culture" in person.topics else 0.05
    trade = [show for show in shows if show.kind == "salon"]
    music = [show for show in shows if show.kind == "concert"]
    if dice.chance(fair):
        life.shows.append(dice.pick(trade))
    if dice.chance(stage):
        life.shows += dice.sample(music, 1 if dice.chance(0.7) else 2)
    if person.everywhere and not life.shows:
        life.shows.append(dice.pick(shows))


def likes(life: Life, campaign: Campaign) -> float:
    """Return how likely this person is to open a campaign."""
    chance = 0.34 if not campaign.topic else 0.52 if campaign.topic in life.person.topics else 0.24
    if campaign.kind == "service":
        chance = 0.66
    if life.gone is not None and campaign.ago < life.gone:
        chance *= 0.35
    elif life.fades is not None and campaign.ago < life.fades:
        chance *= 0.6
    return chance * (0.5 if campaign.mood == "pushy" else 1.0)
