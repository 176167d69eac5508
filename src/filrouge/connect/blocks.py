"""Where one of several tables stands in a sheet: at a range, or under the name of its first column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Numbered = Iterable[tuple[int, list[Any]]]


@dataclass(frozen=True)
class Block:
    """The cells of a table: its row of column names, its columns (from 0), its last row.

    Without a last column it ends where a name is missing, without a last row where a row of it is empty.
    """

    top: int
    left: int = 0
    right: int | None = None
    bottom: int | None = None

    def head(self, row: list[Any]) -> Block:
        """Return the block with the last column that its row of names shows."""
        if self.right is not None:
            return self
        right = self.left
        while right + 1 < len(row) and _some(row[right + 1]):
            right += 1
        return Block(self.top, self.left, right, self.bottom)

    def within(self, rows: Numbered) -> Iterator[tuple[int, list[Any]]]:
        """Yield of ``rows``, those after the names, the cells of the table."""
        for number, row in rows:
            cells = row[self.left : None if self.right is None else self.right + 1]
            over = number > self.bottom if self.bottom is not None else not any(map(_some, cells))
            if over:
                return
            yield number, cells

    @property
    def cell(self) -> str:
        """The name of its first cell, as a spreadsheet shows it."""
        letters, at = "", self.left + 1
        while at:
            at, rest = divmod(at - 1, 26)
            letters = chr(ord("A") + rest) + letters
        return f"{letters}{self.top}"


def at(cells: str) -> Block:
    """Return the block at a range as a spreadsheet writes it: B4, B4:F or B4:F20."""
    found = re.fullmatch(r"([A-Z]+)(\d+)(?::([A-Z]+)(\d+)?)?", cells)
    if found is None:
        raise ValueError(cells)
    left, top, right, bottom = found.groups()
    return Block(int(top), _column(left), _column(right) if right else None, int(bottom) if bottom else None)


def under(name: str, rows: Numbered, text: Callable[[Any], str | None]) -> list[Block]:
    """Return the blocks whose first column is called ``name``: nothing stands left of it.

    A name that comes again inside a table is a row of it.
    """
    found: list[Block] = []
    open_: dict[int, Block] = {}
    for number, row in rows:
        for left in [left for left, block in open_.items() if not any(map(_some, _cells(block, row)))]:
            del open_[left]
        for left, cell in enumerate(row):
            if (text(cell) or "").strip() == name and left not in open_ and not (left and _some(row[left - 1])):
                open_[left] = Block(number, left).head(row)
                found.append(open_[left])
    return found


def _cells(block: Block, row: list[Any]) -> list[Any]:
    return row[block.left : (block.right or block.left) + 1]


def _column(letters: str) -> int:
    at = 0
    for letter in letters:
        at = at * 26 + ord(letter) - ord("A") + 1
    return at - 1


def _some(cell: Any) -> bool:
    return cell not in ("", None)
