"""How long segments take beside hand-written SQL, on a lake of ``--people`` people and twenty events each.

Twelve segments are compiled and run, and so are twelve queries that somebody who knows DuckDB would write over the same
files, in turns, in one process, with the same memory and threads; both must find the same number of people. Target at
1,000,000 people and 20,000,000 events: each <= 1.3 times its query; the count of the builder p95 < 2 s, warm; a hundred
segments built again <= 60 s.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from bench.figures import keep, percentiles

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
T = "TIMESTAMPTZ '2026-11-26 12:00:00+00'"
ROUNDS = 5
EVENT = {"field": "name", "op": "is", "value": "Article Read"}
LIVING = "SELECT DISTINCT person FROM owned WHERE living"
OF = "JOIN owned o ON o.record_key = f.person_key WHERE f.superseded_at IS NULL"


def _did(table: str, where: str) -> str:
    return f"SELECT o.person FROM {table} f {OF} AND {where}"


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "read this month": (
        {"rules": [{"on": "events", "where": [EVENT], "within_days": 30}]},
        f"SELECT DISTINCT person FROM ({_did('events', f'''name = 'Article Read' AND f.at > {T} - INTERVAL 30 DAY AND f.at <= {T}''')})",
    ),
    "read five times in a quarter": (
        {"rules": [{"on": "events", "where": [EVENT], "within_days": 90, "value": 5}]},
        f"SELECT person FROM ({_did('events', f'''name = 'Article Read' AND f.at > {T} - INTERVAL 90 DAY AND f.at <= {T}''')}) "
        "GROUP BY person HAVING count(*) >= 5",
    ),
    "came not for two months": (
        {"rules": [{"on": "events", "within_days": 60, "op": "exactly", "value": 0}]},
        f"{LIVING} EXCEPT {_did('events', f'f.at > {T} - INTERVAL 60 DAY AND f.at <= {T}')}",
    ),
    "signed up, then read within a week": (
        {"rules": [{"on": "sequence", "span_days": 7, "steps": [
            {"where": [{"field": "name", "op": "is", "value": "Signed Up"}]}, {"where": [EVENT]}]}]},
        f"""SELECT DISTINCT person FROM (SELECT name, person, moment, max(CASE WHEN name = 'Signed Up' THEN moment END)
            OVER (PARTITION BY person ORDER BY moment RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING) AS before
            FROM (SELECT f.name, o.person, f.at AS moment FROM events f {OF} AND name IN ('Signed Up', 'Article Read') AND f.at <= {T}))
            WHERE name = 'Article Read' AND moment <= before + INTERVAL 7 DAY""",
    ),
    "spent 100 in a year": (
        {"rules": [{"on": "orders", "measure": "sum", "of": "total", "value": 100, "currency": "EUR", "within_days": 365}]},
        f"""SELECT person FROM (SELECT o.person, f.total FROM orders f {OF} AND currency = 'EUR' AND ordered_at <= {T}
            AND ordered_at > {T} - INTERVAL 365 DAY) GROUP BY person HAVING sum(total) >= 100""",
    ),
    "ordered, not for six months": (
        {"rules": [{"on": "orders", "measure": "last", "op": "longer_ago", "value": 180}]},
        f"""SELECT person FROM (SELECT o.person, f.ordered_at FROM orders f {OF} AND ordered_at <= {T})
            GROUP BY person HAVING max(ordered_at) <= {T} - INTERVAL 180 DAY""",
    ),
    "a renewal this month": (
        {"rules": [{"on": "contracts", "dated_by": "renews_at", "next_days": 30,
                    "where": [{"field": "running", "op": "is", "value": True}]}]},
        f"""SELECT DISTINCT o.person FROM (SELECT person_key AS key, * FROM contracts UNION ALL
            SELECT reader_key, * FROM contracts) f JOIN owned o ON o.record_key = f.key WHERE f.superseded_at IS NULL
            AND (ended_at IS NULL OR ended_at > {T}) AND (started_at IS NULL OR started_at <= {T})
            AND renews_at > {T} AND renews_at <= {T} + INTERVAL 30 DAY""",
    ),
    "reacted once, not written to for two weeks": (
        {"rules": [{"on": "contacts", "where": [{"field": "outcome", "op": "one_of", "value": ["opened", "clicked"]}]},
                   {"on": "contacts", "where": [{"field": "channel", "op": "is", "value": "email"}], "within_days": 14,
                    "op": "exactly", "value": 0}]},
        f"""SELECT person FROM (SELECT o.person, outcome, channel = 'email' AND f.at > {T} - INTERVAL 14 DAY AS late
            FROM contacts f {OF} AND f.at <= {T}) GROUP BY person
            HAVING bool_or(outcome IN ('opened', 'clicked')) AND NOT bool_or(late)""",
    ),
    "of Lyon, thirty or more": (
        {"rules": [{"on": "person", "field": "city", "op": "is", "value": "Lyon"},
                   {"on": "person", "field": "age", "op": "at_least", "value": 30}]},
        """SELECT person FROM ids SEMI JOIN (SELECT a.person AS id FROM golden_values a
            JOIN golden_values b ON a.person = b.person WHERE a.attribute = 'address' AND a.rank = 1
            AND lower(a.value->>'$.city') = 'lyon' AND b.attribute = 'birth_date' AND b.rank = 1
            AND b.value <= '1996-11-26') USING (id)""",
    ),
    "three topics in a month": (
        {"rules": [{"on": "events", "measure": "distinct", "of": "topic", "value": 3, "within_days": 30}]},
        f"SELECT person FROM (SELECT o.person, topic FROM events f {OF} AND f.at > {T} - INTERVAL 30 DAY AND f.at <= {T}) "
        "GROUP BY person HAVING count(DISTINCT topic) >= 3",
    ),
    "paid reading, or two orders": (
        {"combinator": "or", "rules": [
            {"on": "events", "where": [{"field": "properties.paid", "op": "is", "value": "true"}], "within_days": 30},
            {"on": "orders", "within_days": 90, "value": 2}]},
        f"""{_did('events', f'''f.at > {T} - INTERVAL 30 DAY AND f.at <= {T} AND (properties->>'$.paid') = 'true' ''')} UNION
            SELECT person FROM ({_did('orders', f'ordered_at > {T} - INTERVAL 90 DAY AND ordered_at <= {T}')})
            GROUP BY person HAVING count(*) >= 2""",
    ),
    "at a brand, in a tenth, without a complaint": (
        {"rules": [{"on": "brands", "brands": ["red"]}, {"on": "bucket", "from": 0, "to": 999},
                   {"on": "interactions", "where": [{"field": "kind", "op": "is", "value": "complaint"}],
                    "within_days": 90, "op": "exactly", "value": 0}]},
        f"""SELECT person FROM ids SEMI JOIN (SELECT person FROM owned WHERE living AND brand = 'red') USING (person)
            ANTI JOIN ({_did('interactions', f'''kind = 'complaint' AND f.at > {T} - INTERVAL 90 DAY AND f.at <= {T}''')})
            USING (person) WHERE CAST('0x' || substr(sha256(chr(9) || id), 1, 15) AS BIGINT) % 10000 <= 999""",
    ),
}  # fmt: skip
TABLES = ("events", "orders", "contracts", "contacts", "interactions", "golden_values")


def run(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``segments``."""
    made = given.laid is None
    home = given.laid or Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    try:
        keep("segments", **_measure(home, given.people))
    finally:
        if made:
            shutil.rmtree(home, ignore_errors=True)


