"""A migrated database refuses to change its audit trail; archiving still can, and leaves the guard standing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import exc
from tests.unit.xinglin.audit.conftest import LI, Site

from xinglin.audit.archive import Archive
from xinglin.audit.service import AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel import migrate
from xinglin.kernel.db import Database
from xinglin.kernel.ini import IniFile
from xinglin.kernel.plugins import load
from xinglin.testing.databases import start_postgresql

KEPT = timedelta(days=184)


@pytest.fixture
def database(backend: str, tmp_path: Path, keyring: Keyring) -> Iterator[Database]:
    """Made by the migrations, as on a site."""
    address = f"sqlite:///{tmp_path}/guarded.db"
    made = Database(address if backend == "sqlite" else start_postgresql(f"guarded_{os.getpid()}"))
    made.use_keys(keyring)
    migrate.upgrade(made, load((), IniFile(Path("site.ini")), {}))
    yield made
    made.dispose()


def refused(site: Site, statement: str) -> bool:
    try:
        site.change(statement)
    except (exc.IntegrityError, exc.DBAPIError) as error:
        return "is append-only" in str(error)
    return False


def all_refused(site: Site) -> bool:
    statements = [
        "UPDATE core_audit_record SET actor_name = '王护士'",
        "DELETE FROM core_audit_record",
        "UPDATE core_audit_seal SET count = 0",
        "DELETE FROM core_audit_seal",
    ]
    if not site.database.is_sqlite:
        statements += ["TRUNCATE core_audit_record", "TRUNCATE core_audit_seal"]
    return all(refused(site, statement) for statement in statements)


def test_the_trail_is_append_only_also_after_archiving(
    make_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = make_site()
    site.act(1, 2)
    site.seal()
    assert all_refused(site)
    site.clock.advance(days=200)
    site.act("young")
    site.seal()
    now = site.clock.now()
    with site.database.session() as session:
        trail = AuditTrail(session, LI, site.clock, site.keyring)
        done = Archive(session, trail, site.keyring).run(tmp_path, now - KEPT, now, KEPT)
    assert done.records == 2
    assert site.ask("SELECT id FROM core_audit_record WHERE id < 3") == []
    assert all_refused(site)
    assert site.bad() == []


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_role_of_the_portal_without_the_right_cannot_touch_the_trail(
    make_site: Callable[..., Site],
) -> None:
    """The statements of docs/adr/0007: another role owns the tables; the portal's own reads and appends."""
    site = make_site()
    site.act(1)
    role = f"portal_{os.getpid()}"
    site.change(f"CREATE ROLE {role}")
    try:
        site.change(f"GRANT SELECT, INSERT ON core_audit_record, core_audit_seal TO {role}")
        site.change(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        with site.database.writer.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
            connection.exec_driver_sql("SET LOCAL xinglin.audit_archive = 'on'")
            assert connection.exec_driver_sql("SELECT count(*) FROM core_audit_record").scalar_one() == 1
            with pytest.raises(exc.ProgrammingError, match="permission denied"):
                connection.exec_driver_sql("DELETE FROM core_audit_record")
    finally:
        site.change(f"DROP OWNED BY {role}")
        site.change(f"DROP ROLE {role}")
