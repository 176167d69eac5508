"""Usual systems, each as its public documentation describes it, brought into the lake by its preset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from tests.work.systems import Serving, System
from tests.work.systems.mailing import Brevo, Mailchimp
from tests.work.systems.relation import HubSpot, Salesforce, Zendesk
from tests.work.systems.shops import Eventbrite, PrestaShop, Shopify, Stripe, WooCommerce
from tests.world import World

from filrouge.base.errors import DefinitionError, NotFound, SourceError
from filrouge.connect import asking
from filrouge.domain.sources.presets import names, preset
from filrouge.store.models import Source
from filrouge.work import presets, secrets, sources

pytestmark = pytest.mark.lake

SYSTEMS: tuple[Callable[[], Any], ...] = (
    Brevo, Mailchimp, Salesforce, HubSpot, Zendesk, Shopify, WooCommerce, PrestaShop, Stripe, Eventbrite,
)  # fmt: skip
FILES = ("adobe_campaign", "ga4")
# rows that each part reads: of Zendesk, an agent is left where they are
READ = {
    "brevo": {"contacts": 3},
    "mailchimp": {"members": 3},
    "salesforce": {"contacts": 3, "accounts": 1, "opportunities": 2, "cases": 1},
    "hubspot": {"contacts": 3, "companies": 1, "deals": 2, "tickets": 1},
    "zendesk": {"users": 3, "tickets": 3},
    "shopify": {"customers": 3, "orders": 3, "order_lines": 3},
    "woocommerce": {"customers": 3, "orders": 3, "order_lines": 3},
    "prestashop": {"customers": 3, "orders": 3, "order_lines": 3},
    "stripe": {"customers": 3, "payments": 3, "subscriptions": 2},
    "eventbrite": {"attendees": 3, "registrations": 3},
}


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[System], Serving]]:
    """Return what serves a system; nothing is slept for."""
    monkeypatch.setattr(asking.time, "sleep", lambda _: None)
    monkeypatch.setattr("filrouge.connect.tokens._kept", {})
    started: list[Serving] = []

    def start(system: System) -> Serving:
        started.append(Serving(system))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(params=SYSTEMS, ids=lambda made: made.__name__)
def system(request: pytest.FixtureRequest) -> System:
    """Each system in turn."""
    made: System = request.param()
    return made


def defined(world: World, system: System, *, key: str | None = None, check: bool = True) -> list[str]:
    """Define every part of a system; return the names of the sources."""
    secrets.keep("its-key", key or system.secret, by="test")
    said = {"address": system.url, "key": "its-key", **system.said}
    made = presets.definitions(system.preset, said, brand="red", private=True)
    if check:
        return [source.name for source in presets.keep(made, world.folder, by="test")]
    return [sources.define(data, folder=world.folder, by="test").name for data in made]


def test_every_preset_is_tried_here() -> None:
    assert {made().preset for made in SYSTEMS} | set(FILES) == set(names())


def test_all_of_it_comes_in_page_after_page_and_nothing_is_lost(
    world: World, system: Any, serve: Callable[[System], Serving]
) -> None:
    serving = serve(system)
    for name in defined(world, system):
        run = sources.run(name, by="test")
        part = name.removeprefix(f"{system.preset}_")
        assert (part, run.read, run.new, run.rejected, run.lost) == (
            part, READ[system.preset][part], READ[system.preset][part], 0, 0
        )  # fmt: skip
        assert not run.warned, world.rows('SELECT "column", code FROM rejects')
    assert serving.slow == 0, "it was told to slow down"
    people = {row["email"] for row in world.rows("SELECT email FROM person_records")}
    assert "ada@example.com" in people


def test_the_second_time_only_what_is_new_is_asked_for(
    world: World, system: Any, serve: Callable[[System], Serving]
) -> None:
    serve(system)
    listed = defined(world, system)
    for name in listed:
        sources.run(name, by="test")
    part = f"{system.preset}_{system.change()}"
    run = sources.run(part, by="test")
    assert (run.new + run.changed, run.rejected, run.lost, run.vanished) == (1, 0, 0, 0)
    again = sources.run(part, by="test")
    assert (again.read, again.unchanged, again.lost) == (1, 1, 0), "the last one seen is asked for again, no other"


def test_a_wrong_key_is_told_and_nothing_is_kept(world: World, system: Any, serve: Callable[[System], Serving]) -> None:
    serve(system)
    with pytest.raises(SourceError) as told:
        defined(world, system, key="another-key")
    assert "refused the key" in str(told.value) or "gives no token" in str(told.value)
    assert not Source.objects.filter(system=system.preset).exists()


def test_a_system_that_holds_nothing_is_no_fault(world: World, system: Any, serve: Callable[[System], Serving]) -> None:
    serve(system)
    system.rows = {name: [] for name in system.rows}
    for name in defined(world, system):
        run = sources.run(name, by="test")
        assert (run.read, run.lost) == (0, 0)


# --- what values mean -------------------------------------------------------------------------------------------------


def consents(world: World) -> set[tuple[str, str, str]]:
    found = world.rows("SELECT person_ref, channel, state FROM consents")
    return {(row["person_ref"], row["channel"], row["state"]) for row in found}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Brevo, {("1", "sms", "objected"), ("2", "email", "objected")}),
        (Mailchimp, {("a" * 32, "email", "granted"), ("b" * 32, "email", "withdrawn")}),
        (Salesforce, {("003A", "email", "objected")}),
        (HubSpot, {("51", "email", "objected")}),
        (Shopify, {("gid://shopify/Customer/1", "email", "granted")}),
        (PrestaShop, {("1", "email", "granted")}),
        (Stripe, set()),
    ],
)
def test_a_consent_is_what_the_system_says_and_nothing_more(
    world: World, made: Any, said: set[tuple[str, str, str]], serve: Callable[[System], Serving]
) -> None:
    system = made()
    serve(system)
    for name in defined(world, system):
        sources.run(name, by="test")
    assert consents(world) == said


def test_orders_lines_and_payments_lead_to_their_people(world: World, serve: Callable[[System], Serving]) -> None:
    for system in (Shopify(), WooCommerce(), PrestaShop(), Stripe()):
        serve(system)
        for name in defined(world, system):
            sources.run(name, by="test")
    query = (
        "SELECT source, count(*) AS n, count(person_key) AS named, count(p.record_key) AS met FROM {table} AS t "
        "LEFT JOIN (SELECT record_key FROM person_records) AS p ON p.record_key = t.person_key GROUP BY source"
    )
    met = {row["source"]: (row["n"], row["named"], row["met"]) for table in ("orders", "order_lines", "payments", "contracts") for row in world.rows(query.format(table=table))}  # fmt: skip
    assert met == {
        "shopify_orders": (3, 2, 2), "shopify_order_lines": (3, 3, 3), "woocommerce_orders": (3, 2, 2),
        "woocommerce_order_lines": (3, 3, 3), "prestashop_orders": (3, 2, 2), "prestashop_order_lines": (3, 2, 2),
        "stripe_payments": (3, 2, 2), "stripe_subscriptions": (2, 2, 2),
    }  # fmt: skip
    paid = world.rows("SELECT source_id, amount, currency, outcome FROM payments ORDER BY source_id")
    assert [(row["amount"], row["currency"], row["outcome"]) for row in paid] == [
        (Decimal("12.5"), "EUR", "paid"), (Decimal("1250"), "JPY", "failed"), (Decimal("0.05"), "EUR", None),
    ]  # fmt: skip


# --- files ------------------------------------------------------------------------------------------------------------


def test_recipients_that_adobe_campaign_extracts_come_in(world: World) -> None:
    (world.folder / "recipients_1.csv").write_text(
        "id;email;firstName;lastName;birthDate;gender;mobilePhone;blackListEmail;created;lastModified;address3;zipCode;"
        "city;countryCode\n"
        "1;ada@example.com;Ada;Byron;1985-12-10;2;;1;2025-03-02 10:00:00;2025-03-02 10:00:00;1 rue X;69001;Lyon;FR\n"
        "2;gus@example.com;;;;0;;0;;;;;;\n",
        encoding="utf-8",
    )
    made = presets.definitions("adobe_campaign", {"place": "recipients_*.csv", "delimiter": ";"}, brand="red")
    (source,) = presets.keep(made, world.folder, by="test")
    run = sources.run(source.name, by="test")
    assert (run.read, run.new, run.rejected, run.lost) == (2, 2, 0, 0)
    assert consents(world) == {("1", "email", "objected")}


def test_a_day_of_the_ga4_export_comes_in(world: World) -> None:
    line = (
        '{"event_date":"20250302","event_timestamp":"1740909600123456","event_name":"%s","user_id":%s,'
        '"user_pseudo_id":%s,"event_bundle_sequence_id":"%d","event_params":[{"key":"page_location","value":'
        '{"string_value":"https://a.example.com/x"}},{"key":"ga_session_id","value":{"int_value":"7"}}]}\n'
    )
    (world.folder / "events_20250302.json").write_text(
        line % ("page_view", '"42"', '"1.2"', 1)
        + line % ("purchase", "null", "null", 2)
        + line % ("scroll", '""', '"1.2"', 3)
    )
    made = presets.definitions("ga4", {"place": "events_*.json", "people": "site"}, brand="red")
    (source,) = presets.keep(made, world.folder, by="test")
    run = sources.run(source.name, by="test")
    assert (run.read, run.new, run.rejected, run.lost) == (3, 3, 0, 0)
    found = world.rows('SELECT type, name, url, user_ref, "at" FROM events ORDER BY name')
    assert [(row["type"], row["name"], row["url"]) for row in found] == [
        ("page", "page_view", "https://a.example.com/x"), ("track", "purchase", "https://a.example.com/x"),
        ("track", "scroll", "https://a.example.com/x"),
    ]  # fmt: skip
    assert [row["user_ref"] for row in found] == ["42", None, None]
    assert {row["at"].microsecond for row in found} == {123456}


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_everything_that_is_missing_or_wrong_is_told_at_once(world: World) -> None:
    with pytest.raises(DefinitionError) as told:
        presets.definitions("zendesk", {"address": "ftp://x", "account": "nobody", "colour": "red"}, brand="red")
    assert [fault.split(":")[0] for fault in told.value.faults] == ["colour", "address", "account", "key"]
    with pytest.raises(NotFound, match="users, tickets"):
        presets.definitions(
            "zendesk", {"address": "x.zendesk.com", "account": "a@b.fr", "key": "k"}, brand="red", parts=["calls"]
        )


def test_parts_and_names_are_chosen_and_references_follow(world: World) -> None:
    said = {"address": "x.zendesk.com", "account": "a@b.fr", "key": "k"}
    (made,) = presets.definitions("zendesk", said, brand="red", prefix="desk", parts=["tickets"])
    assert made["source"] == "desk_tickets"
    assert made["map"]["person_ref"]["of"] == "desk_users"
    assert made["place"].startswith("https://x.zendesk.com/api/")
    assert (made["entity"], made["brand"]) == ("north", "red")


@pytest.mark.parametrize("name", names())
def test_a_preset_speaks_both_languages_and_says_what_it_was_written_from(name: str) -> None:
    found = preset(name)
    assert found.documented.page.startswith("https://")
    assert found.documented.version
    told = [found.about, found.limits, *(ask.title for ask in found.asks), *(ask.help for ask in found.asks)]
    for words in [*told, *(part.title for part in found.parts.values())]:
        assert set(words) == {"en", "fr"}
        assert all(words.values())
