"""``filrouge identity …``: who is who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from filrouge.cli import identity_model, review
from filrouge.cli.source import AsJson, print_json

BY = "owner of this machine"
app = typer.Typer(no_args_is_help=True, help="Identity: who is who, and how sure that is.")
app.add_typer(review.app, name="review")
app.add_typer(identity_model.app, name="model")


@app.command()
def evaluate(
    path: Annotated[Path, typer.Argument(help="CSV or Parquet file of people.")],
    truth: Annotated[str, typer.Option(help="Column that says who each row truly is; never looked at before the end.")],
    id: Annotated[str | None, typer.Option(help="Column that only names rows; never looked at.")] = None,
    link: Annotated[Path | None, typer.Option(help="Second file, whose rows are linked to those of the first.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="YAML file of a model, used as it is; left out, the file teaches one.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the figures: the page of identity shows the last.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Resolve a labelled file, without configuration, and print how close the people found are to the true ones.

    The figures are JSON on stdout; the same in words goes to stderr unless --json is given.
    """
    from filrouge.cli import talk
    from filrouge.domain import identity

    given = identity_model.read(model) if model else None
    found = identity.evaluate(
        path, truth, id, link, model=given, tell=lambda said: talk.print(f"Columns: {said}", markup=False)
    )
    if keep:
        from filrouge.work import identity_quality, installation

        installation.ready()
        identity_quality.keep_evaluation(path.name, found, by=BY)
    print_json(found)
    if not as_json:
        talk.print(_lines(found), markup=False)


@app.command()
def resolve(
    full: Annotated[bool, typer.Option("--full", help="Build every page anew, not only those touched.")] = False,
    as_json: AsJson = False,
) -> None:
    """Settle who each record is of, and bring the pages up to date."""
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.work import followups, identity, installation

    installation.ready()
    with shown(talk) as progress:
        outcome = identity.resolve(by=BY, full=full, progress=progress)
        followups.adopt(progress=progress)
    if as_json:
        print_json(outcome.plain())
    else:
        talk.print(
            "{records} records are {people} people: {new_people} new, {merges} merged, {splits} split; "
            "{reviews} pairs to review.".format(**outcome.counts)
        )


@app.command()
def quality(as_json: AsJson = False) -> None:
    """Say how good identity is: who is known where, duplicates, sizes, doubts, drift, the last evaluation."""
    from filrouge.base.errors import NotFound
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.store.queries import identity_quality
    from filrouge.work import installation

    installation.ready()
    found = identity_quality.latest(OWNER)
    if found is None:
        raise NotFound("Identity was not measured yet.", hint="It is at the end of `filrouge identity resolve`.")
    if as_json:
        print_json(found.plain())
        return
    for line in _measured(found):
        typer.echo(line)


