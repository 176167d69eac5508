"""Where numbers are computed: DuckDB on this machine by default, Spark by address. The only importer of either."""

from __future__ import annotations

from pathlib import Path

from filrouge.base.errors import UsageError
from filrouge.engines.base import Engine, parquet, quoted

__all__ = ["Engine", "open_engine", "parquet", "quoted"]


def open_engine(url: str = "duckdb://", *, scratch: Path | None = None, memory: str = "") -> Engine:
    """Return a new engine for ``url``: ``duckdb://`` or ``spark://host:port`` (``spark://local``).

    ``scratch`` is where it may spill; ``memory`` (``400MB``) holds DuckDB to less than it takes by itself.
    One engine serves one thread.
    Raises UsageError when the address names no engine.
    """
    if url.startswith("duckdb:"):
        from filrouge.engines.duckdb import MEMORY, DuckDBEngine

        return DuckDBEngine(scratch=scratch, memory=memory or MEMORY)
    if url.startswith("spark:"):
        from filrouge.engines.spark import SparkEngine

        return SparkEngine(url, scratch=scratch)
    raise UsageError(
        "No engine answers to {url}.", hint="Set FILROUGE_ENGINE to duckdb:// or spark://host:port.", url=url
    )
