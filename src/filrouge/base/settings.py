"""The one reader of the environment: flag, then ``FILROUGE_*`` variable, then ``filrouge.toml``, then default."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filrouge.base.errors import UsageError

ROLES = ("web", "collect", "worker")  # what a process of an installation may be for


@dataclass(frozen=True)
class Settings:
    """Where things stand on this machine."""

    home: Path
    database_url: str
    engine: str
    lake: Path
    sample: Path
    secret_key: str
    hosts: tuple[str, ...]
    address: str  # where people open the console: links in messages begin with it
    roles: tuple[str, ...]
    collect_rate: float  # events a second of one write key; 0 sets no bound
    debug: bool
    https: bool
    allow_private: tuple[str, ...]
    drops: tuple[Path, ...]
    oidc_issuer: str
    oidc_name: str
    oidc_client_id: str
    oidc_client_secret: str

    @property
    def live_db(self) -> Path:
        return self.home / "live.db"

    @property
    def audit_db(self) -> Path:
        return self.home / "audit.db"

    @property
    def spool(self) -> Path:
        return self.home / "spool"

    @property
    def write_keys(self) -> Path:
        return self.home / "write-keys.json"

    @property
    def on_postgres(self) -> bool:
        return self.database_url.startswith(("postgres://", "postgresql://"))


@lru_cache(maxsize=1)
def get() -> Settings:
    """Return the settings of this process, read once."""
    file = _file()
    home = Path(_read("FILROUGE_HOME", "home", file, "var")).resolve()
    return Settings(
        home=home,
        database_url=_read("DATABASE_URL", "database_url", file, f"sqlite:///{home / 'filrouge.db'}"),
        engine=_read("FILROUGE_ENGINE", "engine", file, "duckdb://"),
        lake=Path(_read("FILROUGE_LAKE", "lake", file, str(home / "lake"))).resolve(),
        sample=Path(_read("FILROUGE_SAMPLE", "sample", file, f"{home}-sample")).resolve(),
        secret_key=_secret_key(home, file),
        hosts=tuple(h for h in _read("FILROUGE_HOSTS", "hosts", file, "localhost,127.0.0.1,[::1]").split(",") if h),
        address=_read("FILROUGE_ADDRESS", "address", file, "http://localhost:8000"),
        roles=_roles(file),
        collect_rate=_rate(file),
        debug=_read("FILROUGE_DEBUG", "debug", file, "") == "1",
        https=_read("FILROUGE_HTTPS", "https", file, "") == "1",
        allow_private=tuple(a for a in _read("FILROUGE_ALLOW_PRIVATE", "allow_private", file, "").split(",") if a),
        drops=tuple(
            Path(d.strip()).resolve()
            for d in _read("FILROUGE_DROPS", "drops", file, str(home / "drops")).split(",")
            if d
        ),
        oidc_issuer=_issuer(file),
        oidc_name=_read("FILROUGE_OIDC_NAME", "oidc_name", file, "SSO"),
        oidc_client_id=_read("FILROUGE_OIDC_CLIENT_ID", "oidc_client_id", file, ""),
        oidc_client_secret=_read("FILROUGE_OIDC_CLIENT_SECRET", "oidc_client_secret", file, ""),
    )


def use(**variables: str) -> Settings:
    """Set variables as a command's flags do, forget what was read, and return the settings anew."""
    for name, value in variables.items():
        os.environ[name] = value
    get.cache_clear()
    return get()


def suggest(**variables: str) -> None:
    """Set variables that a library reads, unless somebody set them already."""
    for name, value in variables.items():
        os.environ.setdefault(name, value)


def variable(name: str) -> str | None:
    """Return the secret or variable called ``name``, or what the file named by ``name_FILE`` holds."""
    if name in os.environ:
        return os.environ[name]
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError:
            raise UsageError(
                "The file that {name}_FILE names cannot be read.", hint="Check the path and its rights.", name=name
            ) from None
    return None


def _file() -> dict[str, Any]:
    path = Path("filrouge.toml")
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError("filrouge.toml cannot be read: {why}.", hint="Mend the file.", why=str(error)) from None


def _read(name: str, key: str, file: dict[str, Any], default: str) -> str:
    value = variable(name)
    return value if value is not None else str(file.get(key, default))


def _roles(file: dict[str, Any]) -> tuple[str, ...]:
    wanted = [role.strip() for role in _read("FILROUGE_ROLES", "roles", file, "").split(",")]
    found = tuple(role for role in wanted if role) or ROLES
    if unknown := [role for role in found if role not in ROLES]:
        raise UsageError(
            "There is no role called {role}.", hint="Roles: {known}.", role=unknown[0], known=", ".join(ROLES)
        )
    return found


def _rate(file: dict[str, Any]) -> float:
    said = _read("FILROUGE_COLLECT_RATE", "collect_rate", file, "").strip()
    try:
        rate = float(said or 0)
    except ValueError:
        rate = -1.0
    if not 0 <= rate < 1e9:
        raise UsageError(
            "{said} is no number of events a second.", hint="Write FILROUGE_COLLECT_RATE as a number, 0 for no bound.",
            said=said[:60],
        )  # fmt: skip
    return rate


def _issuer(file: dict[str, Any]) -> str:
    """Return the address of the company's sign-in service; its answers are believed for the channel they come by."""
    issuer = _read("FILROUGE_OIDC_ISSUER", "oidc_issuer", file, "").rstrip("/")
    parts = urlsplit(issuer)
    if issuer and parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise UsageError(
            "The sign-in service {issuer} is not reached by https.",
            hint="Write its https:// address in FILROUGE_OIDC_ISSUER.",
            issuer=issuer,
        )
    return issuer


def _secret_key(home: Path, file: dict[str, Any]) -> str:
    given = _read("FILROUGE_SECRET_KEY", "secret_key", file, "")
    if given:
        return given
    path = home / "secret.key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(os.urandom(48).hex())
    return path.read_text(encoding="ascii").strip()
