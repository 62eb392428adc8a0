"""The MAC over what a grant allows: a row that SQL made, widened or revived gives no right (GB/T 39786 8.4)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from xinglin.auth.models import Grant
from xinglin.crypto.errors import KeyMissing
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import KEYRING_OPTION

PURPOSE = "grant"


def keyring_of(reader: Session | Connection) -> Keyring:
    """The key ring of the database that `reader` speaks to. Raises `KeyMissing`."""
    bind = reader.get_bind() if isinstance(reader, Session) else reader
    keyring: Keyring | None = bind.get_execution_options().get(KEYRING_OPTION)
    if keyring is None:
        raise KeyMissing(
            "grants and sessions: this database was opened without keys. Cure: Database.use_keys(keyring)"
        )
    return keyring


def mac_of(
    keyring: Keyring,
    *,
    public_id: str,
    person_id: int,
    permission: str,
    object_key: str | None,
    can_pass_on: bool,
    expires_at: datetime | None,
    department_ids: Iterable[int],
    is_revoked: bool,
) -> str:
    """What `mac` must hold for these values; the key is outside of the database."""
    end = expires_at.astimezone(UTC).isoformat() if expires_at else None
    values = [public_id, person_id, permission, object_key, bool(can_pass_on), end]
    values += [sorted(department_ids), is_revoked]
    return keyring.mac(json.dumps(values).encode(), purpose=PURPOSE)


def bind(grant: Grant, keyring: Keyring) -> None:
    """Write the MAC over the grant as it is now."""
    grant.mac = _mac(grant, keyring)


def is_genuine(grant: Grant, keyring: Keyring) -> bool:
    """Whether the grant is as the portal wrote it."""
    return grant.mac == _mac(grant, keyring)


def _mac(grant: Grant, keyring: Keyring) -> str:
    return mac_of(
        keyring,
        public_id=grant.public_id,
        person_id=grant.person_id,
        permission=grant.permission,
        object_key=grant.object_key,
        can_pass_on=grant.can_pass_on,
        expires_at=grant.expires_at,
        department_ids=[department.id for department in grant.departments],
        is_revoked=grant.revoked_at is not None,
    )
