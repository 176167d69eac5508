"""The shape of what a run received: its columns, what they hold in figures, and what changed since another run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from filrouge.domain.sources.meaning import Held, meant
from filrouge.domain.sources.spec import Cell, SourceSpec
from filrouge.domain.sources.unkept import likely
from filrouge.domain.sources.values import UNIX
from filrouge.domain.sources.writing import ENOUGH, reads, way
from filrouge.tables import TABLES

FEW = 5  # dates from which the way they are written is told
STRANGE_ROWS, STRANGE_SHARE = 3, 0.005  # of a value that no row held before: fewer are told row by row
KNOWN_VALUES = 200  # of a column whose values are listed
BEGUN = 0.5  # share filled from which a column that is wholly empty now is one that is gone
_PARTS = ("key", "where", "cursor", "entity", "brand", "map", "consents", "required")  # of a definition: how it reads
_HASH = Callable[[str], str]


@dataclass(frozen=True)
class Sketch:
    """What a column holds: its meaning by name and values, by its values alone, and figures; ``often`` is hashed."""

    name: str
    meaning: str = ""
    content: str = ""
    filled: float = 0.0
    distinct: float = 0.0
    digits: float = 0.0
    length: float = 0.0
    often: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dated:
    """How a column of dates was written: the way that reads most of them (None: no way known), and what was read."""

    way: str | None
    read: float
    count: int


@dataclass(frozen=True)
class Shape:
    """What a run received, in the order of its columns, and the parts of the definition that read it.

    ``values``: of a column whose values are listed, those that it held and are not, hashed -> rows; ``unkept``: the
    columns that were there and were read past, since they are never kept (None: it was not told), as well as those that
    went since and of which nobody was asked; ``partly``: those of them that some files had, and others had not, in this
    run or an earlier one (None: it was not told).
    """

    columns: tuple[Sketch, ...]
    rows: int
    dates: Mapping[str, Dated] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    by: Mapping[str, Any] = field(default_factory=dict)
    loose: bool = False  # of objects: each row has the columns that it happens to hold
    unkept: tuple[str, ...] | None = None
    partly: tuple[str, ...] | None = None

    def names(self) -> tuple[str, ...]:
        """Return the columns in their order."""
        return tuple(one.name for one in self.columns)

    def of(self, name: str) -> Sketch:
        """Return what is known of a column, nothing but its name when nothing is."""
        return next((one for one in self.columns if one.name == name), Sketch(name))

    def plain(self) -> dict[str, Any]:
        """Return the shape as JSON can hold it."""
        return asdict(self)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Shape | None:
        """Return the shape that ``plain`` gave, None of nothing."""
        if not data.get("columns"):
            return None
        return cls(
            tuple(Sketch(**one | {"often": tuple(one["often"])}) for one in data["columns"]), int(data["rows"]),
            {name: Dated(**one) for name, one in data["dates"].items()}, data["values"], data["by"],
            bool(data.get("loose")), tuple(data["unkept"]) if data.get("unkept") is not None else None,
            tuple(data["partly"]) if data.get("partly") is not None else None,
        )  # fmt: skip


@dataclass(frozen=True)
class Changes:
    """What is not as it was in the last good run; the first three and ``unkept`` make a run wait.

    ``gone``: columns that are read and not there, or ``empty`` in every row by now; ``dates``: column -> how it is
    written now (None: in no way known); ``values``: column -> rows that hold what was never seen; ``added`` and
    ``left``: columns that nothing reads; ``unkept``: columns never kept that are not there, while others came.
    """

    gone: tuple[str, ...] = ()
    dates: Mapping[str, str | None] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()

    @property
    def waits(self) -> bool:
        return bool(self.gone or self.dates or self.values or self.unkept)


def sketched(held: Held, often: Sequence[str], *, hashed: _HASH) -> Sketch:
    """Return the sketch of a column; ``often``: the values that several rows hold, the most frequent first."""
    alone = meant(replace(held, name=""))
    return Sketch(
        held.name, meant(held).meaning, alone.meaning if alone.by == "values" else "", round(held.filled, 3),
        round(held.distinct / max(held.filled * held.rows, 1), 3), round(held.digits, 3), round(held.length, 2),
        tuple(sorted(hashed(value) for value in often)),
    )  # fmt: skip


def by(spec: SourceSpec) -> dict[str, Any]:
    """Return the parts of a definition that say how its columns are read."""
    return {name: part for name, part in spec.dump().items() if name in _PARTS}


def read_by(parts: Mapping[str, Any], spec: SourceSpec) -> SourceSpec:
    """Return a definition as it read when a shape kept these parts of it."""
    whole = {name: part for name, part in spec.dump().items() if name not in _PARTS and name != "rules"}
    return SourceSpec.parse({**whole, **parts}, what=spec.source) if parts else spec


def dated(spec: SourceSpec) -> dict[str, tuple[str, ...]]:
    """Return the columns that are read as dates, each with the ways in which they are written."""
    table = TABLES[spec.reads]
    cells: list[Cell] = [cell for name, cell in spec.map.items() if table.column(name).type in ("date", "timestamp")]
    cells += [one.at for one in spec.consents if one.at is not None]
    found: dict[str, tuple[str, ...]] = {}
    for cell in cells:
        forms = (cell.format,) if isinstance(cell.format, str) else cell.format or spec.format.date
        if cell.column is not None and not (forms and forms[0] in UNIX) and cell.values is None:
            found.setdefault(cell.column, tuple(forms))
    return found


def listed(spec: SourceSpec) -> dict[str, frozenset[str]]:
    """Return the columns whose values are listed and where another one would be lost, each with those it knows."""
    cells = [spec.entity, spec.brand, *spec.map.values()]
    told = [cell for cell in cells if cell.values is not None and cell.other == "reject"]
    told += [one.state for one in spec.consents if one.state.values is not None and one.state.other != "keep"]
    found: dict[str, frozenset[str]] = {}
    for cell in told:
        if cell.column is not None:
            found[cell.column] = found.get(cell.column, frozenset()) | frozenset(cell.values or ())
    return found


def written(values: Sequence[str], forms: Sequence[str]) -> Dated:
    """Return how dates are written, and the share of them that these ways (and ISO 8601) read."""
    if not values:
        return Dated(None, 1.0, 0)
    share = sum(any(reads(value, form) for form in ("", *forms)) for value in values) / len(values)
    expected = next((form for form in ("", *forms) if _share(values, form) >= ENOUGH), None)
    return Dated(expected if expected is not None else way(values), round(share, 3), len(values))


def changes(last: Shape, now: Shape, spec: SourceSpec) -> Changes:
    """Return what is not as it was in ``last``, for a definition that is to read ``now``."""
    there, before = now.names(), last.names()
    wanted = spec.columns()
    empty = [name for name in wanted if name in there and _emptied(last.of(name), now.of(name), now.rows)]
    gone = [name for name in wanted if name not in there or name in empty]
    dates: dict[str, str | None] = {}
    for name, found in now.dates.items():
        was = last.dates.get(name)
        if name not in gone and was is not None and otherwise(was, found):
            dates[name] = found.way
    values = {name: count for name, count in _strange(last, now, spec) if name not in gone}
    past = {*spec.unkept(there)}
    added = tuple(name for name in there if name not in before and name not in wanted and name not in past)
    left = (name for name in before if name not in there and name not in wanted)
    if now.loose:
        added = tuple(name for name in added if now.of(name).filled >= BEGUN)
        left = (name for name in left if last.of(name).filled >= BEGUN)
    new = {*added, *(name for name in begun(last, now) if name not in wanted and name not in past)}
    unkept = tuple(name for name in spec.never_kept if new and _unkept_is_gone(name, last, now, spec, new))
    added = tuple(name for name in there if name in (new if unkept else added))
    return Changes(tuple(gone), dates, values, added, tuple(left), tuple(empty), unkept)


def begun(last: Shape, now: Shape) -> tuple[str, ...]:
    """Return the columns that were there and empty, and are filled by now."""
    there = {one.name for one in last.columns if not one.filled} if last.rows else set()
    return tuple(one.name for one in now.columns if one.name in there and one.filled >= BEGUN)


def carried(last: Shape, now: Shape, spec: SourceSpec) -> Shape:
    """Return a shape that still tells of the columns never kept that went, while no other came that could be them."""
    if last.unkept is None or now.unkept is None:
        return now
    there = (*now.unkept, *now.names())
    gone = [name for name in spec.never_kept if spec.unkept(last.unkept, [name]) and not spec.unkept(there, [name])]
    partly = None if last.partly is None else tuple(dict.fromkeys((*(now.partly or ()), *last.partly)))
    return replace(now, unkept=(*now.unkept, *spec.unkept(last.unkept, gone)), partly=partly or now.partly)


def _unkept_is_gone(name: str, last: Shape, now: Shape, spec: SourceSpec, new: Collection[str]) -> bool:
    """Tell whether a column that is never kept was there, and is not any more under a name that is known of it: in no
    file, or not in every one of those that all had it. Where only some ever had it, a new column is to be like it."""
    if last.unkept is None or now.unkept is None:
        return False
    there, before = (*now.unkept, *now.names()), (*last.unkept, *last.names())
    if not spec.unkept(before, [name]):
        return False
    if not spec.unkept(there, [name]):
        return True
    if last.partly is None or name not in (now.partly or ()):
        return False
    return name not in last.partly or any(likely(now.of(one), [name]) for one in new)


def otherwise(was: Dated, now: Dated) -> bool:
    """Tell whether dates that were read once are not any more, but for a few."""
    return min(was.count, now.count) >= FEW and was.read >= ENOUGH and now.read < ENOUGH - 0.1


def _emptied(was: Sketch, now: Sketch, rows: int) -> bool:
    return was.filled >= BEGUN and now.filled == 0 and rows >= 4 * FEW


def _strange(last: Shape, now: Shape, spec: SourceSpec) -> Iterator[tuple[str, int]]:
    """Yield the columns where enough rows hold a value that is not listed and that no row held before."""
    for name in listed(spec):
        known = last.values.get(name)
        if known is None:
            continue
        fresh = [count for value, count in now.values.get(name, {}).items() if value not in known]
        least = max(STRANGE_ROWS, STRANGE_SHARE * now.rows)
        if any(count >= least for count in fresh):
            yield name, sum(fresh)


def _share(values: Sequence[str], form: str) -> float:
    return sum(reads(value, form) for value in values) / len(values)
