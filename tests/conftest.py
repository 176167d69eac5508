"""What all tests share: the smallest world, made of real rows, and who looks at it."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings

# a machine that is busy is no fault of the code: figures are measured in bench/
settings.register_profile("filrouge", deadline=None)
settings.load_profile("filrouge")


@pytest.fixture(autouse=True)
def _no_memory_between_tests() -> None:
    """Forget what the process keeps at hand: caches outlive the rows of one test."""
    from django.core.cache import cache

    from filrouge.work import access

    cache.clear()
    access._recent.clear()


@dataclass
class World:
    """A group of two entities and three brands, and people written straight into the live copies."""

    users: dict[str, Any] = field(default_factory=dict)

    def user(self, name: str, role: str, *, entities: tuple[str, ...] = (), brands: tuple[str, ...] = ()) -> Any:
        """Make an account whose password is ``correct horse <name>``."""
        from filrouge.work import groups

        made, _ = groups.add_user(
            f"{name}@example.com",
            name.title(),
            role=role,
            by="test",
            password=f"correct horse {name}",
            entities=entities,
            brands=brands,
        )
        self.users[name] = made
        return made

    def person(self, number: int, given: str, family: str, *records: dict[str, Any], moments: Any = ()) -> str:
        """Write a person known by ``records`` (entity, brand and any value), and return their id."""
        from filrouge.base.text import fold, traces
        from filrouge.store.live import Live, pack
        from filrouge.store.live import number as number_of

        key = f"0190a000-0000-7000-8000-{number:012x}"
        document: dict[str, Any] = {"id": key, "household": ""}
        document |= {
            part: []
            for part in (
                "records", "values", "roles", "contracts", "invoices", "payments", "orders", "returns", "opportunities",
                "tickets", "promises", "consents",
            )
        }  # fmt: skip
        live, origins = Live(), Live().origins()
        bits = 0
        for at, record in enumerate(records, start=1):
            record_key = number * 100 + at
            where = {"source": record.get("source", "crm_people"), "entity": record["entity"], "brand": record["brand"]}
            bits |= 1 << origins[(record["entity"], record["brand"])]
            document["records"].append(
                where
                | {
                    "key": record_key, "source_id": f"C{record_key}", "as_of": "2026-10-01T10:00:00+00:00",
                    "created_at": "2019-03-04T00:00:00+00:00", "decision": "rule", "rule": "email_name",
                    "evidence": {"with": number * 100 + 1, "kinds": ["email", "name"]},
                    "decided_at": "2026-10-02T10:00:00+00:00", "link": "",
                }
            )  # fmt: skip
            for attribute in ("given_name", "family_name", "email", "phone", "birth_date"):
                value = record.get(attribute) or {"given_name": given, "family_name": family}.get(attribute)
                if value:
                    document["values"].append(
                        where
                        | {
                            "attribute": attribute, "value": value, "record_key": record_key,
                            "at": "2026-10-01T10:00:00+00:00", "rank": at, "reason": "recent",
                        }
                    )  # fmt: skip
            for part in ("consents", "tickets", "contracts", "orders"):
                document[part] += [where | {"record_key": record_key} | row for row in record.get(part, ())]
            told = {"brand": record["brand"], "city": record.get("city"), "subscription": record.get("subscription")}
            live.insert(
                "keys", [(kind, value, number_of(key), bits) for kind, value in told.items() if value], columns=4
            )
            if phone := record.get("phone"):
                live.insert("keys", [("phone", phone, number_of(key), bits)], columns=4)
            if email := record.get("email"):
                live.insert("keys", [("email", email, number_of(key), bits)], columns=4)
        words = sorted({*fold(given).split(), *fold(family).split()})
        live.insert("names", [(word, number_of(key), bits) for word in words], columns=3)
        live.insert("tokens", [(word, 1) for word in words], columns=2)
        live.insert("grams", [(gram, word) for word in words for gram in sorted(traces(word))], columns=2)
        live.insert("documents", [(number_of(key), key, pack(json.dumps(document)))], columns=3)
        live.insert("moments", [(number_of(key), pack(json.dumps(list(moments))))], columns=2)
        return key


HORIZON = {"entity": "groupe", "brand": "horizon"}
CARGO = {"entity": "groupe", "brand": "cargo"}
HALLE = {"entity": "boutique", "brand": "halle"}


@pytest.fixture
def world(db: Any, request: pytest.FixtureRequest) -> World:
    """Two entities that share nothing: a group (brands Horizon, Cargo) and its shop (brand Halle)."""
    from filrouge.store.live import VERSION, Live
    from filrouge.work import groups

    groups.add_entity("groupe", "Groupe SA", by="test")
    groups.add_entity("boutique", "Boutique SAS", by="test")
    groups.add_brand("horizon", "Horizon", "groupe", by="test", colour="#1f5fa8")
    groups.add_brand("cargo", "Le Cargo", "groupe", by="test", colour="#7a3e9d")
    groups.add_brand("halle", "La Halle", "boutique", by="test", colour="#2e7d4f")
    live = Live()
    live.create()
    live.insert("origins", [(0, "groupe", "horizon"), (1, "groupe", "cargo"), (2, "boutique", "halle")], columns=3)
    live.insert("meta", [("version", VERSION), ("built_at", "2026-11-01T00:00:00+00:00")], columns=2)
    return World()


@pytest.fixture
def signed_in(client: Any, world: World) -> Callable[[str], Any]:
    """Return the test client, signed in as the account of that name."""

    def enter(name: str) -> Any:
        client.force_login(world.users[name], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return enter


def _commands_made_once() -> None:
    """Let the tests of the command line share its commands, which are the same until one is added."""
    import typer.testing

    make: Callable[[Any], Any] = typer.testing._get_command
    made: dict[tuple[int, int, int], Any] = {}

    def shared(app: Any) -> Any:
        key = (id(app), len(app.registered_groups), len(app.registered_commands))
        if key not in made:
            made[key] = make(app)
        return made[key]

    typer.testing._get_command = shared


def pytest_collection_finish() -> None:
    """Let many small tests cost little: PostgreSQL empties what is full; what is loaded is not looked through again."""
    _commands_made_once()
    if os.environ.get("FILROUGE_TEST_STORE") == "postgres":
        from django.db.backends.postgresql.operations import DatabaseOperations

        from tests import postgres

        DatabaseOperations.sql_flush = postgres.emptied
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that touches rows may touch the three databases."""
    for item in items:
        for mark in item.iter_markers("django_db"):
            mark.kwargs.setdefault("databases", ["default", "live", "audit"])
