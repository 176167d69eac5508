"""How a key is shown to an HTTP address: as a bearer, in a header of its own, as the password or name of an account."""

from __future__ import annotations

import base64


def shown(auth: str, secret: str, *, user: str = "", header: str = "") -> dict[str, str]:
    """Return the header that bears ``secret``.

    ``auth`` is bearer, basic (with ``user``), username (it is the name of an account that has no password) or header
    (which is called so).

    Raises ValueError when no header can hold it.
    """
    if auth not in ("basic", "username") and not (secret.isascii() and secret.isprintable()):
        raise ValueError("not for a header")  # the secret itself is not repeated
    if auth == "basic":
        return {"Authorization": f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}"}
    if auth == "username":
        return {"Authorization": f"Basic {base64.b64encode(f'{secret}:'.encode()).decode()}"}
    if auth == "header":
        return {header: secret}
    return {"Authorization": f"Bearer {secret}"}
