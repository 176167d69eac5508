"""A file whose rows are no people: whose they are is found out, and what must never be kept is not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.work.test_drafts import brought, imported, told, worked
from tests.world import World

from filrouge.base.errors import UsageError
from filrouge.domain.sources import columns
from filrouge.domain.sources.columns import Said
from filrouge.store.models import Job, Source, SourceDraft
from filrouge.work import definitions, draft_definitions, draft_rows, drafts

pytestmark = pytest.mark.lake

ORDERS = "Commande;Client;Date commande;Montant TTC;Devise;Statut;IBAN\n" + "".join(
    f"C-{n:04};{n % 15 + 1};{n % 27 + 1:02}/09/2026;{n},50;EUR;payée;FR7630006000011234567890189\n" for n in range(30)
)


@pytest.fixture
def remy(world: World) -> Any:
    return world.user("engineer", entities=("north",))


def orders(remy: Any, text: str = ORDERS) -> SourceDraft:
    draft = brought(remy, text, name="Commandes.csv")
    return draft_rows.become(remy, str(draft.pk), "orders")


def said(draft: SourceDraft) -> dict[str, str]:
    return {one.column: one.says for one in told(draft)}


def test_orders_find_whose_they_are_by_the_numbers_that_a_source_of_people_knows(world: World, remy: Any) -> None:
    people = imported(remy)
    draft = orders(remy)
    assert said(draft) == {
        "Commande": "", "Client": f"customer_ref@{people.spec['source']}", "Date commande": "ordered_at",
        "Montant TTC": "total", "Devise": "currency", "Statut": "status", "IBAN": "never_kept",
    }  # fmt: skip
    assert draft.spec["key"] == ["Commande"]
    done = imported(remy, draft)
    assert done.run is not None
    assert (done.run.read, done.run.new, done.run.rejected, done.run.lost) == (30, 30, 0, 0)
    found = (
        "SELECT o.total, o.currency, p.family_name FROM orders o JOIN person_records p ON p.record_key = o.person_key"
    )
    rows = world.rows(f"{found} WHERE o.source_id = 'C-0002'")
    assert [(str(row["total"]), row["currency"], row["family_name"]) for row in rows] == [("2.5000", "EUR", "Diop")]


def test_what_is_never_kept_stands_nowhere_not_even_in_the_row_as_received(world: World, remy: Any) -> None:
    imported(remy)
    draft = orders(remy, ORDERS + "C-9999;1;une ligne;sans;fin;x;FR7630006000011234567890189;trop\n")
    assert draft.spec["never_kept"] == ["IBAN"], "accounts are proposed so"
    rows = [Said(one.column, columns.NEVER) if one.column == "Devise" else one for one in told(draft)]
    drafts.say(remy, str(draft.pk), rows)
    done = imported(remy, SourceDraft.objects.get(pk=draft.pk))
    assert done.run is not None
    assert (done.run.new, done.run.rejected) == (30, 1)
    raws = [row["raw"] for row in world.rows("SELECT raw FROM source_records UNION ALL SELECT raw FROM rejects")]
    assert any("Montant TTC" in str(raw) for raw in raws)
    assert not any(word in str(raw) for raw in raws for word in ("FR7630006", "IBAN", "Devise", "EUR"))


def test_what_is_never_kept_is_not_under_another_name_of_a_newer_file_either(world: World, remy: Any) -> None:
    imported(remy)
    first = imported(remy, orders(remy))
    for at, name in enumerate(("Compte IBAN", "iban")):
        text = ORDERS.replace("IBAN", name).replace("C-0002", f"D-{at}")
        newer = drafts.bring(
            remy, f"{at}.csv", [text.encode("cp1252")], brand=first.brand, source=first.spec["source"]
        )[0]  # fmt: skip
        assert said(newer)[name] == "never_kept"
        assert imported(remy, newer).run.new == 1  # type: ignore[union-attr]
        raws = [str(row["raw"]) for row in world.rows("SELECT raw FROM source_records")]
        assert any(f"D-{at}" in raw for raw in raws)
        assert not any(word in raw for raw in raws for word in ("FR76", "IBAN", "iban"))


def test_a_newer_file_of_whole_objects_is_not_read_where_a_column_is_never_kept(world: World, remy: Any) -> None:
    imported(remy)
    first = imported(remy, orders(remy))
    with pytest.raises(UsageError, match="kept whole"):
        drafts.bring(
            remy, "newer.ndjson", [b'{"Commande": "D-1", "IBAN": "FR7630006000011234567890189"}\n'],
            brand=first.brand, source=first.spec["source"],
        )  # fmt: skip


def test_orders_without_customers_are_not_tried_and_say_why(world: World, remy: Any) -> None:
    draft = orders(remy)
    assert draft_rows.referred(remy, draft) == {"customer_ref": []}
    with pytest.raises(UsageError, match="whose the rows are"):
        drafts.try_out(remy, str(draft.pk))
    assert not Job.objects.filter(kind__startswith="draft_trial").exists()


def test_the_customers_of_another_entity_are_not_looked_at(world: World, remy: Any) -> None:
    imported(remy)
    far = world.user("engineer", entities=("south",))
    draft = drafts.bring(far, "Commandes.csv", [ORDERS.encode("cp1252")], brand="blue")[0]
    draft = draft_rows.become(far, str(draft.pk), "orders")
    assert said(draft)["Client"] == ""
    assert draft_rows.referred(far, draft) == {"customer_ref": []}
    with pytest.raises(Exception, match="no longer here"):
        draft_rows.become(remy, str(draft.pk), "orders")


def test_rows_that_are_people_again_are_guessed_as_such(world: World, remy: Any) -> None:
    draft = brought(remy)
    before = said(draft)
    draft = draft_rows.become(remy, str(draft.pk), "interactions")
    assert "email" not in said(draft).values()
    assert said(draft_rows.become(remy, str(draft.pk), "person_records")) == before
    with pytest.raises(UsageError, match="No rows are called links"):
        draft_rows.become(remy, str(draft.pk), "links")


def test_events_of_a_file_are_told_by_whoever_did_them(world: World, remy: Any) -> None:
    people = imported(remy)
    text = "id;abonné;événement;date\n" + "".join(
        f"e{n};{n % 15 + 1};ouverture;0{n % 9 + 1}/09/2026\n" for n in range(20)
    )
    draft = draft_rows.become(remy, str(brought(remy, text, name="clics.csv").pk), "events")
    assert said(draft) == {
        "id": "", "abonné": f"user_ref@{people.spec['source']}", "événement": "name", "date": "at",
    }  # fmt: skip
    done = imported(remy, draft)
    assert done.run is not None
    assert (done.run.new, done.run.lost) == (20, 0)
    (row,) = world.rows("SELECT type, name FROM events WHERE event_id = 'e3'")
    assert (row["type"], row["name"]) == ("track", "ouverture")


def test_what_is_guessed_of_orders_waits_for_nobody(world: World, remy: Any) -> None:
    imported(remy)
    draft = orders(remy)
    drafts.try_out(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert (draft.tried["new"], draft.tried["lost"]) == (30, 0)
    assert "identity" not in draft.tried, "identity says nothing of orders"


def test_another_decimal_mark_is_read_as_told_and_the_rows_stay_orders(world: World, remy: Any) -> None:
    imported(remy)
    draft = orders(remy)
    assert draft.spec["format"]["decimal"] == ","
    form = {name: value for name, value in draft.spec["format"].items() if name != "decimal"}
    again = draft_rows.read_as(remy, str(draft.pk), {**form, "decimal": "."})
    assert (again.spec["reads"], again.spec["format"]["decimal"]) == ("orders", ".")
    assert said(again) == said(draft)


def test_a_definition_taken_back_holds_a_column_apart_and_says_its_values(world: World, remy: Any) -> None:
    imported(remy)
    draft = orders(remy)
    data = draft_definitions.definition(draft, remy)
    data["kept"] = {"Montant TTC": {"retention": "6 months"}}
    data["map"]["status"] = {"column": "Statut", "values": {"payée": "paid"}, "other": "reject"}
    done = draft_definitions.define(remy, str(draft.pk), data)
    assert done.spec["kept"] == {"Montant TTC": {"retention": "6 months"}}
    assert done.spec["map"]["status"]["values"] == {"payée": "paid"}
    assert draft_definitions.define(remy, str(draft.pk), draft_definitions.definition(done, remy)).spec == done.spec


def test_the_definition_of_a_file_that_was_brought_tells_its_values_to_who_sees_them(world: World, remy: Any) -> None:
    source = Source.objects.get(name=imported(remy).spec["source"])
    source.spec["map"]["title"] = {"column": "Accord", "values": {"ann@example.com": "mr", "oui": "mr"}}
    assert definitions.told(source, remy)["map"]["title"]["values"] == {"oui": "mr"}
    assert definitions.told(source, world.user("administrator")) == source.spec
