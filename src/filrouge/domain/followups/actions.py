"""Next best action: the few things worth saying now, each with its reason, and what not to say and why.

The rule is a convention of our own, written down in docs/explanation/next-best-action.md; no figure was fitted.
Each thing that may be said has a weight of a hundred. What was answered before moves it: refused, it rests; accepted,
it is done with; not relevant, it counts for less, for this person, and for all once many say so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from filrouge.base.clock import time_of
from filrouge.domain.followups.promises import Promised, contradicted, holds
from filrouge.domain.privacy.may_i import Decision
from filrouge.domain.profiles import Alert

MOST = 3
ANSWERS = ("accepted", "refused", "unsuited")
# In the order in which two of the same weight are said. Duties are owed to the person whatever they answer.
ACTIONS = (
    "keep_promise", "settle_complaint", "mend_payment", "do_follow_up", "secure_payment", "keep_customer",
    "ask_renewal", "offer", "thank",
)  # fmt: skip
DUTIES = frozenset({"keep_promise", "settle_complaint", "mend_payment", "do_follow_up"})
COMMERCIAL = frozenset({"offer", "ask_renewal"})  # what an open complaint, an overdue promise or a refusal holds back
SERVICE = frozenset({"keep_promise", "settle_complaint"})  # what stays while the data are restricted

NEAR = 3  # days before its date from which a promise is spoken of
THANKED = 5  # years of being known that are worth a word
RESTS = {"offer": 90}  # days for which what was refused is not said again
REST, DUTY_REST = 30, 1
DONE, DUTY_DONE = 180, 7  # days for which what was accepted is not said again
UNSUITED, LESS = 90, 0.5  # for so many days each "not relevant" halves the weight, for this person
TIMES = 3  # and three times at most
MANY, HALF, FLOOR = 20, 0.5, 0.25  # of at least so many answers, at least half: the weight falls for all, to a quarter


@dataclass(frozen=True)
class Planned:
    """A follow-up that is to do."""

    id: str
    entity: str
    brand: str
    subject: str
    due_at: datetime


@dataclass(frozen=True)
class Scored:
    """A score of the person, with its reasons (feature, contribution, value)."""

    entity: str
    brand: str
    name: str
    value: float
    band: str
    trend: float | None = None
    reasons: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Answered:
    """What was said before and how it was received."""

    action: str
    subject: str
    cause: str
    said: str
    at: datetime


@dataclass(frozen=True)
class Seen:
    """All that a ranking looks at, as its reader sees it.

    ``offers`` answers by (entity, brand) whether marketing may be said by phone; ``crowd`` tells by action how many of
    its last answers there are, of everybody, and how many said "not relevant".
    """

    at: datetime
    entity: str = ""  # on whose behalf what belongs to no brand is said
    brand: str = ""
    since: datetime | None = None
    alerts: Sequence[Alert] = ()
    promises: Sequence[Promised] = ()
    planned: Sequence[Planned] = ()
    scores: Sequence[Scored] = ()
    answered: Sequence[Answered] = ()
    offers: Mapping[tuple[str, str], Decision] = field(default_factory=dict)
    crowd: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """One thing worth saying: what, on whose behalf, why; ``cause`` is what it rests on, so that it is known again."""

    action: str
    entity: str
    brand: str
    cause: str
    weight: float
    subject: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Unsaid:
    """What not to say, and why."""

    what: str  # offers, one offer, a call, or all but the request itself
    why: str
    entity: str = ""
    brand: str = ""
    subject: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranking:
    """What to say, the weightiest first, and what not to."""

    actions: tuple[Action, ...]
    unsaid: tuple[Unsaid, ...]


def rank(seen: Seen) -> Ranking:
    """Return the three things at most worth saying, and what is not to be said with its reason."""
    unsaid = list(_standing(seen))
    kept: list[Action] = []
    for action in candidates(seen):
        if (why := _held(action, seen)) is not None:
            unsaid.append(why)
        elif (rested := _rests(action, seen)) is not None:
            if rested.said == "refused" and action.action not in DUTIES:
                until = rested.at + timedelta(days=RESTS.get(action.action, REST))
                unsaid.append(
                    Unsaid("offer" if action.action == "offer" else action.action, "refused", action.entity,
                           action.brand, action.subject, {"at": rested.at, "until": until})
                )  # fmt: skip
        else:
            kept.append(dataclasses.replace(action, weight=round(action.weight * _share(action, seen), 2)))
    order = {code: place for place, code in enumerate(ACTIONS)}
    kept.sort(key=lambda one: (-one.weight, order[one.action], one.cause))
    best: dict[tuple[str, str], Action] = {}
    for one in kept:  # of several offers, and of several debts of a kind, the weightiest
        best.setdefault((one.action, one.cause if one.action in DUTIES else ""), one)
    return Ranking(tuple(list(best.values())[:MOST]), tuple(_once(unsaid)))


def _once(unsaid: Iterable[Unsaid]) -> Iterable[Unsaid]:
    found: dict[tuple[str, ...], Unsaid] = {}
    for one in unsaid:
        found.setdefault((one.what, one.why, one.entity, one.brand if one.what == "offer" else "", one.subject), one)
    return found.values()


def candidates(seen: Seen) -> Iterable[Action]:
    """Yield everything that might be said, with its weight before anybody answered."""
    for promise in seen.promises:
        left = (promise.due_at - seen.at) / timedelta(days=1)
        if left <= NEAR and not promise.forbids:
            weight = 100 + min(-left, 30) / 3 if left < 0 else 70 - 5 * left
            yield Action(
                "keep_promise",
                promise.entity,
                promise.brand,
                f"promise {promise.id}",
                weight,
                "",
                {"text": promise.text, "due_at": promise.due_at, "late": left < 0},
            )
    for alert in seen.alerts:
        yield from _of_alert(alert, seen.at)
    for task in seen.planned:
        late = (seen.at - task.due_at) / timedelta(days=1)
        if late > -1:
            yield Action(
                "do_follow_up",
                task.entity,
                task.brand,
                f"follow-up {task.id}",
                72 + max(0, min(late, 8)),
                "",
                {"text": task.subject, "due_at": task.due_at, "late": late > 0},
            )
    yield from _of_scores(seen.scores)
    years = int((seen.at - seen.since).days / 365.25) if seen.since else 0
    if years >= THANKED and seen.entity:
        yield Action("thank", seen.entity, seen.brand, f"years {years}", 10, "", {"years": years})


def _of_alert(alert: Alert, at: datetime) -> Iterable[Action]:
    told = dict(alert.params)
    where = (str(told.get("entity") or ""), str(told.get("brand") or ""))
    if alert.code == "complaint_open":
        opened = time_of(told.get("since"))
        days = (at - opened).days if opened else 0
        yield Action(
            "settle_complaint",
            *where,
            f"complaint {told.get('ref')}",
            90 + min(days, 30) / 3,
            "",
            {"ref": told.get("ref"), "since": opened, "days": days},
        )
    elif alert.code == "payment_failed":
        yield Action(
            "mend_payment",
            *where,
            f"payment {told.get('at')}",
            80,
            "",
            {"at": time_of(told.get("at")), "reason": told.get("reason")},
        )
    elif alert.code == "renewal_near":
        renews = time_of(told.get("at"))
        left = max(0, (renews - at).days) if renews else 30
        yield Action(
            "ask_renewal",
            *where,
            f"renewal {told.get('offer')} {str(told.get('at'))[:10]}",
            60 - left,
            str(told.get("offer") or "")[:60],
            {"at": renews, "offer": told.get("offer"), "days": left},
        )


def _of_scores(scores: Sequence[Scored]) -> Iterable[Action]:
    contracts = {one.entity: one for one in scores if one.name == "churn_wanted_90"}
    payments = {one.entity: one for one in scores if one.name == "churn_payment_90"}
    for one in scores:
        params = {"score": one.name, "value": one.value, "band": one.band, "trend": one.trend, "reasons": one.reasons}
        if one.name == "churn_90" and one.band == "high":
            wanted, payment = contracts.get(one.entity), payments.get(one.entity)
            by_payment = payment is not None and (wanted is None or payment.value > wanted.value)
            code = "secure_payment" if by_payment else "keep_customer"
            rising = 5 if (one.trend or 0) > 0 else 0
            yield Action(
                code, one.entity, one.brand, f"score {one.name} {one.entity}", 40 + one.value * 0.3 + rising, "", params
            )
        elif one.name.startswith("propensity_") and one.band == "high":
            family = one.name.removeprefix("propensity_")
            yield Action(
                "offer",
                one.entity,
                family.partition("_")[2].replace("_", "-"),
                f"score {one.name} {one.entity}",
                20 + one.value * 0.3,
                family,
                params,
            )


def _standing(seen: Seen) -> Iterable[Unsaid]:
    """Yield what is not to be said whatever there would be to say."""
    for alert in seen.alerts:
        told = dict(alert.params)
        if alert.code == "restricted":
            yield Unsaid("all_but_service", "restricted", str(told.get("entity") or ""))
        elif alert.code == "complaint_open":
            yield Unsaid("offers", "complaint_open", str(told.get("entity") or ""), str(told.get("brand") or ""), "",
                         {"ref": told.get("ref")})  # fmt: skip
    for promise in seen.promises:
        if promise.due_at < seen.at and not promise.forbids:
            yield Unsaid("offers", "promise_overdue", promise.entity, promise.brand, "",
                         {"text": promise.text, "due_at": promise.due_at})  # fmt: skip
        elif holds(promise, seen.at):
            yield Unsaid(promise.forbids, "promised", promise.entity, promise.brand, "",
                         {"text": promise.text, "due_at": promise.due_at if promise.bars else None})  # fmt: skip
    for (entity, _brand), said in seen.offers.items():
        if said.reason == "objected":
            yield Unsaid("offers", "objected", entity)


def _held(action: Action, seen: Seen) -> Unsaid | None:
    """Return why an action is held back, None when it is not."""
    where = (action.entity, action.brand, action.subject)
    for alert in seen.alerts:
        if alert.code == "restricted" and alert.params.get("entity") == action.entity and action.action not in SERVICE:
            return Unsaid("all_but_service", "restricted", action.entity)
    if action.action not in COMMERCIAL:
        return None
    for one in _standing(seen):
        if (
            one.what == "offers"
            and (one.why == "complaint_open" or one.entity == action.entity)
            and one.why != "objected"
        ):
            return one
    if (promise := contradicted(seen.promises, entity=action.entity, does="offer", at=seen.at)) is not None:
        return Unsaid(promise.forbids, "promised", promise.entity, promise.brand, "",
                      {"text": promise.text, "due_at": promise.due_at if promise.bars else None})  # fmt: skip
    if action.action == "offer":
        said = seen.offers.get((action.entity, action.brand))
        if said is None or not said.allow:
            reason = said.reason if said is not None else "no_consent"
            return Unsaid("offers", reason, action.entity) if reason == "objected" else Unsaid("offer", reason, *where)
    return None


def _rests(action: Action, seen: Seen) -> Answered | None:
    """Return the answer because of which an action is not said now, None when none is."""
    duty = action.action in DUTIES
    for past in seen.answered:
        if past.action != action.action:
            continue
        age = (seen.at - past.at) / timedelta(days=1)
        if past.said == "refused" and (past.cause == action.cause if duty else past.subject == action.subject):
            if age < (DUTY_REST if duty else RESTS.get(action.action, REST)):
                return past
        elif past.cause == action.cause and age < {"accepted": DUTY_DONE if duty else DONE, "unsuited": 1}.get(
            past.said, 0
        ):
            return past
    return None


def _share(action: Action, seen: Seen) -> float:
    """Return what is left of a weight after what was said of the action before, by this person's readers and by all."""
    mine = sum(
        past.said == "unsuited" and past.action == action.action and past.subject == action.subject
        and seen.at - past.at < timedelta(days=UNSUITED)
        for past in seen.answered
    )  # fmt: skip
    left = LESS ** min(mine, TIMES)
    count, unsuited = seen.crowd.get(action.action, (0, 0))
    if count >= MANY and unsuited / count >= HALF:
        left *= max(FLOOR, 1 - unsuited / count)
    return left
