"""``filrouge draft …``: a file brought by command, read, told column by column, tried, imported; as on the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(
    no_args_is_help=True,
    help="Sources being prepared: bring a file, say what its columns are, try, correct its rows, import.",
)
Key = Annotated[str, typer.Argument(help="The key of a draft, as `filrouge draft list` prints it.")]
PIECE = 1 << 20  # bytes read at once
MARKS = {"comma": ",", "point": ".", "semicolon": ";", "tab": "\t", "bar": "|"}
FINDINGS = ("read", "new", "changed", "unchanged", "rejected", "matched", "vanished", "lost")


@app.command()
def bring(
    file: Annotated[Path, typer.Argument(help="CSV, Excel, OpenDocument or NDJSON, packed or not.")],
    brand: Annotated[str, typer.Option(help="The brand whose customers it tells of; of several, one of them.")],
    source: Annotated[str, typer.Option(help="The source that it is a newer file of.")] = "",
    system: Annotated[str, typer.Option(help="The short name of the system that it comes from, as crm.")] = "",
    as_json: AsJson = False,
) -> None:
    """Keep a file as the beginning of a source, and count its rows; nothing is kept of anybody."""
    from filrouge.cli import talk
    from filrouge.cli.asking import caller
    from filrouge.work import drafts

    asking = caller()
    draft, same = drafts.bring(asking, file.name, _pieces(file), brand=brand, source=source, system=system)
    if same and not as_json:
        done = draft.state == "done"
        talk.print("This very file was imported." if done else "This very file was being prepared: here it is.")
    _follow(asking, str(draft.pk), "profile", as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the sources being prepared, the last touched first."""
    from filrouge.cli import talk
    from filrouge.cli.asking import caller
    from filrouge.store.queries import drafts as found
    from filrouge.work import draft_told

    lines = [draft_told.line(one) for one in found.drafts(caller())]
    if as_json:
        print_json(lines)
        return
    for one in lines:
        how = "being imported" if one["state"] == "asked" else "tried" if one["tried"] else "not tried"
        typer.echo(f"{one['key']}  {', '.join(one['brands']):20} {one['reads']:16} {how:14} {one['file']}")
    if not lines:
        talk.print("Nothing is being prepared. `filrouge draft bring FILE --brand BRAND` begins.")


@app.command()
def show(key: Key, as_json: AsJson = False) -> None:
    """Tell how a file is read, what its columns hold and say, what they lack, what the dry run counted."""
    from filrouge.cli.asking import caller

    _tell(caller(), key, as_json)


@app.command()
def read(
    key: Key,
    encoding: Annotated[str, typer.Option(help="utf-8, cp1252, utf-16…")] = "",
    delimiter: Annotated[str, typer.Option(help="Between two cells: semicolon, comma, tab or bar.")] = "",
    quote: Annotated[str, typer.Option(help="Around text that holds a delimiter: double, single or none.")] = "",
    header_row: Annotated[int, typer.Option(min=0, help="The row of the column names, the first being 1.")] = 0,
    sheet: Annotated[str, typer.Option(help="The sheet of a workbook.")] = "",
    decimal: Annotated[str, typer.Option(help="How decimals are written: comma or point.")] = "",
    as_json: AsJson = False,
) -> None:
    """Read the file by other conventions; what is not said stays, and its columns are guessed anew."""
    from filrouge.base.errors import UsageError
    from filrouge.cli.asking import caller
    from filrouge.domain.sources.form import QUOTES
    from filrouge.store.queries import drafts as found
    from filrouge.work import draft_rows

    asking = caller()
    said = {
        "encoding": encoding, "delimiter": MARKS.get(delimiter, delimiter), "header_row": header_row, "sheet": sheet,
        "decimal": MARKS.get(decimal, decimal),
    }  # fmt: skip
    if quote and quote not in QUOTES:
        raise UsageError("No quotes are called {quote}.", hint="Write double, single or none.", quote=quote)
    form = {**(found.draft(key, asking).spec.get("format") or {}), **{name: one for name, one in said.items() if one}}
    form |= {"quote": QUOTES[quote]} if quote else {}
    draft_rows.read_as(asking, key, form)
    _follow(asking, key, "profile", as_json)


