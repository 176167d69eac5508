"""Accounts and keys over the API, for administrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from filrouge.api.door import caller
from filrouge.base.errors import UsageError
from filrouge.store.queries import accounts
from filrouge.work import access, groups, lengths

router = Router(tags=["accounts"])


class AccountIn(Schema):
    email: str
    name: str
    role: str
    entities: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    language: str = "fr"


class KeyIn(Schema):
    name: str
    role: str
    scopes: tuple[str, ...]
    entities: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()


class Active(Schema):
    active: bool


@router.get("", summary="Every account with its roles")
def users(request: HttpRequest) -> dict[str, Any]:
    access.must(caller(request), "administrator", scope="accounts:read")
    access.administer(caller(request))
    return {"items": [_account(row) for row in accounts.users()]}


@router.post("", response={201: dict[str, Any]}, summary="Make an account; its first password is told once")
def add(request: HttpRequest, said: AccountIn) -> Status[dict[str, Any]]:
    asking = caller(request)
    access.must(asking, "administrator", scope="accounts:write")
    access.administer(asking)
    email, name = lengths.account(said.email, said.name, said.language)
    user, word = groups.add_user(
        email, name, role=said.role, by=asking.by, entities=said.entities, brands=said.brands,
        language=said.language,
    )  # fmt: skip
    return Status(201, {"id": str(user.id), "password": word})


@router.post("/{account}/active", summary="Close an account, or open it again")
def active(request: HttpRequest, account: UUID, said: Active) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, "administrator", scope="accounts:write")
    access.administer(asking)
    if str(account) == asking.user_id and not said.active:
        raise UsageError("You cannot close your own account.", hint="Ask another administrator.")
    user = groups.set_active(str(account), said.active, by=asking.by)
    return {"id": str(user.id), "active": user.is_active}


@router.get("/keys", summary="Every API key, without its word")
def keys(request: HttpRequest) -> dict[str, Any]:
    access.must(caller(request), "administrator", scope="accounts:read")
    access.administer(caller(request))
    shown = ("name", "prefix", "role", "scopes", "entities", "brands", "created_at", "last_used_at", "revoked_at")
    return {"items": [{name: getattr(row, name) for name in shown} for row in accounts.keys()]}  # noqa: SIM118


@router.post("/keys", response={201: dict[str, Any]}, summary="Make an API key; its word is told once")
def make_key(request: HttpRequest, said: KeyIn) -> Status[dict[str, Any]]:
    asking = caller(request)
    access.must(asking, "administrator", scope="accounts:write")
    access.administer(asking)
    key, word = groups.make_key(
        asking,
        lengths.fits(said.name, lengths.OWNER),
        role=said.role,
        scopes=said.scopes,
        entities=said.entities,
        brands=said.brands,
    )
    return Status(201, {"prefix": key.prefix, "key": word})


@router.post("/keys/{prefix}/revoke", response={204: None}, summary="Revoke a key, at once")
def revoke_key(request: HttpRequest, prefix: str) -> Status[None]:
    asking = caller(request)
    access.must(asking, "administrator", scope="accounts:write")
    access.administer(asking)
    groups.revoke_key(asking, prefix)
    return Status(204, None)


def _account(row: Any) -> dict[str, Any]:
    shown = ("id", "email", "name", "language", "is_active", "last_login", "created_at")
    grants = [
        {"id": str(grant.id), "role": grant.role, "entity": grant.entity.slug if grant.entity else None,
         "brands": grant.brands}
        for grant in row.grants.all()
    ]  # fmt: skip
    return {**{name: getattr(row, name) for name in shown}, "grants": grants}
