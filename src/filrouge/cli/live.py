"""``filrouge live rebuild``: make the live copies anew from the lake."""

from __future__ import annotations

import typer

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
