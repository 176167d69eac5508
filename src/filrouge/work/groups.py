"""The group: entities, brands, agreements, accounts and keys, set up and changed here."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Phrase, Refused, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import CATEGORIES, PURPOSES
from filrouge.store.models import Agreement, ApiKey, Brand, Entity, Grant, Role, User
from filrouge.work import access, audit

SCOPES = (
    "people:read", "people:write", "people:export", "sources:read", "sources:run", "sql:read", "audit:read",
    "figures:read", "accounts:read", "accounts:write", "events:write", "segments:read", "segments:write",
    "pushes:read", "pushes:write",
)  # fmt: skip


def add_entity(slug: str, name: str, *, by: str, registration_id: str = "", sample: bool = False) -> Entity:
    """Keep a legal entity."""
    with transaction.atomic():
        last = Entity.objects.order_by("-number").values_list("number", flat=True).first()
        entity, made = Entity.objects.get_or_create(
            slug=slug,
            defaults={"name": name, "registration_id": registration_id, "number": (last or 0) + 1, "sample": sample},
        )
        if made:
            audit.record("entity.add", by=by, kind="entity", subject=slug)
    return entity


def add_brand(slug: str, name: str, entity: str, *, by: str, colour: str = "#8a8a8a", sample: bool = False) -> Brand:
    """Keep a brand of an entity."""
    with transaction.atomic():
        last = Brand.objects.order_by("-number").values_list("number", flat=True).first()
        brand, made = Brand.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name, "entity": _entity(entity), "colour": colour, "number": (last or 0) + 1, "sample": sample,
            },
        )  # fmt: skip
        if made:
            audit.record("brand.add", by=by, kind="brand", subject=slug, entity=entity)
    return brand


def agree(
    giver: str, receiver: str, *, category: str, purpose: str, evidence: str, by: str, start: datetime | None = None,
    until: datetime | None = None, sample: bool = False,
) -> Agreement:  # fmt: skip
    """Keep a sharing agreement. Raises UsageError when it opens nothing that exists."""
    if category not in ("*", *CATEGORIES) or purpose not in PURPOSES:
        raise UsageError("An agreement opens a known category of data for a known purpose.")
    with transaction.atomic():
        row = Agreement.objects.create(
            giver=_entity(giver), receiver=_entity(receiver), category=category, purpose=purpose,
            valid_from=start or clock.now(), valid_until=until, evidence=evidence, sample=sample,
        )  # fmt: skip
        audit.record(
            "agreement.add",
            by=by,
            kind="agreement",
            subject=str(row.id),
            giver=giver,
            receiver=receiver,
            purpose=purpose,
        )
    return row


def end_agreement(key: str, *, by: str) -> Agreement:
    """End a sharing agreement now: what it opened is shut at once."""
    with transaction.atomic():
        row = Agreement.objects.filter(pk=key).first()
        if row is None:
            raise NotFound("There is no such agreement.")
        row.valid_until = clock.now()
        row.save()
        audit.record("agreement.end", by=by, kind="agreement", subject=key)
    return row


def _entity(slug: str) -> Entity:
    entity = Entity.objects.filter(slug=slug).first()
    if entity is None:
        raise NotFound("No entity is called {slug}.", slug=slug)
    return entity


def _known_brands(brands: Sequence[str]) -> None:
    """Raise NotFound when one of ``brands`` is none of the group's."""
    known = sorted(Brand.objects.values_list("slug", flat=True))
    if wrong := [brand for brand in brands if brand not in known]:
        raise NotFound(
            "No brand is called {slug}.",
            hint="There are: {known}.",
            slug=wrong[0][:60],
            known=", ".join(known) or Phrase("none yet"),
        )


# --- accounts ---------------------------------------------------------------------------------------------------------


def add_user(
    email: str, name: str, *, role: str, by: str, password: str | None = None, entities: Sequence[str] = (),
    brands: Sequence[str] = (), language: str = "fr", sample: bool = False,
) -> tuple[User, str]:  # fmt: skip
    """Make an account with one role; return it with its password (made up when none is given)."""
    if role not in Role.values:
        raise UsageError(
            "There is no role called {role}.", hint="Roles: {known}.", role=role, known=", ".join(Role.values)
        )
    said = password or secrets.token_urlsafe(12)
    with transaction.atomic():
        if User.objects.filter(email=email.lower()).exists():
            raise Conflict("There is already an account for this address.")
        user = User(email=email.lower(), name=name, language=language, sample=sample)
        if password:
            try:
                validate_password(password, user)
            except ValidationError as error:
                raise UsageError("{why}", why=" ".join(error.messages)) from None
        user.set_password(said)
        user.save()
        grant(str(user.id), role, by=by, entities=entities, brands=brands)
        audit.record("user.add", by=by, kind="user", subject=str(user.id), role=role)
    return user, said


