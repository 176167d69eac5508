"""Erasure: one person destroyed in every table, file and copy, searched for again, and kept out afterwards.

The order matters: what will be done is written down first, so that a crash half-way is taken up again; then who must
not come back; then the lake, the live copies and the acts; then the search, which must find nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, transaction

from filrouge.base import clock, settings
from filrouge.base.errors import NotFound, StorageError
from filrouge.domain.identity.keys import email_key, phone_key
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import Engine, open_engine
from filrouge.store.lake import Lake, arrow_schema
from filrouge.store.live import Live, number
from filrouge.store.models import (
    ConsentEvent,
    Correction,
    Erasure,
    FollowUp,
    Job,
    Note,
    Promise,
    SubjectSalt,
    Verdict,
)
from filrouge.store.queries.tables import forget_copies
from filrouge.tables import TABLES
from filrouge.work import access, audit, jobs, runs, sql, suppressions

ACTS = (Note, Promise, FollowUp, Correction, ConsentEvent)
LINKED = ("reader_key",)  # columns that name a second person in a row of somebody else's: emptied, the row stays


def plan(asking: Caller, person: str) -> dict[str, Any]:
    """Return how many rows of each table and kind an erasure would destroy; nothing is touched."""
    access.must(asking, "privacy")
    found = access.person(asking, person, opening="erasure")
    live = Live()
    aliases = live.aliases(found.view.id)
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        keys = _records(engine, aliases)
        tables = {name: count for name, count in _count(engine, keys, aliases).items() if count}
    finally:
        engine.close()
    acts = {model._meta.model_name: model.objects.filter(person__in=aliases).count() for model in ACTS}
    return {"tables": tables, "acts": {name: n for name, n in acts.items() if n}, "records": len(keys)}


def request(asking: Caller, person: str, *, reason: str = "") -> Erasure:
    """Write down that a person is to be erased, and put the work in the queue."""
    access.must(asking, "privacy")
    found = access.person(asking, person, opening="erasure")
    with transaction.atomic():
        row = Erasure.objects.create(
            subject=audit.person_word(found.view.id), person=found.view.id, by=asking.by, reason=reason[:300]
        )
        audit.record("erasure.request", by=asking.by, kind="person", subject=found.view.id, erasure=str(row.id))
        jobs.ask("erase", by=asking.by, key=f"erase {row.id}", erasure=str(row.id))
    return row


def carry_out(erasure: str) -> Erasure:
    """Erase, or take up an erasure that was interrupted; return it with its report.

    Raises StorageError when the search afterwards still finds something.
    """
    row = Erasure.objects.filter(pk=erasure).first()
    if row is None:
        raise NotFound("There is no such erasure.")
    if row.state == "done":
        return row
    lake, live = runs.lake(), Live()
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        _settle(row, engine, live)
        keys, aliases = [int(key) for key in row.plan["keys"]], list(row.plan["people"])
        with runs.writing():
            destroyed = _destroy(lake, engine, keys, aliases, row.plan)
        _forget(live, aliases, keys, destroyed)
        forget_copies(sql.copies())
        found = _search_again(keys, aliases)
    finally:
        engine.close()
    if any(found.values()):
        raise StorageError(
            "The search after the erasure still found something.", hint="The erasure will be taken up again."
        )
    with transaction.atomic():
        SubjectSalt.objects.filter(person__in=aliases).delete()
        row.state, row.finished_at, row.person = "done", clock.now(), ""
        row.report = {
            "destroyed": destroyed,
            "found_again": found,
            "records": len(keys),
            "suppressed": row.plan["suppressed"],
        }
        row.plan = {}
        row.save()
        Job.objects.filter(params__erasure=str(row.id)).update(params={"erasure": str(row.id)})
        audit.record("erasure.done", by=row.by, kind="erasure", subject=str(row.id), destroyed=destroyed)
    audit.chain_waiting()
    _scrub()
    return row


def again(entries: Sequence[suppressions.Entry], *, by: str) -> int:
    """Erase whoever the entries of a journal speak of and a restore brought back; return how many people.

    Everybody else named by them is kept out as before.
    """
    if not entries:
        return 0
    barred = {entry.digest for entry in entries if entry.kind == "record"}
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        view = _all(engine, "person_records")
        known = engine.con.con.execute(f"SELECT DISTINCT record_key FROM {view} ORDER BY 1").fetchall()
        own = suppressions.pepper()
        back = [key for (key,) in known if suppressions.digest("record", str(key), own) in barred]
        whose = _whose(engine, back)
        plans = []
        for person, keys in whose.items():
            aliases = Live().aliases(person) if person else []
            whole = bool(person) and set(_records(engine, aliases)) == set(keys)
            mine = _identifiers(engine, keys)
            plans.append({
                "people": aliases if whole else [], "keys": [str(key) for key in keys],
                "facts": [str(key) for key in _facts(engine, keys)], "words": sorted({*mine["email"], *mine["raw"]}),
                "suppressed": 0,
            })  # fmt: skip
    finally:
        engine.close()
    with transaction.atomic():
        suppressions.keep(entries)
        rows = [
            Erasure.objects.create(
                subject=audit.person_word(person) if person else "", person=person, by=by, reason="restore",
                plan=planned, state="running",
            )
            for person, planned in zip(whose, plans, strict=True)
        ]  # fmt: skip
    for row in rows:
        carry_out(str(row.id))
    if rows:  # somebody may keep records of another: their values are derived anew
        from filrouge.work import identity

        identity.resolve(by=by, full=True)
        for name in ("people", "golden_values"):
            runs.lake().vacuum(name, everything=True)
    return len(rows)


def _whose(engine: Engine, keys: Sequence[int]) -> dict[str, list[int]]:
    """Return the records by the person they are of now; those of nobody yet under an empty name."""
    view = _all(engine, "links")
    rows = engine.con.con.execute(
        f"""SELECT record_key, person FROM {view} WHERE undone_at IS NULL AND record_key IN (SELECT unnest(?))
        QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1""",
        [list(keys)],
    ).fetchall()
    of = dict(rows)
    found: dict[str, list[int]] = {}
    for key in keys:
        found.setdefault(of.get(key, ""), []).append(key)
    return found


# --- steps ------------------------------------------------------------------------------------------------------------


def _settle(row: Erasure, engine: Engine, live: Live) -> None:
    """Write down whose records go and keep their hashes, once."""
    if row.plan:
        return
    aliases = live.aliases(live.current(row.person))
    keys = _records(engine, aliases)
    mine = _identifiers(engine, keys)
    facts = _facts(engine, keys)
    with transaction.atomic():
        suppressed = suppressions.add("record", map(str, keys), erasure=row.id)
        for kind in ("email", "phone"):
            suppressed += suppressions.add(kind, mine[kind], erasure=row.id)
        row.plan = {
            "people": aliases, "keys": [str(key) for key in keys], "facts": [str(key) for key in facts],
            "words": sorted({*mine["email"], *mine["raw"]}), "suppressed": suppressed,
        }  # fmt: skip
        row.state = "running"
        row.save()


def _all(engine: Engine, name: str) -> str:
    """Register every version of a table, and return its name."""
    lake = runs.lake()
    engine.con.create_view(
        f"every_{name}", engine.read(f"every_{name}", lake.files(name), arrow_schema(name)), overwrite=True
    )
    return f"every_{name}"


def _records(engine: Engine, aliases: Sequence[str]) -> list[int]:
    """Return the records that are of the person now."""
    view = _all(engine, "links")
    rows = engine.con.con.execute(
        f"""SELECT record_key FROM (SELECT record_key, person FROM {view} WHERE undone_at IS NULL
        QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1)
        WHERE person IN (SELECT unnest(?)) ORDER BY 1""",
        [list(aliases)],
    ).fetchall()
    return [row[0] for row in rows]


def _identifiers(engine: Engine, keys: Sequence[int]) -> dict[str, set[str]]:
    """Return the addresses and numbers that nobody else bears, normalised, and as written."""
    view = _all(engine, "person_records")
    rows = engine.con.con.execute(
        f"SELECT record_key IN (SELECT unnest(?)) AS mine, email, phone FROM {view} WHERE email IS NOT NULL OR phone IS NOT NULL",
        [list(keys)],
    ).fetchall()
    mine: dict[str, set[str]] = {"email": set(), "phone": set(), "raw": set()}
    wanted = {(email, phone) for is_mine, email, phone in rows if is_mine}
    emails = {email_key(email) for email, _ in wanted if email} - {""}
    phones = {phone_key(phone) for _, phone in wanted if phone} - {""}
    tails = {phone[-8:] for phone in phones}
    for is_mine, email, phone in rows:
        if not is_mine:
            if email:
                emails.discard(email_key(email))
            if phone and phone[-2:] and "".join(filter(str.isdigit, phone))[-8:] in tails:
                phones.discard(phone_key(phone))
    mine["email"], mine["phone"] = emails, phones
    mine["raw"] = {
        text.strip()
        for email, phone in wanted
        for text in (email, phone)
        if text and (email_key(text) in emails or phone_key(text) in phones)
    }
    return mine


def _facts(engine: Engine, keys: Sequence[int]) -> list[int]:
    """Return the keys of every fact of the person, so that the rows as received go too."""
    found: set[int] = set()
    for name, table in TABLES.items():
        if table.person == "person_key":
            view = _all(engine, name)
            rows = engine.con.con.execute(
                f"SELECT DISTINCT record_key FROM {view} WHERE person_key IN (SELECT unnest(?))", [list(keys)]
            )
            found |= {row[0] for row in rows.fetchall()}
    return sorted(found)


def _condition(name: str, keys: Sequence[int], facts: Sequence[int], aliases: Sequence[str]) -> str | None:
    """Return which rows of a table are the person's, in SQL."""
    table = TABLES[name]
    listed = ", ".join(map(str, keys)) or "NULL"
    people = ", ".join(f"'{alias}'" for alias in aliases)
    if name == "people":
        return f"person_id IN ({people}) OR merged_into IN ({people})"
    if name == "golden_values":
        return f"person IN ({people})"
    if name == "source_records":
        return f"record_key IN ({', '.join(map(str, [*keys, *facts])) or 'NULL'})"
    if table.person is None:
        return None
    return f"{table.person} IN ({listed})"


