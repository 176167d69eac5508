"""A file that somebody brings becomes a source step by step; nothing is kept of anybody before it is imported."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.world import PEOPLE, World, person

from filrouge.base import clock, settings
from filrouge.base.errors import Conflict, NotFound, Refused, SourceError, UsageError
from filrouge.domain.sources import SourceSpec, columns
from filrouge.domain.sources.columns import Said
from filrouge.store.models import Job, Source, SourceDraft, User
from filrouge.store.queries import drafts as found
from filrouge.work import (
    access,
    draft_files,
    draft_jobs,
    draft_told,
    drafts,
    erasures,
    groups,
    holding,
    jobs,
    newer,
    rejects,
    sources,
    worker,
)

TEXT = """Export du 12/11/2026

N° fiche;Prénom;Nom;Courriel;Né le;Accord
1;Élodie;Dupré;elodie@example.com;03/04/1980;oui
2;Jean;Noël;jean@example.com;31/02/1990;non
3;Awa;Diop;awa@example.com;21/12/1971;
""" + "".join(f"{n};Paul;Durand-{n};paul{n}@example.com;{n:02}/0{n % 9 + 1}/1970;oui\n" for n in range(4, 16))


@pytest.fixture
def remy(world: World) -> Any:
    return world.user("engineer", entities=("north",))


def brought(asking: Any, text: str = TEXT, name: str = "Salon d'été.csv", **given: Any) -> SourceDraft:
    return drafts.bring(asking, name, [text.encode("cp1252")], brand="red", **given)[0]


def told(draft: SourceDraft) -> list[Said]:
    return columns.said(SourceSpec.parse(draft.spec), [one.name for one in draft_files.seen(draft)])


AFTER = ("identity", "segments", "scores", "acquisitions", "followup_rules")  # jobs that an import leads to


def worked(*, wholly: bool = False) -> None:
    """Let the worker do what waits, as both of its threads would; ``wholly``: what an import leads to as well."""
    while job := jobs.claim("test", but=() if wholly else AFTER):
        jobs.work(job, worker.VERBS)


def test_a_file_is_read_told_tried_and_imported(world: World, remy: Any) -> None:
    draft = brought(remy)
    assert (draft.spec["format"]["encoding"], draft.spec["format"]["header_row"]) == ("cp1252", 3)
    said = {one.column: one for one in told(draft)}
    assert said["Courriel"].says == "email"
    assert said["N° fiche"].key
    assert said["Né le"].form == "%d/%m/%Y"
    assert said["Accord"].says == "", "a consent is never guessed"

    rows = [
        one
        if one.column != "Accord"
        else Said("Accord", "consent:marketing:email", states={"oui": "granted", "non": "denied"})
        for one in told(draft)
    ]
    drafts.say(remy, str(draft.pk), rows)
    drafts.try_out(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert {name: draft.tried[name] for name in ("read", "new", "rejected", "lost")} == {
        "read": 15, "new": 15, "rejected": 0, "lost": 0,
    }  # fmt: skip
    assert [(row["row"], row["code"], row["warning"]) for row in draft_files.rejects(draft)] == [
        (5, "not_a_date", True)
    ]
    assert world.rows("SELECT * FROM person_records") == []
    assert not Source.objects.filter(name=draft.spec["source"]).exists()

    drafts.go(remy, str(draft.pk))
    worked(wholly=True)
    draft.refresh_from_db()
    assert draft.state == SourceDraft.State.DONE
    assert draft.run is not None
    assert (draft.run.read, draft.run.new, draft.run.by) == (15, 15, remy.by)
    states = sorted(row["state"] for row in world.rows("SELECT state FROM consents"))
    assert states == ["denied", *["granted"] * 13], "whose cell says nothing has said nothing"
    assert [hit.name for hit in world.find("Élodie Dupré")] == ["Élodie Dupré"]
    assert not draft_files.folder(draft).exists(), "the file goes once its rows are in the lake"
    assert newer.brought(Source.objects.get(name=draft.spec["source"]))


def test_undoing_the_run_takes_everybody_back(world: World, remy: Any) -> None:
    draft = imported(remy)
    worked(wholly=True)
    assert world.find("Awa Diop")
    sources.undo(str(draft.run_id), by=remy.by)
    world.resolve()
    assert not world.find("Awa Diop")
    assert draft.run is not None
    draft.run.refresh_from_db()
    assert draft.run.state == "undone"


def imported(remy: Any, draft: SourceDraft | None = None) -> SourceDraft:
    draft = draft or brought(remy)
    drafts.try_out(remy, str(draft.pk))
    worked()
    drafts.go(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    return draft


def test_a_newer_file_of_a_source_is_read_as_the_one_before(world: World, remy: Any) -> None:
    first = imported(remy)
    more = TEXT.replace("Diop", "Diop-Sarr") + "20;Léa;Petit;lea@example.com;01/02/1999;oui\n"
    second = brought(remy, more, "Salon d'été 2.csv", source=first.spec["source"])
    assert second.spec["source"] == first.spec["source"]
    names = [one.column for one in told(second)]
    assert told(second) == columns.said(SourceSpec.parse(first.spec), names)
    done = imported(remy, second)
    assert done.run is not None
    assert (done.run.new, done.run.changed, done.run.unchanged) == (1, 1, 14)
    assert Source.objects.exclude(kind="filrouge").count() == 1


def test_the_same_file_twice_is_one(world: World, remy: Any) -> None:
    draft, same = drafts.bring(remy, "a.csv", [TEXT.encode("cp1252")], brand="red")
    again, known = drafts.bring(remy, "b.csv", [TEXT[:40].encode("cp1252"), TEXT[40:].encode("cp1252")], brand="red")
    assert (same, known, again.pk) == (False, True, draft.pk)
    assert len(list((settings.get().home / "brought").iterdir())) == 1


def test_the_file_of_the_tutorial_counts_as_it_says(world: World, remy: Any) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/tutorial/digipress.csv").read_bytes()
    draft, _ = drafts.bring(remy, "digipress.csv", [text], brand="red")
    drafts.try_out(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    told_ = {name: draft.tried[name] for name in ("read", "new", "changed", "unchanged", "rejected", "lost")}
    assert told_ == {"read": 12, "new": 11, "changed": 0, "unchanged": 0, "rejected": 1, "lost": 0}
    assert [(row["code"], row["warning"]) for row in draft_files.rejects(draft)] == [
        ("not_a_date", True), ("too_few_fields", False),
    ]  # fmt: skip


def test_a_packed_file_is_brought_as_it_is(world: World, remy: Any) -> None:
    draft, _ = drafts.bring(remy, "salon.csv.gz", [gzip.compress(TEXT.encode("cp1252"))], brand="red")
    done = imported(remy, draft)
    assert done.run is not None
    assert (done.run.new, done.run.rejected) == (15, 0)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [("a.pdf", b"x", UsageError), ("a.csv", b"", UsageError), ("a.xlsx", b"no workbook", SourceError),
     ("a.csv", b"a;b;c\n", SourceError)],
)  # fmt: skip
def test_what_cannot_be_read_is_told_and_leaves_nothing(
    name: str, content: bytes, kind: type[Exception], world: World, remy: Any
) -> None:
    with pytest.raises(kind):
        drafts.bring(remy, name, [content], brand="red")
    assert not SourceDraft.objects.exists()
    assert list((settings.get().home / "brought").glob("*")) == []


def test_a_file_too_large_is_told_and_leaves_nothing(world: World, remy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "LARGEST", 100)
    with pytest.raises(UsageError):
        drafts.bring(remy, "a.csv", [b"x;y\n"] * 50, brand="red")
    assert list((settings.get().home / "brought").glob("*")) == []


def test_the_name_of_a_file_leads_nowhere_else(world: World, remy: Any) -> None:
    draft = brought(remy, name="../../../etc/..\\secret file.csv")
    assert draft.name == "secret file.csv"
    assert draft_files.path_of(draft).parent == draft_files.folder(draft)


def test_columns_that_say_too_little_are_not_tried(world: World, remy: Any) -> None:
    draft = brought(remy)
    drafts.say(remy, str(draft.pk), [Said(one.name) for one in draft_files.seen(draft)])
    with pytest.raises(UsageError, match="who somebody is"):
        drafts.try_out(remy, str(draft.pk))
    twice = [Said(one.name, "email", key=one.name == "N° fiche") for one in draft_files.seen(draft)]
    drafts.say(remy, str(draft.pk), twice)
    with pytest.raises(UsageError, match="already"):
        drafts.try_out(remy, str(draft.pk))
    assert not Job.objects.filter(kind__startswith="draft_trial").exists()


def test_nothing_is_imported_but_what_was_tried(world: World, remy: Any) -> None:
    draft = brought(remy)
    with pytest.raises(Conflict):
        drafts.go(remy, str(draft.pk))
    drafts.try_out(remy, str(draft.pk))
    worked()
    rows = [one if one.column != "Né le" else Said("Né le") for one in told(draft)]
    drafts.say(remy, str(draft.pk), rows)
    with pytest.raises(Conflict):
        drafts.go(remy, str(draft.pk))


def test_the_file_is_read_by_other_conventions(world: World, remy: Any) -> None:
    draft = brought(remy)
    with pytest.raises(SourceError):
        drafts.read_as(remy, str(draft.pk), {"encoding": "cp1252", "delimiter": ";", "header_row": 900})
    draft.refresh_from_db()
    assert draft.spec["format"]["header_row"] == 3
    other = drafts.read_as(remy, str(draft.pk), {"encoding": "cp1252", "delimiter": ",", "header_row": 3})
    assert [one.name for one in draft_files.seen(other)] == ["N° fiche;Prénom;Nom;Courriel;Né le;Accord"]


def test_a_file_that_went_meanwhile_is_told(world: World, remy: Any) -> None:
    draft = brought(remy)
    drafts.try_out(remy, str(draft.pk))
    worked()
    drafts.go(remy, str(draft.pk))
    draft_files.path_of(draft).unlink()
    worked()
    draft.refresh_from_db()
    assert (draft.state, bool(draft.trouble)) == (SourceDraft.State.OPEN, True)
    assert world.rows("SELECT * FROM person_records") == []


def test_two_files_of_one_name_become_two_sources(world: World, remy: Any) -> None:
    other = world.user("engineer", entities=("south",))
    mine = brought(remy)
    theirs, _ = drafts.bring(other, "Salon d'été.csv", [TEXT.replace("Awa", "Ada").encode("cp1252")], brand="blue")
    assert mine.spec["source"] == theirs.spec["source"], "neither is a source yet"
    drafts.try_out(other, str(theirs.pk))
    worked()
    imported(remy, mine)
    drafts.go(other, str(theirs.pk))
    worked()
    theirs.refresh_from_db()
    assert theirs.run is not None
    assert theirs.run.new == 15
    assert Source.objects.get(name=mine.spec["source"]).entity == "north", "what another engineer made stays theirs"
    assert Source.objects.get(name=theirs.spec["source"]).entity == "south"


def test_a_job_that_fell_leaves_the_file_to_be_tried_again(
    world: World, remy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = brought(remy)
    drafts.try_out(remy, str(draft.pk))
    worked()
    drafts.go(remy, str(draft.pk))
    with monkeypatch.context() as patch:
        patch.setattr(sources, "run", lambda *_, **__: 1 // 0)
        worked()
    assert world.rows("SELECT * FROM person_records") == []
    done = imported(remy, draft)
    assert done.run is not None
    assert done.run.new == 15


def test_only_those_who_act_for_the_brand_see_it(world: World, remy: Any) -> None:
    colleague = world.user("engineer", entities=("north",), brands=("red",))
    for stranger in (world.user("engineer", entities=("south",)), world.user("analyst", entities=("north",))):
        with pytest.raises(Refused):
            brought(stranger)
    draft = brought(remy)
    assert found.draft(str(draft.pk), colleague).pk == draft.pk
    assert [one.pk for one in found.drafts(colleague)] == [draft.pk]
    for stranger in (world.user("engineer", entities=("west",)), world.user("marketer", entities=("north",))):
        assert found.drafts(stranger) == []
        with pytest.raises(NotFound):
            found.draft(str(draft.pk), stranger)
        with pytest.raises((NotFound, Refused)):
            drafts.drop(stranger, str(draft.pk))
    drafts.drop(colleague, str(draft.pk))
    assert not draft_files.folder(draft).exists()


def test_the_commonest_values_stay_masked_for_whoever_sees_addresses_elsewhere_alone(world: World, remy: Any) -> None:
    user = User.objects.get(pk=remy.user_id)
    groups.grant(str(user.pk), "advisor", by="test", entities=("west",))
    both = access.caller(user)
    draft = brought(both, TEXT + "16;Zoé;Ruiz;elodie@example.com;04/05/1990;oui\n")
    draft_jobs.profile(str(draft.pk))
    told_ = draft_told.whole(draft, both)
    (mail,) = [one for one in told_["columns"] if one["column"] == "Courriel"]
    assert mail["top"][0] == {"value": "e•••@e•••", "rows": 2}
    assert "elodie@example.com" not in str(told_)


def test_what_nobody_touches_for_a_month_goes(world: World, remy: Any) -> None:
    draft, fresh = brought(remy), brought(remy, TEXT + "99;A;B;a@example.com;;\n")
    SourceDraft.objects.filter(pk=draft.pk).update(edited_at=clock.now() - draft_jobs.KEPT - timedelta(hours=1))
    assert draft_jobs.sweep() == 1
    assert [one.pk for one in SourceDraft.objects.all()] == [fresh.pk]
    assert not draft_files.folder(draft).exists()


# --- rows to mend -----------------------------------------------------------------------------------------------------


MORE = "".join(f"{n};Rose;Lange-{n};rose{n}@example.com;1{n % 9}/11/19{n};\n" for n in range(50, 80))
WRONG = (
    TEXT + MORE + "40;Zoé;Ruiz\n41;=1+1;Ruiz;x@example.com;32/13/1990;oui\n;Sans;Clé;sans@example.com;01/01/1980;oui\n"
)


def by_number(remy: Any) -> SourceDraft:
    """Bring a file with faults, each row named by its number."""
    draft = brought(remy, WRONG)
    rows = [dataclasses.replace(one, key=one.column == "N° fiche") for one in told(draft)]
    return imported(remy, drafts.say(remy, str(draft.pk), rows))


def say(code: str, kind: str) -> str:
    return {"reason": "Why"}.get(code, code)


def told_in(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_rows_that_were_not_taken_are_mended_and_brought_back_as_they_are(world: World, remy: Any) -> None:
    first = by_number(remy)
    assert first.run is not None
    assert (first.run.read, first.run.new, first.run.rejected, first.run.lost) == (48, 46, 2, 0)
    with rejects.write(remy, str(first.run.pk), form="csv", say=say) as stream:
        rows = told_in(stream.read())
    by_key = {row.get("N° fiche", ""): row for row in rows}
    assert (by_key["40"]["Nom"], by_key["40"]["Why [Filrouge]"]) == ("Ruiz", "too_few_fields")
    assert by_key["2"]["Why [Filrouge]"] == "Né le: not_a_date"
    assert by_key["41"]["Prénom"] == "'=1+1", "no cell is a formula"
    assert by_key[""]["Why [Filrouge]"] == "N° fiche: missing"
    by_key["2"]["Né le"] = "28/02/1990"
    by_key[""]["N° fiche"] = "42"
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=";")
    writer.writeheader()
    by_key["40"]["Courriel"] = "zoe@example.com"
    writer.writerows([by_key["2"], by_key[""], by_key["40"]])
    back, _ = drafts.bring(remy, "mended.csv", [out.getvalue().encode()], brand="red", source=first.spec["source"])
    done = imported(remy, back)
    assert done.run is not None
    assert (done.run.read, done.run.new, done.run.changed, done.run.rejected) == (3, 2, 1, 0)
    (row,) = world.rows("SELECT birth_date FROM person_records WHERE source_id = '2' AND superseded_at IS NULL")
    assert str(row["birth_date"]) == "1990-02-28"


def test_the_workbook_of_rows_to_mend_is_brought_back_too(world: World, remy: Any) -> None:
    first = by_number(remy)
    with rejects.write(remy, str(first.run_id), form="xlsx", say=say) as stream:
        book = stream.read()
    back, _ = drafts.bring(remy, "mended.xlsx", [book], brand="red", source=first.spec["source"])
    assert back.spec["kind"] == "excel"
    drafts.try_out(remy, str(back.pk))
    worked()
    back.refresh_from_db()
    # the rows taken with a value left out are told unchanged: the column of reasons is ours, the kind of file no matter
    wanted = {"read": 4, "new": 1, "changed": 0, "unchanged": 2, "rejected": 1, "lost": 0}
    assert {name: back.tried[name] for name in wanted} == wanted


def test_only_an_engineer_of_the_entity_takes_them(world: World, remy: Any) -> None:
    first = by_number(remy)
    for stranger in (world.user("analyst", entities=("north",)), world.user("privacy", entities=("north",))):
        with pytest.raises(Refused):
            rejects.write(stranger, str(first.run_id), form="csv", say=say)
    with pytest.raises(NotFound):
        rejects.write(world.user("engineer", entities=("west",)), str(first.run_id), form="csv", say=say)


def test_a_run_that_took_every_row_has_none(world: World, remy: Any) -> None:
    first = imported(remy, brought(remy, TEXT.replace("31/02/1990", "28/02/1990")))
    with pytest.raises(NotFound):
        rejects.write(remy, str(first.run_id), form="csv", say=say)


def waiting(remy: Any) -> SourceDraft:
    """Return a draft whose run waits for a person."""
    draft = brought(remy)
    draft.spec = draft.spec | {"rules": [{"check": "required", "column": "phone", "does": "stop"}]}
    draft.spec["map"]["phone"] = {"column": "Accord"}
    draft.save()
    draft = imported(remy, draft)
    assert draft.run is not None
    assert draft.run.state == "held"
    return draft


def test_a_file_whose_run_waits_for_a_person_stays_until_it_is_let_in(world: World, remy: Any) -> None:
    draft = waiting(remy)
    assert world.rows("SELECT * FROM person_records") == []
    draft_jobs.sweep()
    assert draft_files.path_of(draft).is_file()
    again, known = drafts.bring(remy, "b.csv", [draft_files.path_of(draft).read_bytes()], brand="red")
    assert (known, again.pk) == (True, draft.pk), "this very file waits already"
    with pytest.raises(Conflict, match="imported already"):
        drafts.open_one(remy, str(draft.pk))
    holding.let_in(remy, str(draft.run_id), because="they keep no telephones")
    assert not draft_files.folder(draft).exists()
    assert len(world.rows("SELECT * FROM person_records")) == 15


def test_a_file_whose_run_is_given_up_is_prepared_again(world: World, remy: Any) -> None:
    draft = waiting(remy)
    holding.give_up(remy, str(draft.run_id))
    draft_jobs.sweep()
    draft.refresh_from_db()
    assert (draft.state, draft.run, draft_files.tried(draft), draft_files.path_of(draft).is_file()) == (
        "open",
        None,
        False,
        True,
    )
    drafts.keep(draft, {**draft.spec, "rules": []})
    done = imported(remy, draft)
    assert done.run is not None
    assert (done.run.state, done.run.new, draft_files.folder(done).exists()) == ("committed", 15, False)


@pytest.mark.parametrize("state", ["committed", "undone"])
def test_a_file_that_outlived_its_import_is_swept(world: World, remy: Any, state: str) -> None:
    draft = imported(remy)
    draft_files.folder(draft).mkdir()
    draft_files.path_of(draft).write_text("killed before it went")
    if state == "undone":
        sources.undo(str(draft.run_id), by="test")
    draft_jobs.sweep()
    assert not draft_files.folder(draft).exists()


def test_a_newer_file_whose_columns_bear_other_names_is_read_by_what_they_hold(world: World, remy: Any) -> None:
    first = imported(remy)
    more = (
        TEXT.replace("Courriel", "Adresse mail").replace("Prénom", "P.")
        + "20;Léa;Petit;lea@example.com;01/02/1999;oui\n"
    )
    second = brought(remy, more, "Salon d'été 2.csv", source=first.spec["source"])
    assert {one["column"]: one["to"] for one in draft_files.changed(second)} == {
        "Courriel": ["Adresse mail"], "Prénom": ["P."],
    }  # fmt: skip
    said = {one.column: one.says for one in told(second)}
    assert (said["Adresse mail"], said["P."], said["Nom"]) == ("email", "given_name", "family_name")
    done = imported(remy, second)
    assert done.run is not None
    assert (done.run.state, done.run.new, done.run.rejected) == ("committed", 1, 0)


def test_a_newer_file_without_what_names_its_rows_is_not_taken(world: World, remy: Any) -> None:
    first = imported(remy)
    with pytest.raises(UsageError, match="N° fiche"):
        brought(remy, re.sub(r"(?m)^(N° fiche|\d+);", "", TEXT), "autre.csv", source=first.spec["source"])
    with pytest.raises(UsageError, match="none of the columns"):
        brought(remy, "a;b\n1;2\n3;4\n", "autre.csv", source=first.spec["source"])


def test_an_erasure_leaves_nothing_derived_from_a_file_being_prepared(world: World, remy: Any) -> None:
    first = imported(remy)
    draft = brought(remy, TEXT.replace("elodie@example.com;03/04/1980", "elodie@example.com;31/02/1980"), "autre.csv")
    drafts.try_out(remy, str(draft.pk))
    worked()
    world.resolve()
    folder = draft_files.folder(draft)

    def told() -> str:
        files = [path for path in folder.iterdir() if path.suffix in (".json", ".parquet")]
        rows = [str(pq.read_table(path).to_pylist()) for path in files if path.suffix == ".parquet"]
        return " ".join(rows + [path.read_text() for path in files if path.suffix == ".json"])

    assert "elodie@example.com" in told()
    (hit,) = world.find("Élodie Dupré")
    asked = erasures.request(access.OWNER, hit.id, reason="asked by letter")
    erasures.carry_out(str(asked.id))
    draft.refresh_from_db()
    assert ("elodie" in told().lower(), draft_files.tried(draft)) == (False, False)
    columns_of = [one.name for one in draft_files.seen(draft)]
    assert columns_of == ["N° fiche", "Prénom", "Nom", "Courriel", "Né le", "Accord"]
    assert {value for one in draft_files.seen(draft) for value in one.values} <= {"oui", "non"}
    drafts.try_out(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert draft_files.tried(draft)
    assert "elodie" not in told().lower(), "tried anew, the row of whoever was erased is told without what it held"
    assert first.run is not None


REACHED = """N° fiche;Prénom;Nom;Courriel;Téléphone
1;Élodie;Dupré;elodie@example.com;06 12 34 56 78
2;Jean;Noël;n/a;01 45 67 89 12
3;Awa;Diop;jean.dupont(at)x;-
4;Zoé;Ruiz;;
""" + "".join(f"{n};Paul;Durand-{n};paul{n}@example.com;06 11 22 33 {n}\n" for n in range(10, 30))


def test_an_email_or_a_phone_that_is_none_is_warned_of_and_kept_as_it_came(world: World, remy: Any) -> None:
    draft = brought(remy, REACHED)
    assert {one.column: one.says for one in told(draft)}["Téléphone"] == "phone"
    drafts.try_out(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    wanted = {"read": 24, "new": 24, "rejected": 0, "warned": 2, "lost": 0}
    assert {name: draft.tried[name] for name in wanted} == wanted
    listed = [(row["row"], row["column"], row["code"], row["warning"]) for row in draft_files.rejects(draft)]
    assert sorted(listed) == [
        (3, "email", "not_an_email", True), (4, "email", "not_an_email", True), (4, "phone", "not_a_phone", True),
    ]  # fmt: skip
    drafts.go(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert draft.run is not None
    assert (draft.run.new, draft.run.warned, draft.run.rejected) == (24, 2, 0)
    held = world.rows("SELECT source_id, email, phone FROM person_records WHERE source_id IN ('2', '3', '4')")
    assert sorted((row["source_id"], row["email"], row["phone"]) for row in held) == [
        ("2", "n/a", "01 45 67 89 12"), ("3", "jean.dupont(at)x", "-"), ("4", None, None),
    ]  # fmt: skip
    # the same rows again, with one more
    again = imported(remy, brought(remy, REACHED + "5;Léa;Petit;x@;\n", "b.csv", source=draft.spec["source"]))
    assert again.run is not None
    assert (again.run.new, again.run.changed, again.run.unchanged, again.run.warned) == (1, 0, 24, 3)


def test_a_word_that_is_said_to_stand_for_nothing_is_not_warned_of(world: World) -> None:
    cell = {"column": "mail", "values": {"n/a": None}, "other": "keep"}
    rows = [person("1", "Ada", "Byron", mail="n/a"), person("2", "Gus", "Eiffel", mail="gus@example.com")]
    run = world.people(*rows, person("3", "Zoé", "Martin", mail="x@"), map={**PEOPLE["map"], "email": cell})
    assert (run.new, run.warned, run.rejected) == (3, 1, 0)
    assert {row["email"] for row in world.rows("SELECT email FROM person_records")} == {None, "gus@example.com", "x@"}
