"""`/health`: one line per part for the load balancer and for IT; details only inside, no secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from sqlalchemy import exc, inspect, text
from sqlalchemy.orm import Session

from xinglin.audit.health import health as audit_health
from xinglin.audit.models import AuditRecord
from xinglin.backup.health import health as backup_health
from xinglin.files.health import health as files_health
from xinglin.kernel import migrate
from xinglin.kernel.plugins import PluginSet, call_each, call_safely, implementations
from xinglin.kernel.site import Site
from xinglin.push.health import health as push_health
from xinglin.types import HealthCheck
from xinglin.wecom.health import health as wecom_health

AREAS: tuple[Callable[[Session, Any], list[HealthCheck]], ...] = (
    push_health,
    wecom_health,
    files_health,
    audit_health,
)


def includeme(config: Configurator) -> None:
    config.add_route("core.health", "/health")
    config.add_view(view, route_name="core.health", renderer="json", permission="core:public")


def view(request: Request) -> dict[str, Any]:
    """200 when the portal can serve, 503 when it cannot; a quarantined module is shown and does not make it sick."""
    checks = checks_of(request.registry.xinglin_site, request.plugins)
    is_up = all(check.is_well for check in checks if check.name in ("database", "migrations", "files"))
    request.response.status = 200 if is_up else 503
    shown = [{"name": check.name, "well": check.is_well} for check in checks]
    return {"up": is_up, "well": all(check.is_well for check in checks), "checks": shown}


def checks_of(site: Site, found: PluginSet) -> list[HealthCheck]:
    """Every line of health: parts of the core, quarantined modules, and what modules say of themselves."""
    checks = [_database(site), _files(site.settings.files_folder)]
    checks += [
        HealthCheck(f"module {name}", False, f"{lost.stage}: {lost.reason}", "see `xinglin plugins check`")
        for name, lost in found.quarantined.items()
    ]
    if checks[0].is_well:
        checks.append(_migrations(site, found))
        with site.database.read_session() as session:
            if inspect(session.connection()).has_table(AuditRecord.__tablename__):
                checks += _parts(site, found, session)
    return checks


def _parts(site: Site, found: PluginSet, session: Session) -> Iterator[HealthCheck]:
    for area in AREAS:
        done, lines = call_safely(session, area.__module__, "health", partial(area, session, site.clock))
        yield from lines if done else [HealthCheck(area.__module__, False, "failed", "see the log")]
    lines = partial(backup_health, session, site.clock, site.settings)
    done, found_lines = call_safely(session, backup_health.__module__, "health", lines)
    yield from found_lines if done else [HealthCheck("backup", False, "failed", "see the log")]
    answers = dict(call_each(found, "xinglin_health", session))
    for name, _function in implementations(found.manager, "xinglin_health"):
        lost = HealthCheck(f"module {name}", False, "its health check failed", "see the log of the portal")
        yield from answers.get(name, [lost])


def _database(site: Site) -> HealthCheck:
    try:
        with site.database.read_session() as session:
            session.execute(text("SELECT 1"))
    except exc.SQLAlchemyError as error:
        return HealthCheck("database", False, type(error).__name__, "start the database and look at its log")
    return HealthCheck("database", True, site.database.url.get_backend_name())


def _files(folder: Path) -> HealthCheck:
    is_well = folder.is_dir()
    return HealthCheck(
        "files", is_well, str(folder), "" if is_well else f"create {folder} for the portal's user"
    )


def _migrations(site: Site, found: PluginSet) -> HealthCheck:
    behind = [name for name in ("core", *found.plugins) if not migrate.is_current(site.database, name, found)]
    cure = "run `xinglin db upgrade`" if behind else ""
    return HealthCheck("migrations", not behind, ", ".join(behind) or "current", cure)
