"""``filrouge score …``: work out scores, train their models, read their cards, put one in use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from filrouge.cli.asking import Key, caller
from filrouge.cli.source import AsJson, print_json

BY = "owner of this machine"
app = typer.Typer(no_args_is_help=True, help="Scores: engagement, churn risk, propensity, customer value.")
Entity = Annotated[str, typer.Option(help="The legal entity whose model it is; left out when only one has it.")]


@app.command()
def run(as_json: AsJson = False) -> None:
    """Work out every score of everybody who may be profiled, with the models in use."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.work import installation, scores

    installation.ready()
    with shown(talk) as told:
        made = scores.run(by=BY, progress=told)
    if as_json:
        print_json(made.figures)
        return
    talk.print(f"{made.figures['scores']:,} scores of {made.figures['entities']} entities.")
    for entity, since in sorted(made.figures["late"].items()):
        talk.print(f"{entity}: a source is late, so its scores say that they are stale since {since[:16]}.")


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="One model, churn_wanted for instance; all of them when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Train models on past months, try each on a later one, and keep it as a candidate with its report card."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.work import installation, score_models

    installation.ready()
    with shown(talk) as told:
        made = score_models.train(by=BY, name=name, progress=told)
    _list(made, as_json=as_json)


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="One model; the list of all when left out.")] = "",
    entity: Annotated[str, typer.Option(help="Only the models of this legal entity.")] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Print the report card of a model: back-test, calibration, lift, stability, drift, fairness."""
    from filrouge.base.errors import NotFound
    from filrouge.cli import talk
    from filrouge.store.queries import scores
    from filrouge.work import access, installation, score_models

    installation.ready()
    asking = caller(key)
    access.must(asking, *score_models.ROLES, scope="figures:read")
    rows = scores.models(asking, name=name, entity=entity)
    if not rows and name:
        raise NotFound("No model is called {name}.", hint="`filrouge score report` names them.", name=name)
    if not name or as_json:
        _list(rows, as_json=as_json)
        return
    seen: set[str] = set()
    for row in rows:  # the one in use, else the newest, of each entity
        if row.entity not in seen:
            seen.add(row.entity)
            for line in _card(row):
                talk.print(line)


@app.command()
def promote(
    name: Annotated[str, typer.Argument(help="The model, with @version for one that is not the newest.")],
    entity: Entity = "",
) -> None:
    """Use a model from the next run on."""
    from filrouge.cli import talk
    from filrouge.work import access, installation, score_models

    installation.ready()
    called, _, version = name.partition("@")
    row = score_models.promote(access.OWNER, entity or _only(called), called, version)
    talk.print(f"{row} is used for {row.entity} from the next run on: `filrouge score run`.")


@app.command()
def rollback(name: Annotated[str, typer.Argument(help="The model.")], entity: Entity = "") -> None:
    """Use again the model that was in use before."""
    from filrouge.cli import talk
    from filrouge.work import access, installation, score_models

    installation.ready()
    row = score_models.roll_back(access.OWNER, entity or _only(name), name)
    talk.print(f"{row} is used for {row.entity} again, from the next run on.")


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="YAML that defines the score.")], key: Key = None, as_json: AsJson = False
) -> None:
    """Publish a score of one's own: keep it as a candidate with its report card."""
    from filrouge.cli import talk
    from filrouge.work import installation, own_scores

    installation.ready()
    row = own_scores.publish_file(caller(key), file)
    if as_json:
        _list([row], as_json=True)
        return
    for line in _card(row):
        talk.print(line, markup=False)
    talk.print(f"`filrouge score promote {row.name}` has it used from the next run on.")


@app.command()
def retire(name: Annotated[str, typer.Argument(help="The published score.")], entity: Entity = "") -> None:
    """Use a published score no more."""
    from filrouge.cli import talk
    from filrouge.work import access, installation, own_scores

    installation.ready()
    row = own_scores.retire(access.OWNER, entity or _only(name), name)
    talk.print(f"{row} is used no more for {row.entity}.")


@app.command()
def show(
    person: Annotated[str, typer.Argument(help="The person's id.")], key: Key = None, as_json: AsJson = False
) -> None:
    """Show the scores of a person, with their reasons."""
    from filrouge.cli import talk
    from filrouge.work import access, installation, scores_at_hand

    installation.ready()
    asking = caller(key)
    access.must(asking, scope="people:read")
    found = scores_at_hand.shown(asking, access.person(asking, person, opening="command line").view.id)
    if as_json:
        print_json([
            {"entity": one.entity, "score": one.name, "value": one.value, "band": one.band, "trend": one.trend,
             "reasons": list(one.reasons), "model": one.model, "as_of": one.as_of, "stale_since": one.stale_since,
             "published": dict(one.own) if one.own else None}
            for one in found
        ])  # fmt: skip
        return
    table = Table("entity", "score", "value", "band", "30 days", "because", "model")
    for one in found:
        why = ", ".join(
            part["text"]["en"] if part.get("text") else f"{part['feature']} {part['contribution']:+g}"
            for part in one.reasons
        )
        why = why if one.own is None or one.own["proved"] else f"(not proved) {why or 'it gives no reasons'}"
        trend = "" if one.trend is None else f"{one.trend:+g}"
        table.add_row(one.entity, one.name, f"{one.value:g}", one.band, trend, why, one.model)
    talk.print(table if found else "No score: nothing to tell, or the person objected to profiling.")


