"""Live copies kept equal to the lake: rebuilt whole beside the old ones, or anew for the people that a run touched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from filrouge.base import clock, settings
from filrouge.base.text import grams
from filrouge.domain.identity.keys import phone_key
from filrouge.domain.profiles import companies as firms
from filrouge.domain.profiles import gather
from filrouge.engines import Engine, open_engine
from filrouge.store.gathering import lay_out
from filrouge.store.lake import arrow_schema
from filrouge.store.live import VERSION, Live, number, pack
from filrouge.store.models import Brand, Correction, Entity, Source
from filrouge.work import findable, runs

BUCKET = 2_000_000  # rows of facts gathered at once
WRITE = 1_000  # rows a transaction beside readers
BULK = 50_000  # rows a transaction into tables that nobody reads yet


def rebuild(*, progress: runs.Progress = runs.silent) -> dict[str, int]:
    """Build every live copy anew from the lake and put it in place at once; return how many of each."""
    live = Live()
    began = clock.now()
    engine = _opened()
    try:
        origins = _origins(live)
        people = int(_one(engine, "SELECT count(DISTINCT person) FROM owned_all"))
        counted = ("events", "contacts", "interactions", "invoices", "payments", "orders")
        facts = sum(int(_one(engine, f"SELECT count(*) FROM {name}")) for name in counted)
        buckets = max(1, -(-facts // BUCKET))
        live.create("_next")
        _load_origins(engine, origins)
        done = {"people": 0, "keys": 0, "names": 0}
        for bucket in range(buckets):
            chosen = f"abs(hash(person)) % {buckets} = {bucket}" if buckets > 1 else "true"
            _own(engine, chosen)
            for rows in _documents(engine):
                with live.writing():
                    live.insert("documents_next", rows, columns=3)
                done["people"] += len(rows)
                progress("documents", done["people"], people)
            for last in _moments(engine):
                with live.writing():
                    live.insert("moments_next", last, columns=2)
        _own(engine, "true")
        for name, sql, columns in (("keys", gather.keys_sql(), 4), ("names", gather.names_sql(), 3)):
            order = "value, kind, person" if name == "keys" else "token, person"
            for rows in _numbered(engine, f"{sql} ORDER BY {order}", columns):
                with live.writing():
                    live.insert(f"{name}_next", rows, columns=columns)
                done[name] += len(rows)
                progress(name, done[name], None)
        _rest(engine, live, "_next")
        with live.writing():
            live.insert("origins_next", [(bit, entity, brand) for (entity, brand), bit in origins.items()], columns=3)
            live.insert(
                "meta_next",
                [("version", VERSION), ("built_at", began.isoformat()), ("people", str(done["people"]))],
                columns=2,
            )
        live.put_in_place()
        findable.learn(Correction.objects.filter(undone_at=None).order_by("id"))
    finally:
        engine.close()
    return done


def refresh(people: Sequence[str], *, aside: bool = False, progress: runs.Progress = runs.silent) -> int:
    """Build the copies of ``people`` (ids) anew; those that the lake no longer knows are forgotten.

    ``aside``: others may have changed too and are not among them, so the copies are no more up to date than before.
    """
    live = Live()
    if not live.ready():
        return rebuild(progress=progress)["people"]
    began, since = clock.now(), built_at()
    engine = _opened(people)
    try:
        origins = _origins(live)
        _load_origins(engine, origins)
        _own(engine, "person IN (SELECT person FROM wanted)")
        keys = list(_numbered(engine, gather.keys_sql(), 4))
        names = list(_numbered(engine, gather.names_sql(), 3))
        documents, moments = list(_documents(engine)), list(_moments(engine))
        numbers = [number(person) for person in people]
        for start in range(0, len(numbers), WRITE):
            with live.writing():
                live.forget(numbers[start : start + WRITE])
        for table, batches, columns in (
            ("documents", documents, 3), ("moments", moments, 2), ("keys", keys, 4), ("names", names, 3),
        ):  # fmt: skip
            for rows in batches:
                for start in range(0, len(rows), WRITE):
                    with live.writing():
                        live.insert(table, rows[start : start + WRITE], columns=columns)
        with live.writing():
            live.insert("origins", [(bit, entity, brand) for (entity, brand), bit in origins.items()], columns=3)
        _learn_tokens(live, {row[0] for rows in names for row in rows})
        _load_promotions(engine, live, "")
        _load_redirects(engine, live, "")
        findable.learn(Correction.objects.filter(undone_at=None, person__in=_aliases(live, people)).order_by("id"))
        live.count_people(sum(map(len, documents)))
        if not aside:
            if _companies_changed(engine, since):
                _load_companies(engine, live, "")
            live.set_meta("built_at", began.isoformat())
        return sum(len(rows) for rows in documents)
    finally:
        engine.close()


# --- engine -----------------------------------------------------------------------------------------------------------


def _opened(people: Sequence[str] | None = None) -> Engine:
    """Return an engine with the lake laid out, and whose each record is: all of them, or those of ``people``."""
    engine = open_engine(scratch=settings.get().home / "scratch")
    lay_out(engine, runs.lake(), hidden=runs.hidden())
    raw = engine.con.con
    for macro in firms.MACROS:
        raw.execute(macro)
    chosen = ""
    if people is not None:
        raw.register("wanted", pa.table({"person": pa.array(sorted(set(people)), pa.string())}))
        raw.execute(
            "CREATE TABLE wanted_records AS SELECT DISTINCT record_key FROM links_now SEMI JOIN wanted USING (person)"
        )
        chosen = "SEMI JOIN wanted_records USING (record_key)"
    raw.execute(
        f"""CREATE TABLE owned_all AS SELECT l.record_key, l.person, l.decision, l.rule, l.evidence, l.decided_at
        FROM (SELECT * FROM links_now {chosen}) l SEMI JOIN person_records USING (record_key)
        QUALIFY row_number() OVER (PARTITION BY l.record_key ORDER BY l.decided_at DESC, l.run_id DESC) = 1"""
    )
    _phones(raw)
    return engine


def _phones(raw: Any) -> None:
    """Teach the engine the numbers that its own rule does not read."""
    rest = [
        row[0]
        for row in raw.execute(
            "SELECT DISTINCT phone FROM person_records SEMI JOIN owned_all USING (record_key) "
            "WHERE phone IS NOT NULL AND e164(phone) IS NULL"
        ).fetchall()
    ]
    raw.register(
        "phones_rest",
        pa.table({"phone": pa.array(rest, pa.string()), "e": pa.array([phone_key(x) for x in rest], pa.string())}),
    )
    raw.execute("CREATE OR REPLACE TABLE phone_keys AS SELECT phone, e FROM phones_rest WHERE e <> ''")
    raw.execute(
        "CREATE OR REPLACE MACRO phone_of(x) AS coalesce(e164(x), (SELECT min(e) FROM phone_keys k WHERE k.phone = x))"
    )


def _own(engine: Engine, condition: str) -> None:
    engine.con.con.execute(f"CREATE OR REPLACE TABLE owned AS SELECT * FROM owned_all WHERE {condition}")


def _one(engine: Engine, sql: str) -> Any:
    return engine.con.con.execute(sql).fetchall()[0][0]


def _origins(live: Live) -> dict[tuple[str, str], int]:
    """Return the bit of each (entity, brand), those already given kept."""
    known = live.origins() if live.ready() else {}
    pairs = [
        (entity, brand)
        for entity in Entity.objects.values_list("slug", flat=True)
        for brand in [*Brand.objects.values_list("slug", flat=True)]
    ]
    for source in Source.objects.all():
        pairs += [(e, b) for e in _named(source.spec.get("entity")) for b in _named(source.spec.get("brand"))]
    used = [pair for pair in dict.fromkeys(pairs) if pair not in known]
    free = (bit for bit in range(63) if bit not in set(known.values()))
    return known | dict(zip(used, free, strict=False))


def _named(cell: Any) -> list[str]:
    if isinstance(cell, dict):
        values = cell.get("values") or {}
        return [value for value in {cell.get("const"), cell.get("default"), *values.values()} if value]
    return [cell] if cell else []


def _load_origins(engine: Engine, origins: dict[tuple[str, str], int]) -> None:
    rows = [{"entity": entity, "brand": brand, "bit": bit} for (entity, brand), bit in origins.items()]
    schema = pa.schema([("entity", pa.string()), ("brand", pa.string()), ("bit", pa.int64())])
    engine.con.con.register("origins", pa.Table.from_pylist(rows, schema=schema))


# --- rows -------------------------------------------------------------------------------------------------------------


def _documents(engine: Engine) -> Iterator[list[tuple[int, str, bytes]]]:
    """Yield batches of (number, id, packed document)."""
    raw = engine.con.con
    for name in gather.PARTS:
        raw.execute(f"CREATE OR REPLACE TABLE part_{name} AS {gather.part_sql(name)}")
    joins = " ".join(f"LEFT JOIN part_{name} USING (person)" for name in gather.PARTS if name != "records")
    columns = ", ".join(f"part_{name}.items" for name in gather.PARTS)
    sql = (
        f"SELECT person, p.household, {columns} FROM part_records {joins} "
        "LEFT JOIN (SELECT person_id, household FROM people) p ON p.person_id = person ORDER BY person"
    )
    names = list(gather.PARTS)
    for rows in _fetched(raw, sql):
        batch = []
        for person, household, *parts in rows:
            inner = ",".join(f'"{name}":{items or "[]"}' for name, items in zip(names, parts, strict=True))
            body = f'{{"id":{json.dumps(person)},"household":{json.dumps(household)},{inner}}}'
            batch.append((number(person), person, pack(body)))
        yield batch
    for name in gather.PARTS:
        raw.execute(f"DROP TABLE part_{name}")


def _moments(engine: Engine) -> Iterator[list[tuple[int, bytes]]]:
    for rows in _fetched(engine.con.con, gather.moments_sql()):
        yield [(number(person), pack(items)) for person, items in rows]


def _numbered(engine: Engine, sql: str, columns: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yield batches of rows whose column before the last is a person's id, as its number."""
    for rows in _fetched(engine.con.con, sql):
        yield [(*row[: columns - 2], number(row[columns - 2]), row[columns - 1]) for row in rows]


