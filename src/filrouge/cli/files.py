"""``filrouge import PATH``: one file, its guessed mapping shown first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from filrouge.cli.source import AsJson, print_json


def import_(
    path: Annotated[Path, typer.Argument(help="CSV, TSV, Excel or NDJSON file of people.")],
    brand: Annotated[str, typer.Option(help="The brand whose customers they are.")] = "",
    entity: Annotated[str, typer.Option(help="The legal entity that collected them, if not the brand's.")] = "",
    mapping: Annotated[
        Path | None, typer.Option(help="A definition in YAML, or the parts of one that should not be guessed.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show and count; import nothing (the default).")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Import, and keep the definition as a source.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how a file would be read and what importing it would do; with --yes, import it."""
    from filrouge.base.errors import UsageError
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import files, installation

    if yes and dry_run:
        raise UsageError("--yes and --dry-run say opposite things.", hint="Give one of them.")
    installation.ready()
    read = files.reading(path, entity=entity, brand=brand, mapping=mapping)
    if not as_json:
        _show(read, talk)
        typer.echo(read.yaml)
    with shown(talk) as progress:
        if yes:
            run = files.bring(OWNER, read, progress=progress)
            names = ("read", "new", "changed", "unchanged", "rejected", "matched", "vanished", "lost")
            counts = {name: int(getattr(run, name)) for name in names}
        else:
            run, counts = None, files.try_out(read, progress=progress)
    if as_json:
        kept = {"run": str(run.id), "source": read.data["source"]} if run else {"definition": read.data}
        print_json(counts | kept)
        return
    word = "" if yes else "would be "
    talk.print(
        f"{counts['read']} rows read: {counts['new']} {word}new, {counts['changed']} {word}changed, "
        f"{counts['unchanged']} unchanged, {counts['rejected']} {word}rejected; "
        f"{counts['matched']} of the new are of people already known."
    )
    if run is None:
        talk.print("Nothing was kept. --yes imports it so; --mapping FILE.yaml corrects what is guessed wrongly.")
    else:
        talk.print(
            f"Kept as the source {read.data['source']}, run {run.id}. "
            "`filrouge identity resolve` makes people of the new records; `filrouge source undo` takes the run back."
        )


def _show(read: Any, talk: Any) -> None:
    form = ", ".join(f"{name} {value!r}" for name, value in read.data["format"].items())
    talk.print(f"{read.data['kind']}{': ' + form if form else ''}", markup=False, soft_wrap=True)
    for column, cell in read.spec.map.items():
        form = f"  ({cell.format})" if cell.format else ""
        talk.print(f"  {' + '.join(cell.reads()) or cell.const:30} is {column.replace('_', ' ')}{form}", markup=False)
    for one in read.spec.consents:
        told = ", ".join(one.state.reads())
        talk.print(f"  {told:30} is a consent to {one.purpose} by {one.channel}", markup=False)
    for name in read.left:
        talk.print(f"  {name:30} is not read", markup=False, style="dim")
    talk.print(f"  a row is named by {', '.join(read.data['key'])}", markup=False, soft_wrap=True)
    for what, slug in read.added:
        talk.print(f"  the {what} {slug} is added to the group", markup=False)
