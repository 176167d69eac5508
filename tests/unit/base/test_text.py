"""Words as people write them."""

from __future__ import annotations

import pytest

from filrouge.base.text import in_case


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("ROUSSEAU", "Rousseau"), ("SAINT-ÉTIENNE", "Saint-Étienne"), ("NOGENT SUR MARNE", "Nogent sur Marne"),
        ("LE GOFF", "Le Goff"), ("D'ARTAGNAN", "D'Artagnan"), ("PIERRE D'ARTAGNAN", "Pierre d'Artagnan"),
        ("JEAN-LUC DE LA TOUR", "Jean-Luc de La Tour"), ("Rousseau", "Rousseau"), ("McDonald", "McDonald"),
        ("olivier", "Olivier"), ("JO", "JO"), ("", ""), ("PARIS 11", "Paris 11"), ("张伟", "张伟"),
    ],
)  # fmt: skip
def test_a_name_in_capitals_is_told_as_people_write_it_and_any_other_is_left_alone(given: str, told: str) -> None:
    assert in_case(given) == told
