"""Tokens by OAuth2 client credentials: fetched once, kept in memory until they expire, never written anywhere."""

from __future__ import annotations

import hashlib
import re
import time
from threading import Lock
from urllib.parse import quote, urlsplit

from filrouge.base.errors import Phrase, SourceError
from filrouge.connect import keys
from filrouge.connect.asking import Asking, refused
from filrouge.connect.ndjson import decode
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.reaching import Token

LIFE = 300.0  # seconds that a token is kept which does not say for how long it is good
EARLY = 30.0  # seconds before its end at which it is not used any more: a page may take some
MOST = 200  # tokens kept at once
# what a server may say of its refusal (RFC 6749, 5.2): its own words beside are not repeated
_WHY = {
    "invalid_client": Phrase("it knows no such client, or another secret"),
    "unauthorized_client": Phrase("the client may not have one"),
    "invalid_scope": Phrase("it does not grant the scope"),
    "unsupported_grant_type": Phrase("it gives none by client credentials"),
}
_kept: dict[str, tuple[str, float]] = {}
_lock = Lock()


def token(asking: Asking, spec: SourceSpec, secret: str, *, anew: bool = False) -> str:
    """Return a token for the source: the one kept while it is good, unless ``anew``; else one that is asked for.

    Raises SourceError when none is given.
    """
    where = spec.token
    assert where is not None  # noqa: S101 - the definition says so
    name = hashlib.sha256("\0".join((spec.user, secret, where.model_dump_json())).encode()).hexdigest()
    with _lock:
        found = _kept.get(name)
    if found and not anew and time.monotonic() < found[1]:
        return found[0]
    made, life = _asked(asking, spec, where, secret)
    with _lock:
        _kept[name] = made, time.monotonic() + max(life - EARLY, life / 2)
        while len(_kept) > MOST:
            del _kept[min(_kept, key=lambda one: _kept[one][1])]
    return made


def _asked(asking: Asking, spec: SourceSpec, where: Token, secret: str) -> tuple[str, float]:
    form = {"grant_type": "client_credentials", **({"scope": where.scope} if where.scope else {}), **where.params}
    headers = {"Accept": "application/json"}
    if where.client == "form":
        form |= {"client_id": spec.user, "client_secret": secret}
    else:
        headers |= keys.shown("basic", quote(secret, safe=""), user=quote(spec.user, safe=""))
    response, content = asking.ask(where.place, headers=headers, form=form)
    path = urlsplit(where.place).path or "/"
    try:
        said = decode(content)
    except ValueError:
        said = None
    said = said if isinstance(said, dict) else {}
    if response.status_code in (400, 401):
        raise SourceError(
            "{path} gives no token to the source {source}: {why}.",
            hint="Check `user`, `secret` and `token` of the source; nothing was imported.",
            path=path, source=spec.source,
            why=_WHY.get(str(said.get("error")), Phrase("it answered {status}", status=response.status_code)),
        )  # fmt: skip
    if response.status_code != 200:
        raise refused(response.status_code, path, spec)
    made, kind, life = said.get("access_token"), str(said.get("token_type", "bearer")), said.get("expires_in")
    if not isinstance(made, str) or not re.fullmatch(r"[\x21-\x7e]+", made) or kind.lower() != "bearer":
        raise SourceError(
            "What {path} answers holds no bearer token.",
            hint="Check the place under `token` of the source {source}; nothing was imported.",
            path=path, source=spec.source,
        )  # fmt: skip
    try:
        return made, float(life) if life else LIFE
    except (TypeError, ValueError):
        return made, LIFE
