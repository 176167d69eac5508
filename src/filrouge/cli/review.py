"""``filrouge identity review …``: pairs of records that may be one person, decided from a terminal."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Pairs of records that may be one person: what waits, and what you say.")
Pair = Annotated[str, typer.Argument(help="The number of the pair, as `list` prints it.")]


@app.command("list")
def waiting(
    kind: Annotated[str, typer.Option(help="ambiguous, bridge or sample; all when left out.")] = "",
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=5_000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List the pairs that wait, the worthiest first."""
    from filrouge.cli import talk
    from filrouge.domain.identity.anatomy import probability
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.store.queries import reviews
    from filrouge.work import installation

    installation.ready()
    rows = reviews.page(OWNER, reviews.Asked(kind=kind), limit=limit)
    if as_json:
        print_json([_plain(row) for row in rows])
        return
    for row in rows:
        typer.echo(f"{row.pk}  {row.kind:9}  {probability(row.score):6.1%}  {row.left} {row.right}")
    talk.print(f"{reviews.waiting(OWNER)} pairs wait. `filrouge identity why RECORD RECORD` tells a pair in words.")


@app.command()
def decide(
    pair: Pair,
    said: Annotated[str, typer.Argument(help="same (one person) or different (two people).")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Say that both records are one person, or two; the worker settles it."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, reviews

    installation.ready()
    row = reviews.decide(OWNER, pair, said, reason=reason)
    talk.print("Said: one person." if row.decision == "same" else "Said: two people.")
    talk.print("The worker settles it, or `filrouge identity resolve` at once.")


@app.command()
def undo(pair: Pair) -> None:
    """Take back what was said of a pair: it waits again."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, reviews

    installation.ready()
    reviews.undo(OWNER, pair)
    talk.print("Taken back: the pair waits again.")


def _plain(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.pk), "kind": row.kind, "state": row.state, "score": row.score,
        "records": [str(row.left), str(row.right)], "people": [row.left_person, row.right_person],
        "rule": row.rule, "told": row.told,
    }  # fmt: skip
