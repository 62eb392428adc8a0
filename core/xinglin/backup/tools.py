"""PostgreSQL's own programs: where they are, and how they are run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
import sqlalchemy

from xinglin.backup.errors import BackupRefused
from xinglin.kernel.settings import CoreSettings

SHOWN = 400


@dataclass(frozen=True)
class Tools:
    """`folder` None: on PATH. `user`: whom a server runs as when this process is root, which PostgreSQL refuses."""

    folder: Path | None
    user: str

    @classmethod
    def of(cls, settings: CoreSettings) -> Tools:
        return cls(settings.postgresql_tools, settings.postgresql_user)

    def path(self, program: str) -> str:
        """The program's path; raises `BackupRefused`."""
        found = shutil.which(program, path=str(self.folder) if self.folder else None)
        if found is None:
            where = self.folder or "PATH"
            raise BackupRefused(
                f"{program} is not in {where}. Cure: install PostgreSQL's programs of the server's version here and "
                "set postgresql_tools to their folder, such as /usr/lib/postgresql/18/bin"
            )
        return found

    def run(
        self, program: str, *arguments: str, url: sqlalchemy.URL | None = None, is_server: bool = False
    ) -> None:
        """Run it to its end; raises `BackupRefused` with what it said."""
        done = subprocess.run(
            [self.path(program), *arguments],
            env=self._environment(url),
            user=self.other_user if is_server else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        _refuse(program, done.returncode, done.stderr)

    @contextmanager
    def output(self, program: str, *arguments: str, url: sqlalchemy.URL) -> Iterator[IO[bytes]]:
        """What it writes, while it writes it; raises `BackupRefused` at the end when it failed."""
        with subprocess.Popen(
            [self.path(program), *arguments],
            env=self._environment(url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            try:
                # It says little, far less than a pipe holds, so its errors can wait for the end of its output.
                yield running.stdout
            except BaseException:
                running.kill()
                raise
            said = running.stderr.read()
        _refuse(program, running.returncode, said)

    @contextmanager
    def started(
        self, program: str, *arguments: str, url: sqlalchemy.URL
    ) -> Iterator[subprocess.Popen[bytes]]:
        """It runs beside the block, and says what it says on our standard error."""
        words = [self.path(program), *arguments, f"--dbname={conninfo(url)}"]
        with subprocess.Popen(words, env=self._environment(url), stdin=subprocess.DEVNULL) as running:
            yield running

    @property
    def other_user(self) -> str | None:
        """Whom a server must run as; None: as this process."""
        return self.user if os.geteuid() == 0 else None

    def hand_over(self, *folders: Path) -> None:
        """Let the server's user own what lies in these folders."""
        if self.other_user is None:
            return
        try:
            owner = pwd.getpwnam(self.other_user)
        except KeyError:
            raise BackupRefused(
                f"there is no user {self.other_user} here. Cure: set postgresql_user to the one who runs PostgreSQL"
            ) from None
        for folder in folders:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)

    def _environment(self, url: sqlalchemy.URL | None) -> dict[str, str]:
        if url is None:
            # A server of our own, and what looks at its files: PGPORT, PGDATA and the like are meant for another one.
            kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
            return {**kept, "LC_MESSAGES": "C"}
        # Not among the arguments: those can be read by every user of the host.
        password = {"PGPASSWORD": str(url.password)} if url.password else {}
        return {**os.environ, "LC_MESSAGES": "C", **password}


def conninfo(url: sqlalchemy.URL) -> str:
    """The address in libpq's words, several hosts too, without the password."""
    _arguments, keywords = url.get_dialect()().create_connect_args(url)
    keywords.pop("password", None)
    return psycopg.conninfo.make_conninfo("", **keywords)


def _refuse(program: str, code: int, said: bytes) -> None:
    if code:
        text = " ".join(said.decode(errors="replace").split())[-SHOWN:]
        raise BackupRefused(f"{program} failed: {text or f'exit code {code}'}. Cure: see docs/backup.md")
