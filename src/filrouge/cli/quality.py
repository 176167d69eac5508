"""``filrouge source quality``, ``let-in`` and ``give-up``: what rules said, and runs that wait for a person."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from filrouge.cli.source import AsJson, print_json

SIGNS = {"ok": "ok", "warned": "!", "broken": "X"}
RunId = Annotated[str, typer.Argument(help="The number of the run, as `source run` printed it.")]


def quality(name: str, as_json: AsJson = False) -> None:
    """Tell the rules of a source and what they said in its latest runs."""
    from rich.table import Table

    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.store.queries import rulings
    from filrouge.work import installation

    installation.ready()
    found = rulings.kept(name, OWNER)
    if as_json:
        print_json([one.plain() for one in found])
        return
    if not found:
        talk.print(f"The source {name} has no rules.")
        return
    table = Table("rule", "does", "owner", "last", "broken by", "latest runs", box=None)
    for one in found:
        last = one.last
        strip = " ".join(SIGNS[row.said] if row else "." for _, row in one.said)
        table.add_row(one.rule.called, one.rule.does, one.rule.owner, last.said if last else "", _figure(last), strip)
    talk.print(table)


def let_in(
    run_id: RunId,
    because: Annotated[str, typer.Option("--because", help="Why it may be let in; kept in the audit.")],
    usual: Annotated[bool, typer.Option("--usual", help="Such a volume is usual from now on.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a run that waits for a person, from the rows that it received."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import holding, installation

    installation.ready()
    with shown(talk) as progress:
        made = holding.let_in(OWNER, run_id, because=because, usual=usual, progress=progress)
    if as_json:
        print_json({"run": str(made.id), "state": str(made.state), "new": made.new, "changed": made.changed})
        return
    talk.print(
        f"The run of {made.source_name} is in: {made.new} new, {made.changed} changed, {made.rejected} rejected. "
        "`filrouge identity resolve` makes people of the new records."
    )


def give_up(run_id: RunId) -> None:
    """Let go of a run that waits for a person; the source can be read again."""
    from filrouge.cli import talk
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import holding, installation

    installation.ready()
    made = holding.give_up(OWNER, run_id)
    talk.print(f"The run of {made.source_name} is given up: nothing of it was kept.")


def _figure(row: Any) -> str:
    if row is None:
        return ""
    if row.rows is not None:
        return f"{row.rows} of {row.of}"
    if "newest" in row.measured:
        return str(row.measured["newest"] or "")
    return f"{row.measured.get('read')} rows" + (
        f", usually {row.measured['low']} to {row.measured['high']}" if "low" in row.measured else ""
    )
