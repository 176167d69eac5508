"""Names and colours of brands, entities and systems, as the group and its sources declare them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.core.cache import cache
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filrouge.base.text import fold
from filrouge.console import words
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.queries import accounts, group, sources

T = TypeVar("T")


@dataclass(frozen=True)
class BrandMark:
    """How a brand is named and coloured."""

    name: str
    colour: str


def brand(slug: str) -> BrandMark:
    """Return the mark of a brand; one that is not declared is named by its slug, in grey."""
    return _brands().get(slug) or BrandMark(_plain(slug), "#8a8a8a")


def entity(slug: str) -> str:
    """Return the name of a legal entity."""
    return _entities().get(slug) or _plain(slug)


def source(name: str) -> str:
    """Return the title of a source in the reader's language."""
    titles = _titles().get(name, {})
    title = titles.get((get_language() or "fr")[:2]) or titles.get("fr") or _plain(name)
    return title.replace(" :", "\N{NO-BREAK SPACE}:")  # no line begins with a colon


def system(name: str, source_name: str = "") -> str:
    """Return the name of a system: what stands before the colon in the title of its sources."""
    found = source_name or next((known for known, of in _systems().items() if of == name), "")
    return source(found).split(":")[0].strip() if found else _plain(name)


def author(by: str) -> str:
    """Return the name of whoever did something: of an account, a source, what works by itself; else as it is kept."""
    if by.startswith("source "):
        return source(by.removeprefix("source "))
    if by.startswith("rule "):
        return _("the rule %(name)s") % {"name": by.removeprefix("rule ")}
    return _authors().get(by.casefold()) or str(words.WORDS["author"].get(by, by))


def account(key: str) -> str:
    """Return the name of the account of this number; the number itself when there is none."""
    return _accounts().get(key, key)


def authors(text: str) -> list[str]:
    """Return the addresses of the accounts whose name holds ``text``."""
    wanted = fold(text)
    return [address for address, name in _authors().items() if wanted and wanted in fold(name)]


def evidence(text: str) -> str:
    """Return what a decision rests on: of an imported row, its source by name and its number; else as it is kept."""
    first, _space, number = text.partition(" ")
    if number and first in _titles():
        return _("%(source)s, row %(number)s") % {"source": source(first), "number": number}
    return text


def _plain(slug: str) -> str:
    return slug.replace("-", " ").replace("_", " ").capitalize()


def _brands() -> dict[str, BrandMark]:
    return _kept("brands", lambda: {row.slug: BrandMark(row.name, row.colour) for row in group.brands()})


def _entities() -> dict[str, str]:
    return _kept("entities", lambda: {row.slug: row.name for row in group.entities()})


def _titles() -> dict[str, dict[str, str]]:
    return _kept("titles", lambda: {line.source.name: dict(line.spec.title) for line in sources.lines(OWNER)}) | {
        "filrouge": {"fr": "Filrouge", "en": "Filrouge"}
    }


def _systems() -> dict[str, str]:
    return _kept("systems", group.systems)


def _authors() -> dict[str, str]:
    return _kept("authors", lambda: {row.email.casefold(): row.name for row in accounts.users()})


def _accounts() -> dict[str, str]:
    return _kept("accounts", lambda: {str(row.pk): row.name for row in accounts.users()})


def _kept(key: str, read: Callable[[], dict[str, T]]) -> dict[str, T]:
    """Return what ``read`` gives, asked anew at most once a minute."""
    found = cache.get(f"names:{key}")
    if found is None:
        found = read()
        cache.set(f"names:{key}", found, 60)
    return dict(found)


def forget() -> None:
    """Ask the names of entities and brands anew: one was declared."""
    cache.delete_many(["names:brands", "names:entities"])
