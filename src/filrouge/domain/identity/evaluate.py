"""How good identity is on a labelled file: no configuration, nothing written, the same code as for live data."""

from __future__ import annotations

import csv
import hashlib
import io
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from filrouge.base.errors import UsageError
from filrouge.domain.identity.byhand import ModelSpec
from filrouge.domain.identity.meaning import Meaning, guess
from filrouge.domain.identity.normalise import LONGEST
from filrouge.domain.identity.resolve import resolve
from filrouge.domain.identity.spec import IdentitySpec
from filrouge.domain.sources.meaning import Held

Ints = npt.NDArray[np.int64]
MOST_EXTRAS = 5  # columns compared as they are, besides those that mean something; the first
_THEN = datetime(2000, 1, 1, tzinfo=UTC)  # ids are made and thrown away: their time does not matter


def evaluate(path: Path, truth: str, id: str | None = None, link_path: Path | None = None, *, seed: int = 7, spec: IdentitySpec | None = None, model: ModelSpec | None = None, tell: Callable[[str], None] | None = None) -> dict[str, Any]:  # fmt: skip
    """Resolve the people of ``path`` (CSV or Parquet; with ``link_path``, of both) and compare with column ``truth``.

    Returns records, pairwise and b_cubed {precision, recall, f1}, exact_clusters, clusters, true_clusters,
        largest_cluster,
    largest_true, seconds, peak_mb, columns (what was guessed) and model. Raises UsageError
        when the file cannot be used. ``model`` is used as it is; left out, the file teaches one.
    """
    started = time.perf_counter()
    frames = [read(path)] + ([read(link_path)] if link_path else [])
    for frame in frames:
        if truth not in frame.columns:
            raise UsageError(
                "There is no column {truth} in this file.",
                hint="Its columns: {columns}.",
                truth=truth,
                columns=", ".join(frame.columns),
            )
        if not frame.height:
            raise UsageError("This file holds no row.", hint="It has a header line alone: give one with people.")
    frame = pl.concat(frames, how="diagonal") if link_path else frames[0]
    if frame.get_column(truth).null_count() == frame.height:
        raise UsageError(
            "Column {truth} says nothing of who anybody is: it is empty.",
            hint="Give the column of the truth.",
            truth=truth,
        )
    files = np.repeat(np.arange(len(frames)), [f.height for f in frames])
    meaning = guess(holdings(frame), never={truth} | ({id} if id else set()))
    if not set(meaning.columns) & {
        "given_name",
        "family_name",
        "full_name",
        "email",
        "phone",
        "birth_date",
        "loyalty_id",
    }:
        raise UsageError(
            "No column of this file tells who somebody is.",
            hint="Names, e-mail, phone or birth date are needed, in columns that are not empty; found: {columns}.",
            columns=", ".join(frame.columns),
        )
    meaning = meaning.within(MOST_EXTRAS)
    if tell:
        tell(", ".join(f"{k}: {'+'.join(v)}" for k, v in sorted(meaning.columns.items())))
    records, keys = as_records(frame, meaning, files)
    used = (spec or IdentitySpec()).model_copy(update={"extras": meaning.extras})
    fixed = model.model(meaning.extras) if model else None
    if model and fixed:
        used = model.rules(used, fixed)
    resolution = resolve(None, records, at=_THEN, seed=seed, spec=used, model=fixed)
    mine = dict(
        zip(
            resolution.assignment.column("record_key").to_pylist(),
            resolution.assignment.column("person").to_pylist(),
            strict=True,
        )
    )
    labels = frame.get_column(truth).cast(pl.String)
    known = labels.is_not_null().to_numpy()
    measured = compare(np.array([mine[k] for k in keys.tolist()], dtype=object)[known], labels.to_numpy()[known])
    return {
        "records": frame.height,
        **measured,
        "reviews": resolution.counts["reviews"],
        "seconds": round(time.perf_counter() - started, 2),
        "peak_mb": peak_mb(),
        "columns": {k: list(v) for k, v in meaning.columns.items()}
        | {"compared_as_they_are": list(meaning.extras), "ignored": list(meaning.ignored)},
        "model": {
            "version": resolution.model["version"],
            "healthy": resolution.model["healthy"],
            "prior": resolution.model["prior"],
            "notes": resolution.model["notes"],
        },
    }


def peak_mb() -> int:
    """Return the most memory that this process and its children held, in MB."""
    return sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024


def read(path: Path) -> pl.DataFrame:
    """Return the table in ``path``, every value as text. Raises UsageError when it cannot be read."""
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pl.read_parquet(path)
            return _cut(
                frame.select(
                    pl.col(c).cast(pl.String, strict=False) for c, t in frame.schema.items() if not t.is_nested()
                )
            )
        raw = path.read_bytes()
    except (OSError, pl.exceptions.PolarsError):
        raise UsageError(
            "The file {name} cannot be read.", hint="Give a CSV or Parquet file.", name=path.name
        ) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    head = text.split("\n", 1)[0].rstrip("\r")
    try:
        separator = max(",;\t|", key=lambda mark: len(next(csv.reader([head], delimiter=mark), [])))
        names = next(csv.reader([head], delimiter=separator), [])
        _once(names)
        return _cut(
            pl.read_csv(io.BytesIO(text.encode()), separator=separator, infer_schema=False, truncate_ragged_lines=True)
        )
    except (pl.exceptions.PolarsError, csv.Error):
        raise UsageError(
            "The file {name} is not a CSV with a header line.", hint="Check its first lines.", name=path.name
        ) from None


