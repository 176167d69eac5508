"""Values that go before their row: found at a sweep, then blanked in the lake and in the row as received.

The rows as received are blanked last: by them the next sweep finds what one that was cut short had begun.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db.models import Q

from filrouge.base import settings
from filrouge.domain.privacy import retention as rules
from filrouge.domain.sources import SourceSpec, keeping
from filrouge.domain.sources.keeping import Limit
from filrouge.domain.sources.spec import WHOLE
from filrouge.engines import open_engine
from filrouge.store.lake import Lake, arrow_schema
from filrouge.store.models import Run, Source, SourceDraft
from filrouge.tables import TABLES
from filrouge.work import runs
from filrouge.work.draft_files import folder

PEOPLE = "person_records"
# attribute of the golden record that a column of a record goes into, where it bears another name
GOLDEN = {
    "address_line": ("address",), "postcode": ("address",), "city": ("address",), "country": ("address", "country"),
    "company_ref": ("company",),
}  # fmt: skip


@dataclass(frozen=True)
class Fed:
    """A source of whose values some go before their row."""

    source: str
    spec: SourceSpec
    limits: tuple[Limit, ...]


@dataclass
class Values:
    """What is over: how many values, the records that hold them by source, and the people whose page changes."""

    count: int = 0
    fed: list[Fed] = field(default_factory=list)
    keys: dict[str, pa.Array] = field(default_factory=dict)
    golden: list[pa.Table] = field(default_factory=list)  # record_key and attribute of what rests on them
    touched: set[str] = field(default_factory=set)
    rejects: int = 0  # rejected rows whose text goes, counted among the values


def find(raw: Any, now: datetime) -> Values:
    """Return the values that are over, of the lake as ``raw`` shows it: its tables, and the records ``linked``."""
    found = Values(fed=[one for one in _fed() if one.limits])
    for one in found.fed:
        _of(raw, one, found, now)
    found.fed = [one for one in found.fed if one.source in found.keys or _rejected(raw, one, now)]
    found.rejects = sum(_rejected(raw, one, now) for one in found.fed)
    found.count += found.rejects
    return found


def blank(lake: Lake, found: Values, now: datetime) -> None:
    """Blank what was found in the golden record, the table that each source feeds, and the rejected rows."""
    if not found.count:
        return
    if pairs := [pairs for pairs in found.golden if pairs.num_rows]:
        lake.remove_alike("golden_values", pa.concat_tables(pairs))
        lake.vacuum("golden_values")
    for name in sorted({one.spec.reads for one in found.fed if one.source in found.keys}):
        over: dict[str, list[str]] = {}
        for one in found.fed:
            if one.spec.reads == name:
                for target, condition in _conditions(one, now).items():
                    over.setdefault(target, []).append(f"(source = '{one.source}' AND {condition})")
        if not over:  # columns that are only kept as received
            continue
        values = {
            f'"{target}"': f'CASE WHEN {" OR ".join(parts)} THEN NULL ELSE "{target}" END'
            for target, parts in over.items()
        }
        wanted = [f'("{target}" IS NOT NULL AND ({" OR ".join(parts)}))' for target, parts in over.items()]
        lake.update(name, " OR ".join(wanted), values)
        lake.vacuum(name)
    if found.rejects:
        parts = [f"(source = '{one.source}' AND ({_rejected_over(one, now)}))" for one in found.fed]
        lake.update("rejects", f"raw IS NOT NULL AND ({' OR '.join(parts)})", {"raw": "NULL"})
        lake.vacuum("rejects")


def blank_received(lake: Lake, found: Values, now: datetime) -> None:
    """Blank what was found in the rows as received: the last step."""
    swept = [one for one in found.fed if one.source in found.keys]
    if not swept:
        return
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        raw: Any = engine.con.con
        hidden = runs.hidden()
        for name in {"source_records", *(one.spec.reads for one in swept)}:
            table = engine.read(f"every_{name}", lake.files(name), arrow_schema(name))
            engine.con.create_view(name, table.filter(table.run_id.notin(hidden)) if hidden else table, overwrite=True)
        for one in swept:
            made = raw.execute(_received(raw, one, now, anew=True)).to_arrow_reader(65_536)
            lake.rewrite("source_records", made, on=("record_key", "run_id", "row_hash"), column="raw")
        lake.vacuum("source_records")
    finally:
        engine.close()


def _fed() -> Iterator[Fed]:
    former = _former()
    for source in Source.objects.order_by("name"):
        known = former.get((source.name, source.folder), {})
        data, behind = known.get("spec", source.spec), known.get("left_behind", source.left_behind)
        if data.get("kept") or behind:
            spec = SourceSpec.parse(data, what=source.name)
            yield Fed(source.name, spec, (*keeping.limits(spec), *keeping.former(behind)))


def _former() -> dict[tuple[str, str], dict[str, Any]]:
    """Return how sources stood before a file that is not in the lake, by name and folder of that file: what waits for a
    person, or is being read, limits nothing of what is in place."""
    waits = Q(state=SourceDraft.State.ASKED) | Q(run__state=Run.State.HELD)
    rows = SourceDraft.objects.filter(waits).exclude(run__state=Run.State.COMMITTED)
    return {(one.spec["source"], str(folder(one))): one.former for one in rows if "spec" in one.former}


def _of(raw: Any, one: Fed, found: Values, now: datetime) -> None:
    """Add what is over of one source: one pass over its rows, one over its rows as received."""
    name, conditions, count = one.spec.reads, _conditions(one, now), 0
    parts = []
    if conditions:
        held = {target: f'("{target}" IS NOT NULL AND {condition})' for target, condition in conditions.items()}
        counted = " + ".join(f"count(*) FILTER (WHERE {condition})" for condition in held.values())
        mine = f"FROM {name} WHERE source = '{one.source}'"
        count = int(raw.execute(f"SELECT {counted} {mine}").fetchone()[0])
        parts.append(f"SELECT record_key {mine} AND ({' OR '.join(held.values())})")
    received = _received(raw, one, now, anew=False)
    parts.append(f"SELECT record_key FROM ({received})")
    keys = raw.execute(" UNION ".join(parts) + " ORDER BY 1").to_arrow_table().column(0).combine_chunks()
    if not len(keys):
        return
    found.keys[one.source] = keys
    if any(not limit.targets for limit in one.limits):
        count += int(raw.execute(f"SELECT coalesce(sum(left_over), 0) FROM ({received})").fetchone()[0])
    found.count += count or len(keys)  # without a value, what a sweep that was cut short left behind
    raw.register("blanked", pa.table({"key": keys}))
    by = ["record_key"] if name == PEOPLE else [
        column.name for column in TABLES[name].columns if column.name in ("person_key", "reader_key")
    ]  # fmt: skip
    for column in by:
        rows = raw.execute(
            f"""SELECT DISTINCT l.person FROM {name} f JOIN linked l ON l.record_key = f.{column}
            WHERE f.record_key IN (SELECT key FROM blanked)"""
        ).fetchall()
        found.touched |= {row[0] for row in rows}
    for target, condition in conditions.items() if name == PEOPLE else ():
        rows = raw.execute(
            f"""SELECT DISTINCT record_key FROM person_records WHERE record_key IN (SELECT key FROM blanked)
            AND superseded_at IS NULL AND {condition}"""
        )
        over = rows.to_arrow_table().column(0).combine_chunks()
        for attribute in GOLDEN.get(target, (target,)):
            found.golden.append(pa.table({"record_key": over, "attribute": pa.array([attribute] * len(over))}))
    raw.unregister("blanked")


def _conditions(one: Fed, now: datetime) -> dict[str, str]:
    """Return, for each column of the table, when the value of a row is over, in SQL."""
    clock = rules.dated(TABLES[one.spec.reads])
    found: dict[str, list[str]] = {}
    for limit in one.limits:
        for target in limit.targets:
            found.setdefault(target, []).append(_over(limit, now, clock=clock))
    return {target: f"({' OR '.join(dict.fromkeys(parts))})" for target, parts in found.items()}


def _over(limit: Limit, now: datetime, *, clock: str) -> str:
    """Return when what a limit speaks of is over, in SQL; ``clock``: what its days are counted from."""
    parts = [f"{clock} < '{rules.limit(limit.days, at=now).isoformat()}'"]
    parts += [f"recorded_at >= {_text(limit.since)}"] if limit.since else []
    parts += [f"recorded_at < {_text(limit.until)}"] if limit.until else []
    return f"({' AND '.join(parts)})"


def _received(raw: Any, one: Fed, now: datetime, *, anew: bool) -> str:
    """Return the rows as received that hold something over, in SQL: as they are to be, or what nothing reads."""
    name = one.spec.reads
    over, patches, left_over = [], [], []
    for limit, spelled in _spelled(raw, one):
        condition = _over(limit, now, clock="clock")
        if one.spec.kind in WHOLE:
            over.append(f"({condition} AND raw <> '{{}}')")
            left_over.append("0" if limit.targets else f"({condition} AND raw <> '{{}}')::INT")
            continue
        for column in spelled:
            pointer = _text("/" + column.replace("~", "~0").replace("/", "~1"))
            held = f"({condition} AND nullif(json_extract_string(raw, {pointer}), '') IS NOT NULL)"
            over.append(held)
            left_over.append("0" if limit.targets else f"coalesce({held}, false)::INT")
            patch = _text(json.dumps({column: None}, ensure_ascii=False))
            patches.append(f"CASE WHEN {condition} THEN {patch} ELSE '{{}}' END")
    made = "'{}'" if one.spec.kind in WHOLE else "raw"
    for patch in patches:
        made = f"json_merge_patch({made}, {patch})"
    what = f"record_key, run_id, row_hash, CAST({made} AS VARCHAR) AS raw" if anew else (
        f"record_key, {' + '.join(left_over) or '0'} AS left_over"
    )  # fmt: skip
    clock = rules.dated(TABLES[name])
    return f"""SELECT {"DISTINCT " if anew else ""}{what} FROM (
        SELECT s.record_key, s.run_id, s.row_hash, s.raw, s.recorded_at,
            CASE WHEN f.record_key IS NULL THEN s.recorded_at ELSE f.clock END AS clock
        FROM source_records s LEFT JOIN (
            SELECT record_key, run_id, {clock} AS clock FROM {name} WHERE source = '{one.source}'
        ) f USING (record_key, run_id) WHERE s.source = '{one.source}' AND s.raw IS NOT NULL
    ) WHERE {" OR ".join(over) or "false"}"""


def _spelled(raw: Any, one: Fed) -> list[tuple[Limit, tuple[str, ...]]]:
    """Return the columns as rows received name them: one that nothing reads may be written otherwise, or doubled."""
    names: list[str] = []
    if one.spec.kind not in WHOLE and any(not limit.targets for limit in one.limits):
        found = raw.execute(
            f"""SELECT DISTINCT unnest(json_keys(raw)) FROM source_records
            WHERE source = '{one.source}' AND raw IS NOT NULL"""
        ).fetchall()
        names = sorted(row[0] for row in found)
    return [
        (limit, (limit.column,) if limit.targets else keeping.spelled(limit, one.spec, sorted({limit.column, *names})))
        for limit in one.limits
    ]


def _rejected(raw: Any, one: Fed, now: datetime) -> int:
    """Count the rejected rows of a source whose text is over: a value of it may stand anywhere in it."""
    return int(
        raw.execute(
            f"""SELECT count(*) FROM rejects WHERE source = '{one.source}' AND raw IS NOT NULL
            AND ({_rejected_over(one, now)})"""
        ).fetchone()[0]
    )


def _rejected_over(one: Fed, now: datetime) -> str:
    return " OR ".join(dict.fromkeys(_over(limit, now, clock="recorded_at") for limit in one.limits))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
