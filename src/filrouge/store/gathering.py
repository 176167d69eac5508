"""The lake laid out for ``domain.profiles.gather``: a view per canonical table, and the macros that its SQL uses."""

from __future__ import annotations

from collections.abc import Sequence

from filrouge.domain.profiles import gather
from filrouge.engines import Engine, quoted
from filrouge.store.lake import Lake
from filrouge.store.models import Run, Source
from filrouge.store.views import current_sql
from filrouge.tables import TABLES

_APART = frozenset({"source_records", "rejects", "links"})


def lay_out(engine: Engine, lake: Lake, *, hidden: Sequence[str]) -> None:
    """Lay the tables of facts, ``links_now`` (decisions in force) and the macros on ``engine``."""
    raw = engine.con.con
    for name in TABLES:
        if name not in _APART:
            raw.execute(f'CREATE OR REPLACE VIEW "{name}" AS {current_sql(lake, name, hidden=hidden)}')
    links = current_sql(lake, "links", hidden=hidden)
    raw.execute(f"CREATE OR REPLACE VIEW links_now AS SELECT * FROM ({links}) WHERE undone_at IS NULL")
    for macro in gather.MACROS:
        raw.execute(macro)
    systems = dict(Source.objects.values_list("name", "system")) or {"": ""}
    pairs = ", ".join(f"{quoted(name)}: {quoted(system)}" for name, system in systems.items())
    raw.execute(f"CREATE OR REPLACE MACRO source_group(s) AS MAP {{{pairs}}}[s]")


def hidden() -> list[str]:
    """Return the runs whose rows are not to be shown yet."""
    return [str(key) for key in Run.objects.filter(state=Run.State.STAGED).values_list("id", flat=True)]
