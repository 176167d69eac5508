"""Lines of JSON, and what REST answers hold: nested values by dotted paths, the line kept as received."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from io import BufferedReader
from itertools import count, islice
from typing import Any

import msgspec

from filrouge.base.errors import SourceError
from filrouge.base.text import whole
from filrouge.connect.base import CHUNK, Chunk, Discovered, Lacking, Reach, RowFault, texts
from filrouge.connect.packed import Part
from filrouge.connect.paths import parts, told
from filrouge.connect.text import Text
from filrouge.domain.sources import SourceSpec

_decoder = msgspec.json.Decoder(float_hook=Decimal)  # 1.10 stays 1.10
_encoder = msgspec.json.Encoder(decimal_format="number")
LONGEST = 16 << 20
WHOLE = "parent"  # what an object of a list that is unfolded calls the one that it stands in
LOOKED_AT = 1_000  # lines looked at whatever the definition keeps, to notice that what it keeps by is gone
Lines = Iterator[tuple[int, bytes | None]]


class NDJSON:
    """Reads files of one JSON object a line."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        for part in parts(spec, reach):
            with told(part.path), part.open() as stream:
                next(_lines(spec, part, stream), None)

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        found = []
        for part in parts(spec, reach):
            items = []
            with told(part.path), part.open() as stream:
                for _, line in islice(_lines(spec, part, stream), 200):
                    with suppress(ValueError):
                        items.append(decode(line or b""))
            found.append(seen(part.name, [item for item in items if isinstance(item, dict)]))
        return found

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        return sum(int(chunk.rows.num_rows) + len(chunk.faults) for chunk in self.read(spec, reach))

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        for part in parts(spec, reach, settled=True):
            with told(part.path), part.open() as stream:
                text = Text(stream, spec.format.encoding, name=part.name)
                yield from chunks(spec, part.name, _lines(spec, part, stream))
                text.settled()


def every_path(spec: SourceSpec, reach: Reach, *, most: int) -> tuple[str, ...]:
    """Return the paths that stand anywhere in the files, in the order in which they first do, ``most`` at most."""
    paths: dict[str, None] = {}
    for part in parts(spec, reach):
        with told(part.path), part.open() as stream:
            for _, line in _lines(spec, part, stream):
                with suppress(ValueError):
                    item = decode(line or b"")
                    if isinstance(item, dict):
                        _walk(item, "", paths)
                if len(paths) >= most:
                    return tuple(paths)[:most]
    return tuple(paths)


def paths_in(received: Iterable[str], *, most: int) -> tuple[str, ...]:
    """Return the paths that stand anywhere in objects kept as text, ``most`` at most."""
    paths: dict[str, None] = {}
    for item in _objects(received):
        if isinstance(item, dict):
            _walk(item, "", paths)
        if len(paths) >= most:
            break
    return tuple(paths)[:most]


def told_in(received: Iterable[str], names: Iterable[str]) -> dict[str, list[str | None]]:
    """Return what stands at each path in objects kept as text, as the text of cells."""
    items = list(_objects(received))
    return {name: column(items, name.split(".")) for name in names}


def _objects(received: Iterable[str]) -> Iterator[Any]:
    for text in received:
        try:
            yield decode(text.encode())
        except ValueError:
            yield {}


def _lines(spec: SourceSpec, part: Part, stream: BufferedReader) -> Lines:
    """Yield the lines that hold something, numbered, as UTF-8; None for one too long to be held."""
    Text(stream, spec.format.encoding, name=part.name)  # looks at the first bytes
    utf8 = codecs.lookup(spec.format.encoding).name in ("utf-8", "utf-8-sig")
    for number in count(1):
        line = stream.readline(LONGEST)
        if not line:
            return
        if len(line) >= LONGEST and not line.endswith(b"\n"):
            while (more := stream.readline(LONGEST)) and not more.endswith(b"\n"):
                pass
            yield number, None
            continue
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
            if line.strip() == b"[" or (line.startswith(b"[") and line.rstrip().endswith(b"]")):
                raise SourceError(
                    "The file {name} is one JSON list, where one object a line was expected.",
                    hint="Ask the system for lines of JSON (NDJSON); nothing was imported.",
                    name=part.name,
                )
        if line := line.strip():
            yield number, line if utf8 else line.decode(spec.format.encoding, "filrouge.mark").encode()


