"""What is written as an e-mail address or a phone number is, and what stands there for want of one."""

from __future__ import annotations

from collections.abc import Iterator

EMAIL = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"  # read alike by DuckDB, Spark and Python
FEWEST = 6  # digits: fewer are no phone number of anybody
# Digits at the end of a number that are all, but one, like the last were typed for want of one: 01 00 00 00 00.
LAST = 8
SEQUENCES = ("0123456789", "1234567890", "0102030405", "0605040302", "123456789", "987654321")


def fillers() -> str:
    """Return the pattern of digits, and plus signs, that are no phone number: asked at once, it costs little."""
    few = f"^(?:[+]*[0-9]){{0,{FEWEST - 1}}}[+]*$"
    listed = "|".join((*SEQUENCES, *(f"[+]33{one[1:]}" for one in SEQUENCES if one[0] == "0")))
    return f"{few}|(?:{'|'.join(_alike())})$|^(?:{listed})$"


def _alike() -> Iterator[str]:
    """Yield the ways in which the last digits are all, but one, the same."""
    for size in range(FEWEST, LAST + 1):
        begins = "^[+]?" if size < LAST else ""
        for digit in "0123456789":
            for before in range(size - 1):
                yield f"{begins}{digit}{{{before}}}[0-9]{digit}{{{size - 1 - before}}}"
