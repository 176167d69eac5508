"""The review queue made anew at the end of a resolution: who waits, what is settled, how good the links were found."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from filrouge.domain.identity import anatomy, clerical, review
from filrouge.domain.identity.doubts import Doubts
from filrouge.engines import Engine
from filrouge.store.models import Assessment, Review, Run, Verdict
from filrouge.store.queries import reviews as found
from filrouge.work import reviews

BATCH = 500
Pairs = Mapping[tuple[int, int], bool]
_FRESH = (
    "kind", "stratum", "left_person", "right_person", "left_records", "right_records", "score", "rule", "told",
    "pattern", "worth", "run",
)  # fmt: skip


@dataclass(frozen=True)
class Located:
    """The doubts of a resolution, each record with its entity and brand."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    strata: tuple[clerical.Stratum, ...] = ()
    taught: Mapping[str, float] = field(default_factory=dict)


def located(engine: Engine, records: str, doubts: Doubts | None) -> Located:
    """Return ``doubts`` with whose each record is, from view ``records``."""
    if doubts is None:
        return Located()
    raw = engine.con.con
    raw.register("doubted", doubts.pairs)
    table = raw.execute(
        f"""SELECT d.*, x.entity AS left_entity, coalesce(x.brand, '') AS left_brand,
            y.entity AS right_entity, coalesce(y.brand, '') AS right_brand
        FROM doubted d JOIN {records} x ON x.record_key = d."left" JOIN {records} y ON y.record_key = d."right" """
    ).to_arrow_table()
    raw.unregister("doubted")
    return Located(table.to_pylist(), doubts.strata, doubts.taught)


def refresh(run: Run, located: Located) -> int:
    """Make the queue what ``located`` calls for, the worthiest pairs, none decided or settled; return how many wait.

    What was decided and then taken back may wait again; who a pair was given to stays. The run keeps what is known of
    the quality of its links.
    """
    _taken_back()
    decided = _decided()
    ranked = _ranked(located.rows, decided)
    told = {pair: row for pair, row in ranked.items() if pair not in decided}
    waits = {(row.left, row.right): row for row in Review.objects.filter(second_of=None, state__in=found.WAITING)}
    _each(sorted(str(row.pk) for pair, row in waits.items() if pair not in told), _forget)
    over = Review.objects.filter(second_of=None, state=Review.State.DECIDED)
    held = set(over.values_list("left", "right"))
    fresh = [Review(**row, run=run) for pair, row in told.items() if pair not in waits and pair not in held]
    _each(fresh, Review.objects.bulk_create)
    changed = []
    for pair, row in waits.items():
        if values := told.get(pair):
            for name, value in values.items():
                setattr(row, name, value)
            row.run = run
            changed.append(row)
    _each(changed, lambda rows: Review.objects.bulk_update(rows, _FRESH))
    _follow({pair: row for pair, row in ranked.items() if pair in decided})
    return _assess(run, located, decided)


def settled(later: Iterable[tuple[int, str | None, str | None, Sequence[int]]]) -> int:
    """Follow what was settled among the many (record, person, None when it is gone): the answered wait no more.

    Return how many wait. New doubts join the queue with the next whole resolution, which alone can rank them.
    """
    _taken_back()
    persons = {key: person for key, person, _, _ in later}
    over: list[Review] = []
    changed: list[Review] = []
    for some in _few(sorted(persons)):
        for row in Review.objects.filter(Q(left__in=some) | Q(right__in=some), state__in=found.WAITING):
            row.left_person = persons.get(row.left, row.left_person) or ""
            row.right_person = persons.get(row.right, row.right_person) or ""
            one = row.left_person == row.right_person
            gone = not (row.left_person and row.right_person)
            answered = one if row.kind == Review.Kind.AMBIGUOUS else not one and row.kind == Review.Kind.BRIDGE
            answered = answered or gone
            (over if answered and row.second_of_id is None else changed).append(row)
    _each(sorted({str(row.pk) for row in over}), _forget)
    fresh = {row.pk: row for row in changed}
    _each(list(fresh.values()), lambda rows: Review.objects.bulk_update(rows, ["left_person", "right_person"]))
    return Review.objects.filter(state__in=found.WAITING).count()


