"""``filrouge rule …``: rules that make follow-ups by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from filrouge.cli import definition
from filrouge.cli.asking import Key, caller
from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Rules of follow-ups: list, show, save, try, run, on, off, delete.")
Name = Annotated[str, typer.Argument(help="The name of a rule.")]
File = Annotated[Path, typer.Argument(help="YAML or JSON, as `rule show` prints it.")]
SAID = frozenset({"name", "title", "brand"})


@app.command(name="list")
def list_(key: Key = None, as_json: AsJson = False) -> None:
    """List the rules, with what each made."""
    from filrouge.cli import talk
    from filrouge.store.queries import followup_rules as found
    from filrouge.work import access

    asking = caller(key)
    access.must(asking, *found.READERS, scope="people:read")
    rows = found.rules(asking)
    if as_json:
        print_json([_line(row) for row in rows])
        return
    table = Table("name", "on behalf of", "when", "made", "worked", box=None)
    for row in rows:
        worked = f"{row.worked_at.astimezone():%Y-%m-%d %H:%M}" if row.worked_at else "never"
        state = "off" if row.off_at else worked
        whose = " · ".join(part for part in (row.entity, row.brand) if part)
        table.add_row(row.name, whose, str(row.spec["when"]), f"{row.made:,}", state)
    talk.print(table if rows else "There is no rule yet. `filrouge rule save FILE` keeps one.")


@app.command()
def show(name: Name, key: Key = None, as_json: AsJson = False) -> None:
    """Print a rule, as YAML that `rule save` reads."""
    from filrouge.base.errors import told
    from filrouge.cli import talk
    from filrouge.store.queries import followup_rules as found
    from filrouge.work import access

    asking = caller(key)
    access.must(asking, *found.READERS, scope="people:read")
    row = found.rule(asking, name)
    if as_json:
        print_json(_line(row) | {"trouble": row.trouble})
        return
    typer.echo(definition.printed(row, "name", "title", "entity", "brand"))
    if row.trouble:
        talk.print(" ".join(told(row.trouble)), markup=False)


@app.command()
def save(file: File, key: Key = None) -> None:
    """Keep the rule of a file, or change the one of its name."""
    from filrouge.cli import talk
    from filrouge.store.queries import followup_rules as found
    from filrouge.work import followup_rules

    asking = caller(key)
    said = definition.read(file, "rule", known=SAID)
    known = {row.name for row in found.rules(asking)}
    name = said.pop("name")
    row = followup_rules.keep(
        asking, said.pop("spec"), title=said.pop("title", name), name=name if name in known else "", **said
    )
    talk.print(f"The rule {row.name} is kept. `filrouge rule try {file}` says what it would make now.")


@app.command(name="try")
def try_(file: File, key: Key = None, as_json: AsJson = False) -> None:
    """Say what the rule of a file would make now; nothing is made."""
    import dataclasses

    from filrouge.cli import talk
    from filrouge.work import followup_rules

    asking = caller(key)
    said = definition.read(file, "rule", known=SAID)
    tried = followup_rules.attempt(
        asking, said["spec"], entity=said["entity"], brand=said.get("brand", ""), name=said["name"]
    )
    if as_json:
        print_json(dataclasses.asdict(tried))
        return
    talk.print(f"{tried.found:,} found, {tried.known:,} of them worked already; {len(tried.due):,} would be made now.")
    if tried.later:
        talk.print(f"{tried.later:,} wait for the next time.")
    for reason, number in tried.held.items():
        talk.print(f"  {number:,} left out: {reason}.", markup=False)
    for one in tried.due[:10]:
        stake = f"  {one.amount:,.2f} {one.currency}" if one.amount is not None else ""
        talk.print(f"  {one.person}  {one.cause}{stake}", markup=False)


@app.command()
def run(name: Annotated[str, typer.Argument(help="One rule; none: all that are on.")] = "") -> None:
    """Work the rules now."""
    from filrouge.cli import talk
    from filrouge.store.queries import followup_rules as found
    from filrouge.work import followup_rules

    asking = caller(None)
    if name:
        found.rule(asking, name)
    made = followup_rules.run(by=asking.by, name=name)
    talk.print(f"{made:,} follow-ups made.")


@app.command()
def on(name: Name, key: Key = None) -> None:
    """Switch a rule on again."""
    _switch(name, key, to=True)


@app.command()
def off(name: Name, key: Key = None) -> None:
    """Switch a rule off; what it made stays."""
    _switch(name, key, to=False)


@app.command()
def delete(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False, key: Key = None) -> None:
    """Delete a rule; what it made stays."""
    from filrouge.cli import talk
    from filrouge.store.queries import followup_rules as found
    from filrouge.work import followup_rules

    asking = caller(key)
    found.rule(asking, name)
    if not yes:
        talk.print(f"Nothing is deleted. `filrouge rule delete {name} --yes` does it.")
        raise typer.Exit(1)
    followup_rules.remove(asking, name)
    talk.print(f"The rule {name} is deleted.")


def _switch(name: str, key: str | None, *, to: bool) -> None:
    from filrouge.cli import talk
    from filrouge.work import followup_rules

    followup_rules.switch(caller(key), name, on=to)
    talk.print(f"The rule {name} is {'on' if to else 'off'}.")


def _line(row: Any) -> dict[str, Any]:
    shown = ("name", "title", "entity", "brand", "spec", "off_at", "worked_at", "made", "edited_by", "edited_at")
    return {name: getattr(row, name) for name in shown}
