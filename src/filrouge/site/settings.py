"""Django's settings, all derived from ``filrouge.base.settings``: nothing here reads the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from filrouge.base import settings as base
from filrouge.site.databases import databases

_here = base.get()
_package = Path(__file__).resolve().parent.parent

SECRET_KEY = _here.secret_key
DEBUG = _here.debug
ALLOWED_HOSTS = list(_here.hosts)
ROOT_URLCONF = "filrouge.site.urls"
ASGI_APPLICATION = "filrouge.site.asgi.application"
AUTH_USER_MODEL = "store.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "filrouge.site",
    "filrouge.console",
    "filrouge.store",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "csp",
    "ninja",
    "django_htmx",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "filrouge.console.static.StaticMiddleware",
    "filrouge.console.health.HealthMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "filrouge.console.reader.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "filrouge.console.sessions.SessionMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "filrouge.console.errors.ErrorMiddleware",
    "filrouge.site.letters.LettersMiddleware",
    "axes.middleware.AxesMiddleware",
    "filrouge.api.idempotency.IdempotencyMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "filrouge.console.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "template_partials.templatetags.partials",
                "filrouge.console.templatetags.say",
                "filrouge.console.templatetags.show",
            ],
        },
    }
]

# --- data -----------------------------------------------------------------------------------------------------------

DATABASES = databases(_here)
DATABASE_ROUTERS = ["filrouge.store.routers.Router"]
MIGRATION_MODULES: dict[str, str] = {}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "filrouge"}}

# --- who comes in ---------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "filrouge.console.signin.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = False  # nothing sends mail yet, and a log is no place for an address
ACCOUNT_FORMS = {
    "login": "filrouge.console.signin.LoginForm",
    "change_password": "filrouge.console.signin.ChangePasswordForm",
    "reauthenticate": "filrouge.console.signin.ReauthenticateForm",
}
# Passwords by address: axes counts. The second step has no other guard than this one: ten codes in five minutes.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,10/5m/key", "reauthenticate": "10/m/user"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Filrouge"
MFA_ADAPTER = "filrouge.console.signin.MfaAdapter"
MFA_FORMS = {
    "authenticate": "filrouge.console.signin.AuthenticateForm",
    "reauthenticate": "filrouge.console.signin.CodeAgainForm",
    "activate_totp": "filrouge.console.signin.ActivateForm",
}
SOCIALACCOUNT_ADAPTER = "filrouge.console.signin.SocialAccountAdapter"
SOCIALACCOUNT_ONLY = False
# The company's identity provider is trusted for the address of an account that an administrator has made here.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": []}}
if _here.oidc_issuer:
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] = [
        {
            "provider_id": "company",
            "name": _here.oidc_name,
            "client_id": _here.oidc_client_id,
            "secret": _here.oidc_client_secret,
            "settings": {"server_url": _here.oidc_issuer},
        }
    ]

AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "filrouge.console.signin.attempted_address"
AXES_LOCKOUT_CALLABLE = "filrouge.console.signin.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "login", "password"]

# --- cookies, headers, what a page may load -------------------------------------------------------------------------

SESSION_COOKIE_NAME = "filrouge_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _here.https
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE = 2 * 3600  # without a click (console/sessions.py)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "filrouge_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = _here.https
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in _here.hosts if _here.https]
CSRF_FAILURE_VIEW = "filrouge.console.errors.form_expired"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = _here.https
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = _here.https
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _here.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _here.https else None
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS: list[str] = []
_issuer = urlsplit(_here.oidc_issuer)
_signin_service = [f"{_issuer.scheme}://{_issuer.netloc}"] if _here.oidc_issuer else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # the form that leads to the company's sign-in service is sent here, and redirected there
        "form-action": [SELF, *_signin_service],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- words, times, files --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [_package / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"
STATIC_URL = "/static/"
STATIC_ROOT = _here.home / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a segment of 500 rules, each with what it says
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = "filrouge@localhost"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Log lines say what happened and where, never to whom: no query string, no form, no address.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"bare": {"()": "filrouge.console.logs.BareFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["bare"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "filrouge": {"level": "INFO"},
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "axes": {"level": "WARNING"},
        "paramiko": {"level": "CRITICAL"},  # it writes tracebacks of what a server sends; the sentence says it
    },
}
