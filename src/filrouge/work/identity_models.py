"""The models of identity: each one learned is kept; one of them, or one set by hand, may be used as it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from filrouge.base import clock
from filrouge.base.errors import NotFound
from filrouge.domain import identity
from filrouge.store.models import IdentityModel
from filrouge.work import audit, jobs
from filrouge.work.lengths import REASON, fits

KEPT = 400  # models learned that are kept: more than a year, day by day


def in_use() -> identity.ModelSpec | None:
    """Return the model that is used as it is; None while each whole settlement learns its own."""
    row = IdentityModel.objects.filter(in_use=True).first()
    return identity.ModelSpec.parse(row.content, what=row.version) if row else None


def keep(model: Mapping[str, Any], rules: identity.IdentitySpec, *, at: datetime) -> None:
    """Keep a model that was learned, unless it is known already; the oldest beyond ``KEPT`` go."""
    if not model.get("healthy"):
        return
    learned = identity.load_model(model)
    said = {"origin": "learned", "content": identity.describe(learned, rules).dump(), "last_at": at}
    with transaction.atomic():
        _, made = IdentityModel.objects.get_or_create(version=learned.version, defaults=said)
        if not made:
            IdentityModel.objects.filter(version=learned.version).update(last_at=at)
        old = IdentityModel.objects.filter(origin="learned", in_use=False).values_list("pk", flat=True)[KEPT:]
        IdentityModel.objects.filter(pk__in=list(old)).delete()


def one(version: str) -> IdentityModel:
    """Return a model by its version. Raises NotFound."""
    row = IdentityModel.objects.filter(version=version).first()
    if row is None:
        raise NotFound(
            "No model is called {version}.", hint="`filrouge identity model list` names them.", version=version
        )
    return row


def use(said: identity.ModelSpec | str, *, by: str, reason: str = "") -> IdentityModel:
    """Use a model as it is from now on: one that somebody wrote, or the version of one that is kept.

    The whole is settled with it next. Raises NotFound, DefinitionError.
    """
    with transaction.atomic():
        if isinstance(said, str):
            row = one(said)
        else:
            version = _version(said)
            row, _ = IdentityModel.objects.get_or_create(
                version=version, defaults={"origin": "hand", "content": said.dump(), "last_at": clock.now()}
            )
        IdentityModel.objects.filter(in_use=True).update(in_use=False)
        row.in_use, row.by, row.reason, row.last_at = True, by, fits(reason, REASON), clock.now()
        row.save()
        audit.record("identity.model", by=by, kind="model", subject=row.version)
    jobs.ask_again("identity", by=by, key="identity")
    return row


def learn(*, by: str) -> bool:
    """Have each whole settlement learn its own model again; tell whether one was in use."""
    with transaction.atomic():
        freed = IdentityModel.objects.filter(in_use=True).update(in_use=False, last_at=F("last_at"))
        if freed:
            audit.record("identity.model", by=by, kind="model", subject="learned")
    if freed:
        jobs.ask_again("identity", by=by, key="identity")
    return bool(freed)


def _version(said: identity.ModelSpec) -> str:
    """Return the name of a model: two that decide alike bear the same, bounds and prior included."""
    made = said.model().version
    bounds = {name: value for name, value in said.dump().items() if name != "comparisons"}
    if not bounds:
        return made
    return f"{made}-{hashlib.sha256(json.dumps(bounds, sort_keys=True).encode()).hexdigest()[:4]}"
