"""Progress on stderr: a line per step, with counts, for every step that lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from filrouge.work.runs import Progress as Told


@contextmanager
def shown(talk: Console) -> Iterator[Told]:
    """Yield a function (step, done, total) that keeps one line per step."""
    lines: dict[str, TaskID] = {}
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(),
        TimeElapsedColumn(), console=talk, transient=False, refresh_per_second=4,
    ) as bar:  # fmt: skip
        top: list[str] = []

        def told(step: str, done: int, total: int | None) -> None:
            head = step.partition(" · ")[0]
            for name in list(top):
                if name not in (head, step, "sources") and name in lines:
                    bar.stop_task(lines[name])
                    bar.update(lines[name], visible=name == "sources")
                    top.remove(name)
            if step not in lines:
                lines[step] = bar.add_task(step, total=total)
                top.append(step)
            bar.update(lines[step], completed=done, total=total, visible=True)

        yield told
