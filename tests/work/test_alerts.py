"""Alerts reach the owner: grouped, in their language, again while it lasts, over when it is; a crash loses none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import time_machine
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, SourceError, UsageError
from filrouge.store.models import Alert, Notice
from filrouge.work import access, alerts, holding, secrets, sources

ADA = person("1", "Ada", "Byron", mail="ada@example.com")
GUS = person("2", "Gus", "Eiffel")
STOP = {"check": "required", "column": "email", "does": "stop", "owner": "ana"}


class Post:
    """What receives messages on this machine, as a chat would."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        post = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = self.rfile.read(int(self.headers["Content-Length"]))
                if post.status == 200:
                    post.got.append(json.loads(said))
                self.send_response(post.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"json://user:hush@127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    yield made
    made.server.shutdown()
    made.server.server_close()


def known(post: Post, owner: str = "ana", language: str = "en") -> None:
    secrets.keep("ana-post", post.address, by="test")
    alerts.add(f"{owner.strip('*') or 'all'}-post", "ana-post", owner=owner, language=language, by="test")


def passed(**span: float) -> int:
    """Look and send as the worker does, some time from now; return how many messages went."""
    with time_machine.travel(clock.now() + timedelta(**span), tick=True):
        alerts.look()
        return alerts.send()


def test_what_happens_to_one_owner_within_a_minute_is_one_message_with_sentence_and_link(
    world: World, post: Post
) -> None:
    known(post)
    made = world.people(ADA, GUS, rules=[STOP])
    world.people(GUS, source="shop_people", place="shop.csv", entity="south", brand="blue", rules=[STOP])
    alerts.look()
    assert alerts.send() == 0, "it waits for others"
    assert passed(seconds=70) == 1
    [message] = post.got
    assert message["title"] == "Filrouge: 2 sources wait for you"
    for told in ("crm_people", "shop_people", "required_email is broken by 1 of 2 rows",
                 f"http://localhost:8000/runs/{made.id}"):  # fmt: skip
        assert told in message["message"]
    for name in ("Byron", "Eiffel", "example.com"):
        assert name not in str(message)


def test_it_is_said_in_the_language_of_the_reader(world: World, post: Post) -> None:
    known(post, language="fr")
    world.people(GUS, rules=[STOP])
    alerts.look()
    passed(seconds=70)
    assert "attend une décision" in post.got[0]["message"]


def test_it_is_told_again_while_it_lasts_and_over_when_it_is(world: World, post: Post) -> None:
    known(post)
    made = world.people(GUS, rules=[STOP])
    alerts.look()
    assert passed(seconds=70) == 1
    assert passed(hours=1) == 0
    with time_machine.travel(clock.now() + timedelta(hours=5), tick=True):
        alerts.look()
        assert passed(seconds=70) == 1
    assert "Still: crm_people" in post.got[1]["message"]
    holding.give_up(access.OWNER, str(made.id))
    alerts.look()
    assert Alert.objects.get().resolved_at is not None
    assert passed(seconds=70) == 1
    assert "in order again" in post.got[2]["message"]
    assert passed(hours=9) == 0


def test_what_is_over_before_anybody_heard_is_not_told(world: World, post: Post) -> None:
    known(post)
    made = world.people(GUS, rules=[STOP])
    alerts.look()
    holding.let_in(access.OWNER, str(made.id), because="fine")
    assert passed(seconds=70) == 0
    assert post.got == []


def test_a_failed_run_and_a_doubtful_one_are_told_to_whoever_hears_of_everything(world: World, post: Post) -> None:
    known(post, owner="*")
    name = world.people(ADA, run=False)
    (world.folder / "crm.csv").unlink()
    with pytest.raises(SourceError):
        sources.run(name, by="test")
    alerts.look()
    passed(seconds=70)
    assert "the last run failed" in post.got[0]["message"]
    assert "doubtful" in str(world.people(ADA, expect={"rows": {"min": 5}}).verdict)
    alerts.look()
    passed(seconds=70)
    assert "at least 5 expected" in post.got[1]["message"]
    assert "in order again" in post.got[1]["message"], "the failure is over"


def test_somebody_elses_alert_does_not_reach_one(world: World, post: Post) -> None:
    known(post, owner="eve")
    world.people(GUS, rules=[STOP])
    alerts.look()
    assert passed(seconds=70) == 0


def test_a_message_that_is_not_taken_is_sent_later(world: World, post: Post) -> None:
    known(post)
    world.people(GUS, rules=[STOP])
    alerts.look()
    post.status = 500
    assert passed(seconds=70) == 0
    post.status = 200
    assert passed(seconds=80) == 0, "the lease is held"
    assert passed(minutes=10) == 1
    assert "You may have received this before" in post.got[0]["message"]


def test_a_crash_between_sending_and_writing_it_down_loses_nothing(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(post)
    world.people(GUS, rules=[STOP])
    alerts.look()
    with monkeypatch.context() as broken:
        broken.setattr("filrouge.work.alerts.letters.send", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            passed(seconds=70)
    assert Notice.objects.get().state == "sending"
    assert passed(minutes=10) == 1
    assert len(post.got) == 1


def test_an_address_is_a_secret_that_is_never_listed(world: World, post: Post) -> None:
    known(post)
    assert "hush" not in str([vars(one) for one in alerts.addresses()])
    with pytest.raises(Conflict):
        known(post)
    with pytest.raises(NotFound):
        alerts.add("bob", "nothing", owner="bob", by="test")
    secrets.keep("wrong", "not an address", by="test")
    with pytest.raises(UsageError) as caught:
        alerts.add("bob", "wrong", owner="bob", by="test")
    assert "not an address" not in str(caught.value)
    alerts.check("ana-post")
    assert "arrive here" in post.got[0]["message"]
    with pytest.raises(Conflict, match="ana-post"):
        secrets.forget("ana-post", by="test")
    alerts.remove("ana-post", by="test")
    secrets.forget("ana-post", by="test")
    assert alerts.addresses() == []
