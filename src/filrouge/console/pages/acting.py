"""What acts share: done once by POST, told by a toast with its undo, a refusal told on the page it came from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from filrouge.base import clock
from filrouge.base.errors import Conflict, UsageError
from filrouge.console import slips
from filrouge.console.errors import sentence
from filrouge.console.sessions import came_from
from filrouge.console.templatetags.say import zone

View = Callable[..., HttpResponse]


def act(view: View) -> View:
    """Make ``view`` an act: by POST, signed in, once; what was written wrongly is told on the page it came from.

    Whoever has signed out meanwhile signs in and comes back to that page: the act's own address shows nothing.
    """
    once = slips.once(view)

    @wraps(view)
    def acted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            messages.info(request, _("You were signed out: sign in, then send the form again."))
            return redirect_to_login(came_from(request))
        try:
            return once(request, *args, **kwargs)
        except (UsageError, Conflict) as error:
            messages.error(request, " ".join(part for part in sentence(error) if part))
            return back(request)

    return require_POST(acted)


def done(request: HttpRequest, said: str, *, undo: str = "", to: str = "") -> HttpResponse:
    """Tell that something was done, how to undo it, and go back to the page (or to ``to``)."""
    slips.tell(request, said, undo)
    return HttpResponseRedirect(to) if to else back(request)


def back(request: HttpRequest) -> HttpResponse:
    """Go back to the page that the act was done on."""
    return HttpResponseRedirect(came_from(request))


def day_of(request: HttpRequest, field: str = "due") -> datetime:
    """Return the evening of the day written in ``field``, in the zone of the screens; its end once the evening is past.

    Raises UsageError when it is no date.
    """
    try:
        written = datetime.fromisoformat(request.POST.get(field, ""))
    except ValueError:
        raise UsageError("This is not a date.", hint="Choose a day in the calendar.") from None
    evening = datetime.combine(written.date(), time(18), zone())
    now = clock.now()
    return (
        evening.replace(hour=23, minute=59)
        if evening <= now and now.astimezone(zone()).date() == written.date()
        else evening
    )
