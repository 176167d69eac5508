"""Report cards of models, as their reader meets them: in words, with the curve of what was expected and what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from filrouge.base.errors import told
from filrouge.console import names, own_scores, words
from filrouge.console.segments import score_name
from filrouge.domain.scores.own import is_ours
from filrouge.store.queries import scores as found

WIDTH, HEIGHT, LEFT, LOW = 360, 240, 44, 28  # of the drawing; room for its two scales
STEADY, OTHER = 0.1, 0.25  # of the stability index: below, and above, Siddiqi (2006)
MOVED = 6  # features shown that moved most


@dataclass(frozen=True)
class Row:
    """A model of an entity in the list: the version shown, and the candidate that is newer than the one in use."""

    name: str
    model: Any
    newer: Any


def listed(models: Sequence[Any]) -> list[Row]:
    """Return one row for each model of each entity: what is in use, else the newest."""
    together: dict[tuple[str, str], list[Any]] = {}
    for model in models:
        together.setdefault((model.entity, model.name), []).append(model)
    return [Row(called(name), versions[0], found.newer(versions)) for (_entity, name), versions in together.items()]


def called(name: str) -> str:
    """Say what a model foretells."""
    if not is_ours(name):
        return own_scores.title(name)
    return score_name(name) if name.startswith("propensity_") else words.say(name, "score_model")


def refused(model: Any) -> tuple[str, str]:
    """Say why nothing was learned; two empty sentences when something was."""
    return told(model.card.get("refused") or {}, _)


def published(model: Any) -> dict[str, Any]:
    """Return what there is to say of a published score; empty for one of ours."""
    if model.kind != "published":
        return {}
    spec = model.content["spec"]
    return {
        "foretells": own_scores.said(spec.get("foretells")), "owner": model.owner, "chance": spec["means"] == "chance",
        "proved": bool(model.card.get("proved")), "sql": spec["sql"], "python": spec["python"],
        "outcome": (spec.get("outcome") or {}).get("sql", ""), "trouble": told(model.trouble or {}, _),
        "colour": own_scores.COLOURS[spec["colour"]],
    }  # fmt: skip


def compared(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return how scorecard and trees compare, and why there is nothing to compare where there is not."""
    told_of = card.get("compared") or {}
    return {**told_of, "why_not": told(told_of["refused"], _)} if "refused" in told_of else dict(told_of)


def drawing(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the calibration by tenths as points of a drawing; empty when there is none."""
    if card.get("means") == "points":  # points are no chances: there is nothing to be right about
        return {}
    tenths = card.get("calibration") or []
    most = max((max(one["expected"], one["happened"]) for one in tenths), default=0.0)
    if not most:
        return {}
    wide, high = WIDTH - LEFT - 8, HEIGHT - LOW - 8

    def at(across: float, upwards: float) -> dict[str, str]:
        return {"x": f"{LEFT + wide * across / most:.1f}", "y": f"{8 + high * (1 - upwards / most):.1f}"}

    return {
        "points": [at(one["expected"], one["happened"]) for one in tenths],
        "ticks": [at(share, share) | {"share": share} for share in (0.0, most / 2, most)],
        "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": LEFT + wide, "top": 8, "bottom": 8 + high,
    }  # fmt: skip


def steadiness(card: Mapping[str, Any]) -> str:
    """Say whether those scored are like those learned from."""
    index = card.get("stability")
    if index is None:
        return ""
    if index < STEADY:
        return _("steady")
    return _("changing") if index <= OTHER else _("another population")


def moved(card: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return what a model looks at that moved most since it was learned, with the index of each."""
    found = list((card.get("drift") or {}).items())[:MOVED]
    return [(_feature(name), index) for name, index in found]


def _feature(name: str) -> str:
    part = name.partition("_")[0]
    return words.say(part if part in ("took", "since") else name, "feature")


def fairness(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return, by brand then by age, how right and how sharp a model is for each group."""
    found = []
    for by, title in (("brand", _("By brand")), ("age", _("By age"))):
        groups = [
            one | {"said": _group(by, str(one["group"])), "points": 100 * one["expected"]}
            for one in (card.get("fairness") or {}).get(by, ())
        ]
        if groups:
            found.append({"title": title, "groups": groups})
    return found


def _group(by: str, label: str) -> str:
    if by == "brand":
        return str(names.brand(label).name)
    low, _dash, high = label.partition("-")
    if not high:
        return _("%(age)s and over") % {"age": low.rstrip("+")}
    if low == "0":
        return _("under %(age)s") % {"age": high}
    return _("%(low)s to %(high)s") % {"low": low, "high": int(high) - 1}
