"""Patterns of values: the part of regular expressions that every engine reads alike, and none slowly."""

from __future__ import annotations

import re

MOST = 200  # repeats that a pattern counts
ENDLESS = 3  # repeats without an end in one pattern: each multiplies what a long value costs an engine that backtracks
_CLASSES = frozenset("dDwWsS")
_MARKS = frozenset(".\\/-+*?()[]{}^$|")
_BRACKETS = re.compile(r"\[(?:\\.|[^\]\\])*\]")
_ENDLESS = re.compile(r"(?<!\\)[*+]|\{\d+,\}")
_COUNTED = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}")


class _Refused(Exception):
    """Why a pattern is not taken."""


def refused(pattern: str) -> str:
    """Return why ``pattern`` is not taken, an empty text when it is.

    Literals, ``.``, classes such as ``[A-Z0-9]``, ``\\d \\w \\s``, ``|``, groups and counted repeats are read alike by
    RE2 and by Java. Look-around, back-references and flags are not; a repeat inside a repeated group may take Java for
    ever (catastrophic backtracking).
    """
    try:
        end, _ = _choices(pattern, 0, depth=0)
        if end != len(pattern):
            raise _Refused("a parenthesis is closed that was not opened")
        bare = _BRACKETS.sub("", pattern.replace("\\\\", ""))
        if len(_ENDLESS.findall(bare)) > ENDLESS:
            raise _Refused(f"at most {ENDLESS} repeats without an end")
        re.compile(pattern)
    except _Refused as why:
        return str(why)
    except re.error:
        return "this is no regular expression"
    return ""


def _choices(text: str, at: int, *, depth: int) -> tuple[int, bool]:
    """Read until the end of a group; return where it ends, and whether something in it repeats or may be chosen."""
    if depth > 10:
        raise _Refused("groups stand too deep in one another")
    loose = False
    while at < len(text) and text[at] != ")":
        if text[at] == "|":
            at, loose = at + 1, True
            continue
        at, within = _piece(text, at, depth)
        at, repeated, varies = _repeat(text, at)
        if repeated and within:
            raise _Refused("a repeated group holds a repeat or a choice: some engines would take for ever")
        loose = loose or varies or within
    return at, loose


def _piece(text: str, at: int, depth: int) -> tuple[int, bool]:
    letter = text[at]
    if letter == "(":
        if text[at + 1 : at + 2] == "?" and text[at + 1 : at + 3] != "?:":
            raise _Refused("look-around and flags are not read alike by every engine")
        at, loose = _choices(text, at + (3 if text[at + 1 : at + 3] == "?:" else 1), depth=depth + 1)
        if at >= len(text):
            raise _Refused("a parenthesis is not closed")
        return at + 1, loose
    if letter == "[":
        return _class(text, at + 1), False
    if letter == "\\":
        return _escape(text, at), False
    if letter in "*+?{}":
        raise _Refused(f"{letter} repeats nothing: write \\{letter} for the sign itself")
    return at + 1, False


def _escape(text: str, at: int) -> int:
    following = text[at + 1 : at + 2]
    if (following not in _CLASSES and following not in _MARKS) or not following:
        raise _Refused(f"\\{following} is not read alike by every engine")
    return at + 2


def _class(text: str, at: int) -> int:
    if text[at : at + 1] == "^":
        at += 1
    first = at
    while at < len(text):
        letter = text[at]
        if letter == "]":
            if at == first:
                raise _Refused("a class in brackets is empty")
            return at + 1
        if letter == "[" or text[at : at + 2] in ("&&", "--", "~~", "||"):
            raise _Refused(f"write \\{letter} for the sign {letter} inside brackets")
        at = _escape(text, at) if letter == "\\" else at + 1
    raise _Refused("a bracket is not closed")


def _repeat(text: str, at: int) -> tuple[int, bool, bool]:
    """Skip what says how often the piece before comes; tell whether it may come twice, and whether that varies."""
    letter = text[at : at + 1]
    if letter and letter in "*+?":
        repeats, varies, at = letter != "?", True, at + 1
    elif letter == "{":
        counted = _COUNTED.match(text, at)
        if counted is None:
            raise _Refused("a brace counts repeats: {3}, {2,} or {2,5}")
        if max(int(counted[1]), int(counted[3] or 0)) > MOST:
            raise _Refused(f"a pattern counts to {MOST} at most")
        repeats, varies, at = True, counted[2] is not None, counted.end()
    else:
        return at, False, False
    if text[at : at + 1] and text[at] in "+?*{":
        raise _Refused("a repeat is repeated")
    return at, repeats, varies
