"""Reach: connectors to the systems that Filrouge reads. They speak to disks and networks; the domain does not."""

from __future__ import annotations

from filrouge.base import plugins
from filrouge.base.errors import DefinitionError, UsageError
from filrouge.base.spec import Spec
from filrouge.connect.base import Chunk, Connector, Discovered, Lacking, Lookup, Reach, RowFault
from filrouge.domain.sources import SourceSpec

__all__ = [
    "Chunk", "Connector", "Discovered", "Lacking", "Lookup", "Reach", "RowFault", "connector", "keeps_cursor", "lookup",
    "suits",
]  # fmt: skip

GROUP = "filrouge.connectors"


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
    if (brought := plugins.load(GROUP, kind)) is not None:
        made: Connector = brought()
        return made
    raise UsageError(
        "No connector reads sources of kind {kind}.",
        hint="Use one of {known}, or install the package that brings it.",
        kind=kind,
        known=", ".join(sorted({*built_in, *plugins.names(GROUP)})),
    )


def suits(spec: SourceSpec) -> None:
    """Make sure that a connector reads the definition.

    Raises UsageError when none reads its kind, DefinitionError when its options are not those of the connector.
    """
    options: type[Spec] = getattr(connector(spec.kind), "Options", Spec)
    try:
        options.parse(spec.options)
    except DefinitionError as error:
        raise DefinitionError(
            "The definition {what} holds faults: {count}.",
            faults=[f"options.{fault}" for fault in error.faults],
            hint="Mend the lines named below and try again.", what=spec.source, count=len(error.faults),
        ) from None  # fmt: skip


def keeps_cursor(spec: SourceSpec) -> bool:
    """Tell whether the place of ``spec`` is asked only for what comes after the last value of the cursor."""
    kept = getattr(connector(spec.kind), "keeps_cursor", False)
    return bool(kept(spec) if callable(kept) else kept)


def lookup(kind: str) -> Lookup:
    """Return what asks places of ``kind`` for the rows of one person. Raises UsageError when nothing does."""
    from filrouge.connect import rest, sql

    known: dict[str, Lookup] = {"rest": rest.REST(), "sql": sql.SQL()}
    if kind in known:
        return known[kind]
    raise UsageError("No source of kind {kind} can be asked for one person.", kind=kind)
