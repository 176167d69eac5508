"""What a whole column holds, counted by the engine over every row: the figures that a profile rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from filrouge.domain.sources import checking
from filrouge.domain.sources.writing import Days, shape
from filrouge.engines import Engine, quoted

LONGEST = 400  # characters of a cell that are looked at and shown; longer ones are told apart by a digest
_SUSPECT = r"[\t\n\r\x0b\x0c\x{a0}\x{202f}\x{200b}\x{feff}]|^ | $|  "
_NO_FIGURE = r"[^0-9TZUCeEhHAPMapm.,:/ €$£%'+\x{a0}\x{202f}-]"  # what neither dates nor numbers are written with
SAMPLE = 600
TOP = 60
SHAPES = 400
_BLANK = " \t\n\r\x0b\x0c\u00a0\u202f\u200b\ufeff"
# What stands where nothing is known, folded to lower case.
PLACEHOLDERS = (
    "n/a", "na", "n.a.", "n.a", "n/d", "nd", "n.d.", "n/c", "nc", "n.c.", "null", "<null>", "(null)", "none", "nil", "nan",
    "#n/a", "#na", "#ref!", "#value!", "#valeur!", "#nom?", "#name?", "#div/0!", "-", "--", "---", ".", "..", "...", "?",
    "??", "???", "/", "_", "xxx", "xxxx", "xx", "unknown", "inconnu", "inconnue", "undefined", "not available",
    "non renseigné", "non renseigne", "non renseignée", "non communiqué", "non communique", "néant", "neant", "aucun",
    "aucune", "vide", "empty", "(vide)", "(empty)", "(blank)", "tbd", "to be defined", "à compléter", "a completer",
    "à renseigner", "sans", "sans objet", "missing", "not provided", "nsp", "[]", "{}", "''",
    "1900-01-01", "01/01/1900", "1900-01-01 00:00:00", "01/01/1900 00:00:00", "1900-01-01t00:00:00", "1900/01/01",
    "1899-12-30", "30/12/1899", "1899-12-31", "0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "0001-01-01",
    "01/01/0001", "0001-01-01 00:00:00", "9999-12-31", "31/12/9999", "12/31/9999", "9999-12-31 00:00:00",
    "1970-01-01", "01/01/1970", "1970-01-01 00:00:00", "1970-01-01t00:00:00z", "19000101", "99991231",
    "0000000000", "00 00 00 00 00", "9999999999", "0600000000", "06 00 00 00 00", "00000", "99999", "noemail@noemail.com",
    "test@test.com", "test@test.fr", "a@a.com", "a@a.fr", "no@email.com", "noreply@example.com", "aucun@aucun.fr",
)  # fmt: skip
_PLACED = ", ".join(quoted(form) for form in sorted(
    {form for word in PLACEHOLDERS for form in (word, word.upper(), word.capitalize(), word.title())}
))  # fmt: skip
_EMAIL = r"[^@\s<>(),;:]+@[^@\s<>(),;:]+\.[A-Za-z]{2,}"
_PHONE = r"(^|[^0-9+])(\+[1-9][0-9]{0,2}[ .-]?(\(0\))?[1-9]|0[1-9])([ .-]?[0-9]{2}){4}($|[^0-9])"
_IBAN = r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"
_CARD = r"\b[3-6][0-9]{3}(?:[ -]?[0-9]{4}){3}\b"
_NIR = r"\b[12] ?[0-9]{2} ?[01][0-9] ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b"
_SPELLED = ("Ã©", "Ã¨", "Ãª", "Ã ", "Ã§", "Ã´", "Ã®", "Ã«", "â€", "\ufffd")


@dataclass(frozen=True)
class Inside:
    """Rows in which something of a person stands inside longer words."""

    emails: int = 0
    phones: int = 0
    accounts: int = 0
    cards: int = 0
    numbers: int = 0  # of social security


@dataclass(frozen=True)
class Dated:
    """Rows of dates by what their parts prove, and those that no calendar holds, read day first and month first."""

    days: Days = field(default_factory=Days)
    impossible_day_first: int = 0
    impossible_month_first: int = 0
    outside: int = 0  # before 1900, or more than ten years ahead
    compact: int = 0  # eight digits that are a day of 1900 to 2100: 19560409


@dataclass(frozen=True)
class Counted:
    """One column, counted. ``shapes``: digits as 0, whether a zero leads, rows; ``top``, ``placeholders``: value, rows."""

    name: str
    rows: int
    filled: int = 0
    distinct: int = 0
    longest: int = 0
    top: tuple[tuple[str, int], ...] = ()
    sample: tuple[str, ...] = ()
    shapes: tuple[tuple[str, bool, int], ...] = ()
    placeholders: tuple[tuple[str, int], ...] = ()
    stray: int = 0
    garbled: int = 0
    emails: int = 0
    inside: Inside = Inside()
    dated: Dated = Dated()


def counted(engine: Engine, where: Sequence[tuple[str, str]], *, name: str, rows: int, at: datetime) -> Counted:
    """Return what a column of text holds; its values are grouped once, then looked at.

    ``where`` names the column and the Parquet file, for each file that has it; ``engine`` runs DuckDB's SQL (ability
    "sql"); ``name`` is what the column is called, ``rows`` how many there are in all.
    """
    con = engine.con.con
    cells = " UNION ALL ".join(f'SELECT "{column}" AS cell FROM read_parquet({quoted(file)})' for column, file in where)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE held AS SELECT value, count(*)::BIGINT AS n FROM (SELECT "
        f"CASE WHEN strlen(cell) > {LONGEST} THEN left(cell, {LONGEST}) || chr(31) || md5(cell) ELSE cell END"
        f" AS value FROM ({cells})) WHERE value <> '' GROUP BY value"
    )
    longest = _one(con, "SELECT coalesce(max(length(value)), 0) FROM held")[0]
    if longest > LONGEST:
        longest = _one(con, f"SELECT max(length(cell)) FROM ({cells})")[0]
    stray = _trimmed(con)
    filled, distinct, signs, garbled, long = _one(
        con,
        "SELECT coalesce(sum(n), 0), count(*), coalesce(sum(n) FILTER (contains(value, '@')), 0), coalesce(sum(n) FILTER ("
        + " OR ".join(f"contains(value, {quoted(mark)})" for mark in _SPELLED)
        + "), 0), coalesce(max(length(value)), 0) FROM held",
    )
    if not filled:
        return Counted(name, rows, stray=stray)
    top = con.execute(f"SELECT {_shown()}, n FROM held ORDER BY n DESC, value LIMIT {TOP}").fetchall()
    sample = con.execute(f"SELECT {_shown()} FROM held ORDER BY hash(value), value LIMIT {SAMPLE}").fetchall()
    shapes = con.execute(
        "SELECT CASE WHEN regexp_full_match(value, '[0-9]+') THEN repeat('0', strlen(value)) "
        "ELSE translate(value, '123456789', '000000000') END AS s, (starts_with(value, '0') AND strlen(value) > 1) AS led, sum(n)::BIGINT FROM held "
        f"WHERE strlen(value) <= 40 AND NOT regexp_matches(value, {quoted(_NO_FIGURE)}) AND regexp_matches(value, '[0-9]') "
        f"GROUP BY s, led ORDER BY 3 DESC, s LIMIT {SHAPES}"
    ).fetchall()
    empty = con.execute(
        f"SELECT value, n FROM held WHERE strlen(value) <= 24 AND value IN ({_PLACED}) ORDER BY n DESC, value LIMIT 20"
    ).fetchall()
    emails = _one(con, f"SELECT coalesce(sum(n), 0) FROM held WHERE contains(value, '@') AND regexp_full_match(value, {quoted(_EMAIL)})")[0] if signs else 0  # fmt: skip
    return Counted(
        name=name, rows=rows, filled=int(filled), distinct=int(distinct), longest=int(longest),
        top=tuple((str(value), int(n)) for value, n in top), sample=tuple(str(value) for (value,) in sample),
        shapes=tuple((str(s), bool(led), int(n)) for s, led, n in shapes),
        placeholders=tuple((str(value), int(n)) for value, n in empty),
        stray=stray, garbled=int(garbled), emails=int(emails),
        inside=_inside(con, at_signs=bool(signs), long=int(long)), dated=_dated(con, shapes, at),
    )  # fmt: skip


def _one(con: Any, sql: str) -> tuple[Any, ...]:
    found: tuple[Any, ...] = con.execute(sql).fetchone()
    return found


def _shown() -> str:
    return "split_part(value, chr(31), 1)"


def _trimmed(con: Any) -> int:
    """Take outer blanks off the held values; return how many rows had some, or two blanks in a row."""
    bare = f"trim(value, {quoted(_BLANK)})"
    suspect = f"regexp_matches(value, {quoted(_SUSPECT)})"  # cheap to ask of every value, true of few
    found, blank, loose, doubled = _one(
        con,
        f"SELECT count(*), coalesce(sum(n) FILTER ({bare} = ''), 0), "
        f"coalesce(sum(n) FILTER ({bare} <> value AND {bare} <> ''), 0), "
        f"coalesce(sum(n) FILTER (contains(value, '  ') AND {bare} = value), 0) "
        f"FROM (SELECT value, n FROM held WHERE {suspect})",
    )
    if found and (loose or blank):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE held AS SELECT value, sum(n)::BIGINT AS n FROM ("
            f"SELECT CASE WHEN {suspect} THEN {bare} ELSE value END AS value, n FROM held) WHERE value <> '' GROUP BY value"
        )
    return int(loose) + int(doubled)


def _inside(con: Any, *, at_signs: bool, long: int) -> Inside:
    """Count what stands inside longer words: e-mails, telephones, and numbers whose check digits are right."""
    emails = phones = accounts = cards = numbers = 0
    if at_signs:
        emails = _one(con, f"SELECT coalesce(sum(n), 0) FROM held WHERE contains(value, '@') AND regexp_matches(value, {quoted(_EMAIL)}) AND NOT regexp_full_match(value, {quoted(_EMAIL)})")[0]  # fmt: skip
    if long >= 12:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE told AS SELECT value, n FROM held WHERE strlen(value) >= 12 "
            "AND (NOT contains(value, '@') OR contains(value, ' ')) AND regexp_matches(value, '[0-9][0-9 .-]{7}') "
            f"AND regexp_matches(value, '\\p{{L}}{{2}}') AND regexp_matches(value, {quoted('|'.join((_PHONE, _IBAN, _CARD, _NIR)))})"
        )
        phones = _one(con, f"SELECT coalesce(sum(n), 0) FROM told WHERE regexp_matches(value, {quoted(_PHONE)})")[0]
        for pattern, test in ((_IBAN, checking.iban), (_CARD, checking.card), (_NIR, checking.nir)):
            rows = con.execute(
                f"SELECT regexp_extract_all(value, {quoted(pattern)}), n FROM told "
                f"WHERE regexp_matches(value, {quoted(pattern)}) ORDER BY n DESC, value LIMIT 200000"
            ).fetchall()
            found = sum(n for texts, n in rows if any(test(text) for text in texts))
            accounts += found if test is checking.iban else 0
            cards += found if test is checking.card else 0
            numbers += found if test is checking.nir else 0
    return Inside(int(emails), int(phones), int(accounts), int(cards), int(numbers))


def _dated(con: Any, shapes: Sequence[tuple[str, bool, int]], at: datetime) -> Dated:
    """Count the dates by what their parts prove, only where some value looks like one."""
    kinds = {shape(text).kind for text, _, _ in shapes}
    compact = 0
    if "compact" in kinds:
        compact = _one(con, "SELECT coalesce(sum(n), 0) FROM held WHERE regexp_full_match(value, '(19|20)[0-9]{6}') AND try_strptime(value, '%Y%m%d') IS NOT NULL")[0]  # fmt: skip
    if not kinds & {"date", "datetime"}:
        return Dated(compact=int(compact))
    empty = ", ".join(quoted(value) for value in PLACEHOLDERS if value[:1].isdigit())
    found = _one(
        con,
        f"""
        WITH parted AS (
            SELECT n, regexp_extract(value, '^([0-9]{{1,4}})[-/. ]([0-9]{{1,2}})[-/. ]([0-9]{{1,4}})', ['a', 'b', 'c']) AS p
            FROM held
            WHERE regexp_matches(value, '^([0-9]{{4}}[-/. ][0-9]{{1,2}}[-/. ][0-9]{{1,2}}|[0-9]{{1,2}}[-/. ][0-9]{{1,2}}[-/. ]([0-9]{{4}}|[0-9]{{2}}))([T ,]|$)')
              AND lower(value) NOT IN ({empty})
        ), told AS (
            SELECT n, strlen(p.a) = 4 AS year_first, p.a::INTEGER AS a, p.b::INTEGER AS b, p.c::INTEGER AS c FROM parted
        ), dated AS (
            SELECT n, year_first, a, b,
                CASE WHEN year_first THEN a WHEN c >= 100 THEN c WHEN c <= {at.year % 100 + 10} THEN 2000 + c ELSE 1900 + c END AS y,
                CASE WHEN year_first THEN c ELSE a END AS d
            FROM told
        ), tried AS (
            SELECT *, try_cast(printf('%04d-%02d-%02d', y, b, d) AS DATE) IS NOT NULL AS day_right,
                CASE WHEN year_first THEN day_right ELSE try_cast(printf('%04d-%02d-%02d', y, a, b) AS DATE) IS NOT NULL END AS month_right
            FROM dated
        )
        SELECT
            sum(n) FILTER (NOT year_first AND a BETWEEN 13 AND 31 AND b BETWEEN 1 AND 12),
            sum(n) FILTER (NOT year_first AND b BETWEEN 13 AND 31 AND a BETWEEN 1 AND 12),
            sum(n) FILTER (NOT year_first AND a BETWEEN 1 AND 12 AND b BETWEEN 1 AND 12),
            sum(n) FILTER (year_first),
            sum(n) FILTER (NOT day_right), sum(n) FILTER (NOT month_right),
            sum(n) FILTER ((day_right OR month_right) AND (y < 1900 OR y > {at.year + 10}))
        FROM tried
        """,
    )
    first, second, either, years, day_wrong, month_wrong, outside = (int(count or 0) for count in found)
    return Dated(Days(first, second, either, years), day_wrong, month_wrong, outside, int(compact))
