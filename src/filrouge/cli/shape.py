"""``filrouge source shape`` and ``reshape``: what changed at a source, and the mapping that reads it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from filrouge.cli.source import AsJson, print_json

if TYPE_CHECKING:
    from filrouge.domain.sources.reshaping import Choice
    from filrouge.work.reshaping import Reshaped

Pairs = Annotated[list[str] | None, typer.Option("--column", help="OLD=NEW, or OLD=NEW+NEW: read these in its stead.")]
Drops = Annotated[list[str] | None, typer.Option("--drop", help="A column that is read no more.")]
Dates = Annotated[list[str] | None, typer.Option("--date", help="COLUMN=%d/%m/%Y: how its dates are written now.")]
Values = Annotated[list[str] | None, typer.Option("--value", help="COLUMN:VALUE=MEANING: what a new value means.")]


def shape(name: str, as_json: AsJson = False) -> None:
    """Tell what changed at a source since its last good run, and the mapping proposed; else the columns it has."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, reshaping, shape_told, shapes, sources

    installation.ready()
    found = reshaping.waiting_of(OWNER, name)
    if found is not None:
        told = shape_told.told(OWNER, found)
        print_json(told | {"since": found.since.isoformat()}) if as_json else _say(told)
        return
    last = shapes.last_good(sources.get(name)[0])
    columns = list(last.shape.names()) if last else []
    if as_json:
        print_json({"run": None, "columns": columns, "since": last.run.started_at.isoformat() if last else None})
    elif last is None:
        talk.print(f"No run of {name} that is in place kept its shape yet.")
    else:
        talk.print(f"Nothing waits. The run of {last.run.started_at:%Y-%m-%d} had the columns {', '.join(columns)}.")


def reshape(
    name: str, column: Pairs = None, drop: Drops = None, date: Dates = None, value: Values = None,
    accept: Annotated[bool, typer.Option("--accept", help="Keep this mapping, and import the run.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Try the mapping proposed (or another) on the run that waits; with --accept, keep it and import the run."""
    from filrouge.base.errors import NotFound
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, reshaping

    installation.ready()
    found = reshaping.waiting_of(OWNER, name)
    if found is None:
        raise NotFound(
            "No run of {source} waits for another mapping.", hint="`filrouge source shape {source}` tells its columns.",
            source=name,
        )  # fmt: skip
    choice = _choice(found, column or [], drop or [], date or [], value or [])
    with shown(talk) as progress:
        counts, made = reshaping.accept_now(OWNER, str(found.run.pk), choice, only_try=not accept, progress=progress)
    if as_json:
        print_json(
            counts | {"choice": choice.plain(), "run": str(found.run.pk), "state": made.state if made else "held"}
        )
        return
    talk.print(
        f"{counts['read']} read = {counts['new']} new + {counts['changed']} changed + "
        f"{counts['unchanged']} unchanged + {counts['rejected']} rejected, {counts['lost']} lost."
    )
    if made is None:
        talk.print("Nothing is kept. The same with --accept keeps this mapping and imports the run.")
    else:
        talk.print(f"{name} is read so from now on, and its run {made.id} is in.")


def _say(told: dict[str, Any]) -> None:
    from filrouge.cli import talk

    def line(text: str) -> None:
        talk.print(text, markup=False, soft_wrap=True)

    line(f"Run {told['run']} waits: its source is not as it was on {told['since']:%Y-%m-%d}.")
    for one in told["gone"]:
        why = f" ({', '.join(one['because']).replace('_', ' ')}; {one['sure']:.0%} sure)" if one["sure"] else ""
        new = " + ".join(one["to"]) or ("read no more" if one["sure"] else "no column looks like it")
        line(f"  gone: {one['column']} -> {new}{why}")
    for name, form in told["dates"].items():
        line(f"  dates: {name} -> {form or ('ISO 8601' if form == '' else 'written in no way known')}")
    for name, held in told["values"].items():
        for one in held:
            line(f"  new value of {name}: {one['value']!r}, {one['rows']} rows -> {one['like'] or 'not told'}")
    for word in ("added", "left"):
        if told[word]:
            line(f"  {word}, read by nothing: {', '.join(told[word])}")
    line("`filrouge source reshape NAME` tries it, and keeps it with --accept; `filrouge source give-up RUN` lets go.")


def _choice(found: Reshaped, columns: list[str], drops: list[str], dates: list[str], values: list[str]) -> Choice:
    from filrouge.domain.sources.reshaping import Choice, Way

    names = found.now.names()
    told = dict(found.choice.columns) | {name: Way() for name in drops}
    for was, now in map(_pair, columns):
        told[was] = Way((now,) if now in names else tuple(part.strip() for part in now.split("+")))
    written = dict(found.choice.dates) | {name: "" if form == "iso" else form for name, form in map(_pair, dates)}
    meant = {name: dict(held) for name, held in found.choice.values.items()}
    for where, said in map(_pair, values):
        name, _, held = where.partition(":")
        meant.setdefault(name, {})[held] = said
    return Choice(told, written, meant)


def _pair(text: str) -> tuple[str, str]:
    from filrouge.base.errors import UsageError

    one, equals, two = text.rpartition("=")
    if not equals or not one:
        raise UsageError("{text} is not written as NAME=NAME.", text=text)
    return one, two
