"""How a place lets Filrouge in: which key, in which form, and how long it may keep a run waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pydantic import Field

from filrouge.base.spec import Spec
from filrouge.domain.sources.form import duration

if TYPE_CHECKING:
    from filrouge.domain.sources.spec import SourceSpec

_KEYS = frozenset({"authorization", "proxy-authorization", "cookie"})


class Token(Spec):
    """Where a REST source gets its token by OAuth2 client credentials (RFC 6749, 4.4), and what for.

    ``client`` says where its name and secret go: in the header of the request, as the RFC has it, or in its form.
    """

    place: str = Field(min_length=1, max_length=1000, pattern=r"^https?://")
    scope: str = ""
    client: Literal["header", "form"] = "header"
    params: dict[str, str] = Field(default_factory=dict)


def faults(spec: SourceSpec) -> list[str]:
    """Return what is wrong with how the place of ``spec`` is to be reached."""
    found = []
    if spec.patience is not None and duration(spec.patience) is None:
        found.append(f"patience: {spec.patience!r} is no duration: write 30s, 10m or 2h")
    if spec.kind != "rest":
        given = [name for name in ("header", "token", "patience", "headers") if getattr(spec, name)]
        given += ["auth"] if spec.auth != "bearer" else []
        return found + [f"{name}: only a REST source takes it" for name in given]
    if held := sorted(name for name in spec.headers if name.lower() in _KEYS):
        found.append(f"headers: keep {', '.join(held)} as a secret, and say with `auth` how it is sent")
    for name, place in (("place", spec.place), ("token.place", spec.token.place if spec.token else "")):
        if _named(place):
            found.append(f"{name}: keep the password as a secret, not in the address")
    needed = {"basic": ("user", "secret"), "header": ("header", "secret"), "oauth2": ("token", "user", "secret")}
    found += [f"{name}: {spec.auth} needs it" for name in needed.get(spec.auth, ()) if not getattr(spec, name)]
    if spec.token and spec.auth != "oauth2":
        found.append("token: write `auth: oauth2` beside it")
    return found


def _named(place: str) -> bool:
    try:
        return "@" in urlsplit(place).netloc
    except ValueError:  # no address: told where it is read
        return False
