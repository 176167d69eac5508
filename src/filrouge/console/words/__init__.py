"""The domain's codes in the reader's words. The domain returns codes; this room says them, a file for each subject."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise

from filrouge.console.words import (
    acquisitions,
    audit,
    calls,
    columns,
    events,
    identity,
    laws,
    pairs,
    people,
    privacy,
    profiles,
    pushes,
    quality,
    sayings,
    score_models,
    scores,
    segments,
    sources,
)

WORDS: dict[str, dict[str, str | Promise]] = {}
_SUBJECTS = (
    people, identity, quality, pairs, privacy, laws, sources, events, audit, columns, scores, score_models, segments,
    pushes, calls, acquisitions, profiles, sayings,
)  # fmt: skip
for _subject in _SUBJECTS:
    for _kind, _table in _subject.WORDS.items():
        WORDS[_kind] = WORDS.get(_kind, {}) | _table


def say(code: str, kind: str = "") -> str:
    """Return ``code`` of a ``kind`` in words; unknown, its own letters with spaces."""
    tables = [WORDS[kind]] if kind in WORDS else WORDS.values()
    for table in tables:
        if code in table:
            return str(table[code])
    return code.replace("_", " ")


def together(kind: str, codes: Iterable[str]) -> str:
    """Return several codes in words, separated by commas."""
    return ", ".join(say(code, kind) for code in codes)
