"""Sources brought from where they stand: a folder, a drop, a database, an address, a usual system.

The place is asked before anything is kept; what it shows becomes a draft, which goes on as that of a file does.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from django.db import transaction

from filrouge.base import settings
from filrouge.base.errors import Refused, SourceError, UsageError
from filrouge.base.ids import uuid7
from filrouge.base.text import fold
from filrouge.connect import Reach, connector
from filrouge.connect.guess import conventions
from filrouge.connect.paths import brought
from filrouge.connect.rest import REST
from filrouge.domain.identity.evaluate import holdings
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec, coded
from filrouge.domain.sources.guessed import guessed
from filrouge.domain.sources.meaning import Held
from filrouge.domain.sources.presets import preset
from filrouge.domain.sources.reaching import FILES
from filrouge.store.models import Brand, Secret, Source, SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.work import access, audit, draft_brands, draft_files, files, jobs, presets, secrets
from filrouge.work.presets import FIRST, Looked

FIRST_ROWS = "first.json"  # beside what was seen of the columns
KINDS = ("folder", "sftp", "database", "address")


@dataclass(frozen=True)
class Key:
    """The secret that opens a place: one that is kept, or a new one to keep once the place answered to it."""

    name: str = ""
    value: str = field(default="", repr=False)


@dataclass(frozen=True)
class Proposed:
    """How a place would be read: the definition, what its columns hold, the first rows."""

    data: dict[str, Any]
    held: tuple[Held, ...]
    looked: Looked


def proposed(data: Mapping[str, Any], *, folder: Path, secret: str | None = None) -> Proposed:
    """Return a whole definition for the place that ``data`` begins to tell: its kind, its columns, what they say.

    Raises SourceError when the place does not answer or holds no row, DefinitionError when it cannot be one.
    """
    made: dict[str, Any] = {"reads": "person_records", "key": [], "map": {}, **data}
    made["format"] = dict(data.get("format") or {})
    if secret is None and made.get("secret"):
        secret = secrets.reveal(str(made["secret"]))
    reach = Reach(folder, secret, settings.get().allow_private)
    if made["kind"] in FILES:
        with brought(SourceSpec.parse(made, what=made["source"]), reach) as paths:
            made["kind"], seen = conventions(paths[0])
        made["format"] = {name: value for name, value in {**seen, **made["format"]}.items() if value}
    if made["kind"] == "rest" and "items" not in made["format"]:
        brief = SourceSpec.parse({**made, "patience": presets.SHORT}, what=made["source"])
        lists = REST().lists(brief, reach)
        if lists:
            made["format"]["items"] = lists[0]
    looked = presets.look(made, folder, secret=secret or "")
    if not looked.first:
        raise SourceError("There is no row at this place.", hint="Check what it holds.")
    held = _held(made, looked, reach)
    guess = guessed(held)
    if not data.get("key"):
        made["key"] = list(guess.key) or [looked.columns[0]]
    made["map"] = {**coded.filled(made["reads"], guess.map, coded.few(held)), **(data.get("map") or {})}
    SourceSpec.parse(made, what=made["source"])
    return Proposed(made, held, looked)


def propose(data: Mapping[str, Any], *, brand: str, name: str = "", folder: Path) -> Proposed:
    """Return how a place would be read for a brand; nothing is kept. Raises UsageError when the brand is not known."""
    row = Brand.objects.select_related("entity").filter(slug=brand).first()
    if row is None:
        raise presets.unknown_brand(brand)
    place = str(data["place"]).partition("?")[0].rstrip("/").rpartition("/")[2]
    label = name or str((data.get("format") or {}).get("table") or place.partition(".")[0].strip("*_") or "place")
    begun = {**data, "source": name or free_name(label), "entity": str(row.entity.slug), "brand": brand}
    return proposed(begun, folder=folder)


def bring(asking: Caller, data: Mapping[str, Any], *, brand: str, label: str, key: Key | None = None) -> SourceDraft:
    """Ask a place, and keep what it shows as the beginning of a source.

    Raises Refused, UsageError when what is told of it cannot be used, SourceError when it does not answer.
    """
    entity = _may(asking, brand, private=bool(data.get("allow_private")))
    made = {**data, "source": free_name(label), "entity": entity, "brand": brand}
    opened = _opened(asking, key, made)
    read = proposed(made, folder=settings.get().home, secret=opened)
    with transaction.atomic():
        if key is not None and key.value:
            secrets.keep(made["secret"], key.value, by=asking.by)
        data = draft_brands.proposed(asking, read.data, read.held)
        return _kept(asking, data, read.looked, whose=(entity, brand), label=label, held=read.held)


def bring_system(
    asking: Caller, name: str, answers: Mapping[str, str], *, brand: str, parts: Iterable[str], prefix: str = "",
    key: Key | None = None, private: bool = False,
) -> list[SourceDraft]:  # fmt: skip
    """Ask a usual system for each part, keep what it shows as drafts, and have each tried.

    Raises Refused, DefinitionError when an answer is missing or wrong, SourceError when a part does not answer.
    """
    entity = _may(asking, brand, private=private)
    of = preset(name)
    begins = prefix or free_name(name, parts=tuple(of.parts))
    named = {ask.name for ask in of.asks if ask.secret}
    told = dict(answers)
    opened: str | None = None
    if named:
        made: dict[str, Any] = {"source": begins}
        opened = _opened(asking, key, made)
        told |= dict.fromkeys(named, made.get("secret", ""))
    listed = presets.definitions(name, told, brand=brand, prefix=begins, parts=parts, private=private)
    for data in listed:
        if data["kind"] in FILES:
            data["place"] = in_drops(data["place"])
    looked = [presets.look(data, settings.get().home, secret=opened) for data in listed]
    with transaction.atomic():
        if key is not None and key.value:
            secrets.keep(told[next(iter(named))], key.value, by=asking.by)
        made_of = [_kept(asking, one.data, one, whose=(entity, brand), label=_label(one.data)) for one in looked]
        for draft in made_of:
            jobs.ask("draft_trial_long", by=asking.by, key=f"trial {draft.pk}", draft=str(draft.pk))
    return made_of


def first(draft: SourceDraft) -> Looked | None:
    """Return the first rows that the place of a draft showed, None of a file."""
    try:
        held = json.loads((draft_files.folder(draft) / FIRST_ROWS).read_text())
    except (OSError, ValueError):
        return None
    rows = tuple(tuple(row) for row in held["first"])
    return Looked(dict(draft.spec), tuple(held["columns"]), rows, held["rows"])


def in_drops(place: str) -> str:
    """Return where a pattern of files stands, whole. Raises UsageError unless it is in a folder for files left."""
    roots = settings.get().drops
    for root in roots:
        path = Path(place) if Path(place).is_absolute() else root / place
        inside = path.parent.resolve() if "**" not in path.parts else root.resolve()
        if ".." not in path.parts and path.is_relative_to(root) and inside.is_relative_to(root.resolve()):
            return str(path)
    raise UsageError(
        "The folder {place} is in none where files are left for Filrouge.", hint="They are: {drops}.",
        place=place[:200], drops=", ".join(map(str, roots)),
    )  # fmt: skip


def free_name(label: str, *, parts: Iterable[str] = ()) -> str:
    """Return the name of a source, or what those of ``parts`` begin with, that is not taken."""
    word = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_")[:40]
    word = word if word[:1].isalpha() else f"place_{word}".rstrip("_")
    taken = set(Source.objects.values_list("name", flat=True))
    taken |= {str(spec.get("source", "")) for spec in SourceDraft.objects.values_list("spec", flat=True)}
    wanted, number = list(parts), 1
    name = word
    while any(one in taken for one in ([f"{name}_{part}" for part in wanted] or [name])):
        number += 1
        name = f"{word}_{number}"
    return name


def may_reach_within(asking: Caller) -> bool:
    """Tell whether the caller may have an address of the company's own network reached."""
    return asking.administrator


