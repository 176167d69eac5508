"""The lake's tables as one caller may query them in SQL: rows of their perimeter, columns of their role, nothing else.

For anyone but the owner of the machine, each table that a query names is copied, already narrowed, to a file of its
own, and registered under its own name in a database that can reach no file, no network and no Python variable. The
copies are kept until the table changes. (Arrow cannot compare the text form of the lake's files with DuckDB's
filters, so the files themselves cannot be registered.)
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads

from filrouge.base.errors import Refused, UsageError
from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.domain.scores import sight
from filrouge.store.lake import SQL_TYPES, Lake
from filrouge.tables import TABLES, Column, Table

CLOSED = frozenset({"rejects", "source_records", "score_values"})  # rows as received: only for the owner of the machine
CONFIG: dict[str, Any] = {
    "memory_limit": "1500MB", "threads": 2, "autoinstall_known_extensions": False, "autoload_known_extensions": False,
}  # fmt: skip


# What of a row is told later than the row, and so is not known of a moment gone by.
LATER: Mapping[str, tuple[str, ...]] = {
    "contracts": ("renews_at", "ended_at", "end_reason"), "opportunities": ("closed_at", "outcome", "stage"),
    "followups": ("status",), "invoices": ("status",), "orders": ("status",), "interactions": ("status",),
    "roles": ("until",),
}  # fmt: skip
# Of these there is no telling when each row came to be known: they are taken as they are known today.
AS_KNOWN = frozenset({"links", "people", "golden_values", "company_records"})
KEPT_APART = frozenset({"scores", "memberships"})  # every version is kept: at a moment gone by, that of then
OWNERS = """CREATE VIEW owners AS SELECT record_key, person FROM links WHERE undone_at IS NULL
    QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1"""


@dataclass(frozen=True)
class Limits:
    """What an unattended query is held to: seconds, rows, and a moment after which nothing has happened yet.

    ``owners`` (record_key, person) stands among the tables then: who each record is of, as is known today.
    """

    until: datetime
    seconds: float
    rows: int
    now: bool = True  # the moment is the present one: what rows tell of later is known


@dataclass(frozen=True)
class Desk:
    """Where a caller's SQL runs: the lake, what they may see, and where narrowed copies are kept."""

    lake: Lake
    sees: Perimeter
    origins: Sequence[tuple[str, str]]  # every (entity, brand) there is
    copies: Path
    hidden: Sequence[str] = ()
    as_of: datetime | None = None
    limits: Limits | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def run(self, sql: str) -> pa.Table:
        """Run one SELECT and return its rows; ``$name`` in it stands for a parameter.

        Raises UsageError when it is not one or has a fault, Refused when it reaches for what is shut.
        """
        con = duckdb.connect(config=CONFIG)
        try:
            con.execute("SET TimeZone = 'UTC'")
            con.execute("SET enable_progress_bar = false")
            statement = _one_select(con, sql)
            named = _tables(sql, also=("links",) if self.limits else ())
            if self.sees.everything:
                for name in named:
                    con.execute(f'CREATE VIEW "{name}" AS {self._select(TABLES[name], TABLES[name].every)}')
            else:
                for name in (known for known in named if known not in CLOSED):
                    self._register(con, name)
                if self.limits:
                    con.execute(OWNERS)
                for setting in ("python_enable_replacements", "python_scan_all_frames", "enable_external_access"):
                    con.execute(f"SET {setting} = false")
                con.execute("SET lock_configuration = true")
            return _rows(con, statement, self._asked(statement), self.limits)
        finally:
            con.close()

    def _asked(self, statement: duckdb.Statement) -> dict[str, Any]:
        """Return the parameters that a query names. Raises UsageError where it names another."""
        named = {str(one) for one in statement.named_parameters}
        if strange := named - set(self.params):
            raise UsageError(
                "The query names a parameter that there is not: {name}.", hint="There are: {known}.",
                name=min(strange), known=", ".join(f"${one}" for one in sorted(self.params)) or "none",
            )  # fmt: skip
        return {name: self.params[name] for name in named}

    def _register(self, con: duckdb.DuckDBPyConnection, name: str) -> None:
        """Put a narrowed table under its name; where a moment is set, what happened later is not in it."""
        data = pads.dataset(self._copy(TABLES[name]), format="parquet")
        if self.limits is None or self.limits.now:
            con.register(name, data)
            return
        hidden, table, at = f"_{secrets.token_hex(8)}", TABLES[name], f"TIMESTAMPTZ '{self.limits.until.isoformat()}'"
        con.register(hidden, data)
        later, columns = LATER.get(name, ()), []
        for column in self._shown(table):
            shown = f'"{column.name}"'
            if column.name == "end_reason":
                shown = f'CASE WHEN "ended_at" <= {at} THEN "end_reason" END AS "end_reason"'
            elif column.name in ("ended_at", "closed_at", "until"):
                shown = f"CASE WHEN {shown} <= {at} THEN {shown} END AS {shown}"
            elif name == "contacts" and column.name == "outcome":  # with hindsight, that of a late contact is of later
                shown = f'CASE WHEN "at" <= {at} - INTERVAL 3 DAY THEN {shown} END AS {shown}'
            elif column.name in later:
                shown = f"CAST(NULL AS {SQL_TYPES[column.type]}) AS {shown}"
            columns.append(shown)
        term = ""
        if name == "person_records":
            term = f"WHERE created_at IS NULL OR created_at <= {at}"
        elif table.at and name not in AS_KNOWN:
            term = f'WHERE coalesce("{table.at}" <= {at}, false)'
        con.execute(f'CREATE VIEW "{name}" AS SELECT {", ".join(columns)} FROM {hidden} {term}')

    # --- narrowing ----------------------------------------------------------------------------------------------------

    def _select(self, table: Table, columns: Sequence[Column]) -> str:
        """Return the SQL of a table's rows that the caller may see, with ``columns`` only."""
        files = self.lake.files(table.name)
        shown = ", ".join(f'"{column.name}"' for column in columns)
        if not files:
            nulls = ", ".join(f'CAST(NULL AS {SQL_TYPES[column.type]}) AS "{column.name}"' for column in columns)
            return f"SELECT {nulls} WHERE false"
        listed = ", ".join(_quoted(file) for file in files)
        terms = self._terms(table) or ["true"]
        return f"SELECT {shown} FROM read_parquet([{listed}], union_by_name = true) WHERE {' AND '.join(terms)}"

    def _terms(self, table: Table) -> list[str]:
        held = {column.name for column in table.every}
        hidden = ", ".join(_quoted(run) for run in self.hidden) or "''"
        terms = []
        if "run_id" in held and self.hidden:
            terms.append(f"run_id NOT IN ({hidden})")
        if "superseded_at" in held:
            past = self.limits is not None and not self.limits.now and table.name in KEPT_APART
            as_of = self.limits.until if past and self.limits else self.as_of
            if as_of is None:
                terms.append(f"(superseded_at IS NULL OR superseded_run IN ({hidden}))")
            else:
                at = f"TIMESTAMPTZ '{as_of.isoformat()}'"
                terms.append(f"recorded_at <= {at} AND (superseded_at IS NULL OR superseded_at > {at})")
        if not self.sees.everything and "entity" in held and table.name != "scores":
            seen = [pair for pair in self.origins if self.sees.sees(*pair, table.category)]
            pairs = ", ".join(f"({_quoted(entity)}, {_quoted(brand)})" for entity, brand in seen)
            terms.append(f"(entity, brand) IN ({pairs})" if pairs else "false")
        return terms

    def _shown(self, table: Table) -> list[Column]:
        """Return the columns that the caller's roles may see."""
        return [column for column in table.every if self.sees.role_sight(_sensitivity(table.name, column)) == "show"]

    def _copy(self, table: Table) -> str:
        """Return a file with the rows and columns of ``table`` that the caller may see, made if it is not there yet."""
        columns = self._shown(table)
        special = {"people": self._people, "links": self._links, "scores": self._scores}
        sql = special[table.name](columns) if table.name in special else self._select(table, columns)
        path = self.copies / f"{table.name}-{hashlib.sha256(sql.encode()).hexdigest()[:32]}.parquet"
        if not path.exists():
            self.copies.mkdir(parents=True, exist_ok=True)
            for old in self.copies.glob(f"{table.name}-*.parquet"):
                if len(list(self.copies.glob(f"{table.name}-*.parquet"))) > 8:
                    old.unlink(missing_ok=True)
            draft = path.with_suffix(".new")
            con = duckdb.connect(config={**CONFIG, "temp_directory": str(self.copies)})
            try:
                con.execute("SET TimeZone = 'UTC'")
                con.execute(f"COPY ({sql}) TO {_quoted(str(draft))} (FORMAT parquet)")
            finally:
                con.close()
            draft.replace(path)
        return str(path)

    def _people(self, columns: Sequence[Column]) -> str:
        """Return only the people of whom a record may be seen, and only what those records tell."""
        records = TABLES["person_records"]
        wanted = [records.column(name) for name in ("record_key", "brand", "created_at", "updated_at", "recorded_at")]
        links = [TABLES["links"].column(name) for name in ("record_key", "person", "undone_at", "decided_at", "run_id")]
        told = {
            "first_seen": "s.first_seen", "last_seen": "s.last_seen", "brands": "CAST(to_json(s.brands) AS VARCHAR)",
            "household": "CAST(NULL AS VARCHAR)",
        }  # fmt: skip
        shown = ", ".join(f'{told.get(column.name, "p." + column.name)} AS "{column.name}"' for column in columns)
        return f"""SELECT {shown} FROM ({self._select(TABLES["people"], TABLES["people"].every)}) p
            JOIN (SELECT l.person, min(coalesce(r.created_at, r.recorded_at)) AS first_seen,
                max(coalesce(r.updated_at, r.recorded_at)) AS last_seen,
                list(DISTINCT r.brand ORDER BY r.brand) AS brands
                FROM (SELECT * FROM ({self._select(TABLES["links"], links)}) WHERE undone_at IS NULL
                    QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1) l
                JOIN ({self._select(records, wanted)}) r USING (record_key)
                GROUP BY l.person) s ON s.person = p.person_id"""

    def _scores(self, columns: Sequence[Column]) -> str:
        """Return the scores of the caller's entities that rest on nothing of a brand that they may not see."""
        table = TABLES["scores"]
        shown = ", ".join(f'"{column.name}"' for column in columns)
        opened = []
        for rule in sight.rules(self.sees):
            term = f"entity IN ({', '.join(map(_quoted, sorted(rule.own))) or 'NULL'})"
            if rule.brands:
                brands = ", ".join(map(_quoted, sorted(rule.brands)))
                term += f" AND len(list_filter(string_split(uses, ','), b -> b <> '' AND b NOT IN ({brands}))) = 0"
            if not sight.shows_money(rule):
                term += f" AND score NOT IN ({', '.join(map(_quoted, sight.MONEY))})"
            opened.append(f"({term})")
        return f"SELECT {shown} FROM ({self._select(table, table.every)}) WHERE {' OR '.join(opened) or 'false'}"

    def _links(self, columns: Sequence[Column]) -> str:
        """Return the links of records that may be seen; one that rests on a record that may not says nothing of it."""
        wanted = [TABLES["links"].column(name) for name in ("record_key", "evidence")]
        alone = {"evidence": "'{}'", "rule": "'alone'", "decision": "'rule'"}
        shown = ", ".join(
            f'CASE WHEN w.outside THEN {alone[column.name]} ELSE l."{column.name}" END AS "{column.name}"'
            if column.name in alone
            else f'l."{column.name}"'
            for column in columns
        )
        rows = self._select(TABLES["links"], TABLES["links"].every)
        return rf"""WITH seen AS ({self._select(TABLES["links"], wanted)}), named AS (
                SELECT DISTINCT evidence, CAST(unnest(regexp_extract_all(CAST(evidence AS VARCHAR),
                    '"with":\s*(-?[0-9]+)', 1)) AS BIGINT) AS record_key FROM seen
            ), outside AS (SELECT DISTINCT evidence, true AS outside FROM named n ANTI JOIN seen s USING (record_key))
            SELECT {shown} FROM ({rows}) l LEFT JOIN outside w ON w.evidence = l.evidence"""


