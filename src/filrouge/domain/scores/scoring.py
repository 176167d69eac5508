"""Every score of every person of one entity at once: values, bands, reasons that add up, trends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filrouge.domain.scores import rules
from filrouge.domain.scores.buying import Buying, Spending
from filrouge.domain.scores.features import HISTORY, Family
from filrouge.domain.scores.fitting import Floats
from filrouge.domain.scores.renewing import Renewing
from filrouge.domain.scores.scorecard import Columns, Scorecard, bands, shown
from filrouge.domain.scores.trees import Trees

MONTH = 30.0
YEAR_WEEKS = 365.25 / 7
REASONS = 3
LEAST_REASON = 0.05  # log-odds or points below which a feature is no reason
RATES: Mapping[str, float] = {
    "churn_wanted": 0.02,
    "churn_payment": 0.01,
    "propensity": 0.02,
}  # while none was observed


@dataclass(frozen=True)
class Used:
    """A scorecard, or trees, in use, and the name and version of the model that it is."""

    scorecard: Scorecard | Trees
    label: str = rules.VERSION


@dataclass(frozen=True)
class Models:
    """The models of one entity. What is missing falls back on its rule."""

    wanted: Used = field(default_factory=lambda: Used(rules.around(rules.CHURN_WANTED, RATES["churn_wanted"])))
    payment: Used = field(default_factory=lambda: Used(rules.around(rules.CHURN_PAYMENT, RATES["churn_payment"])))
    propensity: Mapping[str, Used] = field(default_factory=dict)
    buying: Buying | None = None
    spending: Spending | None = None
    buying_label: str = rules.VERSION
    renewing: Mapping[int, Renewing] = field(default_factory=dict)  # by days of a term
    renewing_label: str = rules.VERSION


@dataclass(frozen=True)
class Scored:
    """One score: whom it is of, their values, what each feature adds, and the model or models."""

    score: str
    of: Any  # boolean, by person
    values: Floats
    features: tuple[str, ...]
    contributions: Floats
    medium: float
    high: float
    model: Any  # text, or text by person
    group: str = ""  # of whom, when one score is worked out in two ways


@dataclass(frozen=True)
class Usual:
    """What is usual in an entity: the buyer in the middle, and from which value one is worth much."""

    repeats: float = 1.0
    silence: float = 26.0  # weeks
    medium: float = 0.01
    high: float = 0.02


def usual(columns: Columns, models: Models) -> Usual:
    """Return what is usual among the people of ``columns``, who are a whole entity."""
    again = np.nan_to_num(columns["buy_x"]) >= 1
    value = _value(columns, models, Usual())
    told = value.values[value.of & (value.values > 0)]
    medium, high = np.quantile(told, (0.5, 0.9)) if len(told) else (0.01, 0.02)
    if not again.any():
        return Usual(medium=float(medium), high=float(high))
    silence = columns["buy_t"][again] - columns["buy_t_x"][again]
    repeats = float(np.median(columns["buy_x"][again]))
    return Usual(repeats, float(np.median(silence)), float(medium), float(high))


def columns_of(table: pa.Table) -> dict[str, Floats]:
    """Return the numbers of a table of features by name, NaN where absent."""
    found = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_floating(column.type):
            found[name] = column.to_numpy()
    return found


def scored(
    columns: Columns, models: Models, families: Sequence[Family], around: Usual, *, because: bool = True
) -> list[Scored]:
    """Return the scores of the people whose features ``columns`` holds; ``around``: what is usual in their entity.

    Where nobody asks why (not ``because``), trees leave their contributions out: most of their time goes there.
    """
    found = [_engagement(columns), *_churn(columns, models, around, because)]
    found += [_propensity(columns, models, family, because) for family in families]
    found.append(_value(columns, models, around))
    return [one for one in found if one.of.any()]


def _engagement(columns: Columns) -> Scored:
    rule = rules.ENGAGEMENT
    added = rule.contributions(columns)
    own = [part for part in rule.parts if part.feature != "brands"]
    some = np.column_stack([~np.isnan(columns[part.needs or part.feature]) for part in own])
    return Scored("engagement", some.any(axis=1), rule.values(added), rule.names, added, rule.medium, rule.high,
                  rules.VERSION)  # fmt: skip


def _churn(columns: Columns, models: Models, around: Usual, because: bool) -> list[Scored]:
    """Return churn of those under contract, by cause and in all, and of those who buy without one."""
    under = np.nan_to_num(columns["contracts"]) > 0
    buyer = ~under & (np.nan_to_num(columns["orders_ever"]) > 0)
    names = models.wanted.scorecard.names + tuple(
        name for name in models.payment.scorecard.names if name not in models.wanted.scorecard.names
    )
    causes = {}
    for cause, used in (("wanted", models.wanted), ("payment", models.payment)):
        month, quarter, added = _contract(columns, used.scorecard, because)
        wide = np.zeros((len(under), len(names)))
        for at, name in enumerate(used.scorecard.names):
            wide[:, names.index(name)] += added[:, at]
        causes[cause] = (month, quarter, wide)
    found = []
    for at, days in enumerate((30, 90)):
        for cause, used in (("wanted", models.wanted), ("payment", models.payment)):
            card = used.scorecard
            low, top = _stretched(card.medium, card.high, days)
            found.append(Scored(f"churn_{cause}_{days}", under, causes[cause][at], names, causes[cause][2], low, top,
                                used.label))  # fmt: skip
        wanted, payment = causes["wanted"][at], causes["payment"][at]
        both = 100 * (1 - (1 - wanted / 100) * (1 - payment / 100))
        share = (wanted / np.maximum(wanted + payment, 1e-9))[:, None]
        added = share * causes["wanted"][2] + (1 - share) * causes["payment"][2]
        medium, high = (one + other for one, other in zip(_limits(models.wanted), _limits(models.payment), strict=True))
        alone, silence = _buyers(columns, models, days, buyer, around)
        every = (*names, "order_recency", "orders_ever")
        width = len(under), len(names)
        table = np.hstack([np.where(under[:, None], added, np.zeros(width)), np.where(buyer[:, None], silence, 0.0)])
        label = " + ".join(sorted({models.wanted.label, models.payment.label}))
        again = np.nan_to_num(columns["buy_x"]) >= 1
        of_buyer = np.where(
            again & (models.buying is not None and models.buying.leaves), models.buying_label, rules.VERSION
        )
        low, top = _stretched(min(medium, 40.0), min(high, 75.0), days)
        # buyers have bands of their own: most of them are gone one day, without a date
        found.append(Scored(f"churn_{days}", under, both, every, table, low, top, label))
        rule = rules.CHURN_BUYER
        found.append(Scored(f"churn_{days}", buyer, alone, every, table, rule.medium, rule.high, of_buyer, "buyer"))
    return found


def _limits(used: Used) -> tuple[float, float]:
    return used.scorecard.medium, used.scorecard.high


def _stretched(medium: float, high: float, days: int) -> tuple[float, ...]:
    """Return the bands of a month's chance as those of ``days``."""
    times = days / MONTH
    return tuple(round(100 * (1 - (1 - one / 100) ** times), 1) for one in (medium, high))


