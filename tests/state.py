"""What an installation says of people now, part by part and as one digest: an undone act leaves it as it was.

Compared: the rows in force of every table of the lake, who is of whom, the people and their households, the values
kept of each and their order, the segments that each is in, the pairs that wait to be reviewed; of the live copies the
pages, what happened to each, the keys and the names by which they are found, and the words that a misspelling may mean.

A person goes by the records they are made of, not by an id. Left out is what tells of the way and not of the state:
runs and moments of arrival, closed versions, links no more in force or of records that are gone, what those in force
rest on, when a segment was entered, ids that lead elsewhere since a merge, how common a word is, scores, and the audit.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import Any

DERIVED = ("links", "people", "golden_values", "memberships", "scores", "score_values", "deliveries")
ARRIVAL = frozenset({"run_id", "recorded_at", "superseded_at", "superseded_run"})
WAY = frozenset({"id", "household", "decided_at", "decision", "rule", "evidence", "recorded_at"})
Rows = list[dict[str, Any]]


def digest() -> str:
    """Return the hash of the state."""
    return hashlib.sha256(json.dumps(parts(), sort_keys=True).encode()).hexdigest()


def parts() -> dict[str, list[str]]:
    """Return the state as sorted lines, by part: where two differ, it shows what."""
    from filrouge.tables import TABLES

    told: dict[str, list[str]] = {name: _lines(_rows(name)) for name in TABLES if name not in DERIVED}
    there = {row["record_key"] for row in _rows("person_records")}
    owner = {row["record_key"]: row["person"] for row in _links() if row["record_key"] in there}
    members = defaultdict(list)
    for record, person in sorted(owner.items()):
        members[person].append(record)
    label = {person: " ".join(map(str, records)) for person, records in members.items()}
    told["who"] = sorted(label.values())

    people = [row for row in _rows("people") if not row["merged_into"]]
    homes: dict[str, list[str]] = defaultdict(list)
    for row in people:
        if row["household"]:
            homes[row["household"]].append(label[row["person_id"]])
    told["households"] = sorted(" + ".join(sorted(some)) for some in homes.values())
    told["people"] = _lines([{**row, "person_id": label[row["person_id"]], "household": ""} for row in people])
    told["golden_values"] = _lines([{**row, "person": label[row["person"]]} for row in _rows("golden_values")])
    inside = [row for row in _rows("memberships") if row["left_at"] is None]
    told["memberships"] = sorted(f"{row['segment']}: {label.get(row['person'], 'nobody')}" for row in inside)
    return told | _waiting() | _copies(label)


def differing(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return, of each part that differs, some of the lines that stand on one side alone."""
    return {name: sorted(set(before[name]) ^ set(after[name]))[:6] for name in before if before[name] != after[name]}


def _rows(name: str) -> Rows:
    import duckdb

    from filrouge.store.views import current_sql
    from filrouge.work import runs

    with duckdb.connect() as raw:
        raw.execute("SET TimeZone = 'UTC'")
        found = raw.execute(current_sql(runs.lake(), name, hidden=runs.hidden())).to_arrow_table().to_pylist()
    return [{column: value for column, value in row.items() if column not in ARRIVAL} for row in found]


def _links() -> Rows:
    """Return the link in force of each record that is of somebody."""
    last: dict[int, dict[str, Any]] = {}
    for row in sorted(_rows("links"), key=lambda row: row["decided_at"]):
        last[row["record_key"]] = row
    return [row for row in last.values() if row["undone_at"] is None]


def _waiting() -> dict[str, list[str]]:
    from filrouge.store.models import Review

    waiting = Review.objects.filter(state__in=("open", "later")).values_list("kind", "left", "right")
    return {"reviews": sorted(f"{kind} {left} {right}" for kind, left, right in waiting)}


def _copies(label: dict[str, str]) -> dict[str, list[str]]:
    from filrouge.store.live import Live, unpack

    live = Live()
    if not live.ready():
        return {}
    pairs = {bit: f"{entity}/{brand}" for (entity, brand), bit in live.origins().items()}

    def whose(bits: int) -> list[str]:
        return sorted(name for bit, name in pairs.items() if bits >> bit & 1)

    pages = live.rows("SELECT person, id, body FROM documents")
    of = {number: label[key] for number, key, _ in pages}
    keys = live.rows("SELECT kind, value, person, origins FROM keys")
    names = live.rows("SELECT token, person, origins FROM names")
    moments = live.rows("SELECT person, body FROM moments")
    return {
        "pages": _lines([{**_settled(unpack(body)), "person": of[number]} for number, _, body in pages]),
        "moments": _lines([{"person": of[number], "moments": _settled(unpack(body))} for number, body in moments]),
        "keys": _lines(
            [
                {"key": [kind, "" if kind == "household" else value, of[number], whose(bits)]}
                for kind, value, number, bits in keys
            ]
        ),
        "names": _lines([{"name": [token, of[number], whose(bits)]} for token, number, bits in names]),
        "words": sorted(token for (token,) in live.rows("SELECT token FROM tokens")),
        "traces": sorted(f"{gram} {token}" for gram, token in live.rows("SELECT gram, token FROM grams")),
    }


def _settled(held: Any) -> Any:
    """Return what a page holds without what tells how it came there."""
    if isinstance(held, dict):
        return {name: _settled(value) for name, value in held.items() if name not in WAY}
    return [_settled(value) for value in held] if isinstance(held, list) else held


def _lines(rows: Rows) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
