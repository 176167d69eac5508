"""``filrouge secret …``: passwords and tokens of systems, sealed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from filrouge.cli.source import BY, AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Secrets of systems: keep, list, forget.")


@app.command()
def keep(name: Annotated[str, typer.Argument(help="The name that a source's `secret:` gives.")]) -> None:
    """Seal a secret under a name. Its value comes from stdin, or is asked for without being shown."""
    from filrouge.cli import talk
    from filrouge.work import installation, secrets

    installation.ready()
    if sys.stdin.isatty():
        value = typer.prompt(f"The secret {name}", hide_input=True, err=True)
    else:
        value = sys.stdin.read().rstrip("\r\n")
    secrets.keep(name, value, by=BY)
    talk.print(f"The secret {name} is kept, sealed with the key of this installation.")


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the names of the secrets and the sources that open them; never a value."""
    from filrouge.cli import talk
    from filrouge.work import installation, secrets

    installation.ready()
    held = secrets.names()
    if as_json:
        print_json([{"name": name, "sources": sources} for name, sources in held])
        return
    for name, sources in held:
        talk.print(f"{name:30} {', '.join(sources) or 'no source'}", markup=False)
    if not held:
        talk.print("No secret is kept.")


@app.command()
def forget(name: str) -> None:
    """Destroy a secret that no source opens any more."""
    from filrouge.cli import talk
    from filrouge.work import installation, secrets

    installation.ready()
    secrets.forget(name, by=BY)
    talk.print(f"The secret {name} is gone.")
