"""Every refusal of the admin API as a problem document (RFC 9457) in the caller's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

from openapi_core.validation.request.exceptions import MissingRequiredParameter
from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid_openapi3.exceptions import RequestValidationError, ResponseValidationError

from xinglin.admin.errors import FieldProblem, Unreadable
from xinglin.admin.language import language_of, say
from xinglin.admin.roles import TITLES, WrongRole
from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.auth.afterwards import write_afterwards
from xinglin.auth.policy import BEARER_PATH
from xinglin.kernel import errors as kernel_errors

_ = translator("core")
MEDIA_TYPE = "application/problem+json"


class AdminApi:
    """The view predicate `admin_api`: whether the request is one of this API, whatever became of its path."""

    def __init__(self, value: bool, _info: Any) -> None:
        self._value = value

    def text(self) -> str:
        return f"admin_api = {self._value}"

    phash = text

    def __call__(self, _context: Any, request: Request) -> bool:
        return str(request.environ.get("PATH_INFO", "")).startswith(BEARER_PATH) is self._value


def problem(
    request: Request, status: int, message: str, cure: str = "", fields: Iterable[FieldProblem] = ()
) -> Response:
    """The answer `status`; `detail` is the sentence that the tool shows, with what to do about it."""
    gap = " " if language_of(request) == "en" else ""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": gap.join(filter(None, (say(request, message), say(request, cure)))),
        "errors": [{"field": one.field, "message": say(request, one.message)} for one in fields],
    }
    return Response(json=body, status=status, content_type=MEDIA_TYPE, charset="utf-8")


def domain_error(error: DomainError, request: Request) -> Response:
    """A rule said no. Who did it and what was refused is kept in the audit trail."""
    fields: Sequence[FieldProblem] = getattr(error, "fields", ())
    if request.identity is not None:
        _record(request, error.status, [one.field for one in fields])
    return problem(request, error.status, error.message, error.cure, fields)


def invalid_request(error: RequestValidationError, request: Request) -> Response:
    """The request breaks the contract. Values are not repeated: one of them may be a password."""
    return domain_error(
        Unreadable(
            _("The request does not follow the contract of this portal."),
            _("Update the admin tool; if it stays so, tell the IT department."),
            tuple(_complaints(error.errors)),
        ),
        request,
    )


def forbidden(error: HTTPForbidden, request: Request) -> Response:
    """Only administrators are given tokens: who may not go on is nobody known."""
    response = problem(request, 401, _("You are not logged in (any more)."), _("Sign in again."))
    response.headers["WWW-Authenticate"] = 'Bearer realm="xinglin"'
    return response


def wrong_role(error: WrongRole, request: Request) -> Response:
    """Says whose this is; who tried stands in the audit trail."""
    route, role = request.matched_route.name, request.identity.role
    after = {"method": request.method, "role": role, "needed": list(error.needed)}
    write_afterwards(
        request,
        lambda _session, audit: audit.record(
            "permission.refuse", "route", route, after=after, result="denied"
        ),
    )
    needed = say(request, _(" or ")).join(say(request, TITLES[role]) for role in error.needed)
    sentence = _("Only the ${roles} may do this.", mapping={"roles": needed})
    return problem(request, 403, sentence, _("Nobody holds two of the three administrator roles."))


def not_found(error: HTTPNotFound, request: Request) -> Response:
    """No such address; or the address is known and does not do this."""
    methods = request.registry.xinglin_admin_methods.get(getattr(request.matched_route, "name", ""))
    if methods is None:
        return problem(request, 404, _("There is nothing at this address."))
    response = problem(request, 405, _("This address does not do that."))
    response.allow = methods
    return response


def bad_encoding(error: UnicodeDecodeError, request: Request) -> Response:
    return problem(request, 400, _("The request cannot be read."))


def fault(answer: Callable[[Any, Request], Response]) -> Callable[[Any, Request], Response]:
    """The kernel's answer to a fault of our own. The contract has no words for it, so it is not held against it."""

    def view(error: Any, request: Request) -> Response:
        request.environ["pyramid_openapi3.validate_response"] = False
        return answer(error, request)

    return view


def broken_promise(error: ResponseValidationError, request: Request) -> Response:
    """Our own answer breaks the contract: a fault like any other, logged and recorded with its cause."""
    # The places only: the values may be names of people.
    places = ", ".join(sorted(_places(error.errors))) or "status or media type"
    return kernel_errors.system_error(BrokenPromise(f"{error.response.status}: {places}"), request)


class BrokenPromise(Exception):
    """An answer of ours does not follow `openapi.yaml`."""


def _complaints(errors: Iterable[Any]) -> Iterator[FieldProblem]:
    for error in errors:
        found = getattr(error.__cause__, "schema_errors", None) or [error.__cause__]
        for one in found:
            for field in _fields_of(error, one):
                yield FieldProblem(field, _sentence(error, one))


def _places(errors: Iterable[Any]) -> Iterator[str]:
    for error in errors:
        for one in getattr(error.__cause__, "schema_errors", ()):
            yield f"{one.json_path} ({one.validator})"


def _fields_of(error: Any, cause: Any) -> list[str]:
    if name := getattr(error, "name", ""):
        return [name]
    if path := list(getattr(cause, "absolute_path", ())):
        return [str(path[0])]
    if getattr(cause, "validator", "") == "required" and isinstance(cause.instance, dict):
        return [name for name in cause.validator_value if repr(name) in cause.message]
    return ["body"]


def _sentence(error: Any, cause: Any) -> str:
    if isinstance(error, MissingRequiredParameter) or getattr(cause, "validator", "") == "required":
        return _("This is missing.")
    return _("This is not in the form that is asked for.")


def _record(request: Request, status: int, fields: list[str]) -> None:
    after = {"method": request.method, "status": status, "fields": fields}
    route = request.matched_route.name
    write_afterwards(
        request,
        lambda _session, audit: audit.record("admin.refuse", "route", route, after=after, result="denied"),
    )
