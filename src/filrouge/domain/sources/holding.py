"""What the values of a column say that it holds: patterns, check digits, values known one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from filrouge.base.nicknames import roots
from filrouge.base.text import fold
from filrouge.domain.sources import checking, known

_MONTHS = r"(?:jan|feb|fev|fév|mar|apr|avr|may|mai|jun|juin|jul|juil|aug|aou|aoû|sep|oct|nov|dec|déc)[a-zéû]*\.?"
DATE = re.compile(
    r"(?:\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ](?:\d{4}|\d{2})|(?:19|20)\d{2}(?:0[1-9]|1[0-2])[0-3]\d"
    rf"|\d{{1,2}}(?:er)?[ -]{_MONTHS}[ -]\d{{2,4}}|{_MONTHS} \d{{1,2}},? \d{{4}})"
    r"(?:[T ,]+\d{1,2}[:hH]\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])? ?(?:Z|UTC|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
NUMBER = re.compile(
    r"[-+]?(?:[€$£] ?)?(?:\d{1,3}(?:[ .,'\u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?(?:[eE][+-]?\d+)? ?(?:[€$£%]|EUR|USD|GBP|CHF)?"
)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
URL = re.compile(r"(?:https?|ftp)://\S+|www\.\S+|(?:[a-z0-9-]+\.)+(?:com|fr|org|net|io|eu|co|info|de|uk|be|ch)(?:/\S*)?|/\S+/\S*", re.IGNORECASE)  # fmt: skip
PHONE = re.compile(r"\+?[\d\s().\u00a0\u202f/-]{6,24}(?: ?(?:x|ext|poste)\.? ?\d+)?", re.IGNORECASE)
SURE_PHONE = re.compile(r"(?:\+|00)[1-9][\d\s().-]{7,20}|0[1-9](?:[ .-]?\d{2}){4}")
POSTCODE = re.compile(
    r"\d{4,5}|\d{5}-\d{4}|[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4} ?[A-Z]{2}|\d{2}-\d{3}|\d{4}-\d{3}"
    r"|(?:[A-Z]{1,2}-)\d{4,5}|2[AB]\d{3}|\d{3} \d{2}",
    re.IGNORECASE,
)
LOCALE = re.compile(r"[a-z]{2}[-_][A-Za-z]{2}")
ADDRESS = re.compile(r"\d+ ?(?:bis|ter|quater|[a-z])?[ ,]+.*[^\W\d_]{3}", re.IGNORECASE)
_STREET = re.compile(
    r"\b(?:rue|avenue|av|bd|boulevard|chemin|impasse|allee|place|quai|route|cours|square|street|st|road|rd|lane|drive|court"
    r"|close|way|crescent|strasse|calle|via)\b"
)


@dataclass(frozen=True)
class Held:
    """What a column holds: share filled, distinct values among the filled, and a sample of distinct values."""

    name: str
    filled: float
    distinct: int
    rows: int
    sample: tuple[str, ...]
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)  # meaning -> folded values of this installation

    @cached_property
    def folded(self) -> tuple[str, ...]:
        return tuple(fold(value) for value in self.sample)

    def share(self, fits: re.Pattern[str] | Callable[[str], object]) -> float:
        """Return the share of the sample that fits a whole pattern, or a test."""
        test = fits.fullmatch if isinstance(fits, re.Pattern) else fits
        return sum(bool(test(value.strip())) for value in self.sample) / len(self.sample) if self.sample else 0.0

    def among(self, values: frozenset[str]) -> float:
        """Return the share of the sample that is, folded, one of ``values``."""
        return sum(value in values for value in self.folded) / len(self.folded) if self.folded else 0.0

    @cached_property
    def dates(self) -> float:
        return self.share(DATE)

    @cached_property
    def numbers(self) -> float:
        return self.share(NUMBER)

    @cached_property
    def emails(self) -> float:
        return self.share(EMAIL)

    @cached_property
    def worded(self) -> float:
        """The share of values of several words."""
        return self.share(lambda value: re.search(r"\S\s+\S", value))

    @cached_property
    def digits(self) -> float:
        return self.share(lambda value: re.search(r"\d", value))

    @cached_property
    def forenames(self) -> float:
        """The share of values in which a known given name stands, or a way to address people before another word."""
        names = roots()

        def named(words: list[str]) -> bool:
            return any(word in names for word in words) or (len(words) > 1 and words[0] in known.TITLES)

        return sum(named(value.split()) for value in self.folded) / max(len(self.folded), 1)

    @cached_property
    def length(self) -> float:
        """The mean length of the values, in words."""
        return sum(len(value.split()) for value in self.sample) / max(len(self.sample), 1)

    @property
    def unlike(self) -> bool:
        """Nearly every row has its own value."""
        return self.distinct >= 0.98 * self.filled * self.rows and self.rows > 50

    @property
    def few(self) -> bool:
        """A handful of values that come back."""
        return self.distinct <= 60 and self.distinct <= max(0.3 * self.filled * self.rows, 3)


def births(held: Held) -> bool:
    """Tell whether dates may be those of births: years that lie far apart, and back."""
    years = sorted(int(year) for value in held.sample for year in re.findall(r"(?:19|20)\d\d", value)[:1])
    if len(years) < 2:
        return False
    low, high = years[len(years) // 20], years[-1 - len(years) // 20]
    return high - low >= 20


def _phone(value: str) -> bool:
    count = sum(letter.isdigit() for letter in value)
    return bool(PHONE.fullmatch(value)) and 6 <= count <= 15 and not DATE.fullmatch(value)


def _decimal(value: str) -> bool:
    return re.fullmatch(r"[-+]?\d*[.,]\d+", value) is not None


def by_values(held: Held) -> list[tuple[str, float]]:
    """Return the meanings that the values alone tell, each with how sure (0 to 1)."""
    if not held.sample:
        return []
    found: list[tuple[str, float]] = []

    def tell(meaning: str, sure: float, share: float, least: float) -> None:
        if share >= least:
            found.append((meaning, round(sure * (0.6 + 0.4 * share), 3)))

    for meaning, values in held.known.items():
        tell(meaning, 0.9, held.among(values), 0.9)
    tell("email", 0.98, held.emails, 0.6)
    tell("bank_account", 0.98, held.share(checking.iban), 0.6)
    tell("national_id", 0.95, held.share(checking.nir), 0.8)
    tell("url", 0.9, held.share(URL), 0.7)
    tell("nested", 0.9, held.share(lambda value: value.startswith(("{", "[")) and value.endswith(("}", "]"))), 0.8)
    if held.dates >= 0.6:
        tell("birth_date" if births(held) else "date", 0.8, held.dates, 0.6)
        return found
    if held.distinct > 10:
        tell("registration_id", 0.85, held.share(checking.siren), 0.95)
        tell("identifier", 0.8, held.share(checking.ean), 0.95)
    tell("phone", 0.9, held.share(SURE_PHONE), 0.6)
    if held.distinct > 20 and held.share(_decimal) < 0.3 and not _counts(held):
        tell("phone", 0.6, held.share(lambda value: _phone(value) and sum(map(str.isdigit, value)) >= 9), 0.7)
    tell("title", 0.85, held.among(known.TITLES) if held.among(known.SEXES) < 1 else 0.0, 0.9)
    if held.distinct >= 2:
        tell("sex", 0.8, held.among(known.SEXES - {"x", "u"}), 1.0)
    tell("currency", 0.8, held.share(known.currencies().__contains__), 0.95)
    tell("language", 0.8, held.share(LOCALE), 0.9)
    tell("country", 0.7, held.among(known.countries()) if held.share(str.islower) < 0.5 else 0.0, 0.9)
    if held.distinct > 5:
        tell("address_line", 0.75, held.share(lambda v: ADDRESS.match(v) and _STREET.search(fold(v))), 0.5)
        tell("address_line", 0.6, held.share(lambda value: ADDRESS.match(value)), 0.6)
        if not held.unlike:
            tell("postcode", 0.55, held.share(POSTCODE) if held.share(lambda v: len(v) == 4) < 0.8 else 0.0, 0.8)
    if held.digits < 0.2:
        tell("city", 0.65, held.among(known.TOWNS), 0.4)
        tell("company", 0.7, held.share(lambda value: set(fold(value).split()) & known.FORMS), 0.4)
        heads = sum(value.split(" ")[0] in roots() for value in held.folded if value) / len(held.folded)
        if heads > 0.35 and held.length < 4:
            found.append(("full_name" if held.worded > 0.7 else "given_name", 0.7))
    tell(
        "amount", 0.8, held.share(re.compile(r"[-+]?(?:[€$£] ?[\d .,]+|[\d .,\u00a0\u202f]+ ?(?:€|£|\$|EUR|USD))")), 0.7
    )
    return found


def _counts(held: Held) -> bool:
    """Whole numbers of a run, as those that number rows are: not the numbers of telephones."""
    return held.share(re.compile(r"[1-9]\d*")) > 0.95


def supported(meaning: str, held: Held) -> float | None:
    """Return how well what a column holds fits a ``meaning`` (0 to 1), None when nothing there can tell."""
    if not held.sample:
        return None
    test = _SUPPORT.get(meaning)
    return test(held) if test else None


def _said(held: Held) -> float | None:
    """Of words: what is dated, counted or sent to is none."""
    foreign = max(held.dates, held.emails, held.share(URL), held.numbers)
    return 0.0 if foreign > 0.6 else None


def _label(held: Held) -> float | None:
    coded = held.share(re.compile(r"(?=\S*\d)[A-Z0-9._/-]{4,}"))
    return 0.2 if coded > 0.9 and held.distinct > 5 else _said(held)


def _name(held: Held) -> float | None:
    if held.share(re.compile(r"[\d\W]+")) > 0.3 or held.emails > 0.3 or held.share(_mostly_digits) > 0.3:
        return 0.0  # a number after a name, as test data and pseudonyms have, is still a name
    return 0.9 if held.forenames > 0.2 else None


def _mostly_digits(value: str) -> bool:
    return 2 * sum(letter.isdigit() for letter in value) > len(value)


def _full(held: Held) -> float | None:
    if _name(held) == 0.0 or held.digits > 0.6:
        return 0.0
    if held.share(lambda value: set(fold(value).split()) & known.FORMS) > 0.4:
        return 0.2
    if held.forenames < 0.1 and held.distinct <= 20 and held.distinct < 0.05 * held.filled * held.rows:
        return 0.2  # names of things: people's do not come back so often
    return 0.9 if held.forenames > 0.2 and held.worded > 0.5 else None


def _consent(held: Held) -> float | None:
    if held.dates > 0.5 or held.emails > 0.3 or held.distinct > 15:
        return 0.0
    return max(held.among(known.CONSENTS), 0.3)


def _code(held: Held) -> float | None:
    if held.dates > 0.6 or held.share(lambda value: len(value.split()) > 3) > 0.5:
        return 0.0
    if held.share(_decimal) > 0.6 or held.emails > 0.6 or held.share(SURE_PHONE) > 0.7:
        return 0.2
    return 0.4 + 0.5 * held.share(re.compile(r"\S{1,64}"))


def _number(held: Held) -> float | None:
    ranged = held.share(re.compile(r"[<>≥≤~+-]? ?\d[\d .,-]*(?:[-àa–] ?\d+)?(?: ?(?:et plus|\+|%|ans|h|min|s|km|kg))?"))  # fmt: skip
    return 0.0 if held.dates > 0.6 else max(held.numbers, ranged)


def _category(held: Held) -> float | None:
    if held.dates > 0.6 or held.emails > 0.6 or held.share(_decimal) > 0.6:
        return 0.0
    return 0.8 if held.few else 0.6 if held.distinct <= 60 else 0.35


def _date(held: Held) -> float | None:
    years = held.share(re.compile(r"(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2]))?"))
    hours = held.share(re.compile(r"\d{1,2}[:hH]\d{2}(?::\d{2})?"))
    epochs = held.share(re.compile(r"1[0-9]{9}(?:[0-9]{3})?"))
    return max(held.dates, 0.8 * years, 0.7 * hours, 0.7 * epochs)


def _text(held: Held) -> float | None:
    if max(held.dates, held.emails, held.numbers) > 0.6:
        return 0.0
    return 0.9 if held.length > 3 else 0.6 if held.length > 1.5 else None


_SUPPORT: Mapping[str, Callable[[Held], float | None]] = {
    "email": lambda held: max(held.emails, held.share(lambda value: "@" in value)),
    "phone": lambda held: held.share(lambda value: _phone(value) or (sum(map(str.isdigit, value)) >= 6 and not DATE.fullmatch(value) and not EMAIL.fullmatch(value))),
    "birth_date": _date, "date": _date,
    "house": lambda held: held.share(lambda value: re.match(r"[\d]", value)) if held.dates < 0.5 else 0.0,
    "postcode": lambda held: max(held.share(POSTCODE), 0.8 * held.share(lambda value: len(value) <= 10 and re.search(r"\d", value) and not DATE.fullmatch(value) and not _decimal(value))),
    "bank_account": lambda held: max(held.share(checking.iban), 0.8 * held.share(re.compile(r"[A-Z]{6}[A-Z0-9]{2,5}|[0-9 ]{20,30}|[A-Z]{2}[0-9]{2}[A-Z0-9 ]{10,34}"))),
    "registration_id": lambda held: max(held.share(checking.siren), held.share(re.compile(r"[A-Z]{2} ?[0-9A-Z]{8,13}")), 0.6 * held.digits),
    "national_id": lambda held: 0.0 if held.dates > 0.6 and held.share(re.compile(r"\d{8}")) < 0.5 else max(held.share(checking.nir), 0.8 * held.digits),
    "loyalty_id": lambda held: 0.0 if max(held.dates, held.emails) > 0.6 else 0.9 * held.digits if held.worded < 0.5 else 0.3,
    "given_name": _name, "family_name": _name, "middle_name": _name, "birth_name": _name, "full_name": _full,
    "title": lambda held: held.among(known.TITLES),
    "sex": lambda held: max(held.among(known.SEXES), held.share(re.compile(r"[012]")) * 0.7),
    "country": lambda held: 0.0 if held.digits > 0.6 else max(held.among(known.countries()), 0.4),
    "language": lambda held: max(held.among(known.languages()), held.share(LOCALE)),
    "currency": lambda held: held.share(lambda value: value.upper() in known.currencies() or fold(value) in ("euro", "euros", "dollar")),
    "address_line": lambda held: 0.0 if max(held.dates, held.emails, held.numbers) > 0.5 else 0.9 if held.share(lambda value: ADDRESS.match(value) or _STREET.search(fold(value))) > 0.4 else None,
    "address_more": _said, "birth_place": _said, "state": lambda held: 0.0 if max(held.dates, held.emails) > 0.5 else 1.0 if held.among(known.REGIONS) > 0.15 or held.share(re.compile("[A-Za-z]{2,3}|[0-9]{2,3}|2[AB]")) > 0.6 else None,
    "city": lambda held: 0.0 if max(held.dates, held.emails, held.numbers) > 0.5 else 0.9 if held.among(known.TOWNS) > 0.2 else None,
    "company": lambda held: 0.0 if max(held.dates, held.emails, held.numbers) > 0.5 else 0.9 if held.share(lambda value: set(fold(value).split()) & known.FORMS) > 0.2 else None,
    "job": _said, "source": lambda held: 0.0 if max(held.dates, held.emails) > 0.6 else None, "brand": lambda held: 0.0 if max(held.dates, held.emails) > 0.6 else None,
    "label": _label, "text": _text, "consent": _consent, "category": _category,
    "amount": lambda held: 0.0 if held.dates > 0.6 else held.numbers, "number": _number,
    "yes_no": lambda held: held.among(known.YES | known.NO), "url": lambda held: held.share(URL), "identifier": _code,
}  # fmt: skip
