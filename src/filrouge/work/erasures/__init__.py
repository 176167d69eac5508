"""Erasure: what one controller (or the group) holds of a person destroyed everywhere, searched again, and kept out."""

from filrouge.work.erasures.again import again
from filrouge.work.erasures.verbs import at_once, carry_out, plan, request, scope, take_up

__all__ = ["again", "at_once", "carry_out", "plan", "request", "scope", "take_up"]
