"""The register of processing as one caller may read it: their entities' sources and agreements, every kind of data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from filrouge.domain.privacy import register as rules
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import Sight
from filrouge.domain.sources import SourceSpec, keeping
from filrouge.store.models import Agreement, Source
from filrouge.store.models.base import Personal
from filrouge.store.queries import group, sources


@dataclass(frozen=True)
class Register:
    """What is held, who sees which category, and what entities open to one another."""

    held: tuple[rules.Held, ...]
    sights: Mapping[str, Mapping[str, Sight]]
    agreements: tuple[Agreement, ...]


def register(caller: Caller) -> Register:
    """Return the register."""
    feeds = []
    for line in sources.lines(caller):
        cell = line.spec.entity
        named = (cell.const,) if cell.const else tuple(value for value in (cell.values or {}).values() if value)
        feeds.append(rules.Feed(line.source.name, line.source.reads, tuple(named), _apart(line.source, line.spec)))
        if line.spec.consents:
            feeds.append(rules.Feed(line.source.name, "consents", tuple(named)))
    acting = caller.perimeter.acting
    agreed = [
        row for row in group.agreements() if caller.perimeter.everything or {row.giver.slug, row.receiver.slug} & acting
    ]
    return Register((*rules.tables(feeds), *rows()), rules.sights(), tuple(agreed))


def _apart(source: Source, spec: SourceSpec) -> tuple[rules.Apart, ...]:
    """Return the columns of a source that are held apart, and those that were when what they left behind was read."""
    now = tuple(
        rules.Apart(
            source.name, column, keeping.targets(spec, column), kept.purpose,
            keeping.days(kept.retention) if kept.retention else None,
        )
        for column, kept in spec.kept.items()
    )  # fmt: skip
    before = keeping.former(source.left_behind)
    return (*now, *(rules.Apart(source.name, one.column, one.targets, None, one.days) for one in before))


# What the packages that sign people in keep; ``work.retention`` ends it.
SIGNING_IN = tuple(
    rules.Held(name, "database", "staff", ("personal",), columns, "service", "legitimate_interest", kept, days)
    for name, columns, kept, days in (
        ("session", ("session_data",), "expire_date", None),
        ("accessattempt", ("username", "ip_address", "user_agent"), "dated", 365),
        ("emailaddress", ("email",), "with_account", None),
        ("authenticator", ("data",), "with_account", None),
    )
)


def rows() -> list[rules.Held]:
    """Return what each kind of row outside the lake declares of itself, and what signing in leaves."""
    from django.apps import apps

    return [
        *_declared(apps.get_models()),
        *SIGNING_IN,
    ]


def _declared(models: Iterable[type[Any]]) -> list[rules.Held]:
    return [
        rules.Held(
            name=str(model._meta.model_name),
            where="database",
            whose=model.whose,
            categories=("personal",) if model.whose == "staff" else ("text",),
            columns=model.personal,
            purpose=model.purpose_held,
            basis=model.basis,
            kept=model.counted_from or ("with_account" if model.whose == "staff" else "with_person"),
            days=model.retention_days if model.counted_from else None,
        )
        for model in sorted(models, key=lambda model: str(model._meta.model_name))
        if issubclass(model, Personal)
    ]
