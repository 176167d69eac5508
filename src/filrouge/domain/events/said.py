"""What a sender says, as it stands on the wire: the fields that are read, the rest left as it came."""

from __future__ import annotations

from typing import Any

import msgspec

Id = str | int | float | None
Time = str | int | float | None
Fields = dict[str, Any] | None


class Said(msgspec.Struct, gc=False):
    """One event. Ids may be numbers; what is absent is None."""

    type: str | None = None
    event: str | None = None
    name: str | None = None
    userId: Id = None
    anonymousId: Id = None
    groupId: Id = None
    previousId: Id = None
    messageId: Id = None
    timestamp: Time = None
    originalTimestamp: Time = None
    sentAt: Time = None
    properties: Fields = None
    traits: Fields = None
    context: Fields = None
    integrations: Fields = None


class SaidTogether(msgspec.Struct, gc=False):
    """A batch: its events are read one by one, so that none taints the others."""

    batch: list[msgspec.Raw]
    writeKey: str | None = None
    sentAt: Time = None
    context: msgspec.Raw = msgspec.Raw()
    integrations: msgspec.Raw = msgspec.Raw()


class SaidKey(msgspec.Struct, gc=False):
    """The write key that a body may bear."""

    writeKey: str | None = None
