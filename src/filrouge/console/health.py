"""Health, answered before sessions and host checks: is the process alive, and can it serve?"""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase

Answer = Callable[[HttpRequest], HttpResponseBase]


class HealthMiddleware:
    """Answer /livez and /readyz in plain text; leave every other address alone."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/livez":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path == "/readyz":
            return ready()
        return self.get_response(request)


def ready() -> HttpResponse:
    """Return 200 when every database answers, else 503 with the names of those that do not."""
    silent = []
    for alias in connections:
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            silent.append(alias)
    body = f"no answer from: {', '.join(silent)}\n" if silent else "ok\n"
    return HttpResponse(body, status=503 if silent else 200, content_type="text/plain")
