"""Who is who, explained: why two records or people are one or two, and the life of an id."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from filrouge.base import settings
from filrouge.base.errors import NotFound, UsageError
from filrouge.base.text import fold, whole
from filrouge.domain.identity import Chapter, Explanation, explain, life
from filrouge.domain.identity.keys import email_key, phone_key
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import open_engine
from filrouge.store.lake import Lake, arrow_schema
from filrouge.store.live import Live
from filrouge.store.models import Run, Verdict
from filrouge.store.queries.verdicts import about


@dataclass(frozen=True)
class Why:
    """An explanation; the records it names (key -> source and number there); for two people, what they share."""

    explanation: Explanation
    records: Mapping[int, str]
    shared: tuple[str, ...] = ()
    verdict: bool = False


def history(person: str, caller: Caller, *, as_of: datetime | None = None) -> tuple[Chapter, ...]:
    """Return the life of an id, as told by the records that the caller sees; none when they see nothing of it.

    ``as_of``: as it was known at that moment, what came later left out.
    """
    sees = caller.perimeter
    rows = [row for row in _links(person=person) if sees.everything or sees.sees(row["entity"], row["brand"] or "")]
    told = life((row for row in rows if as_of is None or row["decided_at"] <= as_of), person)
    return _by_hand(told, {int(row["record_key"]) for row in rows}, caller)


def _by_hand(chapters: tuple[Chapter, ...], records: set[int], caller: Caller) -> tuple[Chapter, ...]:
    """Return ``chapters``; those that follow from what somebody said or took back just before are told so."""
    gestures = about(records, caller)
    said = sorted(
        [(one.at, "human") for one in gestures] + [(one.undone_at, "undone") for one in gestures if one.undone_at]
    )
    if not said:
        return chapters
    settled = sorted(
        Run.objects.filter(kind="identity", state=Run.State.COMMITTED).values_list("started_at", flat=True)
    )
    found = []
    for chapter in chapters:
        before = bisect_left(settled, chapter.at)
        since = settled[before - 1] if before else None
        last = bisect_right(said, (chapter.at, "~"))
        if last and chapter.code not in ("born", "arrived") and (since is None or said[last - 1][0] >= since):
            chapter = replace(chapter, decision=said[last - 1][1])
        found.append(chapter)
    return tuple(found)


def why(left: str, right: str) -> Why:
    """Return why ``left`` and ``right`` (ids of people, or keys of records) are one person, or that they are two.

    For whoever owns the machine: nothing is narrowed. Raises NotFound, and UsageError when both are the same.
    """
    if left == right:
        raise UsageError("These are the same.", hint="Name two records, or two people.")
    (one, mine), (other, theirs) = _stands(left), _stands(right)
    documents = {document["id"]: document for document in (one, other)}
    links = [
        {"record_key": record["key"], "person": person, **{name: record[name] for name in ("decision", "rule")},
         "evidence": record["evidence"] or {}}
        for person, document in documents.items() for record in document["records"]
    ]  # fmt: skip
    known = {
        record["key"]: f"{record['source']} {record['source_id']}"
        for document in documents.values()
        for record in document["records"]
    }
    told = explain(links, mine, theirs)
    if told.code != "two_people":
        return Why(told, known)
    keys = [[record["key"] for record in document["records"]] for document in (one, other)]
    apart = Verdict.objects.filter(kind=Verdict.Kind.DIFFERENT, undone_at=None)
    held = (
        apart.filter(left__in=keys[0], right__in=keys[1]).exists()
        or apart.filter(left__in=keys[1], right__in=keys[0]).exists()
    )
    return Why(told, known, tuple(sorted(_values(one) & _values(other))), held)


def _values(document: Mapping[str, Any]) -> set[str]:
    """Return what is known of a person as ``attribute value`` words that can be compared."""
    normal = {"email": email_key, "phone": phone_key}
    kinds = ("email", "phone", "loyalty_id", "birth_date", "given_name", "family_name", "address")
    return {
        f"{row['attribute']} {normal.get(row['attribute'], fold)(str(row['value']))}"
        for row in document["values"]
        if row["attribute"] in kinds and row["value"]
    }


def _stands(word: str) -> tuple[dict[str, Any], int]:
    """Return the document of the person that ``word`` names, and the record to start from."""
    live = Live()
    key = whole(word)
    if key is not None:
        rows = [row for row in _links(record=key) if row["record_key"] == key]
        document = live.document(live.current(rows[-1]["person"])) if rows else None
        if document is None:
            raise NotFound(
                "No record has the key {key}.", hint="`filrouge person show ID --json` tells the keys.", key=word
            )
        return document, key
    try:
        document = live.document(live.current(word))
    except ValueError:
        document = None
    if document is None:
        raise NotFound("No person has this number.", hint="Look the person up by name, e-mail or phone.")
    held = {record["key"] for record in document["records"]}
    first: dict[int, str] = {}
    for row in _links(person=word):
        first.setdefault(row["record_key"], row["person"])
    own = sorted(key for key, person in first.items() if person == word and key in held)
    return document, own[0] if own else min(held)


def _links(*, person: str = "", record: int | None = None) -> list[dict[str, Any]]:
    """Return every link ever made of the records that were ever of ``person`` (or of one record), oldest first."""
    hidden = [str(key) for key in Run.objects.filter(state=Run.State.STAGED).values_list("id", flat=True)]
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        files = Lake(settings.get().lake).files("links")
        engine.con.create_view("links", engine.read("links_all", files, arrow_schema("links")), overwrite=True)
        chosen = (
            "record_key = ?" if record is not None else "record_key IN (SELECT record_key FROM links WHERE person = ?)"
        )
        rows = engine.con.con.execute(
            f"""SELECT record_key, person, decision, decided_at, entity, brand FROM links
            WHERE undone_at IS NULL AND {chosen} AND NOT list_contains(?, run_id)
            ORDER BY decided_at, run_id, record_key""",
            [record if record is not None else person, hidden],
        ).fetchall()
    finally:
        engine.close()
    names = ("record_key", "person", "decision", "decided_at", "entity", "brand")
    found: Iterable[dict[str, Any]] = (dict(zip(names, row, strict=True)) for row in rows)
    return [row | {"decided_at": row["decided_at"].astimezone(UTC)} for row in found]
