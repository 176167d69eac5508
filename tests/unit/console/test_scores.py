"""Reasons of scores in words, French and English, whatever the feature and its value."""

from __future__ import annotations

import pytest
from django.utils import translation

from filrouge.console.words.scores import reason
from filrouge.domain.scores.features import FEATURES

NAMES = [*FEATURES, "took_shop_blue", "since_shop_blue", "contract_value", "buying_value"]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("value", [None, 0.0, 1.0, 7.4, -40.0, 4000.0])
def test_every_feature_has_a_sentence_for_every_value(language: str, value: float | None) -> None:
    with translation.override(language):
        said = {name: reason(name, value, contribution=12.5) for name in NAMES}
    raw = {name: text for name, text in said.items() if not text or text == name.replace("_", " ")}
    assert value is None or raw == {}
    assert all(said.values())


def test_the_slope_is_said_as_the_sales_director_would() -> None:
    with translation.override("fr"):
        assert reason("reads_slope", -40.0) == "lit 40 % de moins que les deux mois d’avant"
        assert reason("failed_90", 2.0) == "2 paiements échoués"
    with translation.override("en"):
        assert reason("visit_recency", None) == "never visits"
