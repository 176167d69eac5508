"""Addresses and numbers in text that could not be read as values: what is set aside may speak of somebody erased."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from urllib.parse import unquote

import pyarrow as pa

from filrouge.domain.identity.keys import email_key, phone_key

# Given (entity, record_key, keys of people, email, phone), tell which rows concern somebody who must not come back.
Suppressed = Callable[[pa.Table], list[bool]]
_ADDRESS = re.compile(r"[^\s;,|<>\"']+@[^\s;,|<>\"']+")
_PLAIN = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")  # what is left of it between brackets, colons and the like
_NUMBER = re.compile(r"\+?\d[\d .()-]{6,}\d")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


def found(text: str) -> tuple[set[str], set[str]]:
    """Return the addresses and the numbers that stand in ``text``, as written there, however it is escaped."""
    plain = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)
    plain = f"{plain} {unquote(plain)}" if "%40" in plain or "%2B" in plain.upper() else plain
    return {*_ADDRESS.findall(plain), *_PLAIN.findall(plain)}, set(_NUMBER.findall(plain))


def barred(test: Suppressed, texts: Sequence[str], entities: Sequence[str | None]) -> list[bool]:
    """Tell which of ``texts``, each held by an entity, hold an address or a number that ``test`` keeps out."""
    out = [False] * len(texts)
    said: list[tuple[int, str, str]] = []
    for at, text in enumerate(texts):
        emails, phones = found(text)
        said += [(at, word, "") for word in sorted(emails)] + [(at, "", word) for word in sorted(phones)]
    if said:
        columns = {
            "entity": [entities[at] for at, *_ in said], "email": [word for _, word, _ in said],
            "phone": [word for *_, word in said],
        }  # fmt: skip
        told = test(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}))
        for (at, *_), bad in zip(said, told, strict=True):
            out[at] = out[at] or bad
    return out


def holds(text: str, words: Collection[str]) -> bool:
    """Tell whether ``text`` holds one of ``words``, addresses and numbers, in whatever form."""
    low = text.lower()
    if any(word.lower() in low for word in words):
        return True
    emails, phones = found(text)
    return bool(
        {email_key(word) for word in words if "@" in word} & {email_key(word) for word in emails} - {""}
        or {phone_key(word) for word in words if "@" not in word} & {phone_key(word) for word in phones} - {""}
    )
