"""``filrouge identity model …``: the models by which records are compared, learned or set by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from filrouge.cli.source import AsJson, print_json

if TYPE_CHECKING:
    from filrouge.domain.identity import ModelSpec

BY = "owner of this machine"
app = typer.Typer(no_args_is_help=True, help="Models of identity: those learned, and one that you set.")


@app.command("list")
def kept(as_json: AsJson = False) -> None:
    """List the models, the latest used first."""
    from filrouge.cli import talk
    from filrouge.store.queries import identity_models
    from filrouge.work import installation

    installation.ready()
    rows = identity_models.kept()
    if as_json:
        print_json([
            {"version": row.version, "origin": row.origin, "in_use": row.in_use, "by": row.by, "last_at": row.last_at,
             "reason": row.reason}
            for row in rows
        ])  # fmt: skip
        return
    for row in rows:
        mark = "used as it is" if row.in_use else ""
        typer.echo(f"{row.version:16}  {row.origin:8}  {row.last_at:%Y-%m-%d %H:%M}  {mark}".rstrip())
    if not rows:
        talk.print("No model was learned yet: `filrouge identity resolve` learns one.")


@app.command()
def show(version: Annotated[str, typer.Argument(help="A model's version; the latest when left out.")] = "") -> None:
    """Print a model as YAML: change it, and give it to `filrouge identity model use`."""
    import yaml

    from filrouge.base.errors import NotFound
    from filrouge.store.queries.identity_models import current
    from filrouge.work import identity_models, installation

    installation.ready()
    row = identity_models.one(version) if version else current()
    if row is None:
        raise NotFound("No model was learned yet.", hint="`filrouge identity resolve` learns one.")
    typer.echo(
        f"# {row.version}, {row.origin}. m: share of pairs of one person at this level; u: of pairs of two people."
    )
    typer.echo("# A level tells log2(m / u) bits.")
    typer.echo(yaml.safe_dump(row.content, sort_keys=False, allow_unicode=True), nl=False)


@app.command()
def use(
    model: Annotated[str, typer.Argument(help="A YAML file, or the version of a model that is kept.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Use a model as it is from now on; the next settlement, a whole one, is made with it."""
    from filrouge.cli import talk
    from filrouge.work import identity_models, installation

    installation.ready()
    path = Path(model)
    said = read(path) if path.suffix in (".yaml", ".yml") else model
    row = identity_models.use(said, by=BY, reason=reason)
    talk.print(f"Model {row.version} is used as it is. `filrouge identity resolve` settles the whole with it at once.")


@app.command()
def learn() -> None:
    """Learn a model from the records again, at each whole settlement."""
    from filrouge.cli import talk
    from filrouge.work import identity_models, installation

    installation.ready()
    freed = identity_models.learn(by=BY)
    talk.print("Models are learned again." if freed else "Models are learned already.")


def read(path: Path) -> ModelSpec:
    """Return the model that a YAML file describes. Raises UsageError, DefinitionError."""
    from filrouge.base.errors import UsageError
    from filrouge.domain.identity import ModelSpec
    from filrouge.work import definitions

    data = definitions.read(path)
    if not isinstance(data, dict):
        raise UsageError(
            "The file {name} describes no model.", hint="`filrouge identity model show` prints one.", name=path.name
        )
    return ModelSpec.parse(data, what=path.name)
