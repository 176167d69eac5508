"""The API object: who asks (a bearer key), the one shape of error, and the routes of each noun."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request, gettext, override
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.security import HttpBearer

from filrouge import __version__
from filrouge.api.idempotency import KNOWN
from filrouge.base.errors import DefinitionError, FilrougeError, NotFound, Refused, UsageError
from filrouge.base.text import kept, whole
from filrouge.domain.privacy.caller import Caller
from filrouge.work import access


class Key(HttpBearer):
    """A bearer key; it becomes the caller whom every route asks as."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        word, known = request.META.get(KNOWN, ("", None))
        try:
            return access.caller_of_key(token, known=known if word == token else None)
        except Refused:
            return None


class Letters(Parser):
    """Bodies as JSON objects, without what no database keeps."""

    def parse_body(self, request: HttpRequest) -> Any:
        said = kept(super().parse_body(request))
        if not isinstance(said, dict):  # a list would be taken for an object that says nothing
            raise TypeError
        return said


api = NinjaAPI(
    title="Filrouge",
    version=__version__,
    description="Everything that the console can do, for programs. Keys carry scopes, entities and brands.",
    auth=Key(),
    parser=Letters(),
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="api",
)


def problem(request: HttpRequest, status: int, title: str, detail: str = "", **more: Any) -> HttpResponse:
    """Return a problem of RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": request.path, **more}
    response = api.create_response(request, body, status=status)
    response["Content-Type"] = "application/problem+json"
    return response


def unknown(request: HttpRequest) -> HttpResponse:
    """Return what is told to whoever brings no key, or one that is not in use."""
    return problem(request, 401, "A key is needed.", "Send `Authorization: Bearer …` with a key that is in use.")


@csrf_exempt
def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """Tell a program that there is nothing at an address of the API, in the one shape of errors."""
    return _told(request, NotFound("There is nothing here.", hint="The addresses stand in /api/v1/openapi.json."))


def reading(request: HttpRequest) -> AbstractContextManager[None]:
    """Say things in the language that the program asks for, English when it asks for none."""
    asked = get_language_from_request(request)[:2] if "Accept-Language" in request.headers else "en"
    return override(asked)


@api.exception_handler(FilrougeError)
def _told(request: HttpRequest, error: FilrougeError) -> HttpResponse:
    with reading(request):
        title, detail = error.said(gettext)
        more = {"faults": list(error.faults_said(gettext))} if isinstance(error, DefinitionError) else {}
    return problem(request, error.status, title, detail, **more)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}" for fault in error.errors]
    return problem(request, 422, "The request holds faults.", "Mend what is named and send it again.", faults=faults)


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 401:
        return unknown(request)
    return problem(request, error.status_code, str(error))


@api.exception_handler(Exception)
def _fault(request: HttpRequest, error: Exception) -> HttpResponse:
    from ninja.errors import AuthenticationError

    if isinstance(error, AuthenticationError):
        return unknown(request)
    if type(error).__name__ == "Http404":
        return _told(request, NotFound("There is nothing here."))
    import logging

    logging.getLogger("filrouge.api").error("fault in %s: %s", request.resolver_match, type(error).__name__)
    return problem(
        request, 500, "Something went wrong on our side.", "Try again; if it goes on, tell the administrator."
    )


def start_of(cursor: str) -> int | None:
    """Return the number that ``cursor`` holds, None without a cursor. Raises UsageError when it holds none."""
    found = whole(cursor) if cursor else None
    if cursor and found is None:
        raise UsageError("This cursor is not one that was given.", hint="Start again without a cursor.")
    return found


def caller(request: HttpRequest) -> Caller:
    """Return who asks."""
    return cast("Caller", request.auth)  # type: ignore[attr-defined]
