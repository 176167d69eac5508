"""``filrouge identity …``: who is who."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Identity: who is who, and how sure that is.")


@app.command()
def evaluate(
    path: Annotated[Path, typer.Argument(help="CSV or Parquet file of people.")],
    truth: Annotated[str, typer.Option(help="Column that says who each row truly is; never looked at before the end.")],
    id: Annotated[str | None, typer.Option(help="Column that only names rows; never looked at.")] = None,
    link: Annotated[Path | None, typer.Option(help="Second file, whose rows are linked to those of the first.")] = None,
    as_json: AsJson = False,
) -> None:
    """Resolve a labelled file, without configuration, and tell how close the people found are to the true ones."""
    from filrouge.cli import talk
    from filrouge.domain import identity

    found = identity.evaluate(path, truth, id, link, tell=lambda said: talk.print(f"Columns: {said}", markup=False))
    if as_json:
        print_json(found)
    else:
        typer.echo(_lines(found))


def _lines(found: dict[str, Any]) -> str:
    def scores(name: str, word: str) -> str:
        s = found[name]
        return f"{word:9s} precision {s['precision']:.4f}  recall {s['recall']:.4f}  F1 {s['f1']:.4f}"

    lines = [
        f"{found['records']} records, {found['clusters']} people found, {found['true_clusters']} true ones, "
        f"{found['exact_clusters']} exactly right",
        scores("pairwise", "pairwise"),
        scores("b_cubed", "B-cubed"),
        f"largest: {found['largest_cluster']} records found, {found['largest_true']} true",
        f"{found['seconds']} s, {found['peak_mb']} MB at most",
    ]
    if not found["model"]["healthy"]:
        lines.append("The model could not be trained and was not used; the rules on strong identifiers were.")
    return "\n".join(lines)
