"""Lines of JSON, and what REST answers hold: nested values by dotted paths, the line kept as received."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from filrouge.connect.base import CHUNK, Chunk, Discovered, Reach, RowFault, texts
from filrouge.connect.paths import files, told
from filrouge.domain.sources import SourceSpec

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class NDJSON:
    """Reads files of one JSON object a line."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        for path in files(spec, reach):
            with told(path), path.open("rb") as stream:
                stream.read(1)

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        found = []
        for path in files(spec, reach):
            with told(path), path.open("rb") as stream:
                items = [_decoder.decode(line) for _, line in zip(range(200), stream, strict=False) if line.strip()]
            found.append(seen(path.name, [item for item in items if isinstance(item, dict)]))
        return found

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        return sum(int(chunk.rows.num_rows) + len(chunk.faults) for chunk in self.read(spec, reach))

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        for path in files(spec, reach):
            with told(path), path.open("rb") as stream:
                numbered = ((number, line.strip()) for number, line in enumerate(stream, start=1))
                yield from chunks(spec, path.name, ((n, line) for n, line in numbered if line))


def chunks(spec: SourceSpec, place: str, lines: Iterable[tuple[int, bytes]]) -> Iterator[Chunk]:
    """Yield chunks from numbered JSON texts: the paths that the definition names, and the text itself."""
    paths = {name: name.split(".") for name in spec.columns()}
    columns: dict[str, list[str | None]] = {name: [] for name in paths}
    received: list[str] = []
    rows: list[int] = []
    faults: list[RowFault] = []

    def chunk() -> Chunk:
        table = texts(columns, place, rows).append_column("_received", pa.array(received, pa.string()))
        made = Chunk(table, tuple(faults))
        for values in columns.values():
            values.clear()
        received.clear()
        rows.clear()
        faults.clear()
        return made

    for number, line in lines:
        try:
            item = _decoder.decode(line)
            text = line.decode("utf-8")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            faults.append(RowFault(place, number, "not_json", line[:10_000].decode("utf-8", "replace")))
            item = None
        else:
            if not isinstance(item, dict):
                faults.append(RowFault(place, number, "not_an_object", text[:10_000]))
                item = None
        if item is not None:
            for name, path in paths.items():
                columns[name].append(as_text(reach_in(item, path)))
            received.append(text)
            rows.append(number)
        if len(rows) + len(faults) >= CHUNK:
            yield chunk()
    if rows or faults:
        yield chunk()


def reach_in(item: Any, path: Sequence[str]) -> Any:
    """Return what stands at ``path`` inside nested mappings and lists, None when nothing does."""
    for step in path:
        if isinstance(item, dict):
            item = item.get(step)
        elif isinstance(item, list) and step.isdigit() and int(step) < len(item):
            item = item[int(step)]
        else:
            return None
    return item


def as_text(value: Any) -> str | None:
    """Return a JSON value as the text of a cell."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return _encoder.encode(value).decode()
    return str(value)


def seen(name: str, items: Sequence[dict[str, Any]]) -> Discovered:
    """Tell what paths the ``items`` hold."""
    paths: dict[str, None] = {}

    def walk(item: dict[str, Any], before: str) -> None:
        for key, value in item.items():
            if isinstance(value, dict) and value:
                walk(value, f"{before}{key}.")
            else:
                paths[f"{before}{key}"] = None

    for item in items:
        walk(item, "")
    sample = tuple(tuple(as_text(reach_in(item, path.split("."))) for path in paths) for item in items[:20])
    return Discovered(name, tuple(paths), sample)
