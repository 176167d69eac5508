"""``filrouge push …``: segments given to other tools, and what became of each row."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from filrouge.cli.asking import Key, caller
from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Pushes: list, add, show, run, rows, pause, resume, empty, delete.")
Name = Annotated[str, typer.Argument(help="The name of a push.")]


@app.command(name="list")
def list_(key: Key = None, as_json: AsJson = False) -> None:
    """List the pushes, each with its last run."""
    from filrouge.cli import talk
    from filrouge.store.queries import pushes as found
    from filrouge.work import access

    asking = caller(key)
    access.must(asking, *found.READERS, scope="pushes:read")
    rows = found.pushes(asking)
    last = found.last_runs(rows)
    if as_json:
        print_json([line(row) | {"last": run_line(last[row.name]) if row.name in last else None} for row in rows])
        return
    table = Table("name", "segment", "destination", "held", "when", "last run", box=None)
    for row in rows:
        when = ("" if row.enabled else "paused, ") + (row.timing or "by hand")
        said = _said(last[row.name]) if row.name in last else "never"
        table.add_row(row.name, row.segment.name, row.destination.name, f"{row.held:,}", when, said)
    talk.print(table if rows else "There is no push yet. `filrouge push add` keeps one.")


@app.command()
def add(
    name: Name,
    segment: Annotated[str, typer.Option(help="The segment to give.")],
    destination: Annotated[str, typer.Option(help="The destination that takes it.")],
    columns: Annotated[str, typer.Option(help="What of each person, separated by commas.")] = "id,given_name,email",
    purpose: Annotated[str, typer.Option(help="What for; none: the segment’s.")] = "",
    channel: Annotated[str, typer.Option(help="By which channel; none: the segment’s.")] = "",
    by: Annotated[str, typer.Option(help="By what the destination knows people: id, email or phone.")] = "id",
    gives: Annotated[str, typer.Option(help="whole (the list) or changes.")] = "",
    timing: Annotated[str, typer.Option(help="change, a cron expression, or nothing: by hand.")] = "change",
    title: Annotated[str, typer.Option(help="What people call it.")] = "",
    key: Key = None,
) -> None:
    """Keep a push, or change it."""
    from filrouge.cli import talk
    from filrouge.work import pushes

    chosen = [one.strip() for one in columns.split(",") if one.strip()]
    row = pushes.keep(
        caller(key), name, segment=segment, destination=destination, columns=chosen, purpose=purpose, channel=channel,
        key=by, gives=gives, timing=timing, title=title,
    )  # fmt: skip
    talk.print(f"The push {row.name} is kept. `filrouge push run {row.name}` runs it now.")


@app.command()
def show(name: Name, key: Key = None, as_json: AsJson = False) -> None:
    """Show a push and its last runs."""
    from filrouge.cli import talk
    from filrouge.store.queries import pushes as found
    from filrouge.work import access

    asking = caller(key)
    access.must(asking, *found.READERS, scope="pushes:read")
    row = found.push(name, asking)
    runs = found.runs(row, most=10)
    if as_json:
        print_json(line(row) | {"owed": found.owed(row), "runs": [run_line(run) for run in runs]})
        return
    for label, value in line(row).items():
        talk.print(f"{label}: {', '.join(value) if isinstance(value, list) else value}", markup=False)
    if owed := found.owed(row):
        talk.print(f"{owed:,} erased people are still to be taken back.")
    for run in runs:
        talk.print(f"  {run.id}  {run.started_at:%Y-%m-%d %H:%M}  {_said(run)}", markup=False)


@app.command()
def run(
    name: Name,
    failed: Annotated[bool, typer.Option("--failed", help="Only the rows that failed.")] = False,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Give what changed now; exit 1 when not every row was confirmed."""
    from filrouge.base.errors import told
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.work import pushes

    asking = caller(key)
    with shown(talk):
        done = pushes.run_as(asking, name, only="failed" if failed else "")
    if as_json:
        print_json(run_line(done))
    else:
        talk.print(_said(done), markup=False)
        if done.trouble:
            talk.print(" ".join(told(done.trouble)), markup=False)
    if done.state != "done":
        raise typer.Exit(1)