@app.command()
def become(
    key: Key, reads: Annotated[str, typer.Argument(help="person_records, orders, payments, contacts…")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Have each row be a person, or something that a person did; its columns are guessed anew."""
    from filrouge.cli.asking import caller
    from filrouge.work import draft_rows

    asking = caller()
    draft_rows.become(asking, key, reads)
    _tell(asking, key, as_json)


@app.command()
def columns(
    key: Key,
    file: Annotated[
        Path | None, typer.Option("--columns", help="A definition in YAML, as this prints it: keep what it says.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the definition as it stands, to be edited; with --columns, take back what it says of the columns."""
    import yaml

    from filrouge.cli.asking import caller
    from filrouge.store.queries import drafts as found
    from filrouge.work import definitions, draft_definitions

    asking = caller()
    if file is not None:
        draft_definitions.define(asking, key, definitions.read(file))
        _tell(asking, key, as_json)
        return
    stands = draft_definitions.definition(found.draft(key, asking), asking)
    if as_json:
        print_json(stands)
    else:
        typer.echo(yaml.safe_dump(stands, allow_unicode=True, sort_keys=False, width=100).rstrip())


@app.command("try")
def try_(key: Key, as_json: AsJson = False) -> None:
    """Count what an import would do, and what identity would make of it; nothing is kept."""
    from filrouge.cli.asking import caller
    from filrouge.work import drafts

    asking = caller()
    drafts.try_out(asking, key)
    _follow(asking, key, "trial", as_json, counted=True)


@app.command("import")
def import_(key: Key, as_json: AsJson = False) -> None:
    """Keep the source and import its file as it was tried: the whole of it, or nothing."""
    from filrouge.cli import talk
    from filrouge.cli.asking import caller
    from filrouge.store.queries import drafts as found
    from filrouge.work import drafts

    asking = caller()
    draft = found.draft(key, asking)
    if draft.state == "open" or not _moving(draft):
        drafts.go(asking, key)  # else somebody asked for it already: it is seen through to its end
    draft = _followed(asking, key, "bring")
    run = draft.run
    if as_json or run is None:
        told = {name: int(getattr(run, name)) for name in FINDINGS} if run else {}
        made = {"state": str(draft.state), "run": str(draft.run_id or ""), "source": draft.spec["source"]}
        print_json(told | made | ({"verdict": run.verdict, "run_state": str(run.state)} if run else {}))
        return
    talk.print(f"{sentence({name: int(getattr(run, name)) for name in FINDINGS})}; {run.matched:,} of the new are of "
               "people already known.", soft_wrap=True)  # fmt: skip
    if run.state == "held":
        talk.print(
            f"Run {run.pk} waits for a person: nothing of it is in the data. `filrouge source let-in {run.pk} "
            f"--because …` or `filrouge source give-up {run.pk}` decides.", soft_wrap=True,
        )  # fmt: skip
        return
    talk.print(
        f"Kept as the source {run.source_name}, run {run.pk}. `filrouge identity resolve` makes people of the new "
        f"records; `filrouge source undo {run.pk}` takes it back.", soft_wrap=True,
    )  # fmt: skip


@app.command()
def drop(key: Key) -> None:
    """Forget a file that is being prepared, and what was said of it."""
    from filrouge.cli import talk
    from filrouge.cli.asking import caller
    from filrouge.work import drafts

    drafts.drop(caller(), key)
    talk.print("The file is gone.")


def sentence(counts: dict[str, Any]) -> str:
    """Say what became, or would become, of the rows: all that were read are told."""
    return (
        f"{counts['read']:,} read = {counts['new']:,} new + {counts['changed']:,} changed + "
        f"{counts['unchanged']:,} unchanged + {counts['rejected']:,} rejected, {counts['lost']:,} lost"
    )


# --- the steps --------------------------------------------------------------------------------------------------------


def _pieces(file: Path) -> Iterator[bytes]:
    from filrouge.base.errors import UsageError

    try:
        with file.open("rb") as stream:
            while piece := stream.read(PIECE):
                yield piece
    except OSError:
        raise UsageError("The file {path} cannot be read.", hint="Check the path.", path=str(file)) from None


def _moving(draft: Any) -> bool:
    from filrouge.store.queries import drafts as found

    job = found.job(draft)
    return job is not None and job.state in ("waiting", "running")


def _followed(asking: Any, key: str, what: str) -> Any:
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.store.queries import drafts as found
    from filrouge.work import draft_following

    with shown(talk) as progress:
        return draft_following.follow(found.draft(key, asking), what, progress=progress)


def _follow(asking: Any, key: str, what: str, as_json: bool, *, counted: bool = False) -> None:
    _followed(asking, key, what)
    _tell(asking, key, as_json, counted=counted)


def _tell(asking: Any, key: str, as_json: bool, *, counted: bool = False) -> None:
    from filrouge.cli import draft_shown
    from filrouge.store.queries import drafts as found
    from filrouge.work import draft_told

    told = draft_told.whole(found.draft(key, asking), asking)
    print_json(told) if as_json else draft_shown.say(told, counted=counted)