def _measure(home: Path, people: int) -> dict[str, Any]:
    from filrouge.base import settings

    settings.use(FILROUGE_HOME=str(home), FILROUGE_LAKE=str(home / "lake"))
    from filrouge.work.ready import ready

    ready()
    from filrouge.work import groups, installation

    installation.ready()
    if not (home / "lake" / "events").exists():
        lay(home, people)
        groups.add_entity("north", "North", by="bench")
        groups.add_brand("red", "Red", "north", by="bench")
        groups.add_brand("green", "Green", "north", by="bench")
    found = _beside(home)
    return {"people": people, "events": people * 20, **found, **_counts(), **_rebuilt()}


def _beside(home: Path) -> dict[str, Any]:
    from filrouge.domain import segments
    from filrouge.engines.duckdb import MEMORY
    from filrouge.store.lake import Lake
    from filrouge.work.segments.desk import Desk

    began = time.perf_counter()
    with Desk(at=AT) as desk:
        numbered = time.perf_counter() - began
        by_hand = duckdb.connect(config={"memory_limit": MEMORY, "preserve_insertion_order": False,
                                         "temp_directory": str(home / "scratch" / "hand")})  # fmt: skip
        by_hand.execute("SET TimeZone = 'UTC'")
        lake = Lake(home / "lake")
        for name in TABLES:
            files = ", ".join(f"'{file}'" for file in lake.files(name))
            by_hand.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{files}])")
        for name in ("owned", "ids"):
            (file,) = (home / "scratch" / "sql").glob(f"segments-{name}-*.parquet")
            by_hand.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{file}')")
        told = {}
        for title, (said, sql) in CASES.items():
            spec = segments.parse(said)

            def ours(spec: segments.Spec = spec) -> int:
                found = segments.compile(spec, desk.laid, desk.engine, segments.Asked(AT))
                return int(desk.engine.con.con.execute(desk.engine.con.compile(found.count())).fetchall()[0][0])

            def theirs(sql: str = sql) -> int:
                return int(by_hand.execute(f"SELECT count(*) FROM ({sql})").fetchall()[0][0])

            mine, hand = _turns(ours, theirs)
            told[title] = {
                "people": ours(),
                "seconds": round(mine, 3),
                "by_hand": round(hand, 3),
                "ratio": round(mine / hand, 2),
            }
            if (other := theirs()) != told[title]["people"]:
                told[title]["differs"] = other
        by_hand.close()
    worst = max(one["ratio"] for one in told.values())
    return {"numbering_seconds": round(numbered, 2), "worst_ratio": worst, "segments": told}


