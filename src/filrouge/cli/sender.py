"""``filrouge sender …``: the sites and applications that write here, paused and resumed."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Column, Table

from filrouge.cli.source import AsJson, minute, print_json

app = typer.Typer(no_args_is_help=True, help="Sites and applications that send events: list, pause, resume.")
Name = Annotated[str, typer.Argument(help="The name of the sender.")]


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the senders: for which brand, when last heard of, since when paused."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.store.queries import senders
    from filrouge.work import installation

    installation.ready()
    found = senders.senders(OWNER)
    if as_json:
        print_json([
            {"name": one.name, "entity": one.entity, "brand": one.brand, "keys_in_use": len(one.in_use),
             "heard": one.heard, "paused": one.paused}
            for one in found
        ])  # fmt: skip
        return
    table = Table(Column("sender", no_wrap=True), "brand", "keys in use", "heard", "", box=None)
    for one in found:
        heard = minute(one.heard) if one.heard else "never"
        table.add_row(one.name, one.brand, str(len(one.in_use)), heard, "paused" if one.paused else "")
    talk.print(table)


@app.command()
def pause(name: Name) -> None:
    """Refuse what a sender sends, at once, until it is resumed; what it sends meanwhile is lost."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, senders

    installation.ready()
    senders.pause(OWNER, name)
    talk.print(f"The sender {name} is paused. `filrouge sender resume {name}` takes again what it sends.")


@app.command()
def resume(name: Name) -> None:
    """Take again what a paused sender sends."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, senders

    installation.ready()
    senders.resume(OWNER, name)
    talk.print(f"What {name} sends is taken again.")
