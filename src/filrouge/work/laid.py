"""The lake laid out for the live copies: whose each record is, and the rows of each copy, some people at a time.

What does not fit in memory at a million people stands in files of a folder that goes away with it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from filrouge.base import ids, settings
from filrouge.domain.identity.keys import phone_key
from filrouge.domain.profiles import companies as firms
from filrouge.domain.profiles import gather
from filrouge.engines import open_engine
from filrouge.store.gathering import lay_out
from filrouge.store.live import number, pack
from filrouge.work import runs

FACTS = ("events", "contacts", "interactions", "invoices", "payments", "orders")
BUCKET = 2_000_000  # facts gathered into documents at once
STRETCH = 400_000  # moments put in order at once
_OWNERS = """SELECT l.record_key, l.person, l.decision, l.rule, l.evidence, l.decided_at
    FROM (SELECT * FROM links_now {chosen}) l SEMI JOIN person_records USING (record_key)
    QUALIFY row_number() OVER (PARTITION BY l.record_key ORDER BY l.decided_at DESC, l.run_id DESC) = 1"""


class Laid:
    """An engine with the tables, the macros and relation ``owned``: all people's records, or those of ``people``."""

    def __init__(self, people: Sequence[str] | None = None) -> None:
        self.folder = settings.get().home / "scratch" / f"live-{ids.uuid7()}"
        self.folder.mkdir(parents=True)
        self.engine = open_engine(scratch=self.folder / "spill")
        self.raw: Any = self.engine.con.con
        try:
            lay_out(self.engine, runs.lake(), hidden=runs.hidden())
            for macro in firms.MACROS:
                self.raw.execute(macro)
            self._owners(people)
            self._phones()
            self.own()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Laid:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of memory and files."""
        self.engine.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _owners(self, people: Sequence[str] | None) -> None:
        if people is None:
            path = self._file("owned.parquet")
            self.raw.execute(f"COPY ({_OWNERS.format(chosen='')}) TO {path} (FORMAT parquet)")
            self.raw.execute(f"CREATE VIEW owned_all AS SELECT * FROM read_parquet({path})")
            return
        self.raw.register("wanted", pa.table({"person": pa.array(sorted(set(people)), pa.string())}))
        self.raw.execute(
            "CREATE TABLE wanted_records AS SELECT DISTINCT record_key FROM links_now SEMI JOIN wanted USING (person)"
        )
        sql = _OWNERS.format(chosen="SEMI JOIN wanted_records USING (record_key)")
        self.raw.execute(f"CREATE TABLE owned_all AS SELECT * FROM ({sql}) SEMI JOIN wanted USING (person)")

    def _phones(self) -> None:
        """Teach the engine the numbers that its own rule does not read."""
        rest = [
            row[0]
            for row in self.raw.execute(
                "SELECT DISTINCT phone FROM person_records SEMI JOIN owned_all USING (record_key) "
                "WHERE phone IS NOT NULL AND e164(phone) IS NULL"
            ).fetchall()
        ]
        self.raw.register(
            "phones_rest",
            pa.table({"phone": pa.array(rest, pa.string()), "e": pa.array([phone_key(x) for x in rest], pa.string())}),
        )
        self.raw.execute("CREATE OR REPLACE TABLE phone_keys AS SELECT phone, e FROM phones_rest WHERE e <> ''")
        self.raw.execute(
            "CREATE OR REPLACE MACRO phone_of(x) AS "
            "coalesce(e164(x), (SELECT min(e) FROM phone_keys k WHERE k.phone = x))"
        )

    # --- asking -------------------------------------------------------------------------------------------------------

    def one(self, sql: str) -> Any:
        """Return the one value that ``sql`` answers."""
        return self.raw.execute(sql).fetchall()[0][0]

    def fetched(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """Yield what ``sql`` answers in batches of rows."""
        for batch in self.raw.execute(sql).to_arrow_reader(20_000):
            columns = [column.to_pylist() for column in batch.columns]
            if batch.num_rows:
                yield list(zip(*columns, strict=True))

    def numbered(self, sql: str, columns: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield batches of rows whose column before the last is a person's id, as its number."""
        for rows in self.fetched(sql):
            yield [(*row[: columns - 2], number(row[columns - 2]), row[columns - 1]) for row in rows]

    def facts(self) -> int:
        """Return how many facts there are to gather, roughly."""
        return sum(int(self.one(f"SELECT count(*) FROM {name}")) for name in FACTS)

    def own(self, part: int = 0, parts: int = 1) -> None:
        """Let ``owned`` be the records of one part of the people, or of all."""
        self.raw.execute("DROP VIEW IF EXISTS owned" if self._is_view() else "DROP TABLE IF EXISTS owned")
        if parts == 1:
            self.raw.execute("CREATE VIEW owned AS SELECT * FROM owned_all")
        else:
            self.raw.execute(
                f"CREATE TABLE owned AS SELECT * FROM owned_all WHERE abs(hash(person)) % {parts} = {part}"
            )

    def _is_view(self) -> bool:
        return bool(self.one("SELECT count(*) FROM duckdb_views() WHERE view_name = 'owned' AND NOT internal"))

    # --- rows of the copies -------------------------------------------------------------------------------------------

    def documents(self) -> Iterator[list[tuple[int, str, bytes]]]:
        """Yield batches of (number, id, packed document) of whoever is in ``owned``."""
        for name in gather.PARTS:
            self.raw.execute(f"CREATE OR REPLACE TABLE part_{name} AS {gather.part_sql(name)}")
        joins = " ".join(f"LEFT JOIN part_{name} USING (person)" for name in gather.PARTS if name != "records")
        columns = ", ".join(f"part_{name}.items" for name in gather.PARTS)
        sql = (
            f"SELECT person, p.household, {columns} FROM part_records {joins} "
            "LEFT JOIN (SELECT person_id, household FROM people) p ON p.person_id = person ORDER BY person"
        )
        names = list(gather.PARTS)
        for rows in self.fetched(sql):
            batch = []
            for person, household, *parts in rows:
                inner = ",".join(f'"{name}":{items or "[]"}' for name, items in zip(names, parts, strict=True))
                body = f'{{"id":{json.dumps(person)},"household":{json.dumps(household)},{inner}}}'
                batch.append((number(person), person, pack(body)))
            yield batch
        for name in gather.PARTS:
            self.raw.execute(f"DROP TABLE part_{name}")

    def moments(self, parts: int = 1) -> Iterator[list[tuple[int, bytes]]]:
        """Yield batches of (number, packed last moments) of whoever is in ``owned``; the facts are read once."""
        if parts == 1:
            yield from self._moments(gather.moment_rows_sql())
            return
        apart = self.folder / "moments"
        self.raw.execute(
            f"COPY (SELECT *, abs(hash(person)) % {parts} AS part FROM ({gather.moment_rows_sql()})) "
            f"TO {self._file('moments')} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (part))"
        )
        for part in sorted(apart.iterdir()):
            yield from self._moments(f"SELECT * FROM read_parquet({self._file(f'moments/{part.name}/*.parquet')})")
            shutil.rmtree(part)

    def _moments(self, rows: str) -> Iterator[list[tuple[int, bytes]]]:
        for batch in self.fetched(gather.moments_sql(rows)):
            yield [(number(person), pack(items)) for person, items in batch]

    def _file(self, name: str) -> str:
        return "'" + str(Path(self.folder) / name).replace("'", "''") + "'"
