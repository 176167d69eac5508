"""What the rows of a source being prepared are: people, or what people did; said by whoever brings it, guessed anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from filrouge.base import settings
from filrouge.base.errors import DefinitionError, SourceError, UsageError
from filrouge.domain.identity.evaluate import holdings
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import coded
from filrouge.domain.sources.columns import PEOPLE, READS, refers
from filrouge.domain.sources.facts import guessed_rows, whose
from filrouge.domain.sources.guessed import guessed, spared
from filrouge.domain.sources.meaning import Held
from filrouge.domain.sources.spec import WHOLE
from filrouge.domain.sources.writing import marks
from filrouge.engines import open_engine
from filrouge.store.models import Source, SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.store.queries.sources import acts, entities_named
from filrouge.store.views import current
from filrouge.tables import TABLES
from filrouge.work import draft_files, drafts, files, places, runs

NUMBERS = 200  # values of a column that are looked for among the numbers of other sources


def become(asking: Caller, key: str, reads: str) -> SourceDraft:
    """Have the rows of a draft be those of ``reads``, and guess anew what its columns say.

    Raises UsageError when no file is read into it, SourceError and NotFound when its rows are no longer there.
    """
    draft = drafts.open_one(asking, key)
    if reads not in READS:
        raise UsageError("No rows are called {reads}.", hint="They are: {known}.", reads=reads, known=", ".join(READS))
    if reads == draft.spec["reads"]:
        return draft
    if draft_files.newer_of(draft):
        raise UsageError("The rows of a newer file are what they were.", hint="Bring the file by itself.")
    return _guessed(asking, draft, reads)


def read_as(asking: Caller, key: str, form: Mapping[str, Any]) -> SourceDraft:
    """Read the file by other conventions (``format`` of a source), and guess its columns anew: its rows stay the same.

    Raises UsageError and SourceError when it cannot be read so; nothing changes then.
    """
    reads = str(drafts.open_one(asking, key).spec["reads"])
    draft = drafts.read_as(asking, key, form)
    if reads == draft.spec["reads"] or draft_files.like(draft):
        return draft
    return _guessed(asking, draft, reads)


def read_otherwise(asking: Caller, key: str, new: Mapping[str, Any]) -> SourceDraft:
    """Read the file as it is read, but for the conventions that ``new`` names. Raises what ``read_as`` raises."""
    stood = drafts.open_one(asking, key).spec.get("format") or {}
    try:
        return read_as(asking, key, {**stood, **new})
    except (SourceError, DefinitionError) as error:
        raise UsageError("It cannot be read so.", hint="Choose other conventions.") from error


def _guessed(asking: Caller, draft: SourceDraft, reads: str) -> SourceDraft:
    looked = _held(draft)
    guess = guessed(looked) if reads == PEOPLE else guessed_rows(reads, looked, _theirs(asking, draft, reads, looked))
    (draft_files.folder(draft) / draft_files.LIKE).unlink(missing_ok=True)
    own = ("map", "key", "consents", "required", "rules", "never_kept", "kept", "cursor")
    kept = {name: value for name, value in draft.spec.items() if name not in own}
    kept |= {"cursor": draft.spec["cursor"]} if draft.spec.get("cursor") else {}
    never = list(spared(looked, guess.left)) if draft.spec["kind"] not in WHOLE else []
    kept |= {"never_kept": never} if never else {}
    cells = coded.filled(reads, guess.map, coded.few(looked))
    form = {**_decimal(reads, guess.map, looked), **draft.spec.get("format", {})}
    return drafts.keep(draft, {**kept, "reads": reads, "format": form, "key": list(guess.key), "map": cells})


def referred(asking: Caller, draft: SourceDraft) -> dict[str, list[str]]:
    """Return, for each reference of its rows, the sources whose records it may name: of no other entity."""
    mine = _referable(asking, draft, draft.spec["reads"])
    return {
        name: [one.name for one in mine if one.reads == table] for name, table in refers(draft.spec["reads"]).items()
    }


def _referable(asking: Caller, draft: SourceDraft, reads: str) -> list[Source]:
    """Return the sources of the caller's whose records rows of ``reads`` may name, all of the entities of the draft."""
    rows, held = Source.objects.filter(reads__in={*refers(reads).values()}), found.entities_of(draft)
    return [one for one in rows.order_by("name") if entities_named(one) <= held and acts(one, asking, *found.KEEPERS)]


def _held(draft: SourceDraft) -> tuple[Held, ...]:
    """Return what its columns hold: of a file its first rows, of another place those that it showed."""
    if draft.size:
        return files.held(draft.spec, draft_files.path_of(draft))
    looked = places.first(draft)
    rows: dict[str, list[Any]] = {name: [] for name in looked.columns} if looked else {}
    for row in looked.first if looked else ():
        for name, value in zip(rows, row, strict=True):
            rows[name].append(value)
    return tuple(holdings(pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String))))


def _decimal(reads: str, cells: Mapping[str, Any], looked: tuple[Held, ...]) -> dict[str, str]:
    """Return the decimal mark that the numbers which the rows tell are written with, where they prove one."""
    numbers = {column.name for column in TABLES[reads].columns if column.type in ("decimal", "int64", "float64")}
    read = {cell["column"] for target, cell in cells.items() if target in numbers and "column" in cell}
    mark, _sure = marks(value for held in looked if held.name in read for value in held.sample).mark()
    return {"decimal": mark} if mark else {}


def _theirs(asking: Caller, draft: SourceDraft, reads: str, looked: tuple[Held, ...]) -> dict[str, tuple[str, str]]:
    """Return the columns that hold numbers of records of other sources of the entity, with the reference they are."""
    able = {one.name: one.reads for one in _referable(asking, draft, reads)}
    wanted = {held.name: held.sample[:NUMBERS] for held in looked if held.sample}
    if not able or not wanted:
        return {}
    numbers = sorted({value for sample in wanted.values() for value in sample if len(value) <= 100})
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        records = current(engine, runs.lake(), "source_records", hidden=runs.hidden())
        records = records.filter(records.source.isin(list(able)) & records.source_id.isin(numbers))
        table = records.select("source", "source_id").distinct().to_pyarrow()
    finally:
        engine.close()
    known: dict[str, set[str]] = {}
    for source, number in zip(table["source"].to_pylist(), table["source_id"].to_pylist(), strict=True):
        known.setdefault(source, set()).add(number)
    told: dict[str, tuple[str, str]] = {}
    for held in looked:
        sample = wanted.get(held.name)
        if sample:
            shares = {
                (source, able[source]): sum(value in mine for value in sample) / len(sample)
                for source, mine in known.items()
            }
            is_one = whose(reads, held, shares)
            if is_one is not None and is_one[0] not in {target for target, _ in told.values()}:
                told[held.name] = is_one
    return told
