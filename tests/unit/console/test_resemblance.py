"""Two records compared, in words and letter by letter: what is told adds up, and nothing is lost of what is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from filrouge.console import differences, resemblance, words
from filrouge.domain.identity.comparisons import COMPARISONS

names = st.text("abcdéèAZ -'", max_size=14)


@given(names, names)
def test_the_pieces_of_a_value_are_the_value(one: str, other: str) -> None:
    left, right = differences.pieces(one, other)
    assert "".join(text for text, _ in left) == one
    assert "".join(text for text, _ in right) == other


@given(names)
def test_a_value_does_not_differ_from_itself_nor_from_its_capitals(one: str) -> None:
    assert not any(differs for _, differs in differences.pieces(one, one)[0])
    assert differences.verdict(one, one) == ("same" if one else "")


def test_only_the_letters_that_differ_are_marked() -> None:
    left, right = differences.pieces("Rousseau", "Rousso")
    assert [text for text, differs in left if differs] == ["eau"]
    assert [text for text, differs in right if differs] == ["o"]
    assert differences.pieces("marie@example.com", "Kim") == ([("marie@example.com", False)], [("Kim", False)])
    left, _ = differences.pieces("a.irigoyen@example.org", "a.rousseau@example.com")
    assert left == [("a.", False), ("irigoyen", True), ("@example.", False), ("org", True)], "no letters by accident"
    assert differences.verdict("Ahmed", "A.") == "close"
    assert differences.verdict("Élodie", "ELODIE") == "same"
    assert differences.verdict("Rousseau", "Rousso") == "close"
    assert differences.verdict("Rousseau", "Kim") == "different"
    assert differences.verdict("Rousseau", "") == ""


def test_every_level_of_every_comparison_has_its_words() -> None:
    for name, (_, levels) in COMPARISONS.items():
        for level in levels:
            label = level["label_for_charts"]
            assert label == "missing" or f"{name}.{label}" in words.WORDS["pair"], (name, label)


def test_the_bars_lead_from_chance_to_the_whole() -> None:
    told = resemblance.told("start random -10.00;given same 6.00;family same 7.00;email different -2.00", 1.0)
    assert told is not None
    assert [step.way for step in told.steps] == ["start", "up", "up", "down"]
    ends = [(float(step.x), float(step.x) + float(step.width)) for step in told.steps]
    assert ends[0][1] == float(told.zero)
    assert ends[0][0] == ends[1][0] == 0.0
    assert ends[1][1] == ends[2][0]
    assert ends[2][1] == ends[3][1] == 1000.0
    assert ends[3][0] == float(told.end) > float(told.zero)
    assert (len(told.pros), len(told.cons), told.mute) == (2, 1, ())


@given(st.floats(-50, 50))
def test_how_sure_one_is_follows_the_score(score: float) -> None:
    said = resemblance.likely(score)
    assert said in {str(word) for word in words.WORDS["likely"].values()}
    assert said == resemblance.likely(score + 0.0)
    assert resemblance.chance(score)


def test_what_says_little_is_told_apart() -> None:
    told = resemblance.told("start random -3.00;sex same 0.30;given same 5.00", 2.3)
    assert told is not None
    assert (len(told.pros), len(told.mute)) == (1, 1)
    assert resemblance.told("", 1.0) is None


def test_the_same_names_in_another_order_are_alike() -> None:
    assert differences.verdict("Coulibaly Myriam", "Myriam COULIBALY") == "same"
    assert differences.pieces("Coulibaly Myriam", "Myriam COULIBALY") == (
        [("Coulibaly Myriam", False)],
        [("Myriam COULIBALY", False)],
    )
    assert differences.verdict("12 mars 1984", "3 décembre 1984") != "same"


def test_a_score_of_any_size_is_told_and_none_is_a_certainty() -> None:
    for score in (-500.0, -80.0, -60.0, -10.0, 0.0, 3.3, 10.0, 52.9, 53.0, 54.0, 60.0, 80.0, 500.0):
        assert any(letter.isdigit() for letter in resemblance.chance(score)), score
        assert resemblance.likely(score)
    assert resemblance.chance(80.0) == resemblance.chance(54.0), "beyond, nothing is surer"
