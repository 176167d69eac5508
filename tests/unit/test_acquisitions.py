"""The checklist: what is asked of which purchase, and what answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from filrouge.domain.acquisitions import STEPS, Facts, Said, System, asked, stands, step, still_open

BARE = Facts("share")


def state(code: str, facts: Facts, said: Said | None = None) -> str:
    one = step(code)
    assert one is not None
    return stands(one, facts, said or Said())


def test_a_file_taken_over_is_sorted_first_and_a_company_keeps_its_own() -> None:
    assert "sorted" in {one.code for one in asked("asset")}
    assert "sorted" not in {one.code for one in asked("share")}


@pytest.mark.parametrize("one", [one for one in STEPS if one.roles == ("privacy",)], ids=lambda one: one.code)
def test_a_legal_step_says_its_source_and_only_a_person_answers_it(one: object) -> None:
    assert one.said
    assert all(one.law.get(nature) for nature in (("asset",) if one.only else ("share", "asset")))


def test_nothing_is_done_before_anything_is_there() -> None:
    assert still_open(BARE, {}) == tuple(one.code for one in asked("share"))


@pytest.mark.parametrize(
    ("code", "facts", "wanted"),
    [
        ("entity", Facts("share", entity=True), "done"),
        ("brand", Facts("share", brands={"a": True, "b": False}), "under_way"),
        ("brand", Facts("share", brands={"a": True}), "done"),
        ("agreements", Facts("asset"), "without"),
        ("systems", Facts("share", systems=(System("crm", "CRM", "prepared"),)), "under_way"),
        ("systems", Facts("share", systems=(System("crm", "CRM", "awaited"),)), "todo"),
        ("systems", Facts("share", systems=(System("crm", "CRM", "imported"),)), "done"),
        ("dry_run", Facts("share", systems=(System("crm", "CRM", "prepared", tried={"read": 9}),)), "done"),
        ("dry_run", Facts("share", systems=(System("crm", "CRM", "prepared"),)), "todo"),
        ("overlap", Facts("share", measured=True, people=9, reviews=2), "under_way"),
        ("overlap", Facts("share", measured=True, people=9), "done"),
        ("consents", Facts("share", measured=True, consents=4), "done"),
        ("consents", Facts("share", measured=True, consents=4, leaks=1), "wrong"),
    ],
)
def test_the_installation_answers(code: str, facts: Facts, wanted: str) -> None:
    assert state(code, facts) == wanted


def test_a_person_cannot_talk_a_leak_of_consents_away() -> None:
    leaking = replace(BARE, leaks=3)
    assert state("consents", leaking, Said("without", "no consents there")) == "wrong"
    assert "consents" in still_open(leaking, {"consents": Said("without", "no consents there")})


def test_what_does_not_apply_is_no_longer_open() -> None:
    assert state("agreements", BARE, Said("without", "nothing is shared")) == "without"
    assert state("informed", BARE, Said("done")) == "done"
