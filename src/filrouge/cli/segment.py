"""``filrouge segment …``: who is in which segment, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from filrouge.cli import definition
from filrouge.cli.asking import Key, caller
from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Segments: list, show, save, count, build, ask why, compare, delete.")
Name = Annotated[str, typer.Argument(help="The name of a segment.")]
SAID = frozenset({"name", "title", "description", "brand", "purpose", "channel", "kind", "owner"})


@app.command(name="list")
def list_(
    archived: Annotated[bool, typer.Option("--archived", help="Those that were put away.")] = False,
    key: Key = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """List the segments with the people of their last build."""
    from filrouge.cli import talk
    from filrouge.store.queries import segments as found
    from filrouge.work import access

    asking = caller(key)
    access.must(asking, *found.READERS, scope="segments:read")
    rows = found.segments(asking, archived=archived)
    if as_json:
        print_json([_line(row) for row in rows])
        return
    table = Table("name", "entity", "brand", "people", "kind", "built", box=None)
    for row in rows:
        at = f"{row.built_at.astimezone():%Y-%m-%d %H:%M}" if row.built_at else "never"
        table.add_row(row.name, row.entity, row.brand, "" if row.people is None else f"{row.people:,}", row.kind, at)
    talk.print(table if rows else "There is no segment yet. `filrouge segment save FILE` keeps one.")


@app.command()
def show(name: Name, key: Key = None, as_json: AsJson = False) -> None:
    """Print a segment, as YAML that `segment save` reads."""
    from filrouge.store.queries import segments as found
    from filrouge.work import access

    asking = caller(key)
    access.must(asking, *found.READERS, scope="segments:read")
    row = found.segment(name, asking)
    if as_json:
        print_json(_line(row) | {"description": row.description, "spec": row.spec})
        return
    shown = ("name", "title", "description", "entity", "brand", "purpose", "channel", "kind", "owner")
    typer.echo(definition.printed(row, *shown))


@app.command()
def save(
    file: Annotated[Path, typer.Argument(help="YAML or JSON, as `segment show` prints it.")], key: Key = None
) -> None:
    """Keep the segment of a file, or its next version."""
    from filrouge.cli import talk
    from filrouge.work import segments

    asking = caller(key)
    said = definition.read(file, "segment", known=SAID)
    row = segments.keep(asking, **said)
    talk.print(f"The segment {row.name} is kept: version {row.version}. `filrouge segment build {row.name}` fills it.")


@app.command()
def count(
    what: Annotated[str, typer.Argument(help="The name of a segment, or a YAML or JSON file that defines one.")],
    as_of: Annotated[str | None, typer.Option(help="As it was known at this date (ISO 8601).")] = None,
    key: Key = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Count who is in a segment, with some of them and who may not be reached."""
    from filrouge.cli import talk
    from filrouge.cli.sql import moment
    from filrouge.work import segments

    asking = caller(key)
    if Path(what).suffix in definition.FILES:
        said = definition.read(Path(what), "segment", known=SAID)
        scope = segments.Scope(
            **{name: said[name] for name in ("entity", "brand", "purpose", "channel") if name in said}
        )
        found = segments.count(asking, said["spec"], scope, as_of=moment(as_of))
    else:
        found = segments.count(asking, what, as_of=moment(as_of))
    if as_json:
        print_json(found.plain())
        return
    talk.print(f"{found.people:,} of {found.everybody:,} people, in {found.seconds:.2f} s.")
    if found.reached is not None:
        why = ", ".join(f"{reason} {number:,}" for reason, number in found.left_out.items())
        talk.print(f"{found.reached:,} may be reached" + (f"; left out: {why}." if why else "."))
    for remark in found.remarks:
        said_of = "{place}: the rows of {on} are kept {kept} days, so a window of {days} days looks at these only."
        talk.print(said_of.format(place=remark.place, **remark.params))
    for one in found.sample:
        talk.print(f"  {one.id}  {one.name}  ({', '.join(one.brands)})", markup=False)


@app.command()
def build(
    name: Annotated[str | None, typer.Argument(help="The name of a segment; none: all that are due.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find who is in a segment now, who came and who went."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.work import access, segments

    asking = caller(None)
    with shown(talk) as progress:
        done = [segments.build_as(asking, name)] if name else segments.build(by=access.OWNER.by, progress=progress)
    if as_json:
        print_json([one.__dict__ for one in done])
    else:
        for one in done:
            talk.print(
                f"{one.name}: {one.trouble}" if one.trouble else
                f"{one.name}: {one.people:,} people, {one.entered:,} came, {one.left:,} went, {one.seconds:.2f} s.",
                markup=False,
            )  # fmt: skip
    if any(one.trouble for one in done):
        raise typer.Exit(1)


@app.command()
def why(
    name: Name,
    person: Annotated[str, typer.Argument(help="The person's id.")],
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Say why somebody is in a segment or out of it, rule by rule."""
    from filrouge.cli import talk
    from filrouge.work import segments

    found = segments.why(caller(key), name, person).plain()
    if as_json:
        print_json(found)
        return
    since = f", since {found['since']:%Y-%m-%d %H:%M}" if found["since"] else ""
    talk.print(("In" if found["in"] else "Out") + since + ".")
    for rule in found["rules"]:
        said = {key: value for key, value in rule["rule"].items() if key != "on"}
        seen = "" if rule["value"] is None else f": {rule['value']}"
        source = f" ({rule['source']})" if rule["source"] else ""
        mark = "yes" if rule["holds"] else "no "
        talk.print(f"  {mark}  {rule['place']}  {rule['rule']['on']} {said}{seen}{source}", markup=False)
    if found["changes_at"]:
        talk.print(f"Time alone may change this on {found['changes_at']:%Y-%m-%d %H:%M} (UTC).")


@app.command()
def overlap(left: Name, right: Name, key: Key = None, as_json: AsJson = False) -> None:
    """Count the people whom two segments share."""
    from filrouge.cli import talk
    from filrouge.work import segments

    found = segments.overlap(caller(key), left, right)
    if as_json:
        print_json(found.__dict__)
    else:
        talk.print(f"{found.both:,} people in both; {left}: {found.left:,}, {right}: {found.right:,}.")


@app.command()
def delete(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False) -> None:
    """Delete a segment, its versions, and who was in it."""
    from filrouge.cli import talk
    from filrouge.work import segments

    asking = caller(None)
    row = segments.own(asking, name)
    if not yes:
        talk.print(f"{row.name}: {row.version} versions and {row.people or 0:,} people would go. Say --yes to do it.")
        raise typer.Exit(1)
    segments.remove(asking, name)
    talk.print(f"The segment {name} is deleted.")


def _line(row: Any) -> dict[str, Any]:
    shown = ("name", "title", "entity", "brand", "purpose", "channel", "kind", "owner", "version", "people", "built_at")
    return {name: getattr(row, name) for name in shown}
