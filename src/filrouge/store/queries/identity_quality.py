"""How identity stands, as one caller may read it: sums of the group, brands and people within their perimeter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from filrouge.domain.identity.quality import BEARERS, DOUBTS, SIZES
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.profiles import PersonView
from filrouge.store.live import Live, number
from filrouge.store.models import Doubt, Evaluation, IdentityQuality
from filrouge.store.queries.glance import glances

ROLES = ("engineer", "analyst", "privacy", "executive")  # who reads how identity stands
RUNS = 30  # resolutions told one after the other

Band = tuple[int, int | None, int]  # from, up to (None: beyond), how many


@dataclass(frozen=True)
class BrandCount:
    """What a brand holds: its records, the people they are, and those whom no other brand in sight knows."""

    brand: str
    records: int
    people: int
    only: int


@dataclass(frozen=True)
class Overlap:
    """People known by two brands, and their share of the people of the first."""

    people: int
    share: float


@dataclass(frozen=True)
class SourceCount:
    """Records of a source for one brand, and those beyond one per person."""

    source: str
    brand: str
    records: int
    people: int

    @property
    def duplicates(self) -> int:
        return self.records - self.people

    @property
    def share(self) -> float:
        return self.duplicates / self.records if self.records else 0.0


@dataclass(frozen=True)
class Shared:
    """Values of one kind that several people bear: how many, by how many bearers, and the most that one has."""

    kind: str
    values: int
    most: int
    bearers: tuple[Band, ...]


@dataclass(frozen=True)
class Measure:
    """One resolution among others."""

    at: datetime
    records: int
    people: int
    new_people: int
    merges: int
    splits: int
    reviews: int
    doubts: int
    largest: int
    model: str

    @property
    def mean(self) -> float:
        return self.records / self.people if self.people else 0.0


@dataclass(frozen=True)
class Quality:
    """How identity stands after the last resolution. Sums are the whole group's; brands and sources, those in sight."""

    now: Measure
    mean: float
    sizes: tuple[Band, ...]
    brands: tuple[BrandCount, ...]
    several: int  # people whom at least two brands in sight know
    overlap: Mapping[tuple[str, str], Overlap]
    sources: tuple[SourceCount, ...]
    shared: tuple[Shared, ...]
    doubts: Mapping[str, int]
    runs: tuple[Measure, ...]  # oldest first
    model: Mapping[str, Any]
    evaluation: Evaluation | None

    def plain(self) -> dict[str, Any]:
        """Return the same for a program."""
        told = self.evaluation
        return {
            **asdict(self.now), "mean": self.mean, "several_brands": self.several,
            "sizes": _plain(self.sizes, "people"),
            "brands": [asdict(one) for one in self.brands],
            "overlap": [
                {"brand": one, "other": other, "people": both.people, "share": round(both.share, 4)}
                for (one, other), both in self.overlap.items()
            ],
            "sources": [asdict(one) | {"duplicates": one.duplicates} for one in self.sources],
            "shared": {
                one.kind: {"values": one.values, "most": one.most, "bearers": _plain(one.bearers, "values")}
                for one in self.shared
            },
            "doubts": dict(self.doubts),
            "runs": [asdict(one) | {"mean": round(one.mean, 3)} for one in self.runs],
            "model": dict(self.model),
            "evaluation": {"file": told.name, "at": told.created_at, **told.figures} if told else None,
        }  # fmt: skip


@dataclass(frozen=True)
class Doubted:
    """A person worth a look: every doubt that the caller may be told of, the gravest first."""

    person: str
    records: int
    doubts: tuple[tuple[str, float], ...]
    view: PersonView | None = None


