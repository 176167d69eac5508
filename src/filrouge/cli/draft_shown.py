"""A draft said on a terminal: how it is read, a line a column, what is lacking, what the dry run counted."""

from __future__ import annotations

from typing import Any

WIDTH = 120


def say(told: dict[str, Any], *, counted: bool = False) -> None:
    """Print a draft; ``counted``: the dry run alone."""
    from rich.console import Console

    from filrouge.cli.profile import SHAPES

    out = Console(markup=False, highlight=False, width=WIDTH)

    def line(text: str) -> None:
        out.print(_line(text), soft_wrap=True)

    form = ", ".join(f"{name} {value!r}" for name, value in told["format"].items())
    line(f"{told['file']} of {', '.join(told['brands'])}, draft {told['key']}")
    if not counted:
        line(f"  {SHAPES.get(told['kind'], told['kind'])}{': ' + form if form else ''}")
        line(f"  its rows are {told['reads']}, kept as the source {told['source']}")
        if told["like"]:
            line(f"  its columns are those of the source {told['like']}, and say the same")
        for one in told["changed"]:
            line(f"  not as in the file before: {one.get('column', '')}")
        _columns(told, out)
        for one in told["computed"]:
            line(f"  {one['expr']} says {one['says']}")
    for fault in told["faults"]:
        line(f"  ! {fault}")
    for one in told["columns"]:
        for fault in one["wrong"]:
            line(f"  ! {one['column']}: {fault}")
    if told["problem"]:
        line(f"  ! {told['problem']} {told['problem_hint']}".rstrip())
    _counts(told, line)


def sentence(counts: dict[str, Any]) -> str:
    """Say what becomes of the rows: the first figure is the sum of the others."""
    parts = [f"{counts[name]:,} {name}" for name in ("new", "changed", "unchanged", "rejected")]
    return f"{counts['read']:,} read = {' + '.join(parts)}, {counts['lost']:,} lost"


def _columns(told: dict[str, Any], out: Any) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for head, right in (("column", False), ("filled", True), ("holds", False), ("says", False), ("values", False)):
        table.add_column(
            head, justify="right" if right else "left", overflow="ellipsis" if head == "values" else "fold",
            no_wrap=head in ("filled", "values"),
        )  # fmt: skip
    for one in told["columns"]:
        says = one["says"] or "-"
        says += f" ({one['date']})" if one["date"] else ""
        says += ", names the row" if one["key"] else ""
        says += "".join(f"; {value} = {state}" for value, state in one["states"].items() if state)
        holds = str(one.get("means", "")).replace("_", " ")
        values = _line(" · ".join(one["examples"]))
        table.add_row(_line(one["column"]), f"{one['filled']:.0%}", holds, _line(says), values)
    out.print(table)


def _counts(told: dict[str, Any], line: Any) -> None:
    counts, who, key = told["counts"], told["identity"], told["key"]
    if told["state"] == "done":
        line(f"Imported: run {told['run']}." if told["run"] else "Imported.")
    elif told["state"] == "asked" or told["moving"]:
        line("It is being worked on: `filrouge draft show` tells how it stands in a moment.")
    elif counts is None:
        line(f"Not tried as it stands. `filrouge draft try {key}` counts what an import would do.")
    else:
        known = (
            f"; {_sum(counts['matched'])} of the new are people you know" if told["reads"] == "person_records" else ""
        )
        line(f"{sentence(counts)}{known}.")
        parts = [
            (counts["warned"], "taken with a warning"), (counts["corrected"], "corrected"),
            (counts["left_out"], "left out by hand"), (counts["stale"], "corrections that find their row no more"),
        ]  # fmt: skip
        for count, said in parts:
            if count:
                line(f"  {count:,} {said}")
        if who:
            line(
                f"  they would make {who['people']:,} people: {_sum(who['known'])} known, {_sum(who['new'])} new; "
                f"{_sum(who['merges'])} of the known become one, {_sum(who['reviews'])} pairs to review"
            )
        if counts["rejected"] - counts["left_out"] or counts["warned"]:
            line(f"`filrouge draft faulty {key} FILE` writes the faulty rows; `draft correct` takes them back.")
        if counts["new"] + counts["changed"]:
            line(f"`filrouge draft import {key}` imports the rows that can be taken.")


def _sum(one: dict[str, Any]) -> str:
    word = {"fewer": "fewer than ", "about": "about "}.get(one["how"], "")
    return f"{word}{one['count']:,}"


def _line(text: str) -> str:
    """Return ``text`` on one line, without what would move the cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