def _fetched(raw: Any, sql: str) -> Iterator[list[tuple[Any, ...]]]:
    for batch in raw.execute(sql).to_arrow_reader(20_000):
        columns = [column.to_pylist() for column in batch.columns]
        if batch.num_rows:
            yield list(zip(*columns, strict=True))


def _rest(engine: Engine, live: Live, suffix: str) -> None:
    """Write the vocabulary of names, the companies, and where merged ids lead."""
    raw = engine.con.con
    tokens: list[tuple[str, int]] = []
    for rows in _fetched(raw, f"SELECT token, count(*) FROM ({gather.names_sql()}) GROUP BY token ORDER BY token"):
        tokens += [(str(token), int(people)) for token, people in rows]
    for start in range(0, len(tokens), BULK):
        some = tokens[start : start + BULK]
        with live.writing():
            live.insert(f"tokens{suffix}", some, columns=2)
            live.insert(
                f"grams{suffix}", sorted({(gram, token) for token, _ in some for gram in grams(token)}), columns=2
            )
    _load_companies(engine, live, suffix)
    _load_promotions(engine, live, suffix)
    _load_redirects(engine, live, suffix)


def companies() -> None:
    """Build the copies of the companies anew: who has a role in them may have changed."""
    live = Live()
    engine = _opened()
    try:
        _load_origins(engine, live.origins())
        _load_companies(engine, live, "")
    finally:
        engine.close()


