"""``filrouge followup …``: what is to do for whom, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from filrouge.cli.asking import Key, caller
from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Follow-ups: list, done, cancel, reopen, postpone.")
One = Annotated[str, typer.Argument(help="The id of a follow-up.")]
LISTS = ("due", "overdue", "unowned", "all", "done")


@app.command(name="list")
def list_(
    which: Annotated[str, typer.Argument(help=f"One of {', '.join(LISTS)}.")] = "due",
    owner: Annotated[str, typer.Option(help="Of one owner or queue.")] = "",
    order: Annotated[str, typer.Option(help="due, or amount: the most at stake first.")] = "due",
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 50,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List what is to do."""
    from filrouge.base import clock
    from filrouge.base.errors import UsageError
    from filrouge.cli import talk
    from filrouge.store.queries import followups as found
    from filrouge.work import access

    if which not in LISTS or order not in ("due", "amount"):
        raise UsageError("There is no such list.", hint="Choose one of {known}.", known=", ".join(LISTS))
    asking = caller(key)
    access.must(asking, "advisor", "sales", scope="people:read")
    rows, total = found.followups(asking, which=which, at=clock.now(), limit=limit, order=order, owner=owner)
    if as_json:
        print_json([_line(row) for row in rows])
        return
    table = Table("due", "who", "what", "owner", "at stake", "id", box=None)
    for row in rows:
        said = _line(row)
        stake = f"{said['amount']:,.2f} {said['currency']}" if said["amount"] is not None else ""
        due = f"{said['due_at'].astimezone():%Y-%m-%d}" + (" overdue" if said["overdue"] else "")
        table.add_row(due, said["who"], said["subject"], said["owner"], stake, said["id"])
    talk.print(table if rows else "There is nothing to do.")
    if total > len(rows):
        talk.print(f"{total - len(rows):,} more; --limit shows them.")


@app.command()
def done(one: One, outcome: Annotated[str, typer.Option(help="What came of it.")] = "", key: Key = None) -> None:
    """Say that a follow-up is done."""
    _close(one, "done", outcome, key)


@app.command()
def cancel(one: One, outcome: Annotated[str, typer.Option(help="Why.")] = "", key: Key = None) -> None:
    """Say that a follow-up is not to be done any more."""
    _close(one, "cancelled", outcome, key)


@app.command()
def reopen(one: One, key: Key = None) -> None:
    """Put a follow-up back among those to do."""
    from filrouge.cli import talk
    from filrouge.work import followups

    row = followups.reopen(caller(key), one)
    talk.print(f"It is to do again, due {row.due_at.astimezone():%Y-%m-%d}.")


@app.command()
def postpone(
    one: One, days: Annotated[int, typer.Option(min=1, max=365, help="By how many days.")] = 7, key: Key = None
) -> None:
    """Move a follow-up by some days."""
    from filrouge.cli import talk
    from filrouge.work import followups

    row = followups.postpone(caller(key), one, days)
    talk.print(f"It is due {row.due_at.astimezone():%Y-%m-%d}.")


def _close(one: str, state: str, outcome: str, key: str | None) -> None:
    from filrouge.cli import talk
    from filrouge.work import followups

    row = followups.close(caller(key), one, state, outcome=outcome)
    talk.print(f"The follow-up is {row.state}.")


def _line(line: Any) -> dict[str, Any]:
    row = line.what
    shown = ("person", "company", "entity", "brand", "kind", "subject", "due_at", "owner", "state", "amount",
             "currency", "rule", "source")  # fmt: skip
    said = {"id": str(row.id)} | {name: getattr(row, name) for name in shown}
    return said | {"who": line.person_name or line.company_name, "overdue": line.overdue}
