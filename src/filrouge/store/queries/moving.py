"""What moves: a mark of a person's page that changes when the page does, and the last events of a sender."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

from filrouge.base import clock
from filrouge.base.clock import micros
from filrouge.store.live import Live, number, unpack
from filrouge.store.models import Run

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Watched:
    """A page that somebody looks at: its person, and what was found the last time."""

    person: str
    records: list[int] = field(default_factory=list)
    document: int | None = None


def pulse() -> tuple[str, int]:
    """Return what changes whenever something happened to anybody."""
    live = Live()
    if not live.ready():
        return "", 0
    found = live.rows("SELECT max(number) FROM stream")
    return live.meta("built_at") or "", int(found[0][0] or 0)


def mark(page: Watched) -> str:
    """Return what changes when the page of a person does: another document, other moments, further events."""
    live = Live()
    if not live.ready():
        return ""
    key = number(live.current(page.person))
    found = live.rows("SELECT body FROM documents WHERE person = %s", [key])
    body = bytes(found[0][0]) if found else b""
    digest = crc32(body)
    if digest != page.document:
        page.document = digest
        page.records = [record["key"] for record in unpack(body)["records"]] if body else []
    return f"{digest}.{_moments(live, key)}.{_tail(live, page.records)}"


def _moments(live: Live, key: int) -> int:
    found = live.rows("SELECT body FROM moments WHERE person = %s", [key])
    return crc32(bytes(found[0][0])) if found else 0


def _tail(live: Live, records: list[int]) -> str:
    if not records:
        return ""
    marks = ", ".join(["%s"] * len(records[:500]))
    sql = f"SELECT count(*), max(at), max(moment), min(moment) FROM tail WHERE record IN ({marks})"
    return ".".join(str(value or 0) for value in live.rows(sql, records[:500])[0])


@dataclass(frozen=True)
class Line:
    """An event of a sender as it came, or how many repeats came at once."""

    number: int
    received: datetime
    verdict: str
    kind: str = ""
    name: str = ""
    user: str = ""
    message_id: str = ""
    code: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    count: int = 1


def lately_aside(source: str) -> bool:
    """Tell whether events of a sender were set aside that the lake does not hold yet: since its last run began."""
    last = Run.objects.filter(kind="collect", state=Run.State.COMMITTED).order_by("-started_at").first()
    after = micros(last.started_at if last else clock.now() - timedelta(minutes=2))
    return any(line.verdict == "quarantined" for line in lines(source, after=after, verdict="quarantined", most=1))


def lines(source: str, *, after: int = 0, verdict: str = "", kind: str = "", most: int = 100) -> list[Line]:
    """Return the last events of a sender beyond number ``after``, latest first."""
    live = Live()
    if not live.ready():
        return []
    rows = live.rows(
        "SELECT number, at, body FROM stream WHERE source = %s AND number > %s ORDER BY number DESC LIMIT 1000",
        [source, after],
    )
    found = []
    for at, received, body in rows:
        said = json.loads(body)
        if (verdict and said["verdict"] != verdict) or (kind and said.get("kind", "") != kind):
            continue
        found.append(
            Line(
                at, _EPOCH + timedelta(microseconds=received), said["verdict"], said.get("kind", ""),
                said.get("name") or "", said.get("user", ""), said.get("id", ""), said.get("code", ""),
                said.get("values", {}), said.get("count", 1),
            )
        )  # fmt: skip
        if len(found) == most:
            break
    return found
