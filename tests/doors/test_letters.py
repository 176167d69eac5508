"""What no database keeps does not come in, and what is longer than its column is told: the same on each database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.conftest import HORIZON

from filrouge.base import clock
from filrouge.base.text import kept
from filrouge.store.models import ApiKey, ConsentEvent, Correction, Erasure, FollowUp, Note, Promise, User, Verdict
from filrouge.work import access, groups, lengths

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
ODD = "a\x00b\ud800c"


@pytest.fixture
def ada(world: Any) -> str:
    return str(world.person(1, "Ada", "Byron", HORIZON | {"email": "ada@example.com"}))


@pytest.fixture
def api(world: Any) -> Callable[..., Any]:
    scopes = ["people:read", "people:write", "accounts:write"]
    _, word = groups.make_key(access.OWNER, "test", role="administrator", scopes=scopes)
    client = Client(headers={"authorization": f"Bearer {word}"}, raise_request_exception=False)
    return lambda path, said: client.post(f"/api/v1{path}", said, content_type="application/json")


def soon() -> str:
    return (clock.now() + timedelta(days=2)).isoformat()


def test_what_no_database_keeps_is_taken_out() -> None:
    assert kept(ODD) == "abc"
    assert kept({ODD: [ODD, 1, None, {"x": ODD}]}) == {"abc": ["abc", 1, None, {"x": "abc"}]}
    assert kept("é 😀 \n") == "é 😀 \n"


def test_a_program_writes_only_letters_that_are_kept(ada: str, api: Callable[..., Any]) -> None:
    said = {"purpose": "marketing", "channel": "email", "state": "denied", "evidence": ODD}
    assert api(f"/people/{ada}/consents", said).status_code == 201
    assert api(f"/people/{ada}/notes", {"text": ODD}).status_code == 201
    due = {"due_at": soon(), "owner": ODD}
    assert api(f"/people/{ada}/follow-ups", {"subject": ODD, **due}).status_code == 201
    assert api(f"/people/{ada}/promises", {"text": ODD, **due}).status_code == 201
    assert (
        api(f"/people/{ada}/corrections", {"attribute": "given_name", "value": ODD, "reason": ODD}).status_code == 201
    )
    assert api("/accounts", {"email": "zoe@example.com", "name": ODD, "role": "advisor"}).status_code == 201
    todo, promise, mended = FollowUp.objects.get(), Promise.objects.get(), Correction.objects.get()
    told = (ConsentEvent.objects.get().evidence, Note.objects.get().text, todo.subject, todo.owner, promise.text,
            promise.owner, mended.value, mended.reason, User.objects.get().name)  # fmt: skip
    assert set(told) == {"abc"}


def test_a_form_and_an_address_hold_only_letters_that_are_kept(
    ada: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    world.user("root", "administrator")
    client = signed_in("root")
    client.post(f"/people/{ada}/objections", {"entity": "groupe", "channel": "email", "evidence": "a\x00b"})
    assert ConsentEvent.objects.get().evidence == "ab"
    assert 'value="ab"' in client.get("/people?q=a%00b").content.decode()
    assert client.post("/keys/a%00b/revoke").status_code == 404


@pytest.mark.parametrize(
    ("path", "said", "name"),
    [
        ("follow-ups", {"subject": "x"}, "owner"), ("promises", {"text": "x"}, "owner"),
        ("follow-ups", {"subject": "x"}, "kind"),
        ("consents", {"purpose": "marketing", "channel": "email", "state": "denied"}, "evidence"),
        ("corrections", {"attribute": "given_name", "value": "x"}, "reason"),
    ],
)  # fmt: skip
def test_a_program_is_told_what_is_too_long(path: str, said: Any, name: str, ada: str, api: Callable[..., Any]) -> None:
    model = {"follow-ups": FollowUp, "promises": Promise, "notes": Note, "consents": ConsentEvent,
             "corrections": Correction}[path]  # fmt: skip
    longest = model._meta.get_field(name).max_length
    due = {"due_at": soon()} if path in ("follow-ups", "promises") else {}
    refused = api(f"/people/{ada}/{path}", {**said, **due, name: "x" * (longest + 1)})
    assert refused.status_code == 422, refused.content
    assert name in refused.json()["faults"][0]
    assert api(f"/people/{ada}/{path}", {**said, **due, name: "x" * longest}).status_code == 201


@pytest.mark.parametrize("longer", [60, 61])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("notes", {"text": "x"}), ("follow-ups", {"subject": "x"}), ("promises", {"text": "x"}),
        ("consents", {"purpose": "marketing", "channel": "email", "state": "denied"}),
    ],
)  # fmt: skip
def test_a_brand_that_is_none_or_too_long_is_told_to_a_program(
    path: str, said: Any, longer: int, ada: str, api: Callable[..., Any]
) -> None:
    due = {"due_at": soon()} if path in ("follow-ups", "promises") else {}
    assert api(f"/people/{ada}/{path}", {**said, **due, "brand": "x" * longer}).status_code in (400, 422)


@pytest.mark.parametrize(
    "said",
    [
        {"email": "x"}, {"email": "x" * 250 + "@example.com"}, {"email": "a b@example.com"}, {"name": "x" * 201},
        {"name": " "}, {"language": "x" * 9}, {"language": "de"},
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_one_is_told(
    said: dict[str, str], api: Callable[..., Any], world: Any, signed_in: Callable[[str], Any]
) -> None:
    right = {"email": "zoe@example.com", "name": "Zoé", "role": "advisor"}
    answer = api("/accounts", right | said)
    assert (answer.status_code, User.objects.count()) == (400, 0)
    if "language" not in said:
        world.user("root", "administrator")
        assert signed_in("root").post("/accounts", {"what": "user"} | right | said).status_code == 422
        assert User.objects.count() == 1


def test_what_is_too_long_is_told_on_the_page(ada: str, world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("root", "administrator")
    client = signed_in("root")
    long = {"entity": "groupe", "channel": "email", "evidence": "x" * 501, "next": "/"}
    assert "500" in client.post(f"/people/{ada}/objections", long, follow=True).content.decode()
    assert not ConsentEvent.objects.exists()
    said = {"value": "Adèle", "reason": "x" * 301}
    assert client.post(f"/people/{ada}/correct/given_name", said).status_code == 422
    assert not Correction.objects.exists()


def test_the_lengths_are_those_of_the_columns() -> None:
    def of(model: Any, name: str) -> int:
        return int(model._meta.get_field(name).max_length)

    reasons = {of(model, "reason") for model in (Correction, Verdict, Erasure)} | {of(ConsentEvent, "notice")}
    assert reasons == {lengths.REASON}
    assert {of(FollowUp, "owner"), of(Promise, "owner"), of(ApiKey, "name")} == {lengths.OWNER}
    assert {of(model, name) for model in (Note, FollowUp) for name in ("entity", "brand")} == {lengths.SLUG}
    assert (of(ConsentEvent, "evidence"), of(FollowUp, "kind")) == (lengths.EVIDENCE, lengths.KIND)
    assert (of(User, "email"), of(User, "name")) == (lengths.EMAIL, lengths.NAME)
