"""The group: entities, brands, agreements, and what a user's grants open."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from filrouge.base import clock
from filrouge.domain.privacy import perimeter as rules
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Agreement, ApiKey, Brand, Entity, Grant, Source, User

READERS = ("engineer", "privacy")  # of the page of the group
KEEPERS = ("engineer",)  # who declares entities and brands
OFFICERS = ("privacy",)  # who declares what an entity opens to another


def entities() -> list[Entity]:
    return list(Entity.objects.all())


def brands() -> list[Brand]:
    return list(Brand.objects.select_related("entity"))


def agreements() -> list[Agreement]:
    return list(Agreement.objects.select_related("giver", "receiver"))


def agreed(caller: Caller) -> list[Agreement]:
    """Return the agreements that name an entity which the caller acts for."""
    mine, everything = caller.perimeter.acting, caller.perimeter.everything
    return [row for row in agreements() if everything or {row.giver.slug, row.receiver.slug} & mine]


def may_add_entities(caller: Caller) -> bool:
    """Tell whether the caller acts for the whole group."""
    return caller.perimeter.everything or (
        caller.has(*KEEPERS) and caller.perimeter.holds(*KEEPERS) >= {row.slug for row in entities()}
    )


def may_add_brands(caller: Caller) -> list[Entity]:
    """Return the entities for which the caller may declare brands."""
    return _held(caller, KEEPERS)


def may_open(caller: Caller) -> list[Entity]:
    """Return the entities of which the caller says what they open to others."""
    return _held(caller, OFFICERS)


def roles_one_by_one(caller: Caller, roles: tuple[str, ...]) -> list[str]:
    """Return those of ``roles`` that the caller holds for entities named one by one, and for no group as a whole."""
    held = Grant.objects.filter(user_id=caller.user_id, role__in=roles, brands=[]) if caller.user_id else ()
    by_role: dict[str, set[object]] = {}
    for row in held:
        by_role.setdefault(row.role, set()).add(row.entity_id)
    return [role for role, entities in by_role.items() if None not in entities]


def still_open(row: Agreement) -> bool:
    """Tell whether another agreement in force opens data of the same entity to the same one, for the same purpose."""
    now = clock.now()
    alike = Agreement.objects.filter(giver=row.giver, receiver=row.receiver, purpose=row.purpose, valid_from__lte=now)
    return any(stands(one) for one in alike.exclude(pk=row.pk))


def stands(row: Agreement, at: datetime | None = None) -> bool:
    """Tell whether an agreement has not ended at ``at``, now when None."""
    return row.valid_until is None or row.valid_until > (at or clock.now())


def _held(caller: Caller, roles: tuple[str, ...]) -> list[Entity]:
    held = caller.perimeter.holds(*roles)
    return [row for row in entities() if caller.perimeter.everything or row.slug in held]


def systems() -> dict[str, str]:
    """Return the system of each source."""
    return dict(Source.objects.values_list("name", "system"))


def as_of() -> dict[str, datetime]:
    """Return what each system is as of: the oldest of its sources' last runs."""
    found: dict[str, datetime] = {}
    for system, at in Source.objects.values_list("system", "as_of"):
        if at is not None:
            found[system] = min(at, found.get(system, at))
    return found


def perimeter_of(grants: list[rules.Grant], *, at: datetime, purpose: str | None = None) -> rules.Perimeter:
    """Return what ``grants`` open at ``at``."""
    columns = ("giver__slug", "receiver__slug", "category", "purpose", "valid_from", "valid_until", "evidence")
    agreed = [rules.Agreement(*row) for row in Agreement.objects.values_list(*columns)]  # at each request: rows alone
    known = list(Entity.objects.values_list("slug", flat=True))
    return rules.perimeter(grants, agreed, known, at=at, purpose=purpose)


def caller_of(user: User, *, at: datetime, purpose: str | None = None) -> Caller:
    """Return ``user`` as someone who asks."""
    rows = Grant.objects.filter(user=user).select_related("entity")
    grants = [rules.Grant(row.role, row.entity.slug if row.entity else None, frozenset(row.brands)) for row in rows]
    return Caller(
        by=user.email, perimeter=perimeter_of(grants, at=at, purpose=purpose), name=user.name, user_id=str(user.id),
        language=user.language,
    )  # fmt: skip


def caller_of_key(key: ApiKey, *, at: datetime, purpose: str | None = None) -> Caller:
    """Return an API key as someone who asks: its role over its entities, capped to its brands."""
    brands_of_key = frozenset(key.brands)
    grants = [rules.Grant(key.role, entity, brands_of_key) for entity in key.entities or [None]]
    return Caller(
        by=f"key {key.prefix}", perimeter=perimeter_of(grants, at=at, purpose=purpose), name=key.name,
        scopes=frozenset(key.scopes),
    )  # fmt: skip


def whole(caller: Caller) -> bool:
    """Tell whether the caller sees the people of every entity and brand."""
    known = set(Entity.objects.values_list("slug", flat=True))
    rules = caller.perimeter.rules
    return caller.perimeter.everything or any(not r.brands and known <= r.entities["identity"] for r in rules)


def acting_for(caller: Caller, entity: str, *, at: datetime, purpose: str) -> Caller | None:
    """Return ``caller`` narrowed to what ``entity`` may see for ``purpose``, None when they do not act for it."""
    if not Entity.objects.filter(slug=entity).exists():
        return None
    if caller.perimeter.everything:
        held = [rules.Grant("administrator", entity)]
    elif caller.user_id:
        rows = Grant.objects.filter(user_id=caller.user_id).select_related("entity")
        held = [
            rules.Grant(row.role, entity, frozenset(row.brands))
            for row in rows
            if row.entity is None or row.entity.slug == entity
        ]
    else:
        keys = ApiKey.objects.filter(prefix=caller.by.removeprefix("key "), revoked_at=None)
        held = [
            rules.Grant(key.role, entity, frozenset(key.brands))
            for key in keys
            if not key.entities or entity in key.entities
        ]
    return replace(caller, perimeter=perimeter_of(held, at=at, purpose=purpose)) if held else None


def person_systems(caller: Caller) -> list[str]:
    """Return the systems that tell of people, as far as the caller may see what they collect."""
    brands_known = [row.slug for row in brands()]
    rows = Source.objects.filter(reads="person_records").values_list("system", "entity", "brand")
    return sorted(
        {
            system
            for system, entity, brand in rows
            if not entity or any(caller.perimeter.sees(entity, b) for b in ([brand] if brand else brands_known))
        }
    )