def _turns(ours: Callable[[], int], theirs: Callable[[], int]) -> tuple[float, float]:
    """Return the median seconds of each, in turns, after one of each that does not count."""
    spent: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS + 1):
        for kept, verb in zip(spent, (ours, theirs), strict=True):
            began = time.perf_counter()
            verb()
            if turn:
                kept.append(time.perf_counter() - began)
    return statistics.median(spent[0]), statistics.median(spent[1])


def _counts() -> dict[str, Any]:
    from filrouge.work import access, segments

    seconds: dict[str, list[float]] = {"": [], "email": []}
    for turn in range(3):
        for said, _ in CASES.values():
            for channel, kept in seconds.items():
                began = time.perf_counter()
                segments.count(access.OWNER, said, segments.Scope("north", "red", "marketing", channel), sample=0)
                if turn:
                    kept.append(time.perf_counter() - began)
    return {"count_ms": percentiles(seconds[""]), "count_with_may_i_ms": percentiles(seconds["email"])}


def _later(said: Any, days: int) -> Any:
    """Return rules with every window ``days`` longer."""
    if isinstance(said, list):
        return [_later(one, days) for one in said]
    if not isinstance(said, dict):
        return said
    return {name: value + days if name == "within_days" else _later(value, days) for name, value in said.items()}


