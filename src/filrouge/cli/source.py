"""``filrouge source …``: the systems that are read, and their runs."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

app = typer.Typer(
    no_args_is_help=True, help="The sources: add, propose, list, check, run, undo; presets of usual systems."
)
BY = "owner of this machine"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def add(file: Annotated[Path, typer.Argument(help="The YAML file that defines the source.")]) -> None:
    """Keep the definition of a source, or replace the one of the same name."""
    from filrouge.cli import talk
    from filrouge.work import installation, sources

    installation.ready()
    source = sources.add(file, by=BY)
    talk.print(f"The source {source.name} is kept: {source.kind}, read into {source.reads}.")


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the sources with their last run."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.store.queries import sources
    from filrouge.work import installation

    installation.ready()
    lines = sources.lines(OWNER)
    if as_json:
        print_json([
            {"name": line.source.name, "system": line.source.system, "kind": line.source.kind,
             "reads": line.source.reads,
             "as_of": line.source.as_of.isoformat() if line.source.as_of else None,
             "paused": not line.source.enabled, "late": line.late_by is not None,
             "next": line.source.due_at.isoformat() if line.source.due_at else None, "last": _run(line.last)}
            for line in lines
        ])  # fmt: skip
        return
    counted = ("read", "rejected")
    table = Table(Column("source", no_wrap=True), "reads", *counted, "state", "next run", box=None)
    for line in lines:
        last = line.last
        counts = [str(getattr(last, name)) if last else "" for name in counted]
        table.add_row(
            line.source.name,
            line.source.reads,
            *counts,
            _state(line),
            "paused" if not line.source.enabled else minute(line.source.due_at),
        )
    talk.print(table)
    for line in lines:
        if line.last is not None and line.last.state == "failed":
            talk.print(f"{line.source.name}: {line.last.problem} {line.last.problem_hint}".strip(), markup=False)


@app.command()
def check(name: str, as_json: AsJson = False) -> None:
    """Make sure that the place of a source answers."""
    from filrouge.cli import talk
    from filrouge.work import installation, sources

    installation.ready()
    found = sources.check(name)
    if as_json:
        print_json(found)
    else:
        talk.print(f"{name} answers" + (f": {found['rows']} rows." if found["rows"] is not None else "."))


@app.command()
def run(
    name: str,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what the import would do; write nothing.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Read everything, not only what is after the cursor.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a source: the whole of it, or nothing."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.work import installation, sources

    installation.ready()
    with shown(talk) as progress:
        if dry_run:
            counts = sources.dry_run(name, progress=progress)
            made = None
        else:
            made = sources.run(name, by=BY, progress=progress, full=full)
            counts = {
                key: int(getattr(made, key))
                for key in ("read", "new", "changed", "unchanged", "rejected", "matched", "vanished", "lost")
            }
    if as_json:
        print_json(counts | ({"run": str(made.id), "state": str(made.state), "verdict": made.verdict} if made else {}))
        return
    talk.print(
        f"{counts['read']} read = {counts['new']} new + {counts['changed']} changed + "
        f"{counts['unchanged']} unchanged + {counts['rejected']} rejected, {counts['lost']} lost; "
        f"{counts['matched']} of the new are of people already known, "
        f"{counts['vanished']} known before are no longer there."
    )
    if made is not None and made.state == "held":
        talk.print(
            f"Run {made.id} waits for a person: {'; '.join(map(_finding, made.findings))}. Nothing of it "
            "is in the data. `filrouge source let-in RUN --because …` or `filrouge source give-up RUN` decides."
            + (f" `filrouge source shape {name}` tells the mapping proposed." if made.reshaping else "")
        )
    elif made is not None:
        talk.print(f"Verdict: {made.verdict}.")
        talk.print(f"Run {made.id}. `filrouge identity resolve` makes people of the new records.")


_SHAPES = {
    "shape_gone": "not there any more, and read:",
    "shape_unkept": "never kept, and not there any more while new columns came:",
    "shape_empty": "empty in every row, and read:",
    "shape_date": "dates written in another way:",
    "shape_values": "values that mean nothing yet:",
    "shape_added": "new, and read by nothing:",
    "shape_left": "not there any more, and read by nothing:",
}


def _finding(one: dict[str, Any]) -> str:
    """Say why a run waits."""
    params = one.get("params") or {}
    if one["code"].startswith("shape_"):
        return f"{_SHAPES[one['code']]} {params.get('column') or params.get('columns')}"
    if one["code"] == "rule_broken":
        return f"the rule {params['rule']} is broken by {params['rows']} of {params['of']} rows"
    told = ", ".join(f"{name} {value}" for name, value in params.items())
    return str(one["code"]).replace("_", " ") + (f" ({told})" if told else "")


@app.command()
def pause(name: str) -> None:
    """Leave a source alone until it is resumed; it can still be run by hand."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, schedules

    installation.ready()
    schedules.pause(OWNER, name)
    talk.print(f"The source {name} is paused. `filrouge source resume {name}` lets its schedule read it again.")


@app.command()
def resume(name: str) -> None:
    """Let the schedule read a paused source again."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, schedules

    installation.ready()
    due = schedules.resume(OWNER, name).due_at
    talk.print(f"The source {name} is read again" + (f", next {minute(due)}." if due else "; it has no schedule."))


@app.command()
def undo(run_id: Annotated[str, typer.Argument(help="The number of the run, as `source run` printed it.")]) -> None:
    """Take back a whole import."""
    from filrouge.cli import talk
    from filrouge.work import installation, sources

    installation.ready()
    made = sources.undo(run_id, by=BY)
    talk.print(f"The run of {made.source_name} is undone. `filrouge identity resolve` brings the people up to date.")


def _state(line: Any) -> str:
    if line.source.kind == "collect":
        return "sends by itself"
    return (line.last.state if line.last else "never run") + (", late" if line.late_by else "")


def minute(at: datetime | None) -> str:
    """Say a moment by the clock of this machine, nothing when there is none."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else ""


def _run(made: Any) -> dict[str, Any] | None:
    if made is None:
        return None
    names = ("read", "new", "changed", "unchanged", "rejected", "matched", "vanished", "lost")
    return {
        "id": str(made.id),
        "state": str(made.state),
        "verdict": made.verdict,
        "problem": made.problem,
        "problem_hint": made.problem_hint,
        **{n: int(getattr(made, n)) for n in names},
    }


def print_json(data: Any) -> None:
    """Print data on stdout."""
    typer.echo(json.dumps(data, ensure_ascii=False, default=str))
