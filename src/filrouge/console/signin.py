"""Signing in: accounts are made by an administrator, failures are counted, the answer never says what was wrong."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from allauth.account import signals as account_signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa import signals as mfa_signals
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthCodeAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from axes.signals import user_locked_out
from django.db.models.signals import post_delete, post_save
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from requests.exceptions import RequestException

from filrouge.work import secrets, signing

log = logging.getLogger("filrouge.console")


class AccountAdapter(DefaultAccountAdapter):
    """No account is made from outside; what goes wrong is said in our words."""

    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The address or the password is not right."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your password."),
        "incorrect_code": _("This code is not right, or no longer."),
        "too_many_login_attempts": _("Too many attempts. Try again in a few minutes."),
        "rate_limited": _("Too many attempts. Try again in a few minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """The company's identity provider opens an account that exists, and makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: Any) -> tuple[Any, str] | None:
        """Return the account of a verified address, and keep that it is verified.

        An unverified one would have its password taken away, as if a stranger had opened the account.
        """
        found: tuple[Any, str] | None = super().authenticate_by_email(sociallogin)
        if found is not None:
            signing.verified(*found)
        return found


class MfaAdapter(DefaultMFAAdapter):
    """What opens the second step is kept sealed."""

    error_messages: ClassVar = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right, or no longer."),
    }

    def encrypt(self, text: str) -> str:
        return secrets.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.unseal(encrypted_text)


def _dress(form: Any, **labels: tuple[Any, str]) -> None:
    """Give each field of a form its label, and what a browser may fill it with."""
    for name, (label, hint) in labels.items():
        field = form.fields[name]
        field.label = label
        field.widget.attrs.pop("placeholder", None)
        field.widget.attrs.update({"class": "form-control", "autocomplete": hint})


class LoginForm(AllauthLoginForm):
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self, login=(_("E-mail"), "username"), password=(_("Password"), "current-password"))
        self.fields["password"].help_text = ""


class ChangePasswordForm(AllauthChangePasswordForm):
    """The password of today, the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(
            self,
            oldpassword=(_("Current password"), "current-password"),
            password1=(_("New password"), "new-password"),
            password2=(_("New password, again"), "new-password"),
        )
        self.fields["oldpassword"].help_text = ""


class ReauthenticateForm(AllauthReauthenticateForm):
    """The password again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self, password=(_("Password"), "current-password"))
        self.fields["password"].help_text = ""


class AuthenticateForm(AllauthAuthenticateForm):
    """The second step: a code of the application, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self, code=(_("Code"), "one-time-code"))
        self.fields["code"].widget.attrs.update({"inputmode": "numeric", "autofocus": True})


class CodeAgainForm(AllauthCodeAgainForm):
    """A code again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self, code=(_("Code"), "one-time-code"))


class ActivateForm(ActivateTOTPForm):
    """The first code of the application."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self, code=(_("Code"), "one-time-code"))
        self.fields["code"].widget.attrs.update({"inputmode": "numeric"})


def attempted_address(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Return the address that someone tries to come in with, for counting failures."""
    given = credentials or {}
    found = given.get("username") or given.get("email") or request.POST.get("login") or ""
    return str(found).strip().lower()[:255]


def locked_out(request: HttpRequest, credentials: Any = None, *_: Any, **__: Any) -> HttpResponse:
    """Return the page that says to come back later."""
    return render(request, "console/errors/locked.html", status=429)


def by_service(request: HttpRequest, provider_id: str, *, back: bool = False) -> HttpResponse:
    """Lead to the company's sign-in service, or take what it answers; one that is silent is told in a sentence."""
    from allauth.socialaccount.providers.openid_connect import views  # rows may be named once applications are ready

    try:
        answer: HttpResponse = (views.callback if back else views.login)(request, provider_id)
    except RequestException as error:
        log.error("the sign-in service does not answer as it should: %s", type(error).__name__)
        return render(request, "socialaccount/authentication_error.html", status=502)
    return answer


def absent(request: HttpRequest, **_: Any) -> HttpResponse:
    """Answer for what the sign-in library offers and this product does not."""
    raise Http404


# --- each act leaves its line -----------------------------------------------------------------------------------------


def note_acts() -> None:
    """Have the audit told of what people do with their own account."""
    from allauth.mfa.models import Authenticator  # rows may be named once applications are ready

    # At once, and not once committed as the library tells it: a line must not be lost between the two.
    post_save.connect(_added, sender=Authenticator, dispatch_uid="filrouge.signin.added")
    post_delete.connect(_removed, sender=Authenticator, dispatch_uid="filrouge.signin.removed")
    for name, signal, receiver in (
        ("sign_in", account_signals.user_logged_in, _signed_in),
        ("password", account_signals.password_changed, _password),
        ("reset", mfa_signals.authenticator_reset, _reset),
        ("used", mfa_signals.authenticator_used, _used),
        ("locked", user_locked_out, _locked),
    ):
        signal.connect(receiver, dispatch_uid=f"filrouge.signin.{name}")


def _signed_in(user: Any, sociallogin: Any = None, **_: Any) -> None:
    signing.noted(user, "sign_in", by_way_of=sociallogin.account.provider if sociallogin else "password")


def _password(user: Any, **_: Any) -> None:
    signing.noted(user, "password")


def _added(instance: Any, created: bool, **_: Any) -> None:
    if created and instance.type == instance.Type.TOTP:
        signing.noted(instance.user, "two_step_on")


def _removed(instance: Any, **_: Any) -> None:
    if instance.type == instance.Type.TOTP:
        signing.noted(instance.user, "two_step_off")


def _reset(user: Any, **_: Any) -> None:
    signing.noted(user, "recovery_new")


def _used(user: Any, authenticator: Any, **_: Any) -> None:
    if authenticator.type == authenticator.Type.RECOVERY_CODES:
        signing.noted(user, "recovery_used")


def _locked(username: str = "", **_: Any) -> None:
    signing.locked_out(username)
