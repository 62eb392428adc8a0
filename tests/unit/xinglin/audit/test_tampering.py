"""Whoever owns the database and not the keys is found, and the first record that he touched is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.xinglin.audit.conftest import Site

from xinglin.crypto.service import Keyring

COLUMNS = (
    "event_id, at, actor_kind, actor_id, actor_name, session_id, ip, request_id, action, object_kind, object_id,"
    " result, details, transaction_id, key_id, mac"
)


def first(site: Site) -> tuple[int, str]:
    bad = site.bad()
    assert bad, "nothing was found"
    return bad[0].id, bad[0].reason


def exchange(site: Site, one: int, other: int) -> None:
    site.change("UPDATE core_audit_record SET id = -1 WHERE id = :one", one=one)
    site.change("UPDATE core_audit_record SET id = :one WHERE id = :other", one=one, other=other)
    site.change("UPDATE core_audit_record SET id = :other WHERE id = -1", other=other)


def test_an_untouched_trail_is_well(site: Site) -> None:
    site.act("not yet sealed")
    assert site.bad() == []
    assert site.ask("SELECT number, count FROM core_audit_seal ORDER BY number") == [(1, 2), (2, 2), (3, 2)]


def test_an_edit(site: Site) -> None:
    site.change("UPDATE core_audit_record SET actor_name = '王护士' WHERE id IN (3, 5)")
    assert [record.id for record in site.bad()] == [3, 5]
    assert "was changed after it was written" in first(site)[1]


def test_details_of_another_record(site: Site) -> None:
    site.change(
        "UPDATE core_audit_record SET details = (SELECT details FROM core_audit_record WHERE id = 1) WHERE id = 2"
    )
    assert first(site)[0] == 2


def test_a_deletion(site: Site) -> None:
    site.change("DELETE FROM core_audit_record WHERE id = 4")
    assert first(site) == (4, "was deleted: its seal still holds it")


def test_a_deletion_of_everything_but_the_seals(site: Site) -> None:
    site.change("DELETE FROM core_audit_record")
    assert [record.id for record in site.bad()] == [1, 2, 3, 4, 5, 6]


def test_a_swap(site: Site) -> None:
    exchange(site, 2, 5)
    assert [record.id for record in site.bad()] == [2, 5]
    assert "swapped, moved or replaced" in first(site)[1]


def test_a_new_order(site: Site) -> None:
    site.change("UPDATE core_audit_record SET id = id + 100")
    site.change(
        "UPDATE core_audit_record SET id = CASE WHEN id = 106 THEN 3 WHEN id < 103 THEN id - 100 ELSE id - 99 END"
    )
    assert [record.id for record in site.bad()] == [3, 4, 5, 6]


def test_an_inserted_record(site: Site) -> None:
    site.change(
        f"INSERT INTO core_audit_record (id, {COLUMNS})"
        f" SELECT 50, 'forged', {COLUMNS.partition(', ')[2]} FROM core_audit_record WHERE id = 1"
    )
    assert first(site)[0] == 50
    assert "was not written by the portal" in first(site)[1]


def test_a_genuine_record_at_a_place_that_was_left_free(site: Site) -> None:
    site.act("later")
    site.change("UPDATE core_audit_record SET id = 0 WHERE id = 7")
    site.change("UPDATE core_audit_record SET transaction_id = 0 WHERE id = 0")
    assert first(site)[0] == 0
    assert "was never sealed" in first(site)[1]


def test_a_record_with_the_event_and_mac_of_another(site: Site) -> None:
    constraint = "uq_core_audit_record_event_id"
    if site.database.is_sqlite:
        site.change("ALTER TABLE core_audit_record RENAME TO old")
        site.change("CREATE TABLE core_audit_record AS SELECT * FROM old")
    else:
        site.change(f"ALTER TABLE core_audit_record DROP CONSTRAINT {constraint}")
    try:
        site.change(
            f"INSERT INTO core_audit_record (id, {COLUMNS}) SELECT 60, {COLUMNS} FROM core_audit_record WHERE id = 1"
        )
        bad = site.bad()
    finally:
        if not site.database.is_sqlite:
            site.change("DELETE FROM core_audit_record")
            site.change(f"ALTER TABLE core_audit_record ADD CONSTRAINT {constraint} UNIQUE (event_id)")
    assert "lost the constraint" in bad[0].reason
    assert (60, "is a copy of another record") in [(record.id, record.reason) for record in bad]


@pytest.mark.parametrize("column", ["first_id", "count", "root", "previous", "tombstone", "mac"])
def test_an_edited_seal(site: Site, column: str) -> None:
    value = "1" if column in ("first_id", "count") else f"'{'0' * 64}'" if column != "tombstone" else "'{}'"
    if column == "tombstone":
        value = """'{"through": 1, "digest": "", "records": 2, "file": "", "sha256": ""}'"""
    site.change(f"UPDATE core_audit_seal SET {column} = {value} WHERE number = 2")
    assert "seal 2 was changed, or was not made by the portal" in [record.reason for record in site.bad()]


def test_a_seal_whose_list_was_edited_to_hide_a_deletion(site: Site) -> None:
    site.change("DELETE FROM core_audit_record WHERE id = 4")
    site.change(
        "UPDATE core_audit_seal SET members = (SELECT members FROM core_audit_seal WHERE number = 1) WHERE number = 2"
    )
    assert "seal 2 does not fit its list of records" in [record.reason for record in site.bad()]


def test_a_seal_taken_out_of_the_middle(site: Site) -> None:
    site.change("DELETE FROM core_audit_record WHERE id IN (3, 4)")
    site.change("DELETE FROM core_audit_seal WHERE number = 2")
    assert "seals between were deleted" in first(site)[1]


def test_the_beginning_cut_off(site: Site) -> None:
    site.change("DELETE FROM core_audit_record WHERE id < 3")
    site.change("DELETE FROM core_audit_seal WHERE number = 1")
    assert first(site) == (3, "the seals before 2 are gone, and no tombstone says that they were archived")


def test_the_end_cut_off(site: Site) -> None:
    site.change("DELETE FROM core_audit_record WHERE id > 4")
    site.change("DELETE FROM core_audit_seal WHERE number > 2")
    number, reason = first(site)
    assert number == 5
    assert "the end was cut off, or an old database was brought back" in reason


def test_everything_deleted(site: Site) -> None:
    site.change("DELETE FROM core_audit_record")
    site.change("DELETE FROM core_audit_seal")
    number, reason = first(site)
    assert (number, "seals 1 to 3" in reason) == (1, True)


def test_an_old_database_that_went_on_is_a_fork(site: Site) -> None:
    site.change("DELETE FROM core_audit_record WHERE id > 4")
    site.change("DELETE FROM core_audit_seal WHERE number > 2")
    site.act("another 5")
    site.seal()
    assert "is not the one that was anchored under its number: the chain was forked" in first(site)[1]
    site.seal()
    assert len(site.settings.anchor_file.read_text("utf-8").splitlines()) == 4


def test_under_another_key_everything_is_bad_and_says_so(site: Site, tmp_path: Path) -> None:
    known = site.keyring.key_id
    site.keyring = Keyring.create(tmp_path / "other")
    assert len([record for record in site.bad() if f"under the key {known}" in record.reason]) == 9
