"""Where the API answers."""

from __future__ import annotations

from django.urls import path

from filrouge.api import (
    accounts,
    acquisitions,
    calls,
    companies,
    drafts,
    erasures,
    followup_rules,
    followups,
    layers,
    matches,
    people,
    plans,
    pushes,
    quarantine,
    reviews,
    scores,
    segments,
    senders,
    sources,
    trust,
    verdicts,
)
from filrouge.api.door import api, nowhere

api.add_router("/people", matches.router)  # before /people/{person}
api.add_router("/people", people.router)
api.add_router("/people", scores.of_people)
api.add_router("/scores", scores.router)
api.add_router("/companies", companies.router)
api.add_router("/follow-ups", followup_rules.router)
api.add_router("/follow-ups", followups.router)
api.add_router("/erasures", erasures.router)
api.add_router("/reviews", reviews.router)
api.add_router("/sources", sources.router)
api.add_router("/drafts", drafts.router)
api.add_router("/segments", segments.router)
api.add_router("/pushes", pushes.router)
api.add_router("/destinations", pushes.places)
api.add_router("/senders", senders.router)
api.add_router("/senders", plans.router)
api.add_router("/senders", quarantine.router)
api.add_router("/accounts", accounts.router)
api.add_router("/acquisitions", acquisitions.router)
api.add_router("", trust.router)
api.add_router("", verdicts.router)
api.add_router("", layers.router)
api.add_router("", calls.router)

urlpatterns = [path("api/v1/", api.urls), path("api/v1/<path:rest>", nowhere)]
