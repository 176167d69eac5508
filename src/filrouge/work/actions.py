"""What to say now to a person, and how they received it: kept, told on their thread, undone, counted next time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, UsageError
from filrouge.domain import followups as rules
from filrouge.domain.followups.actions import ACTIONS, candidates
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import FollowUp, Outcome
from filrouge.store.queries import outcomes, people
from filrouge.store.queries.scores import Score
from filrouge.work import access, audit, consents, dates, followups, scores_at_hand
from filrouge.work.lengths import REASON, fits

ROLES = ("advisor", "sales")


def seen(asking: Caller, page: people.Page, *, scores: Sequence[Score] | None = None, at: datetime) -> rules.Seen:
    """Gather what the ranking looks at, as ``asking`` sees it; ``scores`` are those of the page, read if not given."""
    told = scores_at_hand.shown(asking, page.view.id) if scores is None else scores
    offered = {
        (one.entity, one.name.removeprefix("propensity_").partition("_")[2].replace("_", "-"))
        for one in told
        if one.name.startswith("propensity_")
    }
    known = {(record.entity, record.brand) for record in page.view.records if record.brand}
    said = consents.answers(page.view.id, offered | known, purpose="marketing", channels=("phone",), at=at)
    entity, brand = next(iter((record.entity, record.brand) for record in page.view.records), ("", ""))
    return rules.Seen(
        at=at,
        entity=entity,
        brand=brand,
        since=page.view.since,
        alerts=page.view.alerts,
        promises=promised(page),
        planned=[
            rules.Planned(str(row.id), row.entity, row.brand, row.subject, row.due_at)
            for row in page.follow_ups
            if row.state == FollowUp.State.OPEN
        ],
        scores=[
            rules.Scored(one.entity, one.brand, one.name, one.value, one.band, one.trend, one.reasons) for one in told
        ],
        answered=[rules.Answered(row.action, row.subject, row.cause, row.said, row.at) for row in page.outcomes],
        offers={(entity, brand): answer for (entity, brand, _), answer in said.items()},
        crowd=outcomes.crowd(entity, ACTIONS, at=at) if entity else {},
    )


def promised(page: people.Page) -> list[rules.Promised]:
    """Return the open promises of a page as the rules look at them."""
    return [row.promised for row in page.promises if row.state == "open"]


def told(asking: Caller, page: people.Page, *, scores: Sequence[Score] | None = None, at: datetime) -> rules.Ranking:
    """Return the few things worth saying now to the person of ``page``, and what not to say, each with its reason."""
    return rules.rank(seen(asking, page, scores=scores, at=at))


def answer(
    asking: Caller, person: str, action: str, cause: str, said: str, *, reason: str = "", follow_up: str = "",
    follow_up_in: int = 0,
) -> Outcome:  # fmt: skip
    """Keep how a person received what was said; accepted, it may open a follow-up (its subject) in so many days.

    Raises UsageError when the answer is none, Conflict when there is nothing of that cause to say any more.
    """
    access.must(asking, *ROLES, scope="people:write")
    if said not in rules.ANSWERS:
        raise UsageError("An action is accepted, refused or not relevant.")
    if follow_up_in and (said != "accepted" or not 1 <= follow_up_in <= 365):
        raise UsageError("Only what was accepted is followed up, within 1 to 365 days.")
    found = access.person(asking, person)
    now = clock.now()
    wanted = next(
        (one for one in candidates(seen(asking, found, at=now)) if (one.action, one.cause) == (action, cause)), None
    )
    if wanted is None:
        raise Conflict("This is no longer to be said.", hint="Reload the page to see what is.")
    acts = asking.perimeter.acts(wanted.entity, wanted.brand, *ROLES)
    entity, brand = (wanted.entity, wanted.brand) if acts else access.origin(asking, found, roles=ROLES)
    with transaction.atomic():
        opened = None
        if follow_up_in:
            due = dates.due(now, later=timedelta(days=follow_up_in))
            opened = followups.add(asking, found.view.id, follow_up, due, kind="task", entity=entity, brand=brand)
        row = Outcome.objects.create(
            person=found.view.id, entity=entity, brand=brand, by=asking.by, action=action,
            subject=wanted.subject[:120], cause=cause[:160], said=said, reason=fits(reason.strip(), REASON), at=now,
            follow_up=opened.pk if opened else None,
        )  # fmt: skip
        audit.record(
            "action.answer", by=asking.by, kind="person", subject=found.view.id, entity=entity, code=action, state=said
        )
    return row


def undo(asking: Caller, outcome: str) -> Outcome:
    """Take back an answer, and the follow-up that it opened unless it was worked meanwhile."""
    access.must(asking, *ROLES, scope="people:write")
    row = Outcome.objects.filter(pk=outcome, undone_at=None).first()
    if row is None or not asking.perimeter.acts(row.entity, row.brand, *ROLES):
        raise NotFound("There is no such answer.")
    now = clock.now()
    with transaction.atomic():
        Outcome.objects.filter(pk=row.pk).update(undone_at=now, undone_by=asking.by)
        if row.follow_up:
            FollowUp.objects.filter(pk=row.follow_up, state=FollowUp.State.OPEN).update(
                state=FollowUp.State.CANCELLED, closed_at=now, closed_by=asking.by
            )
        audit.record("action.undo", by=asking.by, kind="person", subject=row.person, entity=row.entity, code=row.action)
    return row


def plain(ranking: rules.Ranking) -> dict[str, Any]:
    """Return a ranking as plain data, for the API and the command line."""
    return {
        "actions": [dataclasses.asdict(one) for one in ranking.actions],
        "unsaid": [dataclasses.asdict(one) for one in ranking.unsaid],
    }
