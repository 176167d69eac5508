"""Telephone numbers and addresses of a sample are shared only when it means them to be."""

from __future__ import annotations

import pytest

from filrouge.sample.companies import siren
from filrouge.sample.dice import Dice
from filrouge.sample.reach import Mailboxes, Numbers, is_reserved


@pytest.mark.parametrize("people", [300, 10_000, 20_000, 30_000, 60_000])
def test_no_two_people_have_the_same_number_by_accident(people: int) -> None:
    numbers = Numbers(people)
    own = [numbers.own(person) for person in range(people)]
    homes = {numbers.home(household) for household in range(0, people, 2)}
    boards = {numbers.switchboard(company) for company in range(people // 45)}
    assert len(set(own)) == people
    assert not homes & set(own)
    assert not boards & (set(own) | homes)
    assert all(is_reserved(number) and len(number) == 10 for number in {*own, *homes, *boards})


def test_up_to_thirty_thousand_people_only_the_numbers_of_fiction_are_used() -> None:
    numbers = Numbers(30_000)
    used = {numbers.own(person)[:3] for person in range(30_000)} | {numbers.home(h)[:3] for h in range(0, 30_000, 2)}
    assert not used & {"071", "072", "040"}


def test_two_people_of_one_name_get_two_addresses() -> None:
    mail, dice = Mailboxes(), Dice(1, 1, 1)
    given = [mail.open(dice, "Marie", "Martin", 1970) for _ in range(500)]
    assert len(set(given)) == 500


def test_company_numbers_fail_their_own_check() -> None:
    for number in range(2_000):
        total = 0
        for place, digit in enumerate(reversed(siren(number))):
            value = int(digit) * (2 if place % 2 else 1)
            total += value - 9 if value > 9 else value
        assert len(siren(number)) == 9
        assert total % 10 != 0
