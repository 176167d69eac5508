"""What went wrong, told in words: a page for each kind of refusal, without anything technical."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base.errors import DefinitionError, FilrougeError, Phrase
from filrouge.base.errors import told as told_again
from filrouge.console.templatetags import say
from filrouge.work import disk

log = logging.getLogger("filrouge.console")


class ErrorMiddleware:
    """Turn a FilrougeError into a page: what happened, what to do, and the status that goes with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 405 and not request.path.startswith("/api/"):
            return _only_acts(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, FilrougeError):
            full = disk.full(error)
            return told(request, full) if full else None
        if error.status >= 500:
            log.error("%s on %s", type(error).__name__, request.resolver_match and request.resolver_match.view_name)
        return told(request, error)


def told(request: HttpRequest, error: FilrougeError) -> HttpResponse:
    """Return the page that tells ``error`` in the reader's language."""
    message, hint = sentence(error)
    context = {
        "message": message,
        "hint": hint,
        "faults": error.faults_said(_) if isinstance(error, DefinitionError) else (),
        "title": _TITLES.get(error.status, _TITLES[500])(),
    }
    return render(request, "console/errors/told.html", context, status=error.status)


def sentence(error: FilrougeError) -> tuple[str, str]:
    """Return the message and the hint of ``error`` in the language of the moment."""
    return error.said(_, say.short_day)


def phrase(part: Phrase) -> str:
    """Return a piece of a sentence in the language of the moment."""
    return _(part.template).format(**part.params)


def recalled(trouble: Mapping[str, Any]) -> str:
    """Return what was kept of an error, in the language of the moment."""
    return " ".join(part for part in told_again(trouble, _) if part)


_TITLES: dict[int, Callable[[], str]] = {
    400: lambda: _("This request cannot be understood"),
    403: lambda: _("You may not do this"),
    404: lambda: _("Nothing here"),
    405: lambda: _("There is no page here"),
    409: lambda: _("Something changed meanwhile"),
    422: lambda: _("This needs mending"),
    500: lambda: _("Something broke on our side"),
    502: lambda: _("A system does not answer"),
    503: lambda: _("Our own storage is in trouble"),
}


def _page(request: HttpRequest, status: int, message: str, hint: str, **more: str) -> HttpResponse:
    context = {"title": _TITLES[status](), "message": message, "hint": hint, "faults": (), **more}
    return render(request, "console/errors/told.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400, _("The address or the form holds something unexpected."), _("Go back and try again."))


def _only_acts(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    """Told where only a form is taken: an address typed, kept, or come back to after signing in."""
    person = request.resolver_match.kwargs.get("person_id", "") if request.resolver_match else ""
    page = _page(
        request,
        405,
        _("This address takes what a form sends; nothing was done."),
        _("Go back to the page of the form and send it from there."),
        person=reverse("person", args=[person]) if person else "",
    )
    page["Allow"] = response.get("Allow", "POST")
    return page


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request, 403, _("Your role does not open this page."), _("Ask an administrator if you need it for your work.")
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        404,
        _("There is nothing at this address, or nothing that you may see."),
        _("Search for it, or go back to the home page."),
    )


def broken(request: HttpRequest) -> HttpResponse:
    """The last resort: it needs neither database nor session."""
    return render(None, "console/errors/broken.html", {}, status=500)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Told when a form's token is missing or too old."""
    return _page(
        request,
        403,
        _("It was open for too long."),
        _("Go back, reload the page and send it again."),
        title=_("This form has to be sent again"),
    )
