"""The same events, in whatever order and however often, give the same account; the record is what was said last."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as some

from filrouge.domain.events import account as accounts
from filrouge.domain.events.account import Account, joined, record, said, written

BLANK = Account("u1", "groupe", "horizon")
traits = some.dictionaries(
    some.sampled_from(["email", "firstName", "plan", "address", *(f"t{n}" for n in range(80))]),
    some.one_of(some.text(max_size=5), some.integers(-3, 3), some.none(), some.booleans()), max_size=6,
)  # fmt: skip
events = some.lists(some.tuples(traits, some.integers(1, 6), some.text("abc", min_size=1, max_size=2)), max_size=12)


def after(happened: list[tuple[dict[str, object], int, str]]) -> str:
    account = BLANK
    for told, at, message in happened:
        account = said(account, told, at=at, message=message)
    return written(account)


def once_each(happened: list[tuple[dict[str, object], int, str]]) -> list[tuple[dict[str, object], int, str]]:
    """An id of a message is of one event."""
    return list({message: (told, at, message) for told, at, message in happened}.values())


@given(events, some.randoms(use_true_random=False))
def test_whatever_order_events_arrive_in_the_account_is_the_same(
    happened: list[tuple[dict[str, object], int, str]], dice: object
) -> None:
    once = once_each(happened)
    shuffled = once + once[: len(once) // 2]
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert after(shuffled) == after(once)


@given(events)
def test_an_account_is_read_back_as_it_was_written(happened: list[tuple[dict[str, object], int, str]]) -> None:
    text = after(once_each(happened))
    assert written(accounts.read(text)) == text


def test_a_value_that_is_too_long_is_not_kept_however_it_is_wrapped() -> None:
    long = "x" * (accounts.LARGEST + 1)
    kept = said(BLANK, {"a": long, "b": [long], "c": {"of": {"it": long}}, "d": ["x"], "e": "x"}, at=1, message="m")
    assert set(kept.traits) == {"d", "e"}


@given(some.permutations([("u1", 5, "b"), ("u2", 3, "c"), ("u3", 3, "a"), ("u4", 9, "d")]))
def test_a_browser_is_of_whoever_signed_in_on_it_first(signed_in: list[tuple[str, int, str]]) -> None:
    account = Account("a1", "groupe", "horizon")
    for user, at, message in signed_in:
        account = joined(account, user, at=at, message=message)
    assert (account.user, account.since) == ("u3", (3, "a"))


def test_the_record_holds_what_was_said_in_the_names_of_the_libraries() -> None:
    told = {
        "firstName": " Ottokar ", "lastName": "Brandt", "name": "O. Brandt", "email": "o@example.org", "phone": 612,
        "birthday": "1980-05-06T00:00:00Z", "address": {"street": "1 rue A", "postalCode": "75001", "city": "Paris"},
    }  # fmt: skip
    made = record(said(BLANK, told, at=1_700_000_000_000_001, message="m"), "site")
    assert made == {
        "given_name": "Ottokar", "family_name": "Brandt", "email": "o@example.org", "phone": "612",
        "address_line": "1 rue A", "postcode": "75001", "city": "Paris", "birth_date": date(1980, 5, 6),
        "account_ref": "site:u1", "created_at": datetime(2023, 11, 14, 22, 13, 20, 1, UTC),
        "updated_at": datetime(2023, 11, 14, 22, 13, 20, 1, UTC),
    }  # fmt: skip


def test_what_cannot_be_a_date_of_birth_or_a_text_is_left_out() -> None:
    made = record(said(BLANK, {"birthday": "soon", "firstName": {"a": 1}, "email": True}, at=5, message="m"), "site")
    assert set(made) == {"account_ref", "created_at", "updated_at"}
