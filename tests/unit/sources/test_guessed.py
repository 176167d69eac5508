"""The mapping of an unknown table of people: what is sure is read, what is not is left out."""

from __future__ import annotations

import polars as pl
import pytest

from filrouge.domain.identity.evaluate import holdings
from filrouge.domain.sources.guessed import Guess, guessed
from filrouge.domain.sources.writing import way


def of(**columns: list[str]) -> Guess:
    return guessed(holdings(pl.DataFrame(columns)))


NAMES = {"Prénom": ["Ada", "Gus", "Zoé"], "Nom": ["Byron", "Eiffel", "Martin"]}


def test_names_and_values_tell_the_columns() -> None:
    found = of(
        **{"N° fiche": ["1", "2", "3"]}, **NAMES, **{"Né(e) le": ["03/11/1980", "25/12/1975", "01/02/1990"]},
        Courriel=["a@e.fr", "b@e.fr", "c@e.fr"], Couleur=["bleu", "rouge", "vert"], OptIn=["O", "N", "O"],
    )  # fmt: skip
    assert found.map == {
        "source_id": "N° fiche", "given_name": "Prénom", "family_name": "Nom", "email": "Courriel",
        "birth_date": {"column": "Né(e) le", "format": "%d/%m/%Y"},
    }  # fmt: skip
    assert found.key == ("N° fiche",)
    assert set(found.left) == {"Couleur", "OptIn"}, "a consent is never guessed"


def test_without_a_number_a_row_is_named_by_all_that_is_read() -> None:
    found = of(**NAMES, Couleur=["bleu", "bleu", "vert"])
    assert found.key == ("Prénom", "Nom")
    assert "source_id" not in found.map


def test_recent_dates_are_no_births() -> None:
    found = of(**NAMES, **{"Date du salon": ["03/11/2025", "25/12/2025", "01/02/2026"]})
    assert "birth_date" not in found.map


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["03/11/1980", "25/12/1975"], "%d/%m/%Y"),
        (["11/25/1980", "12/13/1975"], "%m/%d/%Y"),
        (["03/04/1980", "05/06/1975"], "%d/%m/%Y"),
        (["1980-11-03", "1975-12-25T10:00:00"], ""),
        (["03/11/1980 10:30"], "%d/%m/%Y %H:%M"),
        (["19801103"], "%Y%m%d"),
        (["yesterday", "03/11/1980"], None),
        ([], None),
    ],
)
def test_the_way_of_writing_dates_is_found(values: list[str], told: str | None) -> None:
    assert way(values) == told
