"""The MAC over whose a login session is and until when: a row that SQL wrote, re-pointed or prolonged logs nobody in."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from xinglin.auth.models import LoginSession
from xinglin.crypto.service import Keyring

PURPOSE = "login session"


class SessionChanged(Exception):
    """A session is not as the portal began it: its row was written or changed behind the portal's back."""

    def __init__(self, public_id: str) -> None:
        super().__init__(f"the session {public_id} is not as the portal began it")
        self.public_id = public_id


def mac_of(
    keyring: Keyring,
    *,
    token_hash: str,
    public_id: str,
    method: str,
    person_id: int | None,
    administrator_id: int | None,
    owner_public_id: str,
    created_at: datetime,
    expires_at: datetime,
) -> str:
    """What `mac` must hold for these values; the key is outside of the database."""
    # The owner's public id too: a role is bound to it and not to the number, under which accounts could be swapped.
    values = [token_hash, public_id, method, person_id, administrator_id, owner_public_id]
    values += [created_at.astimezone(UTC).isoformat(), expires_at.astimezone(UTC).isoformat()]
    return keyring.mac(json.dumps(values).encode(), purpose=PURPOSE)


def bind(row: LoginSession, owner_public_id: str, keyring: Keyring) -> None:
    """Write the MAC over the session as it begins; nothing that it covers changes afterwards."""
    row.mac = mac_of(
        keyring,
        token_hash=row.token_hash,
        public_id=row.public_id,
        method=row.method,
        person_id=row.person_id,
        administrator_id=row.administrator_id,
        owner_public_id=owner_public_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
