"""All addresses: each door brings its own."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", include("filrouge.console.urls")),
    path("", include("filrouge.api.urls")),
    path("account/signup/", RedirectView.as_view(pattern_name="account_login"), name="account_signup"),
    path("account/", include("allauth.urls")),
]

handler400 = "filrouge.console.errors.bad_request"
handler403 = "filrouge.console.errors.forbidden"
handler404 = "filrouge.console.errors.not_found"
handler500 = "filrouge.console.errors.broken"
