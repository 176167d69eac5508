"""Small worlds of people, as records and as pairs."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings

from filrouge.base.ids import record_key

settings.register_profile("identity", deadline=None)  # the first example pays for the imports
settings.load_profile("identity")
AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
COLUMNS = (
    "title", "given_name", "family_name", "full_name", "birth_name", "birth_date", "sex", "email", "phone",
    "address_line", "postcode", "city", "loyalty_id", "account_ref", "company_ref",
)  # fmt: skip
Make = Callable[..., pa.Table]


def people_table(*rows: dict[str, Any]) -> pa.Table:
    """Return rows as person records; ``source`` and ``source_id`` are made up where they are not given."""
    full: dict[str, list[Any]] = {c: [] for c in ("record_key", "source", "source_id", "entity", "brand", *COLUMNS)}
    times: dict[str, list[Any]] = {"created_at": [], "updated_at": []}
    for number, row in enumerate(rows):
        source, source_id = row.get("source", "crm"), row.get("source_id", str(number))
        full["record_key"].append(record_key(source, source_id))
        for name, default in (("source", source), ("source_id", source_id), ("entity", "group"), ("brand", "main")):
            full[name].append(row.get(name, default))
        for name in COLUMNS:
            full[name].append(row.get(name))
        for name, values in times.items():
            values.append(row.get(name))
    arrays = {k: pa.array(v, pa.int64() if k == "record_key" else pa.string()) for k, v in full.items()}
    return pa.table(arrays | {k: pa.array(v, pa.timestamp("us", tz="UTC")) for k, v in times.items()})


@pytest.fixture
def records() -> Make:
    return people_table


_GIVEN = [
    "Jean",
    "Marie",
    "Luc",
    "Anne",
    "Paul",
    "Claire",
    "Marc",
    "Sophie",
    "Hugo",
    "Emma",
    "Louis",
    "Julie",
    "Alice",
    "Nora",
]
_FAMILY = [
    "Martin",
    "Bernard",
    "Petit",
    "Durand",
    "Leroy",
    "Moreau",
    "Simon",
    "Laurent",
    "Garcia",
    "Roux",
    "Girard",
    "Bonnet",
]
_STREETS = ["rue des Lilas", "avenue Foch", "rue Pasteur", "place du Marche", "chemin Vert", "rue du Port"]


def crowd(people: int, seed: int = 3) -> tuple[pa.Table, dict[int, int]]:
    """Return records of ``people`` invented people, two or three each with faults, and who each record truly is."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    truth: list[int] = []
    for number in range(people):
        given, family = rng.choice(_GIVEN), rng.choice(_FAMILY) + rng.choice(["", "eau", "et", "ier", "ot"])
        whole = {
            "given_name": given,
            "family_name": family,
            "birth_date": f"{rng.randint(1940, 2005)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
            "email": f"{given}.{family}{rng.randint(100, 9999)}@example.org".lower(),
            "phone": f"06{rng.randint(0, 99999999):08d}",
            "address_line": f"{rng.randint(1, 180)} {rng.choice(_STREETS)}",
            "postcode": f"{rng.randint(1, 95):02d}{rng.choice(['000', '100', '250'])}",
        }
        for copy in range(rng.choice((2, 2, 3))):
            row = dict(whole) | {"source": ("crm", "shop", "desk")[copy], "source_id": f"p{number}"}
            for column in ("birth_date", "email", "phone", "address_line", "postcode"):
                if copy and rng.random() < 0.3:
                    row[column] = None
            if copy and rng.random() < 0.3:
                at = rng.randrange(1, len(family))
                row["family_name"] = family[:at] + family[at + 1 :]
            rows.append(row)
            truth.append(number)
    table = people_table(*rows)
    return table, dict(zip(table.column("record_key").to_pylist(), truth, strict=True))
