"""Rules of follow-ups on the screens: written, tried, switched off; a promise warns whoever plans against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import HORIZON

from filrouge.base import clock, settings
from filrouge.store.models import AuditEntry, FollowUp, FollowUpRule, Promise
from filrouge.work import promises

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
Enter = Callable[[str], Any]
SAID = {"days": "30", "subject": "Proposer le renouvellement", "kind": "call", "purpose": "contract", "due_in": "3",
        "owner": "queue", "owner_name": "Fidélité", "most": "50", "title": "Renouvellements",
        "place": "groupe"}  # fmt: skip


@pytest.fixture(autouse=True)
def home(world: Any, tmp_path: Path) -> Iterator[None]:
    before = settings.get()
    settings.use(FILROUGE_HOME=str(tmp_path), FILROUGE_LAKE=str(tmp_path / "lake"))
    world.user("nadia", "sales", entities=("groupe",))
    world.user("marie", "advisor", entities=("groupe",))
    world.user("hugo", "sales", entities=("boutique",))
    yield
    settings.use(FILROUGE_HOME=str(before.home), FILROUGE_LAKE=str(before.lake))


def test_a_rule_is_tried_then_kept_then_switched_off(signed_in: Enter) -> None:
    client = signed_in("nadia")
    page = client.post("/follow-ups/rules/new?when=contract_end", SAID | {"do": "try"}).content.decode()
    assert "Elle créerait 0 relance maintenant." in page
    assert not FollowUpRule.objects.exists()
    kept = client.post("/follow-ups/rules/new?when=contract_end", SAID | {"do": "keep"}, follow=True).content.decode()
    assert "Un contrat se renouvelle sous 30 jours" in kept
    row = FollowUpRule.objects.get()
    assert (row.name, row.entity, row.spec["when"]) == ("renouvellements", "groupe", "contract_end")
    client.post(f"/follow-ups/rules/{row.name}/switch", {"on": "0"})
    row.refresh_from_db()
    assert row.off_at is not None
    changed = SAID | {"do": "keep", "days": "15"}
    client.post(f"/follow-ups/rules/{row.name}", changed)
    row.refresh_from_db()
    assert row.spec["days"] == 15
    assert AuditEntry.objects.filter(action="rule.keep").count() == 2


def test_what_is_wrong_is_told_and_nothing_is_kept(signed_in: Enter) -> None:
    client = signed_in("nadia")
    for wrong in (
        {"subject": ""},
        {"days": "soon"},
        {"place": "boutique"},
        {"title": ""},
        {"owner": "user", "owner_name": "x"},
    ):
        answer = client.post("/follow-ups/rules/new?when=contract_end", SAID | {"do": "keep"} | wrong)
        assert answer.status_code == 422
        assert "note-line danger" in answer.content.decode()
    assert not FollowUpRule.objects.exists()


def test_an_advisor_reads_and_a_stranger_knows_nothing(signed_in: Enter) -> None:
    signed_in("nadia").post("/follow-ups/rules/new?when=contract_end", SAID | {"do": "keep"})
    assert "Renouvellements" in signed_in("marie").get("/follow-ups/rules").content.decode()
    assert signed_in("marie").get("/follow-ups/rules/renouvellements").status_code == 403
    assert "Renouvellements" not in signed_in("hugo").get("/follow-ups/rules").content.decode()
    assert signed_in("hugo").get("/follow-ups/rules/renouvellements").status_code == 404
    assert signed_in("hugo").post("/follow-ups/rules/renouvellements/remove", {}).status_code == 404


def test_the_list_is_narrowed_to_an_owner_and_ordered_by_what_is_at_stake(world: Any, signed_in: Enter) -> None:
    person = world.person(1, "Camille", "Rousseau", HORIZON)
    due = clock.now() + timedelta(days=1)
    for owner, subject, amount in (("Fidélité", "petit", 5), ("Fidélité", "grand", 500), ("x", "autre", None)):
        FollowUp.objects.create(person=person, entity="groupe", brand="horizon", by="test", subject=subject, due_at=due,
                                owner=owner, amount=amount, currency="EUR")  # fmt: skip
    page = signed_in("marie").get("/follow-ups?list=all&owner=Fidélité&order=amount").content.decode()
    tasks = page.partition('class="plain tasks"')[2]
    assert tasks.index("grand") < tasks.index("petit")
    assert "autre" not in tasks.partition("</ul>")[0]


def test_whoever_plans_against_a_promise_is_warned_and_may_go_on(world: Any, signed_in: Enter) -> None:
    person = world.person(1, "Camille", "Rousseau", HORIZON)
    client, day = signed_in("marie"), (clock.now() + timedelta(days=9)).date().isoformat()
    client.post(f"/people/{person}/promises", {"text": "Pas d’appel avant la rentrée", "due": day, "bars": "calls"})
    assert Promise.objects.get().bars == "calls"
    page = client.get(f"/people/{person}").content.decode()
    assert "Pas d’appel avant la rentrée" in page.partition('id="unsaid-title"')[2]
    soon = (clock.now() + timedelta(days=2)).date().isoformat()
    said = {"subject": "Relancer", "kind": "call", "due": soon, "next": f"/people/{person}"}
    told = client.post(f"/people/{person}/follow-ups", said, follow=True).content.decode()
    assert "Un engagement pris envers eux l’interdit." in told
    assert not FollowUp.objects.exists()
    client.post(f"/people/{person}/follow-ups", said | {"kind": "task"})
    client.post(f"/people/{person}/follow-ups", said | {"anyway": "1"})
    assert FollowUp.objects.count() == 2
    lines = AuditEntry.objects.filter(action="follow_up.add")
    assert sum("promise" in line.details for line in lines) == 1


def test_a_promise_that_only_forbids_is_kept_once_its_date_is_past(world: Any) -> None:
    person = world.person(1, "Camille", "Rousseau", HORIZON)
    past = clock.now() - timedelta(hours=1)
    for bars in ("calls", ""):
        Promise.objects.create(person=person, entity="groupe", by="test", text="x", due_at=past, bars=bars)
    assert promises.expire() == 1
    assert {row.bars: row.state for row in Promise.objects.all()} == {"calls": "kept", "": "open"}


def test_the_segments_of_a_person_are_told_beside_the_page(world: Any, signed_in: Enter) -> None:
    person = world.person(1, "Camille", "Rousseau", HORIZON)
    assert "Dans aucun segment" in signed_in("marie").get(f"/people/{person}/segments").content.decode()
    assert f'hx-get="/people/{person}/segments"' in signed_in("marie").get(f"/people/{person}").content.decode()
    assert signed_in("hugo").get(f"/people/{person}/segments").status_code == 404
