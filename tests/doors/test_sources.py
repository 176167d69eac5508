"""Sources at the doors: only an engineer of the entity pauses one, and the page says when it is read next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.world import PEOPLE

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])


@pytest.fixture
def source(world: Any, tmp_path: Path) -> str:
    from filrouge.work import sources

    spec = {**PEOPLE, "entity": "groupe", "brand": "horizon", "expect": {"every": "0 6 * * *", "fresh_within": "26h"}}
    return sources.define(spec, folder=tmp_path, by="test").name


def test_an_engineer_pauses_a_source_and_resumes_it(source: str, world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("remy", "engineer", entities=("groupe",))
    client = signed_in("remy")
    page = client.get(f"/sources/{source}", headers={"Accept-Language": "en"}).content.decode()
    assert "prochain passage" in page
    assert "chaque jour à 06:00" in page
    assert client.post(f"/sources/{source}/pause").status_code == 302
    page = client.get(f"/sources/{source}").content.decode()
    assert "en pause" in page
    assert "Reprendre" in page
    assert client.post(f"/sources/{source}/resume").status_code == 302
    assert "prochain passage" in client.get(f"/sources/{source}").content.decode()


def test_undoing_says_what_it_changes_and_is_not_offered_for_nothing(
    source: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.base import clock
    from filrouge.store.models import Run, Source

    world.user("remy", "engineer", entities=("groupe",))
    row = Source.objects.get(name=source)
    for counts, offered in (
        ({"unchanged": 9}, ""),
        ({"new": 1}, "1 ligne nouvelle partira. La source peut être relue."),
    ):
        run = Run.objects.create(
            source=row, source_name=source, state="committed", by="test", started_at=clock.now(), **counts
        )
        page = signed_in("remy").get(f"/runs/{run.pk}").content.decode()
        assert (f"/runs/{run.pk}/undo" in page) == bool(offered)
        assert offered in page


@pytest.mark.parametrize(("role", "entity", "status"), [("analyst", "groupe", 403), ("engineer", "boutique", 404)])
def test_nobody_else_does(
    role: str, entity: str, status: int, source: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    world.user("someone", role, entities=(entity,))
    assert signed_in("someone").post(f"/sources/{source}/pause").status_code == status


def test_a_key_without_the_scope_does_not_pause(source: str, world: Any, client: Any) -> None:
    from filrouge.work import access, groups

    for scopes, status in ((["sources:read"], 403), (["sources:read", "sources:run"], 200)):
        _, word = groups.make_key(access.OWNER, "key", role="engineer", scopes=scopes, entities=["groupe"], brands=[])
        answer = client.post(f"/api/v1/sources/{source}/pause", headers={"Authorization": f"Bearer {word}"})
        assert answer.status_code == status
    assert answer.json()["paused"] is True


def test_taking_a_run_back_asks_for_identities_to_be_settled(
    source: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.base import clock
    from filrouge.store.models import Job, Run, Source

    world.user("remy", "engineer", entities=("groupe",))
    client = signed_in("remy")
    for new, said in ((3, "suivent dans un instant"), (0, "ce qu’il avait apporté est parti.")):
        Job.objects.all().delete()
        Run.objects.all().delete()
        made = Run.objects.create(
            kind="import", source=Source.objects.get(name=source), source_name=source, by="test", new=new,
            state=Run.State.COMMITTED, started_at=clock.now(), finished_at=clock.now(),
        )  # fmt: skip
        page = client.post(f"/runs/{made.id}/undo", follow=True).content.decode()
        assert said in page
        assert Job.objects.filter(key="identity", state="waiting").exists() is bool(new)


MIXED = {**PEOPLE, "source": "both_people", "brand": "horizon"}
TOLD = {"column": "firm", "values": {"G": "groupe", "B": "boutique"}}


@pytest.mark.parametrize("entity", [TOLD, {"column": "firm"}, {**TOLD, "other": "keep"}])
def test_a_source_of_several_entities_is_run_by_those_who_act_for_each(
    entity: Any, world: Any, tmp_path: Path, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.base import clock
    from filrouge.store.models import Job, Run, Source
    from filrouge.work import access, groups, sources

    name = sources.define({**MIXED, "entity": entity}, folder=tmp_path, by="test").name
    made = Run.objects.create(
        kind="import", source=Source.objects.get(), source_name=name, state="committed", by="test",
        started_at=clock.now(),
    )  # fmt: skip
    world.user("remy", "engineer", entities=("groupe",))
    client = signed_in("remy")
    page = client.get(f"/sources/{name}").content.decode()
    assert f"/sources/{name}/run" not in page
    assert client.get(f"/runs/{made.id}").status_code == 200
    for act in (f"sources/{name}/run", f"sources/{name}/pause", f"sources/{name}/resume", f"runs/{made.id}/undo"):
        assert (act, client.post(f"/{act}").status_code) == (act, 403)
    scopes = ["sources:read", "sources:run"]
    for entities, status in ((["groupe"], 403), ([], 200)):
        _, word = groups.make_key(access.OWNER, "key", role="engineer", scopes=scopes, entities=entities, brands=[])
        headers = {"Authorization": f"Bearer {word}"}
        assert client.get(f"/api/v1/sources/{name}/runs/{made.id}/rejects", headers=headers).status_code == status
        for act in ("pause", "resume", "runs"):
            answer = client.post(f"/api/v1/sources/{name}/{act}", headers=headers)
            assert answer.status_code in (status, status + 2)
    assert Job.objects.filter(kind="import").count() == 1


def test_a_source_of_other_entities_alone_is_not_known(
    world: Any, tmp_path: Path, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.work import sources

    told = {"column": "firm", "values": {"B": "boutique"}}
    name = sources.define({**MIXED, "entity": told}, folder=tmp_path, by="test").name
    world.user("remy", "engineer", entities=("groupe",))
    client = signed_in("remy")
    assert client.get(f"/sources/{name}").status_code == 404
    assert name not in client.get("/sources").content.decode()


@pytest.mark.parametrize(("matched", "said"), [(3, "moins de 20"), (47, "environ 50")])
def test_how_many_are_known_elsewhere_is_told_in_a_sum_to_whoever_does_not_see_each(
    matched: int, said: str, source: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    from filrouge.base import clock
    from filrouge.store.models import Run, Source
    from filrouge.work import access, groups

    made = Run.objects.create(
        kind="import", source=Source.objects.get(name=source), source_name=source, by="test", new=50, matched=matched,
        state=Run.State.COMMITTED, started_at=clock.now(), finished_at=clock.now(),
    )  # fmt: skip
    told = {}
    for name, entities in (("remy", ("groupe",)), ("anne", ())):
        world.user(name, "engineer", entities=entities)
        page = signed_in(name).get(f"/runs/{made.id}").content.decode()
        _, word = groups.make_key(
            access.OWNER, name, role="engineer", scopes=["sources:read"], entities=list(entities), brands=[]
        )
        answer = signed_in(name).get(f"/api/v1/sources/{source}/runs", headers={"Authorization": f"Bearer {word}"})
        one = answer.json()["items"][0]
        told[name] = (page.partition(" ont rejoint")[0].rpartition(". ")[2], one["matched"], one["matched_told"]["how"])
        assert "ont rejoint" in page
    assert told == {
        "remy": (said, None, "fewer" if matched < 20 else "about"),
        "anne": (str(matched), matched, "exact"),
    }