def _contract(columns: Columns, card: Scorecard | Trees, because: bool) -> tuple[Floats, Floats, Floats]:
    """Return the chance within a month, within three, and the contributions of today.

    The three months are taken one by one, the renewal coming nearer by as much; the rest is held as it is.
    """
    month, added = _judged(columns, card, because)
    stays = 1 - month / 100
    for ahead in (1, 2):
        term, left = columns["term_days"], columns["renewal_in"] - ahead * MONTH
        near = np.where(left < 0, np.mod(left, np.where(term > 0, term, 365.25)), left)
        stays = stays * (1 - card.chances({**columns, "renewal_in": near}) / 100)
    return month, 100 * (1 - stays), added


def _judged(columns: Columns, card: Scorecard | Trees, because: bool) -> tuple[Floats, Floats]:
    """Return the values, and what each feature adds to them (nothing told where nobody asks why)."""
    if because or isinstance(card, Scorecard):
        added = card.contributions(columns)
        return card.values(added), added
    values = card.chances(columns)
    return values, np.zeros((len(values), len(card.names)))


def _buyers(columns: Columns, models: Models, days: int, buyer: Any, around: Usual) -> tuple[Floats, Floats]:
    """Return how likely each buyer is gone within ``days``, and what silence and habit add to it (log-odds).

    Of those who came back the model speaks, where there is one: the two parts are their Shapley values against the
    buyer in the middle. Of those who came once it cannot (it takes them all for buyers still), so the rule does.
    """
    rule = rules.CHURN_BUYER
    added = rule.contributions(columns)
    values = rule.values(added)
    table = np.column_stack([added[:, 0], np.zeros(len(values))])
    x, t_x, age = (np.nan_to_num(columns[name]) for name in ("buy_x", "buy_t_x", "buy_t"))
    again = buyer & (x >= 1)
    if models.buying is None or not models.buying.leaves or not again.any():
        return values, table
    x, t_x, age = x[again], t_x[again], age[again]
    within, gap = days / 7, age - t_x
    model = models.buying
    usual_x, usual_gap = np.full_like(x, around.repeats), np.minimum(around.silence, age * 0.999)

    def odds(x: Floats, gap: Floats) -> Floats:
        share = np.clip(model.gone_by(x, np.maximum(age - gap, 1e-6), age, within), 1e-6, 1 - 1e-6)
        told: Floats = np.log(share / (1 - share))
        return told

    both, silent, often, usual = odds(x, gap), odds(usual_x, gap), odds(x, usual_gap), odds(usual_x, usual_gap)
    values, table = values.copy(), table.copy()
    values[again] = 100 / (1 + np.exp(-both))
    table[again, 0] = ((silent - usual) + (both - often)) / 2
    table[again, 1] = ((often - usual) + (both - silent)) / 2
    return values, table


