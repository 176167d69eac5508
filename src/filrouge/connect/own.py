"""Files that Filrouge wrote and somebody brings back: how they are told, and their cells given back as they were.

The last column of such a file bears a sign in its title, plain letters that any spreadsheet keeps: ``[Filrouge]`` where
cells that could begin a formula stand behind an apostrophe, ``(Filrouge)`` where they stand as they are. That column is
no data, and is left out; so are the lines of notes, which have nothing in it. Of a file without the sign nothing is
guessed: an apostrophe there is what somebody wrote, unless the definition says ``format.shielded``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import compute as pc

from filrouge.base.cells import SHIELDED, bare
from filrouge.connect.base import RESERVED
from filrouge.domain.sources import SourceSpec

BEHIND, PLAIN = "[Filrouge]", "(Filrouge)"
NOTES = ("# ", '"# ')  # how a line of notes begins


@dataclass(frozen=True)
class Own:
    """What tells of a file: the title of its signed column (empty: none), whether cells stand behind apostrophes."""

    column: str = ""
    shielded: bool = False

    def names(self, names: Sequence[str]) -> list[str]:
        """Return the titles of its columns as they were."""
        return [bare(name) for name in names] if self.shielded else list(names)

    def is_note(self, line: str) -> bool:
        """Tell whether a line that has too few cells is one of our notes."""
        return bool(self.column) and line.startswith(NOTES)

    def given_back(self, rows: pa.Table, spec: SourceSpec) -> pa.Table:
        """Return rows as they were: no notes or apostrophe of ours, no signed column unless the definition reads it."""
        told = [name for name in rows.column_names if name not in RESERVED]
        if self.column in told:
            note = pc.fill_null(pc.starts_with(rows[told[0]], NOTES[0]), False)
            rows = rows.filter(pc.invert(pc.and_(note, pc.is_null(rows[self.column]))))
            if self.column not in spec.columns():
                rows = rows.drop_columns([self.column])
                told.remove(self.column)
        if self.shielded:
            for name in told:
                shown = pc.replace_substring_regex(rows[name], SHIELDED, r"\1")
                rows = rows.set_column(rows.column_names.index(name), name, shown)
        return rows


def signed(title: str, *, shielded: bool) -> str:
    """Return the title of the last column of a file of ours."""
    return f"{title} {BEHIND if shielded else PLAIN}"


def sign(names: Sequence[str]) -> str:
    """Return the title that signs a file with these columns as ours: its last; empty when it does not."""
    last = next((name for name in reversed(names) if name), "")
    return last if last.endswith((f" {BEHIND}", f" {PLAIN}")) else ""


def own(names: Sequence[str], spec: SourceSpec) -> Own:
    """Return what the titles of a file's columns tell of it."""
    last = sign(names)
    return Own(last, shielded=last.endswith(BEHIND) if last else spec.format.shielded)
