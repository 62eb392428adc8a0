"""A backup of a site at work: whole, sealed, checked, copied; and it comes back only into an empty place."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest
import sqlalchemy
from sqlalchemy import select
from tests.unit.xinglin.backup.conftest import CANARY, Hospital

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor
from xinglin.backup import scratch_server
from xinglin.backup.drill import drill
from xinglin.backup.errors import BackupBusy, BackupDamaged, BackupKeyWrong, BackupRefused
from xinglin.backup.restoring import Place, Restoring
from xinglin.backup.service import Backups
from xinglin.backup.shelf import Shelf
from xinglin.backup.tools import Tools
from xinglin.crypto.service import Keyring
from xinglin.files.storage import Storage
from xinglin.kernel.db import Database
from xinglin.people.models import Department

ADMIN = Actor("cli", "it", "it")


class Seen:
    """What lies in a restored database while it is open."""

    def __init__(self) -> None:
        self.codes: set[str] = set()
        self.recorded: set[str] = set()

    def look(self, database: Database) -> None:
        with database.read_session() as session:
            self.codes = set(session.scalars(select(Department.code)))
            recorded = select(AuditRecord.object_id).where(AuditRecord.action == "test.department")
            self.recorded = set(session.scalars(recorded))


def place_in(hospital: Hospital, name: str = "new") -> Place:
    folder = hospital.folder / name
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    return Place(folder / "database", Storage(str(folder / "files")))


def restore(hospital: Hospital, name: str, place: Place, shelf: Shelf | None = None) -> Seen:
    seen = Seen()
    done = Restoring(hospital.backups, shelf or hospital.backups.shelf, look=seen.look).restore(name, place)
    assert done.differences == ()
    return seen


class Writers:
    """Threads that add departments, each with its record, until they are told to stop; what was acknowledged."""

    def __init__(self, hospital: Hospital, threads: int = 2) -> None:
        self._hospital = hospital
        self._stopped = threading.Event()
        self.warm = threading.Event()
        self.acknowledged: list[str] = []
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(threads)]

    def _write(self, number: int) -> None:
        count = 0
        while not self._stopped.is_set():
            code = f"w{number}-{count}"
            self._hospital.add_department(code)
            self.acknowledged.append(code)
            count += 1
            if count == 5:
                self.warm.set()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        assert self.warm.wait(60)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()


def test_it_is_taken_while_others_write(hospital: Hospital) -> None:
    with Writers(hospital) as writers:
        before = list(writers.acknowledged)
        made = hospital.backups.run()
        written_meanwhile = len(writers.acknowledged) - len(before)
    seen = restore(hospital, made.name, place_in(hospital))
    assert written_meanwhile > 0
    assert {"first", *before} <= seen.codes
    assert seen.codes == seen.recorded
    assert seen.codes <= {"first", *writers.acknowledged}
    assert made.tables["core_department"].rows == len(seen.codes)


def test_files_come_back(hospital: Hospital) -> None:
    name = hospital.add_attachment(b"x" * 300_000)
    made = hospital.backups.run()
    place = place_in(hospital)
    restore(hospital, made.name, place)
    there, back = Storage(str(hospital.settings.files_folder)), place.storage
    with there.open(name) as left, back.open(name) as right:
        assert left.read() == right.read()
    assert made.files == 2


def test_nothing_lies_there_in_plain(hospital: Hospital) -> None:
    hospital.set(backup_keys_folder=hospital.folder / "keys")
    made = hospital.backups.run()
    folder = hospital.backups.folder / made.name
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    assert CANARY.encode() not in content
    assert "core_department" not in content.decode("latin-1")
    assert {path.name for path in folder.iterdir()} >= {"manifest.json", "files.sealed"}
    assert not (folder / "keys.json").exists()
    notes = list((hospital.folder / "keys").iterdir())
    assert [path.read_bytes() for path in notes] == [(hospital.keyring.folder / "keys.json").read_bytes()]


def test_a_place_with_content_is_refused(hospital: Hospital) -> None:
    made = hospital.backups.run()
    place = place_in(hospital)
    restore(hospital, made.name, place)
    before = {path: path.stat().st_mtime_ns for path in hospital.folder.rglob("new/**/*")}
    with pytest.raises(BackupRefused, match="overwrites nothing"):
        restore(hospital, made.name, place)
    other = Place(hospital.folder / "elsewhere", place.storage)
    with pytest.raises(BackupRefused, match="file store is not empty"):
        restore(hospital, made.name, other)
    assert {path: path.stat().st_mtime_ns for path in hospital.folder.rglob("new/**/*")} == before
    assert not other.database.exists()


def parts_of(hospital: Hospital, name: str) -> list[Path]:
    return sorted((hospital.backups.folder / name).glob("*.sealed"))


def test_a_damaged_part_is_named(hospital: Hospital) -> None:
    made = hospital.backups.run()
    assert hospital.backups.verify(made.name) == []
    for path in parts_of(hospital, made.name):
        good = path.read_bytes()
        middle = len(good) // 2
        path.write_bytes(good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :])
        (sentence,) = hospital.backups.verify(made.name)
        assert path.name in sentence
        assert "Cure:" in sentence
        place = place_in(hospital)
        with pytest.raises(BackupDamaged, match=path.name):
            restore(hospital, made.name, place)
        assert not place.database.exists()
        path.write_bytes(good[:-1])
        assert path.name in hospital.backups.verify(made.name)[0]
        path.unlink()
        assert f"{path.name} is missing" in hospital.backups.verify(made.name)[0]
        path.write_bytes(good)
    assert hospital.backups.verify(made.name) == []


def test_parts_of_two_backups_are_not_exchanged(hospital: Hospital) -> None:
    one = hospital.backups.run()
    hospital.clock.advance(hours=1)
    two = hospital.backups.run()
    path = hospital.backups.folder / two.name / "files.sealed"
    path.write_bytes((hospital.backups.folder / one.name / "files.sealed").read_bytes())
    assert "files.sealed" in hospital.backups.verify(two.name)[0]


def test_a_changed_manifest_is_found(hospital: Hospital) -> None:
    made = hospital.backups.run()
    path = hospital.backups.folder / made.name / "manifest.json"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace(f'"files": {made.files}', '"files": 0'), encoding="utf-8")
    assert "manifest.json was changed" in hospital.backups.verify(made.name)[0]
    path.write_text(good[:100], encoding="utf-8")
    assert "manifest.json cannot be read" in hospital.backups.verify(made.name)[0]


def test_without_its_keys_it_stays_shut(hospital: Hospital, tmp_path: Path) -> None:
    made = hospital.backups.run()
    stranger = Keyring.create(tmp_path / "other")
    backups = replace(hospital.backups, keyring=stranger)
    with pytest.raises(BackupKeyWrong, match=r"keys .*Cure: .*crypto recover"):
        Restoring(backups, backups.shelf).restore(made.name, place_in(hospital))
    assert not (hospital.folder / "new" / "database").exists()


def test_older_keys_open_older_backups(hospital: Hospital, tmp_path: Path) -> None:
    ring = Keyring.create(tmp_path / "rotated")
    hospital.keyring = ring
    old_keys = (ring.folder / "keys.json").read_bytes()
    ring.rotate(hospital.clock.now())
    made = hospital.backups.run()
    assert hospital.backups.verify(made.name) == []
    (ring.folder / "keys.json").write_bytes(old_keys)
    hospital.keyring = Keyring(ring.folder)
    with pytest.raises(BackupKeyWrong, match=r"data key 2 is not there .*keys\.json of that time"):
        hospital.backups.checked(made.name, hospital.backups.shelf)


def test_the_second_place_holds_the_same(hospital: Hospital) -> None:
    hospital.set(backup_copy_url=f"memory://{hospital.folder.name}")
    made = hospital.backups.run()
    copies = hospital.backups.copies
    assert copies is not None
    assert copies.names() == [made.name]
    assert hospital.backups.verify(made.name, copies) == []
    for path in (hospital.backups.folder / made.name).iterdir():
        path.unlink()
    seen = restore(hospital, made.name, place_in(hospital), copies)
    assert seen.codes == {"first"}


def test_old_ones_go_in_both_places(hospital: Hospital) -> None:
    hospital.set(backup_copy_url=str(hospital.folder / "away"), backup_keep_daily=2, backup_keep_weekly=1)
    names = []
    for _day in range(4):
        names.append(hospital.backups.run().name)
        hospital.clock.advance(days=1)
    assert hospital.backups.shelf.names() == names[-2:]
    assert Shelf(str(hospital.folder / "away")).names() == names[-2:]


def test_one_at_a_time(hospital: Hospital) -> None:
    with hospital.backups.alone(), pytest.raises(BackupBusy, match="wait for its end"):
        hospital.backups.run()
    assert hospital.backups.run().rows > 0


def test_what_a_crash_left_is_removed_and_never_listed(hospital: Hospital) -> None:
    left = hospital.backups.folder / ".unfinished-20261122T000000Z-aaaa"
    left.mkdir(parents=True)
    (left / "database.sealed").write_bytes(b"half")
    assert hospital.backups.shelf.names() == []
    made = hospital.backups.run()
    assert hospital.backups.shelf.names() == [made.name]
    assert not left.exists()


def test_a_restore_is_told_in_the_restored_trail(hospital: Hospital) -> None:
    made = hospital.backups.run()
    place = place_in(hospital)
    Restoring(hospital.backups, hospital.backups.shelf, ADMIN).restore(made.name, place)
    if not hospital.database.is_sqlite:
        return
    engine = sqlalchemy.create_engine(f"sqlite:///{place.database}")
    with engine.connect() as connection:
        query = select(AuditRecord.actor_id).where(AuditRecord.action == "backup.restore")
        assert connection.scalars(query).all() == ["it"]
    engine.dispose()


def test_a_drill_opens_attachments_and_the_trail(hospital: Hospital) -> None:
    for number in range(25):
        hospital.add_attachment(b"%d" % number)
    proof = drill(hospital.backups, hospital.backups.run().name)
    assert proof.problems == []
    assert (proof.files, proof.attachments, proof.audit_records) == (26, 20, 1)
    assert [path.name for path in hospital.backups.folder.glob(".*")] == []


def test_a_drill_does_not_care_whose_server_the_environment_means(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = hospital.backups.run().name
    for variable, value in {
        "PGPORT": "6543",
        "PGDATA": "/nowhere",
        "PGDATABASE": "nothing",
        "PGOPTIONS": "-c search_path=nowhere",
        "PGREQUIREAUTH": "scram-sha-256",
        "PGCHANNELBINDING": "require",
        "PGTARGETSESSIONATTRS": "standby",
    }.items():
        monkeypatch.setenv(variable, value)
    assert drill(hospital.backups, name).problems == []


def test_a_server_that_cannot_be_reached_tells_what_the_driver_said(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    if hospital.database.is_sqlite:
        return
    name = hospital.backups.run().name
    monkeypatch.setitem(scratch_server.OWN, "target_session_attrs", "standby")
    with pytest.raises(BackupRefused, match="not in hot standby"):
        drill(hospital.backups, name)


def test_the_ini_lies_beside_the_key_note_without_its_passwords(hospital: Hospital) -> None:
    hospital.set(backup_keys_folder=hospital.folder / "keys")
    ini = hospital.folder / "site.ini"
    ini.write_text(
        "[xinglin]\n; why\ndatabase = postgresql://x:geheim@db/x\nsite_name = 杏林\n", encoding="utf-8"
    )
    backups = replace(hospital.backups, ini=ini)
    backups.run()
    hospital.clock.advance(days=1)
    backups.run()
    (noted,) = (hospital.folder / "keys").glob("settings-*.ini")
    assert noted.read_text(encoding="utf-8") == ini.read_text(encoding="utf-8").replace("geheim", "***")
    assert noted.stat().st_mode & 0o777 == 0o600
    ini.write_text("[xinglin]\nsite_name = 桃林\n", encoding="utf-8")
    backups.run()
    assert len(list((hospital.folder / "keys").glob("settings-*.ini"))) == 2


def test_a_drill_finds_what_is_wrong(hospital: Hospital) -> None:
    with hospital.database.session() as session:
        session.execute(sqlalchemy.update(AuditRecord).values(actor_name="somebody else"))
    for path in hospital.settings.files_folder.rglob("*.full"):
        path.write_bytes(path.read_bytes()[:-1])
    proof = drill(hospital.backups, hospital.backups.run().name)
    assert len(proof.problems) == 2
    assert "was changed after it was written" in proof.problems[0]
    assert "its length is not what was written" in proof.problems[1]


def test_a_drill_forgives_what_was_deleted_meanwhile(hospital: Hospital) -> None:
    for path in hospital.settings.files_folder.rglob("*.full"):
        path.unlink()
    name = hospital.backups.run().name
    assert "its bytes are missing" in drill(hospital.backups, name).problems[0]
    with hospital.database.session() as session:
        for stored in hospital.stored_files():
            session.delete(session.merge(stored))
    assert drill(hospital.backups, name).problems == []


def test_no_place_was_named(hospital: Hospital) -> None:
    backups = Backups(
        replace(hospital.settings, backup_folder=None), hospital.database, hospital.keyring, hospital.clock
    )
    with pytest.raises(BackupRefused, match="set backup_folder"):
        backups.run()


def test_a_server_that_ends_while_it_is_stopped_hides_no_reason(tmp_path: Path) -> None:
    pid = tmp_path / "postmaster.pid"
    pid.write_text("1", encoding="utf-8")
    program = tmp_path / "pg_ctl"
    program.write_text(f"#!/bin/sh\nrm {pid}\necho 'PID file does not exist' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    scratch_server._stop(tmp_path, Tools(tmp_path, "root"))
    assert not pid.exists()
