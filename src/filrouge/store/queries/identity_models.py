"""The models of identity that are kept, for whoever reads them."""

from __future__ import annotations

from filrouge.store.models import IdentityModel


def kept() -> list[IdentityModel]:
    """Return the models, the latest used first."""
    return list(IdentityModel.objects.all())


def current() -> IdentityModel | None:
    """Return the model that is used as it is, else the one learned last; None before the first."""
    return IdentityModel.objects.order_by("-in_use", "-last_at").first()
