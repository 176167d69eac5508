"""What is worked out in Python for one record is what DuckDB works out for many, letter for letter."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.unit.identity.conftest import AT, crowd, people_table
from tests.unit.identity.test_settle import FEW

from filrouge.domain.identity import IdentitySpec, Memory, resolve
from filrouge.domain.identity import score as scoring
from filrouge.domain.identity.compiled import Code, Uncompilable, Writer, functions, parsed
from filrouge.domain.identity.desk import desk
from filrouge.domain.identity.normalise import MACROS
from filrouge.domain.identity.one import reader
from filrouge.domain.identity.pairwise import Pairs
from filrouge.domain.identity.settle import _fresh
from filrouge.domain.identity.strong import strong_edges

LETTERS = st.one_of(
    st.none(),
    st.text(alphabet="abeirtzABEZ éÉèçñÏœŒæßøÅ-'’.,0129_\t\n", max_size=14),
    st.text(alphabet=st.characters(codec="utf-8", max_codepoint=0x24F, exclude_characters="\x00"), max_size=8),
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cn", "Cs", "Co"), exclude_characters="\x00", max_codepoint=0x2FFF), max_size=5),
    st.sampled_from(["DUPONT Jean", "Dupont, Jean", "Jean de La Tour", "M. Jean-Pierre MARTIN", "van der Berg Anna", "Dr Anne-Lise O'Neil", "L. MARTIN", "jean.dupont@example.org"]),
)  # fmt: skip
NUMBERS = st.one_of(st.none(), st.text(alphabet="0123456789 -+.eE_xb/", max_size=7), st.text(alphabet="0123456789", max_size=5))  # fmt: skip
TEXTS = [
    "lower(a)", "upper(a)", "strip_accents(a)", "trim(a)", "length(a)", "left(a, 3)", "right(a, 3)", "substr(a, 2, 3)",
    "substr(a, 2)", "split_part(a, ' ', 1)", "split_part(a, '-', 2)", "strpos(a, ',')", "contains(a, b)",
    "a || '|' || b", "replace(a, 'e', 'xy')", "nullif(a, b)", "coalesce(a, b, 'none')", "greatest(length(a), length(b))",
    "least(length(a), length(b)) = 1", "jaro_winkler_similarity(a, b)", "levenshtein(a, b)", "folded(a)", "squeezed(a)",
    "clean(a)", "a = b", "a != b", "a is distinct from b", "a is null or b is null", "not (a = b and length(a) > 2)",
    "(a = b)::int + (length(a) = 3)::int >= 1", "length(a) between 2 and 5", "length(a) not between 2 and 5",
    "a in ('a', 'b', '')", "a not in ('a', 'b')", "case a when 'a' then 1 when 'b' then 2 else 3 end",
    "case when a > b then 'more' when a <= b then 'less' end", "array_to_string(list_filter(list_transform("
    "string_split(a, ' '), w -> case w when 'a' then 'z' else w end), w -> w != ''), ' ')",
    "regexp_replace(a, '[^a-z]+', '', 'g')", "regexp_replace(a, '^(a|b)( |$)', '\\1x\\2')", "regexp_matches(a, '(^|\\s)\\p{Lu}+(\\s|$)')",
    "regexp_extract(a, '(?i)(?:^|\\s)((?:de\\s)*\\S+)$', 1)", "regexp_replace(a, '[^\\p{L}\\p{N}]+', ' ', 'g')",
    "regexp_replace(' ' || a || ' ', ' \\S*\\p{Ll}\\S* ', ' ', 'g')", "abs(length(a) - length(b)) * 2 - 1",
]  # fmt: skip
CASTS = ["try_cast(a as smallint)", "try_cast(left(a, 4) as smallint)::integer * 365 + try_cast(b as smallint)"]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        for macro in MACROS:
            made.execute(macro)
        yield made


def worked(sql: str) -> Any:
    """Return the Python of an expression over a and b, as a value, and as the tests that it is true and that it is false."""
    code = Code(functions(MACROS))
    writer = Writer(code, lambda _, name: name)
    tree = parsed(sql)
    return code.function("told", ("a", "b"), f"({writer.value(tree)}, {writer.true(tree)}, {writer.false(tree)})")


MADE = {sql: worked(sql) for sql in (*TEXTS, *CASTS)}


def alike(con: Any, expressions: list[str], pairs: list[tuple[Any, Any]]) -> None:
    said = pa.table({side: pa.array([pair[at] for pair in pairs], pa.string()) for at, side in enumerate("ab")})
    con.register("said", said)
    rows = con.execute(f"select a, b, {', '.join(expressions)} from said").fetchall()
    for a, b, *answers in rows:
        for sql, answer in zip(expressions, answers, strict=True):
            value, true, false = MADE[sql](a, b)
            if isinstance(answer, float):
                assert value == pytest.approx(answer, abs=1e-12), (sql, a, b)
            else:
                assert (value, type(value)) == (answer, type(answer)), (sql, a, b)
            if answer is None or isinstance(answer, bool):
                assert (bool(true), bool(false)) == (answer is True, answer is False), (sql, a, b)


@settings(max_examples=150, deadline=None)
@given(pairs=st.lists(st.tuples(LETTERS, LETTERS), min_size=1, max_size=20))
def test_texts_are_what_duckdb_makes_of_them(pairs: list[tuple[Any, Any]], con: Any) -> None:
    alike(con, TEXTS, pairs)


def test_each_letter_is_folded_as_duckdb_folds_it(con: Any) -> None:
    codes = [c for c in range(1, 0x20000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
    con.register("letter", pa.table({"a": [f"a{chr(code)}b" for code in codes]}))
    expressions = ["lower(a)", "upper(a)", "strip_accents(a)", "folded(a)"]
    for a, *answers in con.execute(f"select a, {', '.join(expressions)} from letter").fetchall():
        for sql, answer in zip(expressions, answers, strict=True):
            assert MADE[sql](a, "")[0] == answer, (sql, hex(ord(a[1])))


@settings(max_examples=150, deadline=None)
@given(pairs=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_numbers_are_what_duckdb_reads_in_a_text(pairs: list[tuple[Any, Any]], con: Any) -> None:
    alike(con, CASTS, pairs)


@pytest.mark.parametrize(
    "sql",
    ["soundex(a)", "a like 'x%'", "regexp_matches(a, '(?<=x)a')", "a::date", "a in (select 1)", "a ->> 'x'", "trim(a, 'x')", "(a"],
)  # fmt: skip
def test_what_cannot_be_worked_out_is_said_and_never_guessed(sql: str) -> None:
    with pytest.raises(Uncompilable, match="cannot be matched by"):
        worked(sql)


# --- records and pairs ---------------------------------------------------------------------------------------------

GIVEN = st.sampled_from(
    ["Jean", "Jeanne", "Marie", "Paul", "Paule", "Luc", "J", "Claire", "Jean-Luc", "Sandra", "Alexandra", "Zoé"]
)
FAMILY = st.sampled_from(
    ["Martin", "Martim", "Bernard", "Durand", "de La Tour", "Moreau-Petit", "Petit", "Lê", "inconnu"]
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "given_name": GIVEN | st.none() | LETTERS,
    "family_name": FAMILY | st.none() | LETTERS,
    "full_name": st.none() | LETTERS | st.builds(lambda g, f: f"{f.upper()} {g}", GIVEN, FAMILY),
    "birth_name": st.none() | FAMILY,
    "birth_date": st.none() | st.sampled_from(["1980-05-06", "1980-06-05", "1980-05-16", "1990-05-06", "1981-05-06", "80", "n/a", "06/05/1980"]),
    "sex": st.none() | st.sampled_from(["M", "F", "Homme", "é"]),
    "email": st.none() | LETTERS | st.sampled_from(["jean.martin12@gmail.com", "jeanmartin12+news@googlemail.com", "jean.martin@example.org", "jean.martim@example.org", "contact@example.org", "j@x.fr"]),
    "phone": st.none() | st.sampled_from(["06 11 22 33 44", "0033611223344", "+33 (0)6 11 22 33 45", "0000000000", "+44 20 7946 0958", "12345", "33611223344"]) | NUMBERS,
    "address_line": st.none() | LETTERS | st.sampled_from(["12 rue des Lilas", "12, r. des lilas", "14 rue des Lilas", "3 av. Foch"]),
    "postcode": st.none() | st.sampled_from(["75001", "75 001", "1000", "75002", "B-1050"]),
    "city": st.none() | LETTERS | st.sampled_from(["Paris", "PARIS CEDEX 12", "St Etienne", "Saint-Étienne"]),
    "loyalty_id": st.none() | st.sampled_from(["FC-1234", "fc1234", "FC1235"]),
    "account_ref": st.none() | st.sampled_from(["A1", "A2"]),
    "entity": st.sampled_from(["north", "south"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    folder = tmp_path_factory.mktemp("memory") / "laid"
    resolve(None, crowd(150)[0], at=AT, spec=FEW, remember=folder)
    return Memory(folder)


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])  # a desk each: never shrunk
@given(rows=st.lists(st.fixed_dictionaries(FIELDS), min_size=2, max_size=9))
def test_a_record_is_compared_alone_as_among_many(rows: list[Mapping[str, Any]], memory: Memory) -> None:
    records = people_table(*rows)
    read = reader(memory, FEW)
    with desk() as table:
        _fresh(table, memory, records, FEW)
        columns = ", ".join(memory.columns)
        laid = {row[0]: row[1:] for row in table.rows(f"select record_key, {columns} from fresh")}
        for row in records.to_pylist():
            mine = dict(zip(memory.columns, read(row), strict=True))
            theirs = dict(zip(memory.columns, laid[row["record_key"]], strict=True))
            assert mine == {k: pytest.approx(v) if isinstance(v, float) else v for k, v in theirs.items()}
        ordered = sorted(records.to_pylist(), key=lambda row: row["record_key"])
        together(table, memory, [read(row) for row in ordered])


def together(table: Any, memory: Memory, rows: list[Any]) -> None:
    """Check each pair of the records laid in ``fresh`` against the same records as ``rows``."""
    table.run(
        "create or replace table keys as select row_number() over (order by record_key)::integer - 1 as rid, record_key from fresh"
    )
    table.run(
        "create or replace table nodes as select k.rid, f.* exclude (record_key) from fresh f join keys k using (record_key) order by k.rid"
    )
    table.run(
        "create or replace table pairs as select a.rid as l, b.rid as r from nodes a join nodes b on a.rid < b.rid"
    )
    scoring.score(table, memory.model, pairs="pairs", into="scored", floor=-1e9)
    strong_edges(table, FEW)
    by_one = table.rows("from strong order by all")
    strong_edges(table, FEW, few=True)
    assert table.rows("from strong order by all") == by_one
    pairs = Pairs(memory.model, memory.prior, FEW, list(memory.columns))
    rules = pairs.rules(rows)
    assert {pair: rule.name for pair, rule in rules.items()} == {
        (left, right): name for left, right, name in table.rows("select l, r, rule from strong")
    }
    for left, right, weight, most, levels in table.rows("select l, r, w, h, levels from scored"):
        edge = pairs.edge(rows[left], rows[right], None)
        assert sum(level << 4 * at for at, level in enumerate(edge.levels)) == levels
        assert edge.said == pytest.approx(min(weight, most), abs=2e-4)
        assert edge.weight == pytest.approx(min(weight + scoring.bits(memory.prior), most), abs=2e-4)


def test_a_foreign_country_reads_its_own_phones(tmp_path_factory: pytest.TempPathFactory) -> None:
    spec = IdentitySpec(country="GB", training=FEW.training)
    folder = tmp_path_factory.mktemp("memory") / "laid"
    resolve(None, crowd(150)[0], at=AT, spec=spec, remember=folder)
    memory = Memory(folder)
    at = list(memory.columns).index("phone")
    read = reader(memory, spec)
    assert read({"phone": "020 7946 0958"})[at] == "+442079460958"
    assert read({"phone": "06 11 22 33 44"})[at] != "+33611223344"
