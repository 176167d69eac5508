"""The smallest world: two entities, their brands, and sources written in a few lines."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

PEOPLE: dict[str, Any] = {
    "source": "crm_people",
    "kind": "csv",
    "place": "crm.csv",
    "entity": "north",
    "brand": "red",
    "reads": "person_records",
    "format": {"delimiter": ";", "date": "%d/%m/%Y", "zone": "Europe/Paris"},
    "key": ["id"],
    "map": {
        "source_id": "id", "given_name": "given", "family_name": "family", "birth_date": "born", "email": "mail",
        "phone": "phone", "loyalty_id": "card", "address_line": "street", "postcode": "zip", "city": "town",
        "updated_at": "seen",
        "consents": [
            {"purpose": "marketing", "channel": "email", "state": {"column": "optin", "values": {"yes": "granted", "no": "denied"}},
             "at": "seen"}
        ],
    },
}  # fmt: skip
COLUMNS = ("id", "given", "family", "born", "mail", "phone", "card", "street", "zip", "town", "seen", "optin")
ORDERS: dict[str, Any] = {
    "source": "shop_orders",
    "kind": "csv",
    "place": "orders.csv",
    "entity": "south",
    "brand": "blue",
    "reads": "orders",
    "format": {"delimiter": ";", "decimal": ",", "date": "%d/%m/%Y", "zone": "Europe/Paris"},
    "key": ["number"],
    "map": {
        "source_id": "number", "customer_ref": {"column": "customer", "of": "shop_people"}, "ordered_at": "day",
        "total": "total", "currency": {"const": "EUR"}, "sales_channel": {"const": "web"},
    },
}  # fmt: skip
Row = Mapping[str, str]


class World:
    """A group, and a folder where its systems leave their files."""

    def __init__(self, folder: Path) -> None:
        from filrouge.work import groups

        self.folder = folder
        folder.mkdir()
        for entity in ("north", "south", "west"):
            groups.add_entity(entity, entity.title(), by="test")
        for brand, entity in (("red", "north"), ("blue", "south"), ("green", "west")):
            groups.add_brand(brand, brand.title(), entity, by="test")
        for giver, receiver in (("north", "south"), ("south", "north")):
            groups.agree(giver, receiver, category="*", purpose="service", evidence="agreement 1", by="test")

    def write(self, name: str, columns: Sequence[str], rows: Sequence[Row]) -> Path:
        """Leave a CSV file."""
        path = self.folder / name
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns, delimiter=";", restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def define(self, spec: Mapping[str, Any], **changes: Any) -> str:
        """Add a source; return its name."""
        from filrouge.work import sources

        data = {**spec, **changes}
        path = self.folder / f"{data['source']}.yaml"
        path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
        return sources.add(path, by="test").name

    def people(self, *rows: Row, run: bool = True, **changes: Any) -> Any:
        """Leave the people of a source and import them; return the run."""
        from filrouge.work import sources

        spec = {**PEOPLE, **changes}
        self.write(spec["place"], COLUMNS, rows)
        name = self.define(spec)
        return sources.run(name, by="test") if run else name

    def shop(self, *rows: Row) -> Any:
        """Leave the people of the other entity's shop and import them; return the run."""
        return self.people(*rows, source="shop_people", place="shop.csv", entity="south", brand="blue")

    def orders(self, *rows: Row) -> Any:
        """Leave the orders of the shop and import them; return the run."""
        from filrouge.work import sources

        self.write("orders.csv", ("number", "customer", "day", "total"), rows)
        return sources.run(self.define(ORDERS), by="test")

    def resolve(self) -> Any:
        """Make people of the records."""
        from filrouge.work import identity

        return identity.resolve(by="test")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return what the owner of the machine reads in the lake."""
        from filrouge.work import access
        from filrouge.work import sql as door

        return door.run(access.OWNER, sql).to_pylist()

    def user(self, role: str, *, entities: Sequence[str] = (), brands: Sequence[str] = ()) -> Any:
        """Make an account and return it as a caller."""
        from filrouge.work import access, groups

        name = "-".join([role, *entities, *brands])
        user, _ = groups.add_user(f"{name}@example.com", name, role=role, by="test", entities=entities, brands=brands)
        return access.caller(user)

    def find(self, text: str, asking: Any = None) -> list[Any]:
        """Search for people."""
        from filrouge.base import clock
        from filrouge.store.queries import people
        from filrouge.work import access

        return people.search(text, asking or access.OWNER, at=clock.now())

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """Return what the lake says now, without when and by which run: to be compared."""
        queries = {
            "records": "SELECT * EXCLUDE (run_id, recorded_at, superseded_at, superseded_run) FROM person_records ORDER BY record_key",
            "orders": "SELECT * EXCLUDE (run_id, recorded_at, superseded_at, superseded_run) FROM orders ORDER BY record_key",
            "consents": "SELECT * EXCLUDE (run_id, recorded_at, superseded_at, superseded_run) FROM consents ORDER BY record_key",
            "raw": "SELECT record_key, raw FROM source_records ORDER BY record_key",
        }
        return {name: self.rows(sql) for name, sql in queries.items()}


def person(number: str, given: str, family: str, **values: str) -> dict[str, str]:
    """Return a row of people."""
    return {"id": number, "given": given, "family": family, "seen": "05/07/2026", **values}


def as_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows as Arrow."""
    return pa.Table.from_pylist([dict(row) for row in rows])
