"""A pair told in words: what a source gives by its number is called by its name where the name is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from filrouge.console import pairs

CRM = {"entity": "groupe", "brand": "horizon"}


def side(*roles: dict[str, Any]) -> Any:
    return SimpleNamespace(person=SimpleNamespace(roles=roles))


def test_a_company_is_called_by_its_name_where_one_role_tells_it() -> None:
    number: Any = SimpleNamespace(value="S000032", **CRM)
    here, elsewhere = CRM | {"name": "Studio Galerne"}, {"entity": "salons", "brand": "salons", "name": "Galerne SA"}
    assert pairs.company(side(here, elsewhere), number) == "Studio Galerne"
    assert pairs.company(side(here, CRM | {"name": "Boréal"}), number) == "S000032", "it may be either"
    assert pairs.company(side(elsewhere), number) == "S000032"
    assert pairs.company(SimpleNamespace(person=None), number) == "S000032"  # type: ignore[arg-type]
