"""Who is to be looked at again for households to be right, once a few people changed: those around them, no further."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from filrouge.domain.identity.households import BEARERS
from filrouge.domain.identity.memory import SHARED_LARGEST, Memory, Shared


@dataclass(frozen=True)
class Around:
    """What tells the households of a few ``homes``: whoever lives there, or shares a phone or an e-mail with them."""

    homes: frozenset[int]  # their numbers; not those where too many live to be a home
    people: frozenset[str]
    common_emails: frozenset[int]  # keys of the records whose e-mail, or phone, is borne by too many to say anything
    common_phones: frozenset[int]


def around(memory: Memory, people: Collection[str], fresh: Collection[str] = ()) -> Around:
    """Return what is around ``people``, of whom ``fresh`` are the rows that memory is yet to be told."""
    before = [shared for _, shared in _shared(memory, people)]
    changed = [*before, *map(memory.shared, fresh)]
    homes = {one.home for one in changed if one.home is not None}
    for keys in memory.reached(_values(changed)).values():
        borne = _people(memory, keys)
        if (
            len(borne) >= BEARERS / 2
        ):  # it may have become a switchboard's, or be no longer one, for who lives elsewhere
            homes |= {one.home for _, one in _shared(memory, borne) if one.home is not None}
    # a home that only the fresh rows say is new; one that memory's rows say and that leads nowhere is an office or a tower
    led, known = memory.reached(homes), {one.home for one in before}
    homes = {h for h in homes if len(led.get(h, ())) <= SHARED_LARGEST and (h in led or h not in known)}
    living = _people(memory, {key for home in homes for key in led.get(home, ())}) | set(people)
    borne_there = list(_shared(memory, living))
    led = memory.reached(_values(one for _, one in borne_there))
    led = {value: keys for value, keys in led.items() if len(keys) <= SHARED_LARGEST}
    sharing = _people(memory, {key for keys in led.values() for key in keys})
    return Around(
        frozenset(homes),
        frozenset(living | sharing),
        frozenset(key for key, one in borne_there if one.email is not None and one.email not in led),
        frozenset(key for key, one in borne_there if one.phone is not None and one.phone not in led),
    )


def _shared(memory: Memory, people: Iterable[str]) -> list[tuple[int, Shared]]:
    return [(known.key, memory.shared(known.row)) for person in people for known in memory.of_person(person)]


def _values(rows: Iterable[Shared]) -> set[int]:
    return {value for one in rows for value in (one.email, one.phone) if value is not None}


def _people(memory: Memory, keys: Iterable[int]) -> set[str]:
    return {known.person for key in keys if (known := memory.of_key(key)) is not None}
