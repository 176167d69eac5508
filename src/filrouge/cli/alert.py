"""``filrouge alert …``: where the alerts of an owner go."""

from __future__ import annotations

from typing import Annotated

import typer

from filrouge.cli.source import BY, AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Alerts: where they go, by e-mail or chat.")
Name = Annotated[str, typer.Argument(help="The name of the address.")]


@app.command()
def add(
    name: Name,
    secret: Annotated[str, typer.Argument(help="The secret that holds the address: `filrouge secret keep NAME`.")],
    owner: Annotated[str, typer.Option("--owner", help="The owner that rules and sources name; * for every one.")],
    language: Annotated[str, typer.Option("--language", help="fr or en.")] = "fr",
) -> None:
    """Send the alerts of an owner to an address."""
    from filrouge.cli import talk
    from filrouge.work import alerts, installation

    installation.ready()
    alerts.add(name, secret, owner=owner, language=language, by=BY)
    talk.print(
        f"The alerts of {owner} go to {name}. `filrouge alert check {name}` sends a trial message.", markup=False
    )


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List where alerts go, and whose; never an address."""
    from filrouge.cli import talk
    from filrouge.work import alerts, installation

    installation.ready()
    held = alerts.addresses()
    if as_json:
        print_json(
            [{"name": one.name, "owner": one.owner, "secret": one.secret, "language": one.language} for one in held]
        )
        return
    for one in held:
        talk.print(f"{one.name:30} {one.owner:30} {one.language} secret {one.secret}", markup=False)
    if not held:
        talk.print("No alert goes anywhere.")


@app.command()
def check(name: Name) -> None:
    """Send a trial message to an address."""
    from filrouge.cli import talk
    from filrouge.work import alerts, installation

    installation.ready()
    alerts.check(name)
    talk.print(f"The message to {name} was taken.", markup=False)


@app.command()
def remove(name: Name) -> None:
    """Send nothing to an address any more."""
    from filrouge.cli import talk
    from filrouge.work import alerts, installation

    installation.ready()
    alerts.remove(name, by=BY)
    talk.print(
        f"Nothing goes to {name} any more. Its secret is kept: `filrouge secret forget` destroys it.", markup=False
    )
