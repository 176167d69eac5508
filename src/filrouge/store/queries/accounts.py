"""Accounts, their roles, API keys and saved views."""

from __future__ import annotations

from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import ApiKey, SavedView, User


def users() -> list[User]:
    """Return every account with its roles."""
    return list(User.objects.prefetch_related("grants__entity"))


def called(by: str) -> str:
    """Return the name of the account of an address, which is what colleagues know each other by; else the address."""
    return User.objects.filter(email__iexact=by).values_list("name", flat=True).first() or by or "?"


def user(key: str) -> User | None:
    """Return one account."""
    return User.objects.prefetch_related("grants__entity").filter(pk=key).first()


def keys() -> list[ApiKey]:
    """Return every API key, the revoked ones last."""
    return sorted(ApiKey.objects.all(), key=lambda key: (key.revoked_at is not None, key.name))


def views(caller: Caller, page: str) -> list[SavedView]:
    """Return the views that the caller saved for a page."""
    return list(SavedView.objects.filter(user_id=caller.user_id, page=page)) if caller.user_id else []
