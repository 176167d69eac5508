"""The question of ``may_i`` put for many people at once, as one expression: the same answers, on any engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import ibis
from ibis.expr import types as ir

from filrouge.domain.privacy.may_i import DEFAULTS, FOLLOWS_MARKETING, SINCE, STRICTNESS, Default, held_by
from filrouge.engines.words import micros

_TIME = "timestamp('UTC')"
_RANKS = 8  # more than there are
_FROM = 62_135_596_800_000_000  # microseconds from the year 1 to 1970: what a system dates there is no less said
# The states that each kind of decision hangs on.
_STATES = {"restriction": ("restricted", "released"), "objection": ("objected", "granted"),
           "consent": ("granted", "denied", "withdrawn")}  # fmt: skip


def may_i_many(
    people: ir.Table, consents: ir.Table, *, entity: str, brand: str, purpose: str, channel: str, at: datetime
) -> ir.Table:
    """Return (person, allow, reason) for each of ``people`` (person, customer, subscriber, held, promised).

    ``consents`` has person, entity, brand, purpose, channel, state and at. ``customer`` says who bought from the
    entity, ``subscriber`` with whom a contract is running, ``held`` to whom an overdue promise is owed,
    ``promised`` to whom it was promised not to do this.
    """
    when = consents.at.fill_null(ibis.literal(SINCE).cast(_TIME))
    known = consents.mutate(_brand=consents.brand.fill_null(""), _channel=consents.channel.fill_null(""), _when=when)
    known = known.filter((known.entity == entity) & (known._when <= ibis.literal(at).cast(_TIME)))
    known = known.mutate(_nth=_placed(known))
    wanted = sorted({purpose, "*"} | ({"marketing"} if purpose in FOLLOWS_MARKETING else set()))
    reached = known._channel.isin([channel, "*", ""])
    of_brand = known._brand.isin([brand, ""])
    lifts = (known.state == "granted") & (known._channel == channel) & of_brand
    decides = {
        "restriction": known.state.isin(_STATES["restriction"]),
        "objection": known.purpose.isin(wanted) & reached & ((known.state == "objected") | lifts),
        "consent": (known.purpose == purpose) & reached & of_brand & known.state.isin(_STATES["consent"]),
    }
    last = known.group_by("person").agg(**{name: known._nth.max(where=told) for name, told in decides.items()})
    joined = people.left_join(last, "person").drop("person_right")
    joined = joined.mutate(**{name: _state(joined[name], _STATES[name]) for name in decides})
    shut = ibis.literal(purpose != "service")
    held = joined.held & ibis.literal(purpose in FOLLOWS_MARKETING)
    by_default = _default(joined, purpose, channel, at)
    reason = ibis.cases(
        ((joined.restriction == "restricted") & shut, "restricted"),
        (joined.objection == "objected", "objected"),
        (held, "promise_overdue"),
        (joined.promised & ibis.literal(bool(held_by(purpose, channel))), "promised"),
        (joined.consent == "granted", "consented"),
        (joined.consent.notnull(), joined.consent),
        else_=by_default,
    )
    allow = reason.isin(["consented", "existing_customer", "running_contract", "default_allow"])
    return joined.select("person", allow=allow, reason=reason)


def _placed(events: ir.Table) -> ir.IntegerValue:
    """Return a number that grows with the moment of an event, of two of one moment with the strictness of its state."""
    strict = ibis.cases(*((events.state == state, rank) for state, rank in STRICTNESS.items()), else_=0)
    return (micros(events._when) + _FROM) * _RANKS + strict


def _state(placed: ir.IntegerValue, states: Sequence[str]) -> ir.StringValue:
    """Return the state of the event that ``_placed`` made a number of: one of some of which no two are as strict."""
    return ibis.cases(*((placed % _RANKS == STRICTNESS[state], state) for state in states), else_=ibis.null("string"))


def asked_of(purpose: str, channel: str, at: datetime) -> list[Default]:
    """Return the defaults that hold without a record, in order: what is asked of a person is whom they are for."""
    found: list[Default] = []
    for default in DEFAULTS:
        if default.covers(purpose, channel, at):
            found.append(default)
            if not (default.customers or default.subscribers):
                break
    return found


def _default(people: ir.Table, purpose: str, channel: str, at: datetime) -> ir.StringValue:
    """Return the reason that holds without a record."""
    branches: list[tuple[ir.BooleanValue, str]] = []
    for default in asked_of(purpose, channel, at):
        if not (default.customers or default.subscribers):
            return ibis.cases(*branches, else_=default.reason) if branches else ibis.literal(default.reason)
        branches.append((people.subscriber if default.subscribers else people.customer, default.reason))
    return ibis.cases(*branches, else_="unknown_purpose") if branches else ibis.literal("unknown_purpose")
