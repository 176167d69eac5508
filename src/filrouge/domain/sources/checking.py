"""Numbers that carry the proof of themselves: their check digits."""

from __future__ import annotations

import re


def luhn(text: str) -> bool:
    """Tell whether the digits of ``text`` end in Luhn's check digit, as bank cards and French companies do."""
    digits = [int(letter) for letter in reversed(text) if letter in "0123456789"]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(digits) > 1 and any(digits) and (sum(digits[::2]) + doubled) % 10 == 0


def iban(text: str) -> bool:
    """Tell whether ``text`` is an international bank account number whose check digits are right (ISO 13616)."""
    bare = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", bare):
        return False
    return int("".join(str(int(letter, 36)) for letter in bare[4:] + bare[:4])) % 97 == 1


def siren(text: str) -> bool:
    """Tell whether ``text`` is the number of a French company (9 digits) or of one of its places (14)."""
    bare = re.sub(r"[\s.]", "", text)
    return re.fullmatch(r"[0-9]{9}|[0-9]{14}", bare) is not None and luhn(bare)


def nir(text: str) -> bool:
    """Tell whether ``text`` is a French social security number with its key (15 digits, Corsica's letters included)."""
    bare = re.sub(r"[\s.-]", "", text).upper()
    if not re.fullmatch(r"[1-478][0-9]{4}(?:[0-9]{2}|2A|2B)[0-9]{8}", bare):
        return False
    number = int(bare[:13].replace("2A", "19").replace("2B", "18"))
    return 97 - number % 97 == int(bare[13:])


def card(text: str) -> bool:
    """Tell whether ``text`` looks like the number of a payment card: its length, its first digit, Luhn's key."""
    bare = re.sub(r"[\s-]", "", text)
    return re.fullmatch(r"[3-6][0-9]{12,18}", bare) is not None and len(set(bare)) > 1 and luhn(bare)


def ean(text: str) -> bool:
    """Tell whether ``text`` is the number of an article (EAN-13, or EAN-8)."""
    if not re.fullmatch(r"[0-9]{13}|[0-9]{8}", text):
        return False
    digits = [int(letter) for letter in reversed(text)]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0
