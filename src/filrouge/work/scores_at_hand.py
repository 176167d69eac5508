"""The current scores of each person where a page finds them within a millisecond: a live copy of the lake's table."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from filrouge.base import clock, settings
from filrouge.base.ids import uuid7
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import open_engine, parquet, quoted
from filrouge.store.lake import arrow_schema
from filrouge.store.live import Live, number, pack
from filrouge.store.queries import scores
from filrouge.store.queries.scores import Score
from filrouge.work import consents, locks, runs

BULK = 5_000  # people a transaction
AT_ONCE = 400_000  # scores gathered at once


def fill(*, progress: runs.Progress = runs.silent) -> int:
    """Lay the current scores where a page finds them within a millisecond; return of how many people."""
    live = Live()
    if not live.ready():
        return 0
    with locks.held("live"):  # nobody builds the other copies anew meanwhile
        done, began = 0, clock.now()
        live.create("_next", only=("scores",))
        for batch in documents():
            with live.writing():
                live.insert("scores_next", batch, columns=2)
            done += len(batch)
            progress("pages", done, None)
        live.put_in_place(only=("scores",))
        live.set_meta("scores_at", began.isoformat())
    return done


def documents() -> Iterator[list[tuple[int, bytes]]]:
    """Yield batches of (number, packed scores) by person."""
    scratch = settings.get().home / "scratch"
    engine, folder = open_engine(scratch=scratch), scratch / f"at-hand-{uuid7()}"
    try:
        table = engine.read("scores", runs.lake().files("scores"), arrow_schema("scores"))
        engine.con.create_view("scores_now", table.filter(table.superseded_at.isnull()), overwrite=True)
        told = """json_object('entity', entity, 'brand', brand, 'score', score, 'value', value, 'band', band,
            'trend', trend, 'reasons', CAST(reasons AS JSON), 'model', model, 'uses', uses, 'as_of', as_of,
            'stale_since', stale_since)"""
        raw = engine.con.con
        parts = 1 + raw.execute("SELECT count(*) FROM scores_now").fetchall()[0][0] // AT_ONCE
        # the text of everybody's scores does not fit in memory at once: they are dealt out, then told part by part
        raw.execute(f"""COPY (SELECT *, hash(person) % {parts} AS part FROM scores_now)
            TO {quoted(str(folder))} (FORMAT parquet, PARTITION_BY (part))""")
        for part in sorted(folder.iterdir()):
            sql = f"""SELECT person, '[' || string_agg({told}, ',' ORDER BY entity, score) || ']' AS body
                FROM {parquet([str(file) for file in sorted(part.iterdir())])} GROUP BY person"""
            for some in raw.execute(sql).to_arrow_reader(BULK):
                people, bodies = some.column(0).to_pylist(), some.column(1).to_pylist()
                yield [(number(who), pack(body)) for who, body in zip(people, bodies, strict=True)]
    finally:
        engine.close()
        shutil.rmtree(folder, ignore_errors=True)


def shown(asking: Caller, person: str) -> list[Score]:
    """Return the scores of a person that the caller may see and that may be used now.

    An objection is obeyed from the moment it is recorded, before the next run takes the scores away.
    """
    told = scores.of_person(person, asking)
    pairs = {(one.entity, brand) for one in told for brand in ("", *one.uses)}
    said = consents.answers(person, pairs, purpose="profiling", channels=("none",), at=clock.now())
    refused = {entity for (entity, _, _), answer in said.items() if not answer.allow}
    return [one for one in told if one.entity not in refused]
