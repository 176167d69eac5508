"""The reader's language: what they chose, else their account's, else their browser's, else French."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

LANGUAGES = ("fr", "en")
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "filrouge_theme"


class ReaderMiddleware:
    """Say everything of one request in the reader's language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = language_of(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", language)
        return response


def language_of(request: HttpRequest) -> str:
    """Return "fr" or "en"."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in LANGUAGES:
        return chosen
    if request.user.is_authenticated and request.user.language in LANGUAGES:
        return str(request.user.language)
    accepted = translation.get_language_from_request(request)[:2]
    return accepted if accepted in LANGUAGES else "fr"


def theme_of(request: HttpRequest) -> str:
    """Return "auto", "light" or "dark"."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "auto"
