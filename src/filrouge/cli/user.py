"""``filrouge user add``: the first account of an installation, and any other."""

from __future__ import annotations

from typing import Annotated

import typer

from filrouge.cli.source import BY, AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Accounts: add.")


@app.callback()
def user() -> None:
    """Whoever signs in to the console."""


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="The address that they sign in with.")],
    name: Annotated[str, typer.Option(help="How they are called.")],
    role: Annotated[str, typer.Option(help="What they do: advisor, privacy, engineer, administrator…")],
    entities: Annotated[str, typer.Option(help="Entities they act for, separated by commas; none: all.")] = "",
    brands: Annotated[str, typer.Option(help="Brands they are capped to, separated by commas; none: all.")] = "",
    language: Annotated[str, typer.Option(help="Language of their screens: fr or en.")] = "fr",
    as_json: AsJson = False,
) -> None:
    """Make an account; its password is made up and printed once."""
    from filrouge.cli import talk
    from filrouge.cli.key import parts
    from filrouge.work import groups, installation, lengths

    installation.ready()
    email, name = lengths.account(email, name, language)
    made, word = groups.add_user(
        email, name, role=role, by=BY, entities=parts(entities), brands=parts(brands), language=language
    )
    if as_json:
        print_json({"email": made.email, "password": word})
    else:
        typer.echo(word)
        talk.print("This is the password: it will not be shown again. They can change it once signed in.")
