"""What went wrong in a run or a job is kept as a template with its parameters, and told in French where French is read."""

from __future__ import annotations

from typing import Any

import pytest
from tests.world import PEOPLE, World, person

from filrouge.base.errors import SourceError
from filrouge.store.models import Job, Run
from filrouge.work import jobs, sources, worker

ADA = person("1", "Ada", "Byron", mail="ada@example.com")


def test_a_failed_run_is_told_in_the_reader_s_language(world: World, client: Any) -> None:
    world.people(ADA, run=False)
    (world.folder / "crm.csv").write_text("id;given;family\n1;Ada;Byron\n", encoding="utf-8")
    with pytest.raises(SourceError):
        sources.run("crm_people", by="test")
    run = Run.objects.get(state="failed")
    assert run.trouble["template"] == "The column {missing} is not in {place}: it holds {present}."
    assert run.problem.startswith("The column ")
    world.user("engineer")
    from filrouge.store.models import User

    client.force_login(User.objects.get(), backend="allauth.account.auth_backends.AuthenticationBackend")
    for address in (f"/runs/{run.id}", "/sources/crm_people", "/sources", "/"):
        page = client.get(address).content.decode()
        assert "La colonne " in page, address
        assert "The column" not in page, address
    client.cookies["django_language"] = "en"
    assert "The column " in client.get(f"/runs/{run.id}").content.decode()


def test_the_api_says_it_in_the_language_asked_for(world: World, client: Any) -> None:
    from filrouge.work import access, groups

    name = world.people(ADA, run=False)
    (world.folder / "crm.csv").unlink()
    with pytest.raises(SourceError):
        sources.run(name, by="test")
    _, word = groups.make_key(
        access.OWNER, "ops", role="engineer", scopes=["sources:read"], entities=["north"], brands=[]
    )

    def read(**headers: str) -> dict[str, Any]:
        answer = client.get(
            f"/api/v1/sources/{PEOPLE['source']}/runs", headers={"Authorization": f"Bearer {word}", **headers}
        )
        return dict(answer.json()["items"][0])

    plain, french = read(), read(**{"Accept-Language": "fr"})
    assert plain["trouble"] == french["trouble"]
    assert plain["problem"] != french["problem"]
    assert plain["problem"].isascii()
    missing = {"Authorization": f"Bearer {word}"}
    assert client.get("/api/v1/sources/none", headers=missing).json()["title"] == "No source is called none."
    said = client.get("/api/v1/sources/none", headers=missing | {"Accept-Language": "fr-FR"}).json()
    assert said["title"] == "Aucune source ne s’appelle none."


def test_a_job_keeps_what_it_could_not_do(world: World) -> None:
    jobs.ask("import", by="test", source="nowhere")
    job = jobs.claim("test")
    assert job is not None
    jobs.work(job, worker.VERBS)
    kept = Job.objects.get(pk=job.pk)
    assert (kept.state, kept.trouble["template"]) == ("failed", "No source is called {name}.")
    assert kept.trouble["params"]["known"] == {"phrase": "none yet", "params": {}}


def test_a_fault_of_ours_is_named_by_its_kind_only(world: World) -> None:
    jobs.ask("import", by="test", source="x")
    job = jobs.claim("test")
    assert job is not None

    def breaks(*_: Any, **__: Any) -> None:
        raise ValueError("Ada Byron, 06 39 98 00 01")

    jobs.work(job, {"import": breaks})
    kept = Job.objects.get(pk=job.pk)
    assert kept.problem == "The job stopped: ValueError."
    assert "Ada" not in str(kept.trouble)