def _ranked(rows: Sequence[Mapping[str, Any]], decided: Pairs) -> dict[tuple[int, int], dict[str, Any]]:
    """Return each pair once, with what it is worth, in the shape of a row; those decided are there, worth nothing."""
    merged: dict[tuple[int, int], dict[str, Any]] = {}
    for row in rows:
        pair = (row["left"], row["right"])
        known = merged.get(pair)
        if known is None:
            merged[pair] = {name: value for name, value in row.items() if name != "kinds"} | {
                "pattern": _digest(anatomy.pattern(row["told"]))
            }
        else:  # drawn by chance, and doubtful besides
            known["stratum"] = known["stratum"] or row["stratum"]
            known["kind"] = known["kind"] if known["kind"] != "sample" else row["kind"]
    judged = Counter(
        Review.objects.filter(second_of=None, state=Review.State.DECIDED).values_list("pattern", flat=True)
    )
    doubts = {
        pair: review.Doubt(
            left=row["left"], right=row["right"], score=row["score"], kind=row["kind"],
            together=row["left_person"] == row["right_person"], left_records=row["left_records"],
            right_records=row["right_records"], pattern=row["pattern"], stratum=row["stratum"],
        )
        for pair, row in merged.items()
    }  # fmt: skip
    order = review.rank([doubt for pair, doubt in doubts.items() if pair not in decided], judged)
    ranked = {(doubt.left, doubt.right): merged[doubt.left, doubt.right] | {"worth": round(w, 4)} for doubt, w in order}
    return ranked | {pair: merged[pair] | {"worth": 0.0} for pair in merged if pair in decided}


def _decided() -> dict[tuple[int, int], bool]:
    """Return the last word of people on each pair, in force: true when they said one person."""
    said: dict[tuple[int, int], bool] = {}
    rows = Verdict.objects.filter(undone_at=None).exclude(gesture="").order_by("created_at", "id")
    for left, right, kind in rows.values_list("left", "right", "kind").iterator(chunk_size=5_000):
        said[min(left, right), max(left, right)] = kind == Verdict.Kind.SAME
    return said


def _taken_back() -> None:
    """Have the pairs wait again whose verdict was taken back elsewhere: on the page of the records."""
    lost = (
        Review.objects.filter(second_of=None, state=Review.State.DECIDED)
        .exclude(gesture="")
        .exclude(gesture__in=Verdict.objects.filter(undone_at=None).values("gesture"))
    )
    for row in lost:
        with transaction.atomic():
            reviews.reopen(row)


def _follow(decided: Mapping[tuple[int, int], Mapping[str, Any]]) -> None:
    """Tell the pairs shown a second time whose page holds each record now."""
    again = list(Review.objects.exclude(second_of=None).filter(state__in=found.WAITING))
    for row in again:
        if values := decided.get((row.left, row.right)):
            row.left_person, row.right_person = values["left_person"], values["right_person"]
    _each(again, lambda rows: Review.objects.bulk_update(rows, ["left_person", "right_person"]))


def _assess(run: Run, located: Located, decided: Pairs) -> int:
    """Keep with the run how good its links are, as far as its sample was reviewed; return how many pairs wait."""
    drawn: dict[str, list[bool]] = {}
    for row in located.rows:
        if row["stratum"] and (pair := (row["left"], row["right"])) in decided:
            drawn.setdefault(row["stratum"], []).append(decided[pair])
    strata = clerical.tallied(located.strata, drawn)
    looks = Review.objects.filter(state=Review.State.DECIDED, second_of__state=Review.State.DECIDED)
    seen = clerical.agreement(
        (first == "same", second == "same")
        for first, second in looks.exclude(decided_by=F("second_of__decided_by"))
        .order_by("pk")
        .values_list("second_of__decision", "decision")
    )
    kept = [
        {"name": one.name, "joined": one.joined, "size": one.size, "same": one.same, "different": one.different,
         "missing": one.missing}
        for one in strata
    ]  # fmt: skip
    waiting = Review.objects.filter(state__in=found.WAITING).count()
    Assessment.objects.create(
        run=run, strata=kept, twice=seen.pairs, agreed=seen.agreed, kappa=seen.kappa,
        reviewed=int(located.taught.get("pairs", 0)), shift=float(located.taught.get("bits", 0.0)),
        waiting=waiting,
        **_spread("precision", clerical.precision(strata)), **_spread("recall", clerical.recall(strata)),
    )  # fmt: skip
    return waiting


def _spread(name: str, estimate: clerical.Estimate | None) -> dict[str, float]:
    if estimate is None:
        return {}
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _forget(keys: Sequence[str]) -> None:
    Review.objects.filter(pk__in=keys, state__in=found.WAITING).delete()


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _each(rows: Sequence[Any], act: Any) -> None:
    """Do ``act`` with some hundreds of ``rows`` in a transaction: others write in between."""
    for some in _few(rows):
        with transaction.atomic():
            act(some)


def _few(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
