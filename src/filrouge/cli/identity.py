"""``filrouge identity …``: who is who."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from filrouge.cli.source import AsJson, print_json

BY = "owner of this machine"
app = typer.Typer(no_args_is_help=True, help="Identity: who is who, and how sure that is.")


@app.command()
def evaluate(
    path: Annotated[Path, typer.Argument(help="CSV or Parquet file of people.")],
    truth: Annotated[str, typer.Option(help="Column that says who each row truly is; never looked at before the end.")],
    id: Annotated[str | None, typer.Option(help="Column that only names rows; never looked at.")] = None,
    link: Annotated[Path | None, typer.Option(help="Second file, whose rows are linked to those of the first.")] = None,
    as_json: AsJson = False,
) -> None:
    """Resolve a labelled file, without configuration, and print how close the people found are to the true ones.

    The figures are JSON on stdout; the same in words goes to stderr unless --json is given.
    """
    from filrouge.cli import talk
    from filrouge.domain import identity

    found = identity.evaluate(path, truth, id, link, tell=lambda said: talk.print(f"Columns: {said}", markup=False))
    print_json(found)
    if not as_json:
        talk.print(_lines(found), markup=False)


@app.command()
def resolve(
    full: Annotated[bool, typer.Option("--full", help="Build every page anew, not only those touched.")] = False,
    as_json: AsJson = False,
) -> None:
    """Settle who each record is of, and bring the pages up to date."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.work import followups, identity, installation

    installation.ready()
    with shown(talk) as progress:
        outcome = identity.resolve(by=BY, full=full, progress=progress)
        followups.adopt(progress=progress)
    if as_json:
        print_json(outcome.plain())
    else:
        talk.print(
            "{records} records are {people} people: {new_people} new, {merges} merged, {splits} split; "
            "{reviews} pairs to review.".format(**outcome.counts)
        )


@app.command()
def merge(
    left: Annotated[str, typer.Argument(help="A person's id.")],
    right: Annotated[str, typer.Argument(help="Another person's id.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Say that two people are one; prints the number by which it can be undone."""
    from filrouge.work import identity, installation

    installation.ready()
    typer.echo(identity.merge(left, right, by=BY, reason=reason))


@app.command()
def split(
    person: Annotated[str, typer.Argument(help="A person's id.")],
    records: Annotated[str, typer.Option(help="Keys of the records that are of somebody else, separated by commas.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Say that some records are of somebody else; prints the number by which it can be undone."""
    from filrouge.base.errors import UsageError
    from filrouge.work import identity, installation

    installation.ready()
    parts = [part.strip() for part in records.split(",") if part.strip()]
    if not all(part.isdigit() for part in parts):
        raise UsageError("A record's key is a number.", hint="`filrouge person show ID --json` tells the keys.")
    typer.echo(identity.split(person, [int(part) for part in parts], by=BY, reason=reason))


@app.command()
def undo(gesture: Annotated[str, typer.Argument(help="The number that merge or split printed.")]) -> None:
    """Take back a merge or a split."""
    from filrouge.cli import talk
    from filrouge.work import identity, installation

    installation.ready()
    identity.undo(gesture, by=BY)
    talk.print("Taken back.")


def _lines(found: dict[str, Any]) -> str:
    def scores(name: str, word: str) -> str:
        s = found[name]
        return f"{word:9s} precision {s['precision']:.4f}  recall {s['recall']:.4f}  F1 {s['f1']:.4f}"

    lines = [
        "{records} records, {clusters} people found, {true_clusters} true ones, {exact_clusters} exactly right".format(
            **found
        ),
        scores("pairwise", "pairwise"),
        scores("b_cubed", "B-cubed"),
        f"largest: {found['largest_cluster']} records found, {found['largest_true']} true",
        f"{found['seconds']} s, {found['peak_mb']} MB at most",
    ]
    if not found["model"]["healthy"]:
        lines.append("The model could not be trained and was not used; the rules on strong identifiers were.")
    return "\n".join(lines)
