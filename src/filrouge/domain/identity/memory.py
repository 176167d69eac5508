"""What a resolution leaves behind so that what comes next is settled without the whole: every record as it is compared,
where its values lead, the model with its prior, and who is who. Plain files, read in place; no database is asked."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from filrouge.domain.identity import blocking
from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.model import Model, load
from filrouge.domain.identity.spec import IdentitySpec

FORMAT = 3
HOME, SHARED = "home", "shared"  # where people live together; a phone or an e-mail that they share
SHARED_LARGEST = 60  # beyond so many records it is a tower, an office, a switchboard, and leads nowhere
_SHARED = {
    HOME: ("address || ' ' || coalesce(postcode, city)",),
    SHARED: ("coalesce(email, role_email)", "phone"),
}
FIELD, NOTHING = "\x1f", "\x1e"  # between two values of a row; a value that is not there
_BATCH = 100_000
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Known:
    """A record as memory holds it: its place, key and person, and its row as it is compared."""

    place: int
    key: int
    person: str
    row: str


class Shared(NamedTuple):
    """The numbers of what several may share; None for what a row does not say."""

    home: int | None
    email: int | None
    phone: int | None


def hash_sql(key: str, expression: str) -> str:
    """Return the SQL of the number under which a value of ``key`` is found; ``number_of`` is the same in Python."""
    return f"md5_number_lower('{key}:' || {expression})"


def number_of(key: str, value: str) -> int:
    """Return the number under which a ``value`` of ``key`` is found."""
    return int.from_bytes(hashlib.md5(f"{key}:{value}".encode(), usedforsecurity=False).digest()[8:], "little")


def lay(desk: Desk, folder: Path, *, spec: IdentitySpec, model: Model, prior: float, blocks: Mapping[str, int]) -> None:
    """Write memory into ``folder`` from tables ``nodes``, ``keys`` and ``assigned`` of the desk, and the words of names."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = {str(row[0]): str(row[1]) for row in desk.rows("select column_name, column_type from (describe nodes)")}
    columns.pop("rid")
    _rows(desk, folder, list(columns))
    held = desk.numbers("select k.record_key, a.person from keys k join assigned a using (rid) order by k.rid")
    np.save(folder / "keys.npy", held["record_key"].astype(np.int64))
    persons = np.array(held["person"], dtype="S36")
    np.save(folder / "persons.npy", persons)
    np.save(folder / "of.npy", np.argsort(persons, kind="stable").astype(np.int32))
    _values(desk, folder, blocks)
    weighed = sorted(name.removeprefix("tf_") for name in columns if name.startswith("tf_"))
    rarest = {}
    for name in weighed:
        found = desk.numbers(
            f"""select {hash_sql("tf", name)} as h, any_value(tf_{name}) as tf from nodes where {name} is not null
            group by 1 having count(*) > 1 order by 1"""
        )
        rarest[name] = float(desk.rows(f"select coalesce(min(tf_{name}), 0) from nodes")[0][0])
        np.save(folder / f"tf_{name}.h.npy", found["h"].astype(np.uint64))
        np.save(folder / f"tf_{name}.npy", found["tf"].astype(np.float32))
    for name in ("usual", "used"):
        pq.write_table(desk.arrow(f"select * from {name} order by 1"), folder / f"{name}.parquet", compression="zstd")
    said = {
        "format": FORMAT, "spec": fingerprint(spec), "model": model.dump(), "prior": prior, "columns": columns,
        "blocks": dict(blocks), "rarest": rarest, "records": int(held["record_key"].size),
    }  # fmt: skip
    (folder / "memory.json").write_text(json.dumps(said), encoding="utf-8")


