"""What is compared, by meaning: the levels of likeness of each column, for Splink."""

from __future__ import annotations

from typing import Any

from filrouge.domain.identity.normalise import extra
from filrouge.domain.identity.spec import IdentitySpec

_SUFFIXES = (
    "e",
    "le",
    "ne",
    "te",
)  # Paul and Paule, Michel and Michelle, Simon and Simonne: two people, not a typing error
GENDERED = "(abs(length(l.given_key) - length(r.given_key)) between 1 and 2 and ({}))".format(
    " or ".join(f"r.given_key = l.given_key || '{x}' or l.given_key = r.given_key || '{x}'" for x in _SUFFIXES)
)
# two names that many bear, alike but not forms of one: Julie and Julien, Théa and Thérèse
RIVAL = (
    f"((l.given_usual and r.given_usual) or {GENDERED}) and jaro_winkler_similarity(l.given_key, r.given_key) >= 0.8"
)
ROOTS = (
    "(l.given_root = r.given_root or l.given_root = r.given_root2 or l.given_root2 = r.given_root "
    "or (l.given_first = r.given_first and (l.given_first = l.given or r.given_first = r.given)))"
)
# an address made of the name tells no more than the name, unless its digits are its own
_OWN = "(length(l.email_digits) >= 3 or not (l.email_named or r.email_named))"
_INITIAL = "(least(length(l.given_key), length(r.given_key)) = 1 and left(l.given_key, 1) = left(r.given_key, 1))"


def _level(sql: str, label: str, *, tf: str = "", mode: str = "") -> dict[str, Any]:
    """Describe a level. ``tf`` weighs it by how common the value is: ``mode`` same, like (the commoner of the two) or cross."""
    return {"sql_condition": sql, "label_for_charts": label, "tf": tf, "mode": mode or ("same" if tf else "")}


def _null(sql: str) -> dict[str, Any]:
    return {"sql_condition": sql, "label_for_charts": "missing", "is_null_level": True}


def _missing(column: str) -> dict[str, Any]:
    return _null(f"l.{column} is null or r.{column} is null")


def _same(column: str) -> dict[str, Any]:
    return _level(f"l.{column} = r.{column}", "same", tf=column)


def _like(column: str, near: float) -> str:
    return f"jaro_winkler_similarity(l.{column}, r.{column}) >= {near}"


def _typo(column: str, near: float) -> str:
    # Levenshtein costs three times Jaro-Winkler: it is asked only of what is alike already
    short = f"greatest(length(l.{column}), length(r.{column})) <= 4"
    return f"({_like(column, 0.8)} or {short}) and ({_like(column, near)} or levenshtein(l.{column}, r.{column}) <= 1)"


def _swapped(mine: str, other: str) -> str:
    return (
        f"jaro_winkler_similarity(l.{mine}, r.{other}) >= 0.88 and jaro_winkler_similarity(l.{other}, r.{mine}) >= 0.88 "
        f"and least(length(l.{mine}), length(r.{mine})) > 1"
    )


_TWO_PARTS = "(l.born_y = r.born_y)::int + (l.born_m = r.born_m)::int + (l.born_d = r.born_d)::int >= 2"
_ELSE = {"sql_condition": "ELSE", "label_for_charts": "different"}