def _once(names: list[str]) -> None:
    """Raise UsageError when two columns bear one name: which of them is meant would be a guess."""
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise UsageError(
            "Several columns of this file are called {name}.", hint="Give each column a name of its own.", name=twice[0]
        )


def _cut(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table with the beginning of cells that are no value of anybody's: a whole file pasted into one."""
    return frame.with_columns(pl.all().str.head(LONGEST))


def holdings(frame: pl.DataFrame) -> list[Held]:
    """Return what each column holds; the sample is of distinct values in their order, so that rows' order does not matter."""
    found = []
    for name in frame.columns:
        values = frame.get_column(name).str.strip_chars()
        values = values.filter(values != "")
        distinct = values.unique().sort()
        step = max(distinct.len() // 300, 1)
        found.append(
            Held(
                name,
                values.len() / max(frame.height, 1),
                distinct.len(),
                frame.height,
                tuple(distinct.gather_every(step).to_list()),
            )
        )
    return found


def as_records(frame: pl.DataFrame, meaning: Meaning, files: Ints) -> tuple[pa.Table, Ints]:
    """Return the rows as person records, and their keys in the order of the rows; a key is a hash of content alone."""
    columns = {
        target: frame.select(
            pl.concat_str([pl.col(n).fill_null("") for n in names], separator=" ").str.strip_chars().replace("", None)
        ).to_series()
        for target, names in meaning.columns.items()
    }
    if "birth_date" in columns:
        columns["birth_date"] = iso(columns["birth_date"])
    columns |= {name: frame.get_column(name) for name in meaning.extras}
    if "source" not in columns:
        columns["source"] = pl.Series([f"file{n}" for n in files])
    order = sorted(columns)
    seen: dict[str, int] = {}
    keys = np.empty(frame.height, dtype=np.int64)
    for index, row in enumerate(zip(*(columns[c].to_list() for c in order), strict=True)):
        content = "\x1f".join("" if v is None else v for v in row)
        seen[content] = seen.get(content, 0) + 1
        keys[index] = (
            int.from_bytes(hashlib.blake2b(f"{content}\x1e{seen[content]}".encode(), digest_size=8).digest(), "big")
            >> 4
        )
    table = pa.table(
        {"record_key": pa.array(keys, pa.int64()), **{c: columns[c].to_arrow().cast(pa.string()) for c in order}}
    )
    return table, keys


def iso(dates: pl.Series) -> pl.Series:
    """Return dates as yyyy-mm-dd whatever the order of their parts; day and month are told apart by the values themselves."""
    text = dates.str.strip_chars()
    first = text.str.extract(r"^(\d{1,2})[-/. ]\d{1,2}[-/. ]\d{4}", 1).cast(pl.Int32)
    second = text.str.extract(r"^\d{1,2}[-/. ](\d{1,2})[-/. ]\d{4}", 1).cast(pl.Int32)
    month_first = (second > 12).sum() > (first > 12).sum()
    frame = pl.DataFrame({"t": text})
    small = [pl.col("t").str.extract(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", n).str.zfill(2) for n in (1, 2)]
    day, month = (small[1], small[0]) if month_first else (small[0], small[1])
    year = pl.col("t").str.extract(r"^\d{1,2}[-/. ]\d{1,2}[-/. ](\d{4})", 1)
    whole = (
        pl.col("t")
        .str.replace(r"^(\d{4})(\d{2})(\d{2})$", "$1-$2-$3")
        .str.replace(r"^(\d{4})[/. ](\d{1,2})[/. ](\d{1,2}).*$", "$1-$2-$3")
    )
    return frame.select(pl.coalesce(pl.concat_str([year, pl.lit("-"), month, pl.lit("-"), day]), whole)).to_series()


def compare(found: npt.NDArray[np.object_], true: npt.NDArray[np.object_]) -> dict[str, Any]:
    """Return pairwise and B-cubed precision, recall and F1 of clusters ``found`` against ``true``, and cluster counts."""
    _, a = np.unique(found.astype(str), return_inverse=True)
    _, b = np.unique(true.astype(str), return_inverse=True)
    size_a, size_b = np.bincount(a), np.bincount(b)
    cells, overlap = np.unique(np.stack([a, b]), axis=1, return_counts=True)
    both = float(np.sum(overlap * (overlap - 1) / 2))
    pairs_a, pairs_b = (float(np.sum(s * (s - 1) / 2)) for s in (size_a, size_b))
    precision = float(np.sum(overlap * overlap / size_a[cells[0]]) / max(a.size, 1))
    recall = float(np.sum(overlap * overlap / size_b[cells[1]]) / max(a.size, 1))
    exact = int(np.sum((overlap == size_a[cells[0]]) & (overlap == size_b[cells[1]])))
    return {
        "pairwise": _scores(both / pairs_a if pairs_a else 1.0, both / pairs_b if pairs_b else 1.0),
        "b_cubed": _scores(precision, recall),
        "exact_clusters": exact,
        "clusters": int(size_a.size),
        "true_clusters": int(size_b.size),
        "largest_cluster": int(size_a.max(initial=0)),
        "largest_true": int(size_b.max(initial=0)),
    }


def _scores(precision: float, recall: float) -> dict[str, float]:
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}
