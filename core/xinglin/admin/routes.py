"""Routes of the admin API. What they take and answer stands in `openapi.yaml`, and each request is held against it.

Who may call them stands in `roles.MAY`.
"""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from typing import Any

from pyramid.config import Configurator
from pyramid_openapi3.exceptions import RequestValidationError, ResponseValidationError
from sqlalchemy import exc

from xinglin.admin import auditing, directory, problems, roles, service
from xinglin.admin.gate import Gate
from xinglin.api.services import DomainError
from xinglin.auth.policy import ADMINISTRATOR
from xinglin.kernel import errors as kernel_errors

BASE = "/api/admin/v1"
ROUTES = (
    ("core.admin_login", "/login", ("POST",)),
    ("core.admin_logout", "/logout", ("POST",)),
    ("core.admin_modules", "/modules", ("GET",)),
    ("core.admin_permissions", "/permissions", ("GET",)),
    ("core.admin_departments", "/departments", ("GET",)),
    ("core.admin_people", "/people", ("GET",)),
    ("core.admin_grants", "/grants", ("GET", "POST")),
    ("core.admin_grant", "/grants/{id}", ("DELETE",)),
    ("core.admin_zones", "/zones", ("GET", "PUT")),
    ("core.admin_sessions_end", "/people/{id}/sessions/end", ("POST",)),
    ("core.admin_administrators", "/administrators", ("GET",)),
    ("core.admin_unlock", "/administrators/{id}/unlock", ("POST",)),
    ("core.admin_keys", "/keys", ("GET",)),
    ("core.admin_audit", "/audit", ("GET",)),
    ("core.admin_audit_verify", "/audit/verify", ("GET", "POST")),
    ("core.admin_audit_export", "/audit/export", ("GET",)),
)


def includeme(config: Configurator) -> None:
    """Register the admin API."""
    config.include("pyramid_openapi3")
    config.pyramid_openapi3_add_deserializer(problems.MEDIA_TYPE, json.loads)
    config.pyramid_openapi3_add_deserializer("text/csv", bytes.decode)
    with as_file(files("xinglin_schemas") / "openapi.yaml") as path:
        config.pyramid_openapi3_spec(
            str(path),
            route=f"{BASE}/openapi.yaml",
            route_name="core.admin_contract",
            permission=ADMINISTRATOR,
        )
    config.add_service(directory.DirectoryService, directory.factory)
    config.add_service(service.GrantDesk, service.factory)
    config.add_service(auditing.AuditDesk, auditing.factory)
    config.registry.xinglin_admin_methods = {name: methods for name, _path, methods in ROUTES}
    for name, path_below, _methods in ROUTES:
        config.add_route(name, f"{BASE}{path_below}", factory=Gate)
    config.scan("xinglin.admin.views")
    for area in ("access_views", "security_views", "audit_views"):
        config.scan(f"xinglin.admin.{area}")
    _add_problems(config)


def _add_problems(config: Configurator) -> None:
    config.add_view_predicate("admin_api", problems.AdminApi)
    config.add_notfound_view(problems.not_found, admin_api=True)
    config.add_forbidden_view(problems.forbidden, admin_api=True)
    views: tuple[tuple[Any, type[Exception]], ...] = (
        (problems.domain_error, DomainError),
        (problems.wrong_role, roles.WrongRole),
        (problems.invalid_request, RequestValidationError),
        (problems.fault(problems.broken_promise), ResponseValidationError),
        (problems.bad_encoding, UnicodeDecodeError),
        (problems.fault(kernel_errors.database_error), exc.OperationalError),
        (problems.fault(kernel_errors.database_error), exc.TimeoutError),
        (problems.fault(kernel_errors.system_error), Exception),
    )
    for view, context in views:
        config.add_exception_view(view, context=context, admin_api=True)
