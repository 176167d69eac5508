"""Segments: who is in one, by one definition asked of everybody at once or of one person, with the reasons."""

from __future__ import annotations

from filrouge.domain.segments.answers import answers
from filrouge.domain.segments.check import Known, Remark, parse, remarks
from filrouge.domain.segments.compile import Asked, compile, named
from filrouge.domain.segments.laid import Laid, owners
from filrouge.domain.segments.one import Facts, Told, tell
from filrouge.domain.segments.shared import share
from filrouge.domain.segments.spec import Spec
from filrouge.domain.segments.wide import Shared

__all__ = [
    "Asked", "Facts", "Known", "Laid", "Remark", "Shared", "Spec", "Told", "answers", "compile", "named", "owners",
    "parse", "remarks", "share", "tell",
]  # fmt: skip
