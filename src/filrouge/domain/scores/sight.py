"""Who sees a score: it belongs to an entity, and tells of nothing that its reader may not see."""

from __future__ import annotations

from filrouge.domain.privacy.perimeter import PAGE_ROLES, SIGHT, Perimeter, Rule

MONEY = ("value",)  # scores that are amounts


def rules(sees: Perimeter) -> tuple[Rule, ...]:
    """Return the grants by which somebody sees scores of people."""
    return tuple(rule for rule in sees.rules if rule.role in PAGE_ROLES)


def shows_money(rule: Rule) -> bool:
    """Tell whether a grant shows amounts."""
    return SIGHT[rule.role].get("money", "show") == "show"


def seen(sees: Perimeter, entity: str, uses: frozenset[str], score: str) -> bool:
    """Tell whether a score of ``entity`` that rests on facts of the brands ``uses`` is open.

    A grant for that very entity opens it (agreements open facts, not what another makes of them), and one that is
    capped to brands opens only what rests on no other.
    """
    if sees.everything:
        return True
    return any(
        entity in rule.own and (not rule.brands or uses <= rule.brands) and (score not in MONEY or shows_money(rule))
        for rule in rules(sees)
    )
