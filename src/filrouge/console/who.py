"""Who is at the console: themselves as a caller, their perimeter and roles, read once a request."""

from __future__ import annotations

from django.http import HttpRequest

from filrouge.base import clock
from filrouge.base.errors import Refused
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import group


def caller(request: HttpRequest) -> Caller:
    """Return whoever sends ``request`` as someone who asks, with what their grants open now."""
    held: Caller | None = getattr(request, "_filrouge_caller", None)
    if held is None:
        if not request.user.is_authenticated:
            raise Refused("Sign in first.")
        held = group.caller_of(request.user, at=clock.now())
        request._filrouge_caller = held  # type: ignore[attr-defined]
    return held


def roles_of(request: HttpRequest) -> frozenset[str]:
    """Return the roles of whoever sends ``request``, none when they have not signed in."""
    return caller(request).perimeter.roles if request.user.is_authenticated else frozenset()


def require(request: HttpRequest, *roles: str) -> Caller:
    """Return the caller when they hold one of ``roles``.

    Raises Refused otherwise.
    """
    asking = caller(request)
    if not asking.has(*roles):
        raise Refused("Your role does not open this page.", hint="Ask an administrator if you need it for your work.")
    return asking


def opens_pages(request: HttpRequest) -> Caller:
    """Return the caller when they may open one person's page.

    Raises Refused otherwise.
    """
    asking = caller(request)
    if not asking.opens_pages():
        raise Refused(
            "Your role reads sums, not one person's page.", hint="Ask an administrator if you need it for your work."
        )
    return asking
