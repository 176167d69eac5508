"""What comes in by the doors holds only letters that every database keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase

from filrouge.base.text import kept


class LettersMiddleware:
    """Take out of an address, its parameters and a form what no database keeps; the API does so with its bodies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Runs once the form's token was checked."""
        kwargs.update({name: kept(value) for name, value in kwargs.items()})
        request.GET = _kept(request.GET)  # type: ignore[assignment]
        if request.method == "POST" and not request.path.startswith("/api/"):
            request.POST = _kept(request.POST)  # type: ignore[assignment]


def _kept(given: QueryDict) -> QueryDict:
    found = {name: values for name, values in given.lists() if kept([name, *values]) != [name, *values]}
    if not found:
        return given
    clean = given.copy()
    for name, values in found.items():
        del clean[name]
        clean.setlist(kept(name), kept(values))
    return clean
