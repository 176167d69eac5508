"""``filrouge draft faulty``, ``correct`` and ``take-back``: the faulty rows of a draft, out and back in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from filrouge.cli.draft import Key
from filrouge.cli.source import AsJson, print_json

SHOWN = 50  # lines on a terminal
REFUSALS = {
    "no_row": "it names no row",
    "unknown_do": "do holds leave_out, take_as_parted or nothing",
    "not_faulty": "no faulty row stands there: it was corrected, or is taken as it is",
    "said_twice": "another line says otherwise of the same cell",
    "several_places": "several places have such a row: say which under place",
    "barred": "nothing of this row is kept: it is corrected where it comes from",
    "left_out": "the row is left out; take that back first",
    "no_column": "the file has no such column",
    "not_unparted": "the row has as many fields as there are columns: there is nothing to take as parted",
    "closed": "a cell that is not wrong, and masked to you",
    "changed": "somebody corrected the row since the file was written: take the file again",
}


def faulty(
    key: Key,
    file: Annotated[Path | None, typer.Argument(help="A .csv or .xlsx file to write; none: print them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the faulty rows of the dry run, a line a wrong cell with why, to be corrected and brought back."""
    from filrouge.base.errors import UsageError
    from filrouge.cli import talk
    from filrouge.cli.asking import caller
    from filrouge.store.queries import drafts as found
    from filrouge.work import faulty_files

    asking = caller()
    if file is None:
        told = list(faulty_files.lines(asking, found.draft(key, asking)))
        if as_json:
            print_json(told)
            return
        for one in told[:SHOWN]:
            said = f"row {one['row']}  {one['column']}: {one['reason']}  {one['value']!r}"
            talk.print(said, soft_wrap=True, markup=False)
        talk.print(f"{len(told):,} faulty cells." if told else "No row is faulty.")
        return
    if file.suffix.lower() not in (".csv", ".xlsx"):
        raise UsageError("Faulty rows are written as CSV or as a workbook.", hint="End the name in .csv or .xlsx.")
    form: Any = file.suffix.lower()[1:]
    with faulty_files.write(asking, key, form=form) as stream:
        try:
            file.write_bytes(stream.read())
        except OSError:
            raise UsageError("The file {path} cannot be written.", hint="Check the path.", path=str(file)) from None
    talk.print(f"Written: {file}. Type over the values, then `filrouge draft correct {key} {file}`.", markup=False)


def correct(
    key: Key,
    file: Annotated[Path, typer.Argument(help="The file of faulty rows, or any with row, column and value.")],
    as_json: AsJson = False,
) -> None:
    """Take corrections of faulty rows back from a file, and try again; what is refused is told line by line."""
    from filrouge.base.errors import UsageError
    from filrouge.cli import talk
    from filrouge.cli.asking import caller
    from filrouge.work import faulty_files

    asking = caller()
    try:
        data = file.read_bytes()
    except OSError:
        raise UsageError("The file {path} cannot be read.", hint="Check the path.", path=str(file)) from None
    kept = faulty_files.correct_by_file(asking, key, data)
    told = _tried(asking, key) if kept.rows else None
    if as_json:
        print_json(kept.plain() | ({"counts": told["counts"]} if told else {}))
        return
    for one in kept.refused:
        where = f"line {one.line}, row {one.row}" if one.row is not None else f"line {one.line}"
        column = f", {one.column}" if one.column else ""
        talk.print(f"{where}{column}: not kept, {REFUSALS[one.code]}.", soft_wrap=True, markup=False)
    talk.print(f"{kept.rows:,} rows corrected, {kept.unchanged:,} lines as they were, {len(kept.refused):,} not kept.")
    _say(told)


def take_back(
    key: Key,
    row: Annotated[list[int], typer.Option("--row", help="The number of a corrected row; may be said again.")],
    place: Annotated[str, typer.Option(help="Which file or sheet, where several have such a row.")] = "",
    as_json: AsJson = False,
) -> None:
    """Forget what was said of some rows, which are as the file holds them again, and try again."""
    from filrouge.base.errors import NotFound
    from filrouge.cli import talk
    from filrouge.cli.asking import caller
    from filrouge.store.queries import drafts as found
    from filrouge.work import correcting

    asking = caller()
    if not (keys := correcting.keys_of(found.draft(key, asking), row, place)):
        raise NotFound("Nothing was said of these rows.", hint="`filrouge draft corrections` lists what was.")
    gone = correcting.take_back(asking, key, keys)
    told = _tried(asking, key)
    if as_json:
        print_json({"rows": gone, "counts": told["counts"]})
        return
    talk.print(f"{gone:,} rows are as the file holds them.")
    _say(told)


def corrections(key: Key, as_json: AsJson = False) -> None:
    """List what was said of rows: by whom, when, and whether the last dry run found each row."""
    from filrouge.cli import talk
    from filrouge.cli.asking import caller
    from filrouge.store.queries import drafts as found
    from filrouge.work import faulty_files

    asking = caller()
    told = faulty_files.said(asking, found.draft(key, asking))
    if as_json:
        print_json(told)
        return
    for one in told:
        what = "left out" if one["out"] else ", ".join(f"{name} = {text!r}" for name, text in one["cells"].items())
        talk.print(
            f"row {one['row']}  {what}  by {one['by']}" + ("" if one["applies"] else "  (row not found)"),
            soft_wrap=True, markup=False,
        )  # fmt: skip
    if not told:
        talk.print("Nothing was corrected.")


def _tried(asking: Any, key: str) -> dict[str, Any]:
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.store.queries import drafts as found
    from filrouge.work import draft_following, draft_told

    with shown(talk) as progress:
        draft = draft_following.follow(found.draft(key, asking), "trial", progress=progress)
    return draft_told.whole(draft, asking)


def _say(told: dict[str, Any] | None) -> None:
    from filrouge.cli import draft_shown

    if told is not None:
        draft_shown.say(told, counted=True)
