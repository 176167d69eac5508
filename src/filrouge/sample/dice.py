"""Chance that can be thrown again: the same seed and the same thing always give the same throws."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

T = TypeVar("T")


class Dice(random.Random):
    """Throws for one thing (a household, a company, a campaign) of one sample."""

    def __init__(self, seed: int, kind: int, number: int) -> None:
        super().__init__((seed << 48) ^ (kind << 40) ^ number)

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of ``choices``, all as likely."""
        return choices[int(self.random() * len(choices))]

    def skewed(self, choices: Sequence[T], power: float = 2.0) -> T:
        """Return one of ``choices``, the first ones far likelier than the last."""
        return choices[int(len(choices) * self.random() ** power)]

    def chance(self, share: float) -> bool:
        """Return True for a ``share`` (0 to 1) of the throws."""
        return self.random() < share

    def between(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both possible."""
        return low + int(self.random() * (high - low + 1))


class Calendar:
    """Dates told as "so many days ago", written once for all."""

    REACH = 5500

    def __init__(self, today: date) -> None:
        self.today = today
        self._iso = [(today - timedelta(days=n)).isoformat() for n in range(self.REACH)]
        self._french = [f"{d[8:]}/{d[5:7]}/{d[:4]}" for d in self._iso]

    def iso(self, ago: int) -> str:
        """Return the ISO date of ``ago`` days before today; a negative number is a day to come."""
        return self._iso[ago] if 0 <= ago < self.REACH else (self.today - timedelta(days=ago)).isoformat()

    def french(self, ago: int) -> str:
        """Return the day as dd/mm/yyyy."""
        if 0 <= ago < self.REACH:
            return self._french[ago]
        return (self.today - timedelta(days=ago)).strftime("%d/%m/%Y")

    def month(self, ago: int) -> int:
        """Return the month (1 to 12) of the day."""
        return int(self.iso(ago)[5:7])

    def ago(self, year: int, month: int, day: int) -> int:
        """Return how many days ago a date was."""
        return (self.today - date(year, month, day)).days


# The second of a day as HH:MM:SS; millions are asked for.
CLOCK = tuple(f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" for second in range(86_400))
_HOURS = (20, 20, 20, 20, 19, 19, 19, 21, 21, 18, 18, 18, 12, 12, 13, 13, 9, 8, 8, 17, 17, 11, 10, 22, 14, 16, 15, 7)


def waking(dice: Dice) -> int:
    """Return a second of the day when people are up, the evening likelier."""
    return _HOURS[int(dice.random() * len(_HOURS))] * 3600 + int(dice.random() * 3600)
