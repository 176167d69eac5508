"""Where segments are computed: an engine with the lake laid out, and the segments that others name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from filrouge.base import clock, settings
from filrouge.base.ids import uuid7
from filrouge.domain import segments
from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.domain.segments.spec import InList
from filrouge.engines import open_engine
from filrouge.store import members, segmenting
from filrouge.store.live import Live
from filrouge.store.models import Segment
from filrouge.store.queries import segments as found
from filrouge.store.views import current
from filrouge.work import runs, sql

SCRATCH = "scratch"


@dataclasses.dataclass(frozen=True)
class Scope:
    """On whose behalf people are counted: the entity, the brand (none: all of it), the purpose and the channel."""

    entity: str
    brand: str = ""
    purpose: str = "marketing"
    channel: str = ""

    @classmethod
    def of(cls, row: Segment) -> Scope:
        return cls(row.entity, row.brand, row.purpose, row.channel)

    @property
    def looks(self) -> tuple[str, str, str]:
        """What decides at whose data it looks: the entity, the brand and the purpose."""
        return self.entity, self.brand, self.purpose


class Desk:
    """An engine for some questions asked at one moment; to be closed."""

    def __init__(
        self, *, at: datetime | None = None, as_of: datetime | None = None, people: Sequence[str] | None = None
    ) -> None:
        """Lay the lake out for everybody, or where only ``people`` (ids) are asked about, for them alone."""
        self.at = at or as_of or clock.now()
        self.engine = open_engine(settings.get().engine, scratch=settings.get().home / SCRATCH)
        self.hidden = runs.hidden()
        self.as_of = as_of
        self.laid = segmenting.lay(
            self.engine, runs.lake(), hidden=self.hidden, copies=sql.copies(), as_of=as_of, people=people
        )
        self.built: dict[str, ir.Table] = {}  # segments computed already, by name
        self._narrowed: dict[tuple[str, str, str], segments.Laid] = {}
        self._shared: dict[tuple[str, str, str], segments.Shared] = {}

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.engine.close()

    def read(self, name: str) -> ir.Table:
        """Return a table of the lake."""
        return current(self.engine, runs.lake(), name, hidden=self.hidden, as_of=self.as_of)

    def for_(self, scope: Scope) -> segments.Laid:
        """Return the lake narrowed to what a scope may look at."""
        if scope.looks not in self._narrowed:
            self._narrowed[scope.looks] = self.narrowed(found.sight_of(*scope.looks, at=self.at))
        return self._narrowed[scope.looks]

    def share(self, asked: Sequence[tuple[segments.Spec, Scope]], folder: Path) -> None:
        """Compute once what several segments ask alike, and lay it down in ``folder``."""
        together: dict[tuple[str, str, str], list[segments.Spec]] = {}
        for spec, scope in asked:
            together.setdefault(scope.looks, []).append(spec)
        for number, (looks, specs) in enumerate(together.items()):
            if len(specs) > 1:
                self._shared[looks] = segments.share(
                    specs, self.for_(Scope(*looks)), self.engine, segments.Asked(self.at, *looks[:2]),
                    partial(self._laid_down, folder, f"shared_{number}"),
                )  # fmt: skip

    def _laid_down(self, folder: Path, name: str, table: ir.Table) -> ir.Table:
        file = folder / f"{name}-{uuid7()}.parquet"
        self.engine.write(table, str(file))
        return self.engine.read(name, [str(file)], table.schema().to_pyarrow())

    def narrowed(self, sees: Perimeter) -> segments.Laid:
        """Return the lake narrowed to what a perimeter opens."""
        return dataclasses.replace(self.laid, pairs=segmenting.pairs_of(sees), cached={})

    def people(self, spec: segments.Spec, scope: Scope) -> ir.Table:
        """Return (person) of those who are in ``spec`` on behalf of ``scope``."""
        shared = self._shared.get(scope.looks, segments.Shared())
        asked = segments.Asked(self.at, scope.entity, scope.brand, self._others(spec), self.leads(spec), shared)
        return segments.compile(spec, self.for_(scope), self.engine, asked)

    def segment(self, row: Segment) -> ir.Table:
        """Return (person) of those who are in a segment now; of a frozen one that was built, as it was built."""
        if row.name not in self.built:
            frozen = row.kind == Segment.Kind.FROZEN and row.built_at is not None
            self.built[row.name] = self.members(row.name) if frozen else self.people(found.spec_of(row), Scope.of(row))
        return self.built[row.name]

    def members(self, name: str) -> ir.Table:
        """Return (person) of those who are in a segment by its last build, and by what became of people since."""
        held = self.read("memberships")
        inside = held.filter((held.segment == name) & held.left_at.isnull()).select(id=held.person)
        people = self.read("people")
        moved = people.filter(people.merged_into.notnull()).select(id=people.person_id, to=people.merged_into)
        led = inside.left_join(moved, "id")
        built = self.laid.ids.semi_join(led.select(id=ibis.coalesce(led.to, led.id)), "id").select("person")
        since = members.moved(Live(), name) if self.as_of is None else {}
        if not since:
            return built
        came, went = (self._people([one for one, (now, _) in since.items() if now is side]) for side in (True, False))
        return built.anti_join(went, "person").union(came).distinct()

    def _people(self, people: Sequence[str]) -> ir.Table:
        """Return (person) of those of ``people`` (ids) of whom there is a record."""
        return self.ids_of(people).select("person")

    def ids_of(self, people: Sequence[str]) -> ir.Table:
        """Return (person, id) of those of ``people`` (ids) of whom there is a record."""
        named = self.engine.load("some", pa.table({"id": pa.array(people, pa.string())}))
        return self.laid.ids.semi_join(named, "id")

    def leads(self, spec: segments.Spec) -> Mapping[str, str]:
        """Return where the ids that a segment lists lead today."""
        listed = {one for _, rule in spec.walk() if isinstance(rule, InList) for one in rule.people}
        return segmenting.leads_of(self.read("people"), listed) if listed else {}

    def _others(self, spec: segments.Spec) -> dict[str, ir.Table]:
        rows = Segment.objects.filter(name__in=spec.segments)
        return {row.name: self.segment(row) for row in rows}

    def count(self, table: ir.Table) -> int:
        """Return how many rows ``table`` has."""
        return int(table.count().to_pyarrow().as_py())

    def rows(self, table: ir.Table) -> list[dict[str, Any]]:
        """Return the rows of a small ``table``."""
        told: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
        return told
