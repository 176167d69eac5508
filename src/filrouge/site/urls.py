"""All addresses: each door brings its own."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from filrouge.console.signin import absent, by_service

# No mail is sent and no address is changed by its bearer: what the library offers for these does not exist here.
ABSENT = (
    "email/", "confirm-email/", "confirm-email/<str:key>/", "password/set/", "password/reset/", "password/reset/done/",
    "password/reset/key/done/", "password/reset/key/<path:key>", "login/code/confirm/", "3rdparty/",
    "social/connections/",
)  # fmt: skip

urlpatterns = [
    path("", include("filrouge.console.urls")),
    path("", include("filrouge.api.urls")),
    path("account/signup/", RedirectView.as_view(pattern_name="account_login"), name="account_signup"),
    *(path(f"account/{address}", absent) for address in ABSENT),
    path("account/oidc/<str:provider_id>/login/", by_service),
    path("account/oidc/<str:provider_id>/login/callback/", by_service, {"back": True}),
    path("account/", include("allauth.urls")),
]

handler400 = "filrouge.console.errors.bad_request"
handler403 = "filrouge.console.errors.forbidden"
handler404 = "filrouge.console.errors.not_found"
handler500 = "filrouge.console.errors.broken"
