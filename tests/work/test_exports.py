"""What leaves the product: whom may_i allows, as the acting entity may see them, counted, and written down."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
import python_calamine
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import Refused, UsageError
from filrouge.domain.profiles.filters import Filters
from filrouge.store.live import Live
from filrouge.store.models import AuditEntry, User
from filrouge.work import access, consents, corrections, exports, groups, promises

YES, NO = {"optin": "yes"}, {"optin": "no"}


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(
        person("1", "Ada", "Martin", mail="ada@example.org", phone="06 39 98 00 01", town="Nantes", **YES),
        person("2", "Bob", "Martin", mail="bob@example.org", town="Nantes", **NO),
        person("3", "=cmd()", "@Petit", mail="cleo@example.org", town="Nantes", **YES),
        person("4", "Dan", "Sans", phone="06 39 98 00 04", town="Nantes", **YES),
    )
    world.shop(person("8", "Eve", "Legrand", mail="eve@example.org", town="Nantes", **YES))
    world.resolve()
    return world


def order(**changes: Any) -> exports.Order:
    asked = {"text": "", "filters": Filters(place="nantes"), "purpose": "marketing", "channel": "email",
             "entity": "north", "brand": "red"}  # fmt: skip
    return exports.Order(**{**asked, **changes})


def rows(asking: Any, asked: exports.Order, *, form: Any = "csv") -> tuple[list[dict[str, str]], exports.Counts, str]:
    stream, counts = exports.write(asking, asked, form=form, say=lambda code, kind: code, delimiter=";")
    with stream:
        text = stream.read().decode("utf-8")
    assert text.startswith("\ufeff")
    lines = [line for line in text[1:].splitlines() if not line.startswith(("# ", '"# '))]
    found = list(csv.DictReader(io.StringIO("\n".join(lines)), delimiter=";"))
    return [{name.removesuffix(" [Filrouge]"): cell for name, cell in row.items()} for row in found], counts, text


def test_only_whom_one_may_reach_leaves_and_the_others_are_counted_by_reason(group: World) -> None:
    seller = group.user("sales", entities=["north"])
    found, counts, text = rows(seller, order())
    assert sorted((row["given_name"], row["email"], row["reason"]) for row in found) == [
        ("'=cmd()", "cleo@example.org", "consented"),
        ("Ada", "ada@example.org", "consented"),
    ]
    # Eve is the shop's: sharing covers service, not marketing; Dan has no e-mail
    assert counts.plain() == {"found": 5, "exported": 2, "left_out": {"denied": 1, "no_address": 1, "not_shared": 1}}
    assert exports.weigh(seller, order()).plain() == counts.plain()
    for note in ("# purpose;marketing", "# found;5", "# exported;2", "# left_out (denied);1"):
        assert note in text


def test_a_file_holds_the_address_of_its_channel_and_no_other(group: World) -> None:
    seller = group.user("sales", entities=["north"])
    found, _, text = rows(seller, order(purpose="service", channel="phone"))
    assert {row["phone"] for row in found} == {"0033639980001", "0033639980004"}
    assert "@example.org" not in text


def test_no_cell_begins_a_formula_in_either_form(group: World) -> None:
    seller = group.user("sales", entities=["north"])
    found, _, _ = rows(seller, order())
    stream, _ = exports.write(seller, order(), form="xlsx", say=lambda code, kind: code)
    with stream:
        book = python_calamine.CalamineWorkbook.from_filelike(stream)
    sheet, notes = (book.get_sheet_by_index(at).to_python() for at in (0, 1))
    assert [row[1:4] for row in sheet[1:]] == [[row["given_name"], row["family_name"], row["email"]] for row in found]
    assert not [cell for row in sheet for cell in row if str(cell).startswith(("=", "+", "-", "@", "\t"))]
    assert ["exported", 2] in notes
    assert ["left_out (denied)", 1] in notes


def test_an_address_is_clear_where_it_is_to_be_written_to_and_masked_as_on_the_page_elsewhere(group: World) -> None:
    marketer = group.user("marketer", entities=["north"])
    found, _, text = rows(marketer, order())
    assert sorted(row["email"] for row in found) == ["ada@example.org", "cleo@example.org"], "a campaign needs it"
    assert "639980001" not in text, "of one channel only"
    found, _, text = rows(marketer, order(purpose="profiling"))
    assert {row["email"] for row in found} == {"a•••@e•••", "b•••@e•••", "c•••@e•••"}
    analyst = group.user("analyst", entities=["north"])
    assert "ada@example.org" not in rows(analyst, order(purpose="analytics"))[2]
    page = access.person(marketer, group.find("ada@example.org")[0].id).view
    assert page.attributes["email"].best.value == "a•••@e•••", "the page stays masked"


def test_what_was_said_and_corrected_here_counts_at_once(group: World) -> None:
    seller = group.user("sales", entities=["north"])
    ada, cleo = (group.find(f"{name}@example.org")[0].id for name in ("ada", "cleo"))
    consents.record(seller, cleo, purpose="marketing", channel="email", state="objected", entity="north")
    corrections.correct(seller, ada, "email", "ada.martin@example.org", entity="north")
    found, counts, _ = rows(seller, order())
    assert [row["email"] for row in found] == ["ada.martin@example.org"]
    assert counts.left_out["objected"] == 1


def test_every_row_has_the_answer_that_may_i_gives(group: World) -> None:
    seller = group.user("sales", entities=["north"])
    cleo = group.find("cleo@example.org")[0].id
    promises.make(seller, cleo, "a call", clock.now() + timedelta(days=30), entity="north")
    from filrouge.store.models import Promise

    Promise.objects.update(due_at=clock.now().replace(year=2020))
    live = Live()
    documents = {
        str(body["id"]): body
        for body in live.documents([row[0] for row in live.rows("SELECT person FROM documents")]).values()
    }
    asked = {"entity": "north", "brand": "red", "purpose": "marketing", "channel": "email", "at": clock.now()}
    many = consents.may_i_all(documents, **asked)
    assert len(many) == 5
    assert many == {person: consents.may_i(person, **asked) for person in documents}
    assert many[cleo].reason == "promise_overdue"
    Promise.objects.update(due_at=clock.now() + timedelta(days=30), bars="offers")
    many = consents.may_i_all(documents, **asked)
    assert many == {person: consents.may_i(person, **asked) for person in documents}
    assert many[cleo].reason == "promised"
    Promise.objects.update(bars="", text="Ne plus lui proposer d’offres", due_at=clock.now() - timedelta(days=30))
    assert consents.may_i(cleo, **asked).reason == "promised", "its words forbid: its date is when it began"


def test_a_colleague_exports_by_agreement_and_a_stranger_nothing(group: World) -> None:
    colleague = group.user("advisor", entities=["south"])
    asked = order(purpose="service", channel="email", entity="south", brand="blue")
    assert {row["email"] for row in rows(colleague, asked)[0]} >= {"ada@example.org", "eve@example.org"}
    stranger = group.user("advisor", entities=["west"])
    found, counts, _ = rows(stranger, order(purpose="service", entity="west", brand="green"))
    assert (found, counts.found) == ([], 0)


def test_one_exports_for_ones_own_entity_brand_and_purposes_only(group: World) -> None:
    advisor, capped = group.user("advisor", entities=["north"]), group.user("sales", entities=["north"], brands=["red"])
    for asking, asked in (
        (advisor, order()), (advisor, order(purpose="service", entity="south", brand="blue")),
        (capped, order(brand="green")), (group.user("executive"), order(purpose="analytics", channel="none")),
    ):  # fmt: skip
        with pytest.raises(Refused):
            exports.write(asking, asked, form="csv", say=lambda code, kind: code)
    assert not AuditEntry.objects.filter(action="person.export").exists()


def test_a_role_held_for_one_entity_opens_nothing_for_another(group: World) -> None:
    seller = group.user("sales", entities=["south"])
    user = User.objects.get(email=seller.by)
    groups.grant(str(user.id), "advisor", by="test", entities=["north"])
    both = access.caller(user)
    with pytest.raises(Refused):
        exports.weigh(both, order())  # marketing is for sales, and here they are an advisor
    assert exports.weigh(both, order(purpose="service", channel="phone")).exported == 2


def test_a_key_needs_the_scope_to_export(group: World) -> None:
    for scopes, allowed in ((["people:read"], False), (["people:read", "people:export"], True)):
        _, word = groups.make_key(access.OWNER, f"key {allowed}", role="sales", scopes=scopes, entities=["north"])
        asking = access.caller_of_key(word)
        if allowed:
            assert rows(asking, order())[1].exported == 2
        else:
            with pytest.raises(Refused):
                exports.weigh(asking, order())


def test_too_many_or_no_search_at_all_is_told(group: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seller = group.user("sales", entities=["north"])
    with pytest.raises(UsageError):
        exports.weigh(seller, order(filters=Filters()))
    monkeypatch.setattr(exports, "BOUND", 2)
    with pytest.raises(UsageError, match="More than 2 people"):
        exports.write(seller, order(), form="csv", say=lambda code, kind: code)


def test_an_export_leaves_one_line_without_names(group: World) -> None:
    seller = group.user("sales", entities=["north"])
    rows(seller, order(text="martin"))
    (line,) = AuditEntry.objects.filter(action="person.export")
    assert line.by == User.objects.get(email=seller.by).email
    details = {"purpose": "marketing", "channel": "email", "entity": "north", "brand": "red", "form": "csv",
               "named": True, "filters": ["place"], "found": 2, "exported": 1, "left_out": {"denied": 1}}  # fmt: skip
    assert line.details == details
    assert "martin" not in json.dumps(line.details).lower()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_comes_back_by_the_path_of_any_file_as_it_was(group: World, form: Any) -> None:
    from filrouge.work import files

    stream, counts = exports.write(access.OWNER, order(), form=form, say=lambda code, kind: code, delimiter=";")
    path = group.folder / f"export.{form}"
    with stream:
        path.write_bytes(stream.read())
    read = files.proposed(path, entity="north", brand="red", given={})
    held = {one.name for one in read.profiles}
    assert set(held) == {"id", "given_name", "family_name", "email", "brands"}, "why one may is no data"
    told = files.try_out(read)
    assert (told["read"], told["rejected"], told["lost"]) == (counts.exported, 0, 0), "notes are no rows"
    run = files.bring(access.OWNER, read)
    assert (run.new, run.rejected) == (counts.exported, 0)
    source = read.data["source"]
    names = group.rows(f"SELECT given_name, family_name FROM person_records WHERE source = '{source}' ORDER BY 1")
    assert names == [{"given_name": "=cmd()", "family_name": "@Petit"}, {"given_name": "Ada", "family_name": "Martin"}]