def _count(engine: Engine, keys: Sequence[int], aliases: Sequence[str]) -> dict[str, int]:
    facts = _facts(engine, keys)
    counts = {}
    for name in TABLES:
        if condition := _condition(name, keys, facts, aliases):
            view = _all(engine, name)
            counts[name] = int(
                engine.con.con.execute(f"SELECT count(*) FROM {view} WHERE {condition}").fetchall()[0][0]
            )
    return counts


def _destroy(
    lake: Lake, engine: Engine, keys: Sequence[int], aliases: Sequence[str], planned: dict[str, Any]
) -> dict[str, int]:
    """Rewrite the tables without the person and remove the files that held them."""
    facts = [int(key) for key in planned["facts"]]
    destroyed: dict[str, int] = {}
    for name, table in TABLES.items():
        rows = 0
        if condition := _condition(name, keys, facts, aliases):
            rows += lake.delete(name, condition)
        if name == "rejects" and planned["words"]:
            for run, numbers in _mentioned(engine, planned["words"]).items():
                rows += lake.delete(name, f"run_id = '{run}' AND row IN ({', '.join(map(str, numbers))})")
        for column in LINKED:
            if any(c.name == column for c in table.every):
                ref = column.replace("_key", "_ref")
                lake.update(name, f"{column} IN ({', '.join(map(str, keys)) or 'NULL'})", {column: "NULL", ref: "NULL"})
        if rows:
            destroyed[name] = rows
        lake.vacuum(name, everything=True)
    return destroyed


