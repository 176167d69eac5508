"""A source that changed its shape: which new column says what an old one said, and the definition that reads it so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from filrouge.base.errors import UsageError
from filrouge.base.text import fold
from filrouge.domain.sources.expressions import parsed, replaced
from filrouge.domain.sources.fitting import fitted
from filrouge.domain.sources.shapes import Changes, Shape, Sketch, begun
from filrouge.domain.sources.spec import SourceSpec, pieces
from filrouge.domain.sources.unkept import CAREFUL, LIKE, VAGUE, likely, named
from filrouge.tables import TABLES

Reason = Literal["same_name", "like_name", "same_meaning", "content", "position", "split", "joined", "alone"]
LEAST = 0.5  # a column less sure than this is not proposed
_NAME, _CONTENT, _POSITION = 0.75, 0.7, 0.35  # how much each tells by itself
_HALVES = ("given_name", "family_name")


@dataclass(frozen=True)
class Way:
    """Which columns now say what one said (none: nothing does), as which columns of the table when not as before."""

    to: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """What becomes of each column that changed: lost column -> way, column of dates -> how they are written, column ->
    value -> what it means ("": nothing)."""

    columns: Mapping[str, Way] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return the choice as JSON can hold it."""
        columns = {name: {"to": list(one.to), "says": list(one.says)} for name, one in self.columns.items()}
        return {"columns": columns, "dates": dict(self.dates), "values": {n: dict(v) for n, v in self.values.items()}}

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Choice:
        """Return what ``plain`` gave."""
        told = data.get("columns") or {}
        columns = {name: Way(tuple(one["to"]), tuple(one.get("says") or ())) for name, one in told.items()}
        return cls(columns, data.get("dates") or {}, data.get("values") or {})


@dataclass(frozen=True)
class Proposed:
    """One part of a proposal: the column that changed, what is proposed for it, how sure (0 to 1) and why."""

    column: str
    way: Way
    sure: float
    because: tuple[Reason, ...]


def proposed(last: Shape, now: Shape, changes: Changes, spec: SourceSpec) -> list[Proposed]:
    """Return what is proposed for each column that is gone, the surest first taken; nothing where nothing is likely."""
    known = {*spec.columns(), *spec.never_kept, *_there_before(last, now)}
    free = [name for name in now.names() if name not in known]
    gone = list(changes.gone)
    found: dict[str, Proposed] = {}
    for one in (*_split(last, now, gone, free, spec), *_joined(last, now, gone, free, spec)):
        if one.column not in found:
            found[one.column] = one
    taken = {name for one in found.values() for name in one.way.to}
    pairs = []
    for name in gone:
        for other in free:
            if name not in found and other not in taken:
                sure, because = likeness(last, now, name, other)
                if sure >= LEAST:
                    pairs.append((sure, name, other, because))
    for sure, name, other, because in sorted(pairs, key=lambda one: -one[0]):
        if name not in found and other not in taken:
            found[name] = Proposed(name, Way((other,)), sure, because)
            taken.add(other)
    made = [found.get(name) or Proposed(name, Way(), 0.0, ()) for name in gone]
    rest = tuple(name for name in changes.added if name not in taken)
    return made + [_unkept(name, last, now, rest, spec) for name in changes.unkept]


def heirs(last: Shape, now: Shape, changes: Changes, spec: SourceSpec) -> tuple[str, ...]:
    """Return the new columns that are likely to tell what columns that are read told."""
    told = [one for one in proposed(last, now, changes, spec) if one.sure and one.column not in spec.never_kept]
    return tuple(name for one in told for name in one.way.to)


def likeness(last: Shape, now: Shape, was: str, other: str) -> tuple[float, tuple[Reason, ...]]:
    """Return how sure it is that a column of ``now`` is one of ``last``, and what tells it."""
    old, new = last.of(was), now.of(other)
    because: list[Reason] = []
    name, kind = named(was, other)
    if name >= 0.6:
        because.append(kind)
    content = _content(old, new)
    if content is not None and content >= 0.5:
        because.append("content")
    position = _position(last.names(), now.names(), was, other)
    if position >= 0.5:
        because.append("position")
    if content == 0 and name < 0.95:  # what it holds says that it is another
        return 0.0, ()
    unsure = (1 - _NAME * (name if name >= 0.6 else 0)) * (1 - _CONTENT * (content or 0)) * (1 - _POSITION * position)
    if because == ["position"]:
        return 0.0, ()
    return round(1 - unsure, 2), tuple(because)


