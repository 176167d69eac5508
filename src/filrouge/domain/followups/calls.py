"""How a call ends, in one digit; some ends have a consequence."""

from __future__ import annotations

from collections.abc import Mapping

# In the order of their digits on the screen.
DISPOSITIONS = ("reached", "call_back", "voicemail", "no_answer", "wrong_number", "hung_up")
DIRECTIONS = ("in", "out")
# An end after which somebody is called again, and in how many days.
AGAIN: Mapping[str, int] = {"call_back": 1}
