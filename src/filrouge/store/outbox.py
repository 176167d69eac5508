"""The outbox: people about whom something changed, kept until each of those who follow was told.

A person stands in it once, under the number of their latest change; each follower has its own place among the numbers,
and is told again from there after a fall. Nobody waits for anybody: what one was told is not repeated for another.
"""

from __future__ import annotations

from collections.abc import Collection

from filrouge.store.live import Live

EVERYBODY = "*"  # anybody may have changed: the copies were built anew
TOGETHER = 1_000  # rows a transaction beside readers


def put(live: Live, people: Collection[str]) -> None:
    """Say that something changed about ``people`` (ids), once it did; nothing is kept where nobody follows.

    Outside a transaction: numbers are given in the order in which they are seen.
    """
    if not people or not followed(live):
        return
    every = sorted(people)
    for start in range(0, len(every), TOGETHER):
        with live.writing():
            if live.postgres:
                live.rows_changed("LOCK TABLE outbox IN EXCLUSIVE MODE")
            last = _last(live)
            with live.con.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO outbox (person, number) VALUES (%s, %s) "
                    "ON CONFLICT (person) DO UPDATE SET number = excluded.number",
                    [(person, last + at) for at, person in enumerate(every[start : start + TOGETHER], 1)],
                )


def followed(live: Live) -> bool:
    """Tell whether anybody follows."""
    return bool(live.rows("SELECT 1 FROM followers LIMIT 1"))


def follow(live: Live, follower: str) -> bool:
    """Let ``follower`` be told from now on; return whether it is new here, and knows nothing of what went before."""
    with live.writing():
        if live.postgres:
            live.rows_changed("LOCK TABLE outbox IN EXCLUSIVE MODE")
        return bool(
            live.rows_changed(
                "INSERT INTO followers (name, place) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING",
                [follower, _last(live)],
            )
        )


def unfollow(live: Live, follower: str) -> None:
    """Let ``follower`` no longer be told; what was kept for it alone is dropped."""
    with live.writing():
        live.rows_changed("DELETE FROM followers WHERE name = %s", [follower])
    _trim(live)


def waiting(live: Live, follower: str, *, most: int = TOGETHER) -> tuple[list[str], int]:
    """Return whom ``follower`` is to be told of next, those who changed first first, and the number that they reach."""
    found = live.rows(
        "SELECT person, number FROM outbox WHERE number > (SELECT place FROM followers WHERE name = %s) "
        "ORDER BY number LIMIT %s",
        [follower, most],
    )
    return [person for person, _ in found], found[-1][1] if found else 0


def told(live: Live, follower: str, number: int) -> None:
    """Say that ``follower`` did what it does with all that was told up to ``number``."""
    live.rows_changed("UPDATE followers SET place = %s WHERE name = %s AND place < %s", [number, follower, number])
    _trim(live)


def behind(live: Live, follower: str) -> int:
    """Return how many people ``follower`` has not been told of."""
    said = "SELECT count(*) FROM outbox WHERE number > (SELECT place FROM followers WHERE name = %s)"
    return int(live.rows(said, [follower])[0][0])


def _last(live: Live) -> int:
    """Return the largest number that was given; rows that all were told of are gone, and their numbers with them."""
    said = "SELECT (SELECT max(number) FROM outbox), (SELECT max(place) FROM followers)"
    return max(number or 0 for number in live.rows(said)[0])


def _trim(live: Live) -> None:
    live.rows_changed("DELETE FROM outbox WHERE number <= coalesce((SELECT min(place) FROM followers), number)")