def _unkept(name: str, last: Shape, now: Shape, added: Sequence[str], spec: SourceSpec) -> Proposed:
    """Return which of the new columns are likely to be one that is never kept."""
    like = [one for one in added if likely(now.of(one), [name])]
    by_name = any(named(name, one)[0] >= LIKE for one in like)
    if like:
        return Proposed(name, Way(tuple(like)), 0.9 if by_name else 0.7, ("like_name" if by_name else "content",))
    if careful := tuple(one for one in added if {now.of(one).meaning, now.of(one).content} & CAREFUL):
        return Proposed(name, Way(careful), 0.6, ("content",))
    if len(added) == 1:  # nothing else came that could be it
        return Proposed(name, Way(tuple(added)), LEAST, ("alone",))
    return Proposed(name, Way(), 0.0, ())


def unkept_anew(last: Shape, now: Shape, spec: SourceSpec) -> tuple[str, ...]:
    """Return the new columns that are, under another name, those never kept that are not there: by name or content."""
    names = now.names()
    gone = [was for was in spec.never_kept if not spec.unkept(names, [was])]
    known = {*spec.columns(), *spec.unkept(names), *_there_before(last, now)}
    return tuple(name for name in names if name not in known and likely(now.of(name), gone))


def _there_before(last: Shape, now: Shape) -> set[str]:
    return {*last.names()} - {*begun(last, now)}


def reshaped(spec: SourceSpec, choice: Choice) -> dict[str, Any]:
    """Return the definition that reads a source in its new shape, as plain data.

    Raises UsageError when a column that names or chooses the rows is lost with nothing in its stead.
    """
    data = spec.dump()
    for was, way in choice.columns.items():
        if way.says and len(way.says) == len(way.to):
            data = _said_anew(data, was, way)
        elif len(way.to) == 1:
            data = _renamed(data, was, way.to[0])
        elif way.to:
            data = _several(data, was, way.to)
        else:
            data = _without(data, was)
    for _, cell in _cells(data):
        name = cell.get("column")
        if name is not None and name in choice.dates and (cell.get("format") or not cell.get("values")):
            cell["format"] = choice.dates[name]
            if not cell["format"]:
                cell.pop("format")
    for name, cell in _cells(data):
        if name == "entity" and cell.get("column") == data["brand"].get("column"):
            continue  # it follows from the brand that a value names
        if cell.get("column") in choice.values and cell.get("values") is not None:
            cell["values"] = cell["values"] | {
                value: said or None for value, said in choice.values[cell["column"]].items()
            }
    return SourceSpec.parse(data, what=spec.source).dump()


def vital(spec: SourceSpec, name: str) -> bool:
    """Tell whether a source cannot be read without this column."""
    needed = [*spec.key, *spec.where, *((spec.cursor,) if spec.cursor else ()), *spec.entity.reads(),
              *spec.brand.reads()]  # fmt: skip
    needed += [one for target in spec.required if target in spec.map for one in spec.map[target].reads()]
    return name in needed


# --- what is likely ---------------------------------------------------------------------------------------------------


def _content(old: Sketch, new: Sketch) -> float | None:
    """Return how much two columns hold the same (0: something else), None when nothing tells."""
    if not old.filled or not new.filled:
        return None
    often = set(old.often) & set(new.often)
    shared = len(often) / min(len(old.often), len(new.often)) if min(len(old.often), len(new.often)) >= 2 else 0.0
    if old.content not in VAGUE and new.content not in VAGUE and old.content != new.content:
        return 0.0 if shared < 0.5 else shared
    apart = [abs(old.filled - new.filled), abs(old.distinct - new.distinct), 2 * abs(old.digits - new.digits),
             abs(old.length - new.length) / max(old.length, new.length, 1)]  # fmt: skip
    like = max(1 - sum(apart) / 2, 0.0)
    if abs(old.digits - new.digits) > 0.6:
        return 0.0
    if old.content == new.content and old.content not in VAGUE:
        return max(0.6 + 0.4 * like, shared)
    return max(shared, 0.5 * like)


