"""Places that are brought, in words: what a form says of one, what is wrong with it, its first rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filrouge.base import settings
from filrouge.base.errors import FilrougeError, UsageError
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.sources.presets import Preset
from filrouge.work.places import in_drops
from filrouge.work.presets import Looked

FIELDS = (
    "label", "brand", "place", "table", "query", "user", "secret", "host_key", "auth", "header", "items", "way",
    "param", "where",
)  # fmt: skip
AUTH = ("bearer", "basic", "username", "header")
WAYS = ("", "next", "link", "page", "offset", "after")
SHOWN = 8  # columns of the first rows


def about(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form says, every field."""
    made: dict[str, Any] = {name: str(said.get(name, "")).strip() for name in FIELDS}
    return made | {"allow_private": said.get("allow_private") == "yes", "auth": made["auth"] or "bearer"}


def told(kind: str, said: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the label of a place and the beginning of its definition. Raises UsageError when it cannot be one."""
    place = said["place"]
    if not place:
        raise UsageError("Say where it is.", hint="The form shows an example.")
    data: dict[str, Any] = {"place": place, "format": {}}
    if said["allow_private"] and kind != "folder":
        data["allow_private"] = True
    if kind == "folder":
        data |= {"kind": "csv", "place": in_drops(place)}
    elif kind == "sftp":
        data |= {"kind": "csv", "user": said["user"]} | ({"host_key": said["host_key"]} if said["host_key"] else {})
    elif kind == "database":
        data |= {"kind": "sql", "place": _database(place)}
        data["format"] = {name: said[name] for name in ("table", "query") if said[name]}
    else:
        data |= {"kind": "rest"} | _address(said)
        data["format"] = _pages(said)
    return said["label"] or _label(kind, said), data


def choices() -> dict[str, list[tuple[str, str]]]:
    """Return how a key is sent, and how pages follow."""
    auth = {
        "bearer": _("as a token (Authorization: Bearer)"),
        "basic": _("as the password of an account"),
        "username": _("as the name of an account without password"),
        "header": _("in a header of its own"),
    }
    ways = {
        "": _("there is one page"),
        "next": _("the answer says the address of the next page"),
        "link": _("a Link header says it"),
        "page": _("pages are counted"),
        "offset": _("rows are counted"),
        "after": _("a word of the answer asks for the next page"),
    }
    return {"auth": [(code, auth[code]) for code in AUTH], "ways": [(code, ways[code]) for code in WAYS]}


def words_of(kind: str) -> dict[str, str]:
    """Return what the form of a kind of place says."""
    return {
        "folder": {
            "title": _("A folder"),
            "about": _("Files that a system leaves on this machine: each run reads all that fit."),
            "place": "crm/clients_*.csv",
        },
        "sftp": {
            "title": _("An SFTP drop"),
            "about": _("Files that a system leaves on a server. Nothing is written or taken away there."),
            "place": "sftp://files.example.com/outbox/clients_*.csv",
        },
        "database": {
            "title": _("A database"),
            "about": _("A table or a query of PostgreSQL. The connection only reads."),
            "place": "postgresql://reader@db.example.com/shop",
        },
        "address": {
            "title": _("An address (REST)"),
            "about": _("A service that answers in JSON, page after page."),
            "place": "https://desk.example.com/api/customers",
        },
    }[kind]


def drops() -> str:
    """Return the folders in which files are left."""
    return ", ".join(map(str, settings.get().drops))


def table(looked: Looked, *, shown: bool) -> dict[str, Any]:
    """Return the first rows for a table: the columns that hold something first, values in clear or masked."""
    filled = [any(row[at] for row in looked.first) for at in range(len(looked.columns))]
    order = sorted(range(len(looked.columns)), key=lambda at: not filled[at])[:SHOWN]
    rows = [[_cell(row[at], shown=shown) for at in order] for row in looked.first]
    return {
        "columns": [looked.columns[at] for at in order], "first": rows, "more": max(len(looked.columns) - SHOWN, 0)
    }  # fmt: skip


def title(spec: Mapping[str, Any]) -> str:
    """Return what a source is called in the language of the screen."""
    words = spec.get("title") or {}
    return str(words.get((get_language() or "en")[:2]) or words.get("en") or spec["source"])


def some(wanted: Sequence[str]) -> Sequence[str]:
    """Return the parts that are wanted. Raises UsageError when there is none."""
    if not wanted:
        raise UsageError("Choose at least one part.")
    return wanted


def shown_key(error: FilrougeError) -> str:
    """Return the key that a server showed, "" when the fault is another."""
    key = str(error.params.get("key", ""))
    return key if key.startswith("SHA256:") else ""


def fault(said: str) -> str:
    """Say what is wrong with the definition that a form made."""
    for name, words in _faults().items():
        if f"{name}:" in said:
            return words
    return said


def answer_fault(one: Preset, said: str) -> str:
    """Say what is wrong with an answer."""
    name = said.partition(":")[0]
    if name == "(whole)":
        return fault(said)
    language = (get_language() or "en")[:2]
    titles = {ask.name: ask.title.get(language) or ask.title["en"] for ask in one.asks}
    known = titles.get(name, name)
    if said.endswith("say it"):
        return _("%(what)s: say it.") % {"what": known}
    return _("%(what)s: this does not look right.") % {"what": known}


def _faults() -> dict[str, str]:
    return {
        "place": _("Write the place as the example shows it, without a password in it."),
        "user": _("Say whose account it is."),
        "secret": _("Choose the secret that opens it, or type it."),
        "header": _("Say the name of the header: letters, digits and hyphens."),
        "host_key": _("A key of a server is written SHA256:… and 43 signs."),
        "format": _("Say which table, or write a query; and how pages follow, in one way."),
    }


def _database(place: str) -> str:
    if place.startswith("sqlite:///"):
        return "sqlite:///" + in_drops(place.removeprefix("sqlite:///"))
    if not place.startswith(("postgresql://", "postgres://")):
        raise UsageError("A database is written postgresql://user@host/name.", hint="Its password is kept as a secret.")
    return place


def _address(said: Mapping[str, Any]) -> dict[str, Any]:
    made = {"auth": said["auth"]} if said["auth"] != "bearer" else {}
    if said["auth"] == "basic":
        made["user"] = said["user"]
    return made | ({"header": said["header"]} if said["auth"] == "header" else {})


def _pages(said: Mapping[str, Any]) -> dict[str, Any]:
    form: dict[str, Any] = {"items": said["items"]} if said["items"] else {}
    way, param, where = said["way"], said["param"], said["where"]
    needed = {"next": (where,), "page": (param,), "offset": (param,), "after": (param, where)}
    if not all(needed.get(way, ("",) if way not in ("", "link") else ())):
        raise UsageError("Say what the next page is asked by, and where the answer says it.")
    if way == "link":
        return form | {"link": True}
    if way == "after":
        return form | {"after": {"param": param, "at": where}}
    return form | ({way: where if way == "next" else param} if way else {})


def _label(kind: str, said: Mapping[str, Any]) -> str:
    if said["table"]:
        return str(said["table"])
    last = str(said["place"]).partition("?")[0].rstrip("/").rpartition("/")[2]
    return last.partition(".")[0].strip("*_-") or kind


def _cell(text: str | None, *, shown: bool) -> str:
    if text is None:
        return ""
    return text if shown else mask(text)
