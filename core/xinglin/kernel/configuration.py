"""What the ini said, and which secrets were set, at each start: a change between two starts is recorded before → after."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from xinglin import __version__
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor, AuditTrail, details_of
from xinglin.crypto.service import Keyring, SealBroken
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.ini import masked
from xinglin.kernel.settings import SECRETS, CoreSettings, SecretMissing

SHOWN_DIGITS = 12
logger = logging.getLogger(__name__)


def note(context: CliContext) -> None:
    """Record the start, and what changed in the ini since the last one (secrets are never in the ini)."""
    after = _shown(context)
    with context.database.session() as session:
        query = select(AuditRecord).where(AuditRecord.action == "system.start")
        last = session.scalar(query.order_by(AuditRecord.id.desc()).limit(1))
        trail = AuditTrail(session, Actor.system("supervisor"), context.clock, context.keyring)
        before = _sections_of(_opened(last, context.keyring) if last else None)
        if before is not None and before != after:
            changed = _changes(before, after)
            trail.record(
                "config.change", "ini", context.site.ini.path.name, before=changed[0], after=changed[1]
            )
        quarantined = {name: lost.reason for name, lost in context.plugins.quarantined.items()}
        trail.record(
            "system.start", after={"version": __version__, "sections": after, "quarantined": quarantined}
        )


def _opened(last: AuditRecord, keyring: Keyring) -> str | None:
    try:
        return details_of(last, keyring)
    except SealBroken as error:
        logger.error(
            "the ini of the last start cannot be compared: %s. Cure: see `xinglin audit verify`", error
        )
        return None


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
    """The sections of the ini, the password inside an address masked; and which secrets there are."""
    sections = context.site.ini.sections.items()
    shown = {section: {key: masked(value) for key, value in values.items()} for section, values in sections}
    return shown | {"secrets": dict(_fingerprints(context.settings, context.keyring))}


def _fingerprints(settings: CoreSettings, keyring: Keyring) -> Iterator[tuple[str, str]]:
    """Name and keyed fingerprint of each secret that is set: a change is seen, the secret is not."""
    for name in SECRETS:
        try:
            secret = settings.secret(name)
        except SecretMissing:
            continue
        yield name, keyring.mac(secret.encode(), purpose="secret fingerprint")[:SHOWN_DIGITS]
