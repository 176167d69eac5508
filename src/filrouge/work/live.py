"""Live copies kept equal to the lake: rebuilt whole beside the old ones, or anew for the people that a run touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pyarrow as pa

from filrouge.base import clock
from filrouge.base.errors import StorageError
from filrouge.base.text import traces
from filrouge.domain.profiles import companies as firms
from filrouge.domain.profiles import gather
from filrouge.store import outbox
from filrouge.store.lake import arrow_schema
from filrouge.store.live import BITS, LIVE_TABLES, VERSION, Live, number, pack
from filrouge.store.models import Correction
from filrouge.work import accounts, findable, locks, refolding, runs, scores_at_hand, showing
from filrouge.work.laid import BUCKET, STRETCH, Laid

PEOPLE = 50  # whose copies are changed in a transaction, beside whoever writes events
WRITE = 500  # rows a transaction of smaller things
BULK = 5_000  # rows a transaction into tables that nobody reads yet
_PERSON = {"documents": 0, "moments": 0, "keys": 2, "names": 1}  # where the person stands in a row
_COLUMNS = {"documents": 3, "moments": 2, "keys": 4, "names": 3}
COMPANIES = ("companies", "company_of", "company_words")


@contextmanager
def alone() -> Iterator[None]:
    """Build or change the copies: one at a time, so that none puts in place what another has not seen.

    Who needs the lake's lock too takes this one first.
    """
    with locks.held("live"):
        yield


@contextmanager
def alone_now() -> Iterator[bool]:
    """Do as ``alone``, but do not wait: tell whether nobody else is at it."""
    with locks.tried("live") as mine:
        yield mine


def rebuild(*, progress: runs.Progress = runs.silent) -> dict[str, int]:
    """Build every live copy anew from the lake and put it in place at once; return how many of each."""
    with alone():
        return _rebuild(progress)


def _rebuild(progress: runs.Progress) -> dict[str, int]:
    live = Live()
    began = clock.now()
    with Laid() as laid:
        origins = _origins(laid, live)
        _load_origins(laid, origins)
        people, facts = int(laid.one("SELECT count(DISTINCT person) FROM owned_all")), laid.facts()
        live.create("_next")
        done = {"people": 0, "moments": 0, "keys": 0, "names": 0}
        parts = max(1, -(-facts // BUCKET))
        for part in range(parts):
            laid.own(part, parts)
            for documents in laid.documents():
                _bulk(live, "documents_next", documents, 3)
                done["people"] += len(documents)
                progress("documents", done["people"], people)
        laid.own()
        for moments in laid.moments(parts=max(1, -(-facts // STRETCH))):
            _bulk(live, "moments_next", moments, 2)
            done["moments"] += len(moments)
            progress("moments", done["moments"], people)
        for name, sql, columns in (("keys", gather.keys_sql(), 4), ("names", gather.names_sql(), 3)):
            order = "value, kind, person" if name == "keys" else "token, person"
            for rows in laid.numbered(f"{sql} ORDER BY {order}", columns):
                _bulk(live, f"{name}_next", rows, columns)
                done[name] += len(rows)
                progress(name, done[name], None)
        _rest(laid, live)
        for held in accounts.held(laid):
            _bulk(live, "accounts_next", held, 6)
        for scores in scores_at_hand.documents():
            _bulk(live, "scores_next", scores, 2)
        told = {"version": VERSION, "built_at": began.isoformat(), "people": str(done["people"])}
        _bulk(live, "origins_next", [(bit, entity, brand) for (entity, brand), bit in origins.items()], 3)
        _bulk(live, "meta_next", list(told.items()), 2)
        with live.writing():
            live.change_none()
            if standing := accounts.stand(live):
                accounts.carry_over(live, since=began)
            live.put_in_place()
            if not standing:  # at once: what is in place without it would never learn it
                refolding.refold(live)
    showing.show_unknown(live)
    findable.learn(Correction.objects.filter(undone_at=None).order_by("id"))
    outbox.put(live, [outbox.EVERYBODY])
    return done


def _bulk(live: Live, table: str, rows: Sequence[Any], columns: int) -> None:
    for start in range(0, len(rows), BULK):
        with live.unhurried():
            live.insert(table, rows[start : start + BULK], columns=columns)


def refresh(people: Sequence[str], *, aside: bool = False, progress: runs.Progress = runs.silent) -> int:
    """Build the copies of ``people`` (ids) anew; those that the lake no longer knows are forgotten.

    ``aside``: others may have changed too and are not among them, so the copies are no more up to date than before.
    """
    with alone():
        return _refresh(people, aside=aside, progress=progress)


def _refresh(people: Sequence[str], *, aside: bool, progress: runs.Progress) -> int:
    live = Live()
    if not live.ready():
        return _rebuild(progress)["people"]
    began, since = clock.now(), built_at()
    with Laid(people) as laid:
        origins = _origins(laid, live)
        _load_origins(laid, origins)
        held = _held(laid)
        with live.writing():
            live.insert("origins", [(bit, *where) for where, bit in origins.items()], columns=3)
        for start in range(0, len(people), PEOPLE):
            _replace(live, held, people[start : start + PEOPLE])
        _load_promotions(laid, live, "")
        _load_redirects(laid, live, "")
        findable.learn(Correction.objects.filter(undone_at=None, person__in=_aliases(live, people)).order_by("id"))
        accounts.moved(laid, live)
        showing.show_unknown(live, people=_aliases(live, people))
        if not aside:
            if _companies_changed(laid, since):
                _load_companies(laid, live)
            live.set_meta("built_at", began.isoformat())
        outbox.put(live, people)
        return len(held["documents"])


Held = dict[str, dict[int, list[Any]]]  # rows of each table, by person


def _held(laid: Laid) -> Held:
    """Return what the lake has of whoever is in ``owned``, as the copies hold it."""
    batches: dict[str, Iterator[Sequence[tuple[Any, ...]]]] = {
        "documents": laid.documents(), "moments": laid.moments(), "keys": laid.numbered(gather.keys_sql(), 4),
        "names": laid.numbered(gather.names_sql(), 3),
    }  # fmt: skip
    held: Held = {}
    for table, column in _PERSON.items():
        mine: dict[int, list[Any]] = {}
        for rows in batches[table]:
            for row in rows:
                mine.setdefault(row[column], []).append(row)
        held[table] = mine
    return held


def _replace(live: Live, held: Held, people: Sequence[str]) -> None:
    """Put what is ``held`` of ``people`` in the place of what stood, with what the lake does not know, at once.

    Nobody is without a page meanwhile, or without what just happened.
    """
    numbers = [number(person) for person in people]
    with live.unhurried(changing=True):
        live.forget(numbers)
        for table, by_person in held.items():
            rows = [row for one in numbers for row in by_person.get(one, ())]
            live.insert(table, rows, columns=_COLUMNS[table])
        live.learn_tokens({row[0] for one in numbers for row in held["names"].get(one, ())})
        live.count_people(sum(one in held["documents"] for one in numbers))
        showing.show_these(live, _aliases(live, people))


# --- rows -------------------------------------------------------------------------------------------------------------


def _origins(laid: Laid, live: Live) -> dict[tuple[str, str], int]:
    """Return the bit of each (entity, brand) of whom something is held, those already given kept.

    Raises StorageError when there are more than the bits of a number: people would be lost to the search in silence.
    """
    known = live.origins() if live.ready() else {}
    tables = sorted({table for _, table, _, _, _ in gather.KEYS} | {"company_records"})
    union = " UNION ".join(f"SELECT DISTINCT entity, brand FROM {table}" for table in tables)
    held = [(str(entity), str(brand)) for entity, brand in laid.raw.execute(union).fetchall() if entity and brand]
    free = [bit for bit in range(BITS) if bit not in set(known.values())]
    fresh = sorted(pair for pair in held if pair not in known)
    if len(fresh) > len(free):
        raise StorageError(
            "The search tells {most} pairs of entity and brand apart, and the group has more.",
            hint="Read rows of brands that no longer trade under one brand, then build the live copies anew.",
            most=BITS,
        )
    return known | dict(zip(fresh, free, strict=False))


def _load_origins(laid: Laid, origins: dict[tuple[str, str], int]) -> None:
    rows = [{"entity": entity, "brand": brand, "bit": bit} for (entity, brand), bit in origins.items()]
    schema = pa.schema([("entity", pa.string()), ("brand", pa.string()), ("bit", pa.int64())])
    laid.raw.register("origins", pa.Table.from_pylist(rows, schema=schema))


def _rest(laid: Laid, live: Live) -> None:
    """Write the vocabulary of names, the companies, and where merged ids lead, beside those in use."""
    tokens: list[tuple[str, int]] = []
    for rows in laid.fetched(f"SELECT token, count(*) FROM ({gather.names_sql()}) GROUP BY token ORDER BY token"):
        tokens += [(str(token), int(people)) for token, people in rows]
    for start in range(0, len(tokens), BULK):
        some = tokens[start : start + BULK]
        _bulk(live, "tokens_next", some, 2)
        _bulk(live, "grams_next", sorted({(gram, token) for token, _ in some for gram in traces(token)}), 2)
    _fill_companies(laid, live)
    _load_promotions(laid, live, "_next")
    _load_redirects(laid, live, "_next")


def companies() -> None:
    """Build the copies of the companies anew: who has a role in them may have changed."""
    live = Live()
    with alone(), Laid([]) as laid:
        _load_origins(laid, live.origins())
        _load_companies(laid, live)


def _load_companies(laid: Laid, live: Live) -> None:
    """Build the companies beside those in use, and put them in place at once."""
    live.create("_next", only=COMPANIES)
    _fill_companies(laid, live)
    live.put_in_place(only=COMPANIES)


def _fill_companies(laid: Laid, live: Live) -> None:
    """Write the companies, which record is whose, and the words that lead to them."""
    laid.raw.execute(firms.OF)
    laid.raw.execute(firms.OWNERS)
    for rows in laid.fetched(firms.companies_sql()):
        _bulk(live, "companies_next", [(key, name, pack(body)) for key, name, body in rows], 3)
    for rows in laid.fetched("SELECT record_key, company FROM company_of ORDER BY record_key"):
        _bulk(live, "company_of_next", rows, 2)
    for rows in laid.fetched(f"{firms.company_words_sql()} ORDER BY token, company"):
        _bulk(live, "company_words_next", rows, 3)


def _aliases(live: Live, people: Sequence[str]) -> list[str]:
    return sorted({alias for person in people for alias in live.aliases(person)})


def _companies_changed(laid: Laid, since: datetime | None) -> bool:
    """Tell whether a company, a role or a sale to come arrived or went since the copies were made."""
    if since is None:
        return True
    stamp = f"TIMESTAMPTZ '{since.isoformat()}'"
    for name in ("company_records", "roles", "opportunities"):
        every = laid.engine.read(f"every_{name}", runs.lake().files(name), arrow_schema(name))
        laid.engine.con.create_view(f"every_{name}", every, overwrite=True)
        sql = f"SELECT count(*) FROM every_{name} WHERE recorded_at >= {stamp} OR superseded_at >= {stamp}"
        if laid.one(sql):
            return True
    return False


def _load_promotions(laid: Laid, live: Live, suffix: str) -> None:
    rows = [(key, pack(body)) for batch in laid.fetched(gather.promotions_sql()) for key, body in batch]
    _load(live, "promotions", rows, suffix)


def _load_redirects(laid: Laid, live: Live, suffix: str) -> None:
    rows = laid.raw.execute("SELECT person_id, merged_into FROM people WHERE merged_into IS NOT NULL").fetchall()
    _load(live, "redirects", rows, suffix)


def _load(live: Live, table: str, rows: Sequence[tuple[Any, Any]], suffix: str) -> None:
    """Let a table of two columns hold ``rows``: those that it holds already are not written again."""
    key, value = (column.split()[0] for column in LIVE_TABLES[table].split(", "))
    standing = {} if suffix else {one: _plain(held) for one, held in live.rows(f"SELECT {key}, {value} FROM {table}")}
    now = {one: _plain(held) for one, held in rows}
    _bulk(live, f"{table}{suffix}", [row for row in now.items() if standing.get(row[0]) != row[1]], 2)
    gone = [one for one in standing if one not in now]
    for start in range(0, len(gone), WRITE):
        with live.unhurried():
            live.remove(table, key, gone[start : start + WRITE])


def _plain(held: Any) -> Any:
    return bytes(held) if isinstance(held, memoryview) else held


def built_at() -> datetime | None:
    """Return when the copies were last brought up to date, None when they never were."""
    live = Live()
    told = live.meta("built_at") if live.ready() else None
    return datetime.fromisoformat(told) if told else None
