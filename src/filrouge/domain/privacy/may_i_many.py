"""The question of ``may_i`` put for many people at once, as one expression: the same answers, on any engine."""

from __future__ import annotations

from datetime import datetime

import ibis
from ibis.expr import types as ir

from filrouge.domain.privacy.may_i import DEFAULTS, FOLLOWS_MARKETING, SINCE, STRICTNESS, held_by


def may_i_many(
    people: ir.Table, consents: ir.Table, *, entity: str, brand: str, purpose: str, channel: str, at: datetime
) -> ir.Table:
    """Return (person, allow, reason) for each of ``people`` (person, customer, subscriber, held, promised).

    ``consents`` has person, entity, brand, purpose, channel, state and at. ``customer`` says who bought from the
    entity, ``subscriber`` with whom a contract is running, ``held`` to whom an overdue promise is owed,
    ``promised`` to whom it was promised not to do this.
    """
    when = consents.at.fill_null(ibis.literal(SINCE).cast("timestamp('UTC')"))
    strict = ibis.cases(*((consents.state == state, rank) for state, rank in STRICTNESS.items()), else_=0)
    known = consents.mutate(
        _when=when, _strict=strict, _brand=consents.brand.fill_null(""), _channel=consents.channel.fill_null("")
    )
    known = known.filter((known.entity == entity) & (known._when <= ibis.literal(at).cast("timestamp('UTC')")))
    wanted = sorted({purpose, "*"} | ({"marketing"} if purpose in FOLLOWS_MARKETING else set()))
    reached = known._channel.isin([channel, "*", ""])
    of_brand = known._brand.isin([brand, ""])
    lifts = (known.state == "granted") & (known._channel == channel) & of_brand
    answers = (
        ("restriction", known.state.isin(["restricted", "released"])),
        ("objection", known.purpose.isin(wanted) & reached & ((known.state == "objected") | lifts)),
        (
            "consent",
            (known.purpose == purpose) & reached & of_brand & known.state.isin(["granted", "denied", "withdrawn"]),
        ),
    )
    joined = people
    for name, condition in answers:
        last = _last(known.filter(condition), name)
        joined = joined.left_join(last, "person").drop("person_right")
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


def _last(events: ir.Table, name: str) -> ir.Table:
    """Return (person, state) of the last event of each, the stricter of two of the same moment."""
    order = ibis.window(group_by="person", order_by=[ibis.desc("_when"), ibis.desc("_strict")])
    ranked = events.mutate(_nth=ibis.row_number().over(order))
    return ranked.filter(ranked._nth == 0).select("person", **{name: ranked.state})


def _default(people: ir.Table, purpose: str, channel: str, at: datetime) -> ir.StringValue:
    """Return the reason that holds without a record."""
    branches = []
    for default in DEFAULTS:
        if default.covers(purpose, channel, at):
            if default.customers or default.subscribers:
                branches.append((people.subscriber if default.subscribers else people.customer, default.reason))
                continue
            return ibis.cases(*branches, else_=default.reason) if branches else ibis.literal(default.reason)
    return ibis.cases(*branches, else_="unknown_purpose") if branches else ibis.literal("unknown_purpose")
