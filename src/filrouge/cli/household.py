"""``filrouge household …``: who lives with whom."""

from __future__ import annotations

from typing import Annotated

import typer

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Households: who lives with whom, and why; put right, taken back.")
Person = Annotated[str, typer.Argument(help="A person's id.")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]


@app.command()
def show(person: Person, as_json: AsJson = False) -> None:
    """Show who lives with a person, and what brings them together."""
    from filrouge.work import access, installation

    installation.ready()
    found = access.person(access.OWNER, person, opening="command line").household
    if as_json:
        print_json([{"id": one.id, "name": one.name, "why": list(one.why)} for one in found])
        return
    for one in found:
        typer.echo(f"{one.id}  {one.name}  ({', '.join(one.why)})")
    if not found:
        typer.echo("Nobody is known to live with this person.")


@app.command()
def away(person: Person, reason: Reason = "") -> None:
    """Say that a person does not live there; prints the number by which it can be undone."""
    from filrouge.work import access, households, installation

    installation.ready()
    typer.echo(households.away(access.OWNER, person, reason=reason))


@app.command("with")
def lives_with(
    person: Person, other: Annotated[str, typer.Argument(help="Another person's id.")], reason: Reason = ""
) -> None:
    """Say that two people live together; prints the number by which it can be undone."""
    from filrouge.work import access, households, installation

    installation.ready()
    typer.echo(households.lives_with(access.OWNER, person, other, reason=reason))


@app.command()
def undo(gesture: Annotated[str, typer.Argument(help="The number that away or with printed.")]) -> None:
    """Take back what was said of a household."""
    from filrouge.cli import talk
    from filrouge.work import access, households, installation

    installation.ready()
    households.undo(access.OWNER, gesture)
    talk.print("Taken back.")
