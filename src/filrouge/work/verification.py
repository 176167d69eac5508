"""Verifying a caller by agreed questions: answers are compared and not kept, tries are limited and audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, Refused, UsageError
from filrouge.domain.followups import verification as rules
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Entity, Questions, SubjectSalt, Verification
from filrouge.store.queries import verifications
from filrouge.work import access, audit

ROLES = ("advisor", "sales")


def check(asking: Caller, person: str, answers: Mapping[str, str], *, entity: str = "") -> bool:
    """Compare what a caller answered; True verifies them until their entity's minutes are over.

    Which answer was wrong is not said. Raises UsageError when too few are given, Conflict when tries are used up.
    """
    access.must(asking, *ROLES, scope="people:write")
    found = access.person(asking, person)
    entity, brand = access.origin(asking, found, entity, roles=ROLES)
    agreed = verifications.agreed(entity)
    known = rules.askable(found.view, agreed.questions)
    typed = {code: text for code, text in answers.items() if text.strip() and code in known}
    if len(known) < agreed.needed:
        raise UsageError(
            "Too little is known of them to ask {needed} questions.", hint="Verify them another way.",
            needed=agreed.needed,
        )  # fmt: skip
    if len(typed) < agreed.needed:
        raise UsageError("Ask {needed} questions at least.", hint="Type what they answer.", needed=agreed.needed)
    now = clock.now()
    audit.person_word(found.view.id)
    with transaction.atomic():
        SubjectSalt.objects.select_for_update().get(person=found.view.id)  # tries at once are counted one by one
        if verifications.standing(found.view.id, agreed, at=now).locked:
            raise Conflict(
                "This caller could not be verified.",
                hint="Say nothing of their account; call them back on the number that is known.",
            )
        passed = all(rules.right(found.view, code, text) for code, text in typed.items())
        Verification.objects.create(
            person=found.view.id, entity=entity, brand=brand, by=asking.by, asked=sorted(typed), passed=passed,
            expires_at=now + timedelta(minutes=agreed.minutes if passed else 0),
        )  # fmt: skip
        if passed:
            audit.record("verification.pass", by=asking.by, kind="person", subject=found.view.id, asked=sorted(typed))
        else:
            audit.record("verification.fail", by=asking.by, kind="person", subject=found.view.id, asked=sorted(typed))
    return passed


def over(people: Sequence[str]) -> None:
    """End what verifications there are of whoever stands under ``people``: the call is over."""
    now = clock.now()
    Verification.objects.filter(person__in=list(people), passed=True, expires_at__gt=now).update(expires_at=now)


def agree(asking: Caller, entity: str, questions: Sequence[str], *, needed: int, tries: int, minutes: int) -> Questions:
    """Set what callers of an entity are asked. Raises UsageError, or Refused when it is not the caller's to set."""
    access.must(asking, "privacy", scope="people:write")
    if not Entity.objects.filter(slug=entity).exists() or not (
        asking.perimeter.everything or entity in asking.perimeter.holds("privacy")
    ):
        raise Refused("You do not act for {entity}.", hint="Choose an entity of yours.", entity=entity[:60] or "—")
    wanted = [code for code in dict.fromkeys(questions) if code in rules.QUESTIONS]
    if len(wanted) != len(list(questions)) or not 1 <= needed <= len(wanted):
        raise UsageError("Ask at least as many questions as must be right.", hint="Choose from the list.")
    if not (1 <= tries <= 10 and 1 <= minutes <= 240):
        raise UsageError("A caller has 1 to 10 tries, and is verified for 1 to 240 minutes.")
    with transaction.atomic():
        row, _made = Questions.objects.update_or_create(
            entity=entity,
            defaults={"questions": wanted, "needed": needed, "tries": tries, "minutes": minutes, "by": asking.by,
                      "changed_at": clock.now()},
        )  # fmt: skip
        audit.record("questions.set", by=asking.by, kind="entity", subject=entity, asked=wanted, count=needed)
    return row
