"""How the reader wants to read: their language and their light, kept in a cookie."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from filrouge.console.reader import LANGUAGES, THEME_COOKIE, THEMES

YEAR = 365 * 24 * 3600


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen and go back to the page it was chosen on."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    chosen = {settings.LANGUAGE_COOKIE_NAME: ("language", LANGUAGES), THEME_COOKIE: ("theme", THEMES)}
    for cookie, (field, allowed) in chosen.items():
        if (value := request.POST.get(field, "")) in allowed:
            # The theme's script reads its cookie before the first paint; neither says who the reader is.
            response.set_cookie(cookie, value, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response
