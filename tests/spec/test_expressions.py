"""A value computed from columns is the same on every engine, and what is no expression is told as such."""

from __future__ import annotations

import pyarrow as pa
import pytest
from tests.spec.test_values import collected

from filrouge.domain.sources.expressions import Unreadable, parsed
from filrouge.engines import Engine

ROW = {
    "Nom d'usage": "Lo Iacono",
    "Carte": "4970123412341234567",
    "Sans fin": "inf",
    "Rien": "nan",
    "Nom complet": "Dupré, Élodie",
    "Type": "A",
    "Prix": "1 200,50",
    "Qté": "2",
    "Tél": "06 12.34",
    "Vide": None,
}
CASES = {
    'part({Nom complet}, ",", 2)': "Élodie",
    'part({Nom complet}, ",", 3)': None,
    'upper(part({Nom complet}, ",", 1))': "DUPRÉ",
    "lower({Type})": "a",
    'trim("  x ")': "x",
    "digits({Tél})": "061234",
    "digits({Type})": None,
    "left({Nom complet}, 3)": "Dup",
    "right({Nom complet}, 2)": "ie",
    'replace({Tél}, ".", " ")': "06 12 34",
    'join(" ", {Vide}, {Type}, {Vide}, "z")': "A z",
    'join("-", {Vide})': None,
    "first({Vide}, {Type})": "A",
    'when({Type} == "A", "abonné", "autre")': "abonné",
    'when(empty({Vide}) and not empty({Type}), "1", "2")': "1",
    'when({Vide} == "", "rien", "x")': "rien",
    'when({Type} != "A" or begins({Nom complet}, "Du"), "oui", "non")': "oui",
    'when(contains({Nom complet}, ",") and ends({Tél}, "34"), "oui", "non")': "oui",
    'when({Prix} > 1000, "gros", "petit")': "gros",
    'when({Vide} > 1000, "gros", "petit")': "petit",
    "{Prix} * {Qté}": "2401",
    "{Prix} / 100": "12,005",
    "-number({Qté}) + 0.5": "-1,5",
    "{Prix} / 0": None,
    "{Type} * 2": None,
    "number(1000)": "1000",
    "number({Carte})": None,
    "{Carte} * {Carte}": None,
    "number({Sans fin})": None,
    "{Rien} + 1": None,
    "upper({Nom d'usage})": "LO IACONO",
    """when(empty({Nom d'usage}), {Type}, {Nom d'usage})""": "Lo Iacono",
    """replace({Nom d'usage}, "'", " ")""": "Lo Iacono",
    "join('-', {Nom d'usage}, 'x')": "Lo Iacono-x",
    '"{Type} is text"': "{Type} is text",
}


def test_a_computed_value_is_the_same_everywhere(engine: Engine) -> None:
    table = engine.load("rows", pa.table({name: pa.array([value], pa.string()) for name, value in ROW.items()}))
    made = {f"c{at}": parsed(text).over(lambda name: table[name], decimal=",") for at, text in enumerate(CASES)}
    (found,) = collected(engine, table.select(**made))
    assert {text: found[f"c{at}"] for at, text in enumerate(CASES)} == CASES


def test_an_expression_tells_the_columns_that_it_reads() -> None:
    assert parsed('join(" ", {Prénom}, {Nom}, {Prénom}, "{Age}")').columns == ("Prénom", "Nom")


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "lower({A}", "Nom", "__import__('os')", "{A}.upper()", "lower(x={A})", "[{A}]", "{A} if {B} else {C}",
        "lower({A}, {B})", "left({A}, {B})", "left({A}, 0)", "left({A}, -1)", 'part({A}, 2, ",")', "when({A}, {B}, {C})",
        '{A} == "x"', "when(lower({A}), 1, 2)", "eval({A})", "lambda: 1", "{A} ** 9", "9" * 501, "f'{1}'", "True", "None",
        "+".join(["{A}"] * 100), "__column_0__", "{A}{B}", "print", "1 < 2 < 3",
        "when({A} < {B} < {C}, 1, 2)", "empty({A})", "@", "b'x'", "1j", "*{A}", "lower(*{A})", "a\nb", "{A}; {B}",
    ],
)  # fmt: skip
def test_what_is_no_expression_is_told(text: str) -> None:
    with pytest.raises(Unreadable):
        parsed(text)
