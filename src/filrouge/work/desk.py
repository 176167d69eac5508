"""What ``filrouge.open()`` returns: tables, SQL and people in Python, as one caller may read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
from ibis.expr import types as ir


class Segment:
    """A segment as a notebook reads it: who was in it at its last build, or is in it now if it was never built."""

    def __init__(self, caller: Any, name: str) -> None:
        self._caller = caller
        self.name = name

    def to_arrow(self) -> pa.Table:
        """Return (person, entered_at), by id."""
        from filrouge.work import segments

        return segments.members(self._caller, self.name)

    def to_polars(self) -> Any:
        """Return (person, entered_at) as a Polars data frame."""
        import polars

        return polars.from_arrow(self.to_arrow())

    def count(self) -> int:
        """Return how many people are in it now."""
        from filrouge.work import segments

        return segments.count(self._caller, self.name, sample=0).people


class Filrouge:
    """This installation, for Python and notebooks. Reads leave their audit line; only a score is written."""

    def __init__(self, key: str | None = None) -> None:
        from filrouge.work import access, installation

        installation.ready()
        self._caller = access.caller_of_key(key) if key else access.OWNER

    def sql(self, query: str, *, as_of: datetime | None = None) -> pa.Table:
        """Return the rows of one SELECT over what the caller may read."""
        from filrouge.work import sql

        return sql.run(self._caller, query, as_of=as_of)

    def table(self, name: str, *, as_of: datetime | None = None) -> ir.Table:
        """Return a table as an Ibis table in memory, its rows and columns narrowed to what the caller may read."""
        import ibis

        from filrouge.base.errors import NotFound
        from filrouge.tables import TABLES

        if name not in TABLES:
            raise NotFound(
                "There is no table called {name}.", hint="There are: {known}.", name=name, known=", ".join(TABLES)
            )
        return ibis.memtable(self.sql(f'SELECT * FROM "{name}"', as_of=as_of), name=name)

    def segment(self, name: str) -> Segment:
        """Return the segment called ``name``, as far as the caller sees people. Raises NotFound, Refused."""
        from filrouge.store.queries import segments

        segments.segment(name, self._caller)
        return Segment(self._caller, name)

    def publish_score(
        self, name: str, values: Any = None, *, entity: str, title: dict[str, str], outcome: Any = None,
        within: int = 30, earlier: Any = None, as_of: datetime | None = None, **more: Any,
    ) -> Any:  # fmt: skip
        """Publish a score of one's own and return it, a candidate with its report card (``.card``).

        ``values``: a data frame with person, value (0 to 100) and perhaps reasons, as of ``as_of``; or a function of
        (sql, as_of) that returns one, so that it can be tried on a later time. ``outcome``: SQL with $since and $until,
        a function of (sql, since, until), or the ids of those to whom it happened. ``earlier``: the values as they
        were ``within`` days ago, where ``values`` is no function. The rest is as in the definition file.
        """
        from filrouge.work import own_scores

        said: dict[str, Any] = {"score": name, "entity": entity, "title": title, **more}
        if outcome is not None:
            said["outcome"] = {"within": within, **({"sql": outcome} if isinstance(outcome, str) else {})}
        handed = None if isinstance(outcome, str) else outcome
        return own_scores.publish(self._caller, said, own_scores.Given(values, as_of, earlier, handed))

    def person(self, person: str) -> dict[str, Any]:
        """Return everything that the caller may see of a person, with its sources."""
        from filrouge.work import access

        return access.person(self._caller, person, opening="python").view.plain()

    def find(self, text: str, *, limit: int = 20) -> list[Any]:
        """Return the people that ``text`` may mean."""
        from filrouge.base import clock
        from filrouge.store.queries import people

        return people.search(text, self._caller, limit=limit, at=clock.now())
