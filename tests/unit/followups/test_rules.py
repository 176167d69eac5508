"""A rule of follow-ups that means nothing is no rule."""

from __future__ import annotations

from typing import Any

import pytest

from filrouge.base.errors import DefinitionError
from filrouge.domain.followups.rules import Spec

RULE = {"when": "segment", "segment": "lyon", "subject": "Inviter au salon"}


@pytest.mark.parametrize(
    "said",
    [
        {"segment": ""}, {"when": "score"}, {"when": "moon"}, {"days": -1}, {"days": 10_000}, {"subject": ""},
        {"owner": "user"}, {"due_in": 10_000}, {"most": 0}, {"most": 10**9}, {"at_least": "much"}, {"unknown": 1},
    ],
)  # fmt: skip
def test_a_rule_with_faults_is_not_read(said: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        Spec.parse(RULE | said)


def test_what_is_not_said_has_its_default() -> None:
    spec = Spec.parse(RULE)
    assert (spec.kind, spec.purpose, spec.owner, spec.due_in, spec.most) == ("call", "service", "queue", 3, 200)
