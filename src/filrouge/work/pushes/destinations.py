"""Destinations kept, checked and removed: an engineer's, as each bears an address and opens a secret."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction

from filrouge.base import clock, settings
from filrouge.base.errors import Conflict, DestinationError, Refused, UsageError
from filrouge.connect.destinations import Destination, Reach, destination
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.pushes import DestinationSpec
from filrouge.store import models
from filrouge.store.queries import pushes as found
from filrouge.work import access, audit, secrets
from filrouge.work.lengths import fits

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def keep_destination(
    asking: Caller, name: str, *, spec: Any, entity: str, brand: str = "", title: str = ""
) -> models.Destination:
    """Keep a destination under ``name``, or change it.

    Raises DefinitionError with every fault at once, Refused when the caller is no engineer of the entity and the brand,
    Conflict when the name is another entity's, or when pushes rest on what would change.
    """
    access.must(asking, *found.KEEPERS, scope="pushes:write")
    named(name)
    _acts(asking, entity, brand)
    checked = DestinationSpec.parse(spec, what=name)
    if checked.secret:
        if checked.secret not in secrets.openable(asking):
            raise secrets.missing(checked.secret)
        secrets.reveal(checked.secret)  # it can be opened
    destination(checked.kind).describe(checked, _bare())
    with transaction.atomic():
        row = models.Destination.objects.select_for_update().filter(name=name).first()
        if row is None:
            row = models.Destination(name=name, by=asking.by)
        elif not found.reads(asking, row.entity, row.brand, *found.KEEPERS):
            raise Conflict("The name {name} is taken.", hint="Choose another one.", name=name)
        elif (row.entity, row.brand, row.kind) != (entity, brand, checked.kind) and row.pushes.exists():
            raise Conflict(
                "Pushes rest on the destination {name}: it keeps its kind, its entity and its brand.",
                hint="Keep another destination under another name.", name=name,
            )  # fmt: skip
        row.title = fits(" ".join(title.split()), 120) or row.title or name
        row.kind, row.entity, row.brand, row.spec = checked.kind, entity, brand, checked.dump()
        row.edited_by, row.edited_at, row.checked_at, row.trouble = asking.by, clock.now(), None, {}
        row.save()
        audit.record(
            "destination.keep", by=asking.by, kind="destination", subject=name, entity=entity, brand=brand,
            form=checked.kind, private=checked.allow_private,
        )  # fmt: skip
    return row


def check(asking: Caller, name: str) -> models.Destination:
    """Try a destination without giving it anybody; return it with what was found. Raises NotFound, Refused."""
    access.must(asking, *found.KEEPERS, *found.WRITERS, scope="pushes:write")
    row = found.destination(name, asking, *found.KEEPERS, *found.WRITERS)
    spec = found.spec_of(row)
    trouble: dict[str, Any] = {}
    try:
        destination(spec.kind).check(spec, reach(spec))
    except DestinationError as error:
        trouble = error.plain()
    with transaction.atomic():
        models.Destination.objects.filter(pk=row.pk).update(checked_at=clock.now(), trouble=trouble)
        audit.record("destination.check", by=asking.by, kind="destination", subject=name, well=not trouble)
    row.refresh_from_db()
    return row


def remove_destination(asking: Caller, name: str) -> None:
    """Remove a destination. Raises NotFound, Refused, Conflict while pushes rest on it."""
    access.must(asking, *found.KEEPERS, scope="pushes:write")
    row = found.destination(name, asking, *found.KEEPERS)
    if resting := list(row.pushes.values_list("name", flat=True)):
        raise Conflict(
            "The destination {name} cannot go: pushes rest on it.", hint="Remove these first: {those}.",
            name=name, those=", ".join(resting[:20]),
        )  # fmt: skip
    with transaction.atomic():
        row.delete()
        audit.record("destination.remove", by=asking.by, kind="destination", subject=name)


def named(name: str) -> None:
    """Raise UsageError unless ``name`` will do."""
    if not NAME.fullmatch(name):
        raise UsageError("A name has small letters, digits and hyphens, 60 at most.", hint="For instance: newsletter.")


def writer(spec: DestinationSpec) -> Destination:
    """Return what writes to a destination."""
    return destination(spec.kind)


def reach(spec: DestinationSpec) -> Reach:
    """Return what a destination needs beside its definition. Raises NotFound when its secret is gone."""
    bare = _bare()
    secret = secrets.reveal(spec.secret) if spec.secret else None
    return Reach(bare.drops, secret, bare.allow_private, bare.scratch)


def _bare() -> Reach:
    here = settings.get()
    scratch = here.home / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    return Reach(here.drops, None, here.allow_private, scratch)


def _acts(asking: Caller, entity: str, brand: str) -> None:
    if not models.Entity.objects.filter(slug=entity).exists():
        raise UsageError("No entity is called {entity}.", hint="Choose one of the group.", entity=entity[:60])
    if brand and not models.Brand.objects.filter(slug=brand).exists():
        raise UsageError("No brand is called {brand}.", hint="Choose a brand of the group.", brand=brand[:60])
    if not found.reads(asking, entity, brand, *found.KEEPERS):
        raise Refused(
            "You do not act for {where}.", hint="Choose an entity and a brand of yours.", where=brand or entity
        )
