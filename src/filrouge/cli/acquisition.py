"""``filrouge acquisition …``: companies that were bought: what is still to be done, and how many days it takes."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from filrouge.cli.asking import Key, caller
from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Companies that were bought: start, list, show, tick, measure, go live.")
Name = Annotated[str, typer.Argument(help="The short name of an acquisition.")]


@app.command()
def add(
    name: Name,
    title: Annotated[str, typer.Option(help="How the company is called.")],
    parent: Annotated[str, typer.Option(help="The entity that bought it.")],
    nature: Annotated[str, typer.Option(help="share or asset.")] = "share",
    entity: Annotated[str, typer.Option(help="Its own entity, of a purchase of shares; it may come later.")] = "",
    brands: Annotated[str, typer.Option(help="Its brands, separated by commas; they may come later.")] = "",
    systems: Annotated[str, typer.Option(help="Its systems that are to come, as crm,shop.")] = "",
    start: Annotated[str, typer.Option(help="The day of the signature, as 2026-01-31; none: today.")] = "",
    target: Annotated[str, typer.Option(help="The day when it should be live; none: twelve weeks later.")] = "",
    owner: Annotated[str, typer.Option(help="The address of the account that leads it.")] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Keep that a company was bought; its checklist and its clock start."""
    from filrouge.cli import talk
    from filrouge.cli.key import parts
    from filrouge.work import acquisitions

    row = acquisitions.start(
        caller(key), name, name=title, nature=nature, parent=parent, entity=entity, brands=parts(brands),
        systems=[{"name": system} for system in parts(systems)], started_on=_day(start), target_on=_day(target),
        owner=owner,
    )  # fmt: skip
    talk.print(f"The checklist of {row.name} is kept; it should be live on {row.target_on:%Y-%m-%d}.", markup=False)
    if as_json:
        print_json({"name": row.slug, "started_on": row.started_on, "target_on": row.target_on})


@app.command("list")
def list_(key: Key = None, as_json: AsJson = False) -> None:
    """List the acquisitions with their clocks, and the time to integrate."""
    from filrouge.base import clock
    from filrouge.cli import talk
    from filrouge.store.queries import acquisitions as found

    asking, now = caller(key), clock.now()
    rows = found.acquisitions(asking)
    figure = found.figure(rows, today=now.date())
    told = [found.brief(found.checklist(row, at=now), today=now.date()) for row in rows]
    if as_json:
        print_json({"time_to_integrate": dataclasses.asdict(figure), "items": told})
        return
    table = Table(Column("name", no_wrap=True), "days", "target", "done", "next", "live", box=None)
    for one in told:
        table.add_row(
            one["name"], str(one["days"]), f"{one['target_on']:%Y-%m-%d}", f"{one['done']}/{one['of']}",
            one["next"] or "", f"{one['live_at']:%Y-%m-%d}" if one["live_at"] else "",
        )  # fmt: skip
    talk.print(table)
    if figure.median_days is None:
        talk.print(f"None is live yet; {figure.under_way} under way, {figure.late} of them late.")
    else:
        talk.print(f"Time to integrate: {figure.median_days:g} days (median of {figure.live}).")


@app.command()
def show(name: Name, key: Key = None, as_json: AsJson = False) -> None:
    """Show a checklist: each step, the systems, the consents and who is known elsewhere."""
    from filrouge.base import clock
    from filrouge.store.queries import acquisitions as found

    asking, now = caller(key), clock.now()
    told = found.plain(found.checklist(found.acquisition(name, asking), at=now), asking, today=now.date())
    if as_json:
        print_json(told)
        return
    typer.echo(f"{told['title']}: {told['days']} days, {told['days_left']} left, {told['done']} of {told['of']} done")
    for step in told["steps"]:
        typer.echo(f"  {step['state']:<10} {step['code']:<12} {_said(step)}".rstrip())
    for one in told["systems"]:
        typer.echo(f"  system     {one['name']:<12} {one['progress']}")
    for line in told["overlap"]:
        kinds = ", ".join(f"{kind} {count}" for kind, count in line["kinds"].items())
        typer.echo(f"  overlap    {line['brand']} and {line['other']}: {line['people']} people ({kinds})")


@app.command()
def tick(
    name: Name,
    step: Annotated[str, typer.Argument(help="A step, as `show` prints it.")],
    without: Annotated[bool, typer.Option("--without", help="It does not apply: say why in --note.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was said.")] = False,
    note: Annotated[str, typer.Option(help="What was done, or why it does not apply; name nobody.")] = "",
    key: Key = None,
) -> None:
    """Say that a step is done, or does not apply."""
    from filrouge.cli import talk
    from filrouge.work import acquisitions

    acquisitions.say(caller(key), name, step, "" if undo else "without" if without else "done", note=note)
    talk.print("Taken back." if undo else "Said.")


@app.command()
def measure(name: Name, key: Key = None) -> None:
    """Count its people, its consents and who is known elsewhere, now."""
    from filrouge.cli import talk
    from filrouge.work import acquisitions

    row = acquisitions.measure(caller(key), name)
    talk.print(f"{row.figures['people']} people counted.")


@app.command()
def live(
    name: Name,
    back: Annotated[bool, typer.Option("--back", help="Take it back: the clock runs again.")] = False,
    reason: Annotated[str, typer.Option(help="Why, when steps are still open.")] = "",
    key: Key = None,
) -> None:
    """Say that a company is live: its clock stops."""
    from filrouge.base import clock
    from filrouge.cli import talk
    from filrouge.store.queries import acquisitions as found
    from filrouge.work import acquisitions

    asking = caller(key)
    if back:
        acquisitions.take_back(asking, name)
        talk.print("Taken back: its clock runs again.")
        return
    row = acquisitions.go_live(asking, name, reason=reason)
    days = found.span(row).days(clock.now().date())
    talk.print(
        f"{row.name} is live after {days} days; still open: {', '.join(row.live_open) or 'nothing'}.", markup=False
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("Write a day as 2026-01-31.") from None


def _said(step: dict[str, Any]) -> str:
    due = f"due {step['due']:%Y-%m-%d}" if step["due"] else ""
    return " · ".join(part for part in (step["owner"] or "", due, step["note"]) if part)
