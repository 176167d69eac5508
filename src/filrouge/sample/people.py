"""The true people: households of the people that eight systems know a little, and badly, each in its own way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from filrouge.sample import names
from filrouge.sample.companies import JOBS, Companies
from filrouge.sample.dice import Dice
from filrouge.sample.places import street, town
from filrouge.sample.reach import Mailboxes, Numbers, handle

TOPICS = (
    "politique", "économie", "culture", "sport", "sciences", "santé", "environnement", "région", "cuisine", "musique",
    "livres", "cinéma", "jardin", "voyages", "numérique", "éducation",
)  # fmt: skip
EVERYWHERE = 50  # one person in so many is known by all eight systems
HERO = 7  # the customer that the documentation shows, in any sample of a few people or more
_HERO_PHONE = "0639981234"


@dataclass(slots=True, frozen=True)
class Home:
    """An address."""

    line: str
    postcode: str
    city: str


@dataclass(slots=True)
class Person:
    """One true person."""

    number: int
    household: int
    woman: bool
    given: str
    family: str
    birth_name: str
    born: tuple[int, int, int]
    email: str
    second_email: str
    work_email: str
    family_email: str
    card: int
    phone: str
    landline: str
    home: Home
    old_home: Home | None
    company: int | None
    job: str
    topics: tuple[str, ...]
    everywhere: bool
    adult: bool
    twin: bool = False

    @property
    def title(self) -> str:
        return "Mme" if self.woman else "M."

    @property
    def account(self) -> str:
        """The number of the Horizon account, in the CRM, in billing and on the web."""
        return f"H{self.number * 7_368_787 % 10_000_000:07}"

    @property
    def loyalty(self) -> str:
        """The number of the La Halle card: some use the card of whoever they live with."""
        return f"LH{(self.card * 104_729 + 12_345) % 100_000_000:08}"


@dataclass(slots=True)
class Household:
    """People under one roof."""

    number: int
    members: list[Person] = field(default_factory=list)


def households(people: int, seed: int, year: int, companies: Companies) -> Iterator[Household]:
    """Yield households until ``people`` people live in them; ``year`` is the current one."""
    numbers, mail = Numbers(people), Mailboxes()
    person = number = 0
    while person < people:
        dice = Dice(seed, 1, number)
        house = _household(dice, number, person, people - person, year, numbers, mail, companies)
        yield house
        person += len(house.members)
        number += 1


def _household(
    dice: Dice, number: int, first: int, room: int, year: int, numbers: Numbers, mail: Mailboxes, companies: Companies
) -> Household:
    house = Household(number)
    postcode, city = town(dice)
    home = Home(street(dice), postcode, city)
    old_home = None
    if dice.chance(0.14):
        old_home = Home(street(dice), *(town(dice) if dice.chance(0.6) else (postcode, city)))
    landline = numbers.home(number) if number % 2 == 0 and dice.chance(0.8) else ""
    plan = _plan(dice, year)[:room]
    family = names.family(dice)
    family_email = ""
    if dice.chance(0.22) and len(plan) > 1:
        family_email = mail.reserve(f"famille.{handle(family)}", dice.pick(("example.org", "example.com")), dice)
    for place, (woman, born, kind) in enumerate(plan):
        person = first + place
        own = names.family(dice) if kind in ("partner", "mate", "wife") else family
        name = family if kind == "wife" else own
        given = names.given(dice, woman, born[0])
        while f"{given} {name}" in names.KNOWN or any(given == other.given for other in house.members):
            given = names.given(dice, woman, born[0])
        adult = year - born[0] >= 18
        at_work = adult and year - born[0] < 65 and dice.chance(0.34)
        phone = numbers.own(person)
        if phone == _HERO_PHONE:
            phone = numbers.own(HERO)
        company = int(companies.count * dice.random() ** 1.5) if at_work else None
        everywhere = person % EVERYWHERE == HERO
        second = dice.chance(0.08 if everywhere else 0.25)
        email = mail.open(dice, given, own if dice.chance(0.3) else name, born[0])
        house.members.append(
            Person(
                number=person, household=number, woman=woman, given=given, family=name,
                birth_name=own if own != name else "", born=born, email=email,
                second_email=mail.open(dice, names.nickname(given), own, born[0]) if second else "",
                work_email="" if company is None else mail.reserve(
                    f"{handle(given)}.{handle(name)}", companies[company].domain, dice),
                family_email=family_email, card=first if place == 1 and dice.chance(0.1) else person, phone=phone,
                landline=landline, home=home, old_home=old_home, company=company,
                job=dice.pick(JOBS) if company is not None else "",
                topics=tuple(dice.sample(TOPICS, 3)), everywhere=everywhere, adult=adult, twin=kind == "twin",
            )
        )  # fmt: skip
    for member in house.members:
        if member.number == HERO:
            _make_hero(member)
    return house


def _plan(dice: Dice, year: int) -> list[tuple[bool, tuple[int, int, int], str]]:
    """Return who lives here: (woman, born, kind)."""
    age = int(18 + 62 * dice.random() ** 0.9)
    woman = dice.chance(0.52)
    head = (woman, _born(dice, year - age), "head")
    throw = dice.random()
    if throw < 0.42:
        return [head]
    if throw < 0.48:
        kind = dice.pick(("mate", "twin"))
        if kind == "twin":
            return [(woman, head[1], "twin"), (woman if dice.chance(0.6) else not woman, head[1], "twin")]
        return [head, (dice.chance(0.5), _born(dice, year - age + dice.between(-3, 3)), "mate")]
    man = (False, _born(dice, year - age), "head")
    married = dice.chance(0.62)
    partner = (True, _born(dice, year - max(18, age + dice.between(-6, 4))), "wife" if married else "partner")
    plan = [man, partner]
    if throw > 0.74 and 36 <= age <= 66:
        oldest = min(age - 22, 24)
        plan += [
            (dice.chance(0.5), _born(dice, year - dice.between(min(12, oldest), oldest)), "child")
            for _ in range(dice.pick((1, 2, 2, 3)))
        ]
        if dice.chance(0.06):
            plan.append((dice.chance(0.5), plan[-1][1], "twin"))
    if throw > 0.97:
        plan.append((dice.chance(0.7), _born(dice, year - min(95, age + 27)), "parent"))
    return plan


def _born(dice: Dice, year: int) -> tuple[int, int, int]:
    return year, dice.between(1, 12), dice.between(1, 28)


def _make_hero(person: Person) -> None:
    home = Home("14 quai de la Fosse-aux-Loups", "44000", "Nantes")
    hero = replace(
        person, woman=True, given="Camille", family="Rousseau-Petit", birth_name="Petit", born=(1984, 3, 12),
        email="camille.rousseau-petit@example.org", second_email="camille.petit@example.com", phone=_HERO_PHONE,
        home=home, old_home=Home("3 impasse des Tilleuls", "35000", "Rennes"), topics=("culture", "musique", "livres"),
        everywhere=True, adult=True, twin=False, family_email="", work_email="", company=0,
        job="Chargée de communication", card=person.number,
    )  # fmt: skip
    for name in person.__slots__:
        setattr(person, name, getattr(hero, name))
