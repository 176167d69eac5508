"""People taken out of the product: for a purpose, by a channel, on behalf of an entity, each asked ``may_i``.

What is selected and what is shown both keep to what the acting entity may use for that purpose. The file is written
whole before it is handed over, in the same breath as its audit line: a reader gets all of it or a sentence.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction

from filrouge.base import clock, settings
from filrouge.base.cells import neutral
from filrouge.base.errors import Refused, UsageError
from filrouge.connect import own, sheets
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import CHANNELS
from filrouge.domain.profiles import PersonView, exports, view
from filrouge.domain.profiles.filters import Filters
from filrouge.store.live import Live
from filrouge.store.models import Brand, Correction
from filrouge.store.queries import group, people, search
from filrouge.work import access, audit, consents

BOUND = 20_000  # people in one export
BATCH = 500
# Says a code of a kind (column, decision_reason, purpose, channel, brand…) to whoever will read the file.
Say = Callable[[str, str], str]


@dataclass(frozen=True)
class Order:
    """What is asked for: the search, and what the people are wanted for, by which channel, on whose behalf."""

    text: str
    filters: Filters
    purpose: str
    channel: str
    entity: str
    brand: str


@dataclass
class Counts:
    """How many people the search found, how many the export holds, and how many were left out, by reason."""

    found: int = 0
    exported: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def plain(self) -> dict[str, Any]:
        return {"found": self.found, "exported": self.exported, "left_out": dict(sorted(self.left_out.items()))}


def weigh(asking: Caller, order: Order) -> Counts:
    """Return what an export would hold and leave out; nothing leaves, so nothing is audited.

    Raises Refused when the caller may not export so, UsageError when too many people match.
    """
    counts = Counts()
    for _ in _judged(asking, order, counts, clock.now()):
        pass
    return counts


def write(
    asking: Caller, order: Order, *, form: sheets.Form, say: Say, delimiter: str = ","
) -> tuple[BinaryIO, Counts]:
    """Return the file of an export, open at its beginning and without a name on the disk, and its counts.

    Raises Refused when the caller may not export so, UsageError when too many people match.
    """
    at, counts = clock.now(), Counts()
    wanted = exports.columns(order.channel)
    header = [say(name, "attribute") for name in wanted]
    header[-1] = own.signed(header[-1], shielded=True)  # brought back, it is known for ours
    judged = _judged(asking, order, counts, at)
    lines = (_line(seen, reason, wanted, say) for seen, reason in judged)

    def notes() -> list[list[sheets.Cell]]:
        return _notes(order, counts, at, say)

    folder = settings.get().home / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    stream: Any = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - whoever reads it closes it
    try:
        if form == "csv":
            sheets.write_csv(stream, header, lines, delimiter=delimiter, notes=notes)
        else:
            titles = (say("people", "sheet"), say("left_out", "sheet"))
            sheets.write_xlsx(stream, header, lines, titles=titles, folder=folder, notes=notes)
        with transaction.atomic():
            audit.record(
                "person.export", by=asking.by, kind="export", purpose=order.purpose, channel=order.channel,
                entity=order.entity, brand=order.brand, form=form, named=bool(order.text.strip()),
                filters=sorted(order.filters.plain()), **counts.plain(),
            )  # fmt: skip
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    return stream, counts


def _allowed(asking: Caller, order: Order) -> Caller:
    """Return the caller as they act for the order's entity, under its purpose."""
    access.must(asking, scope="people:export")
    if not asking.opens_pages():
        raise Refused("Your role sees figures, not people.", hint="Ask an administrator if you need more.")
    narrowed = access.acting_for(asking, order.entity, purpose=order.purpose)
    allowed = exports.purposes(narrowed.roles)  # the roles held for that entity: another's open nothing here
    if order.purpose not in allowed or not narrowed.opens_pages():
        raise Refused(
            "Your role does not export people for this purpose.", hint="Choose one of: {allowed}.",
            allowed=", ".join(allowed) or "none",
        )  # fmt: skip
    if order.channel not in CHANNELS:
        raise UsageError("This is no channel.", hint="Choose one of: {known}.", known=", ".join(CHANNELS))
    if not Brand.objects.filter(slug=order.brand).exists():
        raise UsageError("No brand is called {brand}.", hint="Choose a brand of the group.", brand=order.brand[:60])
    if not narrowed.perimeter.sees(order.entity, order.brand):
        raise Refused("You do not act for the brand {brand}.", hint="Choose a brand of yours.", brand=order.brand)
    if exports.reveals(narrowed.roles, order.purpose):
        clear = dataclasses.replace(narrowed.perimeter, revealed=frozenset({"contact"}))
        return dataclasses.replace(narrowed, perimeter=clear)
    return narrowed


