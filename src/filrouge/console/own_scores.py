"""Scores that an analyst published, in the reader's words: their name, and that one was never tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filrouge.store.queries import scores as found

# The colour that a definition asks for, and the kind of score whose colour that is on the screens.
COLOURS = {"green": "engagement", "orange": "churn", "blue": "propensity", "grey": "value"}


def said(words: Mapping[str, str] | None) -> str:
    """Return words of a definition in the reader's language."""
    if not words:
        return ""
    return words["fr"] if (get_language() or "fr").startswith("fr") else words["en"]


def title(name: str) -> str:
    """Return the title of a published score, its name when there is none any more; marked while it is not proved."""
    told = next((one for (_entity, known), one in found.published([name]).items() if known == name), None)
    return marked(told) if told else name.replace("_", " ")


def marked(told: Mapping[str, Any]) -> str:
    """Return a title, marked while the score is not proved."""
    return said(told["title"]) if told["proved"] else _("%(score)s (not proved)") % {"score": said(told["title"])}


def reason(part: Mapping[str, Any]) -> str:
    """Return what its author says of somebody."""
    return said(part.get("text")) or ""