def decode(text: bytes) -> Any:
    """Return what the JSON ``text`` says. Raises ValueError when it is none, too deep or not in UTF-8."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, ArithmeticError, UnicodeDecodeError):
        raise ValueError("not JSON") from None


def chunks(spec: SourceSpec, place: str, lines: Iterable[tuple[int, bytes | None]]) -> Iterator[Chunk]:
    """Yield chunks from numbered JSON texts: the paths that the definition names, and the text itself.

    Raises SourceError when rows were read and what identifies them stood in none.
    """
    paths = {name: name.split(".") for name in spec.columns()}
    items: list[dict[str, Any]] = []
    received: list[str] = []
    rows: list[int] = []
    faults: list[RowFault] = []
    vital = Vital(spec)
    passes = _passes(spec)
    whole_of = [path[1] for path in paths.values() if path[0] == WHOLE and len(path) > 1]

    def chunk() -> Chunk:
        columns = {name: column(items, path) for name, path in paths.items()}
        vital.saw(columns, len(items))
        table = texts({**columns, "_received": list(received)}, place, rows)
        made = Chunk(table.rows, (*faults, *table.faults))
        for kept in (items, received, rows, faults):
            kept.clear()
        return made

    for number, line in lines:
        if passes is not None and line is not None and number > LOOKED_AT and not passes(line):
            continue
        try:
            if line is None:
                raise ValueError
            item = decode(line)
            text = line.decode("utf-8")
        except ValueError:
            raw = (line or b"")[:10_000].decode("utf-8", "replace")
            faults.append(RowFault(place, number, "not_json" if line else "too_long", raw))
        else:
            if isinstance(item, dict) and spec.format.each:
                inside = unfolded(item, spec.format.each, keep=whole_of)
                vital.unfolded(there=inside is not None)
                for one in inside or ():
                    items.append(one)
                    received.append(encode(one).decode())
                    rows.append(number)
            elif isinstance(item, dict):
                items.append(item)
                received.append(text)
                rows.append(number)
            else:
                faults.append(RowFault(place, number, "not_an_object", text[:10_000]))
        if len(rows) + len(faults) >= CHUNK:
            yield chunk()
    if rows or faults:
        yield chunk()
    vital.enough(place)


def column(items: Sequence[Any], path: Sequence[str]) -> list[str | None]:
    """Return what stands at ``path`` in each of ``items``, as the text of cells."""
    found: Sequence[Any] = items
    for step in path:
        found = [item.get(step) if item.__class__ is dict else reach_in(item, (step,)) for item in found]
    return [value if value is None or value.__class__ is str else as_text(value) for value in found]


def _passes(spec: SourceSpec) -> Callable[[bytes], bool] | None:
    """Return a quick test that every line which the definition keeps passes, None when it keeps all.

    A line that holds none of the wanted words, as JSON writes them, holds no row of this source: it is not decoded. One
    with an escape may spell them otherwise, so it is.
    """
    if not spec.where:
        return None
    wanted = [[encode(word).strip(b'"') for word in words] for words in spec.where.values()]

    def test(line: bytes) -> bool:
        return b"\\u" in line or all(any(word in line for word in words) for words in wanted)

    return test


class Vital:
    """Watches that the values by which rows are kept and identified stand somewhere: JSON has no header to check."""

    def __init__(self, spec: SourceSpec) -> None:
        self._spec = spec
        self._rows = 0
        self._where = set(spec.where)
        self._kept = False
        self._keyed = False
        self._folded = 0  # objects that held no list to unfold, as long as none did
        self._unfolded = False

    def unfolded(self, *, there: bool) -> None:
        """Note whether an object held the list that is to be unfolded."""
        self._unfolded = self._unfolded or there
        self._folded += 1

    def saw(self, columns: Mapping[str, Sequence[str | None]], rows: int) -> None:
        """Look at the ``columns`` of some rows."""
        self._rows += rows
        self._where = {name for name in self._where if not any(value is not None for value in columns[name])}
        if self._keyed:
            return
        for at in range(rows):
            if all(columns[name][at] in wanted for name, wanted in self._spec.where.items()):
                self._kept = True
                if any(columns[name][at] is not None for name in self._spec.key):
                    self._keyed = True
                    return

    def enough(self, place: str) -> None:
        """Raise Lacking when rows were seen, and one of these values never was."""
        lost = sorted(self._where) if self._rows else []
        if self._kept and not self._keyed:
            lost += list(self._spec.key)
        if self._folded and not self._unfolded:
            self._rows, lost = self._folded, [self._spec.format.each or ""]
        if lost:
            raise Lacking(
                "{missing} stands in none of the {rows} objects of {place}.",
                hint="If the system changed, correct the mapping of the source {source}; nothing was imported.",
                missing=", ".join(dict.fromkeys(lost)),
                rows=self._rows,
                place=place,
                source=self._spec.source,
                columns=tuple(name for name in self._spec.columns() if name not in lost),
            )


def unfolded(item: dict[str, Any], each: str, *, keep: Sequence[str] | None = None) -> list[dict[str, Any]] | None:
    """Return the objects of the list at ``each`` inside ``item``, None when no list is there.

    Each bears what it stands in as ``parent``: the values called ``keep`` of it, else all but the list.
    """
    path = each.split(".")
    inside = reach_in(item, path)
    if not isinstance(inside, list):
        return None
    kept = {name: value for name, value in item.items() if (name != path[0] if keep is None else name in keep)}
    return [{**(one if isinstance(one, dict) else {"value": one}), WHOLE: kept} for one in inside]


def reach_in(item: Any, path: Sequence[str]) -> Any:
    """Return what stands at ``path`` inside nested mappings and lists, None when nothing does.

    Of a list, a step is a number, ``-1`` for the last, or ``name=word`` for the first object that says so.
    """
    for step in path:
        if isinstance(item, dict):
            item = item.get(step)
        elif isinstance(item, list) and step == "-1":
            item = item[-1] if item else None
        elif isinstance(item, list) and "=" in step:
            name, _, word = step.partition("=")
            item = next((one for one in item if isinstance(one, dict) and as_text(one.get(name)) == word), None)
        elif isinstance(item, list) and (at := whole(step, most=len(item) - 1)) is not None:
            item = item[at]
        else:
            return None
    return item


def flat(item: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the values of an object as the text of cells, by their dotted paths."""
    paths: dict[str, None] = {}
    _walk(item, "", paths)
    return {path: as_text(reach_in(item, path.split("."))) for path in paths}


