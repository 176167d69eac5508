"""Parquet files as rows of text: for looking at what one holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from filrouge.base.errors import SourceError
from filrouge.connect.base import CHUNK, Chunk
from filrouge.connect.paths import told

ENDINGS = frozenset({".parquet", ".pq"})


def rows(path: Path) -> Iterator[Chunk]:
    """Yield the rows of ``path``, every value as text. Raises SourceError when it is no Parquet file."""
    with told(path):
        try:
            opened = pq.ParquetFile(path)
            for batch in opened.iter_batches(CHUNK):
                columns = [_texts(column) for column in batch.columns]
                yield Chunk(pa.table(columns, names=batch.schema.names))
            if not opened.metadata.num_rows:
                names = opened.schema_arrow.names
                yield Chunk(pa.table([pa.array([], pa.string()) for _ in names], names=names))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise SourceError(
                "The file {name} cannot be opened as Parquet.", hint="Check that it is whole.", name=path.name
            ) from None


def _texts(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        values = column.to_pylist()
        told = (None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in values)
        return pa.array(told, pa.string())
