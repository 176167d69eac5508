"""How a place is reached: which key it wants, how long it may keep a run waiting, when its files are whole."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

import pydantic
from pydantic import Field

from filrouge.base.spec import Spec
from filrouge.domain.sources.form import duration

if TYPE_CHECKING:
    from filrouge.domain.sources.spec import SourceSpec

KINDS = ("csv", "excel", "sql", "rest", "ndjson")  # what is read without another package
FILES = frozenset({"csv", "excel", "ndjson"})
_KEY = re.compile(r"auth|cookie|api-?key|token|secret", re.IGNORECASE)  # in the name of a header that bears one


class Token(Spec):
    """Where a REST source gets its token by OAuth2 client credentials (RFC 6749, 4.4), and what for.

    ``client`` says where its name and secret go: in the header of the request, as the RFC has it, or in its form.
    """

    place: str = Field(min_length=1, max_length=1000, pattern=r"^https?://")
    scope: str = ""
    client: Literal["header", "form"] = "header"
    params: dict[str, str] = Field(default_factory=dict)


class Arrives(Spec):
    """How one knows that a file is there whole: nothing grows between two looks, or a marker stands beside it.

    ``settle`` is the time between the looks; ``done`` the name of the marker, with ``{name}`` or ``{stem}`` of a file.
    """

    settle: str | None = None
    done: str | None = Field(None, max_length=200)

    @pydantic.field_validator("settle")
    @classmethod
    def _a_short_while(cls, value: str | None) -> str | None:
        if value is not None and not timedelta(0) < (duration(value) or timedelta(0)) <= timedelta(minutes=5):
            raise ValueError(f"{value!r} is not between 1s and 5m")
        return value

    @pydantic.field_validator("done")
    @classmethod
    def _beside(cls, value: str | None) -> str | None:
        if value is not None and (
            sum(value.count(word) for word in ("{name}", "{stem}")) != 1 or "/" in value or value == "{name}"
        ):
            raise ValueError("write {name} or {stem} once, as in '{name}.done', and no folder")
        return value

    def marker(self, name: str) -> str:
        """Return what the marker of the file called ``name`` is called."""
        return (self.done or "").replace("{name}", name).replace("{stem}", name.rpartition(".")[0] or name)


def faults(spec: SourceSpec) -> list[str]:
    """Return what is wrong with how the place of ``spec`` is to be reached; of other kinds, a package knows."""
    if spec.kind not in KINDS:
        return []
    found = _http(spec) if spec.kind == "rest" else _only(spec, "header", "token", "patience", "headers", by="REST")
    if spec.kind != "rest" and spec.auth != "bearer":
        found.append("auth: only a REST source takes it")
    if spec.kind in FILES and spec.place.startswith("sftp:"):
        if spec.place.endswith("/"):
            found.append("place: name the files too, as in sftp://host/folder/*.csv")
        return found + address(spec.place, "sftp") + account(spec.user, spec.secret)
    found += _only(spec, "host_key", by="SFTP")
    if spec.kind not in FILES and spec.arrives != Arrives():
        found.append("arrives: only a source of files takes it")
    return found if spec.kind == "rest" else found + _only(spec, "user", by="REST or SFTP")


def address(place: str, *schemes: str) -> list[str]:
    """Return what is wrong with ``place`` as the address of a service (of these schemes) that keys are taken to."""
    found = []
    try:
        parts = urlsplit(place)
        whole = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        if parts.password or (parts.username and "sftp" not in schemes):
            found.append("place: keep the password as a secret, not in the address")
        elif parts.username:
            found.append("place: write the account as `user`, not in the address")
        if ".." in unquote(parts.path).split("/"):
            found.append("place: a folder is named without ..")
        if "sftp" in schemes and (parts.query or parts.fragment):
            found.append("place: write ? as %3F and # as %23 in the name of a folder")
    except ValueError:
        whole = False
    if not whole:
        found.append("place: write " + " or ".join(f"{scheme}://host/path" for scheme in schemes))
    if set(unquote(place) if "sftp" in schemes else place) & {"\0", "\r", "\n"}:
        found.append("place: a name cannot hold this character")
    return found


def account(user: str, secret: str | None) -> list[str]:
    """Return what is missing of an account on a server."""
    found = [] if user else ["user: say whose account it is"]
    return found if secret else [*found, "secret: name the one that holds the password, or the private key"]


def _only(spec: SourceSpec, *names: str, by: str) -> list[str]:
    return [f"{name}: only a source read by {by} takes it" for name in names if getattr(spec, name)]


def _http(spec: SourceSpec) -> list[str]:
    found = []
    if spec.patience is not None and duration(spec.patience) is None:
        found.append(f"patience: {spec.patience!r} is no duration: write 30s, 10m or 2h")
    if held := sorted(name for name in spec.headers if _KEY.search(name)):
        found.append(f"headers: keep {', '.join(held)} as a secret, and say with `auth` how it is sent")
    for name, place in (("place", spec.place), ("token.place", spec.token.place if spec.token else "")):
        if _named(place):
            found.append(f"{name}: keep the password as a secret, not in the address")
    if spec.format.since and not spec.cursor:
        found.append("format.since: say with `cursor` which column holds what is seen last")
    needed = {
        "basic": ("user", "secret"),
        "username": ("secret",),
        "header": ("header", "secret"),
        "oauth2": ("token", "user", "secret"),
    }
    found += [f"{name}: {spec.auth} needs it" for name in needed.get(spec.auth, ()) if not getattr(spec, name)]
    if spec.token and spec.auth != "oauth2":
        found.append("token: write `auth: oauth2` beside it")
    return found


def _named(place: str) -> bool:
    try:
        return "@" in urlsplit(place).netloc
    except ValueError:  # no address: told where it is read
        return False
