"""After a restore: whoever was erased since the backup was made is erased again, and kept out as before."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from filrouge.base import settings
from filrouge.engines import Engine, open_engine
from filrouge.store.live import Live
from filrouge.store.models import Erasure
from filrouge.tables import TABLES
from filrouge.work import audit, runs, suppressions
from filrouge.work.erasures import reach as reaching
from filrouge.work.erasures.reach import Reach
from filrouge.work.erasures.verbs import carry_out

NOBODY = str(UUID(int=0))  # stands for the person while others of theirs stay: who remains is derived anew at the end


def again(entries: Sequence[suppressions.Entry], *, by: str) -> int:
    """Erase the records that ``entries`` of a journal speak of and a restore brought back; return of how many people.

    Everybody else named by them is kept out as before.
    """
    if not entries:
        return 0
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        reaches = [_reach(engine, person, own) for person, own in _back(engine, entries).items()]
        planned = [{**reach.plain(), "counts": reaching.counted(engine, reach), "suppressed": 0} for reach in reaches]
    finally:
        engine.close()
    with transaction.atomic():
        suppressions.keep(entries)
        rows = [
            Erasure.objects.create(
                subject="" if reach.people == (NOBODY,) else audit.person_word(reach.people[0]), person="", by=by,
                reason="restore", plan=plan, entities=list(reach.entities),
            )
            for reach, plan in zip(reaches, planned, strict=True)
        ]  # fmt: skip
    for row in rows:
        carry_out(str(row.id))
    if any(reach.people == (NOBODY,) for reach in reaches):
        from filrouge.work import identity

        identity.resolve(by=by, full=True)
        for name in TABLES:
            runs.lake().vacuum(name, everything=True)
    return len(rows)


def _back(engine: Engine, entries: Sequence[suppressions.Entry]) -> dict[str, list[int]]:
    """Return the records that should not be there, by the person they are of now; of nobody yet: under no name."""
    barred: dict[str, set[str]] = {}
    for entry in entries:
        if entry.kind == "record":
            barred.setdefault(entry.digest, set()).add(entry.entity)
    view, own = reaching.every(engine, "person_records"), suppressions.pepper()
    known = engine.con.con.execute(f"SELECT DISTINCT record_key, entity FROM {view} ORDER BY 1").fetchall()
    back = [
        key for key, entity in known
        if {"", entity} & barred.get(suppressions.digest("record", str(key), own), set())
    ]  # fmt: skip
    whose = _whose(engine, back)
    found: dict[str, list[int]] = {}
    for key in back:
        found.setdefault(whose.get(key, ""), []).append(key)
    return found


def _reach(engine: Engine, person: str, own: Sequence[int]) -> Reach:
    """Return the reach of the records ``own``: of the whole person when they have no other."""
    people = tuple(Live().aliases(person)) if person else ()
    whole = bool(people) and set(reaching.records(engine, people)) <= set(own)
    reach, _ = reaching.filled(engine, Reach(people if whole else (NOBODY,), tuple(own), tuple(own)))
    return reach


def _whose(engine: Engine, keys: Sequence[int]) -> dict[int, str]:
    view = reaching.every(engine, "links")
    rows = engine.con.con.execute(
        f"""SELECT record_key, person FROM {view} WHERE undone_at IS NULL AND record_key IN (SELECT unnest(?))
        QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1""",
        [list(keys)],
    ).fetchall()
    return dict(rows)
