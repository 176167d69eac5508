"""What can be written about a person: notes, promises, follow-ups, corrections, objections."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from filrouge.base.errors import NotFound, UsageError
from filrouge.base.text import fold, whole
from filrouge.console import words
from filrouge.console.errors import sentence
from filrouge.console.names import entity as entity_name
from filrouge.console.pages.acting import act, day_of, done
from filrouge.console.slips import once
from filrouge.console.templatetags import say
from filrouge.console.templatetags.show import said
from filrouge.console.who import caller
from filrouge.domain.profiles import ATTRIBUTES
from filrouge.domain.sources.codes import code_of, codes
from filrouge.store.queries.people import address
from filrouge.work import access, consents, corrections, followups, notes, promises
from filrouge.work.lengths import REASON, fits


@act
def add_note(request: HttpRequest, person_id: str) -> HttpResponse:
    note = notes.add(caller(request), person_id, request.POST.get("text", ""))
    return done(request, _("The note is kept."), undo=reverse("note-remove", args=[note.id]))


@act
def remove_note(request: HttpRequest, note_id: UUID) -> HttpResponse:
    notes.remove(caller(request), str(note_id))
    return done(request, _("The note is removed."))


@act
def make_promise(request: HttpRequest, person_id: str) -> HttpResponse:
    due = day_of(request)
    promises.make(caller(request), person_id, request.POST.get("text", ""), due, bars=request.POST.get("bars", ""))
    return done(request, _("Promised for %(day)s.") % {"day": say.day(due)})


@act
def close_promise(request: HttpRequest, promise_id: UUID) -> HttpResponse:
    state = request.POST.get("state", "")
    promises.close(caller(request), str(promise_id), state)
    return done(request, _("The promise is closed: %(state)s.") % {"state": words.say(state, "promise")})


@act
def add_followup(request: HttpRequest, person_id: str) -> HttpResponse:
    due = day_of(request)
    kind = request.POST.get("kind", "call")
    made = followups.add(
        caller(request),
        person_id,
        request.POST.get("subject", ""),
        due,
        kind=kind,
        anyway=request.POST.get("anyway") == "1",
    )
    return done(
        request,
        _("Planned for %(day)s.") % {"day": say.day(due)},
        undo=f"{reverse('followup-close', args=[made.id])}?state=cancelled",
    )


@act
def close_followup(request: HttpRequest, followup_id: UUID) -> HttpResponse:
    state = request.POST.get("state") or request.GET.get("state", "")
    followups.close(caller(request), str(followup_id), state, outcome=request.POST.get("outcome", ""))
    return done(
        request,
        _("The follow-up is %(state)s.") % {"state": words.say(state, "state")},
        undo=reverse("followup-reopen", args=[followup_id]),
    )


@act
def reopen_followup(request: HttpRequest, followup_id: UUID) -> HttpResponse:
    followups.reopen(caller(request), str(followup_id))
    return done(request, _("The follow-up is to do again."))


@act
def postpone_followup(request: HttpRequest, followup_id: UUID) -> HttpResponse:
    days = whole(request.POST.get("days") or "7") or 0
    moved = followups.postpone(caller(request), str(followup_id), days)
    return done(request, _("Moved to %(day)s.") % {"day": say.day(moved.due_at)})


@act
def take_followup(request: HttpRequest, followup_id: UUID) -> HttpResponse:
    followups.take(caller(request), str(followup_id))
    return done(request, _("The follow-up is yours."))


@act
def claim_owner(request: HttpRequest, followup_id: UUID) -> HttpResponse:
    """Keep that the owner whom a system names is the reader."""
    word = followups.claim(caller(request), str(followup_id))
    undo = f"{reverse('owner-disclaim')}?{urlencode({'word': word})}"
    return done(request, _("What is “%(word)s”’s is yours.") % {"word": word}, undo=undo)


@act
def disclaim_owner(request: HttpRequest) -> HttpResponse:
    word = request.POST.get("word") or request.GET.get("word", "")
    followups.disclaim(caller(request), word)
    return done(request, _("What is “%(word)s”’s is no longer yours.") % {"word": word})


@act
def object_to(request: HttpRequest, person_id: str) -> HttpResponse:
    """Record that a person objects to marketing by a channel, for one entity, at once."""
    entity, channel = request.POST.get("entity", ""), request.POST.get("channel", "")
    consents.record(
        caller(request),
        person_id,
        purpose="marketing",
        channel=channel,
        state="objected",
        entity=entity,
        method="console",
        evidence=request.POST.get("evidence", ""),
    )
    told = _("%(entity)s no longer solicits this person by %(channel)s.")
    return done(request, told % {"entity": entity_name(entity), "channel": words.say(channel, "channel")})


@login_required
@once
def correct(request: HttpRequest, person_id: str, attribute: str) -> HttpResponse:
    """Set a value that the sources have wrong; it comes first until it is taken back."""
    asking = caller(request)
    page = access.person(asking, person_id)
    if attribute not in ATTRIBUTES or attribute == "company":
        raise NotFound("This information cannot be corrected here.", hint="Correct it in the system that holds it.")
    known = page.view.attributes.get(attribute)
    fault, typed = "", known.best.value if known and not known.best.masked else ""
    if request.method == "POST":
        typed = _typed(request, attribute)
        try:
            made = corrections.correct(
                asking, person_id, attribute, typed, reason=fits(request.POST.get("reason", ""), REASON)
            )
        except UsageError as error:
            fault = " ".join(part for part in sentence(error) if part)
        else:
            undo = reverse("correction-undo", args=[made.id])
            return done(request, _("Corrected."), undo=undo, to=reverse("person", args=[page.view.id]))
    context = {
        "person": page.view,
        "attribute": attribute,
        "known": known,
        "shown": said(known.best.value, attribute) if known else "",
        "typed": typed,
        "fault": fault,
        "kind": {"email": "email", "phone": "tel", "birth_date": "date", "address": "address"}.get(attribute, "text"),
        "place": address(typed) if attribute == "address" else {},
        "choices": _choices(attribute),
        "longest": corrections.longest(attribute),
        "chosen": code_of(attribute, typed),
    }
    return render(request, "console/people/correct.html", context, status=422 if fault else 200)


def _choices(attribute: str) -> list[tuple[str, str]]:
    """Return what a value is chosen from, by name, with its code; nothing when it is written freely."""
    named = [(code, said(code, attribute)) for code in codes(attribute)]
    return sorted(((code, name[:1].upper() + name[1:]) for code, name in named), key=lambda pair: fold(pair[1]))


def _typed(request: HttpRequest, attribute: str) -> str:
    if attribute != "address":
        return request.POST.get("value", "")
    return json.dumps({name: request.POST.get(name, "") for name in corrections.PLACE}, ensure_ascii=False)


@act
def undo_correction(request: HttpRequest, correction_id: UUID) -> HttpResponse:
    row = corrections.undo(caller(request), str(correction_id))
    return redirect("person", person_id=row.person)
