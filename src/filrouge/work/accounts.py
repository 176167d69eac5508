"""The accounts and browsers that senders speak of, in the live copies: whose each is, and what it said of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from filrouge.store.live import Live
from filrouge.store.models import COLLECT, Source
from filrouge.store.views import current
from filrouge.work import runs
from filrouge.work.laid import Laid


def sources() -> list[str]:
    """Return the names of the sources that hold accounts and browsers."""
    return list(Source.objects.filter(kind=COLLECT, reads="person_records").values_list("name", flat=True))


def held(laid: Laid) -> Iterator[list[tuple[Any, ...]]]:
    """Yield rows of ``accounts`` as the lake has them, for the people in ``owned_all``."""
    names = sources()
    if not names:
        return
    rows = current(laid.engine, runs.lake(), "source_records", hidden=runs.hidden())
    rows = rows.filter(rows.source.isin(names) & (rows.kind == "person_records") & rows.raw.notnull())
    laid.engine.con.create_view("account_rows", rows.select("record_key", "source", "raw"), overwrite=True)
    sql = "SELECT a.record_key, o.person, a.source, a.raw FROM account_rows a JOIN owned_all o USING (record_key)"
    for batch in laid.fetched(f"{sql} ORDER BY a.record_key"):
        yield [(record, person, 0, 0, source, raw) for record, person, source, raw in batch]


def stand(live: Live) -> bool:
    """Tell whether there are accounts in the shape of today, whatever the version of the copies beside them."""
    try:
        with live.writing():  # PostgreSQL gives up the whole of a transaction in which a table is missing
            live.rows("SELECT record, person, dirty, changed_at, source, body FROM accounts LIMIT 0")
            live.rows("SELECT name, value FROM meta LIMIT 0")
    except DatabaseError:
        return False
    return True


def carry_over(live: Live, *, since: datetime) -> None:
    """Keep, beside what was built from the lake, the accounts that changed after it was read or are not in it as told.

    Whose an account is, the lake knows; whose a browser is, who signed in last may have changed.
    """
    live.rows_changed(
        "INSERT INTO accounts_next SELECT record, person, dirty, changed_at, source, body FROM accounts "
        "WHERE dirty > 0 OR changed_at >= %s ON CONFLICT (record) DO UPDATE SET "
        "person = CASE WHEN excluded.source LIKE '%%_visitors' THEN excluded.person ELSE accounts_next.person END, "
        "dirty = excluded.dirty, changed_at = excluded.changed_at, body = excluded.body",
        [round(since.timestamp() * 1_000_000)],
    )
    live.rows_changed("INSERT INTO meta_next SELECT name, value FROM meta WHERE name IN ('flush', 'told')")


def moved(laid: Laid, live: Live) -> None:
    """Say whose the accounts of the people in ``owned_all`` are now."""
    names = sources()
    if not names:
        return
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    sql = (
        "SELECT o.person, o.record_key FROM owned_all o JOIN person_records p USING (record_key) "
        f"WHERE p.source IN ({listed})"
    )
    for batch in laid.fetched(sql):
        for start in range(0, len(batch), 1_000):
            some = batch[start : start + 1_000]
            with live.unhurried(), live.con.cursor() as cursor:
                cursor.executemany(
                    "UPDATE accounts SET person = %s WHERE record = %s AND person <> %s",
                    [(person, record, person) for person, record in some],
                )


def forget(live: Live, records: Sequence[int]) -> None:
    """Remove what the live copies hold of ``records``: the account, and events that stand beside the pages."""
    for start in range(0, len(records), 500):
        some = list(records[start : start + 500])
        marks = ", ".join(["%s"] * len(some))
        for table in ("accounts", "tail", "stream"):
            live.rows_changed(f"DELETE FROM {table} WHERE record IN ({marks})", some)


def people_of(live: Live, records: Sequence[int]) -> list[str]:
    """Return the people of accounts and browsers, each once; a browser that is nobody's has none."""
    found: set[str] = set()
    for start in range(0, len(records), 500):
        some = list(records[start : start + 500])
        marks = ", ".join(["%s"] * len(some))
        found |= {person for (person,) in live.rows(f"SELECT person FROM accounts WHERE record IN ({marks})", some)}
    return sorted({live.current(person) for person in found})
