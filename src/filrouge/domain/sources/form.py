"""How a file or an answer is written, and how the pages of an answer follow."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Literal, Self

import pydantic
from pydantic import Field

from filrouge.base.spec import Spec

# Where rows are found, not how one is read: to change these makes no row another.
FOUND_BY = frozenset({
    "first_page", "offset", "offset_as", "after", "link", "end", "members", "range", "begins", "each", "body", "since",
    "busy", "fails", "shielded",
})  # fmt: skip
# How text is parted into cells: the cells tell it, so that the same row of a workbook and of a file is one.
PARTED_BY = frozenset({"encoding", "delimiter", "quote", "header_row", "sheet", "fill_merged"})


QUOTES = {"double": '"', "single": "'", "none": ""}  # what stands around text of a cell, by the word for it


class After(Spec):
    """Pages that follow by a word: it stands at ``at`` in an answer, and the next is asked for with it as ``param``.

    ``more``, where an answer has it, is the place of what says whether anything follows.
    """

    param: str = Field(min_length=1)
    at: str = Field(min_length=1)
    more: str | None = None


class Since(Spec):
    """What is asked of a service that is to tell only what is new: ``{cursor}`` stands for the last value seen.

    It is written ``as`` it came, as a UTC time (``iso``), or as the seconds or milliseconds of Unix; ``back`` begins so
    much earlier. ``place`` and ``body`` stand in for those of the source.
    """

    params: dict[str, str] = Field(default_factory=dict)
    place: str | None = Field(None, max_length=1000, pattern=r"^https?://")
    body: dict[str, Any] | None = None
    written: Literal["as_it_came", "iso", "unix", "unix_ms"] = Field("as_it_came", alias="as")
    back: str | None = None

    @pydantic.model_validator(mode="after")
    def _asks(self) -> Self:
        if "{cursor}" not in str([self.params, self.body, self.place]):
            raise ValueError("write {cursor} where the last value seen goes")
        if self.back is not None and duration(self.back) is None:
            raise ValueError(f"{self.back!r} is no duration: write 10m, 26h or 30d")
        if self.back is not None and self.written == "as_it_came":
            raise ValueError("`back` counts from a moment: say with `as` how the service writes one")
        return self


class Busy(Spec):
    """How a service says in an answer that it is asked too much: one of these ``words`` stands ``at`` a place of it."""

    at: str = Field(min_length=1)
    words: tuple[str, ...] = Field(min_length=1)


class Format(Spec):
    """The conventions of a file or an answer."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header_row: int = Field(1, ge=1)
    sheet: str | None = None
    fill_merged: bool = True
    range: str | None = Field(None, pattern=r"^[A-Z]{1,3}[1-9]\d{0,6}(:[A-Z]{1,3}([1-9]\d{0,6})?)?$")
    begins: str | None = Field(None, min_length=1)
    query: str | None = None
    table: str | None = None
    items: str | None = None
    next: str | None = None
    page: str | None = None
    first_page: int = Field(1, ge=0)
    offset: str | None = None
    offset_as: str = "{rows}"
    after: After | None = None
    link: bool = False
    end: str | None = None
    body: dict[str, Any] | None = None
    since: Since | None = None
    busy: Busy | None = None
    fails: str | None = None
    each: str | None = None
    per_page: dict[str, int] | int | None = None
    members: str | None = None
    shielded: bool = False  # before what could begin a formula stands an apostrophe of ours: it is taken away
    decimal: Literal[",", "."] = "."
    date: tuple[str, ...] = ()
    zone: str = "UTC"

    @pydantic.field_validator("date", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @pydantic.field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"no time zone is called {value!r}") from None
        return value

    @pydantic.field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        import codecs

        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(f"no encoding is called {value!r}") from None
        return value

    @pydantic.model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("next", "page", "offset", "after", "link") if getattr(self, name)]
        if len(ways) > 1:
            raise ValueError(f"pages follow in one way: choose between {', '.join(ways)}")
        if "{rows}" not in self.offset_as:
            raise ValueError("offset_as: write {rows} where the number of rows that came before goes")
        if self.range and self.begins:
            raise ValueError("a table is named in one way: choose between range, begins")
        return self


def duration(text: str) -> timedelta | None:
    """Return ``26h``, ``30m`` or ``2d`` as a time span, None when it is none of these."""
    match = re.fullmatch(r"(\d{1,6})\s*([smhd])", text.strip())
    if match is None:
        return None
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[match[2]]
    return timedelta(**{unit: int(match[1])})
