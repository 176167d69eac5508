"""``filrouge live …``: make the live copies anew from the lake, hand events over to them again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from filrouge.cli.source import AsJson, print_json

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])]

app = typer.Typer(no_args_is_help=True, help="The live copies.")


@app.callback()
def live() -> None:
    """The live copies: what a page needs within milliseconds."""


@app.command()
def rebuild() -> None:
    """Make them anew from the lake; readers keep the old ones until the new ones are whole."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.work import installation
    from filrouge.work import live as work

    installation.ready()
    with shown(talk) as progress:
        done = work.rebuild(progress=progress)
    talk.print(f"{done['people']:,} people, {done['keys']:,} keys, {done['names']:,} names.")


@app.command()
def replay(
    source: Annotated[str, typer.Argument(help="The sender whose events they are.")],
    since: Day = None,
    until: Day = None,
    event: Annotated[str, typer.Option(help="Only events of this name.")] = "",
    person: Annotated[str, typer.Option(help="Only events of this person (id).")] = "",
    to: Annotated[str, typer.Option(help="Who follows events and is handed them again: pages.")] = "pages",
    as_json: AsJson = False,
) -> None:
    """Hand events that the lake holds over again, to one that follows them; times are UTC."""
    from filrouge.cli import talk
    from filrouge.work import access, installation, replaying

    installation.ready()
    done = replaying.replay(
        access.OWNER, source, since=since and since.replace(tzinfo=UTC), until=until and until.replace(tzinfo=UTC),
        event=event, person=person, to=to,
    )  # fmt: skip
    if as_json:
        print_json({"events": done.events, "people": done.people})
    else:
        talk.print(f"{done.events:,} events of {done.people:,} people.")
