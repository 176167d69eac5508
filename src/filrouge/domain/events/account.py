"""An account as its events tell it: each trait as last said, whatever order the events arrive in, and its record.

The same events, in any order and any number of times, give the same account. Of two events of one moment,
that of the greater message id is the later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

MOST = 60  # traits kept of an account
LONGEST = 1_000  # letters of one
LARGEST = 4 * LONGEST  # bytes of one that holds others, as JSON
SHOWN = 254  # letters of a column of a record


class Trait(msgspec.Struct, array_like=True, frozen=True):
    """A value, and when it was said by which message."""

    at: int
    message: str
    value: Any


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody as a sender knows them: an account, or an anonymous id that became ``user``'s (``since``).

    ``first`` and ``last`` are when traits were said, in microseconds; 0 when none ever were.
    """

    source_id: str
    entity: str
    brand: str
    user: str = ""
    since: tuple[int, str] | None = None  # for an anonymous id: when it was first said to be of ``user``
    first: int = 0
    last: int = 0
    traits: dict[str, Trait] = {}


_account = msgspec.json.Decoder(Account)


def read(body: str | bytes) -> Account:
    """Return the account that ``written`` wrote."""
    return _account.decode(body)


def written(account: Account) -> str:
    """Return the account as JSON, its traits in order."""
    held = {name: account.traits[name] for name in sorted(account.traits)}
    return msgspec.json.encode(msgspec.structs.replace(account, traits=held)).decode()


def said(account: Account, traits: Mapping[str, Any], *, at: int, message: str) -> Account:
    """Return ``account`` after an event of the moment ``at`` (microseconds) said ``traits``."""
    if not traits:
        return account
    held = account.traits
    for name, value in traits.items():
        if len(name) > 100 or _too_long(value):
            continue
        before = held.get(name)
        if before is None or (at, message) > (before.at, before.message):
            if held is account.traits:
                held = dict(held)
            held[name] = Trait(at, message, value)
    if len(held) > MOST:  # those said last, so that whatever order they came in the same are kept
        latest = sorted(held, key=lambda name: (held[name].at, held[name].message, name), reverse=True)[:MOST]
        held = {name: held[name] for name in latest}
    return msgspec.structs.replace(account, traits=held, first=min(account.first or at, at), last=max(account.last, at))


def _too_long(value: Any) -> bool:
    if isinstance(value, dict | list):
        return len(msgspec.json.encode(value)) > LARGEST
    return isinstance(value, str) and len(value) > LONGEST


def joined(account: Account, user: str, *, at: int, message: str) -> Account:
    """Return the account of an anonymous id after an event said it was of ``user``: whoever had it first keeps it."""
    if account.since is not None and account.since <= (at, message):
        return account
    return msgspec.structs.replace(account, user=user, since=(at, message))


# trait, as Segment's and RudderStack's libraries name it -> column of person_records
_COLUMNS = {
    "email": "email", "phone": "phone", "firstName": "given_name", "first_name": "given_name",
    "lastName": "family_name", "last_name": "family_name", "name": "full_name", "title": "title", "gender": "sex",
    "language": "language",
}  # fmt: skip
_ADDRESS = {
    "street": "address_line", "line1": "address_line", "postalCode": "postcode", "postal_code": "postcode",
    "zip": "postcode", "city": "city", "country": "country",
}  # fmt: skip
_BORN = ("birthday", "birthDate", "birthdate", "birth_date", "dateOfBirth")


def record(account: Account, system: str) -> dict[str, Any]:
    """Return the columns of the record (``person_records``) that the account is; what is not said is left out.

    The number of an account is its sender's: 42 is somebody else on another site.
    """
    held = account.traits
    made: dict[str, Any] = {}
    for name, column in _COLUMNS.items() if held else ():
        if name in held and column not in made and (value := _text(held[name].value)):
            made[column] = value
    if made.get("given_name") and made.get("family_name"):
        made.pop("full_name", None)
    address = held["address"].value if "address" in held else None
    if isinstance(address, dict):
        for name, column in _ADDRESS.items():
            if column not in made and (value := _text(address.get(name))):
                made[column] = value
    for name in _BORN:
        if name in held and (born := _date(held[name].value)):
            made["birth_date"] = born
            break
    made["account_ref"] = f"{system}:{account.user or account.source_id}"
    if account.first:
        made["created_at"], made["updated_at"] = moment(account.first), moment(account.last)
    return made


def moment(at: int) -> datetime:
    """Return microseconds since 1970 as a date in UTC."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).replace(microsecond=at % 1_000_000)


def _text(value: Any) -> str:
    return " ".join(str(value).split())[:SHOWN] if isinstance(value, str | int | float) and value is not True else ""


def _date(value: Any) -> date | None:
    try:
        born = date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        return None
    return born if born.year >= 1880 else None
