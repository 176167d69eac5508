"""How systems get people wrong: slips, accents lost, shouting, nicknames, old names, many ways to write a number."""

from __future__ import annotations

import unicodedata

from filrouge.sample.dice import Dice
from filrouge.sample.names import nickname
from filrouge.sample.people import Home, Person

_NEAR = {
    "a": "zq", "b": "vn", "c": "xv", "d": "sf", "e": "rz", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl",
    "l": "km", "m": "nl", "n": "bm", "o": "ip", "p": "ol", "q": "sa", "r": "et", "s": "qd", "t": "ry", "u": "yi",
    "v": "cb",
    "w": "xs", "x": "wc", "y": "tu", "z": "ea",
}  # fmt: skip


def typo(dice: Dice, text: str) -> str:
    """Return ``text`` with one slip: a letter doubled, left out, swapped with the next or taken for its neighbour."""
    if len(text) < 4:
        return text
    place = dice.between(1, len(text) - 2)
    kind = dice.between(0, 3)
    if kind == 0:
        return text[:place] + text[place] + text[place:]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    near = _NEAR.get(text[place].lower())
    return text[:place] + dice.pick(near) + text[place + 1 :] if near else text


def bare(text: str) -> str:
    """Return ``text`` without accents, its capitals and hyphens kept."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode()


def given(dice: Dice, person: Person, rate: float = 1.0) -> str:
    """Return the given name as somebody typed it; ``rate`` says how careless they were."""
    name = person.given
    throw = dice.random() / rate
    if throw < 0.02:
        return typo(dice, name)
    if throw < 0.05:
        return nickname(name)
    if throw < 0.11:
        return bare(name)
    if throw < 0.14:
        return name.upper()
    if throw < 0.16:
        return name.lower()
    if throw < 0.17:
        return f"{name[0]}."
    if throw < 0.19 and "-" in name:
        return name.replace("-", " ")
    return name


def family(dice: Dice, person: Person, rate: float = 1.0) -> str:
    """Return the family name as somebody typed it; women who took another name are often still under their own."""
    name = person.family
    if person.birth_name and dice.chance(0.22 * min(1.0, rate) if not person.everywhere else 0.04):
        name = person.birth_name
    throw = dice.random() / rate
    if throw < 0.025:
        return typo(dice, name)
    if throw < 0.08:
        return bare(name)
    if throw < 0.20:
        return bare(name).upper()
    if throw < 0.23:
        return name.upper()
    if throw < 0.25:
        return name.replace("-", " ").replace("'", " ")
    if throw < 0.26 and person.birth_name:
        return f"{person.birth_name}-{person.family}"
    return name


def phone(dice: Dice, digits: str) -> str:
    """Return ten digits in one of the ways that people write them."""
    if not digits:
        return ""
    pairs = (digits[0:2], digits[2:4], digits[4:6], digits[6:8], digits[8:10])
    kind = dice.between(0, 9)
    if kind < 4:
        return " ".join(pairs)
    if kind < 6:
        return digits
    if kind == 6:
        return ".".join(pairs)
    if kind == 7:
        return f"+33{digits[1:]}"
    if kind == 8:
        return f"+33 {digits[1]} {' '.join(pairs[1:])}"
    return "-".join(pairs)


def mailbox(dice: Dice, person: Person, *, second: float = 0.0, work: float = 0.0, shared: float = 0.0) -> str:
    """Return one of the addresses of a person: their own, an older one, that of their work, that of the family."""
    throw = dice.random()
    if person.second_email and throw < second:
        return person.second_email
    if person.work_email and second <= throw < second + work:
        return person.work_email
    if person.family_email and throw > 1 - shared - (0.0 if person.adult else 0.4):
        return person.family_email
    return person.email


def email(dice: Dice, address: str, rate: float = 1.0) -> str:
    """Return an address as typed: capitals, a slip before the @, a blank at the end."""
    throw = dice.random() / rate
    if throw < 0.03:
        return address.capitalize()
    if throw < 0.04:
        return address.upper()
    if throw < 0.05:
        local, _, domain = address.partition("@")
        return f"{typo(dice, local)}@{domain}"
    if throw < 0.06:
        return f"{address} "
    return address


def home(dice: Dice, person: Person, stale: float = 0.5) -> Home:
    """Return the address known to a system; ``stale`` is the share of movers whose old one it kept."""
    if person.old_home is not None and dice.chance(stale):
        return person.old_home
    return person.home


def street(dice: Dice, line: str) -> str:
    """Return a street as typed: shortened, shouted, without accents."""
    throw = dice.random()
    if throw < 0.15:
        return line.replace("avenue", "av.").replace("boulevard", "bd").replace("place", "pl.")
    if throw < 0.35:
        return bare(line).upper()
    if throw < 0.45:
        return line.replace(" bis", "B").replace(" rue", ", rue")
    return line


def born(dice: Dice, person: Person, rate: float = 1.0) -> tuple[int, int, int]:
    """Return the birth date that a form holds: right, or with day and month swapped, or the year one off."""
    year, month, day = person.born
    throw = dice.random() / rate
    if throw < 0.012 and day <= 12:
        return year, day, month
    if throw < 0.02:
        return year + (1 if throw < 0.016 else -10), month, day
    if throw < 0.026:
        return year, 1, 1
    return year, month, day
