"""Personal data are declared where they live: a column that nobody declared is found here."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from filrouge.domain.privacy.register import categories
from filrouge.store.models.base import Personal
from filrouge.tables import TABLES

# Columns of text that say nothing of anybody by themselves, whatever the table.
PLAIN = {
    "kind", "channel", "direction", "status", "disposition", "outcome", "stage", "label", "offer", "term", "currency",
    "end_reason", "sales_channel", "acquisition_channel", "campaign", "title", "link", "sku", "promotion_code",
    "reason", "method", "purpose", "state", "notice", "type", "name", "row_hash", "decision", "person", "place",
    "column", "code", "person_id", "merged_into", "brands", "run_id", "attribute", "source", "entity", "brand",
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_text_about_a_person_says_how_careful_one_must_be(name: str) -> None:
    table = TABLES[name]
    silent = [
        column.name
        for column in table.columns
        if column.type in ("string", "json") and column.sensitivity == "none" and column.name not in PLAIN
    ]
    assert not table.personal or silent == []


@pytest.mark.parametrize("name", TABLES)
def test_every_table_about_people_says_from_when_it_is_kept(name: str) -> None:
    table = TABLES[name]
    if table.kept == "ended":
        assert table.ends in {column.name for column in table.columns}
    if table.at:
        assert table.at in {column.name for column in table.every}
    assert not table.holds or table.person == "person_key"
    assert 0 < table.retention_days <= 3650


def text_columns(model: type[models.Model]) -> set[str]:
    """Columns where words of somebody may stand: long text, free JSON, addresses."""
    found = set()
    for field in model._meta.concrete_fields:
        if field.is_relation or field.name in ("password", "sealed", "manifest", "cursor", "spec", "params", "query"):
            continue
        long = isinstance(field, models.CharField) and (field.max_length or 0) >= 200
        if long or isinstance(field, models.TextField | models.JSONField | models.EmailField):
            found.add(field.name)
    return found


# Rows that hold text and nothing of a customer or of the staff, with why.
WITHOUT = {
    "Entity": "companies of the group", "Brand": "names of brands", "Agreement": "contracts between entities",
    "SourceDraft": "the name of a file, counts; the file and its corrections stand in its folder, for a month at most",
    "Alert": "names of sources and of their owners among the staff",
    "Ruling": "names of rules, their owners among the staff, counts",
    "Source": "definitions", "Run": "counts and sentences without personal data", "Job": "ids and counts",
    "Baseline": "figures", "Assessment": "counts and shares of pairs", "IdentityQuality": "figures",
    "ScoreModel": "weights and figures of many people",
    "IdentityModel": "shares of pairs, and why one was chosen",
    "Evaluation": "figures and the name of a file",
    "TrackingPlan": "names and types of fields, and values that are nobody's",
    "PlanFinding": "names of fields, and counts",
    "Destination": "addresses of tools, names of secrets", "Push": "definitions", "PushRun": "counts and sentences",
    "Segment": "rules, and why a build failed", "SegmentVersion": "rules",
    "Questions": "codes of questions, no answer", "FollowUpRule": "rules, and why one failed",
    "ApiKey": "names of keys and perimeters", "Grant": "perimeters",
}  # fmt: skip


@pytest.mark.parametrize("model", list(apps.get_app_config("store").get_models()), ids=lambda model: model.__name__)
def test_a_row_with_text_declares_what_is_personal_in_it(model: type[models.Model]) -> None:
    if issubclass(model, Personal):
        held = {field.name for field in model._meta.concrete_fields}
        assert set(model.personal) <= held
        assert model.personal
        assert text_columns(model) - set(model.personal) - set(model.plain) == set()
        assert not model.counted_from or model.counted_from in held
    elif text_columns(model):
        assert model.__name__ in WITHOUT, "give it the mixin Personal, or say here why it holds nothing of anybody"


def test_the_guard_sees_a_column_that_nobody_declared() -> None:
    class Letter(Personal):
        personal = ("body",)
        body = models.TextField()
        address = models.CharField(max_length=300)

        class Meta:
            app_label = "tests"
            managed = False

    assert text_columns(Letter) - set(Letter.personal) == {"address"}


def test_the_categories_of_a_record_of_a_person_are_told() -> None:
    assert categories(TABLES["person_records"]) == ("personal", "contact")
    assert categories(TABLES["interactions"]) == ("text",)
    assert categories(TABLES["promotions"]) == ("money",)


def test_every_act_about_a_person_goes_with_an_erasure() -> None:
    from filrouge.store.models.acts import Act
    from filrouge.work.erasures.reach import ACTS

    acts = {model for model in apps.get_app_config("store").get_models() if issubclass(model, Act)}
    assert len(acts) >= 8
    assert {model.__name__ for model in acts - set(ACTS)} == set()
