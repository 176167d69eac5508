"""``filrouge key …``: API keys."""

from __future__ import annotations

from typing import Annotated

import typer

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="API keys: create, revoke.")


def parts(text: str) -> list[str]:
    """Return what commas separate."""
    return [part.strip() for part in text.split(",") if part.strip()]


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    api: Annotated[bool, typer.Option("--api", help="A key of the API.")] = False,
    scopes: Annotated[str, typer.Option(help="What it may do, separated by commas.")] = "people:read",
    entities: Annotated[str, typer.Option(help="Entities it acts for, separated by commas; none: all.")] = "",
    brands: Annotated[str, typer.Option(help="Brands it is capped to, separated by commas; none: all.")] = "",
    role: Annotated[str, typer.Option(help="The role under which it sees people.")] = "analyst",
    as_json: AsJson = False,
) -> None:
    """Make a key; its word is printed once and never kept."""
    from filrouge.base.errors import UsageError
    from filrouge.cli import talk
    from filrouge.work import access, groups, installation

    if not api:
        raise UsageError("Say which kind of key: --api.")
    installation.ready()
    key, word = groups.make_key(
        access.OWNER, name, role=role, scopes=parts(scopes), entities=parts(entities), brands=parts(brands)
    )
    if as_json:
        print_json({"key": word, "prefix": key.prefix})
    else:
        typer.echo(word)
        talk.print("Keep it now: it will not be shown again.")


@app.command()
def revoke(prefix: Annotated[str, typer.Argument(help="The first 12 characters of the key.")]) -> None:
    """Revoke a key, at once."""
    from filrouge.cli import talk
    from filrouge.work import access, groups, installation

    installation.ready()
    groups.revoke_key(access.OWNER, prefix)
    talk.print(f"The key {prefix}… is revoked.")
