"""``filrouge person …``: find people and show one."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="People: find, show, erase.")
Key = Annotated[str | None, typer.Option(help="Ask as this API key, not as the owner of the machine.")]


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="A name, an e-mail, a phone, any number they go by.")],
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Find people."""
    from filrouge.base import clock
    from filrouge.cli import talk
    from filrouge.store.queries import people
    from filrouge.work import access, installation

    installation.ready()
    asking = access.caller_of_key(key) if key else access.OWNER
    access.must(asking, scope="people:read")
    hits = people.search(text, asking, limit=limit, at=clock.now())
    if as_json:
        print_json([{"id": hit.id, "name": hit.name, "brands": list(hit.brands), "score": hit.score} for hit in hits])
        return
    table = Table("name", "brands", "city", "e-mail", "score", "id")
    for hit in hits:
        table.add_row(hit.name, ", ".join(hit.brands), hit.city, hit.email, f"{hit.score:.2f}", hit.id)
    talk.print(table if hits else "Nobody was found.")


@app.command()
def show(
    person: Annotated[str, typer.Argument(help="The person's id.")], key: Key = None, as_json: AsJson = False
) -> None:
    """Show everything that is known of a person, with its sources."""
    from filrouge.cli import talk
    from filrouge.work import access, installation

    installation.ready()
    asking = access.caller_of_key(key) if key else access.OWNER
    access.must(asking, scope="people:read")
    page = access.person(asking, person, opening="command line")
    if as_json:
        print_json({**page.view.plain(), "as_of": page.as_of, "redirected_from": page.redirected_from})
        return
    view = page.view
    talk.print(f"{view.name}  ({', '.join(view.brands)})  {view.id}")
    table = Table("attribute", "value", "source", "entity", "date", "others")
    for attribute in view.attributes.values():
        best = attribute.best
        table.add_row(
            attribute.name, best.value, best.source, best.entity, str(best.at or "")[:10], str(len(attribute.others))
        )
    talk.print(table)
    for moment in view.moments[:15]:
        talk.print(
            f"  {moment.at:%Y-%m-%d %H:%M}  {moment.kind:12}  {moment.system:10}  {moment.title} {moment.amount}",
            markup=False,
        )


@app.command()
def erase(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only say what would be destroyed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person everywhere, search again, and keep them out of later imports."""
    from filrouge.cli import talk
    from filrouge.work import access, erasures, installation

    installation.ready()
    if not yes:
        planned = erasures.plan(access.OWNER, person)
        print_json(planned) if as_json else talk.print(
            f"This would destroy {sum(planned['tables'].values())} rows in {len(planned['tables'])} tables and "
            f"{sum(planned['acts'].values())} acts, for good. Add --yes to do it."
        )
        return
    row = erasures.carry_out(str(erasures.request(access.OWNER, person, reason=reason).id))
    if as_json:
        print_json(row.report)
    else:
        talk.print(f"Erased: {sum(row.report['destroyed'].values())} rows; a second search found nothing.")
