"""``filrouge retention …``: what is beyond its retention, counted, then destroyed."""

from __future__ import annotations

from typing import Annotated

import typer

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Retention: what is kept for too long, and its end.")


@app.command()
def plan(as_json: AsJson = False) -> None:
    """Count what a sweep would destroy; touch nothing."""
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, retention

    installation.ready()
    _tell(retention.plan(OWNER), "would be destroyed", as_json=as_json)


@app.command()
def sweep(
    yes: Annotated[bool, typer.Option("--yes", help="Destroy; without it, only count.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy what is beyond its retention; the worker does it every day."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, retention

    installation.ready()
    if not yes:
        _tell(retention.plan(OWNER), "would be destroyed", as_json=as_json)
        talk.print("Nothing was touched; --yes destroys them. This cannot be undone.")
        return
    with shown(talk) as progress:
        done = retention.sweep_as(OWNER, progress=progress)
    _tell(done, "destroyed", as_json=as_json)


def _tell(counts: dict[str, int], word: str, *, as_json: bool) -> None:
    from filrouge.cli import talk

    if as_json:
        print_json(counts)
        return
    for name, count in counts.items():
        talk.print(f"  {count:>12,}  {name.replace('_', ' ')}")
    rows = sum(count for name, count in counts.items() if name != "values")
    values = counts.get("values", 0)
    told = f"{rows:,} rows and {values:,} values of rows that stay" if values else f"{rows:,} rows"
    talk.print(f"{told} {word}." if counts else "Nothing is beyond its retention.")
