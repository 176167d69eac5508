"""The lake laid out for ``domain.segments``: whose each record is, numbered, kept until the lake changes.

People stand under whole numbers while a segment is computed: joining them costs a fraction of joining their ids.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from filrouge.base.ids import uuid7
from filrouge.domain.privacy.perimeter import CATEGORIES, Perimeter
from filrouge.domain.segments import Laid, owners
from filrouge.domain.segments.fields import HAPPENED
from filrouge.domain.segments.laid import EVERY, Pairs
from filrouge.engines import Engine
from filrouge.store.lake import Lake
from filrouge.store.models import ConsentEvent, Correction, Promise
from filrouge.store.views import current
from filrouge.tables import TABLES

_IDS = pa.schema([("id", pa.string()), ("living", pa.bool_()), ("person", pa.int64())])
KEPT = 4  # copies, the latest ones
_TIME = pa.timestamp("us", tz="UTC")
_SCHEMAS = {
    "consent_acts": [("person", pa.string()), ("entity", pa.string()), ("brand", pa.string()), ("purpose", pa.string()),
                     ("channel", pa.string()), ("state", pa.string()), ("at", _TIME)],
    "held": [("person", pa.string()), ("entity", pa.string()), ("due_at", _TIME), ("forbids", pa.string()),
             ("until", _TIME)],
    "corrections": [("person", pa.string()), ("attribute", pa.string()), ("value", pa.string()), ("rank", pa.int64()),
                    ("source", pa.string()), ("entity", pa.string()), ("brand", pa.string()), ("at", _TIME)],
}  # fmt: skip


class Tables(Mapping[str, ir.Table]):
    """Tables read when they are asked for, once each: most segments look at two or three."""

    def __init__(self, makers: Mapping[str, Callable[[], ir.Table]]) -> None:
        self.makers = makers
        self.made: dict[str, ir.Table] = {}

    def __getitem__(self, name: str) -> ir.Table:
        if name not in self.made:
            self.made[name] = self.makers[name]()
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.makers)

    def __len__(self) -> int:
        return len(self.makers)


def lay(
    engine: Engine, lake: Lake, *, hidden: Sequence[str], copies: Path, as_of: datetime | None = None,
    pairs: Mapping[str, Pairs] | None = None, people: Sequence[str] | None = None,
) -> Laid:  # fmt: skip
    """Return the lake as segments look at it, as it is known now or was at ``as_of``.

    ``copies`` is where the numbered owners are kept; ``people`` (ids), where only some are asked about, are numbered
    for themselves, which needs nobody else.
    """

    def read(name: str) -> ir.Table:
        return current(engine, lake, name, hidden=hidden, as_of=as_of)

    if people is None:
        owned, ids = _numbered(engine, lake, read, copies, key=f"{sorted(hidden)} {as_of}")
    else:
        owned, ids = _some(engine, read, people)

    def acts(name: str) -> Callable[[], ir.Table]:
        return lambda: _acts(engine, name, ids, read("people"))

    def golden() -> ir.Table:
        columns = ("attribute", "value", "rank", "source", "entity", "brand", "at")
        table = read("golden_values").rename(id="person").select("id", *columns)
        corrected = _corrected(engine, read("people"))
        return table if corrected is None else _put_first(table, corrected)

    makers: dict[str, Callable[[], ir.Table]] = {
        name: partial(read, name) for name in (*HAPPENED, "consents", "person_records")
    }
    makers |= {"golden_values": golden, "consent_acts": acts("consent_acts"), "held": acts("held")}
    if "scores" in TABLES:
        makers["scores"] = lambda: _scores(read("scores"), ids)
    return Laid(owned, ids, Tables(makers), pairs)


def pairs_of(sees: Perimeter) -> dict[str, Pairs] | None:
    """Return what a perimeter opens, by category, as ``Laid`` takes it; None when it opens everything."""
    if sees.everything:
        return None
    found: dict[str, Pairs] = {}
    for category in CATEGORIES:
        open_: set[tuple[str, str]] = set()
        for rule in sees.rules:
            entities = rule.entities.get(category, frozenset())
            open_ |= {(entity, brand) for entity in entities for brand in (rule.brands or {EVERY})}
        found[category] = frozenset(open_)
    return found


def leads_of(people: ir.Table, wanted: Iterable[str]) -> dict[str, str]:
    """Return where the ids that were merged away lead, of those wanted."""
    leads: dict[str, str] = {}
    origin = {one: {one} for one in wanted}  # where some have come to -> who set out
    merged = people.filter(people.merged_into.notnull()).select("person_id", "merged_into")
    for _ in range(10):
        if not origin:
            break
        table = ibis.memtable(pa.table({"person_id": pa.array(sorted(origin), pa.string())}))
        further: dict[str, set[str]] = {}
        for row in merged.semi_join(table, "person_id").to_pyarrow().to_pylist():
            came = origin[row["person_id"]]
            leads |= dict.fromkeys(came, row["merged_into"])
            further.setdefault(row["merged_into"], set()).update(came)
        origin = further
    return leads


def _numbered(
    engine: Engine, lake: Lake, read: Callable[[str], ir.Table], copies: Path, *, key: str
) -> tuple[ir.Table, ir.Table]:
    files = [*lake.files("links"), *lake.files("person_records")]
    mark = hashlib.sha256("\n".join([str(_IDS), key, *sorted(files)]).encode()).hexdigest()[:32]
    owned, ids = (copies / f"segments-{name}-{mark}.parquet" for name in ("owned", "ids"))
    if not (owned.exists() and ids.exists()):
        copies.mkdir(parents=True, exist_ok=True)
        for name in ("owned", "ids"):
            for old in sorted(copies.glob(f"segments-{name}-*.parquet"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
                old.unlink(missing_ok=True)
        links = owners(read("links"), read("person_records"))
        draft = copies / f"segments-draft-{uuid7()}.parquet"
        engine.write(links, str(draft))
        schema = pa.schema([("record_key", pa.int64()), ("id", pa.string()), ("entity", pa.string()),
                            ("brand", pa.string()), ("living", pa.bool_())])  # fmt: skip
        laid = engine.read("owners_draft", [str(draft)], schema)
        people = laid.group_by("id").agg(living=laid.living.any())
        numbered = people.select("id", "living", person=ibis.row_number().over(ibis.window(order_by="id")))
        _write(engine, numbered, ids)
        named = engine.read("people_ids", [str(ids)], _IDS).drop("living")
        _write(engine, laid.join(named, "id").select("record_key", "person", "entity", "brand", "living"), owned)
        draft.unlink(missing_ok=True)
    schema = pa.schema([("record_key", pa.int64()), ("person", pa.int64()), ("entity", pa.string()),
                        ("brand", pa.string()), ("living", pa.bool_())])  # fmt: skip
    return (
        engine.read("segments_owned", [str(owned)], schema),
        engine.read("segments_ids", [str(ids)], _IDS),
    )


def _some(engine: Engine, read: Callable[[str], ir.Table], people: Sequence[str]) -> tuple[ir.Table, ir.Table]:
    asked = engine.load("people_asked", pa.table({"id": pa.array(sorted(set(people)), pa.string())}))
    links = read("links")
    theirs = engine.load(
        "records_asked", links.semi_join(asked, [("person", "id")]).select("record_key").distinct().to_pyarrow()
    )
    laid = owners(links.semi_join(theirs, "record_key"), read("person_records").semi_join(theirs, "record_key"))
    rows = laid.semi_join(asked, "id").to_pyarrow()
    named = pc.unique(rows["id"])
    numbers = pa.array(range(len(named)), pa.int64())
    alive = rows.filter(rows["living"])["id"]
    living = pc.is_in(named, value_set=alive)
    owned = rows.append_column("person", pc.index_in(rows["id"], value_set=named).cast(pa.int64())).drop_columns("id")
    return (
        engine.load("segments_owned", owned.select(["record_key", "person", "entity", "brand", "living"])),
        engine.load("segments_ids", pa.table({"id": named, "living": living, "person": numbers})),
    )


def _write(engine: Engine, table: ir.Table, path: Path) -> None:
    draft = path.with_suffix(f".{uuid7()}")  # two may lay the same at once
    engine.write(table, str(draft))
    draft.replace(path)


def _scores(table: ir.Table, ids: ir.Table) -> ir.Table:
    if "person" not in table.columns:
        return table
    rest = [name for name in table.columns if name != "person"]
    return table.rename(id="person").join(ids, "id").select("person", *rest)


# --- what was done here -----------------------------------------------------------------------------------------------


def _rows(name: str) -> list[dict[str, Any]]:
    """Return the acts of one kind as rows."""
    if name == "held":
        return [
            {"person": row.person, "entity": row.entity, "due_at": row.due_at, "forbids": row.promised.forbids,
             "until": row.promised.until}
            for row in Promise.objects.filter(state=Promise.State.OPEN)
        ]  # fmt: skip
    if name == "consent_acts":
        columns = ("person", "entity", "brand", "purpose", "channel", "state", "at")
        return [{**row} for row in ConsentEvent.objects.values(*columns)]
    raise KeyError(name)


def _led(rows: Sequence[dict[str, Any]], people: ir.Table) -> list[dict[str, Any]]:
    """Return ``rows``, each of whoever their person leads to today."""
    leads = leads_of(people, {row["person"] for row in rows}) if rows else {}
    return [{**row, "person": leads.get(row["person"], row["person"])} for row in rows]


def _acts(engine: Engine, name: str, ids: ir.Table, people: ir.Table) -> ir.Table:
    """Return the acts of one kind, each with the number of its person."""
    told = pa.Table.from_pylist(_led(_rows(name), people), schema=pa.schema(_SCHEMAS[name]))
    rest = [column for column, _ in _SCHEMAS[name] if column != "person"]
    return engine.load(name, told).rename(id="person").join(ids, "id").select("person", *rest)


def _corrected(engine: Engine, people: ir.Table) -> ir.Table | None:
    """Return the values that were put right here, of each attribute of a person the latest first; None without any."""
    rows = [
        {"person": row.person, "attribute": row.attribute, "value": row.value, "source": "filrouge",
         "entity": row.entity, "brand": row.brand, "at": row.created_at}
        for row in Correction.objects.filter(undone_at=None).order_by("-created_at", "-id")
    ]  # fmt: skip
    if not rows:
        return None
    places: Counter[tuple[str, str]] = Counter()
    for row in (led := _led(rows, people)):
        places[row["person"], row["attribute"]] += 1
        row["rank"] = places[row["person"], row["attribute"]]
    told = pa.Table.from_pylist(led, schema=pa.schema(_SCHEMAS["corrections"]))
    return engine.load("corrections", told).rename(id="person")


def _put_first(golden: ir.Table, corrected: ir.Table) -> ir.Table:
    """Return golden values with those put right before them: no two of an attribute of a person have one rank."""
    put = corrected.group_by("id", "attribute").agg(more=corrected["rank"].max())
    led = golden.left_join(put, ["id", "attribute"])
    later = {name: led[name] for name in golden.columns} | {"rank": led["rank"] + led.more.fill_null(0)}
    return led.select(**later).union(corrected.select(*golden.columns))
