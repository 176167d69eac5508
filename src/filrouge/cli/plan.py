"""``filrouge plan …``: which events a sender sends, and what they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml

app = typer.Typer(no_args_is_help=True, help="Tracking plans: shown, inferred, set, rolled back.")
Name = Annotated[str, typer.Argument(help="The name of a sender.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Print the plan in force, as YAML that `plan set` reads."""
    from filrouge.cli import talk
    from filrouge.store.queries import plans
    from filrouge.work import access, installation

    installation.ready()
    plans.sender(name, access.OWNER)
    held = plans.in_force(name)
    if held is None:
        talk.print(f"{name} has no plan. `filrouge plan infer {name}` makes one of the events that came.")
        raise typer.Exit(1)
    talk.print(f"Version {held.row.version}, by {held.row.by}.", markup=False)
    _print(held.spec.dump(), as_json)


@app.command()
def infer(
    name: Name,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan; keep nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep the plan that the recent events of a sender meet."""
    from filrouge.cli import talk
    from filrouge.cli.source import print_json
    from filrouge.store.queries import plans as found
    from filrouge.work import access, installation, plans

    installation.ready()
    if dry_run:
        found.sender(name, access.OWNER)
        _print(plans.proposed(name).dump(), as_json)
        return
    row = plans.infer(access.OWNER, name)
    talk.print(f"Version {row.version} is in force: {len(row.spec['events'])} events. It {_mode(row.mode)}.")
    if as_json:
        print_json({"version": row.version, "mode": row.mode, **row.spec})


@app.command(name="set")
def set_(name: Name, file: Annotated[Path, typer.Argument(help="YAML or JSON, as `plan show` prints it.")]) -> None:
    """Put the plan of a file in force."""
    from filrouge.cli import talk
    from filrouge.work import access, definitions, installation, plans

    installation.ready()
    row = plans.keep(access.OWNER, name, definitions.read(file))
    talk.print(f"Version {row.version} is in force. It {_mode(row.mode)}.")


@app.command()
def back(name: Name, version: Annotated[int, typer.Argument(help="The version to put in force again.")]) -> None:
    """Put an earlier version in force again."""
    from filrouge.cli import talk
    from filrouge.work import access, installation, plans

    installation.ready()
    row = plans.roll_back(access.OWNER, name, version)
    talk.print(f"Version {row.version} is in force again. It {_mode(row.mode)}.")


def _mode(mode: str) -> str:
    return "sets aside what does not meet it" if mode == "enforce" else "watches, and sets nothing aside"


def _print(data: object, as_json: bool) -> None:
    from filrouge.cli.source import print_json

    if as_json:
        print_json(data)
    else:
        typer.echo(yaml.safe_dump(data, sort_keys=False, allow_unicode=True).rstrip())