def forget_copies(copies: Path) -> None:
    """Remove every narrowed copy."""
    shutil.rmtree(copies, ignore_errors=True)


def _sensitivity(table: str, column: Column) -> str:
    """Return how careful one must be with a column; golden values mix them all, so they count as contact details."""
    return "contact" if table == "golden_values" and column.name == "value" else column.sensitivity


def _one_select(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as error:
        raise UsageError("The query has a fault: {why}", why=_why(error)) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(
            "One SELECT at a time, and nothing that writes.", hint="Write a query that begins with SELECT or WITH."
        )
    return statements[0]


def _tables(sql: str, *, also: Sequence[str] = ()) -> list[str]:
    """Return the tables of ours whose names stand in a query: one too many costs a copy, one too few would fail it."""
    words = {word.lower() for word in re.findall(r"\w+", sql)} | set(also)
    return sorted(name for name in TABLES if name in words)


@contextmanager
def _hurried(con: duckdb.DuckDBPyConnection, limits: Limits | None) -> Iterator[threading.Event]:
    """Stop what runs on ``con`` when its time is over; the event says that it was."""
    over = threading.Event()
    if limits is None:
        yield over
        return

    def stop() -> None:
        over.set()
        con.interrupt()

    timer = threading.Timer(limits.seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def _gathered(asked: duckdb.DuckDBPyConnection, limits: Limits | None) -> pa.Table:
    if limits is None:
        return asked.to_arrow_table()
    batches, count = [], 0
    reader = asked.to_arrow_reader(100_000)
    for batch in reader:
        batches.append(batch)
        count += batch.num_rows
        if count > limits.rows:
            raise Refused("The query gives more than {rows} rows.", hint="One row a person.", rows=limits.rows)
    return pa.Table.from_batches(batches, reader.schema)


def _rows(
    con: duckdb.DuckDBPyConnection, statement: duckdb.Statement, params: dict[str, Any], limits: Limits | None
) -> pa.Table:
    over = threading.Event()
    try:
        with _hurried(con, limits) as over:
            return _gathered(con.execute(statement, params or None), limits)
    except duckdb.InterruptException:
        raise _late(limits) from None
    except duckdb.PermissionException:
        raise Refused(
            "A query reads the tables of Filrouge and nothing else.", hint="Read files through a source."
        ) from None
    except duckdb.OutOfMemoryException:
        raise Refused("The query needs more memory than one may have.", hint="Ask for fewer rows or columns.") from None
    except duckdb.Error as error:
        raise UsageError("The query has a fault: {why}", why=_why(error)) from None
    except (OSError, pa.ArrowException) as error:  # what stops after the first rows is told by Arrow
        raise _late(limits) if over.is_set() else UsageError("The query has a fault: {why}", why=_why(error)) from None


def _late(limits: Limits | None) -> Refused:
    return Refused(
        "The query ran longer than {seconds} seconds and was stopped.", hint="Ask for less, or of fewer tables.",
        seconds=f"{limits.seconds if limits else 0:g}",
    )  # fmt: skip


def _why(error: Exception) -> str:
    return str(error).split("\n\n")[0].replace("\n", " ")[:400]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