def _only(name: str) -> str:
    """Return the entity that has a model called ``name``. Raises UsageError when several do."""
    from filrouge.base.errors import NotFound, UsageError
    from filrouge.store.queries import scores
    from filrouge.work import access

    found = sorted({row.entity for row in scores.models(access.OWNER, name=name)})
    if not found:
        raise NotFound("No model is called {name}.", hint="`filrouge score report` names them.", name=name)
    if len(found) > 1:
        raise UsageError(
            "Several entities have a model {name}: {known}.", hint="Say which with --entity.", name=name,
            known=", ".join(found),
        )  # fmt: skip
    return found[0]


def _list(rows: list[Any], *, as_json: bool) -> None:
    from filrouge.base.errors import told
    from filrouge.cli import talk

    if as_json:
        print_json([
            {"entity": row.entity, "name": row.name, "version": row.version, "kind": row.kind, "state": row.state,
             "trained_at": row.trained_at, "promoted_by": row.promoted_by, "card": row.card}
            for row in rows
        ])  # fmt: skip
        return
    table = Table("entity", "model", "state", "is", "AUC later", "the rule", "people", "happened")
    for row in rows:
        card = row.card
        table.add_row(
            row.entity, str(row), row.state, row.kind, _figure(card.get("auc")), _figure(card.get("rule_auc")),
            _figure(card.get("people")), _figure(card.get("happened")), told(card.get("refused") or {})[0],
        )  # fmt: skip
    talk.print(table if rows else "No model was trained yet: `filrouge score train` trains them.")


def _card(row: Any) -> list[str]:
    """Return the lines of a report card."""
    from filrouge.base.errors import told

    card = row.card
    published = row.kind == "published"
    lines = [f"{row}  {row.entity}  {row.state}  ({row.kind}, trained {row.trained_at:%Y-%m-%d %H:%M})"]
    if card.get("refused"):
        lines.append(f"  {'Not proved' if published else 'Not learned'}: {' '.join(told(card['refused']))}")
    if published:
        lines.append(
            f"  Published by {row.owner}: {card['scored']} people have a value, {card['with_reasons']} reasons;"
        )
        lines.append(f"    {card['left_out']} are left out, who objected or are not of {row.entity}.")
        if row.trouble:
            lines.append(f"  Not refreshed: {' '.join(told(row.trouble))}")
    else:
        learned, times = _figure(card.get("learned_on")), _figure(card.get("learned_happened"))
        lines.append(f"  Learned on {learned} people, {times} times.")
    if of_both := card.get("compared"):
        if "refused" in of_both:
            lines.append(f"  {' '.join(told(of_both['refused']))}")
        else:
            lines.append(
                f"  Scorecard {of_both['scorecard']}, trees {of_both['trees']}; difference {of_both['more']:+g},"
            )
            lines.append(f"    uncertain by {of_both['unsure']:g}: {of_both['chosen']} chosen.")
    if "people" in card:
        expected, rate = 100 * card["expected"], 100 * card["rate"]
        points = card.get("means") == "points"  # no chances: nothing was expected
        was = "" if points else f"expected {expected:.2f} %, "
        lines.append(f"  Tried on {card['people']} people of a later time: {was}")
        lines.append(f"    happened {rate:.2f} % ({card['happened']} times).")
        rule = "" if published else f"; the rule's: {_figure(card.get('rule_auc'))}"
        lines.append(f"  AUC {_figure(card['auc'])}{rule}.")
        first, second = _figure(card["lift_10"]), _figure(card["lift_20"])
        lines.append(f"  Lift of the first tenth {first}, of the first fifth {second}.")
        steady = _figure(card["stability"])
        lines.append(f"  Stability index {steady} (below 0.1 steady, above 0.25 another population).")
        tenths = "  ".join(f"{100 * one['expected']:.1f}→{100 * one['happened']:.1f}" for one in card["calibration"])
        told_as = "value → per cent happened" if points else "per cent expected → happened"
        lines.append(f"  By tenths, {told_as}: {tenths}")
    if told_of := card.get("purchases"):
        lines.append(f"  Purchases: {told_of['expected']} expected, {told_of['happened']:.0f} happened.")
    moved = [f"{name} {value:.2f}" for name, value in list((card.get("drift") or {}).items())[:5]]
    if moved:
        lines.append(f"  Moved most since it was learned: {', '.join(moved)}.")
    for name, groups in (card.get("fairness") or {}).items():
        for one in groups:
            expected, rate = 100 * one["expected"], 100 * one["happened"]
            lines.append(f"  {name} {one['group']}: {one['people']} people, expected {expected:.2f} %,")
            lines.append(f"    happened {rate:.2f} %, AUC {_figure(one['auc'])}.")
    return lines


def _figure(value: Any) -> str:
    return "–" if value is None else str(value)
