"""Reach: connectors to the systems that Filrouge reads. They speak to disks and networks; the domain does not."""

from __future__ import annotations

from importlib.metadata import entry_points

from filrouge.base.errors import UsageError
from filrouge.connect.base import Chunk, Connector, Discovered, Lookup, Reach, RowFault

__all__ = ["Chunk", "Connector", "Discovered", "Lookup", "Reach", "RowFault", "connector", "lookup"]


def connector(kind: str) -> Connector:
    """Return the connector of ``kind``: built in, or a package's ``filrouge.connectors`` entry point.

    Raises UsageError when none does.
    """
    from filrouge.connect import csv, excel, ndjson, rest, sql

    built_in: dict[str, Connector] = {
        "csv": csv.CSV(),
        "excel": excel.Excel(),
        "ndjson": ndjson.NDJSON(),
        "rest": rest.REST(),
        "sql": sql.SQL(),
    }
    if kind in built_in:
        return built_in[kind]
    for entry in entry_points(group="filrouge.connectors"):
        if entry.name == kind:
            made: Connector = entry.load()()
            return made
    raise UsageError(
        "No connector reads sources of kind {kind}.",
        hint="Use one of {known}, or install the package that brings it.",
        kind=kind,
        known=", ".join(sorted(built_in)),
    )


def lookup(kind: str) -> Lookup:
    """Return what asks places of ``kind`` for the rows of one person. Raises UsageError when nothing does."""
    from filrouge.connect import rest, sql

    known: dict[str, Lookup] = {"rest": rest.REST(), "sql": sql.SQL()}
    if kind in known:
        return known[kind]
    raise UsageError("No source of kind {kind} can be asked for one person.", kind=kind)
