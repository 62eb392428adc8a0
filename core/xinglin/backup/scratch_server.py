"""A PostgreSQL server of our own for a while: no network, a private socket, nothing of the site's configuration."""

from __future__ import annotations

import shlex
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy
from sqlalchemy import exc, text

from xinglin.backup.errors import BackupRefused
from xinglin.backup.tools import Tools
from xinglin.kernel.db import Database

WAIT_SECONDS = 6 * 3600
LOOK_SECONDS = 0.2
PORT = 5432
SAFE = {
    "listen_addresses": "",
    "hot_standby": "off",
    # What the site's server does for others, this one must not: archive its WAL, wait for a standby, load libraries.
    "archive_mode": "off",
    "synchronous_standby_names": "",
    "shared_preload_libraries": "",
    "primary_conninfo": "",
    "ssl": "off",
    "logging_collector": "off",
}

OWN = {
    "options": "-c statement_timeout=0",
    "sslmode": "disable",
    "gssencmode": "disable",
    "channel_binding": "disable",
    "require_auth": "none",
    "target_session_attrs": "any",
    "load_balance_hosts": "disable",
}
"""No PG… variable of the environment says otherwise, then. Those without a word for "none", such as PGHOSTADDR, stop the portal too."""


@contextmanager
def running(
    data: Path, tools: Tools, options: Mapping[str, str], url: sqlalchemy.URL, *folders: Path
) -> Iterator[Database]:
    """Start the server in `data`, wait until it takes connections, stop it at the end. `url` gives user and database."""
    # Not inside `data`: the path of a socket has at most 107 bytes.
    private = Path(tempfile.mkdtemp(prefix="xinglin-"))
    (private / "hba.conf").write_text("local all all trust\n", encoding="utf-8")
    (private / "postgresql.conf").touch()
    (private / "ident.conf").touch()
    own = {
        "config_file": str(private / "postgresql.conf"),
        "hba_file": str(private / "hba.conf"),
        "ident_file": str(private / "ident.conf"),
        "unix_socket_directories": str(private),
        "port": str(PORT),
    }
    try:
        tools.hand_over(private, data, *folders)
        # On the command line, where it beats the postgresql.auto.conf that came with the backup.
        words = [
            word for key, value in {**SAFE, **own, **options}.items() for word in ("-c", f"{key}={value}")
        ]
        database = Database(_address(url, private).render_as_string())
        try:
            _start(data, tools, words, private / "log")
            _await(database, private / "log")
            yield database
        finally:
            database.dispose()
            _stop(data, tools)
    finally:
        shutil.rmtree(private)


def _address(url: sqlalchemy.URL, private: Path) -> sqlalchemy.URL:
    """Of the server behind the private socket."""
    query = {"host": str(private), "port": str(PORT), **OWN}
    # Not `url.set`: to that, None means to leave the host as it is.
    return sqlalchemy.URL.create(url.drivername, url.username, database=url.database, query=query)


def _start(data: Path, tools: Tools, words: list[str], log: Path) -> None:
    arguments = ("-D", str(data), "-w", "-t", str(WAIT_SECONDS), "-l", str(log), "-o", shlex.join(words))
    try:
        tools.run("pg_ctl", "start", *arguments, is_server=True)
    except BackupRefused as error:
        raise _dead(log) from error


def _stop(data: Path, tools: Tools) -> None:
    if not (data / "postmaster.pid").exists():
        return
    try:
        tools.run("pg_ctl", "stop", "-D", str(data), "-m", "fast", "-w", is_server=True)
    except BackupRefused:
        # It ended by itself meanwhile: why, the error under way says, and this one must not hide it.
        if (data / "postmaster.pid").exists():
            raise


def _await(database: Database, log: Path) -> None:
    """Until recovery has come to its end. `pg_ctl` waits only until the server runs."""
    pause = threading.Event()
    while True:
        try:
            with database.engine.connect() as connection:
                if not connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
                    return
        except exc.OperationalError as error:
            if "the database system is" not in str(error):  # starting up, not yet accepting, shutting down
                raise _dead(log, " ".join(str(error.orig).split())) from error
        pause.wait(LOOK_SECONDS)


def _dead(log: Path, driver_said: str = "") -> BackupRefused:
    """What the server's log says of its end; `driver_said` when it says nothing."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    fatal = [
        line.partition("FATAL:")[2].strip()
        for line in lines
        if "FATAL:" in line and "not accepting" not in line
    ]
    reason = fatal[-1] if fatal else driver_said or "it ended"
    return BackupRefused(
        f"the restored server does not start: {reason}. Cure: a moment that the kept WAL reaches, "
        "and PostgreSQL's programs of the same major version"
    )