@app.command()
def merge(
    left: Annotated[str, typer.Argument(help="A person's id.")],
    right: Annotated[str, typer.Argument(help="Another person's id.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Say that two people are one; prints the number by which it can be undone."""
    from filrouge.work import identity, installation

    installation.ready()
    typer.echo(identity.merge(left, right, by=BY, reason=reason))


@app.command()
def split(
    person: Annotated[str, typer.Argument(help="A person's id.")],
    records: Annotated[str, typer.Option(help="Keys of the records that are of somebody else, separated by commas.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Say that some records are of somebody else; prints the number by which it can be undone."""
    from filrouge.base.errors import UsageError
    from filrouge.base.text import whole
    from filrouge.work import identity, installation

    installation.ready()
    parts = [part.strip() for part in records.split(",") if part.strip()]
    keys = [key for part in parts if (key := whole(part)) is not None]
    if len(keys) != len(parts):
        raise UsageError("A record's key is a number.", hint="`filrouge person show ID --json` tells the keys.")
    typer.echo(identity.split(person, keys, by=BY, reason=reason))


@app.command()
def undo(gesture: Annotated[str, typer.Argument(help="The number that merge or split printed.")]) -> None:
    """Take back a merge or a split."""
    from filrouge.cli import talk
    from filrouge.work import identity, installation

    installation.ready()
    identity.undo(gesture, by=BY)
    talk.print("Taken back.")


@app.command()
def why(
    left: Annotated[str, typer.Argument(help="A person's id, or a record's key.")],
    right: Annotated[str, typer.Argument(help="Another person's id, or another record's key.")],
    as_json: AsJson = False,
) -> None:
    """Say why two records are of one person, or of two: each pair of the chain, what it rests on, how strongly."""
    from filrouge.cli import talk
    from filrouge.domain.identity import anatomy
    from filrouge.store.queries import identity
    from filrouge.work import installation

    installation.ready()
    found = identity.why(left, right)
    steps = found.explanation.steps
    code = found.explanation.code
    if as_json:
        chain = [
            {"from": found.records[step.left], "to": found.records[step.right], "decision": step.decision,
             "rule": step.rule, "bits": step.weight, "kinds": list(step.kinds),
             "parts": [vars(part) for part in anatomy.parse(step.told)]}
            for step in steps
        ]  # fmt: skip
        print_json({"code": code, "steps": chain, "shared": list(found.shared), "held_apart": found.verdict})
        return
    said = {"same_person": "One person:", "same_record": "One record.", "two_people": "Two people."}
    talk.print(said.get(code, code))
    for step in steps:
        typer.echo(f"  {found.records[step.left]} – {found.records[step.right]}")
        for line in _words(step):
            typer.echo(f"    {line}")
    if found.verdict:
        typer.echo("  Somebody decided that they are different people.")
    if code == "two_people":
        typer.echo("  They share " + (", ".join(found.shared) if found.shared else "nothing") + ".")


@app.command()
def match(
    attributes: Annotated[
        list[str] | None, typer.Argument(help="What the record says: email=… given_name=…; “-” reads JSON on stdin.")
    ] = None,
    entity: Annotated[str, typer.Option(help="Entity whose loyalty card or account the record bears.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say whose one record is, why, and how sure that is; nothing is written, but that it was asked."""
    from filrouge.api.matches import plain
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import installation, matches

    said = _record(attributes or [])
    installation.ready()
    told = matches.match(OWNER, said, entity=entity)
    if as_json:
        print_json(plain(told))
        return
    found = told.match
    if told.person is None:
        typer.echo("Nobody who is known.")
    else:
        typer.echo(f"{told.person}  {found.probability:.4f}")
        for line in _words(found.steps[0]):
            typer.echo(f"    {line}")
    others = [one for one in found.candidates if told.today(one.step.right) != told.person]
    if others:
        typer.echo("Worth a look:")
        for one in others:
            typer.echo(f"  {told.today(one.step.right)}  {one.probability:.4f}")


def _record(attributes: list[str]) -> dict[str, str]:
    """Return what ``name=value`` words, or JSON on stdin, say of a record. Raises UsageError."""
    import json
    import sys

    from filrouge.base.errors import UsageError

    if attributes == ["-"]:
        try:
            said = json.load(sys.stdin)
        except ValueError:
            said = None
        if not isinstance(said, dict) or not all(isinstance(value, str | None) for value in said.values()):
            raise UsageError(
                "This is no record.", hint='Send one JSON object of texts on stdin, as {"email": "…"}.'
            )  # fmt: skip
        return said
    if not all("=" in word for word in attributes):
        raise UsageError("A value is written name=value.", hint="For instance email=ada@example.com.")
    return dict(word.split("=", 1) for word in attributes)


@app.command()
def history(
    person: Annotated[str, typer.Argument(help="A person's id, living or merged away.")],
    as_of: Annotated[str | None, typer.Option(help="Its life as it was known at this date (ISO 8601).")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell the life of an id: when its records came, which joined it, which left and for whom."""
    from filrouge.base.errors import NotFound
    from filrouge.cli.sql import moment
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.store.queries import identity
    from filrouge.work import installation

    installation.ready()
    at = moment(as_of)
    chapters = identity.history(person, OWNER, as_of=at)
    if not chapters and at is not None and identity.history(person, OWNER):
        raise NotFound("This id was not known at that date.", hint="Without --as-of, its whole life is told.")
    if not chapters:
        raise NotFound("No person has this number.", hint="Look the person up by name, e-mail or phone.")
    if as_json:
        print_json([asdict(chapter) for chapter in chapters])
        return
    said = {
        "born": "{n} records", "arrived": "{n} new records", "joined": "{n} records of {other} joined",
        "left": "{n} records left for {other}", "merged": "{n} records left for {other}, where this id now leads",
        "revived": "{n} records came back",
    }  # fmt: skip
    for one in chapters:
        typer.echo(f"{one.at:%Y-%m-%d %H:%M}  {said[one.code].format(n=one.records, other=one.other)} ({one.decision})")


def _words(step: Any) -> list[str]:
    """Return why a pair is one person, in the words that the pages use."""
    from django.utils.translation import override

    from filrouge.console import because

    with override("en"):
        lines, told = [because.said(step)], because.shown(step)
        if told is not None:
            lines.append(f"{told.chance}.")
            width = max(len(bar.said) for bar in told.steps)
            lines += [f"{bar.said:{width}}  {bar.factor:>12}" for bar in told.steps]
        elif step.kinds:
            lines.append(", ".join(step.kinds))
    return lines


def _measured(found: Any) -> list[str]:
    """Return how identity stands in a few lines."""

    def band(low: int, high: int | None) -> str:
        return f"{low}" if low == high else f"{low}-{high}" if high else f"over {low - 1}"

    now = found.now
    lines = [
        (
            f"{now.at:%Y-%m-%d %H:%M}  {now.records} records are {now.people} people, {found.mean:.2f} each; "
            f"the largest has {now.largest}."
        ),
        f"Known by several brands: {found.several}.",
        *(
            f"  {one.brand}: {one.people} people in {one.records} records, {one.only} known there alone"
            for one in found.brands
        ),
        "Records beyond one per person:",
        *(
            f"  {one.source} ({one.brand}): {one.duplicates} of {one.records}"
            for one in found.sources
            if one.duplicates
        ),
        "People by number of records: " + ", ".join(f"{band(low, high)}: {count}" for low, high, count in found.sizes),
        *(
            f"{one.kind.capitalize()}s that several people bear: {one.values}, at most {one.most} people"
            for one in found.shared
        ),
        f"People worth a look: {found.doubts['people']}"
        + "".join(
            f"; {code.replace('_', ' ')}: {count}" for code, count in found.doubts.items() if code != "people" and count
        ),
        f"Model: {now.model or 'none'}",
    ]
    if (told := found.evaluation) is not None:
        pairs = told.figures["pairwise"]
        lines.append(
            f"Evaluated on {told.name} ({told.created_at:%Y-%m-%d}): precision {pairs['precision']:.4f}, "
            f"recall {pairs['recall']:.4f}"
        )
    return lines


def _lines(found: dict[str, Any]) -> str:
    def scores(name: str, word: str) -> str:
        s = found[name]
        return f"{word:9s} precision {s['precision']:.4f}  recall {s['recall']:.4f}  F1 {s['f1']:.4f}"

    lines = [
        "{records} records, {clusters} people found, {true_clusters} true ones, {exact_clusters} exactly right".format(
            **found
        ),
        scores("pairwise", "pairwise"),
        scores("b_cubed", "B-cubed"),
        f"largest: {found['largest_cluster']} records found, {found['largest_true']} true",
        f"{found['seconds']} s, {found['peak_mb']} MB at most",
    ]
    if not found["model"]["healthy"]:
        lines.append("The model could not be trained and was not used; the rules on strong identifiers were.")
        lines.append(_untrained(found["model"]["notes"]))
    return "\n".join(lines)


def _untrained(notes: Sequence[Mapping[str, Any]]) -> str:
    """Return why a model could not be trained, and what would help."""
    codes = {note["code"] for note in notes}
    if "too_few_records" in codes:
        return "There are too few records to learn from: bring more of them."
    same = ", ".join(note["column"] for note in notes if note["code"] == "column_says_nothing")
    why = f"The same on every record: {same}." if same else "Too few records are alike enough to learn from."
    return f"{why} Bring columns that tell people apart: names, a birth date, an e-mail, a phone, an address."