def _propensity(columns: Columns, models: Models, family: Family, because: bool) -> Scored:
    used = models.propensity.get(family.name)
    if used is None:
        used = Used(rules.around(rules.propensity(family.kind, family.name), RATES["propensity"]))
    card = used.scorecard
    values, added = _judged(columns, card, because)
    free = columns[f"holds_{family.name}"] == 0
    return Scored(f"propensity_{family.name}", free, values, card.names, added, card.medium, card.high, used.label)


def _value(columns: Columns, models: Models, around: Usual) -> Scored:
    """Return what each will bring in twelve months: terms paid × price, and purchases × what a purchase is worth."""
    price, term = np.nan_to_num(columns["price_year"]), np.nan_to_num(columns["term_days"], nan=365.25)
    done = np.nan_to_num(columns["renewals"])
    under = np.nan_to_num(columns["contracts"]) > 0
    from_contracts = np.where(under, price, 0.0)
    for days, model in models.renewing.items():
        mine = under & (np.abs(term - days) < 1)
        if mine.any():
            times = max(1, round(365.25 / days))
            from_contracts[mine] = price[mine] / times * model.expected(done[mine], times)
    x, t_x, age, z = (np.nan_to_num(columns[name]) for name in ("buy_x", "buy_t_x", "buy_t", "buy_z"))
    bought = ~np.isnan(columns["buy_x"])
    from_orders = np.where(bought, np.nan_to_num(columns["spent_365"]), 0.0)
    if models.buying is not None and models.spending is not None and bought.any():
        often = models.buying.purchases(x[bought], t_x[bought], age[bought], YEAR_WEEKS)
        from_orders[bought] = often * models.spending.mean(x[bought], z[bought])
    parts = np.column_stack([from_contracts, from_orders])
    total = parts.sum(axis=1)
    some = under | bought
    labels = np.full(len(total), rules.VERSION, dtype=object)
    if models.renewing:
        labels[under] = models.renewing_label
    if models.buying is not None:
        labels[bought & ~under] = models.buying_label
    names = ("contract_value", "buying_value")
    return Scored("value", some, total, names, parts, around.medium, around.high, labels)


def rows(people: pa.Array, columns: Columns, now: Iterable[Scored], before: Iterable[Scored]) -> pa.Table:
    """Return person, score, value, band, trend, reasons and model of ``people``; ``before`` is of the same people."""
    earlier = {(one.score, one.group): one for one in before}
    made: list[pa.Table] = []
    for one in now:
        was = earlier.get((one.score, one.group))
        at = np.flatnonzero(one.of)
        values = np.round(one.values[at], 1 if one.score != "value" else 2)
        # where somebody was not scored then, there is no trend to tell
        then = np.full(len(at), np.nan) if was is None else np.where(was.of[at], was.values[at], np.nan)
        trend = np.round(one.values[at] - then, 1)
        model = one.model if isinstance(one.model, str) else one.model[at]
        made.append(pa.table({
            "person": people.take(pa.array(at)),
            "score": pa.repeat(pa.scalar(one.score), len(at)),
            "value": pa.array(values),
            "band": pa.array(bands(one.values[at], one.medium, one.high).astype(object), pa.string()),
            "trend": pa.array(trend, mask=np.isnan(trend)),
            "reasons": reasons(one.features, one.contributions[at], columns, at),
            "model": pa.repeat(pa.scalar(model), len(at)) if isinstance(model, str) else pa.array(
                np.asarray(model, dtype=object), pa.string()),
        }))  # fmt: skip
    return pa.concat_tables(made) if made else pa.table({})


def reasons(features: Sequence[str], contributions: Floats, columns: Columns, at: Any) -> pa.Array:
    """Return, as JSON, the three features that add or take most for each person, those that weigh most first."""
    k = min(REASONS, contributions.shape[1])
    top = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :k]
    names = pa.array(features, pa.string())
    told = []
    for place in range(k):
        which = top[:, place]
        added = np.take_along_axis(contributions, which[:, None], axis=1)[:, 0]
        value = np.full(len(at), np.nan)
        for number, name in enumerate(features):
            mine = which == number
            if name in columns and mine.any():
                value[mine] = shown(columns[name][at[mine]])
        there = np.abs(added) >= LEAST_REASON
        text = pc.binary_join_element_wise(
            ',{"feature":"', names.take(pa.array(which)), '","contribution":', _number(np.round(added, 2)), ',"value":',
            _number(np.round(value, 1)), "}", "",
        )  # fmt: skip
        told.append(pc.if_else(pa.array(there), text, pa.scalar("")))
    joined = pc.utf8_ltrim(pc.binary_join_element_wise(*told, ""), ",")
    return pc.binary_join_element_wise("[", joined, "]", "")


def _number(values: Floats) -> pa.Array:
    """Return numbers as JSON writes them."""
    whole = np.isfinite(values) & (values == np.round(values)) & (np.abs(values) < 1e15)
    text = pc.cast(pa.array(values), pa.string())
    plain = pc.cast(pa.array(np.where(whole, values, 0).astype("int64")), pa.string())
    told = pc.if_else(pa.array(whole), plain, text)
    return pc.if_else(pa.array(np.isfinite(values)), told, pa.scalar("null"))


__all__ = ["HISTORY", "Models", "Scored", "Used", "columns_of", "reasons", "rows", "scored"]
