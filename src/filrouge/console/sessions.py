"""How long a session lasts: two hours without a click, and twelve hours after signing in whatever happens."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from filrouge.base import clock

BEGAN, SEEN = "began", "seen"  # seconds since 1970, in the session
NEAR = 60  # a click within is not written down
MOVED = "X-Moved"  # the header by which a page that moves asks anew for what it shows: nobody clicked


class SessionMiddleware:
    """Close a session that is too old, or was left alone for too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.get_response(request)
        now, session = int(clock.now().timestamp()), request.session
        began, seen = session.get(BEGAN, now), session.get(SEEN, now)
        if now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE:
            logout(request)
            messages.info(request, _("You were signed out after a while without a click: sign in again."))
            return _to_the_door(request)
        if (BEGAN not in session or now - seen > NEAR) and MOVED not in request.headers:
            session[BEGAN], session[SEEN] = began, now
        return self.get_response(request)


def came_from(request: HttpRequest) -> str:
    """Return the page that a form was sent from, home when that is none of ours."""
    target = request.POST.get("next") or request.headers.get("Referer", "/")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"


def _to_the_door(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in page and back; htmx is told to load the whole page, not to put it inside another."""
    partial = "HX-Request" in request.headers
    back = request.headers.get("HX-Current-URL", "/") if partial else request.get_full_path()
    if request.method != "GET":
        back = came_from(request)  # an act's own address shows nothing
    elif not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = "/"
    address = f"{reverse('account_login')}?{urlencode({'next': back})}"
    if partial:
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = address
        return answer
    return HttpResponseRedirect(address)
