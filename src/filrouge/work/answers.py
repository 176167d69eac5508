"""Answers kept for a day, so that a program that did not hear one may ask again without doing the thing twice."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from filrouge.base import clock
from filrouge.base.errors import Conflict, UsageError
from filrouge.store.models import Answer

KEPT = timedelta(hours=24)
LONGEST = timedelta(minutes=2)  # a call that takes longer was cut short: the next one takes its place


def begin(owner: str, key: str, asked: bytes) -> Answer:
    """Return the answer to a call: one to be filled in, or (``status`` set) the one that was given.

    ``owner`` is the bearer word, ``asked`` all that the call says. Raises Conflict while the first call is under way,
    UsageError when the key was used for another call.
    """
    if len(key) > 200:
        raise UsageError("An Idempotency-Key has at most 200 characters.", hint="Send a UUID.")
    who, what = (hashlib.sha256(part).hexdigest() for part in (owner.encode(), asked))
    now = clock.now()
    over = Q(created_at__lt=now - KEPT) | Q(status=None, created_at__lt=now - LONGEST)
    try:
        with transaction.atomic():
            Answer.objects.filter(over, owner=who, key=key).delete()
            return Answer.objects.create(owner=who, key=key, asked=what)
    except IntegrityError:
        known = Answer.objects.filter(owner=who, key=key).first()
    if known is None or known.status is None:
        raise Conflict("The same call is under way.", hint="Ask again in a moment, with the same Idempotency-Key.")
    if known.asked != what:
        raise UsageError("This Idempotency-Key was used for another call.", hint="Send a new key with a new call.")
    return known


def keep(answer: Answer, status: int, body: str) -> None:
    """Keep what was answered; a fault of ours is not kept, so that the call may be tried again."""
    if status >= 500 or status in (401, 429):
        answer.delete()
    else:
        Answer.objects.filter(pk=answer.pk).update(status=status, body=body)


def drop(answer: Answer) -> None:
    """Forget a call that failed before it was answered."""
    answer.delete()


def forget_old() -> int:
    """Forget the answers that are older than a day; return how many."""
    gone, _ = Answer.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    return gone
