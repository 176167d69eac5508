"""Where people can be reached without reaching anybody: reserved mail domains, telephone numbers kept for fiction.

The French regulator reserves six blocks of 10,000 numbers for works of fiction. A large sample needs more: it takes
blocks that are allocated to nobody (07 1x, 07 2x, 04 0x), so that two people share a number only when they are meant
to.
"""

from __future__ import annotations

from functools import lru_cache

from filrouge.base.text import fold
from filrouge.sample.dice import Dice

MOBILE = "063998"
LANDLINES = ("019900", "026191", "035301", "046571", "053649")
BLOCK = 10_000
LARGE = 30_000  # above so many people, fiction's numbers do not suffice
DOMAINS = ("example.com", "example.com", "example.org", "example.net")

_PERSONAL, _HOUSEHOLDS, _COMPANIES = 0, 30_000, 45_000  # where each kind begins in the 50,000 landlines


class Numbers:
    """Telephone numbers of a sample of ``people`` people, each of ten digits."""

    def __init__(self, people: int) -> None:
        self.people = people
        self.large = people > LARGE

    def own(self, person: int) -> str:
        """Return the number of one person: a mobile where there are enough, else a line of their own."""
        if self.large or self.people <= BLOCK:
            return _mobile(person)
        slot = person * BLOCK // self.people
        if (person + 1) * BLOCK // self.people > slot:
            return _mobile(slot)
        return _landline(_PERSONAL + person - slot)

    def home(self, household: int) -> str:
        """Return the line of a household; two neighbours in the order never share one."""
        slot = household // 2
        if slot < _COMPANIES - _HOUSEHOLDS:
            return _landline(_HOUSEHOLDS + slot)
        return f"04{slot % 5_000_000:08}"

    def switchboard(self, company: int) -> str:
        """Return the number that everybody in a company gives."""
        if company < 5 * BLOCK - _COMPANIES:
            return _landline(_COMPANIES + company)
        return f"04{5_000_000 + company % 5_000_000:08}"


def _mobile(slot: int) -> str:
    if slot < BLOCK:
        return f"{MOBILE}{slot * 7919 % BLOCK:04}"
    return f"07{10_000_000 + slot * 7919 % 20_000_000:08}"


def _landline(slot: int) -> str:
    block, number = divmod(slot, BLOCK)
    return f"{LANDLINES[block]}{number * 7919 % BLOCK:04}"


def is_reserved(phone: str) -> bool:
    """Return True when ten digits belong to fiction or to nobody."""
    return phone[:6] in (MOBILE, *LANDLINES) or phone[:3] in ("071", "072", "040")


class Mailboxes:
    """Addresses given out so far, so that two people never get the same one by accident."""

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def open(self, dice: Dice, given: str, family: str, year: int) -> str:
        """Return a new personal address."""
        first, last = handle(given), handle(family)
        local = dice.skewed(
            (
                f"{first}.{last}", f"{first}{last}", f"{first[0]}.{last}", f"{first}.{last}{year % 100:02}",
                f"{last}.{first}", f"{first}_{last}", f"{first}{year % 100:02}",
                f"{first}.{last[:3]}{dice.between(1, 99)}",
            ),
            1.6,
        )  # fmt: skip
        return self.reserve(local, dice.pick(DOMAINS), dice)

    def reserve(self, local: str, domain: str, dice: Dice) -> str:
        """Return ``local@domain``, with a number where somebody has it already."""
        address = f"{local}@{domain}"
        while hash(address) in self._taken:
            address = f"{local}{dice.between(2, 9999)}@{domain}"
        self._taken.add(hash(address))
        return address


@lru_cache(maxsize=4_096)
def handle(name: str) -> str:
    """Return a name as people write it in an address."""
    return fold(name).replace(" ", "-" if "-" in name else "")