def _position(before: Sequence[str], there: Sequence[str], was: str, other: str) -> float:
    """Return whether a column stands where the other stood: between the same neighbours, the first or last of all."""
    if was not in before:
        return 0.0
    kept = set(before) & set(there)

    def around(names: Sequence[str], at: int) -> tuple[str, str]:
        left = next((name for name in reversed(names[:at]) if name in kept), "^")
        right = next((name for name in names[at + 1 :] if name in kept), "$")
        return left, right

    one, two = around(before, before.index(was)), around(there, there.index(other))
    return sum(a == b for a, b in zip(one, two, strict=True)) / 2


def _split(last: Shape, now: Shape, gone: list[str], free: list[str], spec: SourceSpec) -> Iterator[Proposed]:
    """Yield the column of whole names whose two halves stand apart now."""
    halves = [next((name for name in free if _meaning(now, name) == half), "") for half in _HALVES]
    for name in gone:
        whole = _meaning(last, name) == "full_name" or name in _read_alone(spec, "full_name")
        if whole and all(halves):
            says = _HALVES if name in _read_alone(spec, "full_name") and set(_HALVES).isdisjoint(spec.map) else ()
            yield Proposed(name, Way((halves[0], halves[1]), says), 0.85, ("split",))


def _joined(last: Shape, now: Shape, gone: list[str], free: list[str], spec: SourceSpec) -> Iterator[Proposed]:
    """Yield the two halves of a name that stand in one column now."""
    whole = next((name for name in free if _meaning(now, name) == "full_name"), "")
    halves = [next((name for name in gone if name in _read_alone(spec, half)), "") for half in _HALVES]
    if whole and all(halves) and "full_name" not in spec.map and set(_HALVES).isdisjoint(spec.required):
        yield Proposed(halves[0], Way((whole,), ("full_name",)), 0.8, ("joined",))
        yield Proposed(halves[1], Way((), ()), 0.8, ("joined",))


def _meaning(shape: Shape, name: str) -> str:
    return shape.of(name).meaning


def _read_alone(spec: SourceSpec, target: str) -> tuple[str, ...]:
    cell = spec.map.get(target)
    return cell.reads() if cell is not None and cell.column is not None else ()


# --- the definition ---------------------------------------------------------------------------------------------------


