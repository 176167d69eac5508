"""Rows of a file that was brought are corrected by hand: kept beside it, tried again, imported as corrected."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from tests.work.test_drafts import TEXT, brought, told, worked
from tests.world import World

from filrouge.base.errors import Conflict, NotFound, Refused
from filrouge.domain.sources import SourceSpec
from filrouge.store.models import AuditEntry, SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.work import correcting, drafts, faulty, jobs, mending, runs, sources, worker
from filrouge.work.correcting import Typed

# Rows 4 and 5 of the file are its first people; 2 was born on a 31 February, 40 is cut short, one has no number.
WRONG = TEXT + "40;Zoé;Ruiz\n;Sans;Clé;sans@example.com;01/01/1980;oui\n"


@pytest.fixture
def ada(world: World) -> Any:
    """Somebody who sees what cells hold."""
    return world.user("administrator")


def prepared(asking: Any, text: str = WRONG) -> SourceDraft:
    """Bring a file whose rows are named by their number, and try it."""
    draft = brought(asking, text)
    rows = [dataclasses.replace(one, key=one.column == "N° fiche") for one in told(draft)]
    drafts.say(asking, str(draft.pk), rows)
    return tried(asking, draft)


def tried(asking: Any, draft: SourceDraft) -> SourceDraft:
    if not drafts.tried(draft):
        drafts.try_out(asking, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert drafts.tried(draft), draft.trouble
    return draft


def grid(draft: SourceDraft) -> dict[str, faulty.Row]:
    """Return the faulty rows by the number of their person, as the last dry run left them."""
    names = [one.name for one in drafts.seen(draft)]
    page = faulty.page(drafts.folder(draft), 1, SourceSpec.parse(draft.spec), names)
    assert page is not None
    return {row.cells.get("N° fiche") or "": row for row in page.rows}


def typed(row: faulty.Row, *, shown: bool = True, **cells: str) -> Typed:
    """Return what the form of a row sends once ``cells`` were typed in it."""
    names, open_to, seen = correcting.as_typed(row, shown=shown)
    sent = {at: row.cells[name] or "" for at, name in enumerate(names) if name in open_to}
    sent |= {names.index(name.replace("_", " ")): text for name, text in cells.items()}
    return Typed(row.place, row.row, seen, sent)


def test_a_corrected_row_leaves_the_grid_and_is_imported_as_corrected(world: World, ada: Any) -> None:
    draft = prepared(ada)
    assert {name: draft.tried[name] for name in ("read", "new", "rejected", "warned", "lost")} == {
        "read": 17, "new": 15, "rejected": 2, "warned": 1, "lost": 0,
    }  # fmt: skip
    rows = grid(draft)
    assert [row.rejected for row in rows.values()] == [True, True, False], "what would be rejected comes first"
    assert rows["40"].text == "40;Zoé;Ruiz"
    assert rows["2"].told[0].columns == ("Né le",)
    saved = correcting.correct(ada, str(draft.pk), [
        typed(rows["2"], Né_le="28/02/1990"), typed(rows[""], **{"N°_fiche": "41"}), typed(rows["40"], Courriel="zoe@example.com"),
    ])  # fmt: skip
    assert saved == correcting.Saved(3)
    draft.refresh_from_db()
    assert not drafts.tried(draft)
    with pytest.raises(Conflict):
        drafts.go(ada, str(draft.pk))
    draft = tried(ada, draft)
    assert grid(draft) == {}
    assert (draft.tried["new"], draft.tried["rejected"], draft.tried["warned"], draft.tried["corrected"]) == (
        17,
        0,
        0,
        3,
    )
    drafts.go(ada, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert draft.run is not None
    assert (draft.run.read, draft.run.new, draft.run.rejected, draft.run.lost) == (17, 17, 0, 0)
    assert draft.run.figures == {"corrected_by": {ada.by: 3}}
    (row,) = world.rows("SELECT birth_date FROM person_records WHERE source_id = '2'")
    assert str(row["birth_date"]) == "1990-02-28"
    (raw,) = world.rows("SELECT raw FROM source_records WHERE source_id = '40'")
    assert json.loads(raw["raw"])["Courriel"] == "zoe@example.com", "the row of the lake is the corrected one"
    assert not drafts.folder(draft).exists()
