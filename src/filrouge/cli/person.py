"""``filrouge person …``: find people and show one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.table import Table

from filrouge.base.errors import Conflict, StorageError
from filrouge.cli.asking import Key, caller
from filrouge.cli.source import AsJson, print_json
from filrouge.connect.sheets import Form

app = typer.Typer(no_args_is_help=True, help="People: find, show, add, actions, answer, lookup, export, erase.")


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
    from filrouge.work import access

    asking = caller(key)
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
    from filrouge.work import access

    asking = caller(key)
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
def add(
    entity: Annotated[str, typer.Option(help="The legal entity on whose behalf.")],
    brand: Annotated[str, typer.Option(help="The brand for which.")],
    given_name: Annotated[str, typer.Option()] = "",
    family_name: Annotated[str, typer.Option()] = "",
    email: Annotated[str, typer.Option()] = "",
    phone: Annotated[str, typer.Option(help="With its country, as +33…")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Create them even if people already known look alike.")] = False,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Create a person whom nobody knows yet; people who look alike are shown first."""
    from filrouge.base import clock
    from filrouge.cli import talk
    from filrouge.store.queries import people as known
    from filrouge.work import access, people

    asking = caller(key)
    access.must(asking, "advisor", "sales", scope="people:write")
    alike = known.alike(f"{given_name} {family_name}", email, phone, asking, at=clock.now())
    if alike and not yes:
        for hit in alike:
            talk.print(f"{hit.name}  {hit.email}  {hit.phone}  {hit.id}", markup=False)
        raise Conflict("People already known look alike.", hint="Add --yes if this is none of them.")
    made = people.create(asking, people.Newcomer(given_name, family_name, email, phone, entity, brand))
    print_json({"id": made.id}) if as_json else talk.print(f"Created: {made.id}")


@app.command()
def export(
    purpose: Annotated[str, typer.Option(help="What the people are wanted for: service, marketing…")],
    channel: Annotated[str, typer.Option(help="By which channel: email, sms, phone, post…")],
    entity: Annotated[str, typer.Option(help="The legal entity on whose behalf.")],
    brand: Annotated[str, typer.Option(help="The brand for which.")],
    text: Annotated[str, typer.Argument(help="Words to search for; filters may stand alone.")] = "",
    known_by_brand: Annotated[str, typer.Option(help="Only people whom this brand knows.")] = "",
    place: Annotated[str, typer.Option(help="A city, or a postcode.")] = "",
    system: Annotated[str, typer.Option(help="Only people whom this system knows.")] = "",
    subscription: Annotated[str, typer.Option(help="running or ended.")] = "",
    complaint: Annotated[str, typer.Option(help="open.")] = "",
    to: Annotated[Path | None, typer.Option(help="Write here, a workbook if it ends in .xlsx.")] = None,
    key: Key = None,
) -> None:
    """Take out the people of a search whom one may reach so; the rest is counted by reason."""
    import sys

    from filrouge.cli import talk
    from filrouge.domain.profiles.filters import Filters
    from filrouge.work import exports

    asking = caller(key)
    filters = Filters(brand=known_by_brand, place=place, system=system, subscription=subscription, complaint=complaint)
    order = exports.Order(text, filters, purpose, channel, entity, brand)
    form: Form = "xlsx" if to is not None and to.suffix == ".xlsx" else "csv"
    stream, counts = exports.write(asking, order, form=form, say=lambda code, kind: code)
    with stream:
        if to is None:
            shutil.copyfileobj(stream, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            save(stream, to)
    talk.print(f"Exported: {counts.exported:,} of {counts.found:,} found.")
    for reason, count in counts.left_out.most_common():
        talk.print(f"  left out, {reason}: {count:,}")


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
    row = erasures.at_once(access.OWNER, person, reason=reason)
    if as_json:
        print_json(row.report)
    else:
        talk.print(f"Erased: {sum(row.report['destroyed'].values())} rows; a second search found nothing.")


def save(stream: BinaryIO, to: Path) -> None:
    """Write a file that only its owner may read. Raises StorageError."""
    try:
        draft = to.with_name(f".{to.name}.part")
        with draft.open("wb") as into:
            draft.chmod(0o600)
            shutil.copyfileobj(stream, into)
        draft.replace(to)
    except OSError as error:
        raise StorageError(
            "The file {path} cannot be written: {why}.", hint="Choose another place.", path=str(to),
            why=error.strerror or "refused",
        ) from None  # fmt: skip


@app.command()
def actions(
    person: Annotated[str, typer.Argument(help="The person's id.")], key: Key = None, as_json: AsJson = False
) -> None:
    """Say what is worth saying to a person now, and what is not, each with its reason."""
    from filrouge.base import clock
    from filrouge.cli import talk
    from filrouge.work import access
    from filrouge.work import actions as ranked

    asking = caller(key)
    access.must(asking, scope="people:read")
    page = access.person(asking, person, opening="command line")
    told = ranked.plain(ranked.told(asking, page, at=clock.now()))
    shown = ("action", "subject", "cause", "said", "reason", "at", "by")
    answered = [{"id": str(row.id)} | {name: getattr(row, name) for name in shown} for row in page.outcomes]
    if as_json:
        print_json(told | {"answered": answered})
        return
    for one in told["actions"]:
        why = ", ".join(f"{name} {value}" for name, value in one["params"].items())
        talk.print(f"{one['action']}  {one['subject']}  {one['cause']}" + (f"  ({why})" if why else ""), markup=False)
    for one in told["unsaid"]:
        talk.print("not: " + "  ".join(str(value) for value in one.values() if value), markup=False)
    for one in answered:
        talk.print(f"{one['said']}  {one['action']}  {one['cause']}  {one['at']:%Y-%m-%d}  {one['id']}", markup=False)
    if not told["actions"]:
        talk.print("Nothing is to be said now.")


@app.command()
def answer(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    action: Annotated[str, typer.Argument(help="What was said, as `person actions` lists it.")],
    cause: Annotated[str, typer.Argument(help="On what it rests, as `person actions` lists it.")],
    said: Annotated[str, typer.Argument(help="accepted, refused or unsuited.")],
    reason: Annotated[str, typer.Option(help="Why, in a few words.")] = "",
    key: Key = None,
) -> None:
    """Keep how a person received what was said; it feeds the next ranking."""
    from filrouge.cli import talk
    from filrouge.work import actions as ranked

    row = ranked.answer(caller(key), person, action, cause, said, reason=reason)
    talk.print(f"The answer {row.id} is kept.")


@app.command()
def lookup(person: Annotated[str, typer.Argument(help="The person's id.")], key: Key = None) -> None:
    """Ask the systems that can be asked for one person what they have new."""
    from filrouge.cli import talk
    from filrouge.work import access, lookups

    asking = caller(key)
    access.must(asking, scope="people:read")
    access.person(asking, person, opening="command line")
    news = lookups.carry_out(person)
    talk.print(f"{news:,} systems had something new." if news else "Nothing is new.")
