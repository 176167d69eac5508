"""The console's addresses."""

from __future__ import annotations

from django.urls import URLPattern, path

from filrouge.console.pages import (
    accounts,
    audit,
    baselines,
    companies,
    erasures,
    followups,
    gestures,
    home,
    people,
    reader,
    sources,
)

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("search", people.search, name="search"),
    path("people", people.search, name="people"),
    path("people/<str:person_id>", people.show, name="person"),
    path("people/<str:person_id>/records", people.records, name="person-records"),
    path("people/<str:person_id>/notes", gestures.add_note, name="note-add"),
    path("people/<str:person_id>/promises", gestures.make_promise, name="promise-make"),
    path("people/<str:person_id>/follow-ups", gestures.add_followup, name="followup-add"),
    path("people/<str:person_id>/objections", gestures.object_to, name="objection"),
    path("people/<str:person_id>/correct/<str:attribute>", gestures.correct, name="correct"),
    path("people/<str:person_id>/erase", erasures.erase, name="erase"),
    path("notes/<uuid:note_id>/remove", gestures.remove_note, name="note-remove"),
    path("promises/<uuid:promise_id>/close", gestures.close_promise, name="promise-close"),
    path("corrections/<uuid:correction_id>/undo", gestures.undo_correction, name="correction-undo"),
    path("follow-ups/<uuid:followup_id>/close", gestures.close_followup, name="followup-close"),
    path("follow-ups/<uuid:followup_id>/reopen", gestures.reopen_followup, name="followup-reopen"),
    path("follow-ups/<uuid:followup_id>/postpone", gestures.postpone_followup, name="followup-postpone"),
    path("follow-ups/<uuid:followup_id>/take", gestures.take_followup, name="followup-take"),
    path("follow-ups", followups.followups, name="followups"),
    path("companies", companies.index, name="companies"),
    path("companies/<str:key>", companies.show, name="company"),
    path("sources", sources.index, name="sources"),
    path("sources/<slug:name>", sources.show, name="source"),
    path("sources/<slug:name>/run", sources.start, name="source-run"),
    path("sources/<slug:name>/pause", sources.pause, name="source-pause"),
    path("sources/<slug:name>/resume", sources.resume, name="source-resume"),
    path("runs/<str:run_id>", sources.run, name="run"),
    path("runs/<str:run_id>/undo", sources.undo, name="run-undo"),
    path("audit", audit.index, name="audit"),
    path("audit/verify", audit.verify, name="audit-verify"),
    path("accounts", accounts.index, name="users"),
    path("accounts/<uuid:user_id>/active", accounts.set_active, name="user-active"),
    path("keys/<str:prefix>/revoke", accounts.revoke_key, name="key-revoke"),
    path("baselines", baselines.index, name="baselines"),
    path("c/by-phone/<str:e164>", people.by_phone, name="by-phone"),
    path("reader", reader.choose, name="reader"),
]
