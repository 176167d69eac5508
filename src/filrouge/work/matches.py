"""One record matched as it arrives: by the memory of the last settlement, in process, within what the caller sees."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from filrouge.base.errors import Conflict, Refused, UsageError
from filrouge.domain import identity
from filrouge.domain.identity.memory import FORMAT, fingerprint
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Entity
from filrouge.store.queries.matches import Opened, opened
from filrouge.work import access, memory
from filrouge.work.deriving import spec

ATTRIBUTES = (
    "given_name", "family_name", "full_name", "birth_name", "birth_date", "sex", "email", "phone", "address_line",
    "postcode", "city", "loyalty_id", "account_ref",
)  # fmt: skip
LONGEST = 254  # letters of a value


@dataclass(frozen=True)
class Told:
    """A match, with the records that it names; an id in it leads to where that person's records are today."""

    match: identity.Match
    records: Mapping[int, Opened] = field(default_factory=dict)

    @property
    def person(self) -> str | None:
        """The id of the person today, None when it is nobody's that the caller sees."""
        return self.today(self.match.steps[0].right) if self.match.steps else None

    def today(self, key: int) -> str | None:
        """Return the person of a record today."""
        known = self.records.get(key)
        return known.person if known else self.match.person


@dataclass
class _Ready:
    """The matcher of this process, and the memory that it stands on."""

    folder: Path | None = None
    matcher: identity.Matcher | None = None


_ready = _Ready()
_lock = threading.Lock()


def match(asking: Caller, said: Mapping[str, str], *, entity: str = "") -> Told:
    """Return whose a record is, of those whom the caller sees, why and how sure; that somebody was told is kept.

    ``entity`` is that whose loyalty card or account it bears. Raises UsageError when too little or no sense is said,
    Refused when the caller may not, Conflict when nothing can be matched yet.
    """
    if entity and not Entity.objects.filter(slug=entity).exists():
        raise UsageError("No entity is called {entity}.", hint="Choose an entity of the group.", entity=entity[:60])
    told = found(asking, said, entity=entity)
    if told.person is not None:
        access.opened(asking, told.person, "match")
    return told


def found(asking: Caller, said: Mapping[str, str], *, entity: str = "") -> Told:
    """Return what ``match`` does, for whoever leaves a line of their own that it was told."""
    if not asking.opens_pages():
        raise Refused("Your role sees figures, not people.", hint="Ask an administrator if you need more.")
    access.must(asking, scope="people:read")
    record = checked(said) | {"entity": entity or None}
    if not entity and (record["loyalty_id"] or record["account_ref"]):
        raise UsageError("A loyalty card or an account is of one entity.", hint="Say of which: entity.")
    records: dict[int, Opened] = {}

    def seen(people: Sequence[str]) -> set[int]:
        records.update(opened(people, asking))
        return set(records)

    with _lock:  # what was settled since is taken in by one at a time
        return Told(_matcher().match(record, seen=seen), records)


class _All:
    """Every record: whoever asks is the product itself."""

    def __contains__(self, _: object) -> bool:
        return True


def whose(records: Sequence[Mapping[str, str | None]]) -> list[identity.Match | None]:
    """Return whose each record (``ATTRIBUTES`` and ``entity``) is, among everybody; None while nothing can be matched.

    All are matched by one memory: what is settled meanwhile counts for the next.
    """
    if not records:
        return []
    try:
        with _lock:
            matcher, everybody = _matcher(), _All()
            return [matcher.match(dict.fromkeys(ATTRIBUTES) | dict(said), seen=lambda _: everybody) for said in records]
    except Conflict:
        return [None] * len(records)


def checked(said: Mapping[str, str]) -> dict[str, str | None]:
    """Return the attributes of a record without blanks around them. Raises UsageError, which names what is wrong."""
    unknown = sorted(set(said) - set(ATTRIBUTES))
    if unknown:
        raise UsageError(
            "Nobody is known by {names}.", hint="A record is told by: {known}.", names=", ".join(unknown)[:200],
            known=", ".join(ATTRIBUTES),
        )  # fmt: skip
    clean = {name: " ".join(str(value).split()) for name, value in said.items() if value is not None}
    clean = {name: value for name, value in clean.items() if value}
    if not clean:
        raise UsageError("Nothing says whose this record is.", hint="Give a name, an e-mail, a phone number…")
    if too_long := [name for name, value in clean.items() if len(value) > LONGEST]:
        raise UsageError(
            "{name} is too long.", hint="Write {most} letters at most.", name=too_long[0], most=LONGEST
        )  # fmt: skip
    if born := clean.get("birth_date"):
        try:
            date.fromisoformat(born)
        except ValueError:
            raise UsageError("This is no date.", hint="Write a date of birth as 1980-05-06.") from None
    return dict.fromkeys(ATTRIBUTES) | clean


def _matcher() -> identity.Matcher:
    """Return the matcher of this process, on the memory that counts now. Raises Conflict when there is none."""
    folder = memory.laid()
    if folder is None:
        _ready.folder, _ready.matcher = None, None
        raise _nothing()
    if _ready.matcher is None or _ready.folder != folder:  # a memory keeps to the rules that it was laid under
        rules = spec()
        try:
            laid = identity.Memory(folder)
        except (OSError, ValueError, KeyError):  # cut short, or of another version
            raise _nothing() from None
        if laid.format != FORMAT or laid.spec != fingerprint(rules):
            raise _nothing()
        _ready.folder, _ready.matcher = folder, identity.Matcher(laid, rules)
    _ready.matcher.memory.catch_up()
    return _ready.matcher


def _nothing() -> Conflict:
    return Conflict(
        "One record cannot be matched yet: the last settlement left no memory.",
        hint="Run `filrouge identity resolve --full`; memory is laid once there are enough records to learn from.",
    )