# name -> (columns that must hold something, levels from most to least alike)
COMPARISONS: dict[str, tuple[tuple[str, ...], list[dict[str, Any]]]] = {
    "given": (
        ("given_key",),
        [
            _missing("given_key"),
            _same("given_key"),
            _level(_swapped("given_key", "family_other"), "swapped", tf="given_key", mode="cross"),
            _level(f"{ROOTS} and not {GENDERED}", "nickname", tf="given_key", mode="like"),
            _level(_INITIAL, "initial"),
            _level(RIVAL, "rival"),
            _level(f"({_typo('given_key', 0.92)})", "typo", tf="given_key", mode="like"),
            _level(f"{_like('given_key', 0.8)}", "near"),
            _ELSE,
        ],
    ),
    "family": (
        ("family_key",),
        [
            _missing("family_key"),
            _same("family_key"),
            _level(_swapped("family_key", "given_other"), "swapped", tf="family_key", mode="cross"),
            _level("l.family_key = r.birth_key or l.birth_key = r.family_key or l.birth_key = r.birth_key", "maiden"),
            _level(_typo("family_key", 0.92), "typo", tf="family_key", mode="like"),
            _level("contains(' ' || l.family || ' ', ' ' || r.family || ' ') or contains(' ' || r.family || ' ', ' ' || l.family || ' ')", "part"),
            _level(_like("family_key", 0.8), "near"),
            _ELSE,
        ],
    ),
    "birth_date": (
        ("born",),
        [
            _missing("born"),
            _same("born"),
            _level(f"{_TWO_PARTS} and levenshtein(l.born, r.born) <= 1", "typo"),
            _level(f"{_TWO_PARTS} or (l.born_y = r.born_y and l.born_m = r.born_d and l.born_d = r.born_m)", "part"),
            _level("abs(l.born_n - r.born_n) <= 400 or l.born_y = r.born_y", "year"),
            _level("abs(l.born_n - r.born_n) <= 3700", "decade"),
            _ELSE,
        ],
    ),
    "email": (
        ("email",),
        [
            _missing("email"),
            _same("email"),
            _level(f"{_like('email_local', 0.9)} and l.email_digits = r.email_digits and {_OWN} and levenshtein(l.email, r.email) <= 2", "typo"),
            _level(f"l.email_local = r.email_local and {_OWN}", "mailbox"),
            _level(f"l.email_domain = r.email_domain and l.email_digits = r.email_digits and {_OWN} and {_like('email_local', 0.85)}", "near"),
            _ELSE,
        ],
    ),
    "phone": (
        ("phone",),
        [_missing("phone"), _same("phone"),
         _level("(left(l.phone, 8) = left(r.phone, 8) or right(l.phone, 5) = right(r.phone, 5)) and levenshtein(l.phone, r.phone) <= 1", "typo"),
         _level("(left(l.phone, 8) = left(r.phone, 8) or right(l.phone, 5) = right(r.phone, 5)) and levenshtein(l.phone, r.phone) <= 2", "near"),
         _ELSE],
    ),
    "address": (
        ("address",),
        [_missing("address"), _same("address"), _level(f"l.house = r.house and {_like('street', 0.88)}", "street"),
         _level(_like("street", 0.92), "number"), _ELSE],
    ),
    "place": (
        ("postcode", "city"),
        [
            _null("(l.postcode is null or r.postcode is null) and (l.city is null or r.city is null)"),
            _level("l.postcode = r.postcode", "postcode", tf="postcode"),
            _level("l.city = r.city", "city", tf="city"),
            _level(f"{_like('city', 0.9)} or ((left(l.postcode, 3) = left(r.postcode, 3) or right(l.postcode, 2) = right(r.postcode, 2)) and levenshtein(l.postcode, r.postcode) <= 1)", "typo"),
            _level("left(l.postcode, 2) = left(r.postcode, 2)", "area"),
            _ELSE,
        ],
    ),
    "loyalty": (
        ("loyalty",),
        [_missing("loyalty"), _same("loyalty"), _level(f"{_like('loyalty', 0.8)} and levenshtein(l.loyalty, r.loyalty) <= 1", "typo"),
         _level(f"{_like('loyalty', 0.8)} and levenshtein(l.loyalty, r.loyalty) <= 2", "near"), _ELSE],
    ),
    "account": (
        ("account",),
        [_null("l.account is null or r.account is null or l.entity is distinct from r.entity"), _same("account"), _ELSE],
    ),
    "sex": (("sex",), [_missing("sex"), _level("l.sex = r.sex", "same"), _ELSE]),
}  # fmt: skip
# blocking rules from which the model learns how alike records of one person are; those without enough pairs are passed over
SESSIONS: tuple[tuple[str, ...], ...] = (
    ("given_key", "family_key"), ("born", "family_key"), ("born", "given_key"), ("email",), ("phone",), ("loyalty",),
    ("family_key", "postcode"), ("born", "postcode"), ("given_key", "city"), ("family_key", "city"), ("born",), ("family_key",),
)  # fmt: skip


def comparisons(spec: IdentitySpec) -> dict[str, tuple[tuple[str, ...], list[dict[str, Any]]]]:
    """Return every comparison that ``spec`` knows of, extra columns included."""
    more = {
        name: (
            (extra(index),),
            [_missing(extra(index)), _same(extra(index)), _level(_typo(extra(index), 0.92), "typo"), _ELSE],
        )
        for index, name in ((i, extra(i)) for i in range(len(spec.extras)))
    }
    return COMPARISONS | more
