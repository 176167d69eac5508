"""Whose follow-ups are: a system shortens a name, and one says that it is oneself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import HORIZON

from filrouge.base import clock
from filrouge.store.models import AuditEntry, FollowUp, User
from filrouge.store.queries import followups as found

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])


@pytest.fixture
def group(world: Any) -> Any:
    for name, role, entity in (
        ("marie", "advisor", "groupe"),
        ("nora", "sales", "groupe"),
        ("hugo", "sales", "boutique"),
    ):
        world.user(name, role, entities=(entity,))
    User.objects.filter(email="nora@example.com").update(name="Nora Ferreira")
    return world


def todo(world: Any, owner: str, number: int = 1) -> str:
    person = world.person(number, "Ada", "Byron", HORIZON)
    row = FollowUp.objects.create(
        person=person, entity="groupe", brand="horizon", by="source crm", kind="call", subject="Rappeler",
        due_at=clock.now() - timedelta(hours=1), owner=owner, source="crm", source_id=str(number),
    )  # fmt: skip
    return str(row.id)


def mine(client: Any) -> int:
    return int(client.get("/follow-ups?list=mine").content.decode().count('<li class="task'))


def test_a_system_s_short_name_is_the_one_account_of_that_name(group: Any, signed_in: Callable[[str], Any]) -> None:
    todo(group, "N. Ferreira")
    assert mine(signed_in("nora")) == 1
    assert mine(signed_in("marie")) == 0
    User.objects.filter(email="marie@example.com").update(name="Nina Ferreira")
    assert mine(signed_in("nora")) == mine(signed_in("marie")) == 0, (
        "two may be so called: neither is, until one says so"
    )


def test_one_says_that_an_owner_is_oneself_and_takes_it_back(group: Any, signed_in: Callable[[str], Any]) -> None:
    key = todo(group, "Agent 7")
    client = signed_in("marie")
    assert mine(client) == 0
    assert (
        "«\N{NO-BREAK SPACE}Agent 7\N{NO-BREAK SPACE}», c’est moi"
        in client.get("/follow-ups?list=all").content.decode()
    )
    page = client.post(f"/follow-ups/{key}/claim", {"next": "/follow-ups?list=mine"}, follow=True).content.decode()
    assert mine(client) == 1
    assert "c’est moi" not in client.get("/follow-ups?list=all").content.decode()
    said = str([row.details for row in AuditEntry.objects.filter(action="user.called")])
    assert said == "[{}]", "the audit names nobody in a detail"
    undo = page[page.index('class="toast-line') :].partition('action="')[2].partition('"')[0]
    client.post(undo, {"next": "/"})
    assert mine(client) == 0
    assert client.post(undo).status_code == 404


def test_colleague_and_stranger_cannot_be_who_somebody_else_is(group: Any, signed_in: Callable[[str], Any]) -> None:
    key = todo(group, "Agent 7")
    signed_in("marie").post(f"/follow-ups/{key}/claim")
    told = signed_in("nora").post(f"/follow-ups/{key}/claim", {"next": "/follow-ups"}, follow=True).content.decode()
    assert "C’est le nom de quelqu’un d’autre." in told
    assert mine(signed_in("nora")) == 0
    assert signed_in("hugo").post(f"/follow-ups/{key}/claim").status_code == 404


def test_home_says_what_is_due_though_one_line_is_one_s_own(group: Any, signed_in: Callable[[str], Any]) -> None:
    todo(group, "N. Ferreira")
    for number in (2, 3):
        todo(group, "Agent 7", number)
    page = signed_in("nora").get("/").content.decode()
    assert "Mes relances" in page
    assert 'href="/follow-ups?list=due">3 relances à faire' in page


def test_a_short_name_is_an_initial_and_the_family_name() -> None:
    assert [found.in_short(name) for name in ("Nadia Ferreira", "Hélène de Beaurepaire", "Owner", "")] == [
        "N. Ferreira", "H. de Beaurepaire", "", "",
    ]  # fmt: skip


def test_the_words_of_what_is_due_are_read_by_those_who_keep_it_in_lists_and_on_the_page_alike(
    group: Any, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.work import groups

    group.user("lea", "marketer", entities=("groupe",))
    for category in ("identity", "interaction"):
        groups.agree("groupe", "boutique", category=category, purpose="service", evidence="x", by="test")
    todo(group, "N. Ferreira")
    page = f"/people/{FollowUp.objects.get().person}"
    told = {
        name: ["Rappeler" in signed_in(name).get(path).content.decode() for path in (page, "/follow-ups?list=all")]
        for name in ("marie", "nora", "hugo")
    }
    assert told == {"marie": [True, True], "nora": [True, True], "hugo": [False, False]}
    assert "Rappeler" not in signed_in("lea").get(page).content.decode()
