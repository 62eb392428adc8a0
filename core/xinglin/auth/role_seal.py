"""The MAC that binds an administrator's role to the account and its person: a row that SQL changed opens nothing."""

from __future__ import annotations

import json

from xinglin.auth.models import Administrator
from xinglin.crypto.service import Keyring

PURPOSE = "administrator role"


class RoleChanged(Exception):
    """An account is not as the portal wrote it: its role, its person or its state was changed behind the portal's back."""

    def __init__(self, administrator_id: int, public_id: str) -> None:
        super().__init__(f"the account {public_id} is not as the portal wrote it")
        self.administrator_id = administrator_id
        self.public_id = public_id


def mac_of(
    keyring: Keyring, *, public_id: str, login: str, role: str, person_id: int | None, is_active: bool
) -> str:
    """What `role_mac` must hold for these values; the key is outside of the database."""
    values = [public_id, login, str(role), person_id, bool(is_active)]
    return keyring.mac(json.dumps(values).encode(), purpose=PURPOSE)


def bind(administrator: Administrator, keyring: Keyring) -> None:
    """Write the MAC over the row as it is now."""
    administrator.role_mac = _mac(administrator, keyring)


def is_genuine(administrator: Administrator, keyring: Keyring) -> bool:
    """Whether the row is as the portal wrote it."""
    return administrator.role_mac == _mac(administrator, keyring)


def _mac(row: Administrator, keyring: Keyring) -> str:
    return mac_of(
        keyring,
        public_id=row.public_id,
        login=row.login,
        role=row.role,
        person_id=row.person_id,
        is_active=row.is_active,
    )
