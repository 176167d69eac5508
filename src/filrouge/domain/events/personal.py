"""What looks like somebody's own: values and names of fields that are never copied out of an event."""

from __future__ import annotations

import re

from filrouge.base.text import fold

# Words that name what is somebody's; a field is looked at word by word: `billing_firstName` is billing, first, name.
_WORDS = frozenset({
    "mail", "email", "courriel", "phone", "tel", "telephone", "mobile", "fax", "name", "names", "nom", "prenom",
    "firstname", "lastname", "fullname", "username", "nickname", "surname", "login", "user", "userid", "id", "ids",
    "uuid", "guid", "identifier", "birth", "birthday", "born", "naissance", "address", "adresse", "street", "rue",
    "city", "ville", "zip", "postcode", "postal", "ip", "iban", "bic", "card", "carte", "ssn", "passport", "token",
    "password", "secret", "key", "lat", "lon", "lng", "latitude", "longitude", "query", "search", "message",
    "comment", "note", "text",
})  # fmt: skip
_address = re.compile(r"[^\s@]+@[^\s@]+")
_number = re.compile(r"\+?\d[\d .()/-]{5,}\d")
_code = re.compile(r"[0-9a-fA-F-]{12,}")
_split = re.compile(r"[A-Z]?[^A-Z\W_]+|[A-Z]+(?![^A-Z\W_])")


def field_is_personal(name: str) -> bool:
    """Tell whether a field of this name holds, or may hold, what is somebody's own."""
    return any(fold(word) in _WORDS for word in _split.findall(name))


def looks_personal(text: str) -> bool:
    """Tell whether ``text`` looks like an address, a telephone number, or the code of one thing or person."""
    return bool(_address.search(text) or _number.search(text) or _code.fullmatch(text))
