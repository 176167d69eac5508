"""What was answered to senders and has had no effect yet: copied with a backup, put back with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from filrouge.base import ids, settings
from filrouge.spool import Entry, Spool, SqliteSpool, open_spool
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


def _lots(spool: Spool, file: str, *, after: int) -> Iterator[list[Entry]]:
    while some := spool.read(file, after, SOME):
        after = some[-1].place.number
        yield [stored.entry for stored in some]