def put(item: dict[str, Any], path: str, text: str | None) -> None:
    """Write ``text`` at a dotted path of an object; what stood in the way of its mappings is replaced."""
    *before, last = path.split(".")
    for step in before:
        inside = item.get(step)
        if not isinstance(inside, dict):
            inside = item[step] = {}
        item = inside
    item[last] = text


def as_text(value: Any) -> str | None:
    """Return a JSON value as the text of a cell."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return encode(value).decode()
    return str(value)


def encode(value: Any) -> bytes:
    """Return ``value`` as JSON, numbers as they were received."""
    return _encoder.encode(value)


def seen(name: str, items: Sequence[dict[str, Any]]) -> Discovered:
    """Tell what paths the ``items`` hold."""
    paths: dict[str, None] = {}
    for item in items:
        _walk(item, "", paths)
    sample = tuple(tuple(as_text(reach_in(item, path.split("."))) for path in paths) for item in items[:20])
    return Discovered(name, tuple(paths), sample)


def _walk(item: Mapping[str, Any], before: str, paths: dict[str, None]) -> None:
    for key, value in item.items():
        if isinstance(value, dict) and value:
            _walk(value, f"{before}{key}.", paths)
        elif key and "\0" not in key:  # no engine knows a column by such a name
            paths[f"{before}{key}"] = None
