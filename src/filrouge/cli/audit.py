"""``filrouge audit verify``: read the whole chain again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="The audit.")

WORDS = {
    "changed": "line {seq} was changed",
    "removed": "line {seq} was removed",
    "reordered": "line {seq} is out of its place",
    "truncated": "the end was cut off: line {seq} is missing",
    "head_missing": "the signed head is missing",
    "head_changed": "the signed head was changed",
}


@app.command()
def verify(
    export: Annotated[
        Path | None, typer.Option(help="Also write the chain there, a line of JSON each, and its signed head last.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make sure that no line was changed, removed or moved; exit with 1 when one was."""
    from filrouge.cli import talk
    from filrouge.work import audit, installation

    installation.ready()
    if export is not None:
        count = audit.export(export, by="owner of this machine")
        talk.print(f"{count} lines in {export}.", soft_wrap=True)
    found = audit.verify()
    if as_json:
        print_json(found)
    elif found["faults"]:
        for fault in found["faults"]:
            talk.print(WORDS[fault["code"]].format(**fault), style="red")
    else:
        talk.print(f"{found['lines']} lines, whole and in order.")
    if found["faults"]:
        raise typer.Exit(1)
