"""Where the API answers."""

from __future__ import annotations

from django.urls import path

from filrouge.api import erasures, people, sources, verdicts
from filrouge.api.door import api

api.add_router("/people", people.router)
api.add_router("/erasures", erasures.router)
api.add_router("/sources", sources.router)
api.add_router("", verdicts.router)

urlpatterns = [path("api/v1/", api.urls)]
