"""The WAL of PostgreSQL between two backups: received all the time, sealed a segment at a time.

What the server's own `pg_receivewal` writes lies in the folder `wal/receiving` until its segment is whole; then it is
compressed and sealed into `wal`, copied to the second place, and removed there.
"""

from __future__ import annotations

import gzip
import hmac
import json
import shutil
import subprocess
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import exc, text

from xinglin.backup import parts
from xinglin.backup.errors import BackupDamaged, BackupRefused
from xinglin.backup.manifest import Part
from xinglin.backup.parts import Sealing
from xinglin.backup.shelf import Shelf
from xinglin.backup.tools import Tools, conninfo
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.types import Clock

FOLDER = "wal"
RECEIVING = "receiving"
SLOT = "xinglin_wal"
PARTIAL = ".partial"
NOTE = ".json"
HISTORY = ".history"
LOOKED = "looked"
PURPOSE = "backup wal"
LOOK_SECONDS = 2.0
SWITCH_SECONDS = 60.0
STOP_SECONDS = 10


@dataclass(frozen=True)
class WalKeeper:
    """Receives and seals the WAL of one server. `folder` is that of the backups."""

    folder: Path
    copies: Shelf | None
    database: Database
    keyring: Keyring
    clock: Clock
    tools: Tools

    @property
    def receiving(self) -> Path:
        return self.folder / FOLDER / RECEIVING

    def run(self, stopped: threading.Event) -> None:
        """Until `stopped`, or until the server is gone: then raises `BackupRefused`, and is started again."""
        self.receiving.mkdir(parents=True, exist_ok=True, mode=0o700)
        if looked_at(self.folder) is None:
            self._note_look()
        self._make_slot()
        arguments = (
            f"--directory={self.receiving}",
            f"--slot={SLOT}",
            "--synchronous",
            "--no-loop",
            "--no-password",
        )
        with self.tools.started("pg_receivewal", *arguments, url=self.database.url) as receiver:
            try:
                self._tend(receiver, stopped)
            finally:
                receiver.terminate()
                receiver.wait(STOP_SECONDS)
                self.seal_whole()

    def _tend(self, receiver: subprocess.Popen[bytes], stopped: threading.Event) -> None:
        looks, at = 0, ""
        while not stopped.wait(LOOK_SECONDS):
            self.seal_whole()
            looks += 1
            if looks * LOOK_SECONDS % SWITCH_SECONDS < LOOK_SECONDS:
                at = self._switch(at)
                self._note_look()
            if receiver.poll() is not None:
                raise BackupRefused(
                    "pg_receivewal ended. Cure: is the server running, may the role do REPLICATION?"
                )

    def _note_look(self) -> None:
        """Until now all is well: what was whole is sealed and copied, and what was written is a whole segment in a moment."""
        path = self.folder / FOLDER / LOOKED
        half = path.with_suffix(".unfinished")
        half.write_text(self.clock.now().isoformat(), encoding="ascii")
        half.replace(path)

    def seal_whole(self) -> list[str]:
        """Seal every whole segment; their names."""
        whole = [path for path in sorted(self.receiving.iterdir()) if path.suffix != PARTIAL]
        for path in whole:
            self._seal(path, path.name)
        return [path.name for path in whole]

    def _seal(self, path: Path, name: str) -> None:
        target = self.folder / FOLDER
        sealing = Sealing(target, FOLDER, self.keyring)
        for left in (target / f"{name}.sealed", target / f"{name}{NOTE}"):
            left.unlink(missing_ok=True)
        with (
            path.open("rb") as source,
            sealing.part(name) as out,
            gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packed,
        ):
            shutil.copyfileobj(source, packed, parts.PIECE)
        content = {
            **asdict(sealing.parts[0]),
            "at": self.clock.now().isoformat(),
            "key_id": self.keyring.key_id,
        }
        note = target / f"{name}{NOTE}"
        note.write_text(json.dumps({**content, "mac": _mac(content, self.keyring)}), encoding="utf-8")
        if self.copies is not None:
            self.copies.put(target / f"{name}.sealed", FOLDER)
            self.copies.put(note, FOLDER)
        path.unlink()

    def _make_slot(self) -> None:
        with self.database.engine.connect() as connection:
            query = text("SELECT 1 FROM pg_replication_slots WHERE slot_name = :name")
            is_known = connection.execute(query, {"name": SLOT}).scalar() is not None
        if is_known:
            return
        # Another server than before, restored or promoted: what the last one left unfinished is kept as it is.
        for path in sorted(self.receiving.glob(f"*{PARTIAL}")):
            self._seal(path, path.name.removesuffix(PARTIAL))
        arguments = ("--create-slot", "--if-not-exists", f"--slot={SLOT}", "--no-password")
        self.tools.run(
            "pg_receivewal", *arguments, f"--dbname={conninfo(self.database.url)}", url=self.database.url
        )

    def _switch(self, before: str) -> str:
        """End the segment when anything was written since `before`, so that the second place has it; where WAL is now."""
        with self.database.engine.connect() as connection:
            at = str(connection.execute(text("SELECT pg_current_wal_insert_lsn()::text")).scalar_one())
            if at == before:
                return at
            try:
                connection.execute(text("SELECT pg_switch_wal()"))
            except exc.ProgrammingError as error:
                reason = " ".join(str(error.orig).split())
                raise BackupRefused(
                    f"no segment can be ended: {reason}. Cure: in the database {self.database.url.database} itself "
                    "GRANT EXECUTE ON FUNCTION pg_switch_wal(), see docs/backup.md"
                ) from error
            return str(connection.execute(text("SELECT pg_current_wal_insert_lsn()::text")).scalar_one())