def _mentioned(engine: Engine, words: Sequence[str]) -> dict[str, list[int]]:
    """Return the rejected rows, by run, that hold one of the person's addresses or numbers.

    They are looked for here and named by number, because the lake's log keeps the words of what it is asked to delete.
    """
    view = _all(engine, "rejects")
    rows = engine.con.con.execute(
        f"""SELECT DISTINCT run_id, row FROM {view} WHERE row IS NOT NULL AND
        len(list_filter(?, w -> contains(lower(raw), w))) > 0""",
        [[word.lower() for word in words]],
    ).fetchall()
    found: dict[str, list[int]] = {}
    for run, row in rows:
        found.setdefault(run, []).append(row)
    return found


def _forget(live: Live, aliases: Sequence[str], keys: Sequence[int], destroyed: dict[str, int]) -> None:
    """Remove the live copies and what people did here for the person."""
    if live.ready():
        with live.writing():
            live.forget([number(alias) for alias in aliases])
            for alias in aliases:
                live.rows_changed("DELETE FROM redirects WHERE old = %s OR new = %s", [alias, alias])
        from filrouge.work.live import companies

        companies()
    with transaction.atomic():
        for model in ACTS:
            gone, _ = model.objects.filter(person__in=list(aliases)).delete()
            if gone:
                destroyed[str(model._meta.model_name)] = destroyed.get(str(model._meta.model_name), 0) + gone
        Verdict.objects.filter(left__in=keys).delete()
        Verdict.objects.filter(right__in=keys).delete()


def _search_again(keys: Sequence[int], aliases: Sequence[str]) -> dict[str, int]:
    """Look for the person everywhere; return what is left, by table (nothing)."""
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        left = {name: count for name, count in _count(engine, keys, aliases).items() if count}
    finally:
        engine.close()
    live = Live()
    if live.ready():
        for alias in aliases:
            if live.document(alias) is not None:
                left["live"] = left.get("live", 0) + 1
    for model in ACTS:
        if count := model.objects.filter(person__in=list(aliases)).count():
            left[str(model._meta.model_name)] = count
    return left


def _scrub() -> None:
    """Make the database files forget what was deleted: journals emptied, free pages given back."""
    for alias in connections:
        con = connections[alias]
        if con.vendor == "sqlite":
            with con.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
