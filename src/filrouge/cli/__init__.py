"""The command line: ``filrouge <noun> <verb>``. Data goes to stdout, talk to stderr; 0 done, 1 refused, 2 wrong use."""

from __future__ import annotations

import sys
import traceback
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from filrouge import __version__
from filrouge.base import settings
from filrouge.base.errors import FilrougeError
from filrouge.base.text import kept

app = typer.Typer(
    name="filrouge",
    help="One install that gathers every system a company knows its customers through.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
talk = Console(stderr=True, highlight=False, markup=False)  # what people are called may hold brackets


def main() -> None:
    """Run the command that was typed, and tell what went wrong in one sentence."""
    try:
        set_up()
        gather()
        sys.argv[1:] = kept(sys.argv[1:])
        app()
    except FilrougeError as error:
        talk.print(str(error), style="red", markup=False)
        sys.exit(error.exit_code)
    except Exception as error:
        if settings.get().debug:
            raise
        talk.print(_said(error), style="red", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        talk.print("Stopped.")
        sys.exit(1)


def _said(error: Exception) -> str:
    """Say a fault of ours: of what kind, and where in our code; what its message holds may be somebody's."""
    from filrouge.work import disk

    if told := disk.full(error):
        return str(told)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "filrouge" in frame.filename]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return (
        f"Filrouge stopped on a fault of its own: {type(error).__name__}{where}. Please report these words; "
        "FILROUGE_DEBUG=1 shows more."
    )


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.", is_eager=True)] = False,
) -> None:
    """Gather every system, give each customer one page."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


def set_up() -> None:
    """Make Django ready in this process; whatever touches rows is imported after."""
    from filrouge.work.ready import ready

    ready()


@cache
def gather() -> None:
    """Add every noun to the command: once in a process."""
    from filrouge.cli import (
        acquisition,
        alert,
        audit,
        care,
        demo,
        destination,
        draft,
        draft_faulty,
        files,
        followup,
        group,
        household,
        identity,
        key,
        live,
        person,
        places,
        plan,
        profile,
        push,
        quality,
        quarantine,
        retention,
        role,
        rule,
        score,
        secret,
        segment,
        sender,
        serve,
        shape,
        source,
        sql,
        user,
    )

    app.command("serve")(serve.serve)
    app.command("backup")(care.backup)
    app.command("restore")(care.restore)
    app.command("doctor")(care.doctor)
    app.command("import")(files.import_)
    app.command("sql")(sql.sql)
    source.app.command("profile")(profile.profile)
    source.app.command("quality")(quality.quality)
    source.app.command("let-in")(quality.let_in)
    source.app.command("give-up")(quality.give_up)
    source.app.command("shape")(shape.shape)
    source.app.command("reshape")(shape.reshape)
    source.app.command("presets")(places.presets)
    source.app.command("from-preset")(places.from_preset)
    source.app.command("propose")(places.propose)
    draft.app.command("faulty")(draft_faulty.faulty)
    draft.app.command("correct")(draft_faulty.correct)
    draft.app.command("corrections")(draft_faulty.corrections)
    draft.app.command("take-back")(draft_faulty.take_back)
    nouns = {
        "acquisition": acquisition, "alert": alert, "audit": audit, "demo": demo, "destination": destination,
        "draft": draft, "group": group, "followup": followup, "household": household,
        "identity": identity, "key": key, "live": live, "person": person, "plan": plan, "push": push,
        "quarantine": quarantine, "retention": retention, "role": role, "rule": rule, "score": score,
        "secret": secret, "segment": segment, "sender": sender, "source": source, "user": user,
    }  # fmt: skip
    for name, noun in nouns.items():
        app.add_typer(noun.app, name=name)
