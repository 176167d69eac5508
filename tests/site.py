"""Settings of the tests: a home folder of their own, on the store that the lane asks for."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from filrouge.base import settings as base

_home = tempfile.mkdtemp(prefix="filrouge-test-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
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

if "postgres" not in product.DATABASES["default"]["ENGINE"]:
    # In files as the product has them: in memory, SQLite refuses where a file makes one wait.
    for _alias, _database in DATABASES.items():  # noqa: F405
        _database["TEST"] = {"NAME": f"{_home}/test-{_alias}.db"}
        # no test cuts the power under this process: those that do start one of their own
        _database["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"

MIDDLEWARE = [name for name in product.MIDDLEWARE if "whitenoise" not in name]  # nothing is gathered for tests

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
