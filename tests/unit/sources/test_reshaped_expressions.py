"""An expression follows its columns when a source changes its shape."""

from __future__ import annotations

from filrouge.domain.sources.expressions import parsed, replaced


def test_a_renamed_column_is_renamed_where_it_is_read_and_not_in_a_text() -> None:
    assert replaced('join(" ", {Nom}, "{Nom}")', "Nom", "{Name}") == 'join(" ", {Name}, "{Nom}")'


def test_a_column_cut_in_two_is_put_together_again() -> None:
    text = replaced("upper({Nom})", "Nom", 'join(" ", {Prénom}, {Famille})')
    assert parsed(text).columns == ("Prénom", "Famille")


def test_a_name_with_an_apostrophe_is_followed_too() -> None:
    assert replaced("upper({Nom})", "Nom", "{Nom d'usage}") == "upper({Nom d'usage})"
    assert replaced("join(' ', {Nom d'usage}, {Nom})", "Nom", "{Name}") == "join(' ', {Nom d'usage}, {Name})"
