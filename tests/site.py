"""Settings of the tests: a home folder of their own, in memory where possible, on the store that the lane asks for."""

from __future__ import annotations

import os
import tempfile

from filrouge.base import settings as base

_home = tempfile.mkdtemp(prefix="filrouge-test-")
os.mkdir(f"{_home}/static")
_variables = {
    "FILROUGE_HOME": _home,
    "FILROUGE_SAMPLE": f"{_home}-sample",
    "FILROUGE_LAKE": f"{_home}/lake",
    "FILROUGE_SECRET_KEY": "only-for-tests",
    "FILROUGE_ENGINE": "duckdb://",
    "FILROUGE_HTTPS": "",
    "FILROUGE_DEBUG": "",
}
if os.environ.get("FILROUGE_TEST_STORE") == "postgres":
    from tests import postgres

    _variables["DATABASE_URL"] = postgres.start()
else:
    _variables["DATABASE_URL"] = f"sqlite:///{_home}/filrouge.db"
base.use(**_variables)

from filrouge.site import settings as product  # noqa: E402
from filrouge.site.settings import *  # noqa: E402, F403

MIDDLEWARE = [name for name in product.MIDDLEWARE if "whitenoise" not in name]  # nothing is gathered for tests

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
