"""``filrouge demo``: the sample group, built, imported and served."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="The sample group: a fictional media company whose eight systems become one page.")


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    people: Annotated[int, typer.Option(min=50, max=1_000_000, help="How many people the group knows.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 7,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Build, and do not serve.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
) -> None:
    """Build the sample group in the home folder, run the whole chain, print the accounts, serve."""
    if context.invoked_subcommand:
        return
    from filrouge.base import settings
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.cli.serve import serve
    from filrouge.work import demo as work

    with shown(talk) as progress:
        built = work.build(people=people, seed=seed, progress=progress)
    talk.print("The sample group stands." if built else "The sample group stood already.")
    for login in work.logins():
        line = f"  {login.role:14}{login.name:24}{login.email:24}{login.password:20}{login.scope}"
        talk.print(line, markup=False, soft_wrap=True)
    then = "`filrouge serve` serves it: sign in there." if no_serve else f"Open http://{host}:{port}/ and sign in."
    talk.print(f"{then} Everything here is sample data; `filrouge demo remove` takes it away.")
    if no_serve:
        return
    with work.serving_desk(settings.get().sample):
        serve(host=host, port=port, roles="")


@app.command()
def remove(yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False) -> None:
    """Remove the sample group: its rows, files, accounts, brands and entities."""
    from filrouge.cli import talk
    from filrouge.work import demo as work
    from filrouge.work import installation

    installation.ready()
    if not yes and not typer.confirm("Remove the sample group and everything imported from it?", err=True):
        raise typer.Exit(1)
    gone = work.remove()
    talk.print(f"Removed: {gone['sources']} sources, {gone['rows']} rows.")
