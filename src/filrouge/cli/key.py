"""``filrouge key …``: keys of programs that ask (the API), and of sites and applications that send (write keys)."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Keys of the API and write keys: create, list, revoke.")


def parts(text: str) -> list[str]:
    """Return what commas separate."""
    return [part.strip() for part in text.split(",") if part.strip()]


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    api: Annotated[bool, typer.Option("--api", help="A key of the API.")] = False,
    source: Annotated[str, typer.Option(help="A write key, of the sender of this name.")] = "",
    brand: Annotated[str, typer.Option(help="The brand that the sender writes for.")] = "",
    scopes: Annotated[str, typer.Option(help="What it may do, separated by commas.")] = "people:read",
    entities: Annotated[str, typer.Option(help="Entities it acts for, separated by commas; none: all.")] = "",
    brands: Annotated[str, typer.Option(help="Brands it is capped to, separated by commas; none: all.")] = "",
    role: Annotated[str, typer.Option(help="The role under which it sees people.")] = "analyst",
    as_json: AsJson = False,
) -> None:
    """Make a key; its word is printed once and never kept."""
    from filrouge.base.errors import UsageError
    from filrouge.cli import talk
    from filrouge.work import access, groups, installation, senders

    if api == bool(source):
        raise UsageError("Say which kind of key: --api, or --source and --brand.")
    installation.ready()
    key: Any
    if source:
        key, word = senders.make_key(access.OWNER, source=source, brand=brand)
    else:
        key, word = groups.make_key(
            access.OWNER, name, role=role, scopes=parts(scopes), entities=parts(entities), brands=parts(brands)
        )
    if as_json:
        print_json({"key": word, "prefix": key.prefix})
    else:
        typer.echo(word)
        talk.print("Keep it now: it will not be shown again.")


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the keys of both kinds; the word of a key is kept nowhere."""
    from filrouge.cli import talk
    from filrouge.store.queries import accounts, senders
    from filrouge.work import access, installation

    installation.ready()
    found = [
        {"kind": "api", "prefix": key.prefix, "for": key.name, "entities": key.entities, "brands": key.brands,
         "made": key.created_at.isoformat(), "revoked": key.revoked_at.isoformat() if key.revoked_at else None}
        for key in accounts.keys()  # noqa: SIM118 a function of that name
    ] + [
        {"kind": "write", "prefix": key.prefix, "for": key.source, "entities": [key.entity], "brands": [key.brand],
         "made": key.created_at.isoformat(), "revoked": key.revoked_at.isoformat() if key.revoked_at else None}
        for sender in senders.senders(access.OWNER)
        for key in sender.keys
    ]  # fmt: skip
    if as_json:
        print_json(found)
        return
    table = Table(Column("key", no_wrap=True), "kind", "for", "entities", "brands", "", box=None)
    for one in found:
        told = ["revoked" if one["revoked"] else ""]
        where = [", ".join(one[name]) or "all" for name in ("entities", "brands")]
        table.add_row(f"{one['prefix']}…", one["kind"], escape(one["for"]), *where, *told)
    talk.print(table)


@app.command()
def revoke(prefix: Annotated[str, typer.Argument(help="The first 12 characters of the key.")]) -> None:
    """Revoke a key, at once."""
    from filrouge.cli import talk
    from filrouge.work import access, groups, installation, senders

    installation.ready()
    if prefix.startswith(senders.PREFIX):
        senders.revoke_key(access.OWNER, prefix)
    else:
        groups.revoke_key(access.OWNER, prefix)
    talk.print(f"The key {prefix}… is revoked.")
