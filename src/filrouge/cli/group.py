"""``filrouge group …``: legal entities, their brands, and what one entity opens to another."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from filrouge.cli.asking import Key, caller
from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Entities, brands, agreements: show, declare, end.")
Slug = Annotated[str, typer.Argument(help="Its short name: small letters, digits and hyphens.")]
Title = Annotated[str, typer.Option(help="How it is called.")]


@app.command()
def show(key: Key = None, as_json: AsJson = False) -> None:
    """List the entities with their brands, and the agreements that are in force."""
    from filrouge.cli import talk
    from filrouge.store.queries import group as found
    from filrouge.work import access

    asking = caller(key)
    access.must(asking, *found.READERS, scope="accounts:read")
    brands = found.brands()
    entities: list[dict[str, Any]] = [
        {
            "entity": one.slug, "name": one.name, "registration_id": one.registration_id,
            "brands": [{"brand": row.slug, "name": row.name} for row in brands if row.entity_id == one.pk],
        }
        for one in found.entities()
    ]  # fmt: skip
    agreements = [_agreement(row) for row in found.agreed(asking) if found.stands(row)]
    if as_json:
        print_json({"entities": entities, "agreements": agreements})
        return
    for one in entities:
        held = ", ".join(f"{row['brand']} ({row['name']})" for row in one["brands"])
        talk.print(f"{one['entity']}: {one['name']}; brands: {held or 'none yet'}", markup=False, soft_wrap=True)
    for row in agreements:
        until = f" until {row['until'][:10]}" if row["until"] else ""
        talk.print(
            f"{row['agreement']}  {row['giver']} opens {row['category']} to {row['receiver']} for {row['purpose']} "
            f"from {row['since'][:10]}{until}: {row['evidence']}", markup=False, soft_wrap=True,
        )  # fmt: skip
    if not entities:
        talk.print("No entity is declared yet. `filrouge group add-entity` begins.")


@app.command("add-entity")
def add_entity(
    slug: Slug,
    title: Title,
    registration: Annotated[str, typer.Option(help="Its number in a register of companies.")] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Declare a legal entity: the controller of what its systems collect."""
    from filrouge.cli import talk
    from filrouge.work import declaring

    row = declaring.entity(caller(key), slug, title, registration_id=registration)
    talk.print(f"{row.name} is declared. `filrouge group add-brand` declares its brands.", markup=False, soft_wrap=True)
    if as_json:
        print_json({"entity": row.slug, "name": row.name})


@app.command("add-brand")
def add_brand(
    slug: Slug,
    title: Title,
    entity: Annotated[str, typer.Option(help="The entity that it belongs to.")],
    colour: Annotated[str, typer.Option(help="Of its mark, as #1f5fa8.")] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Declare a brand: a name that customers know."""
    from filrouge.cli import talk
    from filrouge.work import declaring

    row = declaring.brand(caller(key), slug, title, entity, colour=colour)
    talk.print(f"{row.name} is declared. `filrouge draft bring FILE --brand {row.slug}` begins a source of it.",
               markup=False, soft_wrap=True)  # fmt: skip
    if as_json:
        print_json({"brand": row.slug, "name": row.name, "entity": entity})


@app.command()
def agree(
    giver: Annotated[str, typer.Argument(help="The entity that opens its data.")],
    receiver: Annotated[str, typer.Argument(help="The entity that sees them.")],
    purpose: Annotated[str, typer.Option(help="service, contract, marketing, profiling…")],
    because: Annotated[str, typer.Option(help="The evidence: the contract, and where it is kept.")],
    category: Annotated[str, typer.Option(help="identity, contract, transaction…; none: everything.")] = "*",
    start: Annotated[str, typer.Option(help="The day it begins, as 2026-01-31; none: now.")] = "",
    until: Annotated[str, typer.Option(help="The day from which it no longer holds; none: for good.")] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Declare what an entity opens to another; consents given to one never open another."""
    from filrouge.cli import talk
    from filrouge.work import declaring

    row = declaring.share(
        caller(key), giver, receiver, category=category, purpose=purpose, evidence=because, start=_day(start),
        until=_day(until),
    )  # fmt: skip
    talk.print(
        f"{row.giver.name} opens its data to {row.receiver.name}; agreement {row.pk}.", markup=False, soft_wrap=True
    )
    if as_json:
        print_json(_agreement(row))


@app.command()
def end(
    agreement: Annotated[str, typer.Argument(help="The number of an agreement, as `show` tells it.")], key: Key = None
) -> None:
    """End an agreement now: what it opened is shut at once."""
    from filrouge.cli import talk
    from filrouge.work import declaring

    row = declaring.end(caller(key), agreement)
    talk.print(f"{row.giver.name} opens nothing to {row.receiver.name} by it any more.", markup=False)


def _agreement(row: Any) -> dict[str, Any]:
    return {
        "agreement": str(row.pk), "giver": row.giver.slug, "receiver": row.receiver.slug,
        "category": row.category, "purpose": row.purpose, "since": row.valid_from.isoformat(),
        "until": row.valid_until.isoformat() if row.valid_until else None, "evidence": row.evidence,
    }  # fmt: skip


def _day(text: str) -> datetime | None:
    from django.conf import settings

    from filrouge.base.errors import UsageError

    if not text:
        return None
    try:
        return datetime.combine(datetime.fromisoformat(text).date(), time(), ZoneInfo(settings.TIME_ZONE))
    except (ValueError, OverflowError):
        raise UsageError("{day} is no day.", hint="Write it as 2026-01-31.", day=text[:20]) from None
