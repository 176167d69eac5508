"""A run that waits, at the doors: why it waits and what to do, for an engineer of the entity and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.world import PEOPLE

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
RULES = [{"check": "required", "column": "email", "does": "stop", "owner": "ana"}, {"check": "volume"}]


@pytest.fixture
def held(world: Any, tmp_path: Any) -> Any:
    """A run that waits, as its page knows it."""
    from filrouge.base import clock
    from filrouge.store.models import Ruling, Run, Source
    from filrouge.work import sources

    spec = {**PEOPLE, "entity": "groupe", "brand": "horizon", "rules": RULES}
    name = sources.define(spec, folder=tmp_path, by="test").name
    run = Run.objects.create(
        source=Source.objects.get(name=name), source_name=name, state="held", by="schedule", started_at=clock.now(),
        held_at=clock.now(), read=40, new=40, verdict="doubtful",
        findings=[{"code": "rule_broken", "params": {"rule": "required_email", "rows": 4, "of": 40}}],
    )  # fmt: skip
    Ruling.objects.create(run=run, source_name=name, rule="required_email", check_kind="required", does="stop",
                          owner="ana", said="broken", rows=4, of=40)  # fmt: skip
    Ruling.objects.create(run=run, source_name=name, rule="volume", check_kind="volume", does="warn", said="ok",
                          measured={"read": 40, "usual": 41, "low": 30, "high": 60})  # fmt: skip
    return run


def test_its_page_says_why_it_waits_and_how_to_decide(held: Any, world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("remy", "engineer", entities=("groupe",))
    page = signed_in("remy").get(f"/runs/{held.pk}").content.decode()
    for told in (
        "attend",
        "required_email",
        "4 sur 40 lignes",
        "sont admises",
        "Laisser entrer",
        "Abandonner",
    ):
        assert told in page
    source = signed_in("remy").get("/sources/crm_people").content.decode()
    for told in (f"/runs/{held.pk}", "✕", "✓", "enfreinte", "respectée"):
        assert told in source
    assert f"/runs/{held.pk}" in signed_in("remy").get("/").content.decode()


def test_an_engineer_lets_it_in_with_a_reason_once(held: Any, world: Any, signed_in: Callable[[str], Any]) -> None:
    from filrouge.store.models import AuditEntry, Job

    world.user("remy", "engineer", entities=("groupe",))
    client = signed_in("remy")
    client.post(f"/runs/{held.pk}/let-in", {"because": " "})
    assert not Job.objects.filter(kind="let_in").exists()
    client.post(f"/runs/{held.pk}/let-in", {"because": "the shop sells without e-mail", "usual": "on"})
    held.refresh_from_db()
    assert (held.state, held.because, held.figures) == ("held", "the shop sells without e-mail", {"usual": True})
    assert Job.objects.get(kind="let_in").params == {"run": str(held.pk)}
    client.post(f"/runs/{held.pk}/let-in", {"because": "again"})
    assert AuditEntry.objects.filter(action="import.let_in").count() == 1
    page = client.get(f"/runs/{held.pk}").content.decode()
    assert "ce sera fait dans un instant" in page
    assert f"/runs/{held.pk}/let-in" not in page


def test_an_engineer_gives_it_up(held: Any, world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("remy", "engineer", entities=("groupe",))
    client = signed_in("remy")
    client.post(f"/runs/{held.pk}/give-up")
    held.refresh_from_db()
    assert held.state == "given_up"
    assert "abandonné par" in client.get(f"/runs/{held.pk}").content.decode()


@pytest.mark.parametrize(("role", "entity", "status"), [("analyst", "groupe", 403), ("engineer", "boutique", 404)])
def test_nobody_else_decides(
    role: str, entity: str, status: int, held: Any, world: Any, signed_in: Callable[[str], Any]
) -> None:
    world.user("elle", role, entities=(entity,))
    client = signed_in("elle")
    assert client.post(f"/runs/{held.pk}/let-in", {"because": "mine"}).status_code == status
    assert client.post(f"/runs/{held.pk}/give-up").status_code == status
    page = client.get(f"/runs/{held.pk}")
    assert page.status_code == 404 or "/give-up" not in page.content.decode()
    held.refresh_from_db()
    assert held.state == "held"


def test_the_api_tells_what_rules_said_and_decides(held: Any, world: Any, client: Any) -> None:
    from filrouge.work import access, groups

    def asked(scopes: list[str]) -> dict[str, str]:
        made = groups.make_key(access.OWNER, "key", role="engineer", scopes=scopes, entities=["groupe"], brands=[])
        return {"Authorization": f"Bearer {made[1]}"}

    reads, runs = asked(["sources:read"]), asked(["sources:read", "sources:run"])
    found = client.get("/api/v1/sources/crm_people/quality", headers=reads).json()["items"]
    assert [(one["name"], one["runs"][0]["said"], one["runs"][0]["rows"]) for one in found] == [
        ("required_email", "broken", 4), ("volume", "ok", None),
    ]  # fmt: skip
    at = f"/api/v1/sources/crm_people/runs/{held.pk}"
    because = {"because": "seen"}
    assert client.post(f"{at}/let-in", because, "application/json", headers=reads).status_code == 403
    elsewhere = at.replace("crm_people", "other")
    assert client.post(f"{elsewhere}/let-in", because, "application/json", headers=runs).status_code == 404
    assert client.post(f"{at}/let-in", because, "application/json", headers=runs).status_code == 202
    assert client.post(f"{at}/give-up", headers=runs).json()["state"] == "given_up"
