"""The register says what is held, from whom and for how long, and stops at the reader's entities."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.world import PEOPLE

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])


@pytest.fixture
def group(world: Any, tmp_path: Path) -> Any:
    from filrouge.work import groups, sources

    sources.define({**PEOPLE, "entity": "groupe", "brand": "horizon"}, folder=tmp_path, by="test")
    sources.define({**PEOPLE, "source": "shop_people", "entity": "boutique", "brand": "halle"}, folder=tmp_path, by="t")
    groups.agree("boutique", "groupe", category="identity", purpose="service", evidence="Article 4", by="test")
    groups.add_entity("tiers", "Tiers SA", by="test")
    return world


def lines(client: Any) -> dict[str, dict[str, str]]:
    text = client.get("/register.csv").content.decode("utf-8-sig")
    return {row["Data"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}


def test_the_register_is_derived_and_in_words(group: Any, signed_in: Callable[[str], Any]) -> None:
    group.user("claire", "privacy")
    client = signed_in("claire")
    page = client.get("/register").content.decode()
    for said in ("fiches", "prénom, nom", "3 ans", "intérêt légitime", "Groupe SA", "Boutique SAS", "Article 4"):
        assert said in page
    client.post("/reader", {"language": "en", "next": "/"})
    found = lines(client)
    assert found["records"]["Legal basis"] == "legitimate interest"
    assert found["records"]["Kept"] == "3 years from the last thing that the person did"
    assert found["records"]["Entities"] == "Boutique SAS, Groupe SA"
    assert found["invoices"]["Kept"] == "10 years from its date"
    assert found["accounts"]["Whose"] == "staff"


def test_an_officer_of_one_entity_reads_its_sources_and_agreements(group: Any, signed_in: Callable[[str], Any]) -> None:
    group.user("claire", "privacy", entities=("groupe",))
    client = signed_in("claire")
    client.post("/reader", {"language": "en", "next": "/"})
    assert lines(client)["records"]["Entities"] == "Groupe SA"
    assert "Article 4" in client.get("/register").content.decode()


def test_an_entity_without_agreements_reads_of_none(group: Any, signed_in: Callable[[str], Any]) -> None:
    group.user("other", "privacy", entities=("tiers",))
    page = signed_in("other").get("/register").content.decode()
    assert "Article 4" not in page
    assert "Boutique SAS" not in page


@pytest.mark.parametrize("path", ["/register", "/register.csv"])
def test_only_privacy_reads_it(path: str, group: Any, signed_in: Callable[[str], Any]) -> None:
    group.user("remy", "engineer")
    assert signed_in("remy").get(path).status_code == 403


def test_a_column_held_apart_is_told_with_its_source_to_whom_the_source_is_open(
    group: Any, signed_in: Callable[[str], Any], tmp_path: Path
) -> None:
    from filrouge.work import sources

    kept = {"born": {"purpose": "profiling", "retention": "1 year"}, "Shoe size": {"retention": "18 months"}}
    sources.define({**PEOPLE, "entity": "groupe", "brand": "horizon", "kept": kept}, folder=tmp_path, by="test")
    group.user("claire", "privacy", entities=("groupe",))
    client = signed_in("claire")
    client.post("/reader", {"language": "en", "next": "/"})
    told = lines(client)["records"]["Held apart"]
    assert told.split(" / ") == [
        "Crm people · born (date of birth) · profiling, 1 year",
        "Crm people · Shoe size · customer service, 18 months",
    ]
    page = client.get("/register").content.decode()
    assert "2 columns held apart" in page
    assert "born (date of birth) · profiling, 1 year" in page
    group.user("other", "privacy", entities=("tiers",))
    client = signed_in("other")
    assert "born (" not in client.get("/register.csv").content.decode("utf-8-sig")
