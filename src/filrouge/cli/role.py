"""``filrouge role …``: who works where."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Roles in companies: added, ended, taken back.")
Person = Annotated[str, typer.Argument(help="A person's id.")]
Company = Annotated[str, typer.Argument(help="The key of a company, or of any of its records.")]
Role = Annotated[str, typer.Option(help="What they are there.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day, as 2026-01-31.")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]


@app.command()
def add(person: Person, company: Company, role: Role = "", since: Day = None, reason: Reason = "") -> None:
    """Say that a person works for a company; prints the number by which it can be undone."""
    from filrouge.work import access, installation, roles

    installation.ready()
    day = since.date() if since else None
    typer.echo(str(roles.add(access.OWNER, person, company, role, since=day, reason=reason).pk))


@app.command()
def end(person: Person, company: Company, role: Role = "", until: Day = None, reason: Reason = "") -> None:
    """Say that a person no longer has a role in a company; prints the number by which it can be undone."""
    from filrouge.work import access, installation, roles

    installation.ready()
    day = until.date() if until else None
    typer.echo(str(roles.end(access.OWNER, person, company, role, until=day, reason=reason).pk))


@app.command()
def undo(correction: Annotated[str, typer.Argument(help="The number that add or end printed.")]) -> None:
    """Take back what was said of a role."""
    from filrouge.cli import talk
    from filrouge.work import access, installation, roles

    installation.ready()
    roles.undo(access.OWNER, correction)
    talk.print("Taken back.")
