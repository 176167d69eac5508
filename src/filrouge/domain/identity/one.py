"""One record as it is compared: what ``normalise`` does to many in DuckDB, made from the same SQL for one, in Python."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from filrouge.base.nicknames import roots
from filrouge.domain.identity import normalise
from filrouge.domain.identity.compiled import Code, Writer, functions, parsed
from filrouge.domain.identity.memory import FIELD, NOTHING, Memory
from filrouge.domain.identity.normalise import MACROS, TEXT, extra
from filrouge.domain.identity.rowwise import Given, Looked, Query
from filrouge.domain.identity.spec import IdentitySpec

Row = tuple[Any, ...]
_SHORTEST = 4  # digits of a phone


def reader(memory: Memory, spec: IdentitySpec) -> Callable[[Mapping[str, Any]], Row]:
    """Return what makes a record (columns of person_records, as text) a row with the columns of ``memory``.

    Raises Uncompilable when the SQL of the normaliser holds what is worked out in the whole only.
    """
    macros = functions(MACROS)
    code = Code(macros)
    columns = {}
    for name in TEXT:
        columns[name] = code.put(f"macro_clean(text({name!r}))", "i")
    for index, name in enumerate(spec.extras):
        columns[extra(index)] = code.put(f"macro_folded(text({name!r}))", "i")
    made = Query(
        code, normalise.assembled_sql(spec), {"incoming": Given(columns)}, _looked(memory, spec, macros)
    )  # fmt: skip
    answers = []
    for name in memory.columns:
        if name.startswith("tf_"):
            of = name.removeprefix("tf_")
            common = code.keep(_common(memory, of))
            answers.append(f"{common}({made.column(of)})")
        else:
            answers.append(made.column(name))
    told = code.function("read", ("text",), f"({', '.join(answers)},)")

    def read(record: Mapping[str, Any]) -> Row:
        def text(name: str) -> str | None:
            value = record.get(name)
            return None if value is None else str(value)

        row: Row = told(text)
        return row

    return read


def _common(memory: Memory, column: str) -> Callable[[Any], float | None]:
    def common(value: Any) -> float | None:
        # single precision, written and read as the rows of memory are: what is equal there is equal here
        return None if value is None else float(str(np.float32(memory.frequency(column, [str(value)])[0])))

    return common


def _looked(memory: Memory, spec: IdentitySpec, macros: Mapping[str, Callable[..., Any]]) -> Looked:
    """Return what the tables that the normaliser joins tell of one name or number."""
    heads = {name: list(found) for name, found in roots().items()} if spec.nicknames else {}
    usual = frozenset(memory.words("usual")["given"].to_pylist())
    split, word, phone = _split(memory, heads, macros), _word(spec, macros), _phone(spec, macros)
    return {
        ("split", "full_name", "given"): lambda name: split(name)[0],
        ("split", "full_name", "family"): lambda name: split(name)[1],
        ("words", "raw", "word"): word,
        ("phone_keys", "phone", "key"): phone,
        ("nickname", "name", "heads"): heads.get,
        ("usual", "given", "given"): lambda name: name if name in usual else None,
    }


def _split(
    memory: Memory, heads: Mapping[str, Any], macros: Mapping[str, Callable[..., Any]]
) -> Callable[[str | None], tuple[str | None, str | None]]:
    used = _Used(memory.words("used"))
    code = Code(macros)
    name = {"full_name": "name"}
    cut = Query(code, normalise.cut_sql("whole"), {"whole": Given(name)})
    parts = Query(
        code, normalise.SPLIT, {"cut": cut}, {("used", "word", "g"): used.given, ("used", "word", "f"): used.family}
    )
    both = code.function("split", ("name",), f"({parts.column('given')}, {parts.column('family')})")

    @lru_cache(maxsize=2)  # its two parts are asked for one after the other
    def split(name: str | None) -> tuple[str | None, str | None]:
        return (None, None) if name is None else both(name)

    return split


class _Used:
    """As what each word of a name is used, sorted by word."""

    def __init__(self, table: pa.Table) -> None:
        table = table.combine_chunks()
        self._words = table["word"]
        self._counts = {name: table[name].to_numpy() for name in ("g", "f")}

    def _place(self, word: str | None) -> int | None:
        if word is None:
            return None
        place = bisect_left(range(len(self._words)), word, key=lambda at: self._words[at].as_py() or "")
        return place if place < len(self._words) and self._words[place].as_py() == word else None

    def given(self, word: str | None) -> int | None:
        place = self._place(word)
        return None if place is None else int(self._counts["g"][place])

    def family(self, word: str | None) -> int | None:
        place = self._place(word)
        return None if place is None else int(self._counts["f"][place])


def _word(spec: IdentitySpec, macros: Mapping[str, Callable[..., Any]]) -> Callable[[str | None], str | None]:
    code = Code(macros)
    bare = code.function(
        "bare", ("raw",), Query(code, normalise.bare_sql("n"), {"n": Given({"raw": "raw"})}).column("word")
    )
    placeholders = frozenset(spec.placeholders)

    def word(raw: str | None) -> str | None:
        found: str | None = bare(raw)
        return None if found in placeholders else found

    return word


def _phone(spec: IdentitySpec, macros: Mapping[str, Callable[..., Any]]) -> Callable[[str | None], str | None]:
    @lru_cache(maxsize=1024)
    def written(digits: str) -> str | None:
        return normalise.e164(digits, spec.country)

    def rest(digits: str | None) -> str | None:
        return None if digits is None or len(digits) < _SHORTEST else written(digits)

    code = Code(macros)
    digits = Query(code, normalise.digits_sql("phones", spec), {"phones": Given({"phone": "phone"})})
    key = Query(code, normalise.PHONE, {"phone_keys": digits}, {("phone_rest", "d", "e"): rest})
    told: Callable[[str | None], str | None] = code.function("phone_key", ("phone",), key.column("key"))
    return told


def expression(sql: str, columns: Mapping[str, int]) -> Callable[[Row], Any]:
    """Return what works ``sql`` out of a row whose columns stand at these places. Raises Uncompilable."""
    code = Code(functions(MACROS))
    return code.function("told", ("row",), Writer(code, lambda _, name: f"row[{columns[name]}]").value(parsed(sql)))


def typed(columns: Mapping[str, str]) -> Callable[[str], Row]:
    """Return what reads a row that ``memory`` holds as text, of these columns and their types."""
    read: dict[str, Callable[[str], Any]] = {
        "SMALLINT": int, "INTEGER": int, "BIGINT": int, "FLOAT": float, "DOUBLE": float, "BOOLEAN": "true".__eq__,
    }  # fmt: skip
    places = [(at, read[kind]) for at, kind in enumerate(columns.values()) if kind in read]

    def row(text: str) -> Row:
        held: list[Any] = [None if part == NOTHING else part for part in text.split(FIELD)]
        for at, make in places:
            if held[at] is not None:
                held[at] = make(held[at])
        return tuple(held)

    return row