def _cells(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every cell of a definition with the name of what it makes."""
    for name in ("entity", "brand"):
        yield name, data[name]
    yield from (data.get("map") or {}).items()
    for one in data.get("consents") or ():
        for part in ("state", "at", "notice", "method"):
            if one.get(part):
                yield f"consent.{part}", one[part]


def _renamed(data: dict[str, Any], was: str, now: str) -> dict[str, Any]:
    made = _copied(data)
    for _, cell in _cells(made):
        if cell.get("column") == was:
            cell["column"] = now
        if cell.get("columns"):
            cell["columns"] = list(dict.fromkeys(now if name == was else name for name in cell["columns"]))
        if cell.get("template"):
            cell["template"] = "".join(
                part if kind == "text" else "{" + (now if part == was else part) + "}"
                for kind, part in pieces(cell["template"])
            )
        if cell.get("expr"):
            cell["expr"] = replaced(cell["expr"], was, "{" + now + "}")
    made["key"] = [now if name == was else name for name in made["key"]]
    if made.get("where"):
        made["where"] = {now if name == was else name: held for name, held in made["where"].items()}
    if made.get("cursor") == was:
        made["cursor"] = now
    if was in (made.get("never_kept") or ()):
        made["never_kept"] = list(dict.fromkeys((*made["never_kept"], now)))  # it may come back under its old name
    return _kept_so(made, was, (now,))


def _several(data: dict[str, Any], was: str, now: Sequence[str]) -> dict[str, Any]:
    """Read several columns, joined by a blank, where one was read."""
    _needed(data, was)
    made = _copied(data)
    if was in (made.get("never_kept") or ()):
        made["never_kept"] = list(dict.fromkeys((*made["never_kept"], *now)))
    made = _kept_so(made, was, now)
    for _, cell in _cells(made):
        if cell.get("column") == was:
            cell.pop("column")
            cell["columns"] = list(now)
        elif was in (cell.get("columns") or ()):
            at = cell["columns"].index(was)
            cell["columns"] = [*cell["columns"][:at], *now, *cell["columns"][at + 1 :]]
        elif cell.get("template"):
            cell["template"] = cell["template"].replace("{" + was + "}", " ".join("{" + name + "}" for name in now))
        elif cell.get("expr"):
            those = ", ".join("{" + name + "}" for name in now)
            cell["expr"] = replaced(cell["expr"], was, f'join(" ", {those})')
    return made


def _said_anew(data: dict[str, Any], was: str, way: Way) -> dict[str, Any]:
    """Read the new columns as other columns of the table than the old one told."""
    known = {column.name for column in TABLES[data["reads"]].columns}
    if not set(way.says) <= known:
        raise UsageError("This table has no column for that.", hint="Choose other columns.")
    made = _left(data, was)
    made["map"] |= {said: {"column": name} for said, name in zip(way.says, way.to, strict=True)}
    return fitted(_kept_so(made, was, way.to))


def _kept_so(made: dict[str, Any], was: str, now: Sequence[str]) -> dict[str, Any]:
    """Hold new columns apart as an old one was; it stays told too, since rows received before bear its name."""
    if was not in (made.get("kept") or {}):
        return made
    return made | {"kept": {**made["kept"], **dict.fromkeys(now, made["kept"][was])}}


def _without(data: dict[str, Any], was: str) -> dict[str, Any]:
    """Read the source without one of its columns: what only it told is told no more, nor required or ruled."""
    return fitted(_left(data, was))


def _left(data: dict[str, Any], was: str) -> dict[str, Any]:
    _needed(data, was)
    made = _copied(data)
    kept: dict[str, Any] = {}
    for name, cell in made["map"].items():
        if cell.get("column") == was or (cell.get("template") and ("column", was) in pieces(cell["template"])):
            continue
        if cell.get("expr") and was in parsed(cell["expr"]).columns:
            continue
        if was in (cell.get("columns") or ()):
            rest = [one for one in cell["columns"] if one != was]
            if not rest:
                continue
            cell["columns"] = rest
        kept[name] = cell
    made["map"] = kept
    consents = []
    for one in made.get("consents") or ():
        if one["state"].get("column") == was:
            continue
        consents.append({name: part for name, part in one.items()
                         if name == "state" or not isinstance(part, dict) or part.get("column") != was})  # fmt: skip
    if "consents" in made:
        made["consents"] = consents
    return made


def _needed(data: dict[str, Any], was: str) -> None:
    """Raise UsageError when the source cannot do without a column as it stood."""
    spec = SourceSpec.parse(data, what=str(data["source"]))
    if vital(spec, was):
        raise UsageError(
            "The source cannot be read without its column {column}.",
            hint="Say which column now tells it, or give the run up.", column=was,
        )  # fmt: skip


def _copied(data: dict[str, Any]) -> dict[str, Any]:
    made = dict(data)
    for name in ("entity", "brand"):
        made[name] = dict(data[name])
    made["map"] = {name: dict(cell) for name, cell in data["map"].items()}
    if "consents" in data:
        made["consents"] = [
            {name: dict(part) if isinstance(part, dict) else part for name, part in one.items()}
            for one in data["consents"]
        ]
    return made


def like_value(value: str, known: Mapping[str, str | None]) -> str | None:
    """Return what a new value means when it is a known one written otherwise ("OUI" for "oui"), None when it is not."""
    return next((said for other, said in known.items() if said and fold(other) == fold(value)), None)