def fingerprint(spec: IdentitySpec) -> str:
    """Return the hash of what decides who is who, survivorship left out: memory made under another one is not used."""
    said = spec.model_dump(mode="json", exclude={"survivorship"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _rows(desk: Desk, folder: Path, columns: Sequence[str]) -> None:
    """Write ``rows.bin``, each record of ``nodes`` as text, and ``rows.npy``, where each begins."""
    said = f" || '{FIELD}' || ".join(f"coalesce(cast({name} as varchar), '{NOTHING}')" for name in columns)
    reader = desk.con.execute(f"select {said} as row from nodes order by rid").to_arrow_reader(_BATCH)
    starts, at = [np.zeros(1, dtype=np.int64)], 0
    with (folder / "rows.bin").open("wb") as stream:
        for batch in reader:
            text = batch.column(0).cast(pa.large_binary())
            offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
            if len(text):
                stream.write(memoryview(text.buffers()[2])[offsets[0] : offsets[-1]])
                starts.append(offsets[1:] - offsets[0] + at)
                at = int(starts[-1][-1])
        stream.flush()
        os.fsync(stream.fileno())
    np.save(folder / "rows.npy", np.concatenate(starts))


def values_sql(key: str, source: str) -> str:
    """Return the SQL of (h, rid): the numbers by which the values of ``key`` lead to each record of ``source``."""
    return " union ".join(
        f"select {hash_sql(key, expression)} as h, rid from {source} where {expression} is not null"
        for expression in (_SHARED[key] if key in _SHARED else blocking.KEYS[key])
    )


def _values(desk: Desk, folder: Path, blocks: Mapping[str, int]) -> None:
    """Write ``values.h.npy`` and ``values.npy``, the values that lead to few records and the place of each of these, and
    ``common.npy``, the values that lead nowhere as too many bear them."""
    hashes, places, common = [], [], []
    for key, largest in (*blocks.items(), *dict.fromkeys(_SHARED, SHARED_LARGEST).items()):
        found = desk.numbers(values_sql(key, "nodes"))  # one key at a time: memory holds one, the disk all
        hashed, place = found["h"].astype(np.uint64), found["rid"].astype(np.int32)
        order = np.lexsort((place, hashed))
        hashed, place = hashed[order], place[order]
        first = np.flatnonzero(np.concatenate([[True], hashed[1:] != hashed[:-1]])) if hashed.size else np.empty(0, int)
        size = np.diff(first, append=hashed.size)
        common.append(hashed[first[size > largest]])
        few = np.repeat(size <= largest, size)
        hashes.append(hashed[few])
        places.append(place[few])
    hashed = np.concatenate(hashes)
    place = np.concatenate(places)
    del hashes, places
    order = np.argsort(hashed, kind="stable")
    np.save(folder / "values.h.npy", hashed[order])
    np.save(folder / "values.npy", place[order])
    np.save(folder / "common.npy", np.unique(np.concatenate(common)))


class Memory:
    """Memory, read in place, and what was settled since it was laid."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        said = json.loads((folder / "memory.json").read_text(encoding="utf-8"))
        self.format, self.spec = said["format"], said["spec"]
        self.model, self.prior = load(said["model"]), float(said["prior"])
        self.columns: dict[str, str] = said["columns"]
        held = list(self.columns)
        self._shared = [held.index(c) for c in ("address", "postcode", "city", "email", "role_email", "phone")]
        self.blocks: dict[str, int] = said["blocks"]
        self.rarest: dict[str, float] = said["rarest"]
        self.records = int(said["records"])
        self.keys = _open(folder / "keys.npy")
        self._persons, self._of = _open(folder / "persons.npy"), _open(folder / "of.npy")
        self._hashes, self._places = _open(folder / "values.h.npy"), _open(folder / "values.npy")
        self._common = _open(folder / "common.npy")
        self._starts = _open(folder / "rows.npy")
        with (folder / "rows.bin").open("rb") as stream:
            self._rows = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if self._starts[-1] else b""
        self._later: dict[int, Known | None] = {}  # by record key; None: it is gone
        self._later_values: dict[int, set[int]] = {}  # number -> record keys
        self._later_of: dict[str, set[int]] = {}
        self._moved: set[int] = set()  # record keys whose person is no longer what the arrays say
        self._shares: dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]] = {}
        self._read = 0
        self.last = folder.name  # the settlement that memory stands at
        self.catch_up()

    # --- what was settled since ---------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Take in what others settled since this was last looked at."""
        path = self.folder / "later.jsonl"
        if not path.exists() or path.stat().st_size <= self._read:
            return
        with path.open("rb") as stream:
            stream.seek(self._read)
            for line in stream:
                if not line.endswith(b"\n"):
                    break  # still being written
                self._read += len(line)
                told = json.loads(line)
                self.last = str(told["run"])
                for key, person, row, values in told["records"]:
                    self._take(int(key), person, row, values)

    def _take(self, key: int, person: str | None, row: str | None, values: Sequence[int]) -> None:
        known = self.of_key(key)
        if known is not None:
            self._later_of.get(known.person, set()).discard(key)
        self._moved.add(key)
        if person is None:
            self._later[key] = None
            return
        kept = row if row is not None else (known.row if known else "")
        self._later[key] = Known(-1, key, person, kept)
        self._later_of.setdefault(person, set()).add(key)
        for value in values:
            self._later_values.setdefault(value, set()).add(key)

    def settled(self, run: str, records: Iterable[tuple[int, str | None, str | None, Sequence[int]]]) -> None:
        """Write down what ``run`` settled: (record key, person, row when it is new, the numbers that lead to it).

        Person None: the record is gone."""
        line = json.dumps({"run": run, "records": list(records)}).encode() + b"\n"
        with (self.folder / "later.jsonl").open("ab") as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        self.catch_up()

    @property
    def count(self) -> int:
        """How many records there are now."""
        added = sum(self._place(key) is None for key, known in self._later.items() if known is not None)
        removed = sum(self._place(key) is not None for key, known in self._later.items() if known is None)
        return self.records + added - removed

    @property
    def later(self) -> int:
        """How many records were settled since memory was laid."""
        return len(self._later)

    def shared(self, row: str) -> Shared:
        """Return the numbers of the home, the e-mail and the phone of ``row``, by which others are found."""
        held = row.split(FIELD)
        address, postcode, city, email, role, phone = (held[place] for place in self._shared)
        town = postcode if postcode != NOTHING else city
        mail = email if email != NOTHING else role
        return Shared(
            number_of(HOME, f"{address} {town}") if NOTHING not in (address, town) else None,
            number_of(SHARED, mail) if mail != NOTHING else None,
            number_of(SHARED, phone) if phone != NOTHING else None,
        )

    # --- looking up ---------------------------------------------------------------------------------------------------

    def of_key(self, key: int) -> Known | None:
        """Return a record by its key, None when memory does not know it or it is gone."""
        if key in self._later:
            return self._later[key]
        place = self._place(key)
        return self._at(place) if place is not None else None

    def of_keys(self, keys: Iterable[int]) -> list[Known]:
        """Return those of the records ``keys`` that memory knows, by key."""
        asked = np.array(sorted(keys), dtype=np.int64)
        found = {key: known for key in asked.tolist() if (known := self._later.get(key)) is not None}
        places = np.searchsorted(self.keys, asked)
        inside = places < self.records
        inside[inside] = self.keys[places[inside]] == asked[inside]
        if self._later:
            inside &= ~np.isin(asked, np.fromiter(self._later, np.int64, len(self._later)))
        places = places[inside]
        starts, ends = self._starts[places].tolist(), self._starts[places + 1].tolist()
        persons = self._persons[places].tolist()
        for place, key, person, start, end in zip(
            places.tolist(), asked[inside].tolist(), persons, starts, ends, strict=True
        ):
            found[key] = Known(place, key, person.decode(), bytes(self._rows[start:end]).decode())
        return [found[key] for key in sorted(found)]

    def of_person(self, person: str) -> list[Known]:
        """Return the records of a person, by record key."""
        wanted, of = np.bytes_(person), self._of
        # searchsorted would copy the whole order, millions of numbers, each time
        low = bisect_left(of, wanted, key=lambda place: self._persons[place])
        high = bisect_right(of, wanted, lo=low, key=lambda place: self._persons[place])
        places = np.sort(self._of[low:high]).tolist()
        found = [self._at(place) for place in places if int(self.keys[place]) not in self._moved]
        found += [known for key in self._later_of.get(person, ()) if (known := self._later[key]) is not None]
        return sorted(found, key=lambda known: known.key)

    def reached(self, numbers: Iterable[int]) -> dict[int, list[int]]:
        """Return, for each of ``numbers`` under which a value is held, the keys of the records to which it leads."""
        asked = np.unique(numbers if isinstance(numbers, np.ndarray) else np.fromiter(numbers, np.uint64))
        low, high = np.searchsorted(self._hashes, asked, "left"), np.searchsorted(self._hashes, asked, "right")
        held = np.flatnonzero(high > low)
        sizes = high[held] - low[held]
        ends = np.cumsum(sizes)
        spots = np.arange(ends[-1] if ends.size else 0) + np.repeat(low[held] - (ends - sizes), sizes)
        keys = self.keys[self._places[spots]].tolist()
        found: dict[int, list[int]] = {}
        for number, end, size in zip(asked[held].tolist(), ends.tolist(), sizes.tolist(), strict=True):
            found[number] = keys[end - size : end]
        if self._later:
            for number in asked.tolist():
                here = {*found.pop(number, ()), *self._later_values.get(number, ())}
                if alive := [key for key in here if self._later.get(key, True) is not None]:
                    found[number] = alive
        return {number: sorted(here) for number, here in found.items()}

    def too_common(self, numbers: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Tell which of ``numbers`` are of values that too many bear to lead anywhere."""
        asked = numbers.astype(np.uint64)
        place = np.searchsorted(self._common, asked)
        told: npt.NDArray[np.bool_] = place < self._common.size
        told[told] = self._common[place[told]] == asked[told]
        return told

    def frequency(self, column: str, values: Sequence[str]) -> list[float]:
        """Return how common each value is, in log2 of the share of records that bear it; one never seen is the rarest."""
        if column not in self._shares:
            self._shares[column] = _open(self.folder / f"tf_{column}.h.npy"), _open(self.folder / f"tf_{column}.npy")
        hashes, shares = self._shares[column]
        found = []
        for value in values:
            number = np.uint64(number_of("tf", value))
            place = int(np.searchsorted(hashes, number))
            found.append(
                float(shares[place]) if place < hashes.size and hashes[place] == number else self.rarest[column]
            )
        return found

    def words(self, name: str) -> pa.Table:
        """Return table ``usual`` or ``used``: how names were borne when memory was laid."""
        return pq.read_table(self.folder / f"{name}.parquet")

    def _place(self, key: int) -> int | None:
        place = int(np.searchsorted(self.keys, key))
        return place if place < self.records and int(self.keys[place]) == key else None

    def _at(self, place: int) -> Known:
        row = self._rows[int(self._starts[place]) : int(self._starts[place + 1])]
        return Known(place, int(self.keys[place]), self._persons[place].decode(), bytes(row).decode())


def _open(path: Path) -> npt.NDArray[Any]:
    return np.asarray(np.load(path, mmap_mode="r"))  # read from the disk as it is asked, without numpy's own wrapper


def forget(folder: Path) -> None:
    """Remove what is remembered, whole."""
    shutil.rmtree(folder, ignore_errors=True)