def looked_at(folder: Path) -> datetime | None:
    """When a keeper below `folder`, that of the backups, last had everything sealed; None: none ever worked there."""
    try:
        return datetime.fromisoformat((folder / FOLDER / LOOKED).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


def sealed_at(folder: Path) -> datetime | None:
    """When the newest segment below `folder` was sealed."""
    notes = [path.stat().st_mtime for path in (folder / FOLDER).glob(f"*{NOTE}")]
    return datetime.fromtimestamp(max(notes), UTC) if notes else None


def forget(shelf: Shelf, before: datetime) -> None:
    """Remove the segments that were whole `before` the oldest backup began: no restore needs them."""
    for file in shelf.files(FOLDER):
        if not file.endswith(NOTE):
            continue
        with shelf.open(FOLDER, file) as stream:
            at = datetime.fromisoformat(json.load(stream)["at"])
        # History files of timelines are small and always needed.
        if at < before and HISTORY not in file:
            shelf.delete_file(FOLDER, f"{file.removesuffix(NOTE)}.sealed")
            shelf.delete_file(FOLDER, file)


def unseal(shelf: Shelf, keyring: Keyring, since: datetime, target: Path) -> int:
    """Write every segment that was received after `since` into `target`, the unfinished last one too; how many."""
    count = 0
    for file in shelf.files(FOLDER):
        if not file.endswith(NOTE):
            continue
        part, at = _noted(shelf, file, keyring)
        if at < since and HISTORY not in part.name:
            continue
        with (
            parts.opened(shelf, FOLDER, part, keyring) as plain,
            gzip.open(plain) as source,
            (target / part.name).open("wb") as out,
        ):
            shutil.copyfileobj(source, out, parts.PIECE)
        count += 1
    return count + _unfinished(shelf, target)


def _unfinished(shelf: Shelf, target: Path) -> int:
    """The segments that still lie in `receiving`, when the shelf is a folder of this host."""
    folder = Path(shelf.url) / FOLDER / RECEIVING
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in paths:
        shutil.copyfile(path, target / path.name.removesuffix(PARTIAL))
    return len(paths)


def _noted(shelf: Shelf, file: str, keyring: Keyring) -> tuple[Part, datetime]:
    with shelf.open(FOLDER, file) as stream:
        content = json.load(stream)
    mac = str(content.pop("mac", ""))
    if not hmac.compare_digest(mac, _mac(content, keyring)):
        raise BackupDamaged(f"wal: {file} was changed, or is of another site. Cure: take the other copy")
    at = datetime.fromisoformat(content.pop("at"))
    content.pop("key_id")
    return Part(**content), at


def _mac(content: dict[str, Any], keyring: Keyring) -> str:
    return keyring.mac(json.dumps(content, sort_keys=True).encode(), purpose=PURPOSE)
