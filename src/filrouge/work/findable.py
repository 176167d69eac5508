"""What people corrected here can be searched for like what sources say: the words and numbers of the live copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

from filrouge.base.text import fold
from filrouge.domain.identity.keys import email_key, phone_key, reference_key
from filrouge.store.live import Live, number
from filrouge.store.models import Correction

NAMES = ("given_name", "family_name", "birth_name", "full_name")
LONGEST = 300  # letters of what somebody is found by: a database indexes no more
TOGETHER = 20  # corrections a transaction: readers and other writers wait for it
_KEYS = {"email": ("email", email_key), "phone": ("phone", phone_key), "loyalty_id": ("loyalty", reference_key)}


class Words:
    """The keys and names by which people are found, gathered to be written together."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str | int, ...], int] = defaultdict(int)
        self._names: dict[tuple[str | int, ...], int] = defaultdict(int)

    def key(self, person: int, kind: str, value: str, bits: int) -> None:
        """Let a person be found by a key, within ``bits``."""
        if len(value) <= LONGEST:
            self._keys[value, kind, person] |= bits

    def name(self, person: int, text: str, bits: int) -> None:
        """Let a person be found by the words of a name, within ``bits``."""
        for token in fold(text).split():
            if 1 < len(token) <= LONGEST:
                self._names[token, person] |= bits

    def write(self, live: Live) -> None:
        """Write them, with what a misspelling leaves of names."""
        live.add_origins("keys", self._keys)
        live.add_origins("names", self._names)
        live.learn_tokens({str(token) for token, _ in self._names})


def learn(corrections: Iterable[Correction]) -> None:
    """Add what ``corrections`` in force say to the search keys and the names."""
    live = Live()
    if not live.ready():
        return
    bits = live.origins()
    rows = iter(corrections)
    while some := list(islice(rows, TOGETHER)):
        words = Words()
        with live.writing():
            people = live.current_of({row.person for row in some})
            for row in some:
                bit = bits.get((row.entity, row.brand))
                if bit is not None and row.undone_at is None:
                    person = number(people[row.person])
                    for kind, value in _keys(row):
                        words.key(person, kind, value, 1 << bit)
                    if row.attribute in NAMES:
                        words.name(person, row.value, 1 << bit)
            words.write(live)


def unlearn(row: Correction) -> None:
    """Take away what a correction brought, unless a source says the same."""
    live = Live()
    if not live.ready():
        return
    person = live.current(row.person)
    document = live.document(person) or {"values": []}
    said = [value for value in document["values"] if value["attribute"] == row.attribute]
    others = [Correction(attribute=row.attribute, value=value["value"]) for value in said]
    others += Correction.objects.filter(person__in=live.aliases(person), attribute=row.attribute, undone_at=None)
    kept = {key for other in others for key in _keys(other)}
    words = {token for name in NAMES for value in document["values"] if value["attribute"] == name
             for token in fold(value["value"]).split()}  # fmt: skip
    words |= {token for other in others for token in _tokens(other)}
    with live.writing():
        for kind, value in set(_keys(row)) - kept:
            live.rows_changed(
                "DELETE FROM keys WHERE kind = %s AND value = %s AND person = %s", [kind, value, number(person)]
            )
        for token in set(_tokens(row)) - words:
            live.rows_changed("DELETE FROM names WHERE token = %s AND person = %s", [token, number(person)])


def _keys(row: Correction) -> list[tuple[str, str]]:
    if row.attribute not in _KEYS:
        return []
    kind, normal = _KEYS[row.attribute]
    value = normal(row.value)
    return [(kind, value)] if value else []


def _tokens(row: Correction) -> list[str]:
    return [token for token in fold(row.value).split() if len(token) > 1] if row.attribute in NAMES else []
