"""The promotions tab: what a reader's perimeter and role allow, and no tab where there is nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import HALLE, HORIZON

from filrouge.store.live import Live, pack

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
Enter = Callable[[str], Any]


@pytest.fixture
def ada(world: Any) -> str:
    world.user("hugo", "advisor", entities=("boutique",))
    world.user("bastien", "marketer", entities=("boutique",))
    world.user("marie", "advisor", entities=("groupe",))
    rows = [
        {"source": "shop", **HALLE, "record_key": 1, "code": "ETE20", "label": "Soldes d'été",
         "since": None, "until": "2026-07-01T00:00:00+00:00", "discount": "20.00", "currency": "%"},
        {"source": "shop", **HALLE, "record_key": 2, "code": "HIVER", "label": "Bienvenue",
         "since": None, "until": None, "discount": "10.00", "currency": "%"},
    ]  # fmt: skip
    Live().insert("promotions", [(row["record_key"], pack(json.dumps(row))) for row in rows], columns=2)
    order = {
        "ref": "CH-1", "at": "2026-06-01T10:00:00+00:00", "currency": "EUR", "total": "40.00",
        "promotion_code": "ETE20",
        "lines": [{"sku": "x", "quantity": 1, "discount": "10.00", "promotion_code": "ETE20"}],
    }  # fmt: skip
    shop = HALLE | {"source": "shop_people", "email": "ada@example.org", "orders": [order | {"source": "shop"}]}
    return str(world.person(1, "Ada", "Martin", HORIZON | {"email": "ada@example.org"}, shop))


def test_the_shop_reads_what_was_used_and_what_may_still_be_offered(ada: str, signed_in: Enter) -> None:
    page = signed_in("hugo").get(f"/people/{ada}?tab=promotions").content.decode()
    for told in ("Soldes d&#x27;été", "ETE20", "CH-1", "10,00", "Bienvenue", "pas encore utilisée"):
        assert told in page


def test_a_role_without_money_reads_no_amount(ada: str, signed_in: Enter) -> None:
    page = signed_in("bastien").get(f"/people/{ada}?tab=promotions").content.decode()
    assert "ETE20" in page
    assert "10,00" not in page


def test_without_an_agreement_another_entity_has_no_such_tab(ada: str, signed_in: Enter) -> None:
    client = signed_in("marie")
    for address in (f"/people/{ada}", f"/people/{ada}?tab=promotions"):
        page = client.get(address).content.decode()
        assert "ETE20" not in page
        assert "Bienvenue" not in page
        assert 'href="?tab=promotions"' not in page
