"""What is written as an e-mail address or a phone number is, and what stands there for want of one."""

from __future__ import annotations

EMAIL = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"  # read alike by DuckDB, Spark and Python
FEWEST = 6  # digits: fewer are no phone number of anybody
LAST = (
    8  # digits at the end of a number: all but one of them like the last, it was typed for want of one (01 00 00 00 00)
)
SEQUENCES = ("0123456789", "1234567890", "0102030405", "0605040302", "123456789", "987654321")