@app.command()
def rows(
    name: Name,
    run_id: Annotated[UUID | None, typer.Option("--run", help="Of which run; none: the last one.")] = None,
    outcome: Annotated[str, typer.Option(help="sent, removed, withheld or failed.")] = "",
    after: Annotated[str, typer.Option(help="Go on where the rows before ended, or after this person’s id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many rows.")] = 50,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of each person in a run, and why."""
    from filrouge.base.errors import NotFound
    from filrouge.cli import talk
    from filrouge.store.queries import pushes as found
    from filrouge.work import pushes

    asking = caller(key)
    if run_id is None:
        last = found.runs(found.push(name, asking), most=1)
        if not last:
            raise NotFound("The push {name} never ran.", hint="Run it first.", name=name)
        run_id = last[0].id
    told, more = pushes.rows(asking, name, str(run_id), outcome=outcome, after=after, limit=limit)
    if as_json:
        print_json([one.plain() for one in told])
        return
    for one in told:
        why = f" ({one.reason})" if one.reason else ""
        said = f": {one.said}" if one.said else ""
        talk.print(f"  {one.person}  {one.name}  {one.outcome}{why}{said}", markup=False)
    if more:
        talk.print(f"There are more: --after {more}", markup=False)


@app.command()
def pause(name: Name, key: Key = None) -> None:
    """Let nothing more go by itself; people who are erased are taken back all the same."""
    from filrouge.cli import talk
    from filrouge.work import pushes

    pushes.pause(caller(key), name)
    talk.print(f"The push {name} is paused.")


@app.command()
def resume(name: Name, key: Key = None) -> None:
    """Let a push go on by itself."""
    from filrouge.cli import talk
    from filrouge.work import pushes

    pushes.resume(caller(key), name)
    talk.print(f"The push {name} goes on.")


@app.command()
def empty(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False, key: Key = None) -> None:
    """Pause a push and take back everybody whom it gave."""
    from filrouge.cli import talk
    from filrouge.work import pushes
    from filrouge.work.pushes.verbs import own

    asking = caller(key)
    row = own(asking, name)
    if not yes:
        talk.print(f"{row.held:,} people would be taken back from {row.destination.name}. Say --yes to do it.")
        raise typer.Exit(1)
    pushes.empty(asking, name)
    done = pushes.run(name, by=asking.by, only="empty")
    talk.print(_said(done), markup=False)
    if done.state != "done":
        raise typer.Exit(1)


@app.command()
def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
    leave: Annotated[bool, typer.Option("--leave", help="Leave at the destination whom it holds.")] = False,
    key: Key = None,
) -> None:
    """Remove a push and its runs; refused while its destination holds people, unless they are left there."""
    from filrouge.cli import talk
    from filrouge.work import pushes
    from filrouge.work.pushes.verbs import own

    asking = caller(key)
    row = own(asking, name)
    if not yes:
        talk.print(f"{row.name} would go; {row.destination.name} holds {row.held:,} people of it. Say --yes to do it.")
        raise typer.Exit(1)
    pushes.remove(asking, name, leave=leave)
    talk.print(f"The push {name} is removed.")


def line(row: Any) -> dict[str, Any]:
    """Return a push as plain data."""
    shown = ("name", "title", "entity", "brand", "purpose", "channel", "columns", "key", "gives", "timing", "owner",
             "enabled", "held", "due_at")  # fmt: skip
    return {"segment": row.segment.name, "destination": row.destination.name} | {
        name: getattr(row, name) for name in shown
    }


def run_line(run: Any) -> dict[str, Any]:
    """Return a run of a push as plain data."""
    shown = ("id", "state", "only", "by", "started_at", "finished_at", "ordered", "sent", "removed", "withheld",
             "failed", "unchanged", "waiting", "reasons", "trouble")  # fmt: skip
    return {name: getattr(run, name) for name in shown} | {"id": str(run.id)}


def _said(run: Any) -> str:
    why = ", ".join(f"{reason} {number:,}" for reason, number in run.reasons.items())
    parts = [f"{run.sent:,} delivered", f"{run.removed:,} removed"]
    parts += [f"{run.withheld:,} withheld" + (f" ({why})" if why else ""), f"{run.failed:,} failed"]
    if run.waiting:
        parts.append(f"{run.waiting:,} not tried")
    return f"{run.state}: " + ", ".join(parts)
