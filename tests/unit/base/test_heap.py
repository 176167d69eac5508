"""A process that lasts gives back what it no longer needs; one that ends soon does not spend time on it."""

from __future__ import annotations

import subprocess
import sys

CHILD = """
import gc, sys
from filrouge.base import heap
if sys.argv[1] == "lasts":
    heap.lasts()
gc.disable()
class Held: ...
held = Held(); held.itself = held
import weakref
gone = weakref.ref(held)
del held
heap.let_go()
print(gone() is None)
"""


def told(how: str) -> str:
    return subprocess.run([sys.executable, "-c", CHILD, how], capture_output=True, text=True, check=True).stdout.strip()


def test_what_stands_in_a_circle_goes_at_once_where_the_process_lasts_and_nowhere_else() -> None:
    assert told("lasts") == "True"
    assert told("ends") == "False"
