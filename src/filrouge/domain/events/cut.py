"""Where the events of a batch stand in what was sent: found without reading them, however deep or odd they are."""

from __future__ import annotations

import re
from typing import NamedTuple

DEEPEST = 200  # levels of objects and lists in each other
_tokens = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]', re.DOTALL)
_strings = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_not_brackets = bytes(set(range(256)) - set(b"[]{}"))
_OPEN, _CLOSE = b"[{", b"]}"


class Cut(NamedTuple):
    """The events' places (start, end) in the body, and how often a batch is named at its top."""

    spans: list[tuple[int, int]]
    batches: int


def too_deep(body: bytes) -> bool:
    """Tell whether objects and lists stand in each other deeper than ``DEEPEST``."""
    # A level takes two letters at least; where there is no list, five: {"":…}. Most events are shorter.
    if len(body) <= DEEPEST * (2 if b"[" in body else 5) or body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for bracket in _strings.sub(b"", body).translate(None, _not_brackets):
        depth += 1 if bracket in _OPEN else -1
        if depth > DEEPEST:
            return True
    return False


def balanced(body: bytes) -> bool:
    """Tell whether every bracket of ``body`` is closed by its like."""
    waiting: list[int] = []
    for bracket in _strings.sub(b"", body).translate(None, _not_brackets):
        if bracket in _OPEN:
            waiting.append(bracket)
        elif not waiting or _OPEN.index(waiting.pop()) != _CLOSE.index(bracket):
            return False
    return not waiting


def cut(body: bytes) -> Cut:
    """Return where the elements of the list called ``batch`` at the top of ``body`` stand."""
    depth, batches, inside, start = 0, 0, False, -1
    key, named = b"", b""
    spans: list[tuple[int, int]] = []

    def element(end: int) -> None:
        said = body[start:end]
        if kept := said.strip():
            first = start + said.index(kept)
            spans.append((first, first + len(kept)))

    for found in _tokens.finditer(body):
        token = found[0]
        if token[:1] == b'"':
            key = token if depth == 1 else key
        elif token == b":":
            named = key if depth == 1 else named
        elif token in (b"[", b"{"):
            depth += 1
            if depth == 2 and token == b"[" and named == b'"batch"':
                inside, start, batches, spans = True, found.end(), batches + 1, []
        elif token == b",":
            if inside and depth == 2:
                element(found.start())
                start = found.end()
        else:
            if inside and depth == 2:
                element(found.start())
                inside = False
            depth -= 1
    return Cut(spans, batches)
