"""``filrouge backup``, ``restore`` and ``doctor``: the care of an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from filrouge.cli.source import AsJson, print_json


def backup(
    dest: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")], as_json: AsJson = False
) -> None:
    """Copy the whole installation: databases, lake, keys, audit. The service may go on meanwhile."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import backups, installation

    installation.ready()
    with shown(talk) as progress:
        made = backups.make(OWNER, dest, progress=progress)
    if as_json:
        print_json({"place": str(made.place), "files": made.files, "bytes": made.size})
        return
    talk.print(f"{made.files:,} files, {made.size / 1e6:,.0f} MB, in {made.place}.", soft_wrap=True)
    talk.print("It holds personal data and keys: keep it as you keep the home folder.")
    if not made.with_secret_key:
        talk.print("FILROUGE_SECRET_KEY is given from outside: it is not in the backup. Keep it elsewhere.")


def restore(
    source: Annotated[Path, typer.Argument(help="The folder of a backup.")],
    suppressions: Annotated[
        Path | None,
        typer.Option(help="Who was erased since: suppressions.jsonl of the home being replaced, or that home."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup back into an empty home folder, and erase again whoever was erased since."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import backups

    with shown(talk) as progress:
        done = backups.restore(OWNER, source, suppressed=suppressions, progress=progress)
    if as_json:
        print_json({"files": done.files, "people": done.people, "erased_again": done.erased_again})
        return
    talk.print(f"{done.files:,} files put back, {done.people:,} people on the pages.")
    if suppressions:
        talk.print(f"{done.erased_again:,} people erased since the backup were erased again.")
    else:
        talk.print(
            "No list of erasures was given: whoever was erased since the backup is back. "
            "If anybody was, restore again with --suppressions.",
            style="yellow",
        )


def doctor(as_json: AsJson = False) -> None:
    """Look at every part of the installation; exit with 1 when one fails."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import doctor as work

    lines = work.look(OWNER)
    if as_json:
        print_json([
            {"part": line.part, "state": line.state, "message": line.message, "hint": line.hint} for line in lines
        ])  # fmt: skip
    else:
        colours = {"ok": "green", "warn": "yellow", "fail": "red"}
        for line in lines:
            talk.print(f"{line.state:5}", style=colours[line.state], end="")
            talk.print(f"{line.part:12} {line.message}", markup=False, soft_wrap=True)
            if line.hint:
                talk.print(f"{'':18}{line.hint}", markup=False, soft_wrap=True)
    if any(line.state == "fail" for line in lines):
        raise typer.Exit(1)
