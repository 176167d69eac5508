"""Scores on a person's page: engagement in green, churn risk in orange, propensity in blue, each with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from filrouge.console import names, own_scores, words
from filrouge.console.templatetags import say
from filrouge.console.words.scores import reason
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries.scores import Score
from filrouge.work import scores_at_hand

FAMILIES = 2  # propensities shown on a page, the highest
STEADY = 0.5  # a trend of less is none


@dataclass(frozen=True)
class Reason:
    """What a feature says, and whether it raises or lowers the score."""

    said: str
    raises: bool
    alone: bool = False  # said by who published the score, without how much it weighs


@dataclass(frozen=True)
class Line:
    """One score as it is shown."""

    kind: str  # engagement, churn, propensity or value
    label: str
    value: str
    width: int  # of a hundred; 0 where the value is no share
    band: str
    trend: str
    direction: str
    because: str
    reasons: tuple[Reason, ...]
    causes: str
    entity: str
    brands: tuple[str, ...]
    learned: bool
    model: str
    as_of: datetime | None
    stale_since: datetime | None
    owner: str = ""  # of one that somebody published
    proved: bool = True


def lines(person: str, asking: Caller, *, told: list[Score] | None = None) -> list[Line]:
    """Return the scores of a person that say most (of ``told`` if given): of several entities the highest."""
    told = scores_at_hand.shown(asking, person) if told is None else told
    best: dict[str, Score] = {}
    for one in told:
        if one.name not in best or one.value > best[one.name].value:
            best[one.name] = one
    offers = sorted(
        (one for name, one in best.items() if name.startswith("propensity_")), key=lambda one: (-one.value, one.name)
    )
    leaving = _churn(told)
    # what two scores say is told of one entity, or they would seem to contradict each other
    home = {one.entity for one in leaving[:1]}
    shown = [one for one in told if one.name == "engagement" and one.entity in home]
    shown = shown or [best[name] for name in ("engagement",) if name in best]
    shown += leaving
    shown += offers[:FAMILIES]
    shown += [best[name] for name in ("value",) if name in best]
    shown += [one for one in told if one.own]
    several = len({one.entity for one in told}) > 1
    return [_line(one, told, several) for one in shown]


def _churn(told: list[Score]) -> list[Score]:
    """Return the churn of a contract and that of a buyer, the highest of each: a person may be both."""
    under = {one.entity for one in told if one.name == "churn_wanted_90"}
    found = []
    for contract in (True, False):
        mine = [one for one in told if one.name == "churn_90" and (one.entity in under) == contract]
        found += sorted(mine, key=lambda one: -one.value)[:1]
    return found


def _line(one: Score, told: list[Score], several: bool) -> Line:
    own = one.own or {}
    kind = own_scores.COLOURS[own["colour"]] if own else one.name.partition("_")[0]
    money = kind == "value" and not own
    points = own["means"] == "points" if own else kind == "engagement"
    value = say.money(one.value) if money else say.number(one.value, 0) if points else _share(one.value)
    trend = one.trend or 0.0
    direction = "flat" if one.trend is None or abs(trend) < STEADY else "up" if trend > 0 else "down"
    reasons = tuple(
        Reason(own_scores.reason(part), part["contribution"] > 0, alone=not part["contribution"])
        if part.get("text")
        else Reason(reason(part["feature"], part["value"], contribution=part["contribution"]), part["contribution"] > 0)
        for part in one.reasons
    )
    # what raises it comes first; where nothing does, what lowers it is what there is to say
    mine = [part.said for part in reasons if part.raises] or [part.said for part in reasons]
    return Line(
        kind=kind,
        label=_label(one, told),
        value=value,
        width=0 if money else max(2, min(100, round(one.value))),
        band=words.say(one.band, "band"),
        trend=_trend(trend, money) if direction != "flat" else "",
        direction=direction,
        because=", ".join(mine[:2]) or (_("it gives no reasons") if own else ""),
        reasons=reasons,
        causes=_causes(one, told),
        entity=names.entity(one.entity) if several else "",
        brands=one.uses,
        learned=one.learned,
        model=one.model,
        as_of=one.as_of,
        stale_since=one.stale_since,
        owner=str(own.get("owner", "")),
        proved=bool(own.get("proved", True)),
    )


def _share(value: float) -> str:
    return str(say.percent(value / 100, 1 if value < 10 else 0))


def _trend(trend: float, money: bool) -> str:
    sign = "+" if trend > 0 else "−"
    return f"{sign}{say.money(abs(trend)) if money else say.number(abs(trend), 0 if abs(trend) >= 1 else 1)}"


def _label(one: Score, told: list[Score]) -> str:
    if one.own:
        return own_scores.said(one.own["title"])
    if one.name == "churn_90" and not _causes(one, told):
        return _("Churn risk of the buyer")
    if not one.name.startswith("propensity_"):
        return words.say(one.name, "score")
    _propensity, kind, family = one.name.split("_", 2)
    offer = {"what": words.say(kind, "family"), "brand": names.brand(family.replace("_", "-")).name}
    return _("Propensity: %(what)s, %(brand)s") % offer


def _causes(one: Score, told: list[Score]) -> str:
    """Say by which of its two causes a contract may end: they call for opposite actions."""
    if one.name != "churn_90":
        return ""
    parts = [
        f"{words.say(cause, 'score')} {_share(other.value)}"
        for cause in ("churn_wanted_90", "churn_payment_90")
        for other in told
        if other.name == cause and other.entity == one.entity
    ]
    return " · ".join(parts)
