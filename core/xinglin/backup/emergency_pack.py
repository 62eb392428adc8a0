"""The emergency pack: a page to print that tells a stranger how this site comes back. It holds no secret."""

from __future__ import annotations

import os
import pwd
import socket
import sys
from datetime import datetime
from pathlib import Path

import jinja2
from sqlalchemy.orm import Session

from xinglin import __version__
from xinglin.backup import runs
from xinglin.backup.models import BACKUP, DRILL, BackupRun
from xinglin.backup.service import Backups
from xinglin.crypto.keys import FILE as DATA_KEYS
from xinglin.crypto.providers import KEY_FILE
from xinglin.crypto.shares import CEREMONY
from xinglin.kernel.settings import SECRETS, CoreSettings

TEMPLATE = "emergency_pack.jinja2"
NOT_TYPED = {KEY_FILE, DATA_KEYS, CEREMONY}
"""What comes back from the custodians' shares, and the note of their splitting, which is no secret."""


def page(backups: Backups, session: Session) -> str:
    """The HTML of the page, Chinese first, then English."""
    settings = backups.settings
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("xinglin.backup", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(TEMPLATE).render(
        settings=settings,
        ini=backups.ini,
        ini_text=backups.ini_text(),
        program=Path(sys.prefix) / "bin" / "xinglin",
        user=_owner(settings.secrets_folder),
        secrets=secrets_of(settings),
        database_file=backups.database.url.database,
        server_user=settings.postgresql_user,
        host=socket.gethostname(),
        version=__version__,
        database=backups.database.url.render_as_string(hide_password=True),
        is_sqlite=backups.database.is_sqlite,
        key_id=backups.keyring.key_id,
        key_version=backups.keyring.keys.active.version,
        made_at=_shown(backups, backups.clock.now()),
        custodians=_people(settings.backup_custodians),
        contacts=_people(settings.backup_contacts),
        last={kind: _run(backups, runs.newest(session, kind, is_well=True)) for kind in (BACKUP, DRILL)},
    )


def secrets_of(settings: CoreSettings) -> list[str]:
    """The names of what no backup holds and no share gives back; never a content."""
    folder = settings.secrets_folder
    files = [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    variables = [f"XINGLIN_{name.upper()}" for name in SECRETS]
    return sorted({name for name in files if name not in NOT_TYPED and not name.startswith(".")}) + [
        name for name in variables if os.environ.get(name)
    ]


def _owner(folder: Path) -> str:
    """Whom the portal runs as: its secrets are his."""
    number = folder.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _people(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _run(backups: Backups, found: BackupRun | None) -> tuple[str, str, str] | None:
    """Its moment, the backup's name and what was found."""
    return (_shown(backups, found.started_at), found.backup, found.detail) if found else None


def _shown(backups: Backups, moment: datetime) -> str:
    return f"{moment.astimezone(backups.settings.zone):%Y-%m-%d %H:%M}"
