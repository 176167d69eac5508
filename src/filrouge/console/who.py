"""Who is at the console: their roles, read once a request."""

from __future__ import annotations

from django.http import HttpRequest


def roles_of(request: HttpRequest) -> frozenset[str]:
    """Return the roles of whoever sends ``request``, none when they have not signed in."""
    held = getattr(request, "_filrouge_roles", None)
    if held is None:
        user = request.user
        held = frozenset(user.grants.values_list("role", flat=True)) if user.is_authenticated else frozenset[str]()
        request._filrouge_roles = held  # type: ignore[attr-defined]
    return frozenset(held)
