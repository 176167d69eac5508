"""What ``may_i`` says of everybody at once, or of some, from the tables that segments look at."""

from __future__ import annotations

from datetime import datetime
from functools import reduce

from ibis.expr import types as ir

from filrouge.domain.privacy.may_i import held_by
from filrouge.domain.privacy.may_i_many import may_i_many
from filrouge.domain.segments import conditions as put
from filrouge.domain.segments.laid import Laid


def answers(
    laid: Laid, *, entity: str, brand: str, purpose: str, channel: str, at: datetime, among: ir.Table | None = None
) -> ir.Table:
    """Return (person, allow, reason) of everybody, or of those ``among`` whom it is asked: what ``may_i`` says."""
    orders, contracts = (laid.tables[name].filter(lambda t: t.entity == entity) for name in ("orders", "contracts"))
    began = contracts.filter(contracts.started_at.isnull() | (contracts.started_at <= put.moment_of(at)))
    running = began.filter(began.ended_at.isnull() | (began.ended_at > put.moment_of(at)))
    bought = orders.filter(orders.ordered_at.isnull() | (orders.ordered_at <= put.moment_of(at)))
    keys = {
        "customer": [bought.person_key, began.person_key, began.reader_key],
        "subscriber": [running.person_key, running.reader_key],
    }
    people = laid.everybody() if among is None else among.select("person")
    for name, columns in keys.items():
        every = reduce(lambda left, right: left.union(right), [c.name("person_key").as_table() for c in columns])
        mine = laid.owners().semi_join(every, "person_key").select("person").distinct()
        people = _flagged(people, mine, name)
    owed = laid.tables["held"]
    owed, now = owed.filter(owed.entity == entity), put.moment_of(at)
    late = owed.filter((owed.forbids == "") & (owed.due_at < now))
    barred = owed.filter(owed.forbids.isin(held_by(purpose, channel) or ("none",)) & (now <= owed.until))
    for name, some in (("held", late), ("promised", barred)):
        people = _flagged(people, some.select("person").distinct(), name)
    return may_i_many(
        people,
        laid.consents(),
        entity=entity,
        brand=brand,
        purpose=purpose,
        channel=channel,
        at=at,
    )


def _flagged(people: ir.Table, some: ir.Table, name: str) -> ir.Table:
    joined = people.left_join(some.mutate(_flag=True), "person")
    kept = {column: joined[column] for column in people.columns}
    return joined.select(**kept, **{name: joined["_flag"].fill_null(False)})