def _rebuilt() -> dict[str, Any]:
    from filrouge.work import access, segments

    said = [spec for spec, _ in CASES.values()]
    for number in range(100):  # each of the twelve in eight or nine shares of everybody, its windows a day longer
        spec = {"rules": [{"on": "bucket", "from": 0, "to": 9_900 + number}, _later(said[number % 12], number // 12)]}
        segments.keep(access.OWNER, f"s{number}", spec=spec, entity="north", brand="red")
    took = []
    for _ in range(2):
        began = time.perf_counter()
        done = segments.build(by="bench", at=AT)
        took.append(round(time.perf_counter() - began, 1))
    return {"first_build_seconds": took[0], "rebuild_seconds": took[1], "memberships": sum(one.people for one in done)}


# --- a lake of its own ------------------------------------------------------------------------------------------------

_LINES: dict[str, tuple[int, dict[str, str]]] = {
    "person_records": (1, {"source_id": "CAST(n AS VARCHAR)", "created_at": f"{T} - INTERVAL (r(n, 1, 3000)) DAY"}),
    "links": (1, {"person": "id(n)", "decision": "'rule'", "decided_at": f"{T} - INTERVAL 900 DAY"}),
    "people": (1, {"person_id": "id(n)", "kind": "'person'"}),
    "golden_values": (4, {
        "person": "id(p)", "rank": "1",
        "attribute": "['address', 'birth_date', 'email', 'country'][n % 4 + 1]",
        "value": """CASE n % 4 WHEN 0 THEN '{"city":"' || ['Lyon', 'PARIS', 'Brest', 'Nantes', 'Lille'][r(p, 2, 5) + 1] || '"}'
            WHEN 1 THEN CAST(DATE '1940-01-01' + CAST(r(p, 3, 25000) AS INTEGER) AS VARCHAR)
            WHEN 2 THEN 'p' || p || '@example.com' ELSE 'FR' END"""}),
    "events": (20, {
        "event_id": "CAST(n AS VARCHAR)", "type": "'track'", "person_key": "p",
        "name": "['Article Read', 'Article Read', 'Article Read', 'Page Viewed', 'Signed Up'][r(n, 4, 5) + 1]",
        "at": f"{T} - INTERVAL (r(n, 5, 730 * 86400)) SECOND",
        "topic": "['sport', 'voile', 'ville', 'arts', 'tech', 'monde'][r(n, 6, 6) + 1]",
        "properties": """'{"paid": ' || CASE WHEN r(n, 7, 10) = 0 THEN 'true' ELSE 'false' END || '}'"""}),
    "orders": (2, {"person_key": "p", "ordered_at": f"{T} - INTERVAL (r(n, 8, 1000)) DAY", "currency": "'EUR'",
                   "total": "r(n, 9, 9000) / 100", "sales_channel": "'web'"}),
    "contracts": (1, {"person_key": "p", "started_at": f"{T} - INTERVAL (r(n, 10, 900)) DAY",
                      "renews_at": f"{T} + INTERVAL (r(n, 11, 365)) DAY",
                      "ended_at": f"CASE WHEN r(n, 12, 3) = 0 THEN {T} - INTERVAL 9 DAY END"}),
    "contacts": (5, {"person_key": "p", "at": f"{T} - INTERVAL (r(n, 13, 500)) DAY", "channel": "'email'",
                     "outcome": "['delivered', 'opened', 'clicked', 'bounced'][r(n, 14, 4) + 1]"}),
    "interactions": (1, {"person_key": "p", "at": f"{T} - INTERVAL (r(n, 15, 800)) DAY",
                         "kind": "['call', 'complaint', 'visit'][r(n, 16, 3) + 1]"}),
    "consents": (2, {"person_key": "p", "at": f"{T} - INTERVAL (r(n, 17, 900)) DAY", "purpose": "'marketing'",
                     "channel": "'email'", "state": "['granted', 'denied', 'objected'][r(n, 18, 3) + 1]"}),
}  # fmt: skip


def lay(home: Path, people: int) -> None:
    """Lay a lake of ``people`` people, each of one record at a brand, with what they did."""
    from filrouge.store.lake import LARGEST, SQL_TYPES, Lake
    from filrouge.tables import TABLES as PLAN

    con = duckdb.connect(config={"memory_limit": "1500MB", "temp_directory": str(home / "scratch")})
    con.execute("SET TimeZone = 'UTC'")
    con.execute("CREATE MACRO id(n) AS printf('0190a000-0000-7000-8000-%012x', n)")
    con.execute("CREATE MACRO r(n, salt, most) AS CAST(hash(n * 31 + salt) % CAST(most AS UBIGINT) AS BIGINT)")
    lake, drafts = Lake(home / "lake"), home / "drafts"
    drafts.mkdir(parents=True)
    for name, (each, said) in _LINES.items():
        rows, step, files = people * each, 2_000_000, []
        told = {"source": "'bench'", "entity": "'north'", "brand": "CASE WHEN p % 3 = 0 THEN 'green' ELSE 'red' END",
                "record_key": "p" if name in ("person_records", "links") else "n + 1000000000", "run_id": "'bench'",
                "recorded_at": f"{T} - INTERVAL 1 DAY", **said}  # fmt: skip
        columns = ", ".join(
            f'CAST({told.get(column.name, "NULL")} AS {SQL_TYPES[column.type]}) AS "{column.name}"'
            for column in PLAN[name].every
        )
        for start in range(0, rows, step):
            file = drafts / f"{name}-{start}.parquet"
            con.execute(
                f"""COPY (SELECT {columns} FROM (SELECT range AS n, range // {each} AS p
                FROM range({start}, {min(start + step, rows)}))) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"""
            )
            files.append(file)
        assert all(file.stat().st_size <= LARGEST for file in files)
        lake.append(name, files, run="bench")
    con.close()
    shutil.rmtree(drafts)
