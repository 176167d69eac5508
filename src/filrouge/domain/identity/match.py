"""One record against everybody, in process: candidates by what memory holds, weighed by the same model and rules as the
whole, and joined to a person as the whole would join it, everybody else left as they are."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from filrouge.domain.identity import blocking
from filrouge.domain.identity.anatomy import probability
from filrouge.domain.identity.cluster import Edges, cluster
from filrouge.domain.identity.memory import Known, Memory, number_of
from filrouge.domain.identity.one import Row, expression, reader, typed
from filrouge.domain.identity.pairwise import Edge, Pairs
from filrouge.domain.identity.spec import IdentitySpec
from filrouge.domain.identity.why import Step

WHOLE = 20  # records whose pairs are all weighed anew; more of them are taken person by person
SHOWN = 10  # candidates told
NEAR = 30  # people of whom it is asked what the caller sees
Seen = Callable[[Sequence[str]], Container[int]]
_NEW = -1  # the key of a record that has none yet
_LAST = 1 << 62


@dataclass(frozen=True)
class Candidate:
    """Somebody whom the record resembles: the pair that says most, and how many of their records were weighed."""

    person: str
    bits: float
    step: Step
    records: int

    @property
    def probability(self) -> float:
        """How probable it is, from 0 to 1, that the two records of that pair are one person's."""
        return probability(self.bits)


@dataclass(frozen=True)
class Match:
    """Whose a record is: ``person`` None when it is nobody's that is known. ``steps`` are the pairs it rests on, weightiest
    first; ``candidates`` everybody worth a look, likeliest first."""

    person: str | None
    bits: float | None
    decision: str  # rule, model or alone
    rule: str
    steps: tuple[Step, ...]
    candidates: tuple[Candidate, ...]

    @property
    def probability(self) -> float | None:
        """How probable it is, from 0 to 1, that the record is of the person."""
        return None if self.bits is None else probability(self.bits)


@dataclass(frozen=True)
class _Other:
    """A record that memory holds."""

    key: int
    person: str
    row: Row


@dataclass(frozen=True)
class _Mine:
    """The record that is matched: its key, where it stands among others, its row."""

    key: int
    at: int
    row: Row


Pair = tuple[_Other, Edge]


