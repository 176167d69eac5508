"""The rows that a run did not take whole, as a file that can be mended and brought back as it is."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow.parquet as pq
from django.db import transaction

from filrouge.base import settings
from filrouge.base.cells import neutral
from filrouge.base.errors import NotFound, Refused
from filrouge.connect import own, sheets
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.mending import AS_TEXT, parted
from filrouge.engines import open_engine
from filrouge.store.models import Run
from filrouge.store.queries import sources as found
from filrouge.store.views import current
from filrouge.tables import TABLES
from filrouge.work import access, audit, runs

BATCH = 5_000  # rows read at once
# Says a code of a kind (reject, column, sheet, note) to whoever will read the file.
Say = Callable[[str, str], str]


def may_take(asking: Caller, made: Run) -> bool:
    """Tell whether the caller may take the rows of a run in clear: an engineer for all that they may be of."""
    return made.source is not None and asking.has("engineer") and found.acts(made.source, asking)


def write(asking: Caller, run_id: str, *, form: sheets.Form, say: Say, delimiter: str = ";") -> BinaryIO:
    """Return the file, open at its beginning and without a name on the disk: the columns as received, and why.

    A row of somebody erased is not in it. Raises NotFound, Refused.
    """
    made = found.run(run_id, asking)
    access.must(asking, "engineer")
    if not may_take(asking, made):
        raise Refused("You do not act for those whom these rows are of.", hint="Ask an engineer who does.")
    folder = settings.get().home / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        laid = Path(place) / "rejects.parquet"
        if not _lay(made, laid):
            raise NotFound("This run took every row whole.", hint="There is nothing to mend.")
        columns = _columns(laid)
        safe = form == "csv"
        titles_of = map(neutral, columns) if safe else columns
        header = [*titles_of, own.signed(say("reason", "reject_file"), shielded=safe)]
        lines = _lines(made, laid, columns, say, safe=safe)
        stream = cast(BinaryIO, tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 - whoever reads it closes it
        try:
            if form == "csv":
                sheets.write_csv(stream, header, lines, delimiter=delimiter, notes=lambda: ())
            else:
                titles = (say("rows", "reject_file"), say("about", "reject_file"))
                notes = [[say("mend", "reject_file")]]
                sheets.write_xlsx(stream, header, lines, titles=titles, folder=folder, notes=lambda: notes)
            with transaction.atomic():
                audit.record("rejects.export", by=asking.by, kind="export", subject=str(made.pk), form=form)
        except BaseException:
            stream.close()
            raise
    stream.seek(0)
    return stream


def _lay(made: Run, path: Path) -> int:
    """Lay the rows that a run rejected, or took with a warning, in a file; none of somebody erased."""
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        table = current(engine, runs.lake(), "rejects")
        table = table.filter((table.run_id == str(made.id)) & table.raw.notnull())
        table = table.select("place", "row", "raw", "column", "code", "warning")
        return engine.write(table.order_by(["place", "row", "warning"]), str(path))
    finally:
        engine.close()


def _rows(path: Path) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield each row as it was received, with what is said of it."""
    batches = pq.ParquetFile(path).iter_batches(batch_size=BATCH)
    lines = (line for batch in batches for line in batch.to_pylist())
    for _, held in groupby(lines, key=lambda line: (line["place"], line["row"])):
        told = list(held)
        raw = json.loads(told[0]["raw"])
        yield (raw if isinstance(raw, dict) else {AS_TEXT: raw}), told


def _columns(path: Path) -> list[str]:
    """Return the columns of the rows in the order they were received."""
    names = dict.fromkeys(name for raw, told in _rows(path) if not _is_text(raw, told) for name in raw)
    return list(names) or [AS_TEXT]


def _is_text(raw: dict[str, Any], told: list[dict[str, Any]]) -> bool:
    """Tell whether a row could not be parted into its columns, and stands as the line that it was."""
    return list(raw) == [AS_TEXT] and not told[0]["column"]


def _kinds(spec: SourceSpec | None) -> dict[str, str]:
    """Return the type of what each column is read as, where it alone is, and is no key."""
    if spec is None:
        return {}
    types = {column.name: column.type for column in TABLES[spec.reads].columns}
    read = [(cell.reads(), types.get(name, "string")) for name, cell in spec.map.items()]
    return {names[0]: kind for names, kind in read if len(names) == 1 and names[0] not in spec.key}


def _lines(made: Run, path: Path, columns: list[str], say: Say, *, safe: bool) -> Iterator[list[sheets.Cell]]:
    spec = SourceSpec.parse(made.source.spec) if made.source else None
    kinds = _kinds(spec)
    for raw, told in _rows(path):
        reasons = []
        for row in told:
            cell = spec.map.get(row["column"] or "") if spec else None
            where = ", ".join(cell.reads()) if cell else ""
            reasons.append(f"{where}: {say(row['code'], 'reject')}" if where else say(row["code"], "reject"))
        raw = parted(str(raw[AS_TEXT]), spec, columns, code=told[0]["code"]) if _is_text(raw, told) else raw
        cells = ["" if raw.get(name) is None else str(raw[name]) for name in columns]
        if safe:
            yield [*map(neutral, cells), _said(reasons, safe=safe)]
            continue
        shown = [sheets.cell(cell, kinds.get(name, "string")) for name, cell in zip(columns, cells, strict=True)]
        yield [*shown, _said(reasons, safe=safe)]


def _said(reasons: list[str], *, safe: bool) -> str:
    told = "; ".join(dict.fromkeys(reasons))
    return neutral(told) if safe else told  # it may begin with the title of a column
