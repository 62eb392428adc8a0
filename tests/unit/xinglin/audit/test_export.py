"""An export is checked with the keys alone; an archive leaves a tombstone, and both ends stay provable."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.xinglin.audit.conftest import LI, Site

from xinglin.audit import anchors, archives, export, offline, reading
from xinglin.audit.archive import Archive, Archived, ArchiveRefused
from xinglin.audit.service import AuditTrail, open_details
from xinglin.crypto.service import Keyring, version_of

KEPT = timedelta(days=184)


def write(site: Site, path: Path) -> export.Written:
    """A while after the last seal."""
    site.clock.advance(minutes=1)
    with site.database.read_session() as session:
        return export.write(session, site.keyring, path, site.clock.now())


def sign_again(path: Path, lines: list[Any], keyring: Keyring) -> None:
    """What an intruder cannot do, so that the checks behind the signature are seen to work."""
    with path.open("wb") as stream:
        writer = export.Writer(stream)
        for line in lines[:-1]:
            writer.line(line)
        writer.end(keyring)


def first(site: Site, path: Path) -> tuple[int, str]:
    found = offline.check(path, site.keyring, anchors.read(site.settings.anchor_file)).bad[0]
    return found.id, found.reason


def archive(site: Site, folder: Path, *, days_ago: int = 184) -> Archived:
    now = site.clock.now()
    with site.database.session() as session:
        trail = AuditTrail(session, LI, site.clock, site.keyring)
        return Archive(session, trail, site.keyring).run(folder, now - timedelta(days=days_ago), now, KEPT)


def test_an_export_is_well_on_another_machine(site: Site, tmp_path: Path) -> None:
    site.act("not yet sealed")
    path = tmp_path / "trail.jsonl"
    written = write(site, path)
    found = offline.check(path, site.keyring, anchors.read(site.settings.anchor_file))
    assert (found.records, found.seals, found.bad) == (7, 3, [])
    assert (written.records, written.seals) == (7, 3)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "通知" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("sql", "number", "reason"),
    [
        ("UPDATE core_audit_record SET actor_name = '王护士' WHERE id = 3", 3, "was changed after"),
        ("DELETE FROM core_audit_record WHERE id = 4", 4, "was deleted"),
        ("UPDATE core_audit_record SET id = 0 WHERE id = 2", 0, "was never sealed"),
        ("DELETE FROM core_audit_seal WHERE number = 3", 5, "the end was cut off"),
        ("DELETE FROM core_audit_seal WHERE number = 2", 3, "was never sealed"),
    ],
)
def test_what_was_done_to_the_database_is_found_in_its_export(
    site: Site, tmp_path: Path, sql: str, number: int, reason: str
) -> None:
    site.change(sql)
    write(site, tmp_path / "trail.jsonl")
    found = first(site, tmp_path / "trail.jsonl")
    assert found[0] == number
    assert reason in found[1]


def test_a_beginning_that_was_cut_off_is_found_in_an_export(site: Site, tmp_path: Path) -> None:
    site.change("DELETE FROM core_audit_record WHERE id < 3")
    site.change("DELETE FROM core_audit_seal WHERE number = 1")
    write(site, tmp_path / "trail.jsonl")
    assert "no tombstone says" in first(site, tmp_path / "trail.jsonl")[1]


def test_two_records_that_changed_places_in_a_file_that_was_signed_again(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    write(site, path)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines[2][0], lines[3][0] = lines[3][0], lines[2][0]
    sign_again(path, lines, site.keyring)
    assert first(site, path) == (
        1,
        "is not the record that was sealed under this id: swapped, moved or replaced",
    )


def test_a_file_that_was_touched_or_cut_off_is_not_believed(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    write(site, path)
    whole = path.read_bytes()
    for data in (whole.replace("李护士".encode(), "王护士".encode(), 1), whole[:-200], b""):
        path.write_bytes(data)
        with pytest.raises(offline.NoExport, match=r"trail\.jsonl"):
            offline.check(path, site.keyring)


def test_in_a_file_that_was_touched_the_first_bad_record_is_named(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    write(site, path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    number = json.loads(lines[3])[0]
    path.write_text("".join([*lines[:3], lines[3].replace("李护士", "王护士"), *lines[4:]]), encoding="utf-8")
    with pytest.raises(offline.NoExport, match=rf"changed after it was signed.*record {number} was changed"):
        offline.check(path, site.keyring)
    path.write_text("".join([*lines[:3], "{]\n", *lines[4:]]), encoding="utf-8")
    with pytest.raises(offline.NoExport, match="changed after it was signed"):
        offline.check(path, site.keyring)


def test_anchors_that_are_younger_than_the_export_accuse_nobody(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    write(site, path)
    site.act("later")
    site.clock.advance(minutes=1)
    site.seal()
    found = offline.check(path, site.keyring, anchors.read(site.settings.anchor_file))
    assert found.bad == []
    assert found.notes == ["1 anchors are younger than this export and were left out"]


def test_a_verifier_that_remembers_finds_a_database_that_went_back(site: Site, tmp_path: Path) -> None:
    path, state = tmp_path / "trail.jsonl", tmp_path / "state"
    write(site, path)
    head = offline.check(path, site.keyring).head
    assert head is not None
    anchors.remember(state, head)
    site.change("DELETE FROM core_audit_record WHERE id > 4")
    site.change("DELETE FROM core_audit_seal WHERE number > 2")
    write(site, path)
    assert "brought back" in offline.check(path, site.keyring, anchors.read(state)).bad[0].reason


def test_after_a_rotation_old_records_exports_and_archives_still_verify(
    make_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = make_site()
    site.keyring = Keyring.create(tmp_path / "keys")
    site.act("under key 1")
    site.seal()
    site.keyring.rotate(site.clock.now())
    site.act("under key 2")
    site.seal()
    write(site, tmp_path / "trail.jsonl")
    site.clock.advance(days=200)
    site.act("young")
    site.seal()
    done = archive(site, tmp_path)
    elsewhere = Keyring(tmp_path / "keys")
    for path in (tmp_path / "trail.jsonl", done.path):
        found = offline.check(path, elsewhere, anchors.read(site.settings.anchor_file))
        assert (
            [record.reason for record in found.bad if "old database" not in record.reason],
            found.records,
        ) == (
            [],
            2,
        )
    lines = [json.loads(line) for line in done.path.read_text("utf-8").splitlines()]
    rows = [line for line in lines if isinstance(line, list)]
    sealed = [(row[1], base64.b64decode(row[reading.DETAILS])) for row in rows]
    assert [version_of(details) for _event, details in sealed] == [1, 2]
    assert ["under key" in open_details(event, details, elsewhere) for event, details in sealed] == [
        True,
        True,
    ]
    assert site.bad() == []


class TestArchive:
    def test_old_records_move_into_a_file_and_the_trail_stays_well(self, site: Site, tmp_path: Path) -> None:
        site.clock.advance(days=200)
        site.act("young")
        site.seal()
        done = archive(site, tmp_path)
        assert (done.seals, done.records, done.path.name) == (3, 6, "audit-000000001-000000003.jsonl")
        kept = "SELECT object_id FROM core_audit_record WHERE action <> 'audit.sealed_late' ORDER BY id"
        assert [row.object_id for row in site.ask(kept)] == [
            "young",
            done.path.name,
        ]
        assert site.bad() == []
        site.seal()
        assert site.bad() == []
        found = offline.check(done.path, site.keyring, anchors.read(site.settings.anchor_file))
        assert (found.records, found.bad) == (6, [])

    def test_a_second_archive_follows_the_first(self, site: Site, tmp_path: Path) -> None:
        for _ in range(2):
            site.clock.advance(days=200)
            site.act("young")
            site.seal()
            second = archive(site, tmp_path)
        assert site.bad() == []
        assert offline.check(second.path, site.keyring).bad == []

    def test_without_its_tombstone_the_missing_beginning_is_found(self, site: Site, tmp_path: Path) -> None:
        site.clock.advance(days=200)
        site.act("young")
        site.seal()
        archive(site, tmp_path)
        site.change("DELETE FROM core_audit_seal WHERE number = 5")
        assert "no tombstone says" in " ".join(record.reason for record in site.bad())

    def test_young_records_stay(self, site: Site, tmp_path: Path) -> None:
        with pytest.raises(ArchiveRefused, match="records stay 184 days"):
            archive(site, tmp_path, days_ago=183)
        with pytest.raises(ArchiveRefused, match="nothing was sealed before"):
            archive(site, tmp_path)

    def test_a_trail_that_is_not_well_is_not_archived(self, site: Site, tmp_path: Path) -> None:
        site.clock.advance(days=200)
        site.act("young")
        site.seal()
        site.change("DELETE FROM core_audit_record WHERE id = 2")
        with pytest.raises(ArchiveRefused, match="record 2 was deleted"):
            archive(site, tmp_path)
        assert list(tmp_path.glob("*.jsonl")) == []
        assert len(site.ask("SELECT id FROM core_audit_record WHERE action = 'notice.save'")) == 6

    def test_archives_are_followed_from_tombstone_to_tombstone(self, site: Site, tmp_path: Path) -> None:
        for _ in range(2):
            site.clock.advance(days=200)
            site.act("young")
            site.seal()
            archive(site, tmp_path)
        write(site, tmp_path / "trail.jsonl")
        tombstones = offline.check(tmp_path / "trail.jsonl", site.keyring).tombstones
        found = archives.check(tombstones, tmp_path, site.keyring)
        assert found.bad == []
        kept = len(site.ask("SELECT id FROM core_audit_record"))
        assert found.records + kept == 6 + 2 + 2 + 2  # acts, young ones, archivings, marks of late seals
        assert len(archives.named(tombstones)) == 1

    def test_a_missing_or_exchanged_archive_is_named(self, site: Site, tmp_path: Path) -> None:
        site.clock.advance(days=200)
        site.act("young")
        site.seal()
        done = archive(site, tmp_path)
        write(site, tmp_path / "trail.jsonl")
        tombstones = offline.check(tmp_path / "trail.jsonl", site.keyring).tombstones
        whole = done.path.read_bytes()
        done.path.write_bytes(whole + b"\n")
        assert "its SHA-256 is another" in archives.check(tombstones, tmp_path, site.keyring).bad[0].reason
        done.path.unlink()
        (bad,) = archives.check(tombstones, tmp_path, site.keyring).bad
        assert f"{done.path} of 6 records up to seal 3 is missing" in bad.reason