class Matcher:
    """Memory with its model made ready for one record at a time. Raises Uncompilable when the model is not of that kind."""

    def __init__(self, memory: Memory, spec: IdentitySpec) -> None:
        self.memory, self.spec = memory, spec
        self._version = memory.model.version
        self._read, self._typed = reader(memory, spec), typed(memory.columns)
        self._pairs = Pairs(memory.model, memory.prior, spec, list(memory.columns))
        places = {name: at for at, name in enumerate(memory.columns)}
        self._once = places["one_each"]
        self._leads = [(key, expression(sql, places)) for key in memory.blocks for sql in blocking.KEYS[key]]

    def match(self, record: Mapping[str, Any], *, key: int | None = None, seen: Seen | None = None) -> Match:
        """Return whose ``record`` (columns of person_records, as text) is; ``key`` is the one that it bears or will bear.

        ``seen`` tells which records of some people count for whoever asks: the answer is that of these alone.
        """
        row = self._read(record)
        at = _LAST if key is None else key
        mine = _Mine(_NEW if key is None else key, at, row)
        pairs = self._edges(mine, self._candidates(mine))
        thresholds = self.spec.thresholds
        if seen is not None:
            near = sorted((pair for pair in pairs if pair[1].weight > thresholds.review), key=_rank)
            open_ = seen(list(dict.fromkeys(other.person for other, _ in near))[:NEAR])
            pairs = [pair for pair in pairs if pair[0].key in open_]
        else:
            open_ = None
        linked = dict.fromkeys(other.person for other, edge in pairs if edge.weight > thresholds.link)
        of_people = self._of_people(mine, list(linked), pairs, open_)
        if (once := mine.row[self._once]) is not None:  # of a source that holds each person once
            others = {p for p, found in of_people.items() if any(other.row[self._once] == once for other, _ in found)}
            of_people = {p: found for p, found in of_people.items() if p not in others}
        person = self._decided(mine, of_people) if of_people else None
        steps: tuple[Step, ...] = ()
        if person is not None:
            held = sorted(of_people[person], key=_rank)
            steps = tuple(
                self._step(mine, pair)
                for place, pair in enumerate(held)
                if not place or pair[1].weight > thresholds.link
            )
        told = self._told(mine, [*pairs, *(pair for some in of_people.values() for pair in some)])
        if not steps:
            return Match(None, None, "alone", "alone", (), told)
        return Match(person, steps[0].weight, steps[0].decision, steps[0].rule, steps, told)

    def _told(self, mine: _Mine, pairs: Iterable[Pair]) -> tuple[Candidate, ...]:
        """Return the people worth a look, likeliest first, each with the pair that says most."""
        best: dict[str, Pair] = {}
        records: dict[str, set[int]] = {}
        for pair in sorted((pair for pair in pairs if pair[1].weight > self.spec.thresholds.review), key=_rank):
            best.setdefault(pair[0].person, pair)
            records.setdefault(pair[0].person, set()).add(pair[0].key)
        return tuple(
            Candidate(person, round(pair[1].weight, 2), self._step(mine, pair), len(records[person]))
            for person, pair in list(best.items())[:SHOWN]
        )

    def _candidates(self, mine: _Mine) -> list[_Other]:
        numbers = {number_of(name, value) for name, told in self._leads if (value := told(mine.row)) is not None}
        keys = {other for found in self.memory.reached(numbers).values() for other in found}
        keys.discard(mine.key)
        found = (self.memory.of_key(other) for other in sorted(keys))
        return [self._other(known) for known in found if known is not None]

    def _other(self, known: Known) -> _Other:
        return _Other(known.key, known.person, self._typed(known.row))

    def _edges(self, mine: _Mine, others: Sequence[_Other]) -> list[Pair]:
        """Return what is known of the record with each of ``others``, by key."""
        at = sum(other.key < mine.at for other in others)  # where it stands among them
        rows = [other.row for other in others]
        rules = self._pairs.rules([*rows[:at], mine.row, *rows[at:]], of=at)
        return [
            (other, self._pairs.edge(other.row, mine.row, rules.get((place, at))))
            if place < at
            else (other, self._pairs.edge(mine.row, other.row, rules.get((at, place + 1))))
            for place, other in enumerate(others)
        ]

    def _of_people(
        self, mine: _Mine, people: Sequence[str], pairs: Sequence[Pair], open_: Container[int] | None
    ) -> dict[str, list[Pair]]:
        """Return every record of ``people`` with what is known of it and the record."""
        known = {other.key: (other, edge) for other, edge in pairs}
        found: dict[str, list[Pair]] = {person: [] for person in people}
        missing: list[_Other] = []
        for person in people:
            for held in self.memory.of_person(person):
                if held.key in known:
                    found[person].append(known[held.key])
                elif held.key != mine.key and (open_ is None or held.key in open_):
                    missing.append(self._other(held))
        room = self.spec.limits.component - len(known)  # beyond, the whole leaves what shares no value unweighed
        missing = sorted(missing, key=lambda other: other.key)[: max(room, 0)]
        for pair in self._edges(mine, missing):
            found[pair[0].person].append(pair)
        return found

    # --- whom it joins ------------------------------------------------------------------------------------------------

    def _decided(self, mine: _Mine, of_people: Mapping[str, list[Pair]]) -> str | None:
        """Return whom the record joins, each person being what they are: the evidence is weighed over all of their records."""
        limits = self.spec.thresholds
        if len(of_people) == 1:
            ((person, pairs),) = of_people.items()
            if all(edge.weight > limits.link for _, edge in pairs):
                return person  # it agrees with each of their records: nothing is contested
        if 1 + sum(map(len, of_people.values())) <= WHOLE:
            return self._weighed(mine, of_people)
        averages = {person: self._average([edge for _, edge in pairs]) for person, pairs in of_people.items()}
        best = min(averages, key=lambda person: (-averages[person], person))
        return best if averages[best] > limits.join else None

    def _average(self, edges: Sequence[Edge]) -> float:
        value, share = self._laid([(0, at + 1, edge) for at, edge in enumerate(edges)]).votes(
            self.spec.thresholds.link, self.spec.thresholds.clip
        )
        return float(value.sum() / share.sum())

    def _laid(self, found: Sequence[tuple[int, int, Edge]]) -> Edges:
        left, right = (np.array([pair[side] for pair in found], dtype=np.int64) for side in (0, 1))
        weight, said = (np.array([getattr(edge, name) for *_, edge in found]) for name in ("weight", "said"))
        return Edges(left, right, weight, said)

    def _weighed(self, mine: _Mine, of_people: Mapping[str, list[Pair]]) -> str | None:
        """Cluster the record and the records of the people whom it resembles, these being together whatever is found."""
        others = [(other.key, other.person, other.row) for pairs in of_people.values() for other, _ in pairs]
        nodes = sorted([(mine.at, "", mine.row), *others], key=lambda node: node[0])
        at = next(place for place, node in enumerate(nodes) if not node[1])
        rules = self._pairs.rules([node[2] for node in nodes])
        found = [
            (left, right, self._pairs.edge(nodes[left][2], nodes[right][2], rules.get((left, right))))
            for left in range(len(nodes))
            for right in range(left + 1, len(nodes))
        ]
        held: dict[str, list[int]] = {}
        for place, (_, person, _) in enumerate(nodes):
            if person:
                held.setdefault(person, []).append(place)
        groups = list(held.values())
        limits = self.spec.thresholds
        label = cluster(
            len(nodes), self._laid(found), link=limits.link, join=limits.join, clip=limits.clip,
            must=[pair for group in groups for pair in pairwise(group)],
            cannot=[
                (a, b) for spot, group in enumerate(groups) for other in groups[spot + 1 :] for a in group for b in other
            ],
        )  # fmt: skip
        with_it = [person for person, group in held.items() if any(label[place] == label[at] for place in group)]
        return min(with_it, default=None)

    def _step(self, mine: _Mine, pair: Pair) -> Step:
        other, edge = pair
        rule = edge.rule.name if edge.rule else self._version
        return Step(
            mine.key, other.key, "rule" if edge.rule else "model", rule, round(edge.weight, 2), self._pairs.kinds(edge),
            self._pairs.told(edge),
        )  # fmt: skip


def _rank(pair: Pair) -> tuple[float, int]:
    return -pair[1].weight, pair[0].key
