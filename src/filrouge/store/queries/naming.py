"""People found by the words of their names: exact, begun, almost, or by ear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rapidfuzz.distance import DamerauLevenshtein

from filrouge.base.text import grams, heard
from filrouge.store.live import Live
from filrouge.store.queries.needs import Need, clauses

MOST = 3_000  # bearers of a name that are looked at
NEAR = 16  # words that may stand for a misspelt one
BY_EAR = {"~": 0.9, "=": 0.78}  # the likeness of a word that sounds the same, and whose consonants do


def by_name(
    live: Live, words: Sequence[str], mask: int, needs: Sequence[Need], *, spelling: bool, most: int
) -> dict[int, tuple[float, str]]:
    """Return up to ``most`` people who bear all the words and meet the needs, each with how well they fit."""
    words = [word for word in words if len(word) > 1][:5]
    if not words or not mask:
        return {}
    options = [_readings(live, word, last=at == len(words) - 1, spelling=spelling) for at, word in enumerate(words)]
    rarest = sorted(range(len(words)), key=lambda at: sum(people for _, _, people in options[at]) or 1 << 30)
    found = _people_named(live, options, rarest, mask, needs, most=most)
    if not found and spelling:
        options = [_readings(live, word, last=False, spelling=True, force=True) for word in words]
        found = _people_named(live, options, rarest, mask, needs, most=most)
    return {person: (score, "name") for person, score in found.items()}


Reading = tuple[str, float, int]


def _readings(live: Live, word: str, *, last: bool, spelling: bool, force: bool = False) -> list[Reading]:
    """Return the words of the base that ``word`` may stand for, each with its likeness and how many bear it."""
    exact = live.rows("SELECT token, people FROM tokens WHERE token = %s", [word])
    readings: dict[str, tuple[float, int]] = {token: (1.0, people) for token, people in exact}
    if last and len(word) >= 2:
        upper = word[:-1] + chr(ord(word[-1]) + 1)
        for token, people in live.rows(
            "SELECT token, people FROM tokens WHERE token >= %s AND token < %s ORDER BY people DESC LIMIT 40",
            [word, upper],
        ):
            readings.setdefault(token, (0.9, people))
    if spelling and len(word) >= 3 and (force or not readings):
        for token, people, likeness in _near(live, word):
            readings.setdefault(token, (likeness, people))
    return [(token, likeness, people) for token, (likeness, people) in readings.items()]


def _near(live: Live, word: str) -> list[tuple[str, int, float]]:
    """Return the words of the base spelt almost like ``word``, or that sound like it."""
    pieces = sorted(grams(word))
    marks = ", ".join(["%s"] * len(pieces))
    rows = live.rows(
        f"SELECT g.token, t.people, count(*) AS n FROM grams g JOIN tokens t ON t.token = g.token "
        f"WHERE g.gram IN ({marks}) GROUP BY g.token, t.people ORDER BY n DESC LIMIT 300",
        pieces,
    )
    near = {}
    for token, people, _ in rows:
        distance = DamerauLevenshtein.distance(word, token)
        if distance <= (1 if len(word) < 6 else 2):
            near[token] = (token, people, 1 - distance / (len(word) + 1))
    for mark in heard(word):
        alike = live.rows(
            "SELECT g.token, t.people FROM grams g JOIN tokens t ON t.token = g.token WHERE g.gram = %s "
            "ORDER BY t.people DESC LIMIT 40",
            [mark],
        )
        for token, people in alike:
            like = max(BY_EAR[mark[0]], near[token][2] if token in near else 0.0)
            near[token] = (token, people, like)
    return sorted(near.values(), key=lambda item: (-item[2], -item[1]))[:NEAR]


def _people_named(
    live: Live,
    options: Sequence[Sequence[Reading]],
    order: Sequence[int],
    mask: int,
    needs: Sequence[Need],
    *,
    most: int,
) -> dict[int, float]:
    """Return the people who bear a reading of every word, with how well they fit."""
    if not all(options):
        return {}
    scores: dict[int, float] | None = None
    for at in order:
        likeness = {token: like for token, like, _ in options[at]}
        if scores is None:
            rows = _first_word(live, likeness, mask, needs, others=[options[o] for o in order if o != at], most=most)
        else:
            rows = _bearers(live, likeness, list(scores))
        fitting: dict[int, float] = {}
        for token, person, origins in rows:
            if origins & mask:
                before = 1.0 if scores is None else scores.get(person, 0.0)
                fitting[person] = max(fitting.get(person, 0.0), before * likeness[token])
        scores = fitting
        if not scores:
            return {}
    return scores or {}


def _first_word(
    live: Live,
    likeness: dict[str, float],
    mask: int,
    needs: Sequence[Need],
    *,
    others: Sequence[Sequence[Reading]],
    most: int,
) -> list[tuple[Any, ...]]:
    """Return the bearers of the rarest word, already narrowed to those who bear the others when it is common."""
    marks = ", ".join(["%s"] * len(likeness))
    sql = f"SELECT n.token, n.person, n.origins FROM names n WHERE n.token IN ({marks}) AND (n.origins & %s) <> 0"
    params: list[Any] = [*likeness, mask]
    for at, readings in enumerate(others):
        tokens = [token for token, _, _ in readings][:60]
        inside = ", ".join(["%s"] * len(tokens))
        sql += f" AND EXISTS (SELECT 1 FROM names m{at} WHERE m{at}.token IN ({inside}) AND m{at}.person = n.person)"
        params += tokens
    narrowed, more = clauses(needs, "n")
    return live.rows(f"{sql}{narrowed} LIMIT {int(most)}", [*params, *more])


def _bearers(live: Live, likeness: dict[str, float], people: Sequence[int]) -> list[tuple[Any, ...]]:
    marks = ", ".join(["%s"] * len(likeness))
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(people), 5_000):
        some = people[start : start + 5_000]
        inside = ", ".join(["%s"] * len(some))
        rows += live.rows(
            f"SELECT token, person, origins FROM names WHERE token IN ({marks}) AND person IN ({inside})",
            [*likeness, *some],
        )
    return rows
