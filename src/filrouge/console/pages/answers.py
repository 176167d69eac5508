"""What an advisor does on the phone: how something said was received, how the call ended, whether the caller is who."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base.text import whole
from filrouge.console import actions as said
from filrouge.console import words
from filrouge.console.pages.acting import act, back, done
from filrouge.console.who import caller
from filrouge.domain.followups.verification import QUESTIONS
from filrouge.work import actions, calls, verification


@act
def answer(request: HttpRequest, person_id: str) -> HttpResponse:
    """Keep how the person received what was said; accepted, with a follow-up where days are given."""
    code, heard = request.POST.get("action", ""), request.POST.get("said", "")
    days = (whole(request.POST.get("days", "")) or 0) if heard == "accepted" else 0
    row = actions.answer(
        caller(request), person_id, code, request.POST.get("cause", ""), heard, reason=request.POST.get("reason", ""),
        follow_up=_("After what was accepted: %(what)s") % {"what": request.POST.get("title", "")[:200]},
        follow_up_in=days,
    )  # fmt: skip
    told = _("Kept: %(what)s, %(how)s.") % {
        "what": said.title(row.action, row.subject, {}).rstrip("."), "how": words.say(row.said, "answer"),
    }  # fmt: skip
    return done(request, told, undo=reverse("action-undo", args=[row.id]))


@act
def undo(request: HttpRequest, outcome_id: UUID) -> HttpResponse:
    actions.undo(caller(request), str(outcome_id))
    return done(request, _("The answer is taken back."))


@act
def end_call(request: HttpRequest, person_id: str) -> HttpResponse:
    """Keep how the call ended; who wants to be called back gets a follow-up for tomorrow."""
    disposition = request.POST.get("disposition", "")
    call = calls.end(
        caller(request), person_id, disposition, text=request.POST.get("text", ""),
        direction=request.POST.get("direction", "in"), again=_("Call back, as asked on the phone"),
    )  # fmt: skip
    told = _("The call is kept: %(end)s.") % {"end": words.say(disposition, "disposition")}
    if call.follow_up:
        told = _("The call is kept: %(end)s. A follow-up is planned for tomorrow.") % {
            "end": words.say(disposition, "disposition")
        }
    return done(request, told, undo=reverse("call-undo", args=[call.id]), to=reverse("person", args=[call.person]))


@act
def undo_call(request: HttpRequest, call_id: UUID) -> HttpResponse:
    calls.undo(caller(request), str(call_id))
    return done(request, _("The end of the call is taken back."))


@act
def verify(request: HttpRequest, person_id: str) -> HttpResponse:
    """Compare what the caller answered with what is known; which answer was wrong is not said."""
    answers = {code: request.POST.get(f"answer-{code}", "") for code in QUESTIONS}
    if verification.check(caller(request), person_id, answers):
        return done(request, _("The caller is verified."))
    messages.error(request, _("These answers do not agree with what is known. Say nothing of the account."))
    return back(request)
