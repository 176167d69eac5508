"""Who asks, on the command line: the owner of the machine, or the holder of an API key."""

from __future__ import annotations

from typing import Annotated, Any

import typer

Key = Annotated[str | None, typer.Option(help="Ask as this API key, not as the owner of the machine.")]


def caller(key: str | None = None) -> Any:
    """Return the caller, once the installation is ready."""
    from filrouge.work import access, installation

    installation.ready()
    return access.caller_of_key(key) if key else access.OWNER
