"""What every connector promises, whatever its place: run by tests on a place that rows can be laid in.

@pytest.mark.parametrize("promise", conformance.PROMISES, ids=conformance.named)
def test_it_keeps_the_promise(promise, place):
    promise(place)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pyarrow as pa

from filrouge.base.errors import SourceError
from filrouge.connect import Chunk, Reach, connector, keeps_cursor
from filrouge.domain.sources import SourceSpec

COLUMNS = ("id", "nom", "ville", "vu_le")
Row = tuple[str | None, ...]
ADA: Row = ("007", "Lovelace", "Londres", "2026-01-02")
ZOE: Row = ("12", "Müller-Lefèvre", "Saint-Étienne", "2026-02-03")
GUS: Row = ("13", "Eiffel", None, "2026-03-04")
# What a place may say that it cannot do, for a reason of its nature.
UNABLE = frozenset({
    "breaks",   # hold a line break inside a value
    "names",    # tell the names of its columns before a definition says where they stand
    "nul",      # hold a character that no text holds
    "columns",  # hold a row without one of the columns
    "retry",    # tell a place that went away from one that never was
})  # fmt: skip


class Place(Protocol):
    """Somewhere that rows can be laid, for a test; the first has the number ``first``."""

    first: int
    unable: frozenset[str]

    @property
    def reach(self) -> Reach:
        """What the connector needs beside the definition."""

    def lay(self, rows: Sequence[Row], columns: Sequence[str] = COLUMNS) -> SourceSpec:
        """Put ``rows`` there, in place of what was; return the definition of people that reads ``COLUMNS``."""

    def leave(self) -> None:
        """Take the place itself away."""


class BrokenPromise(AssertionError):
    """A connector does not do what every connector does."""


Promise = Callable[[Place], None]


def named(promise: Promise) -> str:
    """Return the name of a promise, for whoever lists them."""
    return promise.__name__


def rows(chunks: Sequence[Chunk], *names: str) -> list[tuple[Any, ...]]:
    """Return the numbers of the rows and their values in the columns ``names`` (all of them), in order."""
    tables = [chunk.rows for chunk in chunks if chunk.rows.num_rows]
    if not tables:
        return []
    table = pa.concat_tables(tables, promote_options="default")
    return list(zip(*(table[name].to_pylist() for name in ("_row", *(names or COLUMNS))), strict=True))


def a_place_that_fits_passes_the_check(place: Place) -> None:
    spec = place.lay([ADA, ZOE])
    connector(spec.kind).check(spec, place.reach)


def what_is_there_is_told_with_some_rows(place: Place) -> None:
    spec = place.lay([ADA, ZOE])
    found = [one for one in connector(spec.kind).discover(spec, place.reach) if any("007" in row for row in one.sample)]
    _must(bool(found) and bool(found[0].name), "discover shows no row of the place")
    _must("names" in place.unable or set(COLUMNS) <= set(found[0].columns), "discover does not tell the columns")


def the_count_agrees_with_reading(place: Place) -> None:
    spec = place.lay([ADA, ZOE, GUS])
    _equal(connector(spec.kind).count(spec, place.reach) or 3, 3)
    _equal(len(rows(_read(spec, place))), 3)


def rows_come_numbered_as_text_exactly_as_received(place: Place) -> None:
    odd = ("08", "d’Aÿ\u00a0\u202fX", " 🙂 ", "31/12/2026")
    spec = place.lay([ADA, ZOE, odd])
    chunks = _read(spec, place)
    _equal(rows(chunks), [(place.first + at, *row) for at, row in enumerate((ADA, ZOE, odd))])
    for chunk in chunks:
        for name, kind in zip(chunk.rows.schema.names, chunk.rows.schema.types, strict=True):
            _must(kind == (pa.int64() if name == "_row" else pa.string()), "a column is no text")
        _must({"_row", "_place"} <= set(chunk.rows.schema.names), "a chunk bears neither _row nor _place")


def a_line_break_or_a_quote_inside_a_value_is_part_of_it(place: Place) -> None:
    name = 'dite "la Brune"' if "breaks" in place.unable else 'dite "la\nBrune"'
    odd = ("9", name, "L'Île; l,autre\tla", "2026-01-01")
    spec = place.lay([odd, ADA])
    _equal(rows(_read(spec, place)), [(place.first, *odd), (place.first + 1, *ADA)])


def an_empty_value_is_null(place: Place) -> None:
    _equal(rows(_read(place.lay([GUS]), place)), [(place.first, *GUS)])


def no_rows_is_no_failure(place: Place) -> None:
    spec = place.lay([])
    connector(spec.kind).check(spec, place.reach)
    _equal(rows(_read(spec, place)), [])


def many_rows_keep_their_numbers(place: Place) -> None:
    spec = place.lay([(str(number), f"Nom {number}", "Ici", "2026-01-01") for number in range(60)])
    _equal(rows(_read(spec, place), "id"), [(place.first + at, str(at)) for at in range(60)])


def reading_again_gives_the_same_also_after_half_of_it(place: Place) -> None:
    spec = place.lay([ADA, ZOE, GUS])
    half = iter(connector(spec.kind).read(spec, place.reach))
    next(half)
    del half
    _equal(rows(_read(spec, place)), rows(_read(spec, place)))


def a_column_that_vanished_is_told_by_name_and_no_value_is(place: Place) -> None:
    if "columns" in place.unable:
        return
    spec = place.lay([ADA[1:]], COLUMNS[1:])
    told = _refused(lambda: _read(spec, place), "a column that the definition names is gone")
    _must("id" in told.message, "the sentence does not name the column that is gone")
    _must("nothing was imported" in told.hint, "the hint does not say that nothing was imported")
    _must(not any(value and value in str(told) for value in ADA[1:]), "the sentence tells a value of somebody")


def a_column_that_nobody_asked_for_may_come(place: Place) -> None:
    spec = place.lay([(*ADA, "x")], (*COLUMNS, "autre"))
    _equal(rows(_read(spec, place)), [(place.first, *ADA)])


def a_place_that_went_away_is_one_sentence(place: Place) -> None:
    spec = place.lay([ADA])
    place.leave()
    made = connector(spec.kind)
    for ask in (made.check, made.count, lambda *of: list(made.read(*of))):
        told = _refused(lambda ask=ask: ask(spec, place.reach), "the place went away")  # type: ignore[misc]
        _must("\n" not in str(told) and bool(told.hint), "what is told is not one sentence with a hint")
        _must(told.retryable or "retry" in place.unable, "a place that went away is worth another try")


def a_character_that_no_text_holds_rejects_its_row_alone(place: Place) -> None:
    if "nul" in place.unable:
        return
    chunks = _read(place.lay([ADA, ("2", "nul\0nul", "Ici", "2026-01-01"), GUS]), place)
    _equal(rows(chunks), [(place.first, *ADA), (place.first + 2, *GUS)])
    faults = [(fault.row, fault.code) for chunk in chunks for fault in chunk.faults]
    _equal(faults, [(place.first + 1, "wrong_bytes")])


def a_cursor_brings_what_is_new_where_the_connector_keeps_one(place: Place) -> None:
    spec = place.lay([ADA, ZOE, GUS])
    found = [row[1] for row in rows(list(connector(spec.kind).read(spec, place.reach, cursor="2026-02-03")), "id")]
    _equal(found, ["12", "13"] if keeps_cursor(spec) else ["007", "12", "13"])


PROMISES: tuple[Promise, ...] = (
    a_place_that_fits_passes_the_check, what_is_there_is_told_with_some_rows, the_count_agrees_with_reading,
    rows_come_numbered_as_text_exactly_as_received, a_line_break_or_a_quote_inside_a_value_is_part_of_it,
    an_empty_value_is_null, no_rows_is_no_failure, many_rows_keep_their_numbers,
    reading_again_gives_the_same_also_after_half_of_it, a_column_that_vanished_is_told_by_name_and_no_value_is,
    a_column_that_nobody_asked_for_may_come, a_place_that_went_away_is_one_sentence,
    a_character_that_no_text_holds_rejects_its_row_alone, a_cursor_brings_what_is_new_where_the_connector_keeps_one,
)  # fmt: skip


def _read(spec: SourceSpec, place: Place) -> list[Chunk]:
    return list(connector(spec.kind).read(spec, place.reach))


def _refused(ask: Callable[[], object], when: str) -> SourceError:
    try:
        ask()
    except SourceError as error:
        return error
    except Exception as error:
        raise BrokenPromise(f"When {when}, {type(error).__name__} is raised, and not SourceError.") from error
    raise BrokenPromise(f"When {when}, nothing is told.")


def _must(kept: bool, otherwise: str) -> None:
    if not kept:
        raise BrokenPromise(otherwise)


def _equal(found: object, wanted: object) -> None:
    if found != wanted:
        raise BrokenPromise(f"{found!r} is not {wanted!r}")