def grant(user: str, role: str, *, by: str, entities: Sequence[str] = (), brands: Sequence[str] = ()) -> None:
    """Give a role to a user, for some entities (none named: all), capped to some brands (none named: all).

    Raises UsageError when there is no such role, NotFound when there is no such account, entity or brand.
    """
    if role not in Role.values:
        raise UsageError(
            "There is no role called {role}.", hint="Roles: {known}.", role=role, known=", ".join(Role.values)
        )
    with transaction.atomic():
        if not User.objects.filter(pk=user).exists():
            raise NotFound("There is no such account.")
        _known_brands(brands)
        for slug in dict.fromkeys(entities) or (None,):
            alike = Grant.objects.filter(user_id=user, role=role, entity__slug=slug) if slug else None
            alike = alike if alike is not None else Grant.objects.filter(user_id=user, role=role, entity=None)
            if any(sorted(row.brands) == sorted(brands) for row in alike):
                continue  # it is held already
            Grant.objects.create(user_id=user, role=role, entity=_entity(slug) if slug else None, brands=list(brands))
        audit.record(
            "user.grant", by=by, kind="user", subject=user, role=role, entities=list(entities), brands=list(brands)
        )


def revoke(user: str, grant_id: str, *, by: str) -> None:
    """Take a role away."""
    with transaction.atomic():
        row = Grant.objects.select_related("entity").filter(user_id=user, pk=grant_id).first()
        if row is None:
            raise NotFound("There is no such role to take away.")
        entities = [row.entity.slug] if row.entity else []
        row.delete()
        audit.record(
            "user.revoke", by=by, kind="user", subject=user, role=row.role, entities=entities, brands=list(row.brands)
        )


def set_active(user: str, active: bool, *, by: str) -> User:
    """Close an account, or open it again."""
    with transaction.atomic():
        row = User.objects.filter(pk=user).first()
        if row is None:
            raise NotFound("There is no such account.")
        row.is_active = active
        row.save()
        audit.record("user.open" if active else "user.close", by=by, kind="user", subject=user)
    return row


# --- keys -------------------------------------------------------------------------------------------------------------


def make_key(
    asking: Caller,
    name: str,
    *,
    role: str,
    scopes: Sequence[str],
    entities: Sequence[str] = (),
    brands: Sequence[str] = (),
) -> tuple[ApiKey, str]:
    """Make an API key; the word returned beside it is shown once and never kept.

    A key gives no other key a scope that it lacks. Raises Refused, UsageError, NotFound.
    """
    access.must(asking, "administrator")
    access.administer(asking)
    if asking.scopes is not None and (wrong := [scope for scope in scopes if scope not in asking.scopes]):
        raise Refused("This key has no scope {scope}.", hint="Ask for a key that has it.", scope=wrong[0])
    if wrong := [scope for scope in scopes if scope not in SCOPES]:
        raise UsageError(
            "There is no scope called {scope}.", hint="Scopes: {known}.", scope=wrong[0], known=", ".join(SCOPES)
        )
    if role not in Role.values:
        raise UsageError("There is no role called {role}.", role=role)
    for slug in entities:
        _entity(slug)
    _known_brands(brands)
    said = f"fr_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name[:100], prefix=said[:12], digest=hashlib.sha256(said.encode()).hexdigest(), role=role,
            scopes=list(scopes), entities=list(entities), brands=list(brands),
        )  # fmt: skip
        audit.record("key.make", by=asking.by, kind="key", subject=key.prefix, scopes=list(scopes))
    return key, said


def revoke_key(asking: Caller, prefix: str) -> None:
    """Revoke an API key, at once."""
    access.must(asking, "administrator")
    access.administer(asking)
    with transaction.atomic():
        if not ApiKey.objects.filter(prefix=prefix, revoked_at=None).update(revoked_at=clock.now()):
            raise NotFound("There is no such key in use.")
        audit.record("key.revoke", by=asking.by, kind="key", subject=prefix)
