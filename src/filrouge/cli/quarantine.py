"""``filrouge quarantine …``: events of a sender that were set aside: read, corrected and replayed, discarded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from filrouge.cli.source import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Events that were set aside: listed, shown, corrected, discarded.")
Name = Annotated[str, typer.Argument(help="The name of a sender.")]
Key = Annotated[str, typer.Argument(help="The key of an event, as `quarantine list` prints it.")]
Code = Annotated[str | None, typer.Option(help="Those set aside for this reason: plan_violated, event_missing…")]
Kind = Annotated[str | None, typer.Option(help="Those of this kind: track, page, identify…")]
Event = Annotated[str | None, typer.Option(help="Those of this name.")]
Field = Annotated[str | None, typer.Option(help="Those of which this field is wrong.")]
Day = Annotated[str, typer.Option(help="Those set aside on this day, as 2026-01-31 (UTC).")]
Keys = Annotated[list[str] | None, typer.Option("--key", help="That event alone; may be said again.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would come of it; change nothing.")]
GROUP_OF = 200  # events listed at most


@app.command("list")
def list_(
    name: Name, code: Code = None, kind: Kind = None, event: Event = None, field: Field = None, day: Day = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """List what is set aside of a sender, by reason; once a reason is said, event by event."""
    from filrouge.cli import talk
    from filrouge.store.queries import claims, plans
    from filrouge.store.queries import quarantine as found
    from filrouge.work import access, installation

    installation.ready()
    source, chosen = plans.sender(name, access.OWNER), _chosen(code, kind, event, field, day, None)
    if code is None:
        rows = found.groups(source, access.OWNER, chosen)
        told = [
            {"code": row.code, "kind": row.kind, "name": row.name, "field": row.field, "count": row.count,
             "last_at": row.last_at.isoformat()}
            for row in rows
        ]  # fmt: skip
        lines = [f"{row.count:>8}  {row.code}  {row.kind} {row.name}  {row.field}".rstrip() for row in rows]
    else:
        asides = found.rows(source, access.OWNER, chosen, after=-1, most=GROUP_OF, words=False)
        held = claims.of(name, [row.key for row in asides], moving=True)
        told = [
            {"key": str(row.key), "message_id": row.message_id, "kind": row.kind, "field": row.field,
             "at": row.at.isoformat(), "corrected_by": held[row.key].by if row.key in held else None}
            for row in asides
        ]  # fmt: skip
        lines = [
            f"{row.key:>19}  {row.at:%Y-%m-%d %H:%M}  {row.message_id}"
            + (f"  corrected by {held[row.key].by}, on its way" if row.key in held else "")
            for row in asides
        ]
    if as_json:
        print_json(told)
        return
    for line in lines:
        typer.echo(line)
    if not lines:
        talk.print("Nothing is set aside.")


@app.command()
def show(name: Name, key: Key) -> None:
    """Print one event as it was sent, in clear, which leaves a line in the audit."""
    from filrouge.cli import talk
    from filrouge.work import access, installation, quarantine

    installation.ready()
    aside = quarantine.opened(access.OWNER, name, _key(key))
    talk.print(f"{aside.code} {dict(aside.values)}", markup=False)
    typer.echo(aside.raw)


@app.command()
def correct(
    name: Name, code: Code = None, kind: Kind = None, event: Event = None, field: Field = None, day: Day = "",
    key: Keys = None,
    put: Annotated[list[str] | None, typer.Option("--set", help="properties.price=12: a value, JSON or text.")] = None,
    rename: Annotated[list[str] | None, typer.Option(help="properties.cost=properties.price")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="properties.price")] = None,
    convert: Annotated[list[str] | None, typer.Option(help="properties.price=number (or string, integer…)")] = None,
    letters: Annotated[bool, typer.Option("--letters", help="Replace letters that cannot be kept.")] = False,
    dry_run: DryRun = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Correct events by the same changes, in the order set, rename, remove, convert; those that pass are replayed."""
    from filrouge.domain.events.edits import Edit, typed
    from filrouge.work import access, installation, quarantine

    installation.ready()
    edits = [Edit("set", path, value=typed(value)) for path, value in _pairs(put)]
    edits += [Edit("rename", path, to=to) for path, to in _pairs(rename)]
    edits += [Edit("remove", path) for path in remove or ()]
    edits += [Edit("convert", path, to=to) for path, to in _pairs(convert)]
    edits += [Edit("letters")] if letters else []
    chosen = _chosen(code, kind, event, field, day, key)
    _tell(quarantine.correct(access.OWNER, name, chosen, edits, dry_run=dry_run), dry_run=dry_run, as_json=as_json)


