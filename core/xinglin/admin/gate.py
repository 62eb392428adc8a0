"""The door of the admin API: what nobody could read is refused before anybody tries."""

from __future__ import annotations

import json
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from xinglin.admin import roles
from xinglin.admin.errors import Unreadable
from xinglin.api.i18n import translator

_ = translator("core")
LONGEST_BODY = 65_536
"""In bytes; the longest request of the contract, two hundred departments, has a fifth of it."""


class Gate:
    """The root factory of the API's routes. Raises `Unreadable`, `WrongRole`, or `HTTPNotFound` for another method.

    It runs before the contract is applied: a body or a query that cannot be decoded would break that check itself.
    """

    def __init__(self, request: Request) -> None:
        _check_method(request)
        roles.check(request)
        _check_query(request)
        _check_body(request)


def _check_method(request: Request) -> None:
    # Pyramid lets a view for GET answer HEAD too, which the contract does not know.
    if request.method not in request.registry.xinglin_admin_methods[request.matched_route.name]:
        raise HTTPNotFound


def _check_query(request: Request) -> None:
    try:
        values = [*request.GET.keys(), *request.GET.values(), *(request.matchdict or {}).values()]
    except UnicodeDecodeError as error:
        raise _unreadable() from error
    if not _is_storable(values):
        raise _unreadable()


def _check_body(request: Request) -> None:
    if request.content_type not in ("", "application/json"):
        raise Unreadable(_("The body of the request must be JSON."), _("Send it as application/json."))
    if (request.content_length or 0) > LONGEST_BODY:
        raise Unreadable(_("The request is too long."), _("Name fewer departments."))
    if not request.content_length:
        return
    try:
        body = json.loads(request.body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error
    if not _is_storable(body):
        raise _unreadable()


def _is_storable(value: Any) -> bool:
    """Whether every text is one that a database takes: no NUL, no half of a surrogate pair."""
    if isinstance(value, dict):
        return _is_storable([*value.keys(), *value.values()])
    if isinstance(value, list):
        return all(map(_is_storable, value))
    if not isinstance(value, str):
        return True
    return "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def _unreadable() -> Unreadable:
    return Unreadable(
        _("The request cannot be read."), _("Update the admin tool; if it stays so, tell the IT department.")
    )
