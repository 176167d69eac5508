"""Rules that make follow-ups, for whoever acts for the entity and the brand that they stand for."""

from __future__ import annotations

from filrouge.base.errors import NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Brand, Entity, FollowUp, FollowUpRule

RULERS = ("sales", "marketer")
READERS = ("advisor", *RULERS)


def reads(asking: Caller, row: FollowUpRule, *roles: str) -> bool:
    """Tell whether the caller may know of a rule (or, given roles, change it)."""
    held = roles or READERS
    if row.brand:
        return asking.perimeter.acts(row.entity, row.brand, *held)
    return asking.perimeter.everything or any(
        row.entity in rule.own and rule.role in (*held, "administrator") for rule in asking.perimeter.rules
        if not roles or not rule.brands
    )  # fmt: skip


def rules(asking: Caller) -> list[FollowUpRule]:
    """Return the rules that the caller may know of, by title."""
    return sorted((row for row in FollowUpRule.objects.all() if reads(asking, row)), key=lambda row: row.title)


def rule(asking: Caller, name: str, *roles: str) -> FollowUpRule:
    """Return a rule. Raises NotFound when the caller may not know of it."""
    row = FollowUpRule.objects.filter(name=name).first()
    if row is None or not reads(asking, row, *roles):
        raise NotFound("No rule is called {name}.", name=name[:60])
    return row


def open_of(name: str) -> int:
    """Return how many follow-ups of a rule are to do."""
    return FollowUp.objects.filter(rule=name, state=FollowUp.State.OPEN).count()


def places(asking: Caller) -> list[tuple[str, str]]:
    """Return the (entity, brand) on behalf of which the caller writes rules; an empty brand is the whole entity."""
    found: list[tuple[str, str]] = []
    for entity in Entity.objects.order_by("number"):
        if asking.perimeter.everything or entity.slug in asking.perimeter.holds(*RULERS):
            found.append((entity.slug, ""))
        found += [
            (entity.slug, brand) for brand in Brand.objects.filter(entity=entity).values_list("slug", flat=True)
            if asking.perimeter.acts(entity.slug, brand, *RULERS)
        ]  # fmt: skip
    return found
