"""Training: models learned on earlier months, each tried on a later time and told with its report card.

The months are told apart by their end: the last is what a model is tried on, those before are what it is learned from,
and no label of one reaches into another.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from filrouge.base.errors import DefinitionError, Phrase
from filrouge.domain.scores import card as cards
from filrouge.domain.scores import learning, rules, trees
from filrouge.domain.scores.buying import Buying, fit_buying, fit_spending
from filrouge.domain.scores.features import FEATURES, Family
from filrouge.domain.scores.fitting import Floats
from filrouge.domain.scores.renewing import fit_renewing
from filrouge.domain.scores.scorecard import Columns, Scorecard
from filrouge.domain.scores.scoring import RATES
from filrouge.domain.scores.trees import Trees

TERMS = {30: "P1M", 91: "P3M", 183: "P6M", 365: "P1Y"}


@dataclass(frozen=True)
class Month:
    """What was known of each person at the beginning of a month, and what happened in it."""

    features: Columns
    happened: Columns
    brands: Any  # of each person


@dataclass(frozen=True)
class Trained:
    """A model as it comes out: ``content`` is what is used, ``card`` what is known of how good it is."""

    name: str
    kind: str  # learned (a scorecard), trees or rule
    content: dict[str, Any]
    card: dict[str, Any]
    other: Trained | None = None  # what was learned beside it from the same rows, and was not chosen

    def version(self, at: datetime) -> str:
        """Return the name of this content: two that decide alike bear the same."""
        told = json.dumps(self.content, sort_keys=True)
        return f"{at:%y%m%d}-{hashlib.sha256(told.encode()).hexdigest()[:6]}"


def contract_churn(cause: str, earlier: Sequence[Month], later: Month, today: Columns) -> Trained:
    """Return the model of contracts that end by ``cause`` (wanted or payment) within a month."""
    rule = rules.CHURN_WANTED if cause == "wanted" else rules.CHURN_PAYMENT
    names = [name for name in FEATURES if name not in ("price_year", "contracts")]
    return _scorecard(f"churn_{cause}", rule, names, earlier, later, today, held=_under_contract, label=cause)


def offer(family: Family, earlier: Sequence[Month], later: Month, today: Columns) -> Trained:
    """Return the model of who takes an offer of ``family`` within a month."""
    rule = rules.propensity(family.kind, family.name)
    own = [f"{part}_{family.name}" for part in ("took", "since")]
    names = [*own, *(name for name in FEATURES if name not in ("renewal_in",))]
    return _scorecard(
        f"propensity_{family.name}", rule, names, earlier, later, today, label=f"took_{family.name}",
        held=lambda columns: columns[f"holds_{family.name}"] == 0,
    )  # fmt: skip


def _under_contract(columns: Columns) -> Any:
    return np.nan_to_num(columns["contracts"]) > 0


def _scorecard(
    name: str, rule: Scorecard, features: Sequence[str], earlier: Sequence[Month], later: Month, today: Columns, *,
    held: Any, label: str,
) -> Trained:  # fmt: skip
    masks = [held(month.features) for month in earlier]
    before = {
        one: np.concatenate([month.features[one][mask] for month, mask in zip(earlier, masks, strict=True)])
        for one in {*features, *(part.feature for part in rule.parts)}
    }
    y = np.concatenate([month.happened[label][mask] for month, mask in zip(earlier, masks, strict=True)])
    mask = held(later.features)
    after = {one: later.features[one][mask] for one in before}
    truth = later.happened[label][mask]
    now = {one: today[one][held(today)] for one in before}
    rate = float(y.mean()) if len(y) and y.sum() else RATES.get(name, RATES["propensity"])
    stand_in = rules.around(rule, rate)
    groups = {"brand": later.brands[mask], "age": cards.age_bands(later.features["age"][mask])}
    of_rule = cards.auc(stand_in.chances(after), truth)

    def trained(kind: str, made: Scorecard | Trees, why: Mapping[str, Any], compared: Mapping[str, Any]) -> Trained:
        told = cards.card(made.chances(after), truth, trained=made.chances(before), groups=groups)
        told |= {
            "kind": kind, "refused": why, "learned_on": len(y), "learned_happened": int(y.sum()),
            "least": learning.LEAST, "least_later": learning.LEAST_LATER, "rule_auc": of_rule,
            "drift": cards.drift(made.names, before, now),
        } | ({"compared": compared} if compared else {})  # fmt: skip
        return Trained(name, kind, {"trees" if isinstance(made, Trees) else "scorecard": made.plain()}, told)

    try:
        learning.enough(y, truth)
        made = learning.learn(before, features, y)
    except DefinitionError as refused:
        return trained("rule", stand_in, refused.plain(), {})
    apart = np.concatenate([np.full(int(one.sum()), at == 0) for at, one in enumerate(masks)])
    try:
        grown = trees.learn(before, features, y, apart=apart)
    except DefinitionError as refused:
        return trained("learned", made, {}, {"refused": refused.plain()})
    compared = _compared(made.chances(after), grown.chances(after), truth)
    both = {"scorecard": trained("learned", made, {}, compared), "trees": trained("trees", grown, {}, compared)}
    other = "scorecard" if compared["chosen"] == "trees" else "trees"
    return dataclasses.replace(both[compared["chosen"]], other=both[other])


def _compared(card: Floats, grown: Floats, truth: Floats) -> dict[str, Any]:
    """Say how well scorecard and trees tell apart, and which serves: trees only if better by more than is uncertain."""
    more, unsure = cards.surer(grown, card, truth) or (0.0, 0.0)
    return {
        "scorecard": cards.auc(card, truth), "trees": cards.auc(grown, truth), "more": more, "unsure": unsure,
        "chosen": "trees" if more > unsure else "scorecard",
    }  # fmt: skip


def buying(before: Columns, bought: Floats, days: int) -> Trained:
    """Return BG/NBD and Gamma-Gamma as known ``days`` before, tried on who ``bought`` (orders) since."""
    known = ~np.isnan(before["buy_x"])
    x, t_x, age, z = (before[name][known] for name in ("buy_x", "buy_t_x", "buy_t", "buy_z"))
    orders, weeks = bought[known], days / 7
    told: dict[str, Any] = {"kind": "learned", "refused": {}, "learned_on": len(x), "least": cards.FEWEST}
    content: dict[str, Any] = {}
    try:
        if len(x) < cards.FEWEST:
            raise DefinitionError(
                "{count} {what} are too few to learn from: {least} is the least.",
                hint="Take more people, or a longer time.", count=len(x), what=Phrase("buyers"), least=cards.FEWEST,
            )  # fmt: skip
        model = fit_buying(x, t_x, age)
        content["buying"] = model.plain()
        told |= _tried(model, x, t_x, age, orders, weeks)
        spending = fit_spending(x, np.nan_to_num(z))
        content["spending"] = spending.plain()
    except DefinitionError as refused:
        told |= {"refused": refused.plain()} | ({"kind": "rule"} if "buying" not in content else {})
    return Trained("buying", str(told["kind"]), content, told)


def _tried(model: Buying, x: Floats, t_x: Floats, age: Floats, orders: Floats, weeks: float) -> dict[str, Any]:
    """Return how well silence is foretold of those who came back once at least, and how many orders of all."""
    again = x > 0
    silent = (orders[again] == 0).astype(float)
    values = 100 * model.silent_for(x[again], t_x[again], age[again], weeks)
    told = cards.card(values, silent, trained=values, groups={})
    told["purchases"] = {
        "expected": round(float(model.purchases(x, t_x, age, weeks).sum()), 1), "happened": float(orders.sum()),
    }  # fmt: skip
    return told


def renewing(terms: Mapping[int, Mapping[str, Floats]], days: int) -> Trained:
    """Return sBG by term, from contracts as known ``days`` before, tried on those that ended since.

    ``terms``: by days of a term, ``begun`` and ``ended`` then; and of those running ``done``, ``left`` (days to the
    next renewal) and ``gone`` (ended since).
    """
    content: dict[str, Any] = {"renewing": {}}
    refused: dict[str, Any] = {}
    values, truth, n = [], [], 0
    for term, rows in sorted(terms.items()):
        n += len(rows["begun"])
        try:
            model = fit_renewing(rows["begun"], rows["ended"] > 0)
        except DefinitionError as error:
            refused = error.plain()
            continue
        content["renewing"][str(term)] = model.plain()
        due = np.where(rows["left"] <= days, np.floor((days - rows["left"]) / term) + 1, 0)
        values.append(100 * (1 - model.survives(rows["done"] + due) / model.survives(rows["done"])))
        truth.append(rows["gone"])
    kind = "learned" if content["renewing"] else "rule"
    told: dict[str, Any] = {"kind": kind, "refused": refused, "learned_on": n}
    if values:
        every = np.concatenate(values)
        told |= cards.card(every, np.concatenate(truth), trained=every, groups={})
    return Trained("renewing", kind, content, told)
