"""The keys of a site and its database belong together: what another key ring would write here, nobody could check again.

The audit trail tells whose a database is: each record and each seal bears the id of the root key, which no rotation
changes, and neither can be changed unnoticed.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, exc

from xinglin.crypto.errors import KeyMissing
from xinglin.crypto.keys import FILE as KEYS
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.kernel.settings import CoreSettings

CURE = (
    "put back the secrets of this site: its master key, or the shares with `xinglin crypto recover`, and the newest "
    f"keys-….json from backup_keys_folder as {KEYS}"
)
OLDEST = {
    "core_audit_record": "SELECT key_id FROM core_audit_record ORDER BY id LIMIT 1",
    "core_audit_seal": "SELECT key_id FROM core_audit_seal ORDER BY number LIMIT 1",
}
"""The oldest of each that is there. Two witnesses: who changed one record must not be able to lock the site."""
TABLE_THERE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name = '{}'",
    "postgresql": "SELECT to_regclass('{}')",
}


def guard(database: Database, keyring: Keyring) -> None:
    """Let no connection of `database` be used unless the audit trail in it began under these keys.

    The first connection of each engine is asked, so that neither a page nor a command without a database pays for it.
    It raises `KeyMissing`.
    """
    for engine in (database.engine, database.reader):
        _guard(engine, keyring)


def meet(database: Database) -> None:
    """Connect once before anything is done with the keys. Raises `KeyMissing`; a server that is down decides later."""
    with contextlib.suppress(exc.OperationalError), database.engine.connect():
        pass


def make_keys(settings: CoreSettings) -> Keyring:
    """The keys of a new site; those that exist are kept. Raises `KeyMissing` where the database holds another site's past."""
    path = settings.secrets_folder / KEYS
    if not path.exists() and (known := _known(settings)):
        raise KeyMissing(
            f"{path} is missing, and the database was written under the keys {known[0]}: new ones could read nothing "
            f"of it. Cure: {CURE}"
        )
    return Keyring.create(
        settings.secrets_folder,
        suite=settings.crypto_suite,
        provider=settings.crypto_key_provider,
        token=settings.token,
    )


def _guard(engine: Engine, keyring: Keyring) -> None:
    @event.listens_for(engine, "first_connect")
    def _compare(connection: Any, record: Any) -> None:
        known = _written_under(connection, engine.dialect.name)
        if known and keyring.key_id not in known:
            connection.close()
            raise KeyMissing(
                f"{keyring.folder} holds the keys {keyring.key_id} of another site: this database was written under "
                f"the keys {known[0]}. Cure: move them away and {CURE}"
            )


def _known(settings: CoreSettings) -> list[str]:
    database = Database(settings.database)
    try:
        if database.is_sqlite and not Path(str(database.url.database)).exists():
            return []  # connecting would make the file
        with database.engine.connect() as connection:
            return _written_under(connection.connection.dbapi_connection, database.url.get_backend_name())
    finally:
        database.dispose()


def _written_under(connection: Any, backend: str) -> list[str]:
    """Ids of the keys that wrote the oldest seal and the oldest record; none in a new database. It ends its transaction."""
    found = []
    cursor = connection.cursor()
    for table, query in OLDEST.items():
        if any(row[0] for row in cursor.execute(TABLE_THERE[backend].format(table)).fetchall()):
            found += [row[0] for row in cursor.execute(query).fetchall()]
    cursor.close()
    connection.rollback()
    return found