@app.command()
def replace(
    name: Name, key: Key, file: Annotated[Path, typer.Argument(help="The event as it should have been sent, as JSON.")],
    dry_run: DryRun = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Put the event of a file in place of one that was set aside; it is replayed if it passes."""
    from filrouge.base.errors import UsageError
    from filrouge.work import access, installation, quarantine

    installation.ready()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("{file} cannot be read: {kind}.", file=str(file), kind=type(error).__name__) from None
    made = quarantine.correct_one(access.OWNER, name, _key(key), text, dry_run=dry_run)
    _tell(made, dry_run=dry_run, as_json=as_json)


@app.command()
def discard(
    name: Name, code: Code = None, kind: Kind = None, event: Event = None, field: Field = None, day: Day = "",
    key: Keys = None, yes: Annotated[bool, typer.Option("--yes", help="Do it; without, it is counted.")] = False,
) -> None:  # fmt: skip
    """Let go of events: they will never have an effect, which cannot be undone."""
    from filrouge.cli import talk
    from filrouge.store.queries import plans
    from filrouge.store.queries import quarantine as found
    from filrouge.work import access, installation, quarantine

    installation.ready()
    chosen = _chosen(code, kind, event, field, day, key)
    if not yes:
        count = found.count(plans.sender(name, access.OWNER), access.OWNER, chosen)
        talk.print(f"{count} would be discarded, for good. --yes does it.")
        return
    made = quarantine.discard(access.OWNER, name, chosen)
    talk.print(f"{made.count} discarded.")
    _tell_theirs(made.theirs)


def _chosen(
    code: str | None, kind: str | None, event: str | None, field: str | None, day: str, keys: list[str] | None
) -> Any:
    from filrouge.base.errors import UsageError
    from filrouge.store.queries.quarantine import Chosen

    if day:
        from datetime import date

        try:
            day = date.fromisoformat(day).isoformat()
        except ValueError:
            raise UsageError("{day} is no day.", hint="Write it as 2026-01-31.", day=day[:20]) from None
    return Chosen(code, kind, event, field, day=day, keys=tuple(_key(key) for key in keys or ()))


def _key(text: str) -> int:
    from filrouge.base.errors import UsageError

    key = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 1 << 60
    if key >= 1 << 60:
        raise UsageError("“{key}” is no key of an event.", hint="Take one of the list.", key=text[:40])
    return key


def _pairs(said: list[str] | None) -> list[tuple[str, str]]:
    from filrouge.base.errors import UsageError

    pairs = []
    for one in said or ():
        path, equals, value = one.partition("=")
        if not equals:
            raise UsageError("{said} names no value.", hint="Write field=value.", said=one[:60])
        pairs.append((path, value))
    return pairs


def _tell(made: Any, *, dry_run: bool, as_json: bool) -> None:
    from filrouge.cli import talk

    failing = {
        f"{made.reasons[said].code} {made.reasons[said].values.get('field', '')}".rstrip(): count
        for said, count in made.failing.most_common()
    }
    if as_json:
        print_json({"tried": made.tried, "passing": made.passing, "failing": failing, "more": made.more,
                    "left": made.theirs.count if made.theirs else 0})  # fmt: skip
        return
    talk.print(f"{made.passing} of {made.tried} would pass." if dry_run else f"{made.passing} of {made.tried} go on.")
    for why, count in failing.items():
        talk.print(f"  {count} still fail: {why}", markup=False)
    _tell_theirs(made.theirs)
    if made.more:
        talk.print("There are more: run it again.")


def _tell_theirs(theirs: Any) -> None:
    from filrouge.cli import talk
    from filrouge.work import access, claims

    if theirs:
        talk.print(f"{theirs.count} left: {claims.refuse(access.OWNER, theirs).message}", markup=False)
