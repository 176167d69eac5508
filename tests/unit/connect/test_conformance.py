"""What every connector promises, whatever the place: tried on each kind with the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from tests.unit.connect.places import COLUMNS, Place, read, rows

from filrouge.base.errors import SourceError
from filrouge.connect import Chunk, conformance, connector

ADA = conformance.ADA


@pytest.mark.parametrize("promise", conformance.PROMISES, ids=conformance.named)
def test_a_connector_keeps_its_promises(promise: conformance.Promise, place: Place, no_waiting: list[float]) -> None:
    promise(place)


def test_more_rows_than_one_chunk_keep_their_numbers(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ndjson", "sql", "excel"):
        monkeypatch.setattr(f"filrouge.connect.{module}.CHUNK", 3)
    monkeypatch.setattr("filrouge.connect.text.BLOCK", 64)
    monkeypatch.setattr("filrouge.connect.csv.BLOCK", 64)
    many = [(str(number), f"Nom {number}", "Ici", "2026-01-01") for number in range(20)]
    chunks = read(place.lay(many), place.reach)
    assert rows(chunks, "id") == [(place.first + at, str(at)) for at in range(20)]


def test_columns_that_bear_no_name_or_the_same_are_told_apart_by_their_place(place: Place) -> None:
    if place.kind in ("sqlite", "postgresql", "ndjson", "rest"):
        pytest.skip("a table or an object cannot hold one name twice")
    spec = place.lay([(*ADA, "x", "y", "z", "w")], columns=(*COLUMNS, "autre", "Autre", "", "autre"))
    names = read(spec, place.reach)[0].rows.column_names
    assert names == [*COLUMNS, "autre", "Autre#6", "#7", "autre#8", "_row", "_place"]
    assert rows(read(spec, place.reach)) == [(place.first, *ADA)]


def test_a_name_that_stands_twice_cannot_be_read(place: Place) -> None:
    if place.kind in ("sqlite", "postgresql", "ndjson", "rest"):
        pytest.skip("a table or an object cannot hold one name twice")
    spec = place.lay([(*ADA, "x")], columns=(*COLUMNS, "nom"))
    with pytest.raises(SourceError, match="nom stands twice"):
        read(spec, place.reach)


@dataclass
class Broken:
    """CSV, read by a connector that breaks one promise."""

    plain: Any
    fault: str

    def check(self, *of: Any) -> None:
        if self.fault != "checks nothing":
            self.plain.check(*of)

    def discover(self, *of: Any) -> Any:
        return [] if self.fault == "discovers nothing" else self.plain.discover(*of)

    def count(self, *of: Any) -> Any:
        return 2 if self.fault == "counts wrong" else self.plain.count(*of)

    def read(self, *of: Any, **asked: Any) -> Iterator[Chunk]:
        try:
            for chunk in self.plain.read(*of, **asked):
                yield self.spoilt(chunk)
        except SourceError:
            if self.fault == "swallows failures":
                return
            raise OSError("disk") from None if self.fault == "raises anything" else SourceError("x")

    def spoilt(self, chunk: Chunk) -> Chunk:
        if self.fault == "numbers from 0":
            numbers = [number - 2 for number in chunk.rows["_row"].to_pylist()]
            at = chunk.rows.column_names.index("_row")
            return Chunk(chunk.rows.set_column(at, "_row", [numbers]), chunk.faults)
        return Chunk(chunk.rows.slice(1), ()) if self.fault == "loses a row" else chunk


@pytest.mark.parametrize(
    "fault",
    ["checks nothing", "discovers nothing", "counts wrong", "swallows failures", "raises anything", "numbers from 0",
     "loses a row"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["csv"], indirect=True)
def test_a_connector_that_breaks_a_promise_is_caught(place: Place, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    broken = Broken(connector("csv"), fault)
    monkeypatch.setattr(conformance, "connector", lambda _: broken)

    def kept(promises: Sequence[conformance.Promise]) -> Iterator[bool]:
        for promise in promises:
            place.lay([])
            try:
                promise(place)
            except conformance.BrokenPromise:
                yield False
            else:
                yield True

    assert not all(kept(conformance.PROMISES))
