"""What a caller answers is right however it is said, and wrong when it is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.followups.promises import bars
from filrouge.domain.followups.verification import askable, right
from filrouge.domain.profiles import Attribute, PersonView, Value


def value(text: str, *, masked: bool = False) -> Value:
    return Value(text, "crm", "crm", "groupe", "horizon", 1, None, 1, "recent", masked)


def person(*, masked: bool = False, **more: Any) -> PersonView:
    known = {"birth_date": "1980-04-03", "email": "Ada.Byron@example.com",
             "address": '{"postcode": "44 000", "city": "Nantes"}'}  # fmt: skip
    parts: dict[str, Any] = dict.fromkeys(
        ("records", "brands", "roles", "invoices", "payments", "returns", "opportunities", "tickets", "consents",
         "moments", "alerts"), ()
    )  # fmt: skip
    parts |= {
        "orders": (
            {"ref": "C-1", "at": "2025-01-01", "total": "5.00"},
            {"ref": "C-2", "at": "2026-01-01", "total": "19.90"},
        ),
        "contracts": ({"ref": "ABO-70001"}, {"ref": "ABO-1", "ended_at": "2025-01-01"}),
    }
    attributes = {name: Attribute(name, value(text, masked=masked)) for name, text in known.items()}
    return PersonView(id="p", name="Ada", attributes=attributes, since=None, **(parts | more))


@pytest.mark.parametrize(
    ("question", "typed", "so"),
    [
        ("birth_date", "03/04/1980", True), ("birth_date", "3 avril 1980", True), ("birth_date", "1980-04-03", True),
        ("birth_date", "April 3 1980", False), ("birth_date", "03041980", True), ("birth_date", "3.4.80", True),
        ("birth_date", "04/03/1980", False), ("birth_date", "1980", False), ("birth_date", "32/13/1980", False),
        ("postcode", "44000", True), ("postcode", "44 000", True), ("postcode", "44", False),
        ("last_order", "c2", True), ("last_order", "19,90 €", True), ("last_order", "20 euros", True),
        ("last_order", "C-1", False), ("last_order", "5", False), ("last_order", "", False),
        ("contract", "abo70001", True), ("contract", "70001", True), ("contract", "0001", False),
        ("contract", "ABO-1", False), ("email", "ada.byron@EXAMPLE.com", True), ("email", "ada", False),
    ],
)  # fmt: skip
def test_an_answer_is_compared_with_tolerance(question: str, typed: str, so: bool) -> None:
    assert right(person(), question, typed) is so


@given(st.text(max_size=40))
def test_no_text_breaks_a_comparison(typed: str) -> None:
    for question in ("birth_date", "postcode", "last_order", "contract", "email"):
        assert right(person(), question, typed) in (True, False)


def test_only_what_is_known_and_not_masked_is_asked() -> None:
    questions = ("birth_date", "contract", "last_order", "email", "nonsense")
    assert askable(person(), questions) == ["birth_date", "contract", "last_order", "email"]
    assert askable(person(masked=True, orders=()), questions) == ["contract"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ne plus appeler à ce numéro", "calls"), ("Ne pas rappeler avant lundi", "calls"), ("No more calls", "calls"),
        ("Plus d’offres par courrier", "offers"), ("Ne plus lui proposer d’abonnement", "offers"),
        ("Ne plus contacter", "contact"), ("Rappeler avant la fin de la semaine", ""), ("Offrir un mois", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_words_of_a_promise_say_what_it_forbids(text: str, code: str) -> None:
    assert bars(text) == code
