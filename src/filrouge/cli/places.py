"""``filrouge source presets | from-preset | propose``: sources of usual systems, and of places that are asked first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from filrouge.cli.source import BY, AsJson, print_json


def presets(as_json: AsJson = False) -> None:
    """List the usual systems that Filrouge knows how to read, and what each asks for."""
    from filrouge.cli import talk
    from filrouge.domain.sources import presets as known

    found = [known.preset(name) for name in known.names()]
    if as_json:
        print_json([one.model_dump(mode="json", exclude={"common"}) for one in found])
        return
    for one in found:
        asked = " ".join(f"--{'secret' if ask.secret else 'set'} {ask.name}={ask.default or '…'}" for ask in one.asks)
        talk.print(f"{one.preset:16} {one.title}: {', '.join(one.parts)}")
        talk.print(f"{'':16} {asked}")


def from_preset(
    name: Annotated[str, typer.Argument(help="A preset, as `filrouge source presets` lists them.")],
    brand: Annotated[str, typer.Option(help="The brand whose customers they are.")],
    said: Annotated[list[str] | None, typer.Option("--set", help="An answer: address=shop.example.com.")] = None,
    secret: Annotated[list[str] | None, typer.Option(help="A secret that is kept: key=NAME.")] = None,
    part: Annotated[list[str] | None, typer.Option(help="A part to read; all of them when none is named.")] = None,
    prefix: Annotated[str, typer.Option("--name", help="What the names of the sources begin with.")] = "",
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Its address is within your own network.")
    ] = False,
    print_: Annotated[bool, typer.Option("--print", help="Print the definitions; keep and ask nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the sources of a usual system, once its place has answered."""
    import yaml

    from filrouge.cli import talk
    from filrouge.work import installation
    from filrouge.work import presets as works

    installation.ready()
    answers = _pairs([*(said or []), *(secret or [])])
    made = works.definitions(name, answers, brand=brand, prefix=prefix, parts=part or (), private=allow_private)
    if print_:
        typer.echo(yaml.safe_dump_all(made, allow_unicode=True, sort_keys=False, width=100))
        return
    kept = works.keep(made, Path.cwd(), by=BY)
    if as_json:
        print_json([{"source": one.name, "reads": one.reads} for one in kept])
        return
    for one in kept:
        talk.print(f"The source {one.name} answers and is kept: read into {one.reads}.")
    talk.print(f"`filrouge source run {kept[0].name} --dry-run` counts what an import would do.")


def propose(
    place: Annotated[str, typer.Argument(help="postgresql://… or sqlite:///…, https://…, sftp://…/*.csv, or a path.")],
    brand: Annotated[str, typer.Option(help="The brand whose customers they are.")],
    name: Annotated[str, typer.Option(help="The name of the source.")] = "",
    table: Annotated[str, typer.Option(help="The table of a database.")] = "",
    query: Annotated[str, typer.Option(help="Or a query: SELECT …")] = "",
    secret: Annotated[str, typer.Option(help="The name of the secret that opens it.")] = "",
    auth: Annotated[str, typer.Option(help="How an address wants it: bearer, basic, username or header.")] = "bearer",
    user: Annotated[str, typer.Option(help="Whose account it is.")] = "",
    header: Annotated[str, typer.Option(help="The header that bears the secret.")] = "",
    host_key: Annotated[str, typer.Option(help="The key of a server of SFTP: SHA256:…")] = "",
    items: Annotated[str, typer.Option(help="Where the list stands in an answer; found when it is not said.")] = "",
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Its address is within your own network.")
    ] = False,
) -> None:
    """Look at a place, and print the definition that would read it; nothing is kept."""
    import yaml

    from filrouge.cli import talk
    from filrouge.work import installation, places

    installation.ready()
    kind = _kind(place)
    form = {"table": table, "query": query, "items": items}
    data: dict[str, Any] = {
        "kind": kind,
        "place": place,
        "format": {key: value for key, value in form.items() if value},
    }
    more = {"secret": secret, "user": user, "header": header, "host_key": host_key, "allow_private": allow_private}
    data |= {key: value for key, value in more.items() if value}
    if kind == "rest" and auth != "bearer":
        data["auth"] = auth
    found = places.propose(data, brand=brand, name=name, folder=Path.cwd())
    talk.print(f"{len(found.looked.columns)} columns; the first rows are not shown here.")
    typer.echo(yaml.safe_dump(found.data, allow_unicode=True, sort_keys=False, width=100))


def _kind(place: str) -> str:
    if place.startswith(("postgres", "sqlite:")):
        return "sql"
    return "rest" if place.startswith(("http://", "https://")) else "csv"


def _pairs(told: list[str]) -> dict[str, str]:
    from filrouge.base.errors import UsageError

    found = {}
    for one in told:
        name, equals, value = one.partition("=")
        if not equals:
            raise UsageError("What is set is written name=value.", hint="For instance: --set address=shop.example.com.")
        found[name.strip()] = value
    return found
