"""What the lake says of a bought company: whom it knows, whom others know too and by what, and what its people allowed.

That its consents open to nobody else is not taken for granted: each channel is asked as the buyer, with all that is
known and again without what came by the bought company; whoever is only allowed by the first is counted as a leak.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from filrouge.base import clock, settings
from filrouge.domain.privacy.may_i import STRICTNESS
from filrouge.domain.privacy.may_i_many import may_i_many
from filrouge.engines import Engine, open_engine, quoted
from filrouge.store.gathering import lay_out
from filrouge.store.live import Live
from filrouge.store.models import Acquisition, Brand, ConsentEvent, Review
from filrouge.work import runs

CHANNELS = ("email", "sms", "phone")  # those that ask for consent first
_SAID = pa.schema(
    [(name, pa.string()) for name in ("person", "entity", "brand", "purpose", "channel", "state")]
    + [("at", pa.timestamp("us", tz="UTC"))]
)
_RANK = "CASE state " + " ".join(f"WHEN '{state}' THEN {rank}" for state, rank in STRICTNESS.items()) + " ELSE 0 END"


def figures(row: Acquisition, *, at: datetime | None = None) -> dict[str, Any]:
    """Return the counts of one acquisition as plain data; nobody is named in them."""
    now = at or clock.now()
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        lay_out(engine, runs.lake(), hidden=runs.hidden())
        raw = engine.con.con
        _lay(engine, row)
        brands = raw.execute(
            "SELECT brand, count(DISTINCT person) FROM held WHERE mine GROUP BY 1 ORDER BY 1"
        ).fetchall()
        people = raw.execute("SELECT count(*) FROM bought").fetchall()[0][0]
        return {
            "people": people,
            "brands": dict(brands),
            "consents": _consents(engine, row),
            "asked": _asked(engine, row, now),
            "overlap": _overlap(engine),
            "reviews": _reviews(row),
        }
    finally:
        engine.close()


def _lay(engine: Engine, row: Acquisition) -> None:
    """Lay ``held`` (record, person, entity, brand, whether bought), ``bought`` (people) and ``said`` (consents)."""
    raw = engine.con.con
    brands = ", ".join(map(quoted, row.brands)) or "NULL"
    raw.execute(
        f"""CREATE TEMP TABLE held AS
        SELECT p.record_key, l.person, coalesce(p.entity, '') AS entity, coalesce(p.brand, '') AS brand,
            coalesce(p.entity = {quoted(row.entity)} AND p.brand IN ({brands}), false) AS mine
        FROM person_records p JOIN (
            SELECT record_key, person FROM links_now
            QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1
        ) l USING (record_key)"""
    )
    raw.execute("CREATE TEMP TABLE bought AS SELECT DISTINCT person FROM held WHERE mine")
    raw.register("said_here", _said_here(row))
    raw.execute(
        """CREATE TEMP TABLE said AS
        SELECT h.person, c.entity, c.brand, c.purpose, c.channel, c.state, c."at", h.mine FROM consents c
            JOIN held h ON h.record_key = c.person_key SEMI JOIN bought b ON b.person = h.person
        UNION ALL SELECT s.*, false FROM said_here s SEMI JOIN bought b ON b.person = s.person"""
    )


def _said_here(row: Acquisition) -> pa.Table:
    """Return what was recorded here of consents, for the bought company and for the buyer."""
    live = Live()
    led = dict(live.rows("SELECT old, new FROM redirects")) if live.ready() else {}
    rows = [
        {"person": led.get(act.person, act.person), "entity": act.entity, "brand": act.brand, "purpose": act.purpose,
         "channel": act.channel, "state": act.state, "at": act.at}
        for act in ConsentEvent.objects.filter(entity__in={row.entity, row.parent})
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=_SAID)


def _consents(engine: Engine, row: Acquisition) -> list[list[Any]]:
    """Return [channel, state, people] of marketing: what each said last to the company itself, ``none`` if nothing."""
    brands = ", ".join(map(quoted, row.brands)) or "NULL"
    found = engine.con.con.execute(
        f"""WITH last AS (
            SELECT person, channel, state FROM said
            WHERE entity = {quoted(row.entity)} AND (coalesce(brand, '') = '' OR brand IN ({brands}))
                AND purpose IN ('marketing', '*') AND state NOT IN ('restricted', 'released')
            QUALIFY row_number() OVER (PARTITION BY person, channel ORDER BY "at" DESC NULLS LAST, {_RANK} DESC) = 1)
        SELECT coalesce(nullif(channel, ''), '*'), state, count(*) FROM last GROUP BY 1, 2 ORDER BY 1, 2"""
    ).fetchall()
    return [list(line) for line in found]


def _asked(engine: Engine, row: Acquisition, now: datetime) -> list[dict[str, Any]]:
    """Return, by channel, how many the company may reach, how many the buyer, and how many of these by a leak."""
    whole, others = _standing(engine, row.parent, now, mine=True), _standing(engine, row.parent, now, mine=False)
    own = _standing(engine, row.entity, now, mine=True)
    said = engine.con.table("said").drop("mine")
    apart = _apart(engine, row)
    brands = ["", *Brand.objects.filter(entity__slug=row.parent).values_list("slug", flat=True)]
    found = []
    for channel in CHANNELS:
        reached = _allowed(own, said, row.entity, row.brands, channel, now)
        line: dict[str, Any] = {"channel": channel, "own": _count(reached)}
        if row.parent != row.entity:
            parent = _allowed(whole, said, row.parent, brands, channel, now)
            alone = _allowed(others, apart, row.parent, brands, channel, now)
            line |= {"parent": _count(parent), "leaks": _count(parent.anti_join(alone, "person"))}
        found.append(line)
    return found


def _apart(engine: Engine, row: Acquisition) -> ir.Table:
    """Return what was said to others than the bought company: not in its name, and not on one of its records."""
    said = engine.con.table("said")
    return said.filter(~said.mine & (said.entity != row.entity)).drop("mine")


def _allowed(
    people: ir.Table, said: ir.Table, entity: str, brands: Sequence[str], channel: str, now: datetime
) -> ir.Table:
    """Return whom ``entity`` may reach for marketing on behalf of one at least of ``brands``, each once."""
    told = [
        may_i_many(people, said, entity=entity, brand=brand, purpose="marketing", channel=channel, at=now)
        for brand in brands
    ]
    parts = [one.filter(one.allow).select("person") for one in told] or [people.limit(0).select("person")]
    return (ibis.union(*parts) if len(parts) > 1 else parts[0]).distinct()


def _count(people: ir.Table) -> int:
    return int(people.count().to_pyarrow().as_py())


def _standing(engine: Engine, entity: str, now: datetime, *, mine: bool) -> ir.Table:
    """Return the people bought as customers and subscribers of ``entity``; of others' records only unless ``mine``."""
    stamp, only = f"TIMESTAMPTZ '{now.isoformat()}'", "true" if mine else "NOT h.mine"
    name = f"standing_{entity.replace('-', '_')}_{int(mine)}"
    engine.con.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE "{name}" AS
        SELECT b.person, coalesce(t.customer, false) AS customer, coalesce(t.subscriber, false) AS subscriber,
            false AS held, false AS promised
        FROM bought b LEFT JOIN (
            SELECT h.person, true AS customer, bool_or(f.running) AS subscriber FROM held h JOIN (
                SELECT person_key, false AS running FROM orders
                    WHERE entity = {quoted(entity)} AND coalesce(ordered_at <= {stamp}, true)
                UNION ALL SELECT person_key, coalesce(ended_at > {stamp}, true) FROM contracts
                    WHERE entity = {quoted(entity)} AND coalesce(started_at <= {stamp}, true)
            ) f ON f.person_key = h.record_key WHERE {only} GROUP BY 1
        ) t USING (person)"""
    )
    return engine.con.table(name)


def _overlap(engine: Engine) -> list[dict[str, Any]]:
    """Return, for each brand bought and each other brand, the people whom both know and by what they were joined.

    A kind of evidence counts a person once; ``through`` are those whom only a third brand's record joins.
    """
    raw = engine.con.con
    raw.execute(
        """CREATE TEMP TABLE pairs AS WITH said AS (
            SELECT l.record_key, l.decision, l.evidence::JSON AS e FROM links_now l SEMI JOIN (
                SELECT record_key FROM held WHERE person IN (SELECT person FROM bought)
            ) k ON k.record_key = l.record_key
            QUALIFY row_number() OVER (PARTITION BY l.record_key ORDER BY l.decided_at DESC, l.run_id DESC) = 1
        ), each AS (
            SELECT record_key, decision, unnest(list_concat([e], coalesce(from_json(e->'$.also', '["JSON"]'), []))) AS e
            FROM said WHERE e IS NOT NULL
        )
        SELECT a.person, a.entity AS e1, a.brand AS b1, a.mine AS m1, b.entity AS e2, b.brand AS b2, b.mine AS m2,
            x.decision, coalesce(from_json(x.e->'$.kinds', '["VARCHAR"]'), []) AS kinds
        FROM each x JOIN held a USING (record_key)
            JOIN held b ON b.record_key = (x.e->>'$.with')::BIGINT AND b.person = a.person WHERE a.mine <> b.mine"""
    )
    raw.execute(
        """CREATE TEMP TABLE joined AS SELECT person, decision, kinds, CASE WHEN m1 THEN b1 ELSE b2 END AS brand,
            CASE WHEN m1 THEN e2 ELSE e1 END AS other_entity, CASE WHEN m1 THEN b2 ELSE b1 END AS other FROM pairs"""
    )
    both = raw.execute(
        """SELECT a.brand, b.entity, b.brand, count(DISTINCT a.person),
            count(DISTINCT a.person) FILTER (j.person IS NULL)
        FROM held a JOIN held b ON b.person = a.person AND NOT b.mine
            LEFT JOIN (SELECT DISTINCT person, brand, other_entity, other FROM joined) j ON j.person = a.person
                AND j.brand = a.brand AND j.other_entity = b.entity AND j.other = b.brand
        WHERE a.mine GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3"""
    ).fetchall()
    kinds, decided = _by(engine, "unnest(kinds)"), _by(engine, "decision")
    return [
        {"brand": brand, "entity": entity, "other": other, "people": people, "through": through,
         "kinds": kinds.get((brand, entity, other), {}), "decisions": decided.get((brand, entity, other), {})}
        for brand, entity, other, people, through in both
    ]  # fmt: skip


def _by(engine: Engine, what: str) -> dict[tuple[str, str, str], dict[str, int]]:
    """Return, for each pair of brands, the people by ``what`` joined them, the most frequent first."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}
    rows = engine.con.con.execute(
        f"""SELECT brand, other_entity, other, word, count(DISTINCT person) AS n
        FROM (SELECT *, {what} AS word FROM joined)
        GROUP BY 1, 2, 3, 4 ORDER BY n DESC, word"""
    ).fetchall()
    for brand, entity, other, word, count in rows:
        found.setdefault((brand, entity, other), {})[word] = count
    return found


def _reviews(row: Acquisition) -> list[list[Any]]:
    """Return [brand bought, other entity, other brand, pairs] of the doubtful pairs that wait."""
    counts: dict[tuple[str, str, str], int] = {}
    waiting = Review.objects.filter(state__in=(Review.State.OPEN, Review.State.LATER), second_of=None)
    for pair in waiting.values_list("left_entity", "left_brand", "right_entity", "right_brand"):
        left, right = (str(pair[0]), str(pair[1])), (str(pair[2]), str(pair[3]))
        sides = [side[0] == row.entity and side[1] in row.brands for side in (left, right)]
        if sides[0] != sides[1]:
            mine, other = (left, right) if sides[0] else (right, left)
            counts[mine[1], *other] = counts.get((mine[1], *other), 0) + 1
    return [[*key, count] for key, count in sorted(counts.items())]
