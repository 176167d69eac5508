"""What the columns of an unknown table mean: told by their names and by what they hold. The one guesser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from filrouge.domain.sources.holding import SURE_PHONE, Held, by_values, supported
from filrouge.domain.sources.naming import by_name, named

__all__ = ["MEANINGS", "Held", "Meant", "by_name", "meant"]

By = Literal["name", "values", "both", "shape", "nothing"]
# Whatever a column may be found to mean, and who must be careful with it (the sensitivities of the tables).
MEANINGS: dict[str, str] = {
    "title": "personal", "given_name": "personal", "middle_name": "personal", "family_name": "personal",
    "birth_name": "personal", "full_name": "personal", "sex": "personal", "birth_date": "personal",
    "birth_place": "personal", "email": "contact", "phone": "contact", "address_line": "contact",
    "address_more": "contact", "house": "contact", "postcode": "contact", "city": "personal", "state": "personal",
    "country": "personal", "language": "personal", "company": "none", "registration_id": "none", "job": "personal",
    "loyalty_id": "internal", "national_id": "contact", "bank_account": "contact", "identifier": "internal",
    "brand": "none", "source": "none", "amount": "money", "currency": "none", "number": "none", "date": "none",
    "consent": "none", "yes_no": "none", "category": "none", "label": "none", "text": "text", "url": "opinion",
    "nested": "text", "unknown": "contact",
}  # fmt: skip
LEAST = 0.35  # a meaning less sure than this is not told: the shape of the values is
_PLAIN = frozenset({"identifier", "number", "label", "text", "category", "house", "amount", "source"})


@dataclass(frozen=True)
class Meant:
    """What a column means, how sure that is (0 to 1), what told it, and what else it may be."""

    meaning: str
    confidence: float
    by: By
    others: tuple[tuple[str, float], ...] = ()


def meant(held: Held) -> Meant:
    """Return the meaning of a column from its name and its values, and how sure it is (0 to 1).

    A name that the values contradict is not believed; values alone are believed less than with a name that agrees.
    """
    if held.distinct == 0 or not held.sample:
        told = named(held.name)
        return Meant(told[0][0], round(0.5 * told[0][1], 2), "name") if told else Meant("unknown", 0.0, "nothing")
    values = dict(reversed(by_values(held)))
    sure: dict[str, tuple[float, By]] = {}
    for meaning, plainly in named(held.name):
        fits = supported(meaning, held)
        if fits is None:
            confidence, by = 0.5 + 0.35 * plainly, "name"
        elif fits >= 0.5:
            confidence, by = 0.5 + 0.3 * plainly + 0.19 * fits, "both"
        else:
            confidence, by = 0.5 * plainly * fits, "name"
        if meaning not in sure:
            sure[meaning] = (confidence, by)  # type: ignore[assignment]
    for meaning, confidence in values.items():
        if meaning not in sure or sure[meaning][0] < confidence:
            sure[meaning] = (confidence, "values")
    _settle(held, sure)
    ranked = sorted(sure.items(), key=lambda one: -one[1][0])
    if not ranked or ranked[0][1][0] < LEAST:
        shape, confidence = _shape(held)
        return Meant(shape, confidence, "shape", tuple((m, round(c, 2)) for m, (c, _) in ranked[:2] if m != shape))
    meaning, (confidence, by) = ranked[0]
    others = tuple((other, round(c, 2)) for other, (c, _) in ranked[1:3] if c >= LEAST)
    return Meant(meaning, round(min(confidence, 0.99), 2), by, others)


def _settle(held: Held, sure: dict[str, tuple[float, By]]) -> None:
    """Put right what names and values tell together: whole names called "Nom", telephones called "numéro"."""
    best = max(sure, key=lambda meaning: sure[meaning][0], default="")
    if best in _PLAIN and "phone" in sure and held.share(SURE_PHONE) > 0.7:
        sure["phone"] = (0.9, "values")
        sure[best] = (min(sure[best][0], 0.5), sure[best][1])
    if best in ("family_name", "given_name") and held.worded > 0.7 and held.forenames > 0.3 and held.digits < 0.1:
        sure["full_name"] = (sure[best][0] + 0.01, "both")
    if best in ("full_name", "family_name", "label") and "company" in sure and sure["company"][0] > 0.4:
        sure["company"] = (sure[best][0] + 0.01, "both")
    if best == "birth_date" and sure[best][1] == "values" and any(m == "date" for m, _ in named(held.name)):
        sure["date"] = (max(sure.get("date", (0.0, "both"))[0], 0.9), "both")
    if best == "date" and sure[best][1] == "values" and (name := by_name(held.name)) == "birth_date":
        sure[name] = (0.9, "both")


def _shape(held: Held) -> tuple[str, float]:
    """Return what the mere shape of the values tells, when nothing else does."""
    if held.share(re.compile(r"\S{1,64}")) > 0.9 and held.unlike and held.digits > 0.5 and not _decimals(held):
        return "identifier", 0.6
    if (supported("yes_no", held) or 0) >= 1 and held.distinct <= 3:
        return "yes_no", 0.6
    if held.numbers > 0.9:
        return ("identifier", 0.4) if held.share(re.compile(r"0\d+")) else ("number", 0.5)
    if held.few:
        return "category", 0.5
    if held.length > 4:
        return "text", 0.5
    return ("label", 0.3) if held.digits < 0.5 else ("unknown", 0.2)


def _decimals(held: Held) -> bool:
    return held.share(re.compile(r"[-+]?\d*[.,]\d+")) > 0.5
