"""Events that were set aside, as the lake holds them: counted by why and by name, paged, one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from filrouge.base import settings
from filrouge.base.errors import NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import open_engine
from filrouge.store.gathering import hidden
from filrouge.store.lake import Lake
from filrouge.store.models import Brand, Source
from filrouge.store.queries import plans
from filrouge.store.views import current

READERS = ("engineer", "analyst", "privacy")
GROUPS, PAGE = 100, 25
ASKED = 5_000  # keys asked about at once
COLUMNS = 'record_key, entity, brand, place, code, "column", value, raw, recorded_at'
WORDLESS = COLUMNS.replace(" raw,", " '' AS raw,")  # where what was sent is not asked for
TOGETHER = 64 * 1024 * 1024  # bytes of what was sent that are read at once: one that is too large has up to 4 MB
EXAMPLE = 131_072  # letters of what an example shows: as many as hold any event that is not too large
# An event is named by what it says at its top; one that is no JSON has no name.
_NAME = """left(coalesce(TRY(json_extract_string(raw, CASE
    WHEN place = 'track' OR (place = '' AND contains(raw, '"track"')) THEN '$.event' ELSE '$.name' END)), ''), 300)"""


@dataclass(frozen=True)
class Aside:
    """One event that was set aside: whose it is, why, and what was sent."""

    key: int
    entity: str
    brand: str
    kind: str
    code: str
    field: str
    values: Mapping[str, Any]
    raw: str  # empty of somebody who was erased: nothing of it is kept but that it came
    at: datetime
    message_id: str = ""


@dataclass(frozen=True)
class Group:
    """Events set aside for one reason, of one kind and name, at one field; ``example`` is the latest of them."""

    code: str
    kind: str
    name: str
    field: str
    count: int
    first_at: datetime
    last_at: datetime
    example: Aside


@dataclass(frozen=True)
class Chosen:
    """Which events are meant: of a reason, a kind, a name, a field, a day; or the ``keys`` alone. None is any."""

    code: str | None = None
    kind: str | None = None
    name: str | None = None
    field: str | None = None
    day: str = ""  # as 2026-01-31, UTC
    keys: tuple[int, ...] = ()


def totals(asking: Caller, *roles: str) -> dict[str, int]:
    """Return how many events of each sender of the caller are set aside."""
    with _laid(plans.senders(asking, *(roles or READERS)), asking, roles or READERS) as ask:
        return dict(ask("SELECT source, count(*) FROM aside GROUP BY source"))


def groups(source: Source, asking: Caller, chosen: Chosen | None = None) -> list[Group]:
    """Return what is set aside of a sender, by reason, kind, name and field: the most first, ``GROUPS`` at most."""
    with _laid([source], asking, READERS) as ask:
        where, values = _where(chosen or Chosen())
        found = ask(
            f"""SELECT code, place, name, "column", count(*) AS n, min(recorded_at), max(recorded_at),
                max_by(record_key, recorded_at)
            FROM aside WHERE {where} GROUP BY ALL ORDER BY n DESC, code, place, name, "column" LIMIT {GROUPS}""",
            values,
        )
        keys = [row[-1] for row in found]
        marks = ", ".join("?" for _ in keys)
        columns = COLUMNS.replace(" raw,", f" left(raw, {EXAMPLE}) AS raw,")
        said = _one_each(f"record_key IN ({marks})", columns)
        examples = {row[0]: _aside(row) for row in ask(said, keys)} if keys else {}
    return [
        Group(code, kind, name, field, n, first, last, examples[key])
        for code, kind, name, field, n, first, last, key in found
        if key in examples
    ]


def rows(
    source: Source, asking: Caller, chosen: Chosen, *, after: int = 0, most: int = PAGE,
    roles: Sequence[str] = READERS, words: bool = True,
) -> list[Aside]:  # fmt: skip
    """Return events that were set aside, by their key, from the one after ``after`` on: ``most`` at most, and no more
    once what was sent comes to ``TOGETHER`` bytes, but one; without ``words``, what was sent is left out."""
    with _laid([source], asking, roles) as ask:
        where, values = _where(chosen)
        columns = COLUMNS if words else WORDLESS
        said = f"""SELECT * EXCLUDE (before) FROM (
            SELECT *, coalesce(sum(strlen(raw)) OVER (
                ORDER BY record_key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
            FROM ({_one_each(f"({where}) AND record_key > ?", columns)} ORDER BY record_key LIMIT {int(most)})
        ) WHERE before < {TOGETHER} ORDER BY record_key"""
        return [_aside(row) for row in ask(said, [*values, after])]


def count(source: Source, asking: Caller, chosen: Chosen, *, roles: Sequence[str] = READERS) -> int:
    """Return how many events are meant."""
    with _laid([source], asking, roles) as ask:
        where, values = _where(chosen)
        return int(ask(f"SELECT count(DISTINCT record_key) FROM aside WHERE {where}", values)[0][0])


def still(source: Source, asking: Caller, keys: Sequence[int], *, roles: Sequence[str] = READERS) -> set[int]:
    """Return which of ``keys`` are set aside now."""
    there: set[int] = set()
    with _laid([source], asking, roles) as ask:
        for start in range(0, len(keys), ASKED):
            marks = ", ".join(str(int(key)) for key in keys[start : start + ASKED])
            there.update(row[0] for row in ask(f"SELECT DISTINCT record_key FROM aside WHERE record_key IN ({marks})"))
    return there


def days(source: Source, asking: Caller) -> list[tuple[str, int]]:
    """Return the days, the latest first, with how many events were set aside on each."""
    with _laid([source], asking, READERS) as ask:
        said = "SELECT strftime(recorded_at, '%Y-%m-%d') AS day, count(*) FROM aside GROUP BY day ORDER BY day DESC"
        return [(day, n) for day, n in ask(said)]


def one(source: Source, asking: Caller, key: int, *, roles: Sequence[str] = READERS) -> Aside:
    """Return one event that was set aside. Raises NotFound."""
    for row in rows(source, asking, Chosen(keys=(key,)), after=-1, most=1, roles=roles):
        return row
    raise NotFound("No such event is set aside: it was corrected, discarded, or is no longer kept.")


def _one_each(where: str, columns: str) -> str:
    return f"""SELECT {columns} FROM aside WHERE {where}
        QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY recorded_at DESC) = 1"""


@contextmanager
def _laid(sources: Sequence[Source], asking: Caller, roles: Sequence[str]) -> Iterator[Any]:
    """Lay out, as ``aside``, what is set aside of ``sources`` in the brands of which the caller holds one of ``roles``;
    give what answers SQL over it."""
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        table = current(engine, Lake(settings.get().lake), "rejects", hidden=hidden())
        table = table.filter(table.source.isin([source.name for source in sources] or [""]))
        table = table.filter(~table.warning.fill_null(False))
        if not asking.perimeter.everything:
            pairs = {(brand, entity) for brand, entity in Brand.objects.values_list("slug", "entity__slug")}
            pairs |= {(source.brand, source.entity) for source in sources}
            mine = sorted(
                f"{entity}\t{brand}" for brand, entity in pairs if asking.perimeter.acts(entity, brand, *roles)
            )
            table = table.filter((table.entity + "\t" + table.brand).isin(mine or [""]))
        table = table.mutate(place=table.place.fill_null(""), column=table.column.fill_null(""))
        engine.con.create_view("rejected", table, overwrite=True)
        raw = engine.con.con
        raw.execute(f"CREATE OR REPLACE TEMP VIEW aside AS SELECT *, {_NAME} AS name FROM rejected")
        yield lambda sql, values=(): raw.execute(sql, list(values)).fetchall()
    finally:
        engine.close()


def _where(chosen: Chosen) -> tuple[str, list[Any]]:
    """Return the condition that ``chosen`` makes, and its values."""
    if chosen.keys:
        return f"record_key IN ({', '.join('?' for _ in chosen.keys)})", list(chosen.keys)
    said: list[str] = []
    values: list[Any] = []
    for column, value in (
        ("code", chosen.code),
        ("place", chosen.kind),
        ("name", chosen.name),
        ('"column"', chosen.field),
    ):
        if value is not None:
            said.append(f"{column} = ?")
            values.append(value)
    if chosen.day:
        said.append("strftime(recorded_at, '%Y-%m-%d') = ?")
        values.append(chosen.day)
    return " AND ".join(said) or "true", values


def _aside(row: Sequence[Any]) -> Aside:
    key, entity, brand, kind, code, field, value, raw, at = row
    try:
        values = json.loads(value) if value else {}
    except ValueError:
        values = {}
    held = dict(values) if isinstance(values, dict) else {}
    message_id, micros = str(held.pop("id", "")), held.pop("received_at", None)
    if isinstance(micros, int):
        at = datetime.fromtimestamp(micros / 1_000_000, UTC)
    return Aside(key, entity or "", brand or "", kind, code, field, held, raw or "", at, message_id)
