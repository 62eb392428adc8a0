"""Every record is sealed once, whenever its transaction ends; quiet times are sealed too."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from tests.unit.xinglin.audit.conftest import LI, Site

from xinglin.audit import anchors, canonical, merkle, sealing, verify
from xinglin.audit.service import AuditTrail
from xinglin.testing.databases import settle

ON_POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"])
"""Writers of SQLite follow one another, and it counts no transactions."""


def sealed(site: Site) -> list[list[int]]:
    """The ids under each seal."""
    rows = site.ask("SELECT members FROM core_audit_seal ORDER BY number")
    size = canonical.MEMBER_BYTES
    return [
        [canonical.member_id(bytes(row[0])[at : at + size]) for at in range(0, len(row[0]), size)]
        for row in rows
    ]


def test_the_root_is_that_of_rfc_6962() -> None:
    assert merkle.root([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    leaves = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")]
    assert merkle.root(leaves[:1]) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(leaves[:3]) == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert merkle.root(leaves) == "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"


def test_a_record_is_sealed_within_about_a_second_and_only_once(make_site: Callable[..., Site]) -> None:
    site = make_site()
    site.act(1, 2)
    assert site.seal() == 1
    site.act(3)
    assert sealing.run_once(site) == 0
    assert site.seal() == 1
    assert site.seal() == 0
    assert sealed(site) == [[1, 2], [3]]


@ON_POSTGRESQL
def test_a_transaction_that_ends_late_is_sealed_late_and_not_missed(make_site: Callable[..., Site]) -> None:
    site = make_site()
    with site.database.session() as slow:
        AuditTrail(slow, LI, site.clock, site.keyring).record("notice.save", "notice", "slow")
        slow.flush()
        site.act("fast 1", "fast 2")
        site.seal(at_once=True)
        assert sealed(site) == [[]]
    site.act("fast 3")
    site.seal()
    assert sealed(site) == [[], [1, 2, 3, 4]]
    assert site.bad() == []


@ON_POSTGRESQL
def test_an_id_that_was_given_long_before_its_record_is_not_missed(site: Site) -> None:
    with site.database.session() as slow:
        [[given]] = slow.connection().exec_driver_sql("SELECT nextval('core_audit_record_id_seq')").all()
        site.act("8")
        assert site.seal() == 1
        AuditTrail(slow, LI, site.clock, site.keyring).record("notice.save", "notice", "late")
    site.change("UPDATE core_audit_record SET id = :given WHERE id = 9", given=given)
    site.seal()
    assert sealed(site)[3:] == [[8], [7]]
    assert site.bad() == []


def test_a_quiet_time_is_sealed_too(site: Site) -> None:
    site.clock.advance(minutes=9)
    assert sealing.run_once(site) == 0
    site.clock.advance(minutes=1)
    assert sealing.run_once(site) == 1
    assert sealed(site)[-1] == []
    assert len(anchors.read(site.settings.anchor_file)) == 4


def test_what_was_written_while_no_sealer_ran_is_sealed_late_and_the_gap_is_named(site: Site) -> None:
    site.act("while the worker is down")
    site.clock.advance(hours=2)
    settle(site.database)
    assert sealing.run_once(site) == 1
    assert site.bad() == []
    with site.database.read_session() as session:
        notes = verify.walk(session, site.keyring, ()).notes
    assert len(notes) == 1
    assert "seal 4 holds what was written meanwhile" in notes[0]


def test_a_long_backlog_becomes_several_seals(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "RECORDS", 2)
    monkeypatch.setattr(verify, "SPAN", 3)
    site = make_site()
    site.act(*range(5))
    assert site.seal() == 3
    assert sealed(site) == [[1, 2], [3, 4], [5]]
    site.change("DELETE FROM core_audit_record WHERE id IN (2, 5)")
    assert [record.id for record in site.bad()] == [2, 5]


def test_of_two_sealers_one_makes_the_seal(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with site.database.read_session() as session:
        before = sealing.last_seal(session)
    site.act("new")
    assert site.seal() == 1
    monkeypatch.setattr(sealing, "last_seal", lambda _session: before)
    site.act("newer")
    assert site.seal() == 0
    monkeypatch.undo()
    assert site.seal() == 1
    assert site.bad() == []


@ON_POSTGRESQL
def test_a_dump_restored_on_a_server_that_counts_anew_goes_on(site: Site) -> None:
    site.change("UPDATE core_audit_record SET transaction_id = transaction_id + 1000000000")
    site.change("UPDATE core_audit_seal SET cursor_transaction = cursor_transaction + 1000000000")
    site.act("after the restore")
    assert site.seal() == 1
    site.act("and on")
    assert site.seal() == 1
    assert sealed(site)[3:] == [[7], [8]]


class TestAnchors:
    def test_a_sealer_killed_between_seal_and_anchor_leaves_no_gap(self, site: Site) -> None:
        path = site.settings.anchor_file
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(lines[0] + lines[1][:40])
        site.act("next")
        site.seal()
        assert [anchor.number for anchor in anchors.read(path)] == [1, 2, 3, 4]
        assert site.bad() == []

    def test_a_folder_that_cannot_be_written_does_not_stop_sealing(
        self, site: Site, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = site.settings.anchor_file
        path.unlink()
        path.mkdir()
        site.act("next")
        assert site.seal() == 1
        assert "the audit anchors cannot be kept" in caplog.text

    def test_a_line_that_is_no_anchor_is_named(self, site: Site) -> None:
        site.settings.anchor_file.write_text("nonsense\n", encoding="utf-8")
        with pytest.raises(anchors.AnchorsUnreadable, match="nonsense"):
            site.bad()

    def test_the_log_host_hears_of_each_seal(self, make_site: Callable[..., Site]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
            host.bind(("127.0.0.1", 0))
            host.settimeout(5)
            site = make_site(audit_log_host=f"udp://127.0.0.1:{host.getsockname()[1]}")
            site.act(1)
            site.seal()
            heard = host.recv(4096).decode()
        assert heard.startswith("<38>1 2026-")
        assert anchors.read(site.settings.anchor_file)[0].digest in heard

    def test_a_log_host_that_is_away_is_only_logged(
        self, make_site: Callable[..., Site], caplog: pytest.LogCaptureFixture
    ) -> None:
        site = make_site(audit_log_host="tcp://127.0.0.1:1")
        site.act(1)
        assert site.seal() == 1
        assert "cannot be reached" in caplog.text
