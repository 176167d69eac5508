"""What people do with their own account leaves its line: coming in, passwords, the second step, a door that closed."""

from __future__ import annotations

from django.db import transaction

from filrouge.store.models import User
from filrouge.work import audit

ACTS = frozenset({"sign_in", "password", "two_step_on", "two_step_off", "recovery_new", "recovery_used", "locked_out"})


def noted(user: User, act: str, **details: str) -> None:
    """Leave a line saying that ``user`` did ``act`` (one of ``ACTS``) with their own account."""
    if act not in ACTS:
        raise ValueError(f"unknown act {act}")
    with transaction.atomic():
        audit.record(f"user.{act}", by=user.email, kind="user", subject=str(user.pk), **details)


def verified(user: User, address: str) -> None:
    """Keep that the company's sign-in service answers for the ``address`` of ``user``."""
    from allauth.account.models import EmailAddress  # rows may be named once applications are ready

    EmailAddress.objects.update_or_create(user=user, email=address.lower(), defaults={"verified": True})


def locked_out(address: str) -> None:
    """Leave a line saying that the door closed for whoever tried ``address``; only an account of ours is named."""
    user = User.objects.filter(email=address).first()
    if user is not None:
        noted(user, "locked_out")