def _load_companies(engine: Engine, live: Live, suffix: str) -> None:
    """Write the companies, which record is whose, and the words that lead to them."""
    raw = engine.con.con
    raw.execute(firms.OF)
    raw.execute(firms.OWNERS)
    if not suffix:
        with live.writing():
            for table in ("companies", "company_of", "company_words"):
                live.rows_changed(f"DELETE FROM {table}")
    for rows in _fetched(raw, firms.companies_sql()):
        with live.writing():
            live.insert(f"companies{suffix}", [(key, name, pack(body)) for key, name, body in rows], columns=3)
    for rows in _fetched(raw, "SELECT record_key, company FROM company_of ORDER BY record_key"):
        with live.writing():
            live.insert(f"company_of{suffix}", rows, columns=2)
    for rows in _fetched(raw, f"{firms.company_words_sql()} ORDER BY token, company"):
        with live.writing():
            live.insert(f"company_words{suffix}", rows, columns=3)


def _aliases(live: Live, people: Sequence[str]) -> list[str]:
    return sorted({alias for person in people for alias in live.aliases(person)})


def _companies_changed(engine: Engine, since: datetime | None) -> bool:
    """Tell whether a company, a role or a sale to come arrived or went since the copies were made."""
    if since is None:
        return True
    stamp = f"TIMESTAMPTZ '{since.isoformat()}'"
    for name in ("company_records", "roles", "opportunities"):
        every = engine.read(f"every_{name}", runs.lake().files(name), arrow_schema(name))
        engine.con.create_view(f"every_{name}", every, overwrite=True)
        sql = f"SELECT count(*) FROM every_{name} WHERE recorded_at >= {stamp} OR superseded_at >= {stamp}"
        if _one(engine, sql):
            return True
    return False


def _load_promotions(engine: Engine, live: Live, suffix: str) -> None:
    rows = [row for batch in _fetched(engine.con.con, gather.promotions_sql()) for row in batch]
    with live.writing():
        if not suffix:
            live.rows_changed("DELETE FROM promotions")
        live.insert(f"promotions{suffix}", [(key, pack(body)) for key, body in rows], columns=2)


def _load_redirects(engine: Engine, live: Live, suffix: str) -> None:
    rows = engine.con.con.execute("SELECT person_id, merged_into FROM people WHERE merged_into IS NOT NULL").fetchall()
    with live.writing():
        if not suffix:
            live.rows_changed("DELETE FROM redirects")
        live.insert(f"redirects{suffix}", rows, columns=2)


def _learn_tokens(live: Live, tokens: set[str]) -> None:
    for start in range(0, len(words := sorted(tokens)), WRITE):
        tokens -= live.known_tokens(words[start : start + WRITE])  # a common name stays common
    with live.writing():
        live.insert("tokens", [(token, 1) for token in sorted(tokens)], columns=2)
        live.insert("grams", sorted({(gram, token) for token in tokens for gram in grams(token)}), columns=2)


def built_at() -> datetime | None:
    """Return when the copies were last brought up to date, None when they never were."""
    live = Live()
    told = live.meta("built_at") if live.ready() else None
    return datetime.fromisoformat(told) if told else None
