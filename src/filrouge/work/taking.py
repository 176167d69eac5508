"""What senders told of accounts, taken into the lake: records of people like any other, settled with the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from filrouge.base import clock
from filrouge.base.clock import micros
from filrouge.base.errors import Conflict
from filrouge.domain.events import account as accounts
from filrouge.store.lake import arrow_schema, as_json
from filrouge.store.live import Live, number
from filrouge.store.models import Job, Run
from filrouge.work import jobs, runs, suppressions
from filrouge.work.accounts import forget
from filrouge.work.appearing import CHANGED, NEW, SEEN
from filrouge.work.showing import Known, as_record

BATCH = 20_000
SOON = timedelta(minutes=2)  # what senders bring settles together: each settlement costs as much as many records
CHANGED_AFTER = timedelta(minutes=10)  # rewriting records costs the lake as much for one as for many


def take(live: Live, *, whole: bool) -> list[int]:
    """Take accounts that the lake does not know into it, a batch a run, each whole or not at all; return their keys.

    ``whole``: those too of which it does not know the last state. Whoever settles or erases is let finish first: they
    wait for the next time.
    """
    states = (NEW, CHANGED, SEEN) if whole else (NEW,)
    taken: list[int] = []
    told = False
    while rows := _dirty(live, states):
        try:
            with runs.running("person", by="collector", after=("identity", "person")) as run:
                gone = _take(run, live, rows, at=clock.now())
        except Conflict:
            break
        _clean(live, rows)
        forget(live, gone)
        taken += [one.record for one, _, _ in rows]
        told = told or any(dirty != SEEN for _, dirty, _ in rows)
        if len(rows) < BATCH:
            break
    if told and not Job.objects.filter(key="arrivals", state="waiting").exists():
        jobs.ask_again("identity", by="collector", key="arrivals", wait=SOON)
    return taken


Dirty = tuple[Known, int, int]  # with its state, and when it changed last


def _dirty(live: Live, states: Sequence[int]) -> list[Dirty]:
    marks = ", ".join(["%s"] * len(states))
    rows = live.rows(
        "SELECT record, source, person, dirty, changed_at, body FROM accounts "
        f"WHERE dirty > 0 AND dirty IN ({marks}) ORDER BY changed_at LIMIT {BATCH}", states,
    )  # fmt: skip
    return [
        (Known(record, source, person, accounts.read(body)), dirty, changed)
        for record, source, person, dirty, changed, body in rows
    ]


def _clean(live: Live, rows: Sequence[Dirty]) -> None:
    """Say that the lake knows ``rows``, but for those that changed since they were read.

    That counts as a change: copies that are being built may have read the lake before it knew them.
    """
    now = micros(clock.now())
    for start in range(0, len(rows), 1_000):
        with live.writing(), live.con.cursor() as cursor:
            cursor.executemany(
                "UPDATE accounts SET dirty = CASE WHEN changed_at = %s THEN 0 ELSE 2 END, "
                "changed_at = CASE WHEN changed_at = %s THEN %s ELSE changed_at END WHERE record = %s",
                [(changed, changed, now, one.record) for one, _, changed in rows[start : start + 1_000]],
            )


def _take(run: Run, live: Live, rows: Sequence[Dirty], *, at: datetime) -> list[int]:
    """Take ``rows`` but those of people who were erased; return the keys of these."""
    kept = _allowed(rows)
    ones = [one for one, _, _ in kept]
    new = {one.record for one, dirty, _ in kept if dirty == NEW}
    run.source_name, run.read, run.new, run.changed = "", len(ones), len(new), len(ones) - len(new)
    manifest: dict[str, dict[str, Any]] = {}
    for table, lines in _lines(run, ones, new, at=at, live=live).items():
        if lines:
            data = pa.Table.from_pylist(lines, schema=arrow_schema(table))
            manifest[table] = {"append": [runs.stage(run, f"{table}.parquet", data)]}
    if ones:  # new ones too: a crash may have come between the lake and these copies
        closed = {
            "record_key": pa.array([one.record for one in ones], pa.int64()),
            "superseded_at": pa.array([at] * len(ones), pa.timestamp("us", tz="UTC")),
        }
        name = runs.stage(run, "replaced.parquet", pa.table(closed))
        for table in ("source_records", "person_records"):
            manifest[table]["supersede"] = name
    runs.commit(run, manifest, line=("account.take", "run", str(run.id)), records=len(ones))
    return sorted({one.record for one, _, _ in rows} - {one.record for one in ones})


def _allowed(rows: Sequence[Dirty]) -> list[Dirty]:
    """Leave out whoever was erased since."""
    test = suppressions.checker()
    if test is None:
        return list(rows)
    made = [as_record(one) for one, _, _ in rows]
    columns = {
        "record_key": pa.array([one.record for one, _, _ in rows], pa.int64()),
        "entity": pa.array([one.account.entity for one, _, _ in rows], pa.string()),
        "email": pa.array([row.get("email") for row in made], pa.string()),
        "phone": pa.array([row.get("phone") for row in made], pa.string()),
    }
    return [row for row, out in zip(rows, test(pa.table(columns)), strict=True) if not out]


def _lines(
    run: Run, ones: Sequence[Known], new: Container[int], *, at: datetime, live: Live
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table: the account as it stands, as it is read, and whose a new one was found to be."""
    made: dict[str, list[dict[str, Any]]] = {"source_records": [], "person_records": [], "links": []}
    people = live.current_of({one.person for one in ones if one.record in new})
    decided = _decisions(live, [one for one in ones if one.record in new], people)
    for one in ones:
        where = {
            "source": one.source, "entity": one.account.entity, "brand": one.account.brand, "record_key": one.record,
            "run_id": str(run.id), "recorded_at": at,
        }  # fmt: skip
        raw = accounts.written(one.account)
        made["source_records"].append(
            {**where, "source_id": one.account.source_id, "kind": "person_records", "raw": raw,
             "row_hash": hashlib.sha256(raw.encode()).hexdigest()}
        )  # fmt: skip
        made["person_records"].append({**where, "source_id": one.account.source_id, **as_record(one)})
        if one.record in new:
            found = decided[one.record]
            made["links"].append(
                {**where, "person": people[one.person], "decision": found["decision"], "rule": found["rule"],
                 "evidence": as_json(found["evidence"]), "decided_at": at}
            )  # fmt: skip
    return made


def _decisions(live: Live, ones: Sequence[Known], people: Mapping[str, str]) -> dict[int, dict[str, Any]]:
    """Return the decision that the page of its person (``people``, today) shows of each record."""
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ones), 500):
        some = {one.record: number(people[one.person]) for one in ones[start : start + 500]}
        pages = live.documents(sorted(set(some.values())))
        for record, person in some.items():
            rows = pages.get(person, {"records": []})["records"]
            shown = next((row for row in rows if row["key"] == record), None)
            found[record] = shown or {"decision": "rule", "rule": "alone", "evidence": {}}
    return found
