"""Functions that every engine knows by one name, where Ibis has none or a slower one; DuckDB is told some as macros."""

from __future__ import annotations

from datetime import datetime

import ibis


@ibis.udf.scalar.builtin(name="get_json_object", signature=(("string", "string"), "string"))  # type: ignore[untyped-decorator]
def at_path(text: str, path: str) -> str:  # type: ignore[empty-body]
    """The text at a path of a JSON text; null where there is none, or no JSON."""


@ibis.udf.scalar.builtin(name="unix_micros", signature=(("timestamp('UTC')",), "int64"))  # type: ignore[untyped-decorator]
def micros(moment: datetime) -> int:  # type: ignore[empty-body]
    """The microseconds since 1970: whole numbers are compared and added without a calendar."""


@ibis.udf.agg.builtin(name="min_by", signature=(("string", "int64"), "string"))  # type: ignore[untyped-decorator]
def of_least(value: str, rank: int) -> str:  # type: ignore[empty-body]
    """The value of the least rank; Ibis would sort each group."""


@ibis.udf.scalar.builtin(name="bit_count", signature=(("int64",), "int64"))  # type: ignore[untyped-decorator]
def bits(number: int) -> int:  # type: ignore[empty-body]
    """How many bits of a number are set."""


@ibis.udf.agg.builtin(name="bit_or", signature=(("int64",), "int64"))  # type: ignore[untyped-decorator]
def any_bits(numbers: int) -> int:  # type: ignore[empty-body]
    """The bits that are set in any of the numbers; Ibis has no word of it for Spark."""