def latest(caller: Caller) -> Quality | None:
    """Return how identity stands, None before the first resolution that was measured."""
    row = IdentityQuality.objects.first()
    if row is None:
        return None
    said = row.figures
    brands = [str(brand) if _seen(caller, entity, brand) else None for entity, brand, _ in said["origins"]]
    counted, several, overlap = _by_brand(said, brands)
    return Quality(
        now=_measure(row),
        mean=said["mean"],
        sizes=_bands(SIZES, said["sizes"]),
        brands=counted,
        several=several,
        overlap=overlap,
        sources=tuple(
            SourceCount(source or "", brand, records, people)
            for source, entity, brand, records, people in said["sources"]
            if _seen(caller, entity, brand)
        ),
        shared=tuple(
            Shared(kind, held["values"], held["most"], _bands(BEARERS, held["bearers"]))
            for kind, held in said["shared"].items()
        ),
        doubts=said["doubts"],
        runs=tuple(_measure(one) for one in reversed(IdentityQuality.objects.defer("figures", "learned")[:RUNS])),
        model=row.learned,
        evaluation=Evaluation.objects.first(),
    )


def doubted(caller: Caller, *, code: str = "") -> list[Doubted]:
    """Return the people worth a look, the gravest first, as far as the caller sees all that a doubt rests on.

    Nobody is named to a caller who opens no page.
    """
    if not caller.opens_pages():
        return []
    found: dict[str, list[Doubt]] = {}
    for row in Doubt.objects.all():
        if all(_seen(caller, entity, brand) for entity, brand in row.origins):
            found.setdefault(row.person, []).append(row)
    return [
        Doubted(person, rows[0].records, tuple((row.code, row.figure) for row in sorted(rows, key=_gravest)))
        for person, rows in found.items()
        if not code or any(row.code == code for row in rows)
    ]


def named(some: Sequence[Doubted], caller: Caller, *, at: datetime) -> list[Doubted]:
    """Return ``some`` with who they are; whoever is gone since is left out."""
    live = Live()
    seen = glances(live, [number(one.person) for one in some], caller, at=at) if live.ready() else {}
    return [
        Doubted(one.person, len(view.records), one.doubts, view)
        for one in some
        if (view := seen.get(number(one.person))) is not None
    ]


def _seen(caller: Caller, entity: str, brand: str) -> bool:
    return caller.perimeter.sees(entity, brand)


def _gravest(row: Doubt) -> tuple[int, str]:
    return -DOUBTS.get(row.code, 0), row.code


def _bands(bands: Sequence[tuple[int, int | None]], counts: Sequence[int]) -> tuple[Band, ...]:
    return tuple((low, high, count) for (low, high), count in zip(bands, counts, strict=True))


def _plain(bands: Sequence[Band], what: str) -> list[dict[str, int | None]]:
    return [{"from": low, "to": high, what: count} for low, high, count in bands]


def _measure(row: IdentityQuality) -> Measure:
    return Measure(**{name: getattr(row, name) for name in Measure.__dataclass_fields__})


def _by_brand(
    said: Mapping[str, Any], brands: Sequence[str | None]
) -> tuple[tuple[BrandCount, ...], int, dict[tuple[str, str], Overlap]]:
    """Return the counts of each brand in sight, the people that two know, and who is known by both of each pair."""
    records: dict[str, int] = {}
    for (_, _, count), brand in zip(said["origins"], brands, strict=True):
        if brand is not None:
            records[brand] = records.get(brand, 0) + count
    people, only, both, several = dict.fromkeys(records, 0), dict.fromkeys(records, 0), dict[tuple[str, str], int](), 0
    for known, count in said["known"]:
        here = sorted({brand for origin in known if (brand := brands[origin]) is not None})
        several += count if len(here) > 1 else 0
        for brand in here:
            people[brand] += count
            only[brand] += count if len(here) == 1 else 0
            for other in here:
                if other != brand:
                    both[brand, other] = both.get((brand, other), 0) + count
    order = sorted(records, key=lambda brand: (-people[brand], brand))
    counted = tuple(BrandCount(brand, records[brand], people[brand], only[brand]) for brand in order)
    overlap = {
        (one, other): Overlap(count := both.get((one, other), 0), count / people[one] if people[one] else 0.0)
        for one in order
        for other in order
        if one != other
    }
    return counted, several, overlap