def _judged(asking: Caller, order: Order, counts: Counts, at: datetime) -> Iterator[tuple[PersonView, str]]:
    """Yield who may be reached, and why; count everybody."""
    acting = _allowed(asking, order)
    if not order.text.strip() and not order.filters.any:
        raise UsageError("An export needs a search.", hint="Give words, or a filter.")
    shown = search.matching(order.text, order.filters, asking.perimeter, most=BOUND + 1)
    if len(shown) > BOUND:
        raise UsageError(
            "More than {bound} people match: an export holds {bound} at most.",
            hint="Narrow the search by brand, place or subscription, and export each part.", bound=BOUND,
        )  # fmt: skip
    usable = set(search.matching(order.text, order.filters, acting.perimeter, most=BOUND * 10))
    counts.found = len(shown)
    live, systems = Live(), {**group.systems(), "filrouge": "filrouge"}
    for start in range(0, len(shown), BATCH):
        some = [person for person in shown[start : start + BATCH] if person in usable]
        counts.left_out["not_shared"] += len(shown[start : start + BATCH]) - len(some)
        documents = {str(body["id"]): body for body in live.documents(some).values()}
        decisions = consents.may_i_all(
            documents, entity=order.entity, brand=order.brand, purpose=order.purpose, channel=order.channel, at=at
        )
        corrected = _corrections(live, list(documents))
        for person in sorted(documents):
            seen = _seen(documents[person], corrected.get(person, []), acting, systems, at)
            if seen is None:
                counts.left_out["not_shared"] += 1
            elif not decisions[person].allow:
                counts.left_out[decisions[person].reason] += 1
            elif not exports.reachable(seen, order.channel):
                counts.left_out["no_address"] += 1
            else:
                counts.exported += 1
                yield seen, decisions[person].reason
    counts.left_out = +counts.left_out


def _seen(
    document: dict[str, Any], corrected: list[Correction], acting: Caller, systems: dict[str, str], at: datetime
) -> PersonView | None:
    sees = acting.perimeter
    told = [row for row in corrected if sees.sees(row.entity, row.brand, "identity")]
    short = {"id": document["id"], "records": document["records"], "values": people.overlay(document["values"], told)}
    return view(short, (), sees, systems=systems, at=at)


def _corrections(live: Live, wanted: list[str]) -> dict[str, list[Correction]]:
    aliases = live.aliases_of(wanted)
    leads = {alias: person for person, known in aliases.items() for alias in known}
    found: dict[str, list[Correction]] = {}
    for row in Correction.objects.filter(person__in=list(leads), undone_at=None):
        found.setdefault(leads[row.person], []).append(row)
    return found


def _line(seen: PersonView, reason: str, wanted: tuple[str, ...], say: Say) -> list[str]:
    return exports.line(seen, say(reason, "decision_reason"), wanted, brand=lambda slug: say(slug, "brand"))


def _notes(order: Order, counts: Counts, at: datetime, say: Say) -> list[list[sheets.Cell]]:
    """Return what the export was for and whom it leaves out, by reason."""
    asked = [
        ("purpose", say(order.purpose, "purpose")), ("channel", say(order.channel, "channel")),
        ("entity", say(order.entity, "entity")), ("brand", say(order.brand, "brand")),
        ("at", say(at.isoformat(timespec="seconds"), "moment")),
    ]  # fmt: skip
    told: list[list[sheets.Cell]] = [[say(name, "note"), neutral(value)] for name, value in asked]
    told += [[say("found", "note"), counts.found], [say("exported", "note"), counts.exported]]
    for reason, count in sorted(counts.left_out.items()):
        if count:
            told.append([f"{say('left_out', 'note')} ({say(reason, 'decision_reason')})", count])
    return told
