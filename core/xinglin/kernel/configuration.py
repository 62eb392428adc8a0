"""What the ini said at each start, in the audit trail: a change between two starts is recorded before → after."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy
from sqlalchemy import select

from xinglin import __version__
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor, AuditTrail
from xinglin.kernel.cli_context import CliContext


def note(context: CliContext) -> None:
    """Record the start, and what changed in the ini since the last one (secrets are never in the ini)."""
    after = _shown(context)
    with context.database.session() as session:
        query = select(AuditRecord.details).where(AuditRecord.action == "system.start")
        last = session.scalar(query.order_by(AuditRecord.id.desc()).limit(1))
        trail = AuditTrail(session, Actor.system("supervisor"), context.clock, context.keyring)
        before = _sections_of(last)
        if before is not None and before != after:
            changed = _changes(before, after)
            trail.record(
                "config.change", "ini", context.site.ini.path.name, before=changed[0], after=changed[1]
            )
        quarantined = {name: lost.reason for name, lost in context.plugins.quarantined.items()}
        trail.record(
            "system.start", after={"version": __version__, "sections": after, "quarantined": quarantined}
        )


def _sections_of(details: str | None) -> dict[str, Any] | None:
    return json.loads(details)["after"]["sections"] if details else None


def _changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    def flat(sections: dict[str, Any]) -> dict[str, str]:
        return {
            f"[{section}] {key}": value
            for section, values in sections.items()
            for key, value in values.items()
        }

    old, new = flat(before), flat(after)
    keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return {key: old.get(key) for key in keys}, {key: new.get(key) for key in keys}


def _shown(context: CliContext) -> dict[str, dict[str, str]]:
    """The sections of the ini; the password of a database address is masked."""
    sections = {section: dict(values) for section, values in context.site.ini.sections.items()}
    sections["xinglin"]["database"] = sqlalchemy.make_url(context.settings.database).render_as_string()
    return sections
