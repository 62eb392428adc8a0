"""Who is looking and what he may do: `request.identity`, `identity.may(…)`, grants."""

from __future__ import annotations

from pyramid.request import Request

from xinglin.auth.errors import GrantRefused
from xinglin.auth.grants import GrantFilter, GrantService
from xinglin.auth.identity import ALL, AllObjects, HeldGrant, Identity, held_grants
from xinglin.auth.models import LoginSession
from xinglin.auth.policy import ADMINISTRATOR, PERSON, PUBLIC, STAFF
from xinglin.auth.sessions import SessionService


def current(request: Request) -> Identity:
    """The identity of a view whose permission lets only known people in; `request.identity` may be None elsewhere."""
    identity: Identity | None = request.identity
    if identity is None:
        raise LookupError("nobody is logged in here. Cure: give the view a permission other than core:public")
    return identity


__all__ = [
    "ADMINISTRATOR",
    "ALL",
    "PERSON",
    "PUBLIC",
    "STAFF",
    "AllObjects",
    "GrantFilter",
    "GrantRefused",
    "GrantService",
    "HeldGrant",
    "Identity",
    "LoginSession",
    "SessionService",
    "current",
    "held_grants",
]
