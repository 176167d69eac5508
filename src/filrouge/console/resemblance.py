"""Why two records are held for one person or two, in plain words: sentences, and how the odds build up step by step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from filrouge.console import words
from filrouge.console.templatetags import say
from filrouge.domain.identity.anatomy import CEILING, RULE, START, Anatomy, Part, anatomy, probability

WIDTH = 1000.0  # of the drawing, in units of its own
_SILENT = 0.5  # bits: what changes the odds by less than a half is told as saying little
_SUREST = 40.0  # bits beyond which nothing is surer: the records themselves may lie
_LIKELY = (
    (0.999, "same_certain"), (0.95, "same_very"), (0.75, "same"), (0.25, "even"), (0.05, "different"),
    (0.001, "different_very"),
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A bar: what it stands for, the factor it multiplies the odds by, where it begins and ends, which way it goes."""

    said: str
    factor: str
    bits: float
    x: str
    width: str
    way: str


@dataclass(frozen=True)
class Told:
    """A score in words: the whole, what speaks for one person, what against, what says little, and the bars."""

    whole: str
    chance: str
    share: float
    pros: tuple[str, ...]
    cons: tuple[str, ...]
    mute: tuple[str, ...]
    steps: tuple[Step, ...]
    zero: str
    end: str


def told(said: str, score: float, *, rule: str = "") -> Told | None:
    """Return what ``said`` (of a link or a review) means, None when it says nothing."""
    parts = anatomy(said, score, rule=rule)
    return _told(parts) if parts else None


def likely(score: float) -> str:
    """Return how sure ``score`` is, in words."""
    share = probability(score)
    return words.say(next((code for least, code in _LIKELY if share >= least), "different_certain"), "likely")


def factor(bits: float) -> str:
    """Return by how much the odds are multiplied or divided: × 280, ÷ 12."""
    times = math.exp2(abs(bits))
    return f"{'×' if bits >= 0 else '÷'} {say.number(_rounded(times))}"


def _told(parts: Anatomy) -> Told:
    pros: list[str] = []
    cons: list[str] = []
    mute: list[str] = []
    for part in parts.compared:
        (mute if abs(part.bits) < _SILENT else pros if part.bits > 0 else cons).append(_said(part))
    pros += [_said(part) for part in parts.parts if part.name == RULE]
    cons += [_said(part) for part in parts.parts if part.name == CEILING and part.bits < -_SILENT]
    order = [part for part in parts.parts if part.name == START]
    order += [part for part in parts.compared if part.bits >= 0] + [part for part in parts.compared if part.bits < 0]
    order += [part for part in parts.parts if part.name in (RULE, CEILING)]
    edges = [0.0]
    for part in order:
        edges.append(edges[-1] + part.bits)
    low, high = min(edges), max(edges)
    scale = WIDTH / max(high - low, 1e-6)

    def at(bits: float) -> str:
        return f"{(bits - low) * scale:.1f}"  # as SVG writes numbers, whatever the language

    steps = tuple(
        Step(
            _said(part),
            _start(part.bits) if part.name == START else factor(part.bits),
            part.bits,
            at(min(before, after)),
            f"{max(abs(part.bits) * scale, 3.0):.1f}",
            "start" if part.name == START else "up" if part.bits >= 0 else "down",
        )
        for part, before, after in zip(order, edges, edges[1:], strict=False)
    )
    return Told(
        whole=likely(parts.score),
        chance=chance(parts.score),
        share=parts.likelihood,
        pros=tuple(pros),
        cons=tuple(cons),
        mute=tuple(mute),
        steps=steps,
        zero=at(0.0),
        end=at(edges[-1]),
    )


def chance(score: float) -> str:
    """Return the odds of a score in words: 1 chance in 512, 998 chances in 1,000."""
    share = probability(score)
    if share < 0.1:
        return _("1 chance in %(n)s that they are one person") % {"n": say.number(_rounded(1 / share))}
    if share > 0.9:
        return _("1 chance in %(n)s that they are two people") % {
            "n": say.number(_rounded(1 + math.exp2(min(score, _SUREST))))
        }
    return _("%(n)s chances in 100 that they are one person") % {"n": say.number(round(100 * share))}


def _start(bits: float) -> str:
    return _("1 in %(n)s") % {"n": say.number(_rounded(1 / probability(bits)))}


def _said(part: Part) -> str:
    if part.name == START:
        return _("Two records taken at random")
    if part.name == RULE:
        return _("A rule settles it: %(rule)s") % {"rule": words.say(part.level, "rule")}
    if part.name == CEILING:
        if part.bits > 0:
            return _("Further evidence")
        return _("They may be two of one household: what a household shares is set aside")
    name = "extra" if part.name.startswith("extra") else part.name
    return words.say(f"{name}.{part.level}", "pair")


def _rounded(number: float) -> Any:
    """Return a number to two digits that count."""
    if number < 10:
        return round(number, 1)
    digits = math.floor(math.log10(number)) - 1
    return int(round(number, -digits))
