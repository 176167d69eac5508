"""Which new column says what an old one said, and the definition that reads a source in its new shape."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.base.errors import UsageError
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.meaning import Held
from filrouge.domain.sources.reshaping import Choice, Way, likeness, proposed, reshaped, unkept_anew
from filrouge.domain.sources.shapes import Dated, Shape, Sketch, changes, otherwise, read_by, sketched, written

SPEC: dict[str, Any] = {
    "source": "crm", "kind": "csv", "place": "crm.csv", "entity": {"column": "firm", "values": {"N": "north"}},
    "brand": "red", "reads": "person_records", "key": ["id"], "where": {"kind": ["person"]}, "cursor": "seen",
    "map": {
        "source_id": "id", "given_name": "first", "family_name": "last", "address_line": {"columns": ["no", "street"]},
        "link": {"template": "https://crm.example/{id}/{slug}"}, "birth_date": {"column": "born", "format": "%d/%m/%Y"},
        "updated_at": "seen", "title": {"column": "mr", "values": {"M": "mr"}},
    },
    "consents": [
        {"purpose": "marketing", "channel": "email", "at": "since",
         "state": {"column": "ok", "values": {"y": "granted"}}}
    ],
    "required": ["family_name"],
}  # fmt: skip


def spec(**given: Any) -> SourceSpec:
    return SourceSpec.parse({**SPEC, **given}, what="crm")


def made(columns: dict[str, Way], **given: Any) -> SourceSpec:
    return SourceSpec.parse(reshaped(spec(), Choice(columns, **given)), what="crm")


def shape(*names: str, **content: str) -> Shape:
    return Shape(tuple(Sketch(name, content=content.get(name, ""), filled=1.0) for name in names), 100)


def test_a_renamed_column_is_renamed_wherever_the_definition_names_it() -> None:
    new = made({"id": Way(("nr",)), "seen": Way(("maj",)), "kind": Way(("type",)), "firm": Way(("société",)),
                "street": Way(("rue",)), "ok": Way(("accord",))})  # fmt: skip
    assert (new.key, new.cursor, dict(new.where)) == (("nr",), "maj", {"type": ("person",)})
    assert new.map["link"].template == "https://crm.example/{nr}/{slug}"
    assert new.map["address_line"].columns == ("no", "rue")
    assert (new.entity.column, new.entity.values) == ("société", {"N": "north"})
    assert new.consents[0].state.column == "accord"
    assert not {"id", "seen", "kind", "firm", "street", "ok"} & set(new.columns())


def test_a_column_that_is_read_no_more_takes_with_it_what_only_it_told() -> None:
    new = made({"slug": Way(), "no": Way(), "since": Way(), "mr": Way()})
    assert "link" not in new.map
    assert "title" not in new.map
    assert new.map["address_line"].columns == ("street",)
    assert new.consents[0].at is None
    assert made({"ok": Way()}).consents == ()


@pytest.mark.parametrize("column", ["id", "kind", "seen", "firm", "last"])
def test_what_a_source_cannot_be_read_without_is_not_dropped(column: str) -> None:
    with pytest.raises(UsageError, match=f"without its column {column}"):
        made({column: Way()})


def test_several_columns_are_read_in_the_stead_of_one() -> None:
    new = made({"first": Way(("one", "two")), "street": Way(("way", "floor"))})
    assert new.map["given_name"].columns == ("one", "two")
    assert new.map["address_line"].columns == ("no", "way", "floor")


def test_dates_and_values_are_told_of_the_columns_by_their_new_names() -> None:
    new = made(
        {"born": Way(("birth",))}, dates={"birth": "%m/%d/%Y", "seen": "%d/%m/%Y"},
        values={"ok": {"n": "denied"}, "mr": {"Mr": "mr"}},
    )  # fmt: skip
    assert new.map["birth_date"].dump() == {"column": "birth", "format": "%m/%d/%Y"}
    assert new.map["updated_at"].format == "%d/%m/%Y"
    assert new.consents[0].state.values == {"y": "granted", "n": "denied"}
    assert new.map["title"].values == {"M": "mr", "Mr": "mr"}
    assert made({}, dates={"born": ""}).map["birth_date"].format is None


@given(
    st.dictionaries(
        st.sampled_from(("id", "first", "last", "born", "ok", "street")), st.text("abcé ", min_size=1), max_size=4
    )
)
def test_renaming_loses_nothing_and_renaming_back_gives_the_definition_again(names: dict[str, str]) -> None:
    names = {was: f"new {at} {now}" for at, (was, now) in enumerate(names.items())}
    there = made({was: Way((now,)) for was, now in names.items()})
    assert set(there.columns()) == {names.get(name, name) for name in spec().columns()}
    back = reshaped(there, Choice({now: Way((was,)) for was, now in names.items()}))
    assert SourceSpec.parse(back, what="crm") == spec()


def test_what_a_column_holds_outweighs_where_it_stands() -> None:
    last = shape("id", "a", "b", a="email", b="phone")
    now = shape("id", "x", "y", x="phone", y="email")
    assert likeness(last, now, "a", "x") == (0.0, ())
    sure, because = likeness(last, now, "a", "y")
    assert sure > 0.5
    assert "content" in because
    found = proposed(last, now, changes(last, now, spec_of("id", "a", "b")), spec_of("id", "a", "b"))
    assert {one.column: one.way.to for one in found} == {"a": ("y",), "b": ("x",)}


def test_a_place_alone_tells_nothing() -> None:
    assert likeness(shape("id", "a"), Shape((Sketch("id", filled=1.0), Sketch("zz")), 9), "a", "zz") == (0.0, ())


def test_of_two_columns_that_claim_one_the_surest_gets_it() -> None:
    last, now = shape("id", "email", "e mail pro"), shape("id", "e-mail")
    found = proposed(last, now, changes(last, now, spec_of("id", "email", "e mail pro")),
                     spec_of("id", "email", "e mail pro"))  # fmt: skip
    assert {one.column: one.way.to for one in found} == {"email": ("e-mail",), "e mail pro": ()}


def test_a_shape_is_the_same_after_it_was_kept() -> None:
    held = sketched(Held("Ville", 1.0, 2, 40, ("Lyon", "Paris")), ("Lyon",), hashed=lambda text: str(len(text)))
    one = Shape((held,), 40, {"born": Dated("%d/%m/%Y", 1.0, 40)}, {"ok": {"abc": 3}}, {"key": ["id"]}, True)
    assert Shape.parse(one.plain()) == one
    assert Shape.parse({}) is None


def test_the_parts_kept_with_a_shape_read_as_the_definition_did() -> None:
    from filrouge.domain.sources.shapes import by

    assert read_by(by(spec()), spec(map={"source_id": "zz", "family_name": "yy"}, cursor="zz")) == spec()


def test_dates_are_written_otherwise_when_most_of_them_cannot_be_read() -> None:
    days = [f"{n % 27 + 1:02}/0{n % 9 + 1}/1980" for n in range(60)]
    was = written(days, ("%d/%m/%Y",))
    assert was == Dated("%d/%m/%Y", 1.0, 60)
    turned = written([f"{d[3:5]}/{d[:2]}/{d[6:]}" for d in days], ("%d/%m/%Y",))
    assert (turned.way, otherwise(was, turned)) == ("%m/%d/%Y", True)
    assert not otherwise(was, written([*days[:57], "?", "?", "?"], ("%d/%m/%Y",)))
    assert not otherwise(was, written(["?"] * 4, ("%d/%m/%Y",))), "a few tell nothing"
    assert not otherwise(Dated(None, 0.2, 60), turned), "they could not be read before either"


def spec_of(*names: str) -> SourceSpec:
    mapping = dict(zip(("source_id", "email", "phone"), names, strict=False))
    return spec(key=[names[0]], map=mapping, consents=[], where={}, cursor=None, entity="north", required=[])


RULES = [{"check": "pattern", "column": "title", "like": "mr"}, {"check": "required", "column": "given_name"}]


def test_a_rule_goes_with_the_column_that_only_told_what_it_names() -> None:
    new = SourceSpec.parse(reshaped(spec(rules=RULES), Choice({"mr": Way(), "slug": Way()})), what="crm")
    assert [rule.called for rule in new.rules] == ["required_given_name"]
    anew = SourceSpec.parse(reshaped(spec(rules=RULES), Choice({"mr": Way(("civ",), ("title",))})), what="crm")
    assert (anew.map["title"].column, anew.rules) == ("civ", spec(rules=RULES).rules)


def test_a_column_that_is_never_kept_is_nobodys_heir() -> None:
    last, now = shape("id", "first", "born"), shape("id", "first_name", "born")
    found = proposed(last, now, changes(last, now, spec()), spec(never_kept=["first_name"]))
    assert {one.column: one.way.to for one in found}["first"] == ()
    assert {one.column: one.way.to for one in proposed(last, now, changes(last, now, spec()), spec())}["first"]


@pytest.mark.parametrize(
    ("names", "unkept"),
    [
        (("IBAN", "iban", "Ibän", "nom"), ("IBAN", "iban", "Ibän")),
        (("IBAN#4", "iban#2", "IBAN 2"), ("IBAN#4", "iban#2")),
        (("Note", "Note#5", "Note#3"), ("Note#5", "Note#3")),
        (("first", "7", "#7"), ("#7",)),
    ],
)
def test_a_column_is_never_kept_however_its_name_is_written_or_doubled(
    names: tuple[str, ...], unkept: tuple[str, ...]
) -> None:
    assert spec(never_kept=["IBAN", "Note#3", "#7", "FIRST"]).unkept(names) == unkept


def test_a_column_never_kept_is_known_under_another_name() -> None:
    last, now = shape("id", "first"), shape("id", "first", "IBAN client", "Compte", "ville", Compte="bank_account")
    assert unkept_anew(last, now, spec(never_kept=["IBAN"])) == ("IBAN client", "Compte")
    assert unkept_anew(shape("id", "first", "Compte"), now, spec(never_kept=["IBAN"])) == ("IBAN client",)
    assert unkept_anew(last, Shape((*now.columns, Sketch("iban")), 100), spec(never_kept=["IBAN"])) == ()
