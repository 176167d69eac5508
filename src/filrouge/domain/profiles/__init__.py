"""The 360 of a person: the document that gathers every fact, and what a viewer may see of it."""

from __future__ import annotations

from filrouge.domain.profiles.consents import current_consents
from filrouge.domain.profiles.facts import Alert, Attribute, Moment, PersonView, Record, Value
from filrouge.domain.profiles.view import ATTRIBUTES, MANY, name_of, told, view

__all__ = [
    "ATTRIBUTES",
    "MANY",
    "Alert",
    "Attribute",
    "Moment",
    "PersonView",
    "Record",
    "Value",
    "current_consents",
    "name_of",
    "told",
    "view",
]
