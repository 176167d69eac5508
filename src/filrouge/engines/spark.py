"""Spark, in this process (``spark://local``) or on a cluster (``spark://host:port``)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from filrouge.base import settings
from filrouge.base.errors import UsageError
from filrouge.engines.base import empty


@ibis.udf.scalar.builtin(name="conv", signature=(("string", "int64", "int64"), "string"))  # type: ignore[untyped-decorator]
def _conv(digits: str, given: int, wanted: int) -> str:  # type: ignore[empty-body]
    """Spark's own."""


@ibis.udf.scalar.builtin(name="to_utc_timestamp", signature=(("timestamp", "string"), "timestamp('UTC')"))  # type: ignore[untyped-decorator]
def _to_utc(local: object, zone: str) -> object:
    """Spark's own."""


class SparkEngine:
    """A Spark session behind Ibis, its clock set to UTC."""

    abilities: frozenset[str] = frozenset()

    def __init__(self, url: str, *, scratch: Path | None = None) -> None:
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise UsageError("Spark is not installed.", hint="Install filrouge[spark] and a Java runtime.") from None
        settings.suggest(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
        master = "local[2]" if url in ("spark://local", "spark:local") else url
        builder = (
            SparkSession.builder.master(master)
            .appName("filrouge")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "4")
            .config("spark.sql.ansi.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
        )
        if scratch is not None:
            scratch.mkdir(parents=True, exist_ok=True)
            builder = builder.config("spark.local.dir", str(scratch)).config(
                "spark.sql.warehouse.dir", str(scratch / "warehouse")
            )
        self._session = builder.getOrCreate()
        self._session.sparkContext.setLogLevel("ERROR")
        self._con = ibis.pyspark.connect(self._session)
        self._loaded = 0

    @property
    def con(self) -> Any:
        return self._con

    def read(self, name: str, files: Sequence[str], schema: pa.Schema) -> ir.Table:
        if not files:
            return self.load(name, empty(schema))
        frame = self._session.read.option("mergeSchema", "true").parquet(*files)
        return self._named(name, frame)

    def load(self, name: str, data: pa.Table) -> ir.Table:
        return self._named(name, self._session.createDataFrame(data))

    def _named(self, name: str, frame: Any) -> ir.Table:
        self._loaded += 1
        alias = f"{name}_{self._loaded}".replace("-", "_")
        frame.createOrReplaceTempView(alias)
        return self._con.table(alias)

    def key64(self, text: ir.StringValue) -> ir.IntegerValue:
        return _conv(text.hexdigest("sha256").substr(0, 15), 16, 10).cast("int64")

    def to_utc(self, local: ir.TimestampValue, zone: str) -> ir.TimestampValue:
        return _to_utc(local, zone)

    def write(self, expr: ir.Table, path: str, *, largest: int = 0, group: int = 0) -> int:
        import pyarrow.parquet as pq

        # Spark's own road to Arrow: Ibis goes through pandas, where whole numbers beside nulls lose their last digits.
        rows = self._session.sql(self._con.compile(expr)).toArrow()
        pq.write_table(rows, path, compression="zstd", row_group_size=group or None)
        return int(rows.num_rows)

    def close(self) -> None:
        """The session is shared in the process: it ends with it."""
