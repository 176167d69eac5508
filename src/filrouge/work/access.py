"""The only way to obtain a thing for a person: who asks is worked out here, and an opening leaves its line."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import NotFound, Refused, UsageError
from filrouge.domain.privacy.caller import OWNER, Caller
from filrouge.store.models import ApiKey, Brand, Entity, User
from filrouge.store.queries import group, people
from filrouge.work import audit

__all__ = ["OWNER", "caller", "caller_of_key", "must", "person"]

SAME_OPENING = timedelta(minutes=5)  # a page refreshed within is the same opening
_recent: dict[tuple[str, str], datetime] = {}


def caller(user: User, *, purpose: str | None = None) -> Caller:
    """Return the signed-in ``user`` as someone who asks."""
    return group.caller_of(user, at=clock.now(), purpose=purpose)


def caller_of_key(presented: str, *, known: ApiKey | None = None, purpose: str | None = None) -> Caller:
    """Return the API key ``presented`` (``known``: looked up already) as someone who asks.

    Raises Refused when it is not, or no longer, a key.
    """
    key = known or key_of(presented)
    now = clock.now()
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return group.caller_of_key(key, at=now, purpose=purpose)


def key_of(presented: str) -> ApiKey:
    """Return the API key whose word is ``presented``. Raises Refused when it is not, or no longer, a key."""
    key = ApiKey.objects.filter(prefix=presented[:12], revoked_at=None).first()
    digest = hashlib.sha256(presented.encode()).hexdigest()
    if key is None or not hmac.compare_digest(key.digest, digest):
        raise Refused("This key is not known.", hint="Ask an administrator for a valid one.")
    return key


def must(asking: Caller, *roles: str, scope: str = "") -> None:
    """Raise Refused unless the caller holds one of ``roles`` (or administers), and the scope when it is a key."""
    if roles and not asking.has(*roles):
        raise Refused("Your role does not open this.", hint="Ask an administrator if you need it.")
    if scope and asking.scopes is not None and scope not in asking.scopes:
        raise Refused("This key has no scope {scope}.", hint="Ask for a key that has it.", scope=scope)


def person(asking: Caller, key: str, *, opening: str = "page") -> people.Page:
    """Return the page of a person; leave a line that it was opened.

    Raises NotFound when there is nobody, or nobody whom the caller may see.
    """
    if not asking.opens_pages():
        raise Refused("Your role sees figures, not people.", hint="Ask an administrator if you need more.")
    found = people.page(str(uuid.UUID(key)), asking, at=clock.now()) if is_id(key) else None
    if found is None:
        raise NotFound("No person is here.", hint="Look the person up by name, e-mail or phone.")
    opened(asking, found.view.id, opening)
    return found


def knows(asking: Caller, key: str) -> bool:
    """Tell whether ``key`` is the id of somebody whom the caller may see; nothing is opened."""
    return is_id(key) and people.named(str(uuid.UUID(key)), asking, at=clock.now()) is not None


def opened(asking: Caller, key: str, opening: str) -> None:
    """Leave a line that what is known of a person was told to the caller; again within minutes, it is the same."""
    now = clock.now()
    last = _recent.get((asking.by, key))
    if last is not None and now - last < SAME_OPENING:
        return
    with transaction.atomic():
        audit.record(
            "person.open", by=asking.by, kind="person", subject=key, door=opening, purpose=asking.perimeter.purpose
        )
    if len(_recent) > 10_000:
        _recent.clear()
    _recent[(asking.by, key)] = now


def acting_for(asking: Caller, entity: str, *, purpose: str) -> Caller:
    """Return the caller as they act for ``entity`` alone, under ``purpose``: its data and what agreements open to it.

    Raises Refused when they do not act for it.
    """
    narrowed = group.acting_for(asking, entity, at=clock.now(), purpose=purpose)
    if narrowed is None:
        raise Refused("You do not act for {entity}.", hint="Choose an entity of yours.", entity=entity)
    return narrowed


WRITERS = ("advisor", "sales", "privacy")


def origin(
    asking: Caller, found: people.Page, entity: str = "", brand: str = "", *, roles: Sequence[str] = WRITERS
) -> tuple[str, str]:
    """Return the entity and brand on whose behalf the caller acts for a person, in one of ``roles``.

    The one named if the caller acts for it, else the first of the person's records that they act for, else their own.
    No brand means the whole entity, which a role capped to brands does not act for. Raises Refused, UsageError.
    """
    sees = asking.perimeter
    if brand and not Brand.objects.filter(slug=brand).exists():
        raise UsageError("No brand is called {brand}.", hint="Choose a brand of the group.", brand=brand[:60])
    if entity and brand and sees.acts(entity, brand, *roles):
        return entity, brand
    whole = sees.holds(*roles)
    if entity and not brand and (sees.everything or entity in whole):
        return entity, ""
    known = ((record.entity, record.brand) for record in found.view.records if not entity or record.entity == entity)
    if not (entity and brand) and (own := next((pair for pair in known if sees.acts(*pair, *roles)), None)):
        return own
    if entity and brand and any(entity in rule.own and rule.role in (*roles, "administrator") for rule in sees.rules):
        raise Refused("You do not act for the brand {brand}.", hint="Choose a brand of yours.", brand=brand)
    if entity:
        raise Refused("You do not act for {entity}.", hint="Choose an entity of yours.", entity=entity[:60])
    if not whole:
        raise Refused("You act for no entity.", hint="Ask an administrator for a role.")
    return sorted(whole)[0], ""


def administer(asking: Caller) -> None:
    """Raise Refused unless the caller administers the whole group: accounts and keys open all of it."""
    if asking.perimeter.everything:
        return
    known = set(Entity.objects.values_list("slug", flat=True))
    if not asking.perimeter.holds("administrator") >= known:
        raise Refused(
            "Accounts and keys are managed by an administrator of the whole group.",
            hint="Ask one of them.",
        )


def is_id(text: Any) -> bool:
    """Tell whether ``text`` has the form of an id."""
    try:
        uuid.UUID(str(text))
    except ValueError:
        return False
    return True
