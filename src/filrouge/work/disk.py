"""A full disk, recognised whoever says it: the system, an engine, the lake or a database."""

from __future__ import annotations

import errno

from filrouge.base.errors import StorageError

_SAID = ("no space left on device", "disk is full", "disk quota exceeded")


def full(error: BaseException | None, *, promised: bool = False) -> StorageError | None:
    """Return what to say when ``error`` comes from a full disk, None when it does not.

    ``promised``: what was being written is staged whole and goes on by itself once there is room.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            break
        if any(said in str(error).lower() for said in _SAID):
            break
        error = error.__cause__ or error.__context__
    else:
        return None
    if promised:
        return StorageError(
            "The disk is full: what was read is kept aside and nothing is lost.",
            hint="Free some space: it goes on by itself at the next start.",
        )
    return StorageError(
        "The disk is full: the run was given up and left nothing behind.", hint="Free some space, then run it again."
    )
