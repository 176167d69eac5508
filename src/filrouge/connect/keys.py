"""How a key is shown to an HTTP address: as a bearer, in a header of its own, or as the password of an account."""

from __future__ import annotations

import base64


def shown(auth: str, secret: str, *, user: str = "", header: str = "") -> dict[str, str]:
    """Return the header that bears ``secret``: ``auth`` is bearer, basic (with ``user``) or header (called so).

    Raises ValueError when no header can hold it.
    """
    if auth != "basic" and not (secret.isascii() and secret.isprintable()):
        raise ValueError("not for a header")  # the secret itself is not repeated
    if auth == "basic":
        return {"Authorization": f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}"}
    if auth == "header":
        return {header: secret}
    return {"Authorization": f"Bearer {secret}"}
