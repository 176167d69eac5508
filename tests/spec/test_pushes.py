"""Who is given and who is taken back, on every engine: the same people in, the same orders out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from tests.segmented import AT, NORTH, People, id_of

from filrouge.domain import pushes, segments
from filrouge.engines import Engine

COLUMNS = ("id", "email", "city", "brands", "reason")
STATE = pa.schema([("id", pa.string()), ("key", pa.string()), ("held", pa.bool_()), ("digest", pa.string()),
                   ("outcome", pa.string()), ("reason", pa.string())])  # fmt: skip


def value(attribute: str, text: str) -> dict[str, Any]:
    return {"attribute": attribute, "value": text, "rank": 1}


def granted(channel: str = "email") -> list[dict[str, Any]]:
    return [{"purpose": "marketing", "channel": channel, "state": "granted", "at": AT}]


def world() -> People:
    group = People()
    place = value("address", '{"address_line": null, "postcode": "69001", "city": "Lyon"}')
    group.person(1, golden_values=[value("email", "Ada@example.com"), place], consents=granted())
    group.person(2, golden_values=[value("email", "gus@example.com")])
    group.person(3, consents=granted())
    group.person(4, golden_values=[value("email", "ada@example.com")], consents=granted())
    group.person(5, {**NORTH, "gone": True}, golden_values=[value("email", "eva@example.com")], consents=granted())
    return group


def asked(engine: Engine, key: str = "id") -> Any:
    laid = world().laid(engine)
    everybody = laid.ids.select("person")
    told = segments.answers(
        laid, entity="north", brand="red", purpose="marketing", channel="email", at=AT, among=everybody
    )
    return pushes.wanted(laid, everybody, told, columns=COLUMNS, key=key, channel="email")


def rows(table: Any, *names: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in names) for row in table.select(*names).to_pyarrow().to_pylist())


def test_each_person_is_given_or_has_a_reason(engine: Engine) -> None:
    assert rows(asked(engine), "id", "reason") == [
        (id_of(1), ""), (id_of(2), "no_consent"), (id_of(3), "no_address"), (id_of(4), ""), (id_of(5), "not_shared"),
    ]  # fmt: skip


def test_of_two_who_share_an_address_one_goes(engine: Engine) -> None:
    told = dict(rows(asked(engine, key="email"), "id", "reason"))
    assert (told[id_of(1)], told[id_of(4)]) == ("", "same_address")


def test_a_row_holds_what_was_chosen_of_the_person(engine: Engine) -> None:
    (one,) = asked(engine).filter(lambda row: row.id == id_of(1)).to_pyarrow().to_pylist()
    told = {name.removeprefix("c_"): text for name, text in one.items() if name.startswith("c_")}
    assert told == {"id": id_of(1), "email": "Ada@example.com", "city": "Lyon", "brands": "red", "reason": "consented"}
    assert len(one["digest"]) == 32


def test_what_differs_is_ordered_and_removals_say_why(engine: Engine) -> None:
    table = asked(engine)
    sure = {row["id"]: row["digest"] for row in table.to_pyarrow().to_pylist()}
    held = [
        (id_of(1), id_of(1), True, sure[id_of(1)], "sent", ""),
        (id_of(2), id_of(2), True, "old", "sent", ""),
        (id_of(9), id_of(9), True, "old", "sent", ""),
        (id_of(3), "", False, "", "withheld", "no_consent"),
        (id_of(5), "", False, "", "withheld", "not_shared"),
    ]  # fmt: skip
    state = engine.load(
        "state", pa.Table.from_pylist([dict(zip(STATE.names, row, strict=True)) for row in held], schema=STATE)
    )
    owed = engine.load("owed", pa.table({"key": pa.array(["gone"], pa.string())}))
    made = pushes.plan(table, state, owed)
    assert rows(made.removals, "id", "key", "reason") == [
        ("", "gone", "erased"), (id_of(2), id_of(2), "no_consent"), (id_of(9), id_of(9), "left"),
    ]  # fmt: skip
    assert rows(made.gives, "id", "action") == [(id_of(4), "add")]
    assert rows(made.fresh, "id", "reason") == [(id_of(3), "no_address")]
    assert rows(made.stale, "id") == [(id_of(3),)]
    emptied = pushes.plan(table, state, owed, only="empty")
    assert rows(emptied.removals, "id") == [("",), (id_of(1),), (id_of(2),), (id_of(9),)]
    assert rows(emptied.gives, "id") == []
