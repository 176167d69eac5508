"""Names spelt by ear."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.base.sound import skeleton, sound
from filrouge.base.text import fold


@pytest.mark.parametrize(
    "alike",
    [
        "rousseau rouso roussot", "camille camile", "dupont dupond", "lefèvre lefebvre", "gauthier gautier gotier",
        "thibault thibaud tibo", "renaud renault reno", "mathieu matthieu", "philippe filip", "quentin kentin",
        "françois fransois", "vincent vinsan", "laurent loran", "christophe kristof", "bourgeois bourjois", "hugo ugo",
    ],
)  # fmt: skip
def test_names_that_sound_alike_are_one(alike: str) -> None:
    assert len({sound(fold(name)) for name in alike.split()}) == 1


@pytest.mark.parametrize("apart", ["martin marin", "jean jeanne", "bernard bertrand", "louis louise", "garnier garnie"])
def test_names_that_sound_apart_are_two(apart: str) -> None:
    one, other = apart.split()
    assert sound(one) != sound(other)


@pytest.mark.parametrize("alike", ["stefan stéphane", "katrine catrine catherine"])
def test_names_whose_vowels_were_mistaken_keep_their_consonants(alike: str) -> None:
    assert len({skeleton(fold(name)) for name in alike.split()}) == 1


@given(st.text(max_size=40))
def test_any_word_has_a_sound_and_the_same_each_time(word: str) -> None:
    told = sound(word)
    assert told == sound(word)
    assert len(told) <= len(word) + 2
