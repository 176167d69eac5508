"""Rows of a file that was brought are corrected by hand: kept beside it, tried again, imported as corrected."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import xlsxwriter
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tests.work.test_drafts import TEXT, brought, told, worked
from tests.world import World

from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.mending import Mend, fingerprint
from filrouge.domain.sources.sighted import Sighted
from filrouge.store.models import AuditEntry, Run, SourceDraft
from filrouge.work import correcting, draft_files, draft_jobs, drafts, faulty, mending, sources, suppressions
from filrouge.work.correcting import Saved, Typed

# Row 5 of the file is person 2, who was born on a 31 February, 40 is cut short, one has no number.
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
    if not draft_files.tried(draft):
        drafts.try_out(asking, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert draft_files.tried(draft), draft.trouble
    return draft


def grid(draft: SourceDraft) -> dict[str, faulty.Row]:
    """Return the faulty rows by the number of their person, as the last dry run left them."""
    names = [one.name for one in draft_files.seen(draft)]
    page = faulty.page(draft_files.folder(draft), 1, SourceSpec.parse(draft.spec), names)
    assert page is not None
    return {row.cells.get("N° fiche") or "": row for row in page.rows}


def typed(row: faulty.Row, *, shown: bool = True, **cells: str) -> Typed:
    """Return what the form of a row sends once ``cells`` were typed in it."""
    names, open_to, seen = correcting.as_typed(row, Sighted(shown, frozenset(row.cells)))
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
    assert not draft_files.tried(draft)
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
    assert not draft_files.folder(draft).exists()


def test_the_same_corrections_twice_are_the_same_and_the_audit_counts_them_once(world: World, ada: Any) -> None:
    draft = prepared(ada)
    sent = [typed(grid(draft)["2"], Né_le="28/02/1990")]
    assert correcting.correct(ada, str(draft.pk), sent) == Saved(1)
    before = correcting.corrections(draft)
    assert correcting.correct(ada, str(draft.pk), sent) == Saved(0, (5,)), "it is no longer what the form showed"
    draft = tried(ada, draft)
    assert correcting.correct(ada, str(draft.pk), sent) == Saved(0, (5,))
    assert correcting.corrections(draft) == before
    lines = AuditEntry.objects.filter(action="source.correct")
    assert [(line.by, line.subject, line.details) for line in lines] == [(ada.by, str(draft.pk), {"rows": 1})]


def test_two_people_at_once_keep_each_their_rows_and_the_later_one_is_told(world: World, ada: Any) -> None:
    other = world.user("engineer", entities=("north",))
    draft = prepared(ada)
    rows = grid(draft)
    mine = [typed(rows["2"], Né_le="28/02/1990")]
    theirs = [typed(rows["2"], shown=False, Né_le="01/03/1990"), typed(rows[""], shown=False, **{"N°_fiche": "41"})]
    untouched = [typed(rows["2"], shown=False)]
    assert correcting.correct(ada, str(draft.pk), mine) == Saved(1)
    assert correcting.correct(other, str(draft.pk), theirs) == Saved(1, (5,))
    assert correcting.correct(other, str(draft.pk), untouched) == Saved(0), "who typed nothing lost nothing"
    said = {mend.row: (mend.by, dict(mend.cells)) for mend, _ in correcting.corrections(draft)}
    assert said == {5: (ada.by, {"Né le": "28/02/1990"}), 20: (other.by, {"N° fiche": "41"})}


def test_a_save_that_crosses_another_begins_anew(world: World, ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = prepared(ada)
    rows = grid(draft)
    keep, crossed = mending.held, []

    def crossing(folder: Any, key: str) -> Any:
        found = keep(folder, key)
        if not crossed:
            crossed.append(1)
            assert correcting.correct(ada, str(draft.pk), [typed(rows[""], **{"N°_fiche": "41"})]) == Saved(1)
        return found

    monkeypatch.setattr(mending, "held", crossing)
    assert correcting.correct(ada, str(draft.pk), [typed(rows["2"], Né_le="28/02/1990")]) == Saved(1)
    assert [mend.row for mend, _ in correcting.corrections(draft)] == [5, 20]


def test_what_is_still_wrong_stays_with_its_new_reason_and_who_corrected_it(world: World, ada: Any) -> None:
    draft = prepared(ada)
    correcting.correct(ada, str(draft.pk), [typed(grid(draft)["2"], Né_le="", **{"N°_fiche": ""})])
    draft = tried(ada, draft)
    rows = [row for row in grid_rows(draft) if row.row == 5]
    assert [(row.told[0].columns, row.told[0].code, row.by) for row in rows] == [(("N° fiche",), "missing", ada.by)]
    correcting.correct(ada, str(draft.pk), [typed(rows[0], **{"N°_fiche": "2"})])
    draft = tried(ada, draft)
    assert [row.row for row in grid_rows(draft)] == [19, 20]
    ((mend, applies),) = correcting.corrections(draft)
    assert (dict(mend.cells), applies) == ({"Né le": "", "N° fiche": "2"}, True), "what was said before holds"


def grid_rows(draft: SourceDraft) -> list[faulty.Row]:
    names = [one.name for one in draft_files.seen(draft)]
    page = faulty.page(draft_files.folder(draft), 1, SourceSpec.parse(draft.spec), names)
    assert page is not None
    return list(page.rows)


def test_a_row_left_out_is_told_as_such_and_taken_back(world: World, ada: Any) -> None:
    draft = prepared(ada)
    rows = grid(draft)
    sent = [dataclasses.replace(typed(rows[key]), out=True) for key in ("2", "40")]
    assert correcting.correct(ada, str(draft.pk), sent) == Saved(2)
    draft = tried(ada, draft)
    wanted = {"read": 17, "new": 14, "rejected": 3, "left_out": 2, "warned": 0, "lost": 0}
    assert {name: draft.tried[name] for name in wanted} == wanted
    assert list(grid(draft)) == [""], "what is left out is no longer to be corrected"
    correcting.take_back(ada, str(draft.pk), [rows["40"].key])
    draft = tried(ada, draft)
    assert set(grid(draft)) == {"", "40"}
    drafts.go(ada, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert draft.run is not None
    assert (draft.run.rejected, draft.run.lost, draft.run.figures) == (3, 0, {"left_out": 1})
    told_of = world.rows("SELECT row, code, raw FROM rejects WHERE code = 'left_out'")
    assert [row["row"] for row in told_of] == [5]
    assert "31/02/1990" in told_of[0]["raw"], "it can be brought back in the file of rows to mend"


def test_corrections_follow_the_row_and_not_its_number(world: World, ada: Any) -> None:
    draft = prepared(ada)
    correcting.correct(ada, str(draft.pk), [typed(grid(draft)["2"], Né_le="28/02/1990")])
    draft = tried(ada, draft)
    form = dict(draft.spec["format"])
    drafts.read_as(ada, str(draft.pk), form | {"delimiter": ","})
    draft.refresh_from_db()
    with pytest.raises(UsageError):
        drafts.try_out(ada, str(draft.pk))
    drafts.read_as(ada, str(draft.pk), form | {"header_row": 4})
    draft.refresh_from_db()
    counts = sources.try_out(draft.spec)
    assert counts["read"] == 16
    held = mending.of_place(draft.spec["place"])
    one = mending.Mending(held, SourceSpec.parse(draft.spec))
    assert [mend.row for mend in held.values()] == [5]
    assert one.stale == [("Salon_d_t_.csv", 5)] or len(one.stale) == 1
    drafts.read_as(ada, str(draft.pk), form)
    draft.refresh_from_db()
    rows = [dataclasses.replace(one, key=one.column == "N° fiche") for one in told(draft)]
    draft = tried(ada, drafts.say(ada, str(draft.pk), rows))
    assert (draft.tried["corrected"], draft.tried["stale"], draft.tried["warned"]) == (1, 0, 0), "read as before again"


def test_a_correction_of_another_row_is_told_and_not_applied(world: World, ada: Any) -> None:
    draft = prepared(ada)
    correcting.correct(ada, str(draft.pk), [typed(grid(draft)["2"], Né_le="28/02/1990")])
    path = draft_files.path_of(draft)
    path.write_bytes(path.read_bytes().replace(b"31/02/1990", b"30/02/1990"))
    draft = tried(ada, draft)
    assert (draft.tried["stale"], draft.tried["warned"], draft.tried["corrected"]) == (1, 1, 0)
    assert [applies for _, applies in correcting.corrections(draft)] == [False]
    assert correcting.correct(ada, str(draft.pk), [typed(grid(draft)["2"], Né_le="27/02/1990")]) == Saved(1)
    draft = tried(ada, draft)
    assert (draft.tried["stale"], draft.tried["corrected"]) == (0, 1)


def test_a_row_of_somebody_erased_does_not_come_back_corrected(world: World, ada: Any) -> None:
    draft = prepared(ada)
    correcting.correct(
        ada,
        str(draft.pk),
        [typed(grid(draft)["2"], Né_le="28/02/1990", Courriel="other@example.com", **{"N°_fiche": "99"})],
    )
    with transaction.atomic():
        suppressions.add("email", ["jean@example.com"], erasure=uuid4(), entities=["north"])
    draft = tried(ada, draft)
    assert draft.tried["corrected"] == 0
    (row,) = [row for row in grid_rows(draft) if row.row == 5]
    assert (row.barred, row.rejected, dict(row.cells)) == (True, True, {})
    assert correcting.correct(ada, str(draft.pk), [Typed(row.place, 5, "", {0: "99"}, out=True)]).rows == 0


def test_lines_of_json_are_corrected_at_their_paths(world: World, ada: Any) -> None:
    rows = [
        {"id": n, "who": {"name": f"Rose-{n}", "mail": f"rose{n}@example.com"}, "born": f"19{n:02}-01-02"}
        for n in range(50, 70)
    ]
    rows[3]["born"] = "1950-13-45"
    text = "\n".join(json.dumps(row) for row in rows) + "\n{broken\n"
    draft = drafts.bring(ada, "roses.ndjson", [text.encode()], brand="red")[0]
    names = {"id": "", "who.name": "full_name", "who.mail": "email", "born": "birth_date"}
    said = [dataclasses.replace(one, says=names[one.column], key=one.column == "id") for one in told(draft)]
    draft = tried(ada, drafts.say(ada, str(draft.pk), said))
    by_row = {row.row: row for row in grid_rows(draft)}
    assert set(by_row) == {4, 21}
    names_of, _open, _seen = correcting.as_typed(by_row[21], Sighted(True))
    assert (by_row[21].text, set(names_of)) == ("{broken", {"id", "who.name", "who.mail", "born"})
    new = {"id": "99", "who.name": "Zoé Ruiz", "who.mail": "zoe@example.com"}
    sent = Typed(by_row[21].place, 21, _seen, {names_of.index(name): cell for name, cell in new.items()})
    correcting.correct(ada, str(draft.pk), [typed(by_row[4], born="1953-01-02"), sent])
    draft = tried(ada, draft)
    assert (draft.tried["new"], draft.tried["warned"], draft.tried["rejected"], draft.tried["lost"]) == (21, 0, 0, 0)
    drafts.go(ada, str(draft.pk))
    worked()
    raws = {row["source_id"]: json.loads(row["raw"]) for row in world.rows("SELECT source_id, raw FROM source_records")}
    assert raws["53"] == rows[3] | {"born": "1953-01-02"}, "what was not corrected is as it was received"
    assert raws["99"]["who"] == {"name": "Zoé Ruiz", "mail": "zoe@example.com"}


def test_rows_of_a_workbook_are_corrected_too(world: World, ada: Any, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "fair.xlsx"))
    sheet = book.add_worksheet("Salon")
    sheet.write_row(0, 0, ["N°", "Nom", "Prénom", "Courriel", "Né le"])
    for n in range(1, 31):
        born = "31/02/1990" if n == 7 else f"{n % 28 + 1:02}/0{n % 9 + 1}/1970"
        sheet.write_row(n, 0, [f"F{n:03}", f"Durand-{n}", "Paul", f"paul{n}@example.com", born])
    book.close()
    draft = drafts.bring(ada, "fair.xlsx", [(tmp_path / "fair.xlsx").read_bytes()], brand="red")[0]
    rows = [dataclasses.replace(one, key=one.column == "N°") for one in told(draft)]
    draft = tried(ada, drafts.say(ada, str(draft.pk), rows))
    (row,) = grid_rows(draft)
    assert (row.row, row.cells["Né le"], row.rejected) == (8, "31/02/1990", False)
    assert correcting.correct(ada, str(draft.pk), [typed(row, Né_le="28/02/1990")]) == Saved(1)
    draft = tried(ada, draft)
    assert (draft.tried["corrected"], draft.tried["warned"], draft.tried["new"]) == (1, 0, 30)


def test_a_file_that_nobody_corrected_asks_nothing_of_the_store(
    world: World, ada: Any, django_assert_num_queries: Any
) -> None:
    draft = prepared(ada)
    with django_assert_num_queries(0):
        assert mending.of_place("/somewhere/else.csv") == {}
    with django_assert_num_queries(1):
        assert mending.of_place(draft.spec["place"]) == {}
    held: list[Any] = []
    sources.try_out(draft.spec, look=lambda _, made: held.append(made.mending))
    assert held == [None], "its rows are read as they are, none is looked at"


def test_a_column_that_is_never_kept_is_in_no_correction_and_the_others_hold(world: World, ada: Any) -> None:
    draft = prepared(ada)
    correcting.correct(ada, str(draft.pk), [typed(grid(draft)["2"], Né_le="28/02/1990")])
    draft.refresh_from_db()
    drafts.keep(draft, draft.spec | {"never_kept": ["Accord"]})
    draft = tried(ada, draft)
    assert (draft.tried["corrected"], draft.tried["stale"], draft.tried["warned"]) == (1, 0, 0)
    by_row = {row.row: row for row in grid_rows(draft)}
    assert (by_row[19].barred, by_row[19].erased) == (True, False), "a line that could not be parted may hold it"
    assert "Accord" not in by_row[20].cells
    correcting.correct(ada, str(draft.pk), [typed(by_row[20], **{"N°_fiche": "41"})])
    draft = tried(ada, draft)
    assert (draft.tried["corrected"], draft.tried["rejected"], draft.tried["lost"]) == (2, 1, 0)
    drafts.go(ada, str(draft.pk))
    worked()
    raws = world.rows("SELECT raw FROM source_records WHERE source_id IN ('2', '41')")
    assert [("Accord" in json.loads(row["raw"])) for row in raws] == [False, False]


def test_rows_of_one_number_in_two_places_are_taken_back_by_their_place(world: World, ada: Any, tmp_path: Path) -> None:
    draft = prepared(ada)
    told_of = [Mend("a.csv", 5, "1", {"Né le": "1"}), Mend("b.csv", 5, "2", {"Né le": "2"})]
    SourceDraft.objects.filter(pk=draft.pk).update(mended=1)
    draft.refresh_from_db()
    mending.keep(draft_files.folder(draft), 1, told_of)
    with pytest.raises(UsageError, match="Several places have a row 5"):
        correcting.keys_of(draft, [5])
    assert correcting.keys_of(draft, [5], "b.csv") == [("b.csv", 5)]


def test_a_guess_typed_over_a_masked_cell_is_not_told_right() -> None:
    assert correcting._is_new("ada@example.com", "ada@example.com", clear=False)
    assert not correcting._is_new("", "ada@example.com", clear=False)
    assert not correcting._is_new("ada@example.com", "ada@example.com", clear=True)


def test_faulty_rows_are_paged_up_to_a_bound(world: World, ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faulty, "PAGE", 5)
    monkeypatch.setattr(faulty, "MOST", 12)
    more = "".join(f";Rose;Lange-{n};rose{n}@example.com;01/02/19{n};\n" for n in range(50, 70))
    draft = prepared(ada, TEXT + more)
    names, spec = [one.name for one in draft_files.seen(draft)], SourceSpec.parse(draft.spec)
    pages = [faulty.page(draft_files.folder(draft), number, spec, names) for number in (1, 2, 3, 4)]
    assert [[row.row for row in page.rows] if page else None for page in pages] == [
        [19, 20, 21, 22, 23], [24, 25, 26, 27, 28], [29, 30], [],
    ]  # fmt: skip
    assert pages[0] is not None
    assert (pages[0].total, draft.tried["rejected"], draft.tried["warned"]) == (12, 20, 1)


def test_a_run_that_waited_still_says_who_corrected_it(world: World, ada: Any) -> None:
    from filrouge.work import holding

    draft = prepared(ada)
    draft.spec = draft.spec | {"rules": [{"check": "required", "column": "phone", "does": "stop"}]}
    draft.spec["map"]["phone"] = {"column": "Accord"}
    draft.save()
    draft = tried(ada, draft)
    rows = {row.row: row for row in grid_rows(draft)}
    sent = [typed(rows[5], Né_le="28/02/1990"), dataclasses.replace(typed(rows[19]), out=True)]
    assert correcting.correct(ada, str(draft.pk), sent) == Saved(2)
    draft = tried(ada, draft)
    drafts.go(ada, str(draft.pk))
    worked()
    run = Run.objects.get(kind="import")
    assert (run.state, run.figures) == ("held", {"left_out": 1, "corrected_by": {ada.by: 1}})
    made = holding.let_in(ada, str(run.id), because="fine")
    assert made.state == "committed"
    assert (made.lost, made.figures["left_out"], made.figures["corrected_by"]) == (0, 1, {ada.by: 1})


def test_only_who_acts_for_the_brand_corrects_its_file(world: World, ada: Any) -> None:
    draft = prepared(ada)
    sent = [typed(grid(draft)["2"], Né_le="28/02/1990")]
    for stranger in (world.user("engineer", entities=("south",)), world.user("analyst", entities=("north",))):
        with pytest.raises((NotFound, Refused)):
            correcting.correct(stranger, str(draft.pk), sent)
        with pytest.raises((NotFound, Refused)):
            correcting.take_back(stranger, str(draft.pk), [sent[0].key])
    drafts.go(ada, str(draft.pk))
    with pytest.raises(Conflict):
        correcting.correct(ada, str(draft.pk), sent)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12) | st.sampled_from(
    ["", "1", "28/02/1990", "99/99/9999", "=1+1", "a@example.com", "x;y", '"', "\n"]
)
MENDS = st.dictionaries(
    st.integers(1, 25),
    st.tuples(
        st.dictionaries(st.sampled_from(["N° fiche", "Prénom", "Né le", "Courriel"]), CELL),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)


@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told_of=MENDS)
def test_whatever_is_corrected_no_row_is_lost(told_of: dict[int, Any], world: World) -> None:
    draft = SourceDraft.objects.first()
    if draft is None:
        draft = prepared(world.user("administrator"))
    lines = draft_files.path_of(draft).read_text("cp1252").splitlines()
    names = lines[2].split(";")
    held = []
    for row, (cells, out, same) in told_of.items():
        received = lines[row - 1] if 3 < row <= len(lines) else ""
        parted = dict(zip(names, [cell or None for cell in received.split(";")], strict=False))
        of = fingerprint(parted if len(received.split(";")) == len(names) else received)
        held.append(Mend(draft_files.path_of(draft).name, row, of if same else "another", cells, out=out))
    number = draft.mended + 1
    mending.keep(draft_files.folder(draft), number, held)
    SourceDraft.objects.filter(pk=draft.pk).update(mended=number)
    counts: dict[str, Any] = {}
    sources.try_out(
        draft.spec, look=lambda _, prepared: counts.update(prepared.counts.plain() | draft_jobs.told_of(prepared))
    )
    meant = {mend.row for mend in held if mend.of != "another" and 3 < mend.row <= len(lines)}
    out = [mend.row for mend in held if mend.out and mend.row in meant]
    assert counts["read"] == 17
    rejected = counts["rejected"] - counts["left_out"]
    assert counts["read"] == counts["new"] + counts["changed"] + counts["unchanged"] + rejected + counts["left_out"]
    assert (counts["lost"], counts["left_out"], counts["corrected"]) == (0, len(out), len(meant) - len(out))
    assert counts["stale"] == len(held) - len(meant)
    SourceDraft.objects.filter(pk=draft.pk).update(mended=0)
