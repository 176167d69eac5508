"""Which database holds what: three SQLite files in the home folder, or three schemas of one PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from filrouge.base.errors import UsageError
from filrouge.base.settings import Settings

# An act must survive a power cut (FULL); a live copy can be rebuilt (NORMAL), and goes from its log to its file seldom
# (every so many pages): events change the same ones again and again. Erased means overwritten (secure_delete).
_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous={sync}; PRAGMA secure_delete=ON; PRAGMA cache_size=-16000; "
    "PRAGMA wal_autocheckpoint={every}; PRAGMA journal_size_limit=67108864;"
)
SCHEMAS = {"default": "public", "live": "live", "audit": "audit"}


def databases(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return Django's DATABASES.

    Raises UsageError when DATABASE_URL is neither sqlite:///… nor postgresql://….
    """
    if settings.on_postgres:
        return {alias: _postgres(settings.database_url, alias, schema) for alias, schema in SCHEMAS.items()}
    scheme, _, path = settings.database_url.partition(":///")
    if scheme != "sqlite" or not path:
        raise UsageError(
            "DATABASE_URL begins with {scheme}.",
            hint="Write sqlite:///path/to/file.db or postgresql://user:password@host/database.",
            scheme=scheme.split(":")[0],
        )
    return {
        "default": _sqlite(Path(path), _PRAGMAS.format(sync="FULL", every=1_000)),
        "live": _sqlite(settings.live_db, _PRAGMAS.format(sync="NORMAL", every=4_000)),
        "audit": _sqlite(settings.audit_db, _PRAGMAS.format(sync="FULL", every=1_000)),
    }


def _sqlite(path: Path, pragmas: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas},
    }


def _postgres(url: str, alias: str, schema: str) -> dict[str, Any]:
    parts = urlsplit(url)
    extra = dict(parse_qsl(parts.query))
    name = unquote(parts.path.lstrip("/"))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": extra.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": f"-c search_path={schema}", **extra},
        "TEST": {"NAME": f"test_{name}" if alias == "default" else f"test_{name}_{alias}"},
    }
