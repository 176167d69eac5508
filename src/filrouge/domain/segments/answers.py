"""What ``may_i`` says of everybody at once, or of some, from the tables that segments look at."""

from __future__ import annotations

from datetime import datetime

import ibis
from ibis.expr import types as ir

from filrouge.domain.privacy.may_i import held_by
from filrouge.domain.privacy.may_i_many import asked_of, may_i_many
from filrouge.domain.segments import conditions as put
from filrouge.domain.segments.laid import Laid


def answers(
    laid: Laid, *, entity: str, brand: str, purpose: str, channel: str, at: datetime, among: ir.Table | None = None
) -> ir.Table:
    """Return (person, allow, reason) of everybody, or of those ``among`` whom it is asked: what ``may_i`` says."""
    people = laid.everybody() if among is None else among.select("person")
    asked = asked_of(purpose, channel, at)
    kinds = {"customer": any(one.customers for one in asked), "subscriber": any(one.subscribers for one in asked)}
    for name, matters in kinds.items():
        if matters:
            people = _flagged(people, _bought(laid, people, entity, at, running=name == "subscriber"), name)
        else:
            people = people.mutate(**{name: ibis.literal(False)})
    owed = laid.tables["held"]
    owed, now = owed.filter(owed.entity == entity), put.moment_of(at)
    late = owed.filter((owed.forbids == "") & (owed.due_at < now))
    barred = owed.filter(owed.forbids.isin(held_by(purpose, channel) or ("none",)) & (now <= owed.until))
    for name, some in (("held", late), ("promised", barred)):
        people = _flagged(people, some.select("person").distinct(), name)
    told = laid.consents()
    told = told if among is None else told.semi_join(among, "person")
    return may_i_many(people, told, entity=entity, brand=brand, purpose=purpose, channel=channel, at=at)


def _bought(laid: Laid, people: ir.Table, entity: str, at: datetime, *, running: bool) -> ir.Table:
    """Return those of ``people`` who bought something of an entity or have a contract with it; or one that runs now."""
    now, contracts = put.moment_of(at), laid.tables["contracts"]
    contracts = contracts.filter(contracts.entity == entity)
    contracts = contracts.filter(contracts.started_at.isnull() | (contracts.started_at <= now))
    if running:
        contracts = contracts.filter(contracts.ended_at.isnull() | (contracts.ended_at > now))
    both = contracts.select(person_key=ibis.array([contracts.person_key, contracts.reader_key]).unnest())
    keys = both.filter(both.person_key.notnull())
    if not running:
        orders = laid.tables["orders"]
        orders = orders.filter((orders.entity == entity) & orders.person_key.notnull())
        orders = orders.filter(orders.ordered_at.isnull() | (orders.ordered_at <= now))
        keys = keys.union(orders.select("person_key"))
    mine = laid.owners().semi_join(people, "person").semi_join(keys, "person_key")
    return mine.select("person").distinct()


def _flagged(people: ir.Table, some: ir.Table, name: str) -> ir.Table:
    joined = people.left_join(some.mutate(_flag=True), "person")
    kept = {column: joined[column] for column in people.columns}
    return joined.select(**kept, **{name: joined["_flag"].fill_null(False)})
