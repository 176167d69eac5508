"""What was answered to senders and has had no effect yet: copied with a backup, put back with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from filrouge.base import ids, settings
from filrouge.spool import Entry, Spool, SqliteSpool, open_spool
from filrouge.spool.kept import unpacked
from filrouge.store.models import Drained

SOME = 500  # requests copied at once


def opened() -> Spool:
    """Return the spool of this installation."""
    here = settings.get()
    return open_spool(here.spool, here.database_url)


def copy(into: Path) -> None:
    """Copy what waits, beyond how far the spool was drained, into files of the folder ``into``.

    Whoever calls holds back the live worker, so that nothing that waits is missing from the copy and from the lake.
    """
    spool, copied = opened(), SqliteSpool(into)
    try:
        drained = dict(Drained.objects.values_list("file", "number"))
        for file in spool.files():
            for some in _lots(spool, file, after=drained.get(file, 0)):
                copied.append(some)
    finally:
        copied.close()
        spool.close()


def put_back(files: Sequence[Path]) -> None:
    """Let what the copied ``files`` hold wait here again."""
    if not files:
        return
    aside = settings.get().home / "scratch" / f"spool-{ids.uuid7()}"
    aside.mkdir(parents=True)
    try:
        for file in files:
            shutil.copyfile(file, aside / file.name)
        copied, spool = SqliteSpool(aside), opened()
        try:
            for name in copied.files():
                for some in _lots(copied, name, after=0):
                    spool.append(some)
        finally:
            spool.close()
            copied.close()
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def held(source: str, wanted: Mapping[int, int]) -> set[int]:
    """Return which events of a sender wait, beyond how far the spool was drained, of the keys ``wanted``, each with the
    microsecond at which it was received. Raises SpoolAway."""
    spool, there, moments = opened(), set[int](), set(wanted.values())
    try:
        drained = dict(Drained.objects.values_list("file", "number"))
        for file in spool.files():
            for some in _lots(spool, file, after=drained.get(file, 0)):
                for entry in some:
                    if entry.source == source and entry.received_at in moments:
                        there |= {key for key in _keys(entry) if wanted.get(key) == entry.received_at}
    finally:
        spool.close()
    return there


def _keys(entry: Entry) -> list[int]:
    try:
        return [ids.record_key(entry.source, event.message_id) for event in unpacked(entry.payload).events]
    except (msgspec.MsgspecError, ValueError):  # a disk that lies: none of them can be told
        return []


def _lots(spool: Spool, file: str, *, after: int) -> Iterator[list[Entry]]:
    while some := spool.read(file, after, SOME):
        after = some[-1].place.number
        yield [stored.entry for stored in some]
