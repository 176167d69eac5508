"""Why the records of a person are one person, pair by pair, in words that need no statistics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from filrouge.console import pairs, resemblance, words
from filrouge.domain.identity import Step, steps
from filrouge.domain.profiles import PersonView
from filrouge.work.reviews import side


def told(person: PersonView) -> dict[str, Any]:
    """Return the pairs that hold a person together, each beside one told before, where the reader sees both ends."""
    known = {record.key: record for record in person.records}
    held = steps(
        {"record_key": record.key, "decision": record.decision, "rule": record.rule, "evidence": record.evidence}
        for record in person.records
    )
    chain = ordered(step for step in held if step.left in known and step.right in known)
    links = []
    for step in chain:
        at = [known[key].decided_at for key in (step.left, step.right) if known[key].decided_at]
        links.append(
            {
                "left": known[step.left],
                "right": known[step.right],
                "said": said(step),
                "lines": pairs.lines(side(person, step.left), side(person, step.right)),
                "told": shown(step),
                "at": max(filter(None, at), default=None),
            }
        )
    return {"links": links}


def said(step: Step) -> str:
    """Say in a sentence what made a pair one person: somebody, a rule, or how much they resemble each other."""
    if step.decision == "human":
        return _("Somebody who knows said so.")
    if step.decision == "rule":
        return _("A rule joins them: %(rule)s.") % {"rule": words.say(step.rule, "rule")}
    likely = resemblance.likely(step.weight or 0.0)
    return _("Joined by resemblance. %(likely)s.") % {"likely": likely}


def shown(step: Step) -> resemblance.Told | None:
    """Return how the odds of a pair build up, None when a person decided, or when nothing was kept of it."""
    if step.weight is None:
        return None
    return resemblance.told(step.told, step.weight, rule=step.rule if step.decision == "rule" else "")


def ordered(pairs: Iterable[Step]) -> list[Step]:
    """Return ``pairs`` so that each touches one before it where it can: the chain grows record by record."""
    waiting = list(pairs)
    chain: list[Step] = []
    reached: set[int] = set()
    while waiting:
        step = next((one for one in waiting if one.left in reached or one.right in reached), waiting[0])
        waiting.remove(step)
        chain.append(step)
        reached |= {step.left, step.right}
    return chain
