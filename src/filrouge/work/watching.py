"""How a source is watched: when it is read, what a good run looks like, whose it is, its rules; said by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filrouge.base.errors import Conflict, NotFound, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Source
from filrouge.store.queries import sources as found
from filrouge.work import schedules, sources


@dataclass(frozen=True)
class Watch:
    """When a source is read ("" when asked only), what a good run of it looks like, and whose it is."""

    every: str = ""
    fresh_within: str = ""
    rows_min: int | None = None
    rows_max: int | None = None
    rejects_below: float = 0.2
    waits: bool = False
    business: str = ""
    technical: str = ""


def state(source: Source) -> str:
    """Return what tells whether a definition is still the one that was shown."""
    return hashlib.sha256(json.dumps(source.spec, sort_keys=True).encode()).hexdigest()[:16]


def watch(asking: Caller, name: str, said: Watch, *, of: str) -> Source:
    """Keep how a source is watched. ``of`` is the state that was shown.

    Raises NotFound, Refused, DefinitionError when it cannot be so, Conflict when the definition changed meanwhile.
    """
    source = _as_shown(asking, name, of)
    expect = dict(source.spec.get("expect") or {})
    own = ("every", "fresh_within", "rows", "rejects_below", "doubtful")
    kept = {key: value for key, value in expect.items() if key not in own}
    rows = {"min": said.rows_min, "max": said.rows_max}
    expect = kept | {
        "rejects_below": said.rejects_below, "doubtful": "wait" if said.waits else "tell",
        **({"every": said.every} if said.every else {}),
        **({"fresh_within": said.fresh_within} if said.fresh_within else {}),
        **({"rows": rows} if said.rows_min is not None or said.rows_max is not None else {}),
    }  # fmt: skip
    owner = {"business": said.business, "technical": said.technical}
    return _define(asking, source, {**source.spec, "expect": expect, "owner": owner})


def add_rule(asking: Caller, name: str, rule: Mapping[str, Any], *, of: str) -> Source:
    """Add a rule to a source. Raises as ``watch`` does, UsageError when it judges by a source that it may not."""
    source = _as_shown(asking, name, of)
    if rule.get("of") and rule["of"] not in {other.name for other in found.referable(source, asking)}:
        raise UsageError("A rule judges by a source of the same entity, of which you are an engineer.",
                         hint="Choose another source.")  # fmt: skip
    return _define(asking, source, {**source.spec, "rules": [*(source.spec.get("rules") or ()), dict(rule)]})


def remove_rule(asking: Caller, name: str, called: str, *, of: str) -> Source:
    """Remove the rule of a source that is called ``called``. Raises as ``watch`` does, NotFound when there is none."""
    source = _as_shown(asking, name, of)
    _source, spec = sources.get(name)
    kept = [rule.dump() for rule in spec.rules if rule.called != called]
    if len(kept) == len(spec.rules):
        raise NotFound("The source {name} has no such rule.", hint="It was removed meanwhile.", name=name)
    return _define(asking, source, {**source.spec, "rules": kept})


def _as_shown(asking: Caller, name: str, of: str) -> Source:
    source = schedules.own(asking, name)
    if state(source) != of:
        raise Conflict("The definition of {name} changed meanwhile.", hint="Look at it, then say it again.", name=name)
    return source


def _define(asking: Caller, source: Source, data: dict[str, Any]) -> Source:
    return sources.define(data, folder=Path(source.folder), by=asking.by, sample=source.sample)
