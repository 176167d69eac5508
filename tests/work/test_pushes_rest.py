"""Pushes over HTTP: rows that fail are told and tried alone, a break is never taken for a delivery, kill -9 included."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from tests.tool import Tool
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import Conflict
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.models import ConsentEvent, Job, PushRun
from filrouge.store.queries import pushes as reads
from filrouge.work import consents, locks, pushes, secrets, segments

COLUMNS = ("id", "given_name", "email")
EVERYBODY = {"rules": [{"on": "brands", "brands": ["red"]}]}


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tool]:
    monkeypatch.setattr("filrouge.connect.destinations.rest.time.sleep", lambda _: None)
    made = Tool()
    yield made
    made.close()


def crowd(group: World, many: int) -> None:
    group.people(*(
        person(str(n), f"Name{n}x", f"Family{n}y", mail=f"p{n}@example.com", optin="yes") for n in range(many)
    ))  # fmt: skip
    group.resolve()
    segments.keep(OWNER, "all", spec=EVERYBODY, entity="north", brand="red", purpose="marketing", channel="email")
    segments.build(["all"], by="test")


@pytest.fixture
def group(world: World, tool: Tool) -> World:
    crowd(world, 6)
    keep(tool)
    return world


def keep(tool: Tool, **more: Any) -> None:
    spec = {"kind": "rest", "place": tool.url, "allow_private": True, "lot": 2, **more}
    pushes.keep_destination(OWNER, "tool", spec=spec, entity="north", brand="red")
    pushes.keep(OWNER, "news", segment="all", destination="tool", columns=COLUMNS)


def figures(run: PushRun) -> tuple[str, int, int, int, int]:
    return run.state, run.sent, run.removed, run.failed, run.waiting


def everybody(many: int = 6) -> set[str]:
    return {f"p{n}@example.com" for n in range(many)}


def test_a_row_that_the_tool_refuses_is_told_and_tried_alone(group: World, tool: Tool) -> None:
    tool.bad = {"p3@example.com"}
    run = pushes.run("news", by="test")
    assert figures(run) == ("partly", 5, 0, 1, 0)
    (row,) = pushes.rows(OWNER, "news", str(run.id), outcome="failed")[0]
    assert (row.reason, row.said) == ("refused", "… bounces")
    tool.bad, tool.asked = set(), []
    again = pushes.run("news", by="test", only="failed")
    assert figures(again) == ("done", 1, 0, 0, 0)
    assert [row["values"]["email"] for lot in tool.asked for row in lot["rows"]] == ["p3@example.com"]
    assert tool.mails() == everybody()


def test_limits_and_passing_failures_are_waited_out_under_one_key(group: World, tool: Tool) -> None:
    tool.moods = [429, 503, "drop"]
    assert figures(pushes.run("news", by="test")) == ("done", 6, 0, 0, 0)
    assert len(set(tool.keys[:4])) == 1
    assert len(set(tool.keys)) == 3


def test_what_is_not_confirmed_is_never_told_as_delivered(group: World, tool: Tool) -> None:
    tool.moods = [None, *["cut"] * 5]  # the second lot arrives, and nobody says so
    run = pushes.run("news", by="test")
    assert figures(run) == ("stopped", 2, 0, 2, 2)
    assert len(tool.people) == 4
    assert {row.reason for row in pushes.rows(OWNER, "news", str(run.id), outcome="failed")[0]} == {"unconfirmed"}
    (gone,) = [hit.id for hit in group.find(f"Name{tool.asked[1]['rows'][0]['values']['email'][1]}x")]
    consents.record(OWNER, gone, purpose="marketing", channel="email", state="objected", entity="north")
    assert figures(pushes.run("news", by="test")) == ("done", 3, 1, 0, 0)
    assert gone not in tool.people
    assert len(tool.people) == 5


def test_a_key_that_is_refused_stops_the_run_and_says_so(group: World, tool: Tool) -> None:
    tool.moods = [None, 401]
    run = pushes.run("news", by="test")
    assert figures(run) == ("stopped", 2, 0, 0, 4)
    assert "refused the key" in run.trouble["template"]
    tool.moods = [401]
    assert "refused the key" in pushes.check(OWNER, "tool").trouble["template"]
    assert pushes.check(OWNER, "tool").trouble == {}


def test_a_lot_that_is_refused_whole_is_cut_until_the_row_at_fault_stands_alone(group: World, tool: Tool) -> None:
    keep(tool, lot=6)

    def picky(said: dict[str, Any]) -> Any:
        return 422 if any(row["values"]["email"] == "p4@example.com" for row in said["rows"]) else None

    tool.moods = [picky] * 20
    run = pushes.run("news", by="test")
    assert figures(run) == ("partly", 5, 0, 1, 0)
    assert tool.mails() == everybody() - {"p4@example.com"}


def test_a_tool_that_must_answer_for_each_row_confirms_no_other(group: World, tool: Tool) -> None:
    keep(tool, answers="rows", lot=6)
    assert figures(pushes.run("news", by="test")) == ("partly", 0, 0, 6, 0)


def test_the_secret_goes_in_its_header_and_is_kept_while_it_is_used(group: World, tool: Tool) -> None:
    secrets.keep("tool-key", "s3cret", by="test")
    keep(tool, secret="tool-key", auth="header", header="X-Api-Key")
    pushes.run("news", by="test")
    assert tool.headers["X-Api-Key"] == "s3cret"
    with pytest.raises(Conflict, match="tool"):
        secrets.forget("tool-key", by="test")
    keep(tool, secret="tool-key", auth="basic", user="me")
    pushes.check(OWNER, "tool")
    assert tool.headers["Authorization"] == "Basic bWU6czNjcmV0"


def test_a_private_address_is_refused_unless_allowed(group: World, tool: Tool) -> None:
    keep(tool, allow_private=False)
    run = pushes.run("news", by="test")
    assert figures(run) == ("stopped", 0, 0, 0, 6)
    assert "is private" in run.trouble["template"]
    assert tool.asked == []


def test_an_objection_in_the_middle_of_a_run_holds_for_its_next_lots(
    group: World, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filrouge.work.pushes import running

    sent, everyone = running._sent, {hit.id for n in range(6) for hit in group.find(f"Name{n}x")}

    def then(*given: Any) -> None:  # the act falls between two lots
        sent(*given)
        if len(tool.people) == 2:
            (last, *_) = sorted(everyone - set(tool.people))
            consents.record(OWNER, last, purpose="marketing", channel="email", state="objected", entity="north")

    monkeypatch.setattr(running, "_sent", then)
    assert figures(pushes.run("news", by="test")) == ("partly", 5, 0, 0, 1)
    assert figures(pushes.run("news", by="test")) == ("done", 0, 0, 0, 0)
    assert len(tool.people) == 5


def test_who_objected_meanwhile_is_found_at_once_however_many_did(group: World, django_assert_num_queries: Any) -> None:
    since, ids = clock.now(), [group.find(f"Name{n}x")[0].id for n in range(3)]
    for one in ids:
        consents.record(OWNER, one, purpose="marketing", channel="email", state="objected", entity="north")
    with django_assert_num_queries(1), CaptureQueriesContext(connections["live"]) as asked:
        assert reads.objected(since) == set(ids)
    assert len(asked) < 3, "asked for all of them together"
    if connection.vendor == "sqlite":  # PostgreSQL reads a small table whole
        assert "consents_since" in ConsentEvent.objects.filter(created_at__gt=since).order_by().explain()
        assert "last_job_of_key" in Job.objects.filter(key="x").order_by("-run_at").explain()


def test_a_push_that_runs_already_is_refused(group: World, tool: Tool) -> None:
    with locks.held("push-news"):
        told: list[BaseException] = []

        def other() -> None:
            from django.db import connections

            try:
                pushes.run("news", by="test")
            except Conflict as error:
                told.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "running already" in str(told[0])