# --- the steps --------------------------------------------------------------------------------------------------------


def _may(asking: Caller, brand: str, *, private: bool) -> str:
    access.must(asking, *found.KEEPERS)
    row = Brand.objects.select_related("entity").filter(slug=brand).first()
    entity = str(row.entity.slug) if row else ""
    if row is None or not asking.perimeter.acts(entity, brand, *found.KEEPERS):
        raise Refused("You do not act for this brand.", hint="Choose a brand of yours.")
    if private and not may_reach_within(asking):
        raise Refused(
            "An address within your own network is for administrators to open.", hint="Ask one to bring this place."
        )
    return entity


def _opened(asking: Caller, key: Key | None, data: dict[str, Any]) -> str | None:
    """Return the secret, opened, and name it in ``data``; a new one gets a name that is free."""
    if key is None or not (key.name or key.value):
        return None
    if key.value:
        base, number = f"{data['source']}-key"[:56], 1
        data["secret"] = base
        while Secret.objects.filter(name=data["secret"]).exists():
            number += 1
            data["secret"] = f"{base}-{number}"
        return key.value
    if key.name not in secrets.openable(asking):
        raise secrets.missing(key.name)
    data["secret"] = key.name
    return secrets.reveal(key.name)


def _held(data: Mapping[str, Any], looked: Looked, reach: Reach) -> tuple[Held, ...]:
    """Return what the columns hold, from the first rows: of an address, those of the first answer."""
    names = list(looked.columns)
    rows: dict[str, list[str | None]] = {name: [row[at] for row in looked.sample] for at, name in enumerate(names)}
    if data["kind"] != "rest":
        spec = SourceSpec.parse(data, what=data["source"])
        if data["kind"] == "ndjson":
            spec = spec.model_copy(update={"key": looked.columns})
        chunk = next(iter(connector(spec.kind).read(spec, reach)), None)
        if chunk is not None and chunk.rows.num_rows:
            table = chunk.rows.slice(0, files.LOOKED)
            rows = {n: table[n].to_pylist() for n in table.column_names if not n.startswith("_")}
    return tuple(holdings(pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String))))


def _kept(
    asking: Caller,
    data: Mapping[str, Any],
    looked: Looked,
    *,
    whose: tuple[str, str],
    label: str,
    held: tuple[Held, ...] = (),
) -> SourceDraft:
    digest = hashlib.sha256(json.dumps([data["place"], data["source"]]).encode()).hexdigest()
    draft = SourceDraft(
        id=uuid7(), name=label[:200], size=0, digest=digest, entity=whose[0], brand=whose[1],
        by=asking.by, spec=dict(data),
    )  # fmt: skip
    here = draft_files.folder(draft)
    here.mkdir(parents=True)
    try:
        draft_files.see(draft, held)
        shown = {"columns": looked.columns, "first": looked.first[:FIRST], "rows": looked.rows}
        (here / FIRST_ROWS).write_text(json.dumps(shown))
        draft.save(force_insert=True)
        audit.record("source.draft", by=asking.by, kind="source", subject=str(draft.id), brand=draft.brand)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(here)
        raise
    return draft


def _label(data: Mapping[str, Any]) -> str:
    title = data.get("title") or {}
    return str(title.get("fr") or title.get("en") or data["source"])
