"""The steps of an erasure, each of which bears being done twice: destroy, derive anew, sweep, forget, search again."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
from django.db import connections, transaction

from filrouge.base import clock, settings
from filrouge.engines import Engine, open_engine
from filrouge.store import members
from filrouge.store.live import Live, number
from filrouge.store.models import Answer, Erasure, Job, Run, SavedView, Verdict
from filrouge.store.views import current
from filrouge.tables import TABLES
from filrouge.work import accounts, deriving, draft_jobs, holding, live, runs, segments
from filrouge.work.erasures import reach as reaching
from filrouge.work.erasures.reach import ACTS, LINKED, Reach

LEFT_BEHIND = timedelta(hours=1)  # a trial of an import may be under way; an import is not, or the erasure would wait
KEPT_TOGETHER = "erasure"  # who says that what stays is one person, when what held it together went


def rows(engine: Engine, reach: Reach) -> None:
    """Rewrite the tables without what goes; the files that held it stay until they are swept."""
    lake = runs.lake()
    for name, table in TABLES.items():
        if where := reaching.condition(name, reach):
            lake.delete(name, where)
        if name == "rejects":
            mentioned = reaching.mentioned(engine, reach)
            for run, numbers in mentioned.rows.items():
                lake.delete(name, f"run_id = '{run}' AND row IN ({', '.join(map(str, numbers))})")
            for start in range(0, len(mentioned.events), 1_000):
                keys = ", ".join(map(str, mentioned.events[start : start + 1_000]))
                lake.delete(name, f"record_key IN ({keys}) AND row IS NULL")
        for column in LINKED:
            if any(c.name == column for c in table.every):
                ref = column.replace("_key", "_ref")
                keys = ", ".join(map(str, reach.keys)) or "NULL"
                lake.update(name, f"{column} IN ({keys}){reach.held()}", {column: "NULL", ref: "NULL"})


def derive(engine: Engine, row: Erasure, reach: Reach) -> None:
    """Derive anew whoever remains, from what remains: evidence that spoke of what went is forgotten too."""
    if reach.whole:
        return
    person = Live().current(reach.people[0])
    _forget_evidence(engine, reach)
    folder = settings.get().home / "staging" / f"erasure-{row.id}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        table = current(engine, runs.lake(), "person_records", hidden=runs.hidden())
        records = table.filter(table.record_key.isin(list(reach.rest))).to_pyarrow()
        who = pa.table(
            {"record_key": records["record_key"], "person": pa.array([person] * records.num_rows, pa.string())}
        )
        derived = deriving.derived(engine, records, who, run=str(row.id), at=clock.now())
        for name, data in derived.items():
            file = folder / f"{name}.parquet"
            pa.parquet.write_table(data, file, compression="zstd")
            runs.lake().replace_people(name, pa.array([person], pa.string()), [file], run=str(row.id))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep_together(engine: Engine, reach: Reach) -> list[tuple[int, int]]:
    """Return the pairs to be held together, so that what stays remains one person when identity is settled again."""
    view = reaching.every(engine, "links")
    found = engine.con.con.execute(
        f"""SELECT record_key, evidence FROM {view} WHERE undone_at IS NULL AND record_key IN (SELECT unnest(?))
        QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1""",
        [list(reach.rest)],
    ).fetchall()
    group = {key: key for key in reach.rest}

    def top(key: int) -> int:
        while group[key] != key:
            key = group[key]
        return key

    for key, evidence in found:
        for pair in _pairs(json.loads(evidence or "{}")):
            if pair["with"] in group:
                group[top(key)] = top(pair["with"])
    tops = sorted({top(key) for key in reach.rest})
    return list(itertools.pairwise(tops))


def hold_together(reach: Reach, pairs: list[tuple[int, int]], origins: Mapping[int, tuple[str, str]]) -> None:
    """Keep verdicts that what stays is one person; call it inside the transaction that writes the plan down."""
    Verdict.objects.bulk_create(
        Verdict(
            kind=Verdict.Kind.SAME, left=left, right=right, by=KEPT_TOGETHER, gesture="",
            left_entity=origins[left][0], left_brand=origins[left][1],
            right_entity=origins[right][0], right_brand=origins[right][1],
        )
        for left, right in pairs
    )  # fmt: skip


def _forget_evidence(engine: Engine, reach: Reach) -> None:
    """Rewrite the evidence of links that stay without the records that went."""
    view = reaching.every(engine, "links")
    gone = set(reach.own)
    found = engine.con.con.execute(
        f"SELECT DISTINCT record_key, run_id, evidence FROM {view} WHERE record_key IN (SELECT unnest(?))",
        [list(reach.rest)],
    ).fetchall()
    for key, run, evidence in found:
        told = json.loads(evidence or "{}")
        pairs = list(_pairs(told))
        kept = [pair for pair in pairs if pair["with"] not in gone]
        if len(kept) < len(pairs):
            mended = json.dumps({**kept[0], **({"also": kept[1:]} if kept[1:] else {})} if kept else {})
            quoted = mended.replace("'", "''")
            runs.lake().update("links", f"record_key = {key} AND run_id = '{run}'", {"evidence": f"'{quoted}'"})


def _pairs(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "with" in told:
        yield {name: value for name, value in told.items() if name != "also"} | {"with": int(told["with"])}
    for pair in told.get("also", ()):
        yield dict(pair) | {"with": int(pair["with"])}


def sweep() -> None:
    """Remove the files that no version of a table needs any more, and what runs that died left behind."""
    lake = runs.lake()
    for name in TABLES:
        lake.vacuum(name, everything=True)
    holding.forget_erased()
    waiting = {str(key) for key in Run.objects.filter(state=Run.State.HELD).values_list("id", flat=True)}
    old = (clock.now() - LEFT_BEHIND).timestamp()
    for folder in ("staging", "scratch"):
        for left in (settings.get().home / folder).glob("*"):
            if left.name in ("sql", *waiting):  # the copies that SQL reads are forgotten apart
                continue
            if left.stat().st_mtime < old:
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def forget(reach: Reach) -> None:
    """Remove the live copies of what went, what files being prepared told of it, and what people did here about it."""
    draft_jobs.forget_derived(reach.entities)
    copies = Live()
    if copies.ready():
        with copies.writing():
            accounts.forget(copies, reach.own)
            for person in reach.people:
                copies.rows_changed("DELETE FROM scores WHERE person = %s", [number(person)])
        members.forget(copies, people=reach.people)
        if reach.whole:
            with copies.writing():
                copies.forget([number(person) for person in reach.people])
                for person in reach.people:
                    copies.rows_changed("DELETE FROM redirects WHERE old = %s OR new = %s", [person, person])
        else:
            live.refresh([copies.current(reach.people[0])])
        live.companies()
    with transaction.atomic():
        for model in ACTS:
            reaching.acts(model, reach).delete()
        reaching.verdicts(reach).delete()
        reaching.reviews(reach).delete()
        reaching.doubts(reach).delete()
        SavedView.objects.filter(pk__in=reaching.views(reach)).delete()
        if reach.whole:
            segments.forget(reach.people)
        for person in reach.people:
            Answer.objects.filter(body__contains=person).delete()
        Job.objects.filter(pk__in=reaching.told_jobs(reach)).update(params={})


def search_again(reach: Reach) -> dict[str, int]:
    """Look for what should be gone, everywhere; return what is left, by table (nothing)."""
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        left = reaching.counted(engine, reach)
    finally:
        engine.close()
    left |= reaching.acts_counted(reach)
    copies = Live()
    if copies.ready():
        for person in reach.people:
            document = copies.document(person)
            if document is not None and (reach.whole or _holds(document, reach)):
                left["live"] = left.get("live", 0) + 1
        if told := sum(_told(copies, reach.own[start : start + 500]) for start in range(0, len(reach.own), 500)):
            left["accounts"] = told
    return left


def _told(copies: Live, records: Sequence[int]) -> int:
    marks = ", ".join(["%s"] * len(records))
    return int(copies.rows(f"SELECT count(*) FROM accounts WHERE record IN ({marks})", list(records))[0][0])


def _holds(document: Mapping[str, Any], reach: Reach) -> bool:
    parts = [item for part in document.values() if isinstance(part, list) for item in part]
    own = set(reach.own)
    return any(item.get("record_key") in own or item.get("key") in own for item in parts)


def scrub() -> None:
    """Make the database files forget what was deleted: journals emptied, free pages given back."""
    for alias in connections:
        con = connections[alias]
        if con.vendor == "sqlite":
            with con.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
