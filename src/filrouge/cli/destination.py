"""``filrouge destination …``: the tools to which people may be given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Destinations: list, add, show, check, delete.")
Name = Annotated[str, typer.Argument(help="The name of a destination.")]


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the destinations, with what their last check found."""
    from filrouge.base.errors import told
    from filrouge.cli import talk
    from filrouge.store.queries import pushes as found

    rows = found.destinations(_owner())
    if as_json:
        print_json([line(row) for row in rows])
        return
    table = Table("name", "kind", "entity", "brand", "place", "checked", box=None)
    for row in rows:
        state = "never" if row.checked_at is None else told(row.trouble)[0] if row.trouble else "well"
        table.add_row(row.name, row.kind, row.entity, row.brand, row.spec["place"], state)
    talk.print(table if rows else "There is no destination yet. `filrouge destination add FILE` keeps one.")


@app.command()
def add(file: Annotated[Path, typer.Argument(help="YAML: destination, entity, brand, kind, place…")]) -> None:
    """Keep the destination of a file, or change it."""
    from filrouge.base.errors import UsageError
    from filrouge.cli import talk
    from filrouge.work import definitions, pushes

    asking, said = _owner(), definitions.read(file)
    if not isinstance(said, dict) or "entity" not in said:
        raise UsageError("The file {path} defines no destination.", hint="It has an entity, a kind and a place.",
                         path=file.name)  # fmt: skip
    about = {name: str(said.pop(name, "")) for name in ("entity", "brand", "title")}
    row = pushes.keep_destination(asking, str(said.pop("destination", file.stem)), spec=said, **about)
    talk.print(f"The destination {row.name} is kept. `filrouge destination check {row.name}` tries it.")


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Print a destination, as YAML that ``destination add`` reads."""
    import yaml

    from filrouge.store.queries import pushes as found

    row = found.destination(name, _owner())
    if as_json:
        print_json(line(row))
        return
    about = {"destination": row.name, "title": row.title, "entity": row.entity, "brand": row.brand}
    said = {key: value for key, value in about.items() if value}
    typer.echo(yaml.safe_dump({**said, **row.spec}, sort_keys=False, allow_unicode=True).rstrip())


@app.command()
def check(name: Name, as_json: AsJson = False) -> None:
    """Try a destination without giving it anybody; exit 1 with a sentence when something is wrong."""
    from filrouge.base.errors import told
    from filrouge.cli import talk
    from filrouge.work import pushes

    row = pushes.check(_owner(), name)
    if as_json:
        print_json(line(row))
    else:
        talk.print(" ".join(told(row.trouble)) if row.trouble else f"{name} takes what it is given.", markup=False)
    if row.trouble:
        raise typer.Exit(1)


@app.command()
def delete(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False) -> None:
    """Remove a destination; refused while pushes rest on it."""
    from filrouge.cli import talk
    from filrouge.store.queries import pushes as found
    from filrouge.work import pushes

    asking = _owner()
    row = found.destination(name, asking)
    if not yes:
        talk.print(f"{row.name} would go. Say --yes to do it.")
        raise typer.Exit(1)
    pushes.remove_destination(asking, name)
    talk.print(f"The destination {name} is removed.")


def line(row: Any) -> dict[str, Any]:
    """Return a destination as plain data."""
    shown = ("name", "title", "kind", "entity", "brand", "spec", "checked_at", "trouble")
    return {name: getattr(row, name) for name in shown}


def _owner() -> Any:
    from filrouge.work import access, installation

    installation.ready()
    return access.OWNER
