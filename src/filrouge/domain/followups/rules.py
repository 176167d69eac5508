"""Rules that make follow-ups: whom each finds, on the lake, and for what cause; the same cause never twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, Self

import ibis
import pydantic
from ibis.expr import types as ir
from pydantic import Field

from filrouge.base.spec import Spec as Frozen

WHEN = ("segment", "score", "contract_end", "complaint")
# The table that each reads, beside the scores by which what is at stake is known.
READS: Mapping[str, str] = {
    "segment": "memberships", "score": "scores", "contract_end": "contracts", "complaint": "interactions",
}  # fmt: skip
CHANNELS: Mapping[str, str] = {"call": "phone", "email": "email", "visit": "none", "task": "none"}
CLOSED = ("closed", "solved")


class Spec(Frozen):
    """What sets a rule off, and the follow-up that it makes.

    ``days``: a contract that renews within so many, a complaint open for so many. ``most``: made at one time, those
    with the most at stake first. ``owner`` is whoever worked for the person last, a user, or a queue under a name.
    """

    when: Literal["segment", "score", "contract_end", "complaint"]
    segment: str = Field("", max_length=60)
    score: str = Field("", max_length=80)
    at_least: float = Field(0, ge=0, le=1_000_000)
    days: int = Field(30, ge=0, le=3650)
    subject: str = Field(min_length=1, max_length=300)
    kind: Literal["call", "email", "visit", "task"] = "call"
    purpose: Literal["service", "contract", "marketing"] = "service"
    due_in: int = Field(3, ge=0, le=365)
    owner: Literal["person", "user", "queue"] = "queue"
    owner_name: str = Field("", max_length=100)
    most: int = Field(200, ge=1, le=5_000)

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if self.when == "segment" and not self.segment:
            raise ValueError("segment: which one?")
        if self.when == "score" and not self.score:
            raise ValueError("score: which one?")
        if self.owner == "user" and not self.owner_name:
            raise ValueError("owner_name: whose?")
        return self


def found(
    spec: Spec, table: ir.Table, owners: ir.Table, scores: ir.Table, *, entity: str, brand: str, at: datetime
) -> ir.Table:
    """Return (person, cause, amount, currency) of those whom a rule finds at ``at``, each cause once.

    ``table`` is the one that the rule reads and ``scores`` those in force, current rows; ``owners`` leads from
    ``person_key`` to ``id``. ``amount`` is the price of a contract, else the value of the person to the entity.
    """
    now = ibis.literal(at).cast("timestamp('UTC')")
    if spec.when == "segment":
        rows = table.filter((table.segment == spec.segment) & table.left_at.isnull())
        named = rows.select("person", cause=_cause("segment", spec.segment, _day(rows.entered_at)))
    elif spec.when == "score":
        rows = table.filter((table.score == spec.score) & (table.entity == entity) & (table.value >= spec.at_least))
        half = f"{at.year}-{1 if at.month <= 6 else 2}"
        named = rows.select("person", cause=ibis.literal(f"score {spec.score} {half}"))
    elif spec.when == "contract_end":
        rows = _of(table, entity, brand)
        until = ibis.literal(at + timedelta(days=spec.days)).cast("timestamp('UTC')")
        rows = rows.filter(rows.ended_at.isnull() & rows.renews_at.between(now, until))
        led = rows.join(owners, "person_key")
        told = led.select(
            person=led.id, cause=_cause("contract", led.record_key.cast("string"), _day(led.renews_at)),
            amount=led.price.cast("float64"), currency=led.currency,
        )  # fmt: skip
        return told.distinct(on="cause")
    else:
        rows = _of(table, entity, brand)
        before = ibis.literal(at - timedelta(days=spec.days)).cast("timestamp('UTC')")
        opened = ~ibis.coalesce(rows.status, "open").isin(CLOSED)
        rows = rows.filter((rows.kind == "complaint") & opened & (rows["at"] <= before))
        led = rows.join(owners, "person_key")
        named = led.select(person=led.id, cause=_cause("complaint", led.record_key.cast("string"))).distinct()
    worth = scores.filter((scores.score == "value") & (scores.entity == entity)).select(who="person", amount="value")
    valued = named.distinct().left_join(worth, named.person == worth.who)
    return valued.select("person", "cause", "amount", currency=ibis.literal("EUR"))


def _of(table: ir.Table, entity: str, brand: str) -> ir.Table:
    rows = table.filter(table.entity == entity)
    return rows.filter(rows.brand == brand) if brand else rows


def _day(moment: ir.Value) -> ir.Value:
    return moment.strftime("%Y-%m-%d")


def _cause(kind: str, *parts: ir.Value | str) -> ir.Value:
    said = ibis.literal(kind)
    for part in parts:
        said = said + " " + part
    return said
